"""A file is read for what it holds, in bounded memory, and what can't be read is told once."""

import io
import json

import pytest

from hub.fhir.files import DEPTH_MAX, FileOfResources, Located, Remark, original

GOAL = {"resourceType": "Goal", "id": "g"}


def read(text: str | bytes) -> tuple[list[Located], list[Remark]]:
    remarks: list[Remark] = []
    told = text if isinstance(text, bytes) else text.encode()
    return list(FileOfResources(io.BytesIO(told), remarks.append).resources()), remarks


def bundle(*resources: object) -> str:
    return json.dumps({"entry": [{"resource": each} for each in resources], "resourceType": "Bundle"})


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOAL),
        json.dumps([GOAL]),
        bundle(GOAL),
        bundle({"resourceType": "Bundle", "entry": [{"resource": GOAL}]}),
        "\ufeff" + bundle(GOAL),
    ],
)
def test_a_resource_is_found_alone_in_a_list_in_a_bundle_and_in_a_bundle_within_one(text: str) -> None:
    found, remarks = read(text)

    assert ([each.resource for each in found], remarks) == ([GOAL], [])


def test_lines_of_ndjson_are_resources_with_their_lines() -> None:
    found, remarks = read("\n".join(json.dumps(GOAL) for _ in range(3)))

    assert [each.path for each in found] == ["file", "line 2", "line 3"]
    assert remarks == []


@pytest.mark.parametrize("text", ["", "not json", "{", '{"a": [1, 2', b"\xff\xfe{}", '{"a": 1} x', "[" * 100_000, "3"])
def test_what_is_no_file_of_resources_is_told_in_one_remark(text: str | bytes) -> None:
    found, remarks = read(text)

    assert found == []
    assert len(remarks) == 1 or text == '{"a": 1} x'


def test_what_stands_before_the_broken_place_counts() -> None:
    found, remarks = read(bundle(GOAL)[:-1].replace("]", ', {"resource": '))

    assert [each.resource for each in found] == [GOAL]
    assert len(remarks) == 1


def test_nesting_without_end_stops_the_reading() -> None:
    deep: object = GOAL
    for _ in range(DEPTH_MAX):
        deep = [deep]

    _, remarks = read(bundle(GOAL, {"resourceType": "Goal", "a": deep}))

    assert [each.what for each in remarks] == [f"Elements stand within each other more than {DEPTH_MAX} deep."]


def test_decimals_stay_as_they_were_written() -> None:
    found, _ = read('{"resourceType":"Observation","valueQuantity":{"value":1.00}}')

    assert '"value":1.00' in original(found[0].resource)
