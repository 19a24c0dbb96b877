"""Who may issue which command, and what it may change on its own authority: one table, deny by default.

A command that has no line here is refused. Whatever a command's rule returns, the room asks ``decide`` for every
change of it (``hub.live.authority``), with the person's standing of that very moment; a change passes where the person
might make it themself, where the line's ``sets`` name its field, or where one of the line's consequences is exactly it.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from auth.command_rules import CommandRule, Consequence, Operation
from auth.roles import CLINICIANS, PATIENT_SIDE, Role
from crdt.sections import Section

__all__ = ["COMMANDS", "OWN_COMMANDS", "SIGNED_STILL", "CommandRule", "Consequence", "Operation"]

JOINS: Final = Consequence(section=Section.CARE_TEAM, field="accepted", says="yes", named="person", creates=True)
"""Who takes on a part of the work is a member of the team: their own entry, accepted by themself, never as steward."""

OWN_COMMANDS: Final = frozenset({"letter.fail", "result.follow", "result.withdraw", "stay.follow"})
"""Commands of the hub itself, which no person can issue: they have no line in ``COMMANDS``."""

PARTIES: Final = CLINICIANS | {Role.COMMUNITY_WORKER}
"""Who may be a party to a referral: the one who asks, or the one who is asked."""

_JOINS: Final = (JOINS,)


def _task(
    refusal: str,
    *sets: str,
    at_large: bool = False,
    relations: str = "owner backup",
    also: tuple[Consequence, ...] = (),
) -> CommandRule:
    return CommandRule(
        section=Section.TASKS,
        at_large=at_large,
        relations=frozenset(relations.split()),
        sets=frozenset({"state", "state_reason", *sets}),
        refusal=refusal,
        also=also,
    )


def _referral(
    refusal: str,
    *sets: str,
    relations: str,
    at_large: bool = True,
    unless_named: str = "",
    roles: frozenset[Role] = frozenset(),
    carries: frozenset[str] = frozenset(),
    also: tuple[Consequence, ...] = (),
    by: frozenset[Role] = PARTIES,
) -> CommandRule:
    return CommandRule(
        section=Section.REFERRALS,
        at_large=at_large,
        unless_named=unless_named,
        relations=frozenset(relations.split()),
        by=by,
        roles=roles,
        sets=frozenset({"state", "state_reason", "state_since", *sets}),
        refusal=refusal,
        carries=carries,
        also=also,
    )


_OWNER = "Only the task's owner, or who stands in, does this."
_OWNER_OR_WRITER = "Only the task's owner, primary care, the care manager or the social worker does this."
_REQUESTER = "Only who asked for the task, primary care, the care manager or the social worker does this."
_RECIPIENT = "Only the one this referral was sent to does this."
_ASKER = "Only the one who asked does this."
_REFERRAL_SIDES = "Only those whom it names, primary care, the care manager or the referral coordinator does this."

_TASKS: Final[Mapping[str, CommandRule]] = {
    "correction.ask": CommandRule(section=Section.TASKS, follows=Operation.CREATE),
    "task.receive": _task(_OWNER),
    "task.accept": _task(_OWNER, "owner", "backup", also=_JOINS),
    "task.reject": _task(_OWNER),
    "task.start": _task(_OWNER),
    "task.hold": _task(_OWNER_OR_WRITER, at_large=True),
    "task.resume": _task(_OWNER_OR_WRITER, at_large=True),
    "task.complete": _task(_OWNER_OR_WRITER, "outcome", at_large=True),
    "task.fail": _task(_OWNER_OR_WRITER, "outcome", at_large=True),
    "task.cancel": _task(_REQUESTER, at_large=True, relations="requester creator"),
    "task.reassign": _task(
        _REQUESTER, "owner", "backup", "due", at_large=True, relations="requester creator", also=_JOINS
    ),
}

_REFERRALS: Final[Mapping[str, CommandRule]] = {
    "referral.ask": CommandRule(section=Section.REFERRALS, follows=Operation.CREATE),
    "referral.take_up": CommandRule(
        section=Section.REFERRALS,
        roles=CLINICIANS,
        unfilled="recipient",
        sets=frozenset({"recipient", "state", "state_reason", "state_since"}),
        refusal="Only who was invited to answer this referral takes it up.",
    ),
    "referral.send": _referral(
        "Only the one who asked, primary care, the care manager or the referral coordinator sends it.",
        "asker",
        relations="asker creator",
    ),
    "referral.receive": _referral(_RECIPIENT, relations="recipient", unless_named="recipient"),
    "referral.accept": _referral(_RECIPIENT, relations="recipient", unless_named="recipient"),
    "referral.reject": _referral(_RECIPIENT, relations="recipient", unless_named="recipient"),
    "referral.schedule": _referral(_REFERRAL_SIDES, "appointment", relations="recipient asker creator"),
    "referral.seen": _referral(_REFERRAL_SIDES, relations="recipient asker creator"),
    "referral.no_show": _referral(_REFERRAL_SIDES, relations="recipient asker creator"),
    "referral.report": _referral(
        _RECIPIENT, "answer", "recommendations", "patient_card", relations="recipient", unless_named="recipient"
    ),
    "referral.recommend": _referral(_RECIPIENT, "recommendations", relations="recipient", unless_named="recipient"),
    "referral.decide_recommendation": _referral(
        "Only the one who asked, or primary care, decides on a recommendation.",
        "recommendations",
        relations="asker",
        at_large=False,
        roles=frozenset({Role.PRIMARY_CARE}),
    ),
    "referral.close": _referral(_ASKER, relations="asker", unless_named="asker"),
    "referral.cancel": _referral(
        "Only the one who asked, primary care or the care manager cancels it.", relations="asker creator"
    ),
    "referral.record_need_met": _referral(
        "Only the one who asked, primary care or the care manager records this.",
        "need_met",
        relations="asker",
        also=(Consequence(section=Section.SOCIAL_NEEDS, field="need_met"),),
    ),
    "visit.publish": _referral(
        _RECIPIENT,
        "answer",
        "recommendations",
        "patient_card",
        relations="recipient",
        unless_named="recipient",
        by=CLINICIANS,
        carries=frozenset({"medication.decide"}),
        also=_JOINS,
    ),
    "visit.take_back": replace(
        _referral(
            _RECIPIENT,
            "answer",
            "recommendations",
            "patient_card",
            relations="recipient",
            unless_named="recipient",
            by=CLINICIANS,
            carries=frozenset({"medication.decide", "task.cancel", "referral.cancel", "entry.retire"}),
        ),
        withdraws=True,
    ),
}

_ENTRIES: Final[Mapping[str, CommandRule]] = {
    "entry.create": CommandRule(follows=Operation.CREATE, also=_JOINS),
    "plan.begin": CommandRule(follows=Operation.CREATE, also=_JOINS),
    "entry.edit": CommandRule(follows=Operation.WRITE),
    "entry.retire": CommandRule(follows=Operation.RETIRE, sets=frozenset({"status", "retired_reason"})),
    "entry.restore": CommandRule(follows=Operation.RETIRE, sets=frozenset({"status", "retired_reason", "position"})),
    "entry.move": CommandRule(
        follows=Operation.RETIRE, sets=frozenset({"position"}), also=(Consequence(section=None, field="position"),)
    ),
    "restore.field": CommandRule(follows=Operation.WRITE),
    "restore.entry": CommandRule(follows=Operation.RETIRE, sets=frozenset({"status", "retired_reason", "position"})),
    "restore.section": CommandRule(follows=Operation.RETIRE, sets=frozenset({"status", "retired_reason", "position"})),
    "suggestion.make": CommandRule(follows=Operation.SUGGEST),
    "suggestion.accept": CommandRule(follows=Operation.WRITE),
    "suggestion.decline": CommandRule(follows=Operation.WRITE),
    "suggestion.keep": CommandRule(follows=Operation.WRITE),
    "import.accept": CommandRule(
        follows=Operation.CREATE, sets=frozenset({"event", "destination", "start", "end", "readings"})
    ),
    "comment.make": CommandRule(follows=Operation.COMMENT),
    "comment.resolve": CommandRule(follows=Operation.COMMENT),
    "comment.task": CommandRule(follows=Operation.COMMENT, also=_JOINS),
}

_ANSWERS: Final = CommandRule(
    section=Section.CAREGIVER_LOG,
    at_large=True,
    relations=frozenset({"to", "creator"}),
    by=CLINICIANS,
    sets=frozenset({"answer", "answered_by", "answered", "turns", "answer_due", "ended", "ended_by"}),
    refusal="Only whom it was sent to, primary care, the care manager or the social worker answers.",
)

_ATTACHES: Final = replace(
    _ANSWERS,
    roles=PATIENT_SIDE,
    sets=frozenset({"attachments"}),
    refusal="Only who takes part in this conversation sends photos and papers with it, or hides them.",
)

_STAY_REPORTS: Final = replace(
    _ANSWERS,
    relations=frozenset(),
    sets=_ANSWERS.sets | {"stay"},
    refusal="Only primary care, the care manager or the social worker says what a report from home is.",
)

_MEDICINES_WAIT: Final = (Consequence(section=Section.MEDICATIONS, field="reconciliation", says="unreconciled"),)
"""Who leaves a hospital has medicines that are to be decided on."""

_CARE: Final[Mapping[str, CommandRule]] = {
    "medication.prepare": CommandRule(
        section=Section.MEDICATIONS,
        roles=frozenset({Role.CARE_MANAGER, Role.PRIMARY_CARE, Role.PHARMACIST}),
        sets=frozenset({"reconciliation"}),
        refusal="Only the care manager, a pharmacist or primary care prepares this.",
    ),
    "medication.decide": CommandRule(
        section=Section.MEDICATIONS,
        roles=frozenset({Role.PRIMARY_CARE, Role.PHARMACIST}),
        relations=frozenset({"prescriber"}),
        by=frozenset({Role.SPECIALIST, Role.BEHAVIORAL_HEALTH}),
        sets=frozenset({"reconciliation", "taking", "hold_until"}),
        refusal="Only the prescriber, a pharmacist or primary care decides on this.",
    ),
    "medication.reconcile": CommandRule(
        section=Section.MEDICATIONS,
        roles=frozenset({Role.PRIMARY_CARE, Role.PHARMACIST}),
        relations=frozenset({"prescriber"}),
        by=frozenset({Role.SPECIALIST, Role.BEHAVIORAL_HEALTH}),
        sets=frozenset({"reconciliation", "taking", "hold_until"}),
        refusal="Only the prescriber, a pharmacist or primary care decides on this.",
        also=_JOINS,
    ),
    "medication.say_taken": CommandRule(
        section=Section.MEDICATIONS,
        roles=PATIENT_SIDE,
        sets=frozenset({"doses"}),
        refusal="Only the patient and the family say what was taken.",
    ),
    "finding.set_aside": CommandRule(
        section=Section.MEDICATIONS,
        roles=frozenset({Role.PRIMARY_CARE, Role.PHARMACIST}),
        relations=frozenset({"prescriber"}),
        by=frozenset({Role.SPECIALIST, Role.BEHAVIORAL_HEALTH}),
        sets=frozenset({"set_aside"}),
        refusal="Only the prescriber, a pharmacist or primary care sets this aside.",
    ),
    "reading.record": CommandRule(
        section=Section.MONITORING,
        at_large=True,
        roles=PATIENT_SIDE,
        relations=frozenset({"responder", "creator"}),
        by=CLINICIANS,
        sets=frozenset({"readings"}),
        refusal="Only the patient, the family, who responds to it, primary care or the care manager adds a reading.",
    ),
    "reading.mark_error": CommandRule(
        section=Section.MONITORING,
        roles=PATIENT_SIDE | CLINICIANS,
        sets=frozenset({"readings"}),
        refusal="Only who sent this reading, or the team, marks it as entered in error.",
    ),
    "reading.acknowledge": CommandRule(
        section=Section.MONITORING,
        roles=CLINICIANS,
        sets=frozenset({"readings"}),
        refusal="Only the team says what was done about a reading.",
    ),
    "transition.record": CommandRule(
        section=Section.TRANSITIONS,
        follows=Operation.CREATE,
        sets=frozenset(
            {
                "event",
                "end",
                "contact_due",
                "visit_due",
                "medicines_reconciled",
                "setting",
                "severity",
                "reason",
                "plain_words",
                "handoff_summary",
                "handoff_actions",
                "handoff_contingency",
                "destination",
                "contingency_call",
                "pending_results",
            }
        ),
        also=_MEDICINES_WAIT,
    ),
    "transition.contacted": CommandRule(
        section=Section.TRANSITIONS,
        at_large=True,
        relations=frozenset({"creator"}),
        by=CLINICIANS,
        sets=frozenset({"contact_done", "contact_due"}),
        refusal="Only primary care, the care manager or who recorded the stay notes this.",
    ),
    **{
        name: CommandRule(
            section=Section.TRANSITIONS,
            roles=CLINICIANS,
            sets=frozenset(sets.split()),
            refusal="Only the team notes this.",
            also=_JOINS,
        )
        for name, sets in (
            ("transition.attempt", "attempts contact_done"),
            ("transition.take", "clock_owners"),
            ("transition.follow", "clock_owners"),
            ("transition.check", "checks"),
            ("transition.ask_result", ""),
            ("transition.expect_result", "pending_results"),
            ("transition.code_result", "results"),
            ("transition.result", "pending_results results"),
        )
    },
    **{
        name: CommandRule(
            section=Section.TRANSITIONS,
            roles=CLINICIANS | {Role.FACILITY_NURSE},
            sets=frozenset(sets.split()),
            refusal="Only the team and the facility's nurse do this.",
            also=_JOINS,
        )
        for name, sets in (
            (
                "handoff.write",
                "severity handoff_summary handoff_actions handoff_contingency contingency_call handoffs",
            ),
            ("handoff.give", "handoffs"),
            ("handoff.accept", "handoffs read_back"),
        )
    },
    "transition.visited": CommandRule(
        section=Section.TRANSITIONS,
        at_large=True,
        relations=frozenset({"creator"}),
        by=CLINICIANS,
        sets=frozenset({"visit_done", "visit_due"}),
        refusal="Only primary care, the care manager or who recorded the stay notes this.",
    ),
    "transition.reconciled": CommandRule(
        section=Section.TRANSITIONS,
        roles=frozenset({Role.PRIMARY_CARE, Role.PHARMACIST}),
        sets=frozenset({"medicines_reconciled"}),
        refusal="Only primary care or a pharmacist says that the medicines are reconciled.",
    ),
    "goal.move": CommandRule(
        section=Section.GOALS,
        at_large=True,
        relations=frozenset({"creator", "owner", "voice"}),
        by=PATIENT_SIDE | {Role.SPECIALIST},
        sets=frozenset({"lifecycle"}),
        refusal="Only the goal's owner, primary care, the care manager or the social worker moves it.",
    ),
    "social_need.record_met": CommandRule(
        section=Section.SOCIAL_NEEDS,
        at_large=True,
        sets=frozenset({"need_met"}),
        refusal="Only the social worker or the care manager records this.",
    ),
    "advance_care.sign": CommandRule(
        section=Section.ADVANCE_CARE,
        roles=frozenset({Role.PRIMARY_CARE}),
        sets=frozenset({"code_status", "verified_by"}),
        refusal="Only primary care signs a code status.",
    ),
    "team.accept": CommandRule(
        section=Section.CARE_TEAM,
        relations=frozenset({"person"}),
        sets=frozenset({"accepted"}),
        refusal="Only the person who was asked accepts their part.",
    ),
    "team.steward": CommandRule(
        section=Section.CARE_TEAM,
        at_large=True,
        sets=frozenset({"steward"}),
        refusal="Only primary care, the care manager or an administrator names the steward.",
    ),
    "huddle.decide": CommandRule(
        section=Section.HUDDLES,
        at_large=True,
        sets=frozenset({"date", "attendees"}),
        refusal="Only the team decides in a huddle.",
        also=_JOINS,
    ),
    "huddle.note": CommandRule(
        section=Section.HUDDLES,
        at_large=True,
        sets=frozenset({"date", "attendees", "huddle", "unassigned"}),
        refusal="Only the team writes down what a huddle decides.",
        also=_JOINS,
    ),
    "huddle.assign": _task(_REQUESTER, "owner", "due", at_large=True, relations="requester creator", also=_JOINS),
    "huddle.read_back": CommandRule(
        section=Section.HUDDLES,
        at_large=True,
        sets=frozenset({"read_back"}),
        refusal="Only the team reads back in a huddle.",
        also=(JOINS, Consequence(section=Section.TASKS, field="state", says="accepted", named="owner")),
    ),
    "huddle.sign": CommandRule(
        section=Section.HUDDLES,
        relations=frozenset({"attendees", "decider"}),
        by=CLINICIANS,
        sets=frozenset({"signed_by", "content_hash"}),
        refusal="Only those who attended sign a huddle.",
    ),
    "question.ask": CommandRule(section=Section.CAREGIVER_LOG, follows=Operation.CREATE, sets=_ATTACHES.sets),
    "question.attach": replace(_ATTACHES, carries=frozenset({"question.reply", "question.answer"})),
    "question.hide_attachment": _ATTACHES,
    "question.reply": CommandRule(
        section=Section.CAREGIVER_LOG,
        roles=PATIENT_SIDE,
        sets=frozenset({"turns", "answer_due", "calmed_by"}),
        refusal="Only the patient and the family reply here.",
    ),
    "question.accept": CommandRule(
        section=Section.CAREGIVER_LOG,
        relations=frozenset({"creator"}),
        sets=frozenset({"ended", "ended_by"}),
        refusal="Only who asked says that it is answered.",
    ),
    "question.answer": _ANSWERS,
    "question.phone": _ANSWERS,
    "question.task": replace(_ANSWERS, also=_JOINS),
    "stay.report": CommandRule(section=Section.CAREGIVER_LOG, follows=Operation.CREATE),
    "stay.confirm": replace(_STAY_REPORTS, carries=frozenset({"transition.record"}), also=_MEDICINES_WAIT),
    "stay.known": _STAY_REPORTS,
    "stay.deny": _STAY_REPORTS,
    "question.calm": CommandRule(
        section=Section.CAREGIVER_LOG,
        at_large=True,
        sets=frozenset({"calmed_by"}),
        refusal="Only primary care, the care manager or the social worker says that it is no emergency.",
    ),
}

COMMANDS: Final[Mapping[str, CommandRule]] = MappingProxyType({**_ENTRIES, **_TASKS, **_REFERRALS, **_CARE})
"""Every command's rule by its name. A name that is not here is refused."""

SIGNED_STILL: Final = frozenset({"huddle.sign", "comment.make", "comment.resolve", "comment.task"})
"""Commands that a signed huddle entry still takes."""
