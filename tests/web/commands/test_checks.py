"""``careplan-hub check`` tells the same as text and as JSON, and says by its exit code what came of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.safety.findings import SUPPORTS
from web.commands.cli import commands

DANGEROUS = "warfarin 5 mg daily\nibuprofen 400 mg TID\nage: 50\n"


def run(path: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands, ["check", str(path), *options])
    return result.exit_code, result.output


def written(folder: Path, told: str | bytes) -> Path:
    path = folder / "list"
    path.write_bytes(told if isinstance(told, bytes) else told.encode())
    return path


def test_findings_are_told_as_json_with_their_shape(tmp_path: Path) -> None:
    code, output = run(written(tmp_path, DANGEROUS + "Zorblax 1 mg daily\n"), "--json", "--on", "2026-11-27")

    told = json.loads(output)
    assert code == 1
    assert set(told) == {"findings", "not_checked"}
    first = told["findings"][0]
    assert set(first) == {"rule", "severity", "medicines", "text", "family", "source"}
    assert (first["rule"], first["severity"]) == ("anticoagulant-nsaid", "danger")
    assert first["medicines"] == ["warfarin", "ibuprofen"]
    assert [each["what"] for each in told["not_checked"]] == ["Zorblax"]


def test_findings_are_told_as_text_with_the_sentence_about_judgement(tmp_path: Path) -> None:
    code, output = run(written(tmp_path, DANGEROUS))

    assert code == 1
    assert "DANGER  Warfarin with ibuprofen" in output
    assert SUPPORTS in output


def test_no_findings_exit_with_zero(tmp_path: Path) -> None:
    code, output = run(written(tmp_path, "lisinopril 10 mg daily\nage: 50\n"))

    assert code == 0
    assert "No findings." in output


@pytest.mark.parametrize(
    "told", ["", "{", '{"a": 1}', "[1, 2]", b"\xff\xfe\x00", '{"resourceType": "Bundle", "entry": 3}']
)
def test_what_can_not_be_read_exits_with_two(tmp_path: Path, told: str | bytes) -> None:
    assert run(written(tmp_path, told))[0] == 2


def test_a_missing_file_exits_with_two(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing")[0] == 2


def test_a_bundle_is_read(tmp_path: Path) -> None:
    request = {"resourceType": "MedicationRequest", "status": "active",
               "medicationCodeableConcept": {"text": "ibuprofen"},
               "dosageInstruction": [{"text": "two 800 mg tablets three times a day"}]}  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": request}]}

    code, output = run(written(tmp_path, json.dumps(bundle)), "--json")

    assert code == 1
    assert "daily-maximum" in output


def test_the_rules_are_printed_for_review() -> None:
    result = CliRunner().invoke(commands, ["rules"])

    assert result.exit_code == 0
    assert SUPPORTS in result.output
