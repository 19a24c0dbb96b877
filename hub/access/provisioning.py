"""People whom an identity provider adds and removes by itself.

A provider says who there is. What they may do is said here: a group gives the role that an administrator gave the
group, never that of an administrator or auditor; who is in no such group can't sign in until an administrator lets
them. What an administrator gave a person (to administer, to audit) no provider gives or takes; nor does one move it to
another address.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from auth.registry import Duty
from auth.roles import PATIENT_SIDE, STAFF_OF_PLANS, Role
from hub.access.changes import AccessChanges, SessionTurn
from hub.access.keeping_rows import Doer, KeepingError, hub_row, require
from hub.directory.names import cleaned
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action
from hub.store.engine import Engine
from hub.store.machines import KnownMachine
from hub.store.people import People, Person
from hub.store.provisioned import ProvidedAccount, ProvidedGroup, Provisioned
from hub.store.sessions import Sessions

ROLES_OF_GROUPS: Final = tuple(role for role in Role if role in STAFF_OF_PLANS or role is Role.REGISTRAR)
"""Roles that a group may give; where somebody is in several, the first of these counts."""

UNADMITTED: Final = Role.REGISTRAR
"""The role in the row of who has none yet; it counts for nothing, as they are not active."""


class TakenError(Exception):
    """Another account has this user name or address."""


class KeptError(Exception):
    """Only an administrator changes this; the message is a sentence for the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedWords:
    """What a provider tells of a person."""

    user_name: str
    name: str
    email: str
    title: str
    active: bool
    attributes: Mapping[str, object]


