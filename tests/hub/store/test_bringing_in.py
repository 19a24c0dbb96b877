"""A file of patients and of people: looked at, kept, and the same file again changes nothing."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from auth.roles import Role
from hub.access.bringing_in import BringingIn, LineOutcome
from hub.access.changes import AccessChanges
from hub.access.keeping import Keeping
from hub.access.keeping_rows import KeepingError
from hub.ids import HUB, new_id
from tests.hub.store.conftest import Store
from tests.hub.store.test_keeping import doer_of

pytestmark = pytest.mark.anyio
PATIENTS = 300


@pytest.fixture
def keeping(store: Store) -> Keeping:
    return Keeping(store.engine, store.journal, AccessChanges(store.journal), lambda: datetime.now(UTC), new_id)


def outcomes(reports: list[object]) -> Counter[str]:
    return Counter(str(each.outcome) for each in reports)  # type: ignore[attr-defined]


async def test_a_file_of_patients_is_kept_once(store: Store, keeping: Keeping) -> None:
    desk, bringing = await doer_of(store, Role.REGISTRAR, "Noor Patel"), BringingIn(keeping)
    text = "number,family,given,born,gender\n" + "\n".join(
        f"N-{each},Whitfield{each},Mary,19{each % 90 + 10}-05,female" for each in range(PATIENTS)
    )

    looked = await bringing.patients(desk, text, keep=False)
    assert await keeping.patients.count() == 0
    kept = await bringing.patients(desk, text, keep=True)
    again = await bringing.patients(desk, text.replace("N-7,Whitfield7,", "n 7,Whitfeld,"), keep=True)

    assert outcomes([*looked]) == outcomes([*kept]) == {LineOutcome.ADD: PATIENTS}
    assert outcomes([*again]) == {LineOutcome.SAME: PATIENTS - 1, LineOutcome.CHANGE: 1}
    assert await keeping.patients.count() == PATIENTS
    rows = Counter(row.event for row in await store.journal.since(HUB, 0, limit=5_000))
    assert (rows["patient.register"], rows["patient.change"]) == (PATIENTS, 1)


async def test_wrong_lines_are_left_out_with_the_reason_and_the_others_kept(store: Store, keeping: Keeping) -> None:
    desk = await doer_of(store, Role.REGISTRAR, "Noor Patel")
    text = "number,family,born,gender\n1,A,1956-13,\n2,B,,woman\n3,C,1956,female\n3,D,,\n--,E,,\n"

    reports = await BringingIn(keeping).patients(desk, text, keep=True)

    told = {each.number: each.told for each in reports}
    assert "no such day" in told[2] or "month" in told[2]
    assert "gender must be one of" in told[3]
    assert (told[4], told[5]) == ("", "the number stands in line 4 already")
    assert "no letter and no digit" in told[6]
    assert await keeping.patients.count() == 1


async def test_people_come_by_their_address_and_nobody_becomes_an_administrator(store: Store, keeping: Keeping) -> None:
    admin = await doer_of(store, Role.ADMIN, "Jonas Falk", may_administer=True)
    desk, bringing = await doer_of(store, Role.REGISTRAR, "Noor Patel"), BringingIn(keeping)
    text = "name,email,role\n" + "\n".join(f"Nurse {n},n{n}@staff.example,care manager" for n in range(40))
    worse = "name,email,role\nEve,eve@staff.example,admin\nAda,ada@staff.example,auditor\nX,not an address,specialist"

    with pytest.raises(KeepingError, match="Only an administrator"):
        await bringing.people(desk, text, keep=True)
    first = await bringing.people(admin, text, keep=True)
    second = await bringing.people(admin, text, keep=True)
    third = await bringing.people(admin, worse, keep=True)

    assert outcomes([*first]) == {LineOutcome.ADD: 40}
    assert outcomes([*second]) == {LineOutcome.SAME: 40}
    assert outcomes([*third]) == {LineOutcome.WRONG: 3}
