"""Results as laboratories tell them: number, code, name, values, and whether they are final."""

from datetime import UTC

import pytest

from hub.adt.events import ToldResult, Trigger
from hub.adt.headers import header_of
from hub.adt.reading import MessageError, event_of
from tests.hub.adt.messages import a_result


def results(message: bytes) -> tuple[ToldResult, ...]:
    header = header_of(message)
    assert header is not None
    event = event_of(message, header, UTC)
    assert (event.trigger, event.visit.number) == (Trigger.RESULT, "")
    return event.results


def test_a_result_has_its_numbers_codes_name_and_values() -> None:
    [found] = results(a_result())

    assert found == ToldResult(
        numbers=("A4711",), codes=("57698-3", "13457-7"), name="Lipid panel", final=True,
        words="LDL 128 mg/dL (0-100, H)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "values", "final"),
    [
        ("F", "13457-7^LDL^LN||128|mg/dL|||||F", True),
        ("C", "13457-7^LDL^LN||128|mg/dL|||||C", True),
        ("P", "13457-7^LDL^LN||128|mg/dL|||||P", False),
        ("F", "13457-7^LDL^LN||128|mg/dL|||||P", False),
        ("X", "", False),
        ("", "", False),
    ],
)
def test_only_what_is_final_in_every_part_is_final(status: str, values: str, final: bool) -> None:
    [found] = results(a_result(status=status, values=values))

    assert found.final is final


def test_a_code_of_another_system_is_no_loinc_code_and_another_event_or_no_order_is_refused() -> None:
    [found] = results(a_result(test="LIP^Lipids^L", values=""))
    assert (found.codes, found.name) == ((), "Lipids")

    for message in (a_result().replace(b"ORU^R01", b"ORU^R30"), a_result().replace(b"ORU^R01", b"ADT^R01"),
                    a_result(values="").replace(b"OBR|", b"ZBR|")):  # fmt: skip
        header = header_of(message)
        assert header is not None
        with pytest.raises(MessageError):
            event_of(message, header, UTC)
