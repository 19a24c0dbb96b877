"""The questions auditors ask again and again, each one statement that goes from index to index.

None reads the journal through: readings are grouped by plan and person in an index of their own, and a question asks
it once a pair. Answers come as pages of traces, as those of a search do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from hub.store.audits import (
    ORDER,
    ROWS_LOOKED_AT_MAX,
    TRACE_COLUMNS,
    Answer,
    Key,
    answer_of,
    before_key,
    key_of,
    trace_of,
)
from hub.store.engine import connected, driver_of

DORMANT: Final = timedelta(days=90)
"""A grant that nobody used for so long is dormant."""

DAY_BEGINS, DAY_ENDS = 6, 20
"""Hours of the clinic's clock; before, after and at weekends is after hours."""

GRANTS_LISTED_MAX: Final = 500

_PAIRS: Final = """
with recursive pair as (
    (select plan, actor from journal where action = 'read' order by plan, actor limit 1)
    union all
    select next.plan, next.actor from pair, lateral (
        select plan, actor from journal where action = 'read' and (plan, actor) > (pair.plan, pair.actor)
         order by plan, actor limit 1) as next
)"""

_STRANGERS: Final = """, span as (
    select pair.plan, pair.actor, '-infinity'::timestamptz as from_, coalesce(member.since, 'infinity') as until_
      from pair left join participant as member on member.plan = pair.plan and member.person = pair.actor
     where pair.actor <> '' and pair.plan <> '00000000-0000-0000-0000-000000000000'
    union all
    select plan, person, least(ends, removed), 'infinity' from participant
     where ends is not null or removed is not null
)"""

_NAMESAKES: Final = """
with span as (
    select plan.id as plan, person.id as actor, '-infinity'::timestamptz as from_, 'infinity'::timestamptz as until_
      from plan join patient on patient.id = plan.subject
      join person on lower(substring(split_part(person.name, ',', 1) from '[^ ]+$')) = lower(patient.family)
     where person.role not in ('patient', 'family') and person.id is distinct from patient.person
)"""

_READS_IN_SPANS: Final = """
select found.* from span, lateral (
    select {columns} from journal
     where action = 'read' and plan = span.plan and actor = span.actor
       and recorded >= span.from_ and recorded < span.until_ {window}
     {order} limit {limit}) as found
 {order} limit {limit}"""

_AFTER_HOURS: Final = """
with walked as materialized (
    select {columns} from journal where action = 'read' {window} {order} limit {bound}
), walk as (
    select count(*) as looked_at from walked
)
select found.*, walk.looked_at, last.recorded as last_recorded, last.plan as last_plan, last.seq as last_seq
  from walk left join lateral (
       select * from walked
        where role not in ('patient', 'family')
          and (extract(hour from recorded at time zone {zone}) not between {begins} and {ends} - 1
               or extract(isodow from recorded at time zone {zone}) > 5)
        {order} limit {limit}) as found on true
  left join lateral (select recorded, plan, seq from walked order by recorded, plan, seq limit 1) as last
         on walk.looked_at = {bound}
 order by found.recorded desc, found.plan desc, found.seq desc"""

_UNREVIEWED: Final = """
select glass.plan, coalesce(row.seq, 0) as seq, glass.began as recorded, glass.person as actor, '' as on_behalf_of,
       glass.role, coalesce(row.session, '') as session, 'break-glass' as action, '' as section, '' as entry,
       '' as field, 'waits for review' as event, '' as purpose, coalesce(row.policy, '') as policy,
       'success' as outcome, glass.reason
  from break_glass as glass left join lateral (
       select seq, session, policy from journal
        where journal.plan = glass.plan and recorded between glass.began - interval '10 seconds'
              and glass.began + interval '10 seconds' and action = 'break-glass' and actor = glass.person
        limit 1) as row on true
 where glass.verdict = 'pending' order by glass.began desc limit 500"""

_DORMANT: Final = """
select member.plan, member.person, member.role, member.since, (
       select max(recorded) from journal
        where action = 'read' and journal.plan = member.plan and actor = member.person) as last_read
  from participant as member
 where member.removed is null and (member.ends is null or member.ends > $1) and member.since < $2
   and (member.plan, member.person) > ($3, $4)
   and not exists (select from journal where action = 'read' and journal.plan = member.plan
                      and actor = member.person and recorded >= $2)
 order by member.plan, member.person limit $5"""


@dataclass(frozen=True, slots=True)
class DormantGrant:
    """Someone who may read a plan and has not for long; ``last_read`` is ``None`` where they never did."""

    plan: str
    person: str
    role: str
    since: datetime
    last_read: datetime | None


class Suspicions:
    """The saved questions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def strangers(self, *, after: Key | None = None, limit: int = 100) -> Answer:
        """Return readings by people who were not on the plan's team at that time."""
        return await self._in_spans(_PAIRS + _STRANGERS, after, limit)

    async def namesakes(self, *, after: Key | None = None, limit: int = 100) -> Answer:
        """Return readings by staff whose surname is the patient's."""
        return await self._in_spans(_NAMESAKES, after, limit)

    async def after_hours(self, *, zone: str = "UTC", after: Key | None = None, limit: int = 100) -> Answer:
        """Return readings by staff at night and at weekends, by the clock of the zone."""
        values: list[object] = [zone]
        window = "".join(f" and {each}" for each in before_key(after, values)) if after else ""
        query = _AFTER_HOURS.format(
            columns=TRACE_COLUMNS, window=window, order=ORDER, bound=ROWS_LOOKED_AT_MAX, zone="$1::text",
            begins=DAY_BEGINS, ends=DAY_ENDS, limit=limit,
        )  # fmt: skip
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            return answer_of(await driver.fetch(query, *values), limit)

    async def unreviewed(self) -> Answer:
        """Return emergency readings that wait for their review."""
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            return Answer([trace_of(record) for record in await driver.fetch(_UNREVIEWED)])

    async def dormant(
        self, now: datetime, *, after: tuple[str, str] = ("", ""), limit: int = GRANTS_LISTED_MAX
    ) -> Sequence[DormantGrant]:
        """Return grants in force that nobody has used for ``DORMANT``, in the order of plan and person."""
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            found = await driver.fetch(_DORMANT, now, now - DORMANT, *after, limit)
        return [DormantGrant(*record) for record in found]

    async def _in_spans(self, spans: str, after: Key | None, limit: int) -> Answer:
        values: list[object] = []
        window = "".join(f" and {each}" for each in before_key(after, values)) if after else ""
        query = spans + _READS_IN_SPANS.format(columns=TRACE_COLUMNS, window=window, order=ORDER, limit=limit)
        async with connected(self._engine) as connection:
            driver = await driver_of(connection)
            traces = [trace_of(record) for record in await driver.fetch(query, *values)]
        return Answer(traces, key_of(traces[-1]) if len(traces) == limit else None)
