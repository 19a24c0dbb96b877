"""Patients of the directory: found, registered with a check for duplicates, corrected; their plan, team and steward."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.registry import Duty, refusal
from auth.roles import STAFF_OF_PLANS
from hub.access.keeping import Keeping
from hub.access.keeping_rows import FOR_A_TIME, STEWARDS, Doer, KeepingError
from hub.directory.births import BirthDate, BirthDateError, typed_birth_date
from hub.directory.matching import Traits, likeness
from hub.directory.names import NAME_CHARACTERS_MAX, cleaned
from hub.directory.plan_templates import plan_templates
from hub.store.organisations import Organisation
from hub.store.patients import Number, RegisteredPatient
from hub.store.people import Person
from web.doors.directory import SignedIn
from web.doors.guards import for_registrar, keeping, services
from web.pages.admin_people import doer
from web.pages.beginnings import begun
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.directory import LikelyPatient, candidate, happening_views, patient_line
from web.views.inviting import end_of_day
from web.views.people import ROLE_WORDS
from web.views.words import LANGUAGES, MONTHS, day_and_time, day_of

LISTED_MAX: Final = 100
CANDIDATES_SHOWN: Final = 5
GENDERS: Final = (("unknown", "Not known"), ("female", "Female"), ("male", "Male"), ("other", "Other"))


@for_registrar
async def show(request: Request, who: SignedIn) -> Response:
    """Show the patients registered last."""
    reading = reading_now(request)
    found = [patient_line(each, reading) for each in await keeping(request).patients.newest(LISTED_MAX)]
    context = {"patients": found, "sought": "", "here": "patients", "alerts": await _alerts(request)}
    return page(request, "patients/list.html", context)


@for_registrar
async def search(request: Request, who: SignedIn) -> Response:
    """Show patients by name or number; posted, so that no name stands in an address."""
    sought = cleaned(str((await request.form()).get("sought", "")))[:NAME_CHARACTERS_MAX]
    reading = reading_now(request)
    found = await keeping(request).patients.matching(sought, LISTED_MAX)
    context = {
        "patients": [patient_line(each, reading) for each in found], "sought": sought, "here": "patients",
        "alerts": await _alerts(request),
    }  # fmt: skip
    return page(request, "patients/list.html", context)


async def _alerts(request: Request) -> int:
    """Return how many messages of hospitals wait for somebody to say who it is."""
    hospitals = services(request).hospitals
    return (await hospitals.deciding.counts()).get("waiting", 0) if hospitals is not None else 0


@for_registrar
async def new(request: Request, who: SignedIn) -> Response:
    """Show the form to register a patient."""
    return await _form(request, {}, "", "", [])


@for_registrar
async def likely(request: Request, who: SignedIn) -> Response:
    """Show who of the registered the typed one may be, while it is typed."""
    typed, _ = await _typed(request, await request.form())
    return page(request, "patients/likely.html", {"candidates": await _candidates(request, typed), "said": False})


@for_registrar
async def register(request: Request, who: SignedIn) -> Response:
    """Register the patient and go on to their page, unless it is very likely one who is there already."""
    form = await request.form()
    typed, fault = await _typed(request, form)
    candidates = await _candidates(request, typed)
    values = {name: str(value) for name, value in form.items()}
    if fault is not None:
        return await _form(request, values, str(fault), getattr(fault, "field", "born"), candidates)
    if any(each.very for each in candidates) and form.get("none") != "yes":
        words = "Very likely registered already. Compare, and say “None of these” to register somebody new."
        return await _form(request, values, words, "none", candidates)
    try:
        made = await keeping(request).register(await doer(request, who), typed)
    except KeepingError as error:
        return await _form(request, values, str(error), error.field, candidates)
    return elsewhere(request, f"/patients/{made.patient_id}")


@for_registrar
async def patient(request: Request, who: SignedIn) -> Response:
    """Show a patient's identity, plan and team, and the identity's history."""
    return await _patient(request, who, await _subject(request), "", "")


@for_registrar
async def change(request: Request, who: SignedIn) -> Response:
    """Do one of the acts on a patient's page: correct, open a plan, add to the team, replace, close, open again."""
    form = await request.form()
    subject, found = await _subject(request), keeping(request)
    acting, act = await doer(request, who), str(form.get("act", ""))
    plan_id, person = str(form.get("plan", "")), str(form.get("person", ""))
    if plan_id and plan_id not in {each.plan_id for each in await found.plans.of_patients([subject.patient_id])}:
        raise HTTPException(404)
    try:
        match act:
            case "details":
                typed, fault = await _typed(request, form, subject)
                if fault is not None:
                    raise KeepingError(str(fault), "born")
                await found.change_patient(acting, typed)
            case "open":
                opened = await _open(request, who, subject, form)
                if opened:
                    return elsewhere(request, opened)
            case "join":
                steward, instead = form.get("steward") == "yes", str(form.get("instead_of", ""))
                ends = _until(str(form.get("until", "")), services(request).zones.of(plan_id))
                await found.care.join(acting, plan_id, person, steward=steward, instead_of=instead, ends=ends)
            case "offer" | "archive" | "unarchive" | "died" | "moved" | "same":
                await _turned(request, acting, act, subject, form)
            case "close" | "reopen":
                await found.care.close(acting, plan_id, str(form.get("reason", ""))[:500], again=act == "reopen")
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _patient(request, who, subject, str(error), error.field)
    return elsewhere(request, f"/patients/{subject.patient_id}")


