"""The fifteen sections of a care plan, declared as data. Adding a field is one line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from crdt.fields import COMMON, Field, Form, Kind


class Section(StrEnum):
    """A part of the plan with its own readers and writers; its value is the name of its document on the wire."""

    ABOUT_ME = "about_me"
    CARE_TEAM = "care_team"
    CONDITIONS = "conditions"
    GOALS = "goals"
    MEDICATIONS = "medications"
    TASKS = "tasks"
    REFERRALS = "referrals"
    MONITORING = "monitoring"
    TRANSITIONS = "transitions"
    SOCIAL_NEEDS = "social_needs"
    CAREGIVER_LOG = "caregiver_log"
    HUDDLES = "huddles"
    ADVANCE_CARE = "advance_care"
    BEHAVIORAL_HEALTH = "behavioral_health"
    STAFF_NOTES = "staff_notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """All that the hub knows of one section.

    ``headline`` names the field that stands for an entry in lists and in the journal's words. ``owners`` names the
    fields whose person counts as the entry's owner where a role may write "own" entries. ``noun`` is what an entry is
    called, where ``named_by_kind`` and its kind is known that kind. ``fhir`` is the R4 resource (or the element of one
    resource) that an entry is, ``loinc`` the codes of the section in LOINC's document ontology.
    """

    section: Section
    title: str
    purpose: str
    empty: str
    fields: tuple[Field, ...]
    headline: str
    noun: str
    owners: tuple[str, ...] = ()
    single: bool = False
    named_by_kind: bool = False
    restricted: bool = False
    fhir: str = ""
    loinc: tuple[str, ...] = ()

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The section's own fields, then those common to every entry."""
        return self.fields + COMMON

    def field(self, name: str) -> Field | None:
        """Return the field of that name, or ``None``."""
        return _FIELDS[self.section].get(name)

    def noun_of(self, values: Mapping[str, object]) -> str:
        """Return what an entry with these values is called; an allergy is never called a medicine."""
        kind = values.get("kind") if self.named_by_kind else None
        return kind if isinstance(kind, str) and kind else self.noun


ALLERGY_STATEMENTS = ("no known allergies", "asked, unknown")
"""What may be said of allergies instead of naming one; where nobody has said anything they are not recorded."""

WHEREABOUTS = ("emergency room", "hospital", "home again")
"""Where the people at home say that the patient is, when they tell of a stay in a hospital."""

TOPICS = ("medicines", "appointments", "forms", "transport", "worry", "other")
"""What a question is about: it decides who reads it and by when it is answered."""

EVERYONE, TEAM_ALONE = "everyone", "the team alone"
"""Who reads a question: whoever sees the section, or of the patient's side only who asked it."""

CALLS = ("emergency number", "call now", "call in opening hours")
"""Whom the people at home call, the most urgent first."""


def _line(
    name: str, label: str, help: str = "", *, required: bool = False, fhir: str = "", only_for: str = ""
) -> Field:
    return Field(name=name, label=label, help=help, required=required, fhir=fhir, only_for=only_for)


def _choice(
    name: str,
    label: str,
    *choices: str,
    required: bool = False,
    command: bool = False,
    help: str = "",
    fhir: str = "",
    only_for: str = "",
) -> Field:
    return Field(
        name=name,
        label=label,
        form=Form.CHOICE,
        choices=choices,
        required=required,
        command=command,
        help=help,
        fhir=fhir,
        only_for=only_for,
    )


def _of(
    form: Form,
    name: str,
    label: str,
    help: str = "",
    *,
    required: bool = False,
    command: bool = False,
    fhir: str = "",
    refers_to: str = "",
    only_for: str = "",
) -> Field:
    return Field(
        name=name,
        label=label,
        form=form,
        help=help,
        required=required,
        command=command,
        fhir=fhir,
        refers_to=refers_to,
        only_for=only_for,
    )


def _text(
    name: str, label: str, help: str = "", *, required: bool = False, fhir: str = "", only_for: str = ""
) -> Field:
    return Field(
        name=name, label=label, kind=Kind.TEXT, help=help, required=required, fhir=fhir, only_for=only_for, wide=True
    )


