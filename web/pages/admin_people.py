"""Staff: added, invited to sign in, changed, deactivated with what they answer for handed over; and their history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.roles import PATIENT_SIDE, Role
from hub.access.keeping_rows import STEWARDS, Doer, KeepingError
from hub.directory.names import NAME_CHARACTERS_MAX, cleaned
from hub.jobs.letters import LETTER_LASTS, Envelope, Occasion
from hub.store.people import Person
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, keeping, services
from web.doors.machines import machines, provisioning
from web.mail import sign_in_letter
from web.pages.admin_houses import houses
from web.reading import reading_now
from web.rendering import elsewhere, page
from web.views.directory import happening_views
from web.views.inviting import end_of_day
from web.views.people import ROLE_WORDS
from web.views.words import day_and_time

STAFF_ROLES: Final = tuple(role for role in Role if role not in PATIENT_SIDE)


@for_administrator
async def show(request: Request, who: SignedIn) -> Response:
    """Show the staff, or those whose name or address holds what is sought."""
    return await _list(request, {}, "", "")


@for_administrator
async def add(request: Request, who: SignedIn) -> Response:
    """Add somebody of the staff, and send them the way to sign in where letters leave; or search."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    if "sought" in form:
        return await _list(request, {}, "", cleaned(form["sought"])[:NAME_CHARACTERS_MAX])
    try:
        home = (await houses(request, form)).it.organisation_id
        nobody = Person(person_id="", name="", role=Role.CARE_MANAGER, organisation=home)
        person = await keeping(request).add_person(await doer(request, who), _person(form, nobody))
    except KeepingError as error:
        return await _list(request, form, str(error), "", error.field)
    await _invite(request, person)
    return elsewhere(request, "/admin/people")


@for_administrator
async def person(request: Request, who: SignedIn) -> Response:
    """Show one of the staff: details, what they answer for, history."""
    return await _person_page(request, await _subject(request), "", "")