async def _turned(request: Request, acting: Doer, act: str, subject: RegisteredPatient, form: FormData) -> None:
    """Do what changes the life of the patient or of a plan of theirs.

    Raises:
        KeepingError: it can't be done so.
    """
    lives, reason = keeping(request).lives, str(form.get("reason", ""))[:500]
    plan_id = str(form.get("plan", ""))
    match act:
        case "offer":
            await lives.offer(acting, plan_id, str(form.get("offered", "")), reason)
        case "archive" | "unarchive":
            await lives.archive(acting, plan_id, reason, again=act == "unarchive")
        case "died":
            await lives.died(acting, subject, str(form.get("deceased", ""))[:10], reading_now(request).today)
        case "moved":
            await lives.moved(acting, subject, cleaned(str(form.get("moved", "")))[:NAME_CHARACTERS_MAX])
        case _:
            other = await keeping(request).patients.get(str(form.get("other", "")))
            if other is None:
                raise KeepingError("Choose the record that goes on.", "other")
            await lives.same(acting, subject, other, reason)


def _until(words: str, zone: tzinfo) -> datetime | None:
    """Return when a day is over where the plan is at home, ``None`` where none is said.

    Raises:
        KeepingError: it is no day.
    """
    ends = end_of_day(words, zone) if words else None
    if words and ends is None:
        raise KeepingError("Enter a day.", "until")
    return ends


@for_registrar
async def answer(request: Request, who: SignedIn) -> Response:
    """Take over a plan that was offered to oneself, decline it, or withdraw an offer."""
    form, lives = await request.form(), keeping(request).lives
    acting, me = await doer(request, who), who.person.person_id
    plan_id, act = str(form.get("plan", "")), str(form.get("act", ""))
    offer = await lives.offers.of_plan(plan_id)
    if offer is None or me not in (offer.steward, offer.offered_by) or act not in ("accept", "decline"):
        raise HTTPException(404)
    try:
        await lives.answer(acting, offer, str(form.get("reason", ""))[:500], accepted=act == "accept")
    except KeepingError as error:
        return await _offered(request, who, str(error))
    return elsewhere(request, f"/plans/{plan_id}" if act == "accept" else "/patients/offers")


@for_registrar
async def offers(request: Request, who: SignedIn) -> Response:
    """Show the plans that wait for one's answer."""
    return await _offered(request, who, "")


