"""A danger is seen where the medicine is read, asked about before it is added, and answered with a reason."""

import html
import re

from tests.web.conftest import As
from tests.web.mary import Mary

SWAP = {"hx-request": "true"}


def told(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def a_form(name: str, dose: str = "400 mg", often: str = "three times a day", **more: str) -> dict[str, str]:
    return {"kind": "medicine", "name": name, "dose": dose, "frequency": often, **more}


def add(mary: Mary, as_person: As, **form: str):  # type: ignore[no-untyped-def]
    entries = f"/plans/{mary.plan}/sections/medications/entries"
    return as_person("lee").post(entries, data=form, headers=SWAP)


def test_a_dangerous_medicine_is_told_before_it_is_sent_refused_without_a_reason_and_shown(
    mary: Mary, as_person: As
) -> None:
    assert add(mary, as_person, **a_form("warfarin", "5 mg", "once daily")).status_code == 200
    tried = as_person("lee").post(f"/plans/{mary.plan}/sections/medications/findings", data=a_form("ibuprofen"))
    assert "bleeding" in tried.text

    refused = add(mary, as_person, **a_form("ibuprofen"))
    assert refused.status_code == 422
    assert 'name="despite"' in refused.text
    assert "bleeding" in refused.text

    assert add(mary, as_person, **a_form("ibuprofen", despite="Two days, INR on Monday")).status_code == 200
    shown = as_person("lee").get(f"/plans/{mary.plan}")
    assert shown.status_code == 200
    assert "Two days, INR on Monday" in shown.text


def test_a_danger_nobody_answered_is_set_aside_from_the_page(mary: Mary, as_person: As) -> None:
    for name in ("ibuprofen", "warfarin"):
        add(mary, as_person, **a_form(name, despite="As the hospital sent it"))
    browser = as_person("lee")
    findings = browser.get(f"/plans/{mary.plan}/findings", headers=SWAP).text
    link = re.search(r'href="([^"]*finding\.set_aside[^"]*)"', findings)
    assert link is not None, told(findings)
    address = html.unescape(link[1])
    form = browser.get(address, headers=SWAP).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))

    answer = browser.post(address.split("?")[0], data={**hidden, "reason": "Weighed today"}, headers=SWAP)

    assert answer.status_code == 200
    assert "Weighed today" in browser.get(f"/plans/{mary.plan}/findings", headers=SWAP).text


def test_a_dose_without_its_unit_is_refused_with_the_right_form(mary: Mary, as_person: As) -> None:
    refused = add(mary, as_person, **a_form("digoxin", "5", "QD"))

    assert refused.status_code == 422
    assert "with its unit" in refused.text
    assert "Write daily" in refused.text
