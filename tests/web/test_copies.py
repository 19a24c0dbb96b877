"""The copy a patient may ask for: all that they may see, who has looked, and nothing of the team's own notes."""

import json
import subprocess
import sys
from pathlib import Path

from tests.harness.hubs import ROOT, Hub


def test_the_patient_takes_a_copy_and_nobody_else_does(shared_hub: Hub, tmp_path: Path) -> None:
    plan = shared_hub.plan("Mary")
    with shared_hub.pages("Mary Whitfield") as pages:
        html = pages.post(f"/plans/{plan}/copy", data={"form": "html"})
        told = json.loads(pages.post(f"/plans/{plan}/copy", data={"form": "json"}).text)
    with shared_hub.pages("Grace Kim, RN") as pages:
        refused = pages.post(f"/plans/{plan}/copy", data={"form": "html"})

    assert refused.status_code == 404
    assert "attachment" in html.headers["content-disposition"]
    assert "Who has looked" in html.text
    titles = {each["title"] for each in told["sections"]}
    assert {"Medicines and allergies", "Tasks", "Goals"} <= titles
    assert "Team-only notes" not in titles
    assert any(who == "Mary Whitfield" for _, who, _, _ in told["looks"])


def test_the_operator_writes_the_same_for_a_patient_who_does_not_sign_in(shared_hub: Hub, tmp_path: Path) -> None:
    plan = shared_hub.plan("Mary")
    command = [sys.executable, "-m", "web", "export-person", plan, str(tmp_path / "out")]
    environment = {"DATABASE_URL": shared_hub.database_url, "PATH": "/usr/bin:/bin"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "out" / f"plan-{plan}.json").read_text("utf-8"))
    assert "Team-only notes" not in {each["title"] for each in told["sections"]}
    assert "the operator of the hub" in {who for _, who, _, _ in told["looks"]}
    assert "Mary Whitfield" in (tmp_path / "out" / f"plan-{plan}.html").read_text("utf-8")
    assert again.returncode != 0
    assert "is there already" in again.stderr
