"""The matrix once more, as the design writes it, and a second reading of its words.

Nothing here imports the policy's table: where the two readings differ, one of them is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth.commands import Operation
from auth.decisions import EntryFacts
from auth.roles import Role
from crdt.sections import SECTIONS, Section

MATRIX: Final = """
| | PCP | specialist | care manager | pharmacist | social worker | behavioural | patient | family | auditor | admin | registrar | coordinator | facility nurse | community worker | guardian |
| about_me | W | R | W | R | W | R | W | C | N | N | N | R | R | R contact | W |
| care_team | W | C | W | R | C | C | R | R | N | W | N | R | R | R whom | R |
| conditions | W | W own, P | P | R | R | R | P | R | N | N | N | N | R | N | P |
| goals | W | W own, P | W | P | W | P | W own | C | N | N | N | N | R | N | W own |
| medications | W | W own, P | P | W | R | R | C takes | R + C takes | N | N | N | N | P | N | C takes |
| tasks | W | C | W | C | C | C | C + complete own | complete own | N | N | N | C | C | completes own | C + complete own |
| referrals | W | W own | W | R | W community | R | R | R | N | N | N | W | N | handles own | R |
| monitoring | W | W own | W | R | R | R | C readings | C readings | N | N | N | N | R | N | C readings |
| transitions | W | C | W | C | C | R | R | R | N | N | N | N | C | N | R |
| social_needs | R | R | W | N | W | R | C | N | N | N | N | N | N | N | C |
| caregiver_log | W answer | asks | W answer | asks | W | asks | W own | W own | N | N | N | N | N | N | W own |
| huddles | W | W | W | W | W | W | R decision | N | N | N | N | N | N | N | R decision |
| advance_care | W + sign | R | C | R | C | R | W draft | R if agent | N | N | N | N | R | N | W draft |
| behavioral_health | R with consent | N | N | N | C if assigned | W | R | N | N | N | N | N | N | N | R |
| staff_notes | W | W | W | W | W | W | N | N | N | N | N | N | N | N | N |
"""  # noqa: E501 - the header of a table is one line

ROLES: Final = {
    "PCP": Role.PRIMARY_CARE,
    "specialist": Role.SPECIALIST,
    "care manager": Role.CARE_MANAGER,
    "pharmacist": Role.PHARMACIST,
    "social worker": Role.SOCIAL_WORKER,
    "behavioural": Role.BEHAVIORAL_HEALTH,
    "patient": Role.PATIENT,
    "family": Role.FAMILY,
    "auditor": Role.AUDITOR,
    "admin": Role.ADMIN,
    "registrar": Role.REGISTRAR,
    "coordinator": Role.REFERRAL_COORDINATOR,
    "facility nurse": Role.FACILITY_NURSE,
    "community worker": Role.COMMUNITY_WORKER,
    "guardian": Role.GUARDIAN,
}

COMMANDS: Final = """
entry.create               any         as create
plan.begin                 any         as create
entry.retire               any         as retire
entry.restore              any         as retire
entry.move                 any         as retire
restore.field              any         as write
restore.entry              any         as retire
restore.section            any         as retire
suggestion.make            any         as suggest
suggestion.accept          any         as write
suggestion.decline         any         as write
suggestion.keep            any         as write
import.accept              any         as create
comment.make               any         as comment
comment.resolve            any         as comment
comment.task               any         as comment
entry.edit                 any         as write
correction.ask             tasks       as create
task.receive               tasks       owner, backup
task.accept                tasks       owner, backup
task.reject                tasks       owner, backup
task.start                 tasks       owner, backup
task.hold                  tasks       W, owner, backup
task.resume                tasks       W, owner, backup
task.complete              tasks       W, owner, backup
task.fail                  tasks       W, owner, backup
task.cancel                tasks       W, requester, creator
task.reassign              tasks       W, requester, creator
referral.ask               referrals   as create
referral.take_up           referrals   clinician without recipient
visit.publish              referrals   clinician recipient, W without recipient
visit.take_back            referrals   clinician recipient, W without recipient
referral.send              referrals   W, party asker, party creator
referral.receive           referrals   party recipient, W without recipient
referral.accept            referrals   party recipient, W without recipient
referral.reject            referrals   party recipient, W without recipient
referral.report            referrals   party recipient, W without recipient
referral.recommend         referrals   party recipient, W without recipient
referral.schedule          referrals   W, party recipient, party asker, party creator
referral.seen              referrals   W, party recipient, party asker, party creator
referral.no_show           referrals   W, party recipient, party asker, party creator
referral.close             referrals   party asker, W without asker
referral.cancel            referrals   W, party asker, party creator
referral.decide_recommendation  referrals   party asker, PCP
referral.record_need_met   referrals   W, party asker
medication.prepare         medications PCP, care manager, pharmacist
medication.decide          medications PCP, pharmacist, specialist prescriber, behavioural prescriber
medication.reconcile       medications PCP, pharmacist, specialist prescriber, behavioural prescriber
medication.say_taken       medications patient, family, guardian
finding.set_aside         medications PCP, pharmacist, specialist prescriber, behavioural prescriber
reading.record             monitoring  W, patient, family, guardian, clinician responder, clinician creator
reading.mark_error monitoring patient, family, guardian, PCP, specialist, care manager, pharmacist, social worker, behavioural
reading.acknowledge monitoring PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.record          transitions as create
transition.contacted       transitions W, clinician creator
transition.attempt         transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.take            transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.follow           transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.check           transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.ask_result      transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.expect_result    transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.code_result      transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
transition.result          transitions PCP, specialist, care manager, pharmacist, social worker, behavioural
handoff.write transitions PCP, specialist, care manager, pharmacist, social worker, behavioural, facility nurse
handoff.give transitions PCP, specialist, care manager, pharmacist, social worker, behavioural, facility nurse
handoff.accept transitions PCP, specialist, care manager, pharmacist, social worker, behavioural, facility nurse
transition.visited         transitions W, clinician creator
transition.reconciled      transitions PCP, pharmacist
goal.move                  goals       W, specialist own, patient own, family own, guardian own
social_need.record_met     social_needs W
advance_care.sign          advance_care PCP
team.accept                care_team   person
team.steward               care_team   W
huddle.decide              huddles     W
huddle.note                huddles     W
huddle.assign              tasks       W, requester, creator
huddle.read_back           huddles     W
huddle.sign                huddles     clinician attendees, clinician decider
question.ask               caregiver_log as create
question.attach caregiver_log patient, family, guardian, PCP, care manager, social worker, clinician to, clinician creator
question.hide_attachment caregiver_log patient, family, guardian, PCP, care manager,social worker,clinician to,clinician creator
question.answer            caregiver_log PCP, care manager, social worker, clinician to, clinician creator
question.phone             caregiver_log PCP, care manager, social worker, clinician to, clinician creator
question.task              caregiver_log PCP, care manager, social worker, clinician to, clinician creator
question.reply             caregiver_log patient, family, guardian
question.accept            caregiver_log creator
question.calm              caregiver_log PCP, care manager, social worker
stay.report                caregiver_log as create
stay.confirm               caregiver_log PCP, care manager, social worker
stay.known                 caregiver_log PCP, care manager, social worker
stay.deny                  caregiver_log PCP, care manager, social worker
"""  # noqa: E501 - one line a command

CLINICAL: Final = ("PCP", "specialist", "care manager", "pharmacist", "social worker", "behavioural")
ANSWERING: Final = (*CLINICAL, "community worker")
"""Who may be a party to a referral."""
BY_NAME: Final = ("C if assigned", "R if agent", "handles own", "completes own")
CONTACT: Final = ("", "preferred_name", "language", "interpreter", "communication_needs", "contact_preference")


def _cells() -> Mapping[tuple[str, str], str]:
    header, *rows = [[each.strip() for each in line.strip("| ").split("|")] for line in MATRIX.strip().splitlines()]
    header = [each for each in header if each]
    return {(column, name): cell for name, *cells in rows for column, cell in zip(header, cells, strict=True)}


CELLS: Final = _cells()
COLUMN_OF: Final = {role: name for name, role in ROLES.items()}
COMMAND_ROWS: Final = {
    name: (place, rule.strip()) for name, place, rule in (line.split(None, 2) for line in COMMANDS.strip().splitlines())
}


@dataclass(frozen=True, slots=True)
class Reader:
    """One person's place in the design's words."""

    role: Role
    person: str
    patient: str
    state: str
    """``member``, ``read only``, ``glass``, ``out``."""
    granted: bool = False
    assigned: bool = False


def expected(
    reader: Reader, section: Section, action: Operation, field: str, entry: EntryFacts | None, command: str = ""
) -> bool:
    """Return whether the design's words allow it."""
    column = COLUMN_OF[reader.role]
    cell = CELLS[column, section.value]
    if reader.state == "out" or cell == "N" or not _opens(reader, cell, section, action, entry):
        return False
    if reader.state == "glass" and (column not in CLINICAL or section is Section.BEHAVIORAL_HEALTH):
        return False
    if entry is not None and action is not Operation.CREATE and _kept_from(reader, column, section, entry):
        return False
    known = {each.name for each in SECTIONS[section].all_fields}
    if field and field not in known:
        return False
    if action is Operation.READ:
        shown = {
            "R decision": ("", "decision", "family_words"),
            "R contact": CONTACT,
            "R whom": ("", "person", "role", "phone", "hours"),
        }.get(cell)
        return shown is None or field in shown
    if reader.state != "member":
        return False
    return _act(reader, cell, section, action, field, entry, command)