def _set(
    name: str,
    label: str,
    help: str = "",
    *,
    form: Form = Form.LINE,
    choices: tuple[str, ...] = (),
    refers_to: str = "",
    command: bool = False,
    fhir: str = "",
    only_for: str = "",
) -> Field:
    return Field(
        name=name,
        label=label,
        kind=Kind.SET,
        form=Form.CHOICE if choices else form,
        choices=choices,
        refers_to=refers_to,
        command=command,
        help=help,
        fhir=fhir,
        only_for=only_for,
    )


def _log(name: str, label: str, help: str = "", *, fhir: str = "") -> Field:
    return Field(name=name, label=label, kind=Kind.LOG, command=True, help=help, fhir=fhir, wide=True)


def _plain_words(of: str) -> Field:
    return _text("plain_words", "In plain words", f"What {of} means for the family, in words for everyday life.")


_DECLARATIONS: Final[tuple[Declaration, ...]] = (
    Declaration(
        section=Section.ABOUT_ME,
        title="What matters to me",
        purpose="The person before the patient: what everyone should know before they decide anything.",
        empty="Nothing here yet. Ask: what matters most to you?",
        headline="what_matters",
        noun="profile",
        single=True,
        fhir="Observation",
        loinc=("95541-9", "75773-2"),
        fields=(
            _text("what_matters", "What matters most", "In the person's own words.", required=True, fhir="valueString"),
            _line("preferred_name", "Likes to be called"),
            _of(Form.LANGUAGE, "language", "Language"),
            _of(Form.YES_NO, "interpreter", "Needs an interpreter"),
            _text("communication_needs", "Communication needs", "Hearing, sight, reading, memory."),
            _text("faith_culture_diet", "Faith, culture and diet"),
            _text("living_situation", "Living situation", "Who is at home, stairs, pets, who helps."),
            _text("strengths", "Strengths", "What goes well, what the person is good at."),
            _of(Form.NUMBER, "treatment_burden", "Burden of treatment", "0 none, 10 unbearable."),
            _choice("contact_preference", "Prefers contact by", "telephone", "text message", "portal", "letter"),
        ),
    ),
    Declaration(
        section=Section.CARE_TEAM,
        title="Team and responsibilities",
        purpose="Who is responsible for what, and who stands in.",
        empty="No one is named yet. Start with the person who holds the plan together.",
        headline="responsible_for",
        noun="team member",
        owners=("person",),
        fhir="CareTeam.participant",
        loinc=("85847-2",),
        fields=(
            _of(Form.PERSON, "person", "Person", required=True, fhir="member"),
            _line("role", "Role in this care", required=True, fhir="role[0].text"),
            _text("responsible_for", "Responsible for", required=True),
            _set(
                "areas",
                "Areas",
                choices=(
                    "medicines",
                    "transitions",
                    "social",
                    "monitoring",
                    "coordination",
                    "daily care",
                    "mental health",
                ),
            ),
            _of(Form.YES_NO, "steward", "Steward of the plan", "Keeps the plan whole; one person.", command=True),
            _of(Form.PERSON, "backup", "Stands in"),
            _of(Form.PHONE, "phone", "Telephone"),
            _line("hours", "Hours"),
            _choice("accepted", "Accepted the part", "yes", "no", "asked", command=True),
        ),
    ),
    Declaration(
        section=Section.CONDITIONS,
        title="Problems and concerns",
        purpose="What is being treated, watched or feared.",
        empty="No problems or concerns are recorded.",
        headline="name",
        noun="problem",
        named_by_kind=True,
        owners=("owner",),
        fhir="Condition",
        loinc=("11450-4", "75310-3"),
        fields=(
            _line("name", "Problem", required=True, fhir="code.text"),
            _line("code", "Code", "SNOMED CT or ICD-10-CM, as in I21.4.", fhir="code.coding[0] as problem code"),
            _choice("kind", "Kind", "problem", "concern", "risk", required=True, fhir="category[0] as concept"),
            _choice(
                "clinical_status",
                "Clinical status",
                "active",
                "recurrence",
                "relapse",
                "inactive",
                "remission",
                "resolved",
                required=True,
                fhir="clinicalStatus as concept",
            ),
            _choice("severity", "Severity", "mild", "moderate", "severe", fhir="severity as concept"),
            _of(Form.DATE, "onset", "Since", fhir="onsetDateTime"),
            _of(Form.PERSON, "owner", "Owner", "Who decides on it.", required=True, fhir="asserter"),
            _text("summary", "Summary", fhir="note[0].text"),
            _text("expected_outcome", "Expected outcome"),
            _plain_words("this problem"),
            _text("education", "To read at home", "For everyday life: some sentences, or an address with https://."),
        ),
    ),
    Declaration(
        section=Section.GOALS,
        title="Goals",
        purpose="What we are working towards, first in the patient's words.",
        empty="No goals yet. Ask: what matters most to you?",
        headline="description",
        noun="goal",
        owners=("owner", "voice"),
        fhir="Goal",
        loinc=("61146-7",),
        fields=(
            _text("description", "Goal", required=True, fhir="description.text"),
            _of(Form.PERSON, "voice", "Whose words", required=True, fhir="expressedBy"),
            _choice("priority", "Priority", "high", "medium", "low", fhir="priority as concept"),
            _choice(
                "lifecycle",
                "State",
                "proposed",
                "accepted",
                "active",
                "on hold",
                "completed",
                "cancelled",
                command=True,
                fhir="lifecycleStatus as code",
            ),
            _choice(
                "achievement",
                "Progress",
                "in progress",
                "improving",
                "worsening",
                "no change",
                "achieved",
                "not achieved",
                "not attainable",
                fhir="achievementStatus as concept",
            ),
            _line(
                "measure",
                "Measured by",
                "A LOINC code and name, as in 4548-4 Hemoglobin A1c.",
                fhir="target[0].measure as measure",
            ),
            _of(Form.NUMBER, "target_low", "Target from", fhir="target[0].detailRange.low.value"),
            _of(Form.NUMBER, "target_high", "Target to", fhir="target[0].detailRange.high.value"),
            _line("unit", "Unit", fhir="target[0].detailRange.high.unit"),
            _of(Form.DATE, "due", "By", fhir="target[0].dueDate"),
            _set("addresses", "Addresses", form=Form.ENTRY, refers_to="conditions", fhir="addresses[]"),
            _text("barriers", "What stands in the way"),
            _of(Form.PERSON, "owner", "Owner"),
        ),
    ),
    Declaration(
        section=Section.MEDICATIONS,
        title="Medicines and allergies",
        purpose="One list that hospital, home and pharmacy share.",
        empty="No medicines are recorded. Allergies not recorded.",
        headline="name",
        noun="medicine",
        named_by_kind=True,
        owners=("prescriber",),
        fhir="MedicationStatement",
        loinc=("10160-0", "48765-2"),
        fields=(
            _choice("kind", "Kind", "medicine", "allergy", required=True),
            _line(
                "name",
                "Name",
                "Generic name first.",
                required=True,
                fhir="medicationCodeableConcept.text | AllergyIntolerance.code.text",
            ),
            _line(
                "rxcui", "RxNorm code", fhir="medicationCodeableConcept.coding[0] as RxNorm code", only_for="medicine"
            ),
            _set("ingredients", "Ingredients", only_for="medicine"),
            _line(
                "dose",
                "DOSE",
                "With its unit, as in 40 mg.",
                required=True,
                fhir="dosage[0].doseAndRate[0].doseQuantity as amount",
                only_for="medicine",
            ),
            _choice(
                "route",
                "Route",
                "oral",
                "sublingual",
                "inhaled",
                "subcutaneous",
                "intramuscular",
                "intravenous",
                "topical",
                "eye",
                "ear",
                "nasal",
                "rectal",
                "transdermal",
                fhir="dosage[0].route as concept",
                only_for="medicine",
            ),
            _line(
                "frequency",
                "How often",
                "In words, as in once daily.",
                required=True,
                fhir="dosage[0].text",
                only_for="medicine",
            ),
            _set(
                "times",
                "Times of day",
                choices=("morning", "noon", "evening", "bedtime", "when needed"),
                only_for="medicine",
            ),
            _text(
                "instructions", "Instructions", fhir="dosage[0].patientInstruction | AllergyIntolerance.note[0].text"
            ),
            _plain_words("this medicine"),
            _of(
                Form.ENTRY, "indication", "For", refers_to="conditions", fhir="reasonReference[0]", only_for="medicine"
            ),
            _of(Form.PERSON, "prescriber", "Prescriber", fhir="informationSource", only_for="medicine"),
            _choice(
                "taking", "Use", "active", "on hold", "stopped", "planned", fhir="status as code", only_for="medicine"
            ),
            _choice("takes", "Really takes it", "as prescribed", "differently", "no", only_for="medicine"),
            _choice(
                "reconciliation",
                "Reconciled",
                "unreconciled",
                "prepared",
                "continue",
                "change",
                "stop",
                "hold",
                command=True,
                only_for="medicine",
            ),
            _of(Form.DATE, "hold_until", "On hold until", command=True, only_for="medicine"),
            _choice(
                "statement",
                "Instead of an allergy",
                *ALLERGY_STATEMENTS,
                help="Where nothing is known: what is said of allergies as a whole.",
                only_for="allergy",
            ),
            _line(
                "reaction", "Reaction", fhir="AllergyIntolerance.reaction[0].manifestation[0].text", only_for="allergy"
            ),
            _choice(
                "criticality",
                "Criticality",
                "low",
                "high",
                "unable to assess",
                fhir="AllergyIntolerance.criticality as code",
                only_for="allergy",
            ),
            _choice(
                "verification",
                "Verification",
                "unconfirmed",
                "confirmed",
                "refuted",
                "tolerates",
                fhir="AllergyIntolerance.verificationStatus as concept",
                only_for="allergy",
            ),
            _log("doses", "Said of doses", "What was said at home of each dose of the last seven days."),
            _log("set_aside", "Findings set aside", "Which finding was weighed, by whom, and why it does not apply."),
        ),
    ),
    Declaration(
        section=Section.TASKS,
        title="Tasks",
        purpose="What someone does by when. A task is owned once its owner has accepted.",
        empty="No open tasks.",
        headline="title",
        noun="task",
        owners=("owner", "backup"),
        fhir="Task",
        loinc=("62387-6",),
        fields=(
            _line("title", "Task", required=True, fhir="description"),
            _text("detail", "Details", fhir="note[0].text"),
            _of(Form.PERSON, "owner", "Owner", required=True, fhir="owner"),
            _of(Form.PERSON, "backup", "Stands in"),
            _of(Form.PERSON, "requester", "Asked by", command=True, fhir="requester"),
            _of(Form.DATE, "due", "Due", required=True, fhir="restriction.period.end"),
            _choice("priority", "Priority", "routine", "urgent", "asap", "stat", fhir="priority as code"),
            _choice(
                "state",
                "State",
                "requested",
                "received",
                "accepted",
                "in progress",
                "on hold",
                "completed",
                "rejected",
                "cancelled",
                "failed",
                command=True,
                fhir="status as code",
            ),
            Field(name="state_reason", label="Why", command=True, fhir="statusReason.text"),
            _text("reason", "Reason for the task", fhir="reasonCode.text"),
            _set("supports", "Supports", form=Form.ENTRY, fhir="basedOn[]"),
            _text("outcome", "Outcome", fhir="output[0].valueString"),
            _of(Form.YES_NO, "family_visible", "The family may see it"),
        ),
    ),
    Declaration(
        section=Section.REFERRALS,
        title="Referrals",
        purpose="A question to someone, its answer, and what was decided about it.",
        empty="No referrals.",
        headline="to",
        noun="referral",
        owners=("recipient", "asker"),
        fhir="ServiceRequest",
        loinc=("42349-1",),
        fields=(
            _choice(
                "kind",
                "Kind",
                "specialist",
                "community",
                "behavioural",
                "diagnostic",
                required=True,
                fhir="category[0] as concept",
            ),
            _line("to", "To", required=True, fhir="performerType.text"),
            _of(Form.PERSON, "recipient", "Recipient", fhir="performer[0]"),
            _of(Form.PERSON, "asker", "Asked by", command=True, fhir="requester"),
            _text("question", "Question", "What do you want to know or have done?", fhir="reasonCode[0].text"),
            _choice("urgency", "Urgency", "routine", "urgent", "asap", "stat", required=True, fhir="priority as code"),
            _set("tests_done", "Tests already done", "So that nobody repeats them.", fhir="supportingInfo[].display"),
            _of(Form.DATE, "expected_by", "Answer expected by", fhir="occurrencePeriod.end"),
            _of(Form.INSTANT, "appointment", "Appointment", command=True),
            _choice(
                "state",
                "State",
                "draft",
                "requested",
                "received",
                "accepted",
                "rejected",
                "scheduled",
                "seen",
                "no-show",
                "reported",
                "closed",
                "cancelled",
                command=True,
                fhir="status as code",
            ),
            Field(name="state_reason", label="Why", command=True),
            Field(name="state_since", label="In this state since", form=Form.INSTANT, command=True),
            _text("answer", "Answer"),
            _log("recommendations", "Recommendations"),
            _text(
                "patient_card",
                "For the patient",
                "Why, how to book, and what happens after, in plain words.",
                fhir="patientInstruction",
            ),
            _choice("need_met", "Need met", "yes", "partly", "no", command=True),
            _of(Form.ENTRY, "need", "For the need", refers_to="social_needs", fhir="reasonReference[0]"),
            _line("consent", "Consent on record"),
        ),
    ),
    Declaration(
        section=Section.MONITORING,
        title="Readings and warning zones",
        purpose="What is measured at home, when to worry, and who answers.",
        empty="Nothing is being measured.",
        headline="measure",
        noun="measure",
        owners=("responder",),
        fhir="Observation",
        loinc=("8716-3", "30954-2"),
        fields=(
            _line(
                "measure",
                "Measure",
                "A LOINC code and name, as in 29463-7 Body weight.",
                required=True,
                fhir="code as measure",
            ),
            _line("unit", "Unit"),
            _of(Form.RANGE, "green", "Green zone", fhir="referenceRange[green] as range"),
            _of(Form.RANGE, "yellow", "Yellow zone", fhir="referenceRange[yellow] as range"),
            _of(Form.RANGE, "red", "Red zone", fhir="referenceRange[red] as range"),
            _line("persistence", "Persistence", "Out of zone n of m times, as in 2 of 3."),
            _line(
                "trend", "Too fast a change", "As in +2 in 3 days; with - for a fall, several with a semicolon between."
            ),
            _of(Form.NUMBER, "expected_days", "A reading is expected every (days)"),
            _of(Form.NUMBER, "repeat_days", "Repeat no sooner than (days)"),
            _of(Form.PERSON, "responder", "Who responds", required=True),
            _of(
                Form.NUMBER,
                "backup_minutes",
                "Red unanswered: to the backup after (minutes)",
                "30 if nothing stands here.",
            ),
            _text("green_instructions", "In the green zone", fhir="referenceRange[green].text"),
            _text("yellow_instructions", "In the yellow zone", fhir="referenceRange[yellow].text"),
            _choice("yellow_call", "Then, in the yellow zone", *CALLS),
            _text("red_instructions", "In the red zone", fhir="referenceRange[red].text"),
            _choice("red_call", "Then, in the red zone", *CALLS),
            _log("readings", "Readings", fhir="hasMember[] as readings"),
        ),
    ),
    Declaration(
        section=Section.TRANSITIONS,
        title="Hospital and home",
        purpose="Each move between places of care, with its clocks and its handoff.",
        empty="No hospital stays or moves are recorded.",
        headline="facility",
        noun="transition",
        fhir="Encounter",
        loinc=("8653-8", "18776-5"),
        fields=(
            _choice(
                "event",
                "Event",
                "admitted",
                "discharged",
                "transferred",
                "visited",
                "died",
                command=True,
                fhir="status as code",
            ),
            _line("facility", "Place", required=True, fhir="serviceProvider.display"),
            _choice(
                "setting",
                "Setting",
                "emergency department",
                "observation",
                "inpatient",
                "psychiatric hospital",
                "rehabilitation hospital",
                "long-term hospital",
                "skilled nursing",
                "home",
                "hospice",
                fhir="class as coding",
            ),
            _choice(
                "destination",
                "Where to",
                "home",
                "home with home health",
                "assisted living",
                "skilled nursing",
                "another hospital",
                "hospice",
                command=True,
                fhir="hospitalization.dischargeDisposition as concept",
            ),
            _of(Form.INSTANT, "start", "From", command=True, fhir="period.start"),
            _of(Form.INSTANT, "end", "To", command=True, fhir="period.end"),
            _text("reason", "Reason", fhir="reasonCode[0].text"),
            _of(Form.DATE, "contact_due", "Contact due", command=True),
            _of(Form.INSTANT, "contact_done", "Contact made", command=True),
            _of(Form.DATE, "visit_due", "Visit due", command=True),
            _of(Form.INSTANT, "visit_done", "Visit done", command=True),
            _choice("medicines_reconciled", "Medicines reconciled", "no", "yes", command=True),
            _set("pending_results", "Results still to come"),
            _log("results", "Results", "The code of each that is to come, and what each said that came."),
            _log("attempts", "Attempts of contact", "When, how, by whom, and whether somebody was reached."),
            _log("clock_owners", "Who sees to it", "Who took the contact, the visit or the medicines upon themselves."),
            _log("checks", "Checklist", "What must be true at home, and how it stands."),
            _choice("severity", "Illness severity", "stable", "watcher", "unstable"),
            _text("handoff_summary", "Summary"),
            _text("handoff_actions", "Actions"),
            _text("handoff_contingency", "If things change"),
            _choice("contingency_call", "Then", *CALLS),
            _text("read_back", "Read back"),
            _log("handoffs", "Handoff", "Who wrote it, who handed it over, who read it back and accepted, and when."),
            _plain_words("this stay"),
        ),
    ),
    Declaration(
        section=Section.SOCIAL_NEEDS,
        title="Social needs and resources",
        purpose="Food, housing, transport, money: what stands between the plan and real life.",
        empty="No social needs are recorded.",
        headline="domain",
        noun="need",
        fhir="Condition",
        loinc=("29762-2",),
        fields=(
            _choice(
                "domain",
                "Domain",
                "food",
                "housing",
                "transport",
                "utilities",
                "safety",
                "employment",
                "loneliness",
                "legal",
                "other",
                required=True,
                fhir="category[1] as concept",
            ),
            _text("finding", "Finding", required=True, fhir="code.text"),
            _of(Form.DATE, "screened_on", "Screened on", fhir="recordedDate"),
            _line("tool", "Screening tool"),
            _choice("wants_help", "Wants help", "yes", "no", "later", required=True),
            _line("resource", "Resource"),
            _text("eligibility", "Eligibility"),
            _of(Form.ENTRY, "referral", "Referral", refers_to="referrals"),
            _choice("need_met", "Need met", "yes", "partly", "no", command=True),
            _of(Form.YES_NO, "sensitive", "Not for the family"),
        ),
    ),
    Declaration(
        section=Section.CAREGIVER_LOG,
        title="Home observations and questions",
        purpose="What the people at home see and ask, and what the team answers.",
        empty="No observations or questions yet.",
        headline="words",
        noun="question or note",
        fhir="Communication",
        fields=(
            _choice(
                "kind",
                "Kind",
                "observation",
                "question",
                "concern",
                "strain",
                required=True,
                fhir="category[0] as concept",
            ),
            _text("words", "In their words", required=True, fhir="payload[0].contentString"),
            _of(Form.INSTANT, "when", "When", required=True, fhir="sent"),
            _choice("severity", "How bad", "mild", "moderate", "severe"),
            _of(Form.ENTRY, "related", "About", fhir="about[0]"),
            _text("answer", "Answer"),
            _of(Form.PERSON, "answered_by", "Answered by", command=True),
            _of(Form.INSTANT, "answered", "Answered", command=True),
            _choice("topic", "Topic", *TOPICS, command=True, fhir="topic.text"),
            _of(Form.PERSON, "to", "Read by", command=True, fhir="recipient[0]"),
            _choice("asked_from", "Asked from", "home", "team", command=True),
            _choice("readers", "Who reads it", EVERYONE, TEAM_ALONE, command=True),
            _of(Form.INSTANT, "answer_due", "Answer by", command=True),
            _log("turns", "What was said then"),
            _log("attachments", "Photos and papers", "Of each what it is, with which words it came, and who hid it."),
            _choice("ended", "Ended", "answered", "task", "telephone", command=True),
            _of(Form.PERSON, "ended_by", "Ended by", command=True),
            _of(Form.PERSON, "calmed_by", "Not an emergency, says", command=True),
            _choice(
                "whereabouts",
                "Where they are",
                *WHEREABOUTS,
                command=True,
                help="Told from home of a hospital stay; the team confirms it.",
            ),
            _of(Form.LINE, "place", "Which hospital", command=True),
            _of(Form.INSTANT, "since", "Since", command=True),
            _of(Form.ENTRY, "stay", "Which stay it is", command=True, refers_to="transitions"),
        ),
    ),
    Declaration(
        section=Section.HUDDLES,
        title="Huddle decisions",
        purpose="What the team decided together, by whom, and when to look again.",
        empty="No huddle has decided anything about this plan yet.",
        headline="decision",
        noun="huddle decision",
        owners=("decider",),
        fhir="Encounter",
        loinc=("51848-0",),
        fields=(
            _of(Form.DATE, "date", "Date", command=True, fhir="period.start"),
            _set("attendees", "Attended", form=Form.PERSON, command=True, fhir="participant[].individual"),
            _line("topic", "Topic", required=True, fhir="reasonCode[0].text"),
            _text("summary", "Summary"),
            _text("decision", "Decision", required=True),
            _text("options", "Options weighed"),
            _text("dissent", "Dissent"),
            _text("contingency", "If things change"),
            _of(Form.PERSON, "decider", "Decided by", required=True),
            _set("tasks", "Tasks", form=Form.ENTRY, refers_to="tasks"),
            _of(Form.DATE, "revisit_on", "Look again on"),
            _text("family_words", "For the family, in plain words"),
            _log("read_back", "Read back"),
            _set("signed_by", "Signed by", form=Form.PERSON, command=True),
            Field(name="content_hash", label="Hash of what was signed", command=True),
            Field(name="huddle", label="Huddle it was decided in", command=True),
            _set("unassigned", "To do, without owner or day yet", command=True),
        ),
    ),
    Declaration(
        section=Section.ADVANCE_CARE,
        title="If things change",
        purpose="What the person wants if they can't say it themselves.",
        empty="No wishes are recorded.",
        headline="kind",
        noun="wish",
        owners=("agent",),
        fhir="Consent",
        loinc=("42348-3", "100822-6"),
        fields=(
            _choice(
                "code_status",
                "Code status",
                "full code",
                "do not resuscitate",
                "do not intubate",
                "comfort measures only",
                "limited treatment",
                command=True,
                fhir="provision.code[0] as concept",
            ),
            _line("document", "Document", fhir="sourceReference.display"),
            _choice(
                "kind",
                "Kind",
                "living will",
                "health care proxy",
                "POLST",
                "do-not-resuscitate order",
                "conversation",
                required=True,
                fhir="category[0] as concept",
            ),
            _of(Form.PERSON, "verified_by", "Verified by", command=True),
            _of(Form.PERSON, "agent", "Speaks for the person", fhir="provision.actor[0].reference"),
            _text("priorities", "What matters if I am very ill", required=True),
            _text("limits", "What I do not want"),
        ),
    ),
    Declaration(
        section=Section.BEHAVIORAL_HEALTH,
        title="Behavioural health",
        purpose="Restricted: seen only by those whom the person's consent names.",
        empty="Nothing is recorded.",
        headline="need",
        noun="behavioural health need",
        owners=("provider",),
        restricted=True,
        fhir="Condition",
        fields=(
            _text("need", "Need", required=True, fhir="code.text"),
            _text("therapy_goal", "Goal of therapy"),
            _of(Form.PERSON, "provider", "Provider", fhir="asserter"),
            _text("safety_plan", "Safety plan"),
            _line("screening", "Screening", "Tool, score and date, as in PHQ-9 12, 2026-11-02."),
            _choice("part2", "42 CFR Part 2 record", "yes", "no", command=True),
            _line("consent", "Consent on record"),
        ),
    ),
    Declaration(
        section=Section.STAFF_NOTES,
        title="Team-only notes",
        purpose="Between colleagues; never shown to the patient's side.",
        empty="No notes.",
        headline="words",
        noun="note",
        restricted=True,
        fhir="Communication",
        fields=(
            _text("words", "Note", required=True, fhir="payload[0].contentString"),
            _of(Form.ENTRY, "related", "About", fhir="about[0]"),
        ),
    ),
)

SECTIONS: Final[Mapping[Section, Declaration]] = MappingProxyType({each.section: each for each in _DECLARATIONS})
"""Every section's declaration, in the order of the page."""

_FIELDS: Final[Mapping[Section, Mapping[str, Field]]] = {
    each.section: {field.name: field for field in each.fields + COMMON} for each in _DECLARATIONS
}
