"""When somebody reaches an age, where they are at home."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.directory.births import birth_date, reaches_age


@pytest.mark.parametrize(
    ("born", "age", "zone", "reached"),
    [
        ("2013-05-14", 13, "America/New_York", datetime(2026, 5, 14, 4, tzinfo=UTC)),
        ("2013-05-14", 13, "Pacific/Kiritimati", datetime(2026, 5, 13, 10, tzinfo=UTC)),
        ("2013-05-14", 13, "Pacific/Honolulu", datetime(2026, 5, 14, 10, tzinfo=UTC)),
        ("2012-02-29", 18, "UTC", datetime(2030, 3, 1, tzinfo=UTC)),
        ("2012-02-29", 20, "UTC", datetime(2032, 2, 29, tzinfo=UTC)),
        ("2013-05", 13, "UTC", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2013", 13, "UTC", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_age_is_reached_when_its_day_begins_at_home(born: str, age: int, zone: str, reached: datetime) -> None:
    assert reaches_age(birth_date(born), age, ZoneInfo(zone)) == reached


def test_nobody_knows_when_somebody_of_an_unknown_birth_reaches_an_age() -> None:
    assert reaches_age(birth_date(""), 18, UTC) is None