class Provisioning:
    """What a provider's machine changes; each act is a row under the machine's id."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._changes, self._now, self._new_id = changes, now, new_id
        self._people = People(engine)
        self._sessions = Sessions(engine)
        self.rows = Provisioned(engine)

    async def admit(self, person_id: str) -> None:
        """Keep that an administrator let somebody sign in, so that no group has to; nothing for who has no account."""
        account = (await self.rows.of_people([person_id])).get(person_id)
        if account is None:
            return
        admitted = replace(account, admitted=True, attributes={**account.attributes, "active": True})
        async with self._changes.of_plan(HUB) as turn:
            await self.rows.keep_account(turn, admitted)
            await turn.append([Act(plan=HUB, actor="", action=Action.ADMIN, event="person.admit", entry=person_id)])

    async def give_role(self, doer: Doer, organisation: str, group_id: str, role: str) -> None:
        """Give a group of an organisation a role, ``""`` for none; its people have it at once.

        Raises:
            KeepingError: not an administrator, no such group, or a role that no group gives.
        """
        require(doer, Duty.ADMINISTER)
        group = await self.rows.group(organisation, group_id)
        if group is None:
            raise KeepingError("This group is not there any more.")
        if role and role not in ROLES_OF_GROUPS:
            raise KeepingError("No group makes anybody an administrator or privacy officer.", "role")
        async with self._changes.of_sessions() as changing:
            await self.rows.keep_group(changing.turn, replace(group, role=role))
            words: dict[str, JSON] = {"group": group.name, "before": group.role, "after": role}
            settled = await self._settle(changing, doer, group.members, {group_id: replace(group, role=role)})
            await changing.turn.append([hub_row(doer, "group.role", group_id, words), *settled])

    async def keep_account(self, machine: KnownMachine, person_id: str, told: ProvidedWords) -> ProvidedAccount:
        """Add an account, where ``person_id`` is empty, or change it; the person follows.

        Somebody of the staff who is here already with the address becomes the account's person, and keeps the role.

        Raises:
            TakenError: another account has the user name or address.
            KeptError: only an administrator changes this.
        """
        doer, now, home = _as_doer(machine), self._now(), machine.organisation
        was = await self.rows.account(home, person_id) if person_id else None
        others = [each for each in await self.rows.accounts(home) if each.person_id != person_id]
        if any(each.user_name.lower() == told.user_name.lower() for each in others):
            raise TakenError(told.user_name)
        same = [each for each in await self._people.by_email(told.email) if told.email and each.person_id != person_id]
        known = await self._people.get(person_id) if person_id else None
        if same and known is None and same[0].role not in PATIENT_SIDE:
            known = None if same[0].person_id in {each.person_id for each in others} else same[0]
        if same and same[0] is not known:
            raise TakenError(told.email)
        person = _person(told, known, self._new_id, home)
        if known is not None and (known.may_administer or known.may_audit) and person.email != known.email:
            raise KeptError("The address of an administrator or privacy officer is changed by an administrator.")
        account = ProvidedAccount(
            person_id=person.person_id, organisation=home, user_name=told.user_name, attributes=told.attributes,
            admitted=was.admitted if was is not None else known is not None,
            created=was.created if was is not None else now, changed=now,
        )  # fmt: skip
        async with self._changes.of_sessions() as changing:
            turn = changing.turn
            await (self._people.change(turn, person) if known is not None else self._people.add(turn, person))
            await self.rows.keep_account(turn, account)
            words: dict[str, JSON] = {"name": person.name, "email": person.email, "told_active": told.active}
            event = "person.change" if known is not None else "person.add"
            settled = await self._settle(changing, doer, [person.person_id], {}, {person.person_id: (person, account)})
            await turn.append([hub_row(doer, event, person.person_id, words), *settled])
        return account

    async def let_go(self, machine: KnownMachine, person_id: str) -> bool:
        """Deactivate an account's person, whose rows stay; False where it is not there.

        Raises:
            KeptError: it is the last administrator.
        """
        account = await self.rows.account(machine.organisation, person_id)
        person = await self._people.get(person_id)
        if account is None or person is None:
            return False
        gone = replace(account, attributes={**account.attributes, "active": False})
        async with self._changes.of_sessions() as changing:
            settled = await self._settle(changing, _as_doer(machine), [person_id], {}, {person_id: (person, gone)})
            await self.rows.let_go(changing.turn, person_id, self._now())
            row = hub_row(_as_doer(machine), "person.let_go", person_id, {"name": person.name})
            await changing.turn.append([row, *settled])
        return True

    async def keep_group(self, machine: KnownMachine, group_id: str, attributes: Mapping[str, object]) -> ProvidedGroup:
        """Add a group, where ``group_id`` is empty, or change it; the roles of its people follow."""
        now, home = self._now(), machine.organisation
        was = await self.rows.group(home, group_id) if group_id else None
        group = ProvidedGroup(
            group_id=group_id or self._new_id(), organisation=home, attributes=attributes,
            role=was.role if was is not None else "", created=was.created if was is not None else now, changed=now,
        )  # fmt: skip
        concerned = group.members ^ (was.members if was is not None else frozenset())
        words: dict[str, JSON] = {"group": group.name, "members": len(group.members)}
        async with self._changes.of_sessions() as changing:
            await self.rows.keep_group(changing.turn, group)
            doer = _as_doer(machine)
            settled = await self._settle(changing, doer, concerned, {group.group_id: group})
            await changing.turn.append([hub_row(doer, "group.keep", group.group_id, words), *settled])
        return group

    async def end_group(self, machine: KnownMachine, group_id: str) -> bool:
        """Take a group away, and from its people the role that it gave; False where it is not there."""
        group = await self.rows.group(machine.organisation, group_id)
        if group is None:
            return False
        async with self._changes.of_sessions() as changing:
            await self.rows.end_group(changing.turn, group_id)
            doer = _as_doer(machine)
            settled = await self._settle(changing, doer, group.members, {group_id: None})
            await changing.turn.append([hub_row(doer, "group.end", group_id, {"group": group.name}), *settled])
        return True

    async def _settle(
        self,
        changing: SessionTurn,
        doer: Doer,
        person_ids: Collection[str],
        groups: Mapping[str, ProvidedGroup | None],
        known: Mapping[str, tuple[Person, ProvidedAccount]] | None = None,
    ) -> list[Act]:
        """Give these people the role and the right to sign in that their groups say now, ending what they lose.

        ``groups`` and ``known`` are what this turn makes, which no other connection sees yet.

        Raises:
            KeptError: the last administrator would lose the right to sign in.
        """
        accounts = await self.rows.of_people(person_ids)
        made = [account for _, account in (known or {}).values()]
        homes = sorted({each.organisation for each in (*accounts.values(), *made)})
        standing = {each.group_id: each for home in homes for each in await self.rows.groups(home)}
        whole = [each for each in ({**standing, **groups}).values() if each is not None]
        people = await self._people.among(list(person_ids))
        found: list[Act] = []
        for person_id in sorted(person_ids):
            if known is not None and person_id in known:
                person, account = known[person_id]
            elif person_id in accounts and person_id in people:
                person, account = people[person_id], accounts[person_id]
            else:
                continue
            settled = _settled(person, account, whole)
            if settled == person:
                continue
            if person.active and not settled.active:
                await self._keep_the_last(person)
                changing.ended.extend(await self._sessions.end_of_person(changing.turn, person_id, self._now()))
            await self._people.change(changing.turn, settled)
            words: dict[str, JSON] = {
                "before": {"role": person.role.value, "active": person.active},
                "after": {"role": settled.role.value, "active": settled.active},
            }
            found.append(hub_row(doer, "person.settle", person_id, words))
        return found

    async def _keep_the_last(self, person: Person) -> None:
        others = [each for each in await self._people.active() if each.may_administer]
        if person.may_administer and [each.person_id for each in others] == [person.person_id]:
            raise KeptError("This is the last administrator of the hub.")


def _settled(person: Person, account: ProvidedAccount, groups: Sequence[ProvidedGroup]) -> Person:
    given = {each.role for each in groups if each.role and person.person_id in each.members}
    role = next((each for each in ROLES_OF_GROUPS if each.value in given), None)
    wanted = account.attributes.get("active", True) is not False
    if role is None:
        return replace(person, active=wanted and account.admitted and bool(person.email))
    keeps = person.may_administer or person.may_audit  # Their role was given by hand, and is never less than that.
    return replace(person, role=person.role if keeps else role, active=wanted and bool(person.email))


def _person(told: ProvidedWords, known: Person | None, new_id: Callable[[], str], organisation: str) -> Person:
    name = cleaned(told.name)[:200] or told.user_name
    title = cleaned(told.title)[:200]
    if known is None:
        return Person(
            person_id=new_id(), name=name, role=UNADMITTED, profession=title, email=told.email,
            organisation=organisation, active=False,
        )  # fmt: skip
    moved = known.email.lower() != told.email.lower()
    return replace(
        known, name=name, profession=title or known.profession, email=told.email,
        issuer=None if moved else known.issuer, subject=None if moved else known.subject,
    )  # fmt: skip


def _as_doer(machine: KnownMachine) -> Doer:
    """Return the machine as the one who does it: its id and name stand in the rows."""
    person = Person(person_id=machine.machine_id, name=machine.name, role=Role.ADMIN)
    return Doer(person, through=f"SCIM, {machine.name}")
