"""Time is the database's, whatever the machine's clock says and does."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from hub.process.clocks import StoreClock
from hub.process.timekeeping import Timekeeper
from hub.record.journal import JournalAwayError

pytestmark = pytest.mark.anyio
TRUE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Machine:
    """A machine whose clock is off, and can jump."""

    def __init__(self, off: timedelta) -> None:
        self.wall = (TRUE + off).timestamp()
        self.passed = 100.0
        self.away = False
        self.waits = [0.0]
        """Seconds that the next answers take, told when they end; the last goes on."""
        self.set_by = 0.0
        """Seconds by which somebody set the database's clock."""

    def clock(self) -> StoreClock:
        return StoreClock(machine=lambda: self.wall, monotonic=lambda: self.passed)

    def pass_(self, seconds: float) -> None:
        self.passed += seconds
        self.wall += seconds

    async def asked(self) -> datetime:
        if self.away:
            raise JournalAwayError("away")
        self.pass_(self.waits.pop(0) if len(self.waits) > 1 else self.waits[0])
        return TRUE + timedelta(seconds=self.passed - 100 + self.set_by)


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1), timedelta(0)])
async def test_an_hour_off_is_no_time_at_all(off: timedelta) -> None:
    machine = Machine(off)
    clock = machine.clock()

    await Timekeeper(clock, machine.asked).read()
    machine.pass_(5)

    assert clock.now() == TRUE + timedelta(seconds=5)
    assert REGISTRY.get_sample_value("careplan_clock_ahead_seconds") == pytest.approx(off.total_seconds(), abs=0.01)


async def test_a_jump_while_it_runs_changes_nothing() -> None:
    machine = Machine(timedelta(0))
    clock = machine.clock()
    await Timekeeper(clock, machine.asked).read()

    machine.wall += 3_600

    assert clock.now() == TRUE


async def test_a_wrong_clock_is_told_once_and_time_goes_on_while_the_database_is_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine = Machine(timedelta(hours=1))
    clock = machine.clock()
    keeper = Timekeeper(clock, machine.asked)
    await keeper.read()
    await keeper.read()
    machine.away = True

    with pytest.raises(JournalAwayError):
        await keeper.read()
    machine.pass_(60)

    assert clock.now() == TRUE + timedelta(seconds=60)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_an_answer_that_took_long_does_not_move_a_clock_that_knows_better() -> None:
    machine = Machine(timedelta(0))
    clock = machine.clock()
    machine.waits = [3.0, 0.002]  # The first opens a connection on a busy machine.
    keeper = Timekeeper(clock, machine.asked)

    await keeper.read()
    first = clock.now() - (TRUE + timedelta(seconds=machine.passed - 100))
    machine.waits = [4.0]
    await keeper.read()

    assert abs(first) <= timedelta(milliseconds=1)
    assert abs(clock.now() - (TRUE + timedelta(seconds=machine.passed - 100))) <= timedelta(milliseconds=1)


async def test_a_database_whose_clock_was_set_is_followed_even_by_slow_answers() -> None:
    machine = Machine(timedelta(0))
    clock = machine.clock()
    keeper = Timekeeper(clock, machine.asked)
    await keeper.read()
    machine.set_by = 60.0
    machine.waits = [2.0]

    await keeper.read()

    assert abs(clock.now() - (TRUE + timedelta(seconds=machine.passed - 100 + 60))) <= timedelta(seconds=1)
