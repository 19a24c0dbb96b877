"""People of other houses in a plan: given their role and their part on pages, and what each then sees."""

import re
from datetime import UTC, datetime, timedelta

import httpx2

from tests.harness.hubs import Hub

ROLES = {"referral_coordinator": "Rita Coordina", "facility_nurse": "Nora Stay", "community_worker": "Cora Street"}


def plan_as(hub: Hub, person: str, plan: str) -> str:
    """Return the plan's page as it is for somebody whom the demo did not bring along."""
    told = hub.description["sign_in"]
    with httpx2.Client(base_url=hub.base_url, headers={"Origin": hub.base_url}, trust_env=False) as client:
        assert client.request(told["method"], told["url"], data={told["field"]: person}).status_code == 303
        return client.get(f"/plans/{plan}").text


def test_a_coordinator_a_nurse_of_a_facility_and_a_community_worker_come_and_see_what_is_theirs(
    shared_hub: Hub,
) -> None:
    kim = shared_hub.person("Grace Kim, RN")
    with shared_hub.pages("Jonas Falk") as admin:
        for role, name in ROLES.items():
            admin.post("/admin/people", data={"name": name, "role": role, "email": f"{role}@demo.example"})
        people = dict(
            re.findall(r'href="/admin/people/([0-9a-f-]{36})"[^>]*>(?:<bdi>)?([^<]+)', admin.get("/admin/people").text)
        )
        ids = {name: person for person, name in people.items()}
        born = {"year": "1950", "month": "5", "day": "14"}
        registered = admin.post("/patients/new", data={"family": "Prueba", "given": "Ana", "none": "yes", **born})
        assert registered.status_code == 303, registered.text[-3000:]
        patient = re.findall(r"[0-9a-f-]{36}", registered.headers["location"])[0]
        at = f"/patients/{patient}"
        admin.post(at, data={"act": "open", "steward": kim})
        plan = re.findall(r'name="plan" value="([0-9a-f-]{36})"', admin.get(at).text)[0]
        join = {"act": "join", "plan": plan}
        endless = admin.post(at, data={**join, "person": ids["Nora Stay"]})
        today = datetime.now(UTC).date()
        too_long = admin.post(at, data={**join, "person": ids["Nora Stay"], "until": str(today + timedelta(days=200))})
        for name, until in (("Rita Coordina", ""), ("Cora Street", ""), ("Nora Stay", str(today + timedelta(days=20)))):
            assert admin.post(at, data={**join, "person": ids[name], "until": until}).status_code == 303
    with shared_hub.pages("Grace Kim, RN") as steward:
        made = f"/plans/{plan}/sections/tasks/entries"
        due = str(today + timedelta(days=3))
        for title, owner in (("Bring the food box", ids["Cora Street"]), ("Call the pharmacy", kim)):
            assert steward.post(made, data={"title": title, "owner": owner, "due": due}).status_code in (200, 303)
    pages = {name: plan_as(shared_hub, ids[name], plan) for name in ROLES.values()}
    with shared_hub.pages("Grace Kim, RN") as steward:
        offered = steward.get("/huddles").text
        closed = steward.post(at, data={"act": "close", "plan": plan, "reason": "Moved away"})
        left = steward.get("/huddles").text

    assert closed.status_code == 303
    assert ("PRUEBA" in offered, "PRUEBA" in left) == (True, False), "nobody is asked to talk about a closed plan"
    assert endless.status_code == too_long.status_code == 422
    assert "Say until which day" in endless.text
    assert "within the next 100 days" in too_long.text
    shown = {name: set(re.findall(r'id="section-(\w+)"', page)) for name, page in pages.items()}
    assert shown["Rita Coordina"] == {"about_me", "care_team", "tasks", "referrals"}
    assert shown["Nora Stay"] == {
        "about_me", "care_team", "conditions", "goals", "medications",
        "tasks", "monitoring", "transitions", "advance_care",
    }  # fmt: skip
    assert shown["Cora Street"] == {"about_me", "care_team", "tasks"}, "and referrals, once one names her"
    assert "Bring the food box" in pages["Cora Street"]
    assert "Call the pharmacy" not in pages["Cora Street"]
    assert "Call the pharmacy" in pages["Nora Stay"]