async def _offered(request: Request, who: SignedIn, fault: str) -> Response:
    found, reading = keeping(request), reading_now(request)
    waiting = await found.lives.offers.to_person(who.person.person_id)
    plans = await found.plans.among([each.plan_id for each in waiting])
    people = await found.people.among([each.offered_by for each in waiting])
    context = {
        "offers": [(each, plans[each.plan_id].name, people[each.offered_by].name, day_and_time(each.offered, reading))
                   for each in waiting if each.plan_id in plans],
        "fault": fault, "here": "patients",
    }  # fmt: skip
    return page(request, "patients/offers.html", context, 422 if fault else 200)


async def _open(request: Request, who: SignedIn, subject: RegisteredPatient, form: FormData) -> str:
    """Open a plan. Who takes part in it puts its template there at once, and goes on to it; ``""`` for anyone else.

    Raises:
        KeepingError: it can't be opened so.
    """
    found, acting = keeping(request), await doer(request, who)
    steward, template = str(form.get("steward", "")), str(form.get("template", ""))
    team, unit = [str(each) for each in form.getlist("team")], str(form.get("unit", ""))
    plan_id = await found.care.open_plan(acting, subject, steward, team, unit_id=unit, template=template)
    mine = await services(request).directory.participant(plan_id, who)
    if mine is None:
        return ""
    if template:
        await begun(request, mine, plan_templates()[template])
    return f"/plans/{plan_id}"


async def _patient(request: Request, who: SignedIn, subject: RegisteredPatient, fault: str, field: str) -> Response:
    found, reading = keeping(request), reading_now(request)
    acting = await doer(request, who)
    plans = []
    for plan in await found.plans.of_patients([subject.patient_id]):
        keeper = await found.care.keeper(acting, plan)
        team = [(each, ROLE_WORDS[each.role]) for each in await found.care.team(plan.plan_id)]
        offer = await found.lives.offers.of_plan(plan.plan_id)
        plans.append((plan, team, not refusal(keeper, Duty.STAFF), not refusal(keeper, Duty.CLOSE), offer))
    staff = [each for each in await found.people.active() if each.role in STAFF_OF_PLANS]
    rows = await found.history(subject.patient_id)
    names = await found.people.among(sorted({row.actor for row in rows}))
    context = {
        **await _choices(request), "it": subject, "line": patient_line(subject, reading), "form": _values(subject),
        "fault": fault, "field": field, "plans": plans, "here": "patients", "staff": _staff(staff),
        "begins": _staff([each for each in staff if each.role not in FOR_A_TIME]),
        "stewards": _staff([each for each in staff if each.role in STEWARDS]),
        "alike": await _alike(request, subject), "died": day_of(subject.deceased),
        "goes_on": await found.patients.get(subject.same_as) if subject.same_as else None,
        "for_a_time": " or ".join(ROLE_WORDS[each] for each in FOR_A_TIME),
        "may_open": not subject.same_as and all(plan.closed is not None for plan, *_ in plans),
        "units": await _units(found), "templates": list(plan_templates().values()),
        "history": happening_views(rows, {key: each.name for key, each in names.items()}, reading),
    }  # fmt: skip
    return page(request, "patients/patient.html", context, 422 if fault else 200)


async def _alike(request: Request, subject: RegisteredPatient) -> list[LikelyPatient]:
    """Return who else of the registered may be the same."""
    found = await _candidates(request, subject)
    return [each for each in found if each.line.patient_id != subject.patient_id]


async def _units(found: Keeping) -> list[tuple[str, str, str]]:
    units = await found.units.all()
    people = await found.people.among(sorted({each for unit in units for each in unit.members}))
    return [
        (unit.unit_id, unit.name, ", ".join(sorted(people[each].name for each in unit.members if each in people)))
        for unit in units
    ]


def _staff(people: Sequence[Person]) -> list[tuple[str, str, str]]:
    return [(each.person_id, each.name, ROLE_WORDS[each.role]) for each in people]


