"""Who it is: a number decides, else everything together, and nobody is taken for somebody else."""

import pytest

from hub.adt.events import PatientNumber, ToldPatient
from hub.adt.scores import KnownTraits, resemblance, who_it_is
from hub.directory.births import BirthDate
from hub.directory.matching import Traits

MARY = ToldPatient(
    family="Whitfeld", given="Mary", born=BirthDate(1956, 5, 14), sex="female", phone="555-0121",
    numbers=(PatientNumber("urn:hl7:NGH:NGH", "004471920"),),
)  # fmt: skip


def known(
    name: str = "Mary Whitfeld",
    born: tuple[int, int, int] = (1956, 5, 14),
    phone: str = "5550121",
    sex: str = "female",
    number: str = "",
    system: str = "urn:hl7:NGH:NGH",
) -> KnownTraits:
    numbers = (PatientNumber(system, number),) if number else ()
    return KnownTraits(Traits(name, BirthDate(*born), phone, frozenset()), sex, numbers)


def sure(*all_known: KnownTraits) -> str:
    found = [resemblance(MARY, each, str(at)) for at, each in enumerate(all_known)]
    return who_it_is(found).sure or ""


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([known()], "0"),
        ([known("Mary A. Whitfeld")], "0"),
        ([known("Mary Ann Whitfeld")], ""),
        ([known("Mary Whitfield")], ""),
        ([known(phone="")], ""),
        ([known(phone="555-9999")], ""),
        ([known(sex="male")], ""),
        ([known(sex="unknown")], ""),
        ([known(born=(1956, 5, 15))], ""),
        ([known(), known()], ""),
        ([known(), known("Mary Whitfield", phone="")], ""),
        ([known("Harold Jensen", (1940, 1, 1))], ""),
        ([known("Someone Else", number="4471920")], ""),
        ([known("Mary Whitfield-Hart", phone="", number="004 471 920")], "0"),
        ([known("Harold Jensen", (1940, 1, 1), number="004471920")], ""),
        ([known(number="004471920"), known()], "0"),
        ([known(number="999"), known("Joan", (1990, 1, 1))], ""),
        ([known(number="004471920", system="urn:uuid:ours"), known("Joan", (1990, 1, 1))], "0"),
    ],
)
def test_only_one_who_is_sure_is_taken(candidates: list[KnownTraits], expected: str) -> None:
    assert sure(*candidates) == expected


def test_the_likeliest_stands_first_and_who_is_nothing_like_it_is_not_shown() -> None:
    far, near, same = known("Harold Jensen", (1940, 1, 1)), known("Mary Whitfield", phone=""), known()

    found = who_it_is([resemblance(MARY, each, each) for each in (far, near, same)])

    assert [each.patient for each in found.possible] == [same, near]
