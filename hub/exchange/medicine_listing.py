"""Lists of medicines beside a plan: each list that comes, each decision and its undoing is a row of the journal.

The row of a decision names the line as every list says it. Pages hear of it as of any change of the medicines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import msgspec

from auth.roles import Participant
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.record.journal import Act, Action, Journal
from hub.store.arrivals import ArrivalLine, Arrivals
from hub.store.engine import Engine
from hub.store.medicine_lists import ListSignature, MedicineListRows
from hub.workflows.list_decisions import LineDecision, both_sources, sources_of, why
from hub.workflows.medicine_lists import LISTS_MAX, ListLine, MedicineList

SOURCE_CHARACTERS_MAX: Final = 100


class MedicineListing:
    """What pages ask of the store about two lists and their lines."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        moved: Callable[[str, int], None],
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._journal, self._moved = journal, moved
        self._now, self._new_id = now, new_id
        self.rows, self._arrivals = MedicineListRows(engine), Arrivals(engine)

    async def bring(self, who: Participant, arriving: MedicineList) -> str:
        """Keep a list that somebody brings; return why not, ``""`` where it waits, from now on or already.

        Raises:
            JournalAwayError: the store can't be reached; nothing was kept.
        """
        waiting = await self.rows.waiting(who.plan_id)
        if any(each.medicines == arriving.medicines and each.source == arriving.source for each in waiting):
            return ""  # The same file again, or a form sent twice: it waits already.
        if len(waiting) >= LISTS_MAX:
            return f"{LISTS_MAX} lists wait already. Sign or remove one first."
        kept = replace(arriving, list_id=self._new_id(), person=who.person_id)
        words = {"list": kept.list_id, "kind": kept.kind.value, "source": kept.source, "count": len(kept.medicines)}
        await self._write(who, "medicine_list.bring", words, lambda turn: self.rows.keep(turn, who.plan_id, kept))
        return ""

    async def remove(self, who: Participant, listed: MedicineList, reason: str) -> None:
        """Let a list wait no more, with a reason."""
        words = {"list": listed.list_id, "source": listed.source}
        await self._write(
            who,
            "medicine_list.remove",
            words,
            lambda turn: self.rows.remove(turn, who.plan_id, [listed.list_id], "removed"),
            reason,
        )

    async def decide(
        self, who: Participant, lists: Sequence[MedicineList], decided: Sequence[tuple[ListLine, LineDecision]]
    ) -> list[tuple[ListLine, LineDecision]]:
        """Keep decisions; return those that somebody else took first, which stand: nothing is overwritten silently."""
        sources = sources_of(lists)
        stood: list[tuple[ListLine, LineDecision]] = []
        async with self._journal.exclusively(who.plan_id) as turn:
            acts = []
            for line, decision in decided:
                mine = replace(decision, person=who.person_id, when=self._now())
                first = await self.rows.decide(turn, who.plan_id, line.key, mine)
                words = {"line": line.key, "medicine": line.name, "decision": mine.decision,
                         "sources": both_sources(line, sources)}  # fmt: skip
                act = _act(who, "medicine_list.decide", words, line.entry, why(line, mine, sources))
                if first is not None:
                    stood.append((line, first))
                    too_late = "Somebody decided on this line first."
                    act = msgspec.structs.replace(act, action=Action.REFUSE, outcome="refused", reason=too_late)
                acts.append(act)
            head = await turn.append(acts)
        self._moved(who.plan_id, head.seq)
        return stood

    async def undo(self, who: Participant, line: ListLine) -> None:
        """Take a decision back: the line is open again."""
        words = {"line": line.key, "medicine": line.name}
        await self._write(
            who, "medicine_list.undo", words, lambda turn: self.rows.undo(turn, who.plan_id, line.key), "", line.entry
        )

    async def signed(
        self, who: Participant, lists: Sequence[MedicineList], sheet: Mapping[str, Any], plan: PlanContent
    ) -> str:
        """Keep what was signed, with its sheet, and let the lists wait no more; return the signature's id.

        What the files of these lists say of medicines was decided with them: it waits no more either, or somebody
        would add it to the plan a second time.
        """
        signature = ListSignature(self._new_id(), who.person_id, self._now(), sheet)
        words = {"signature": signature.signature_id, "lists": [each.list_id for each in lists], "seq": plan.seq}
        files = {each.arrival for each in lists if each.arrival}
        waiting = await self._arrivals.waiting(who.plan_id) if files else []
        settled = [each.line_id for each in waiting if each.arrival_id in files and _is_medicine(each, plan)]

        async def write(turn: Any) -> None:
            if settled:
                told = "Decided with the list of medicines that was signed."
                await self._arrivals.settle(
                    turn, who.plan_id, settled, by=who.person_id, now=signature.signed, reason=told
                )
            await self.rows.sign(turn, who.plan_id, signature)
            await self.rows.remove(turn, who.plan_id, [each.list_id for each in lists], "signed")

        await self._write(who, "medicine_list.sign", words, write)
        return signature.signature_id

    async def _write(
        self,
        who: Participant,
        event: str,
        words: Mapping[str, Any],
        write: Callable[[Any], Any],
        reason: str = "",
        entry: str = "",
    ) -> None:
        async with self._journal.exclusively(who.plan_id) as turn:
            await write(turn)
            head = await turn.append([_act(who, event, words, entry, reason)])
        self._moved(who.plan_id, head.seq)


def _is_medicine(line: ArrivalLine, plan: PlanContent) -> bool:
    entry = plan.entry(line.section, line.entry)
    kind = line.values.get("kind") or (entry.values.get("kind") if entry is not None else "")
    return line.section is Section.MEDICATIONS and kind == "medicine"


def _act(who: Participant, event: str, words: Mapping[str, Any], entry: str, reason: str) -> Act:
    return Act(
        plan=who.plan_id,
        actor=who.person_id,
        action=Action.COMMAND,
        role=who.role,
        session=who.session_id,
        section=Section.MEDICATIONS,
        entry=entry,
        event=event,
        reason=reason[:500],
        words=words,
    )