def _opens(reader: Reader, cell: str, section: Section, action: Operation, entry: EntryFacts | None) -> bool:
    if cell == "R with consent":
        return reader.granted
    if cell in BY_NAME:
        if reader.state == "glass":
            return False
        if reader.assigned:
            return True
        if entry is None or action is Operation.CREATE:
            return False
        return entry.values.get("agent") == reader.person if cell == "R if agent" else _own(reader, section, entry)
    return True


def _kept_from(reader: Reader, column: str, section: Section, entry: EntryFacts) -> bool:
    if column == "family" and section is Section.TASKS:
        shown = entry.values.get("family_visible") or ""
        return {"no": True, "yes": False, "": not _own(reader, section, entry)}[str(shown)]
    if column in ("patient", "family", "guardian") and section is Section.CAREGIVER_LOG:
        return entry.values.get("readers") == "the team alone" and entry.creator != reader.person
    if CELLS[column, section.value] in ("C if assigned", "handles own", "completes own"):
        return not _own(reader, section, entry)
    return False


def _own(reader: Reader, section: Section, entry: EntryFacts) -> bool:
    names = {
        Section.CARE_TEAM: ("person",),
        Section.CONDITIONS: ("owner",),
        Section.GOALS: ("owner", "voice"),
        Section.MEDICATIONS: ("prescriber",),
        Section.TASKS: ("owner", "backup"),
        Section.REFERRALS: ("recipient", "asker"),
        Section.MONITORING: ("responder",),
        Section.HUDDLES: ("decider",),
        Section.ADVANCE_CARE: ("agent",),
        Section.BEHAVIORAL_HEALTH: ("provider",),
    }.get(section, ())
    return reader.person in {entry.creator, *(entry.values.get(each) for each in names)}


