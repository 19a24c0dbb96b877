"""The page of the documentation that says where everything of a plan stands in FHIR R4, made from the declarations."""

from collections.abc import Iterator

from crdt.fields import Field, Form, Kind
from crdt.sections import SECTIONS, Section
from hub.fhir.comparing import NOT_THE_SAME
from hub.fhir.entries import NOT_CARRIED
from hub.fhir.extensions import OURS, url_of
from hub.fhir.places import places_of

_PREFACE = f"""# A plan as FHIR R4

`careplan-hub export FILE --fhir PLAN` and "Download as FHIR" on a plan write one document Bundle of R4 (4.0.1): a
Composition, the Patient, the people, a CarePlan that names all of it, and a resource for each entry. This page is made
from the declarations of the sections (`careplan-hub fhir-map`), which say it once for both directions.

Where R4 has an element, it is used. What R4 can't say, or not exactly (a code that is coarser than the choice), stands
in an extension `{OURS}<section>:<field>` as well, and comes back exactly.
`{OURS}empty` names a field that is empty although R4 requires its element. An extension counts only while the element
beside it still says the same.

A person is a Reference with the identifier system `urn:careplan-hub:person`; who takes part in the plan is a
Practitioner with a PractitionerRole, a RelatedPerson or the Patient. Each entry's last change is a Provenance that
names the row of the journal.
"""

_IN = """## What comes in

`careplan-hub import FILE... --plan PLAN` (or `--match`, by the Patient's number and date of birth; `--dry-run` keeps
nothing, `--json` prints the report as data) and "Files" on a plan take Bundles, single resources, lists and NDJSON.
Nothing in the plan changes: each entry waits as a line until somebody who may write it takes it over.

- Of others, Condition, Goal, MedicationRequest and MedicationStatement, AllergyIntolerance, Task, ServiceRequest,
  Observation (each number a reading of its measure) and Encounter are read. The report names what is not.
- The same entry is found by the name under which it came before, by a code, by a medicine's ingredients, a measure, a
  stay's place and day, a task's words and day. The same file twice is nothing new; a newer version is a change.
- What people decide here is not taken over from a file: the state of a task, a goal or a referral, a reconciliation, a
  signature, a code status, an acceptance. Who takes a line over stands where the file names nobody of the team.
- A line keeps its source, the name it had there and the resource as it came.
- A file of another patient (by date of birth, else by family name) is refused until somebody says it is the same.
"""

_KINDS = {
    Form.YES_NO: "valueBoolean",
    Form.NUMBER: "valueDecimal",
    Form.DATE: "valueDate",
    Form.INSTANT: "valueDateTime",
    Form.PERSON: "valueReference",
    Form.ENTRY: "valueReference",
}


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_PREFACE, _IN, *_sections(), *_reasons()]) + "\n"


def _sections() -> Iterator[str]:
    for section in Section:
        declaration = SECTIONS[section]
        yield f"## {declaration.title} (`{section.value}`): {declaration.fhir}"
        yield ""
        yield "| field | in R4 | extension |"
        yield "|---|---|---|"
        for field in declaration.all_fields:
            if field.name not in NOT_CARRIED:
                yield _row(section, field)
        yield ""


def _row(section: Section, field: Field) -> str:
    places = places_of(field)
    told = ", ".join(f"`{place}`" + (f" ({place.kind})" if place.kind else "") for place in places) or "–"
    if (section, field.name) == (Section.MEDICATIONS, "kind"):
        told, beside = "the type of the resource", "–"
    elif (section, field.name) == (Section.MONITORING, "readings"):
        told, beside = "an Observation each, named by `hasMember[]`", "what an Observation can't say of a reading"
    else:
        kind = "extension" if field.kind is Kind.LOG else _KINDS.get(field.form, "valueString")
        beside = f"`{url_of(section, field)}` {kind}" + (", where the element does not say all" if places else "")
    return f"| {field.label} (`{field.name}`) | {told} | {beside} |"


def _reasons() -> Iterator[str]:
    yield "## What does not come back as it was"
    yield ""
    for name, reason in NOT_CARRIED.items():
        yield f"- `{name}`: {reason}"
    for what, reason in NOT_THE_SAME.items():
        yield f"- {what[0].upper()}{what[1:]}: {reason}"
