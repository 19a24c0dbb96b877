"""Any entry, whatever its fields say, leaves as R4 and comes back as it was; what others wrote is read as it stands."""

import json
from typing import Any, Literal

import fhirkit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.fields import Field, Form, Kind, Value
from crdt.sections import SECTIONS, Section
from hub.fhir.comparing import comparable
from hub.fhir.entries import fields_of, resource_of, values_of
from hub.fhir.extensions import url_of
from hub.fhir.people import PlanReferences
from hub.fhir.places import places_of

PATIENT = {"reference": "Patient/0190aaaa-0000-7000-8000-00000000000a"}
OTHER = "0190cccc-0000-7000-8000-000000000001"
REFER = PlanReferences({}, "0190aaaa-0000-7000-8000-00000000000a", {OTHER: "Condition"})
CONTROL: tuple[Literal["C"]] = ("C",)
WORDS = st.text(st.characters(exclude_categories=CONTROL, include_characters="\n\t"), max_size=40).filter(
    lambda words: not words or words.strip()
)
LINES = st.one_of(
    st.text(st.characters(exclude_categories=CONTROL), min_size=1, max_size=40).filter(str.strip),
    st.sampled_from(["40 mg", "40.0 mg", "1 tablet", "I21.4", "44054006", "4548-4 Hemoglobin A1c", "4548-4", "mg"]),
)


def values_of_field(field: Field) -> st.SearchStrategy[Any]:
    match field.form:
        case Form.CHOICE:
            return st.sampled_from(field.choices)
        case Form.YES_NO:
            return st.sampled_from(["yes", "no"])
        case Form.NUMBER:
            return st.one_of(st.integers(-1000, 100_000), st.floats(-1000, 1000).map(lambda value: round(value, 3)))
        case Form.DATE:
            return st.dates().map(lambda day: day.isoformat())
        case Form.INSTANT:
            return st.sampled_from(["2026-11-21T08:21:00Z", "2026-11-21T08:21+02:00", "2026-11-21T23:21:00.25-10:00"])
        case Form.RANGE:
            return st.sampled_from(["60..80", "..130", "180..", "1.50..2", "-3..0"])
        case Form.PERSON | Form.ENTRY:
            return st.just(OTHER)
        case _:
            return WORDS if field.kind is Kind.TEXT else LINES


def value_of(field: Field) -> st.SearchStrategy[Value]:
    one = values_of_field(field)
    if field.kind is Kind.SET:
        return st.dictionaries(one, st.booleans(), max_size=4)
    if field.kind is Kind.LOG:
        record = st.dictionaries(st.sampled_from(["value", "words", "by"]), st.one_of(LINES, st.integers(0, 9)))
        return st.dictionaries(st.uuids().map(str), record, max_size=2)
    return st.one_of(st.none(), one)


@pytest.mark.parametrize("section", Section)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_entry_leaves_as_r4_and_comes_back_as_it_was(section: Section, data: st.DataObject) -> None:
    values = {field.name: data.draw(value_of(field)) for field in fields_of(section) if field.name != "readings"}
    if section is Section.MEDICATIONS:
        values["kind"] = data.draw(st.sampled_from(["medicine", "allergy"]))

    resource = json.loads(json.dumps(resource_of(section, OTHER, values, PATIENT, REFER)))
    back = values_of(section, resource, REFER)

    for field in fields_of(section):
        was, now = (comparable(section, field.name, each.get(field.name), {OTHER}) for each in (values, back))
        assert was == now, (field.name, resource)
    if section is not Section.CARE_TEAM:  # Its entries are elements of one resource.
        assert [str(issue) for issue in fhirkit.validate(json.dumps(resource))] == []


def test_the_validator_sees_what_is_no_r4() -> None:
    resource = resource_of(Section.GOALS, OTHER, {"description": "Walk", "due": "2026-12-01"}, PATIENT, REFER)
    resource["target"][0]["dueDate"] = "2026-13-01"

    assert fhirkit.validate(json.dumps(resource))


def test_an_element_that_someone_else_changed_is_read_for_what_it_says_now() -> None:
    values = {"name": "Heart failure", "kind": "risk", "clinical_status": "active"}
    resource = resource_of(Section.CONDITIONS, OTHER, values, PATIENT, REFER)
    assert values_of(Section.CONDITIONS, resource, REFER)["kind"] == "risk"

    resource["category"] = [{"coding": [{"code": "problem-list-item"}]}]

    assert values_of(Section.CONDITIONS, resource, REFER)["kind"] == "problem"


def test_every_place_is_written_in_the_grammar_and_no_two_fields_share_an_extension() -> None:
    fields = [(section, field) for section in Section for field in SECTIONS[section].all_fields]

    assert all(str(place) for _, field in fields for place in places_of(field))
    assert len({url_of(section, field) for section, field in fields}) == len(fields)