def _signed(section: Section, entry: EntryFacts | None) -> bool:
    if section is not Section.HUDDLES or entry is None:
        return False
    signers = entry.values.get("signed_by") or {}
    return bool(entry.values.get("content_hash")) or (isinstance(signers, Mapping) and True in signers.values())


def _reached(reader: Reader, cell: str, section: Section, entry: EntryFacts | None) -> bool:
    """Return whether the cell's word covers this existing entry for writing."""
    if cell in ("W", "W + sign", "W answer", "C takes", "R + C takes"):
        return True
    if entry is None or cell in ("R", "P", "R decision", "R with consent", "R if agent", "C readings", "asks"):
        return False
    if cell in ("R contact", "R whom", "handles own"):
        return False
    if cell == "W community":
        return entry.values.get("kind") == "community"
    if cell == "W draft":
        return not entry.values.get("verified_by")
    return _own(reader, section, entry)


def _act(
    reader: Reader,
    cell: str,
    section: Section,
    action: Operation,
    field: str,
    entry: EntryFacts | None,
    command: str,
) -> bool:
    whole = cell in ("W", "W + sign", "W own, P", "W own", "W community", "W draft", "C", "C + complete own")
    whole = whole or cell == "C if assigned"
    asks = cell in ("W answer", "asks") and entry is not None and entry.values.get("asked_from") == "team"
    creates = whole or asks
    match action:
        case Operation.CREATE:
            return creates and _first_values(reader, cell, section, entry)
        case Operation.RETIRE:
            if section is Section.HUDDLES and (entry is None or _signed(section, entry)):
                return False
            return whole and _reached(reader, cell, section, entry)
        case Operation.WRITE:
            return _write(reader, cell, section, field, entry, command)
        case Operation.SUGGEST:
            declared = SECTIONS[section].field(field) if field else None
            more = not cell.startswith("R") or cell == "R + C takes"
            return more and not (declared and declared.command) and not _signed(section, entry)
        case Operation.COMMENT:
            if reader.role is Role.FAMILY:
                return cell in ("C", "R + C takes", "complete own", "C readings", "W own")
            return cell not in ("R decision", "R contact", "R whom")
        case Operation.COMMAND:
            return _command(reader, cell, section, field, entry, command)
    return False


