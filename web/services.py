"""What pages are given: the settings, the store's directory, the live plans, the journal and the clock."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from auth.roles import Participant
from crdt.passages import Passage
from crdt.sections import Section
from hub.access.keeping import Keeping
from hub.huddles.keeping import Huddles
from hub.live.commands import Command, Outcome, PlanContent
from hub.live.visits import Visits
from hub.live.zones import Zones
from hub.record.journal import EVERYTHING, Act, FieldPath, Latest, Narrowed, Row
from web.access import Access
from web.doors.directory import Directory
from web.panel_rows import PanelRows
from web.settings import Settings

if TYPE_CHECKING:
    from hub.access.apps import AppKeeping
    from hub.access.devices import Devices
    from hub.access.ehrs import EhrKeeping
    from hub.access.experiences import ExperienceKeeping
    from hub.access.machines import MachineKeeping
    from hub.access.provisioning import Provisioning
    from hub.attachments.keeping import AttachmentKeeping
    from hub.exchange.connections import FhirConnections
    from hub.exchange.exchange import Exchange
    from hub.exchange.fhir_api import PlansAsFhir
    from hub.exchange.medicine_listing import MedicineListing
    from hub.exchange.past_resources import PastResources
    from hub.exchange.writing import WritingPlans
    from hub.reminders.feeds import FeedKeeping
    from hub.reminders.keeping import ReminderKeeping
    from hub.store.submissions import Submissions
    from web.auditing import Auditing
    from web.doors.hospitals import Hospitals


class PresentPerson(Protocol):
    """Someone who has the plan open now."""

    @property
    def person_id(self) -> str: ...


class LivePlans(Protocol):
    """The live plans as pages use them; ``hub.live.plans.CarePlans`` is the one in service."""

    async def content(self, plan_id: str) -> PlanContent:
        """Return the committed content of every section."""

    async def contents(self, plan_ids: Sequence[str]) -> Sequence[PlanContent]:
        """Return the content of each of these plans, in order, with a few queries for all."""

    async def content_at(self, plan_id: str, seq: int, sections: Collection[Section]) -> PlanContent:
        """Return these sections as they stood right after the row ``seq``."""

    async def texts_at(
        self, plan_id: str, wanted: Mapping[int, Collection[FieldPath]]
    ) -> Mapping[tuple[int, FieldPath], str]:
        """Return what texts said right after the rows named."""

    async def passages(self, plan_id: str, section: Section, entry: str, name: str) -> Sequence[Passage]:
        """Return who wrote which words of a text, by client id."""

    async def perform(self, plan_id: str, actor: Participant, command: Command) -> Outcome:
        """Perform a command, committed before this returns."""

    async def opened(self, participant: Participant, sections: Sequence[Section]) -> None:
        """Write that the person reads these sections, once a visit; nothing is shown where that fails."""

    async def present(self, plan_id: str) -> Sequence[PresentPerson]:
        """Return who has the plan open now."""

    def sessions_ended(self, sessions: Sequence[str]) -> None:
        """Close the live sockets of these sign-ins, in every process."""

    async def record(self, acts: Sequence[Act]) -> None:
        """Write reads, refusals and the like to the journal."""


class EntrySearch(Protocol):
    """The read model as search asks it; ``hub.store.entries.Entries`` is the one in service."""

    async def holding(
        self, wanted: Mapping[str, Collection[Section]], words: Sequence[str]
    ) -> Sequence[tuple[str, Section, str]]:
        """Return entries of these sections of these plans that hold all words, the newest first."""


class History(Protocol):
    """The journal as pages read it."""

    async def latest(self, plan: str, sections: Sequence[Section]) -> Mapping[FieldPath, Latest]:
        """Return who last changed each field."""

    async def history(
        self,
        plan: str,
        *,
        section: str | None = None,
        entry: str | None = None,
        field: str | None = None,
        before_seq: int | None = None,
        narrowed: Narrowed = EVERYTHING,
        limit: int,
    ) -> list[Row]:
        """Return rows from the newest to the oldest."""

    async def seq_at(self, plan: str, instant: datetime) -> int:
        """Return the last row recorded at the instant or before it."""


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of every page."""

    settings: Settings
    directory: Directory
    plans: LivePlans
    journal: History
    state: Mapping[str, object] = field(default_factory=dict)
    """What the live socket takes from the application's state."""
    access: Access | None = None
    """Asked for by ``web.access.access``; ``None`` for a hub without a store."""
    huddles: Huddles | None = None
    """Asked for by ``web.huddling.huddles``; ``None`` for a hub without a store."""
    submissions: "Submissions | None" = None
    """Forms that were taken; ``None`` for a hub without a store."""
    audit: "Auditing | None" = None
    """Asked for by ``web.doors.guards.auditing``; ``None`` for a hub without a store."""
    keeping: Keeping | None = None
    """Asked for by ``web.doors.guards.keeping``; ``None`` for a hub without a store."""
    exchange: "Exchange | None" = None
    """Plans as files for other systems; ``None`` for a hub without a store."""
    fhir: "PlansAsFhir | None" = None
    """Plans for machines; ``None`` for a hub without a store."""
    devices: "Devices | None" = None
    """Devices that send readings; ``None`` for a hub without a store."""
    fhir_writing: "WritingPlans | None" = None
    """Plans written by machines; ``None`` for a hub without a store."""
    fhir_past: "PastResources | None" = None
    """Resources as they were; ``None`` for a hub without a store."""
    listing: "MedicineListing | None" = None
    """Lists of medicines beside plans; ``None`` for a hub without a store."""
    hospitals: "Hospitals | None" = None
    """What hospitals tell; ``None`` for a hub without a store."""
    provisioning: "Provisioning | None" = None
    """What a provider tells; ``None`` for a hub without a store."""
    experiences: "ExperienceKeeping | None" = None
    """How care is for people at home; ``None`` for a hub without a store."""
    attachments: "AttachmentKeeping | None" = None
    """Photos and papers; ``None`` for a hub without a store."""
    reminders: "ReminderKeeping | None" = None
    """What people want to be told of, and were; ``None`` for a hub without a store."""
    feeds: "FeedKeeping | None" = None
    """Calendars that people subscribe to; ``None`` for a hub without a store."""
    machines: "MachineKeeping | None" = None
    """Machines that may call; ``None`` for a hub without a store."""
    connections: "FhirConnections | None" = None
    """FHIR servers of other systems that are read; ``None`` for a hub without a store."""
    ehrs: "EhrKeeping | None" = None
    """EHRs in which a button opens the hub; ``None`` for a hub without a store."""
    apps: "AppKeeping | None" = None
    """Apps that people give access to; ``None`` for a hub without a store."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    zones: Zones = field(default_factory=Zones)
    """Where plans are at home; pages that belong to no plan have the default organisation's clock."""
    entries: "EntrySearch | None" = None
    """Entries of many plans by their words; ``None`` for a hub without a store."""
    panel_rows: PanelRows = field(default_factory=PanelRows)
    """Rows of panels that were made already, as long as nothing in them changes."""
    panel_visits: Visits = field(default_factory=Visits)
    """The panels that are in the journal already."""