async def _form(
    request: Request, form: Mapping[str, str], fault: str, field: str, candidates: list[LikelyPatient]
) -> Response:
    context = {**await _choices(request), "form": form, "fault": fault, "field": field, "candidates": candidates,
               "said": form.get("none") == "yes", "here": "patients"}  # fmt: skip
    return page(request, "patients/new.html", context, 422 if fault else 200)


async def _choices(request: Request) -> dict[str, object]:
    home = await _home(request)
    return {"genders": GENDERS, "languages": sorted(LANGUAGES.items(), key=lambda each: each[1]), "home": home,
            "months": list(enumerate(MONTHS, start=1))}  # fmt: skip


async def _home(request: Request) -> Organisation:
    """Return where who is signed in registers patients: where they work, whose record numbers they have."""
    organisations, own = keeping(request).organisations, request.state.signed_in.person.organisation
    return (await organisations.get(own) if own else None) or await organisations.default()


def _values(subject: RegisteredPatient) -> dict[str, str]:
    born = subject.born
    values = {
        "family": subject.family, "given": subject.given, "gender": subject.gender, "phone": subject.phone,
        "gender_words": subject.gender_words, "called": subject.called, "language": subject.language,
        "address": subject.address, "interpreter": "yes" if subject.interpreter else "no",
        "number": subject.numbers[0].value if subject.numbers else "",
    }  # fmt: skip
    parts = {"year": born.year, "month": born.month, "day": born.day}
    return values | {name: str(value or "") for name, value in parts.items()}


async def _subject(request: Request) -> RegisteredPatient:
    found = await keeping(request).patients.get(str(request.path_params["patient"]))
    if found is None:
        raise HTTPException(404)
    return found


async def _candidates(request: Request, typed: RegisteredPatient) -> list[LikelyPatient]:
    reading, mine = reading_now(request), _told(typed)
    found = [(likeness(mine, _told(each)), each) for each in await keeping(request).patients.alike(typed)]
    shown = sorted((pair for pair in found if pair[0].worth_showing), key=lambda pair: pair[0].rank)
    return [candidate(each, alike, reading) for alike, each in shown[:CANDIDATES_SHOWN]]


def _told(patient: RegisteredPatient) -> Traits:
    return Traits(
        patient.name, patient.born, patient.phone, frozenset(each.key for each in patient.numbers if each.key)
    )


async def _typed(
    request: Request, form: FormData, was: RegisteredPatient | None = None
) -> tuple[RegisteredPatient, KeepingError | BirthDateError | None]:
    """Return the patient that the form says, and the first thing that is wrong with it."""

    def said(name: str) -> str:
        return cleaned(str(form.get(name, "")))[:NAME_CHARACTERS_MAX]

    home = await _home(request)
    fault: KeepingError | BirthDateError | None = None
    born = BirthDate()
    try:
        born = typed_birth_date(said("year"), said("month"), said("day"), today=reading_now(request).today)
    except BirthDateError as error:
        fault = error
    family, given = said("family"), said("given")
    if not family:
        family, given = given, ""  # Who has one name has it alone, in whichever field it was typed.
    if not family:
        fault = KeepingError("Enter the name. Who has one name only has it as family name.", "family")
    others = () if was is None else was.numbers[1:]
    mine = (Number(home.number_system if was is None or not was.numbers else was.numbers[0].system, said("number")),)
    typed = RegisteredPatient(
        patient_id=was.patient_id if was is not None else "",
        organisation=was.organisation if was is not None else home.organisation_id,
        family=family, given=given, born=born, called=said("called"), gender_words=said("gender_words"),
        gender=next((value for value, _ in GENDERS if value == form.get("gender")), "unknown"),
        language=said("language") or home.language, interpreter=form.get("interpreter") == "yes",
        phone=said("phone"), address=said("address"), person=was.person if was is not None else None,
        deceased=was.deceased if was is not None else "", moved=was.moved if was is not None else "",
        same_as=was.same_as if was is not None else None, numbers=(*(mine if mine[0].key else ()), *others),
    )  # fmt: skip
    return typed, fault