def _first_values(reader: Reader, cell: str, section: Section, entry: EntryFacts | None) -> bool:
    if cell == "W community":
        return entry is not None and entry.values.get("kind") == "community"
    values = entry.values if entry is not None else {}
    if values.get("readers") == "the team alone" and reader.role is Role.FAMILY and not reader.granted:
        return False
    if values.get("code_status") or values.get("verified_by"):
        return reader.role is Role.PRIMARY_CARE
    if values.get("reconciliation", "unreconciled") not in ("", "unreconciled"):
        own = reader.role is Role.SPECIALIST and values.get("prescriber") == reader.person
        return reader.role in (Role.PRIMARY_CARE, Role.PHARMACIST) or own
    if section is Section.CAREGIVER_LOG and values.get("answer"):
        return reader.role in (Role.PRIMARY_CARE, Role.CARE_MANAGER, Role.SOCIAL_WORKER)
    if values.get("steward") == "yes":
        return cell == "W"
    return not _signed(section, entry)


def _write(reader: Reader, cell: str, section: Section, field: str, entry: EntryFacts | None, command: str) -> bool:
    if command and not _command(reader, cell, section, field, entry, command):
        return False
    declared = SECTIONS[section].field(field)
    if declared is None or declared.command or not _reached(reader, cell, section, entry):
        return False
    parts = {
        "W answer": "answer",
        "C takes": "takes",
        "R + C takes": "takes",
        "complete own": "outcome",
        "completes own": "outcome",
    }
    if cell in parts and field != parts[cell]:
        return False
    if section is Section.HUDDLES:
        return entry is not None and not _signed(section, entry)
    if section is Section.GOALS and field in ("description", "voice"):
        return entry is not None and (entry.values.get("voice") != (reader.patient) or reader.person == reader.patient)
    if section is Section.TASKS and field == "owner":
        return entry is not None and entry.values.get("state", "") in ("", "requested", "received", "rejected")
    if section is Section.REFERRALS and field == "kind":
        return cell != "W community"
    if section is Section.CAREGIVER_LOG and field == "answer":
        return cell in ("W", "W answer")
    return True


def _command(reader: Reader, cell: str, section: Section, field: str, entry: EntryFacts | None, command: str) -> bool:
    place, rule = COMMAND_ROWS.get(command, ("nowhere", ""))
    if place not in ("any", section.value):
        return False
    if rule.startswith("as "):
        action = Operation(rule.removeprefix("as "))
        return _act(reader, cell, section, action, field, entry, "")
    if _signed(section, entry) and command != "huddle.sign":
        return False
    return any(_clause(reader, cell, section, entry, each.strip()) for each in rule.split(","))


def _clause(reader: Reader, cell: str, section: Section, entry: EntryFacts | None, clause: str) -> bool:
    column = COLUMN_OF[reader.role]
    if clause == column:
        return True
    if clause == "W" or clause.startswith("W without "):
        writes = cell in ("W", "W + sign") or (
            cell == "W community" and entry is not None and entry.values.get("kind") == "community"
        )
        if clause == "W":
            return writes
        return writes and entry is not None and not entry.values.get(clause.removeprefix("W without "))
    if entry is None or clause in ROLES:
        return False
    if clause == "clinician without recipient":
        return column in CLINICAL and not entry.values.get("recipient")
    who, _, relation = clause.rpartition(" ")
    if (
        who
        and column != who
        and not ((who == "clinician" and column in CLINICAL) or (who == "party" and column in ANSWERING))
    ):
        return False
    if relation == "own":
        return _own(reader, section, entry)
    if relation == "creator":
        return entry.creator == reader.person
    named = entry.values.get(relation)
    return named == reader.person or (isinstance(named, Mapping) and named.get(reader.person) is True)
