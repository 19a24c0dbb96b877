"""What waits on somebody who is away waits on the stand-in, and says for whom."""

import re
from datetime import UTC, datetime, timedelta

from tests.harness.hubs import Hub


def test_the_list_of_a_stand_in_says_for_whom_it_waits_and_until_when(shared_hub: Hub) -> None:
    lee, nair = shared_hub.person("Dr. Michael Lee"), shared_hub.person("Dr. Priya Nair")
    days = {"from": "2020-01-01", "until": "2020-12-31", "stand_in": nair}
    with shared_hub.pages("Jonas Falk") as admin:
        at = f"/admin/people/{lee}"
        past = admin.post(at, data={"act": "away", **days})
        today = datetime.now(UTC).date()
        soon = {"from": str(today - timedelta(days=1)), "until": str(today + timedelta(days=30))}
        begun = admin.post(at, data={"act": "away", **days, **soon})
        listed, its_page = admin.get("/admin/people").text, admin.get(at).text
        with shared_hub.pages("Dr. Priya Nair") as stand_in:
            work = stand_in.get("/work").text
        absence = re.findall(r'name="absence" value="([^"]+)"', its_page)[0]
        admin.post(at, data={"act": "back", "absence": absence})
    with shared_hub.pages("Dr. Priya Nair") as stand_in:
        after = stand_in.get("/work").text

    assert past.status_code == 422
    assert "Check the days" in past.text
    assert begun.status_code in (200, 303)
    assert "Away until" in listed
    assert "For Dr. Michael Lee, away until" in work
    assert "For Dr. Michael Lee" not in after
