"""What a process counts of itself for ``/metrics``: how long things take, how often something was refused.

Nothing here names a person, a plan or anyone's words; codes come from fixed lists. Where several processes serve one
port, each keeps its numbers in a file, and any of them tells the sum: ``multiprocess_mode`` says how levels add up.
"""

from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)

BEAT_SECONDS: Final = Histogram(
    "careplan_beat_seconds", "One room's beat without its commit: judging, applying, telling.", buckets=_SECONDS
)
COMMIT_SECONDS: Final = Histogram(
    "careplan_commit_seconds", "One group commit, as the hub waits for it.", buckets=_SECONDS
)
COMMIT_ROWS: Final = Histogram(
    "careplan_commit_rows", "Journal rows in one group commit.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
)
COMMIT_FAILURES: Final = Counter("careplan_commit_failures", "Commits that failed or whose answer did not come.")
REFUSALS: Final = Counter("careplan_refusals", "Updates and commands refused.", ["code"])
SOCKETS_TURNED_AWAY: Final = Counter(
    "careplan_sockets_turned_away", "Sockets not let in, by the code they were told.", ["code"]
)
SOCKETS_ENDED: Final = Counter(
    "careplan_sockets_ended",
    "Sockets that were in and have ended, by the hub's code; 0 where the peer ended.",
    ["code"],
)
ROOMS_DROPPED: Final = Counter("careplan_rooms_dropped", "Plans ended and loaded anew after a fault.")
SECTIONS_WRONG: Final = Counter(
    "careplan_sections_wrong",
    "Live sections found not to hold what their journal's rows give; their plan was loaded anew.",
)
SNAPSHOTS_WRONG: Final = Counter(
    "careplan_snapshots_wrong",
    "Kept snapshots found not to be what they were, or not what their rows give; thrown away.",
)
JOBS: Final = Counter("careplan_jobs", "Jobs by kind and how they ended: done, again, given-up.", ["kind", "outcome"])
LETTERS: Final = Counter(
    "careplan_letters",
    "Letters and text messages by channel and what became of them: sent, failed, returned after they had left.",
    ["channel", "outcome"],
)
HOSPITAL_MESSAGES: Final = Counter(
    "careplan_hospital_messages",
    "Messages of hospitals by door and answer: AA kept, AE and AR not taken, away where the store was.",
    ["door", "answer"],
)
FINDINGS: Final = Counter(
    "careplan_findings",
    "Findings about medicines by rule: shown on a page, set-aside with a reason, acted-on by a command.",
    ["rule", "what"],
)
LOOP_LAG_SECONDS: Final = Histogram(
    "careplan_loop_lag_seconds", "How much later than asked the event loop came round.", buckets=_SECONDS
)

ROOMS: Final = Gauge("careplan_rooms", "Plans open.", multiprocess_mode="livesum")
SOCKETS: Final = Gauge("careplan_sockets", "Live sockets.", multiprocess_mode="livesum")
SECTIONS: Final = Gauge("careplan_sections", "Section documents in memory.", multiprocess_mode="livesum")
TASKS: Final = Gauge("careplan_tasks", "Tasks of the event loop; few beside sockets.", multiprocess_mode="livesum")
OUTBOX_BYTES: Final = Gauge(
    "careplan_outbox_bytes", "Bytes that wait to be read by all peers.", multiprocess_mode="livesum"
)
SOCKETS_PAUSED: Final = Gauge(
    "careplan_sockets_paused", "Sockets whose peers read slower than written to.", multiprocess_mode="livesum"
)
STORAGE_AWAY: Final = Gauge("careplan_storage_away", "1 while commits fail.", multiprocess_mode="livemax")
DEAF: Final = Gauge(
    "careplan_deaf", "1 while a revocation could have been missed for too long.", multiprocess_mode="livemax"
)
CLOCK_AHEAD_SECONDS: Final = Gauge(
    "careplan_clock_ahead_seconds",
    "How far this machine's clock is ahead of the database's; nothing depends on it.",
    multiprocess_mode="livemostrecent",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What ``/metrics`` tells of the live plans."""

    rooms: int
    sockets: int
    sections: int
    storage_away: bool
    deaf: bool
