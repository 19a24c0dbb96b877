"""The page about FHIR in the documentation says what the declarations say."""

from pathlib import Path

from hub.fhir.tables import page

ROOT = Path(__file__).resolve().parents[3]


def test_the_documentation_is_what_the_declarations_say() -> None:
    assert (ROOT / "docs/fhir.md").read_text("utf-8") == page(), "run careplan-hub fhir-map > docs/fhir.md"