@for_administrator
async def change(request: Request, who: SignedIn) -> Response:
    """Do one of the acts on a person's page: keep the details, invite, deactivate with a successor, activate."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    subject, found = await _subject(request), keeping(request)
    acting = await doer(request, who)
    try:
        match form.get("act", ""):
            case "details":
                home = (await houses(request, form)).it.organisation_id if form.get("organisation") else ""
                subject = replace(_person(form, subject), organisation=home or subject.organisation)
                await found.change_person(acting, subject)
            case "invite":
                await _invite(request, subject)
            case "deactivate":
                await found.deactivate(acting, subject.person_id, form.get("successor", ""))
            case "away":
                zone = services(request).zones.default
                begins, ends = _first_instant(form.get("from", ""), zone), end_of_day(form.get("until", ""), zone)
                if begins is None or ends is None:
                    raise KeepingError("Enter the first and the last day.", "until")
                await found.standing_in.begin(acting, subject.person_id, form.get("stand_in", ""), begins, ends)
            case "back":
                absences = await found.standing_in.rows.of_person(subject.person_id, services(request).now())
                for each in absences:
                    if each.absence_id == form.get("absence"):
                        await found.standing_in.end(acting, each)
            case "hand over":
                await found.hand_over(acting, subject.person_id, form.get("successor", ""))
            case "activate":
                await found.activate(acting, subject.person_id)
                await provisioning(request).admit(subject.person_id)
            case _:
                raise HTTPException(400)
    except KeepingError as error:
        return await _person_page(request, subject, str(error), error.field)
    return elsewhere(request, f"/admin/people/{subject.person_id}")


def _first_instant(words: str, zone: tzinfo) -> datetime | None:
    """Return when a day begins where the page is read, ``None`` for what is no date."""
    try:
        before = date.fromisoformat(words) - timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return end_of_day(before.isoformat(), zone)


async def doer(request: Request, who: SignedIn) -> Doer:
    """Return who acts, as the directory has them now."""
    found = await keeping(request).people.get(who.person.person_id)
    assert found is not None, "who is signed in is in the directory"
    return Doer(found, who.session_id)


async def _invite(request: Request, person: Person) -> None:
    address = f"{services(request).settings.origin}/sign-in"
    organisations = keeping(request).organisations
    home = await organisations.get(person.organisation) if person.organisation else None
    letter = sign_in_letter(person.email, (home or await organisations.default()).name, address)
    envelope = Envelope(occasion=Occasion.SIGN_IN, expires=access(request).now() + LETTER_LASTS)
    await access(request).letters.put_alone(letter, envelope)


async def _list(request: Request, form: Mapping[str, str], fault: str, sought: str, field: str = "") -> Response:
    found = keeping(request)
    away = {each.person: each.ends for each in await found.standing_in.rows.all_now(services(request).now())}
    chosen = await houses(request, form or None)
    names = dict(chosen.choices)
    people = await (found.people.matching(sought, 200) if sought else found.people.everyone())
    context = {
        "people": [(each, ROLE_WORDS[each.role], each.subject is not None,
                    day_and_time(away[each.person_id], reading_now(request)) if each.person_id in away else "",
                    names.get(each.organisation or "", ""))
                   for each in people if each.role in STAFF_ROLES],
        **chosen.context, "form": form, "fault": fault, "field": field, "sought": sought, "here": "admin",
        "roles": [(role.value, ROLE_WORDS[role]) for role in STAFF_ROLES],
    }  # fmt: skip
    return page(request, "admin/people.html", context, 422 if fault else 200)


async def _person_page(request: Request, subject: Person, fault: str, field: str) -> Response:
    found = keeping(request)
    owned = await found.owned(subject.person_id)
    reading = reading_now(request)
    everyone = {each.person_id: each for each in await found.people.active()}
    successors = [each for each in await found.people.active() if each.role in STEWARDS]
    rows = await found.history(subject.person_id)
    names = await found.people.among(sorted({row.actor for row in rows}))
    systems = {each.machine_id: each.name for each in await machines(request).all()}
    told = systems | {key: each.name for key, each in names.items()}
    context = {
        "houses": (await houses(request, {})).choices, "house": subject.organisation,
        "it": subject, "fault": fault, "field": field, "here": "admin", "owned": owned,
        "roles": [(role.value, ROLE_WORDS[role]) for role in STAFF_ROLES],
        "successors": [each for each in successors if each.person_id != subject.person_id],
        "absences": [
            (each, day_and_time(each.begins, reading), day_and_time(each.ends, reading), stander)
            for each in await found.standing_in.rows.of_person(subject.person_id, services(request).now())
            for stander in (everyone[each.stand_in].name if each.stand_in in everyone else "",)
        ],
        "stand_ins": [
            each for each in everyone.values() if each.role is subject.role and each.person_id != subject.person_id
        ],
        "sessions": len(await access(request).sessions.of_person(subject.person_id, services(request).now())),
        "history": happening_views(rows, told, reading_now(request)),
    }  # fmt: skip
    return page(request, "admin/person.html", context, 422 if fault else 200)


async def _subject(request: Request) -> Person:
    found = await keeping(request).people.get(str(request.path_params["person"]))
    if found is None or found.role in PATIENT_SIDE:
        raise HTTPException(404)
    return found


def _person(form: Mapping[str, str], was: Person) -> Person:
    def said(name: str) -> str:
        return cleaned(form.get(name, ""))[:NAME_CHARACTERS_MAX]

    role = next((each for each in STAFF_ROLES if each.value == form.get("role")), was.role)
    return Person(
        person_id=was.person_id, name=said("name"), role=role, profession=said("profession"), email=said("email"),
        phone=said("phone"), locale=was.locale, issuer=was.issuer, subject=was.subject, active=was.active,
        organisation=was.organisation, may_audit=form.get("may_audit") == "yes",
        may_administer=form.get("may_administer") == "yes",
    )  # fmt: skip
