"""The plan as it was at any row: the journal folded up to there, for reading.

The fold begins at the first row, so that it needs no cache to be right: ten thousand edits take about a tenth of a
second from Postgres to plain values (``tests/bench``), and it runs beside the event loop.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from crdt.contents import SectionContent
from crdt.readings import PastSection
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.record.journal import FieldPath, FoldStep, Journal


async def content_at(journal: Journal, now: PlanContent, seq: int, sections: Collection[Section]) -> PlanContent:
    """Return the sections as they stood right after the row ``seq``; ``now`` names who made what (invariant 3)."""
    steps = await journal.steps(now.plan_id, sorted(sections), upto=seq)
    folded = await asyncio.to_thread(_folded, steps, sections, _creators(now))
    return replace(now, sections=folded, seq=seq)


async def contents_at(
    journal: Journal, now: PlanContent, seqs: Collection[int], sections: Collection[Section]
) -> Mapping[int, PlanContent]:
    """Return the sections as they stood right after each of these rows, in one fold for all of them."""
    if not seqs:
        return {}
    steps = await journal.steps(now.plan_id, sorted(sections), upto=max(seqs))
    folded = await asyncio.to_thread(_folded_often, steps, sorted(seqs), sections, _creators(now))
    return {seq: replace(now, sections=held, seq=seq) for seq, held in folded.items()}


async def texts_at(
    journal: Journal, now: PlanContent, wanted: Mapping[int, Collection[FieldPath]]
) -> Mapping[tuple[int, FieldPath], str]:
    """Return what texts said right after the rows named, in one fold for all of them."""
    sections = {path[0] for paths in wanted.values() for path in paths}
    if not sections:
        return {}
    steps = await journal.steps(now.plan_id, sorted(sections), upto=max(wanted))
    return await asyncio.to_thread(_texts, steps, sections, wanted)


def _creators(now: PlanContent) -> Mapping[Section, Mapping[str, int]]:
    return {
        section: {entry: it.creator for entry, it in content.entries.items()}
        for section, content in now.sections.items()
    }


def _folded(
    steps: Sequence[FoldStep], sections: Collection[Section], creators: Mapping[Section, Mapping[str, int]]
) -> dict[Section, SectionContent]:
    found = {}
    for section in sorted(sections):
        past = PastSection(section, creators.get(section, {}))
        past.take(step.update for step in steps if step.section is section)
        found[section] = past.content()
    return found


def _folded_often(
    steps: Sequence[FoldStep],
    seqs: Sequence[int],
    sections: Collection[Section],
    creators: Mapping[Section, Mapping[str, int]],
) -> dict[int, dict[Section, SectionContent]]:
    found: dict[int, dict[Section, SectionContent]] = {seq: {} for seq in seqs}
    for section in sections:
        past, at = PastSection(section, creators.get(section, {})), 0
        mine = [step for step in steps if step.section is section]
        for seq in seqs:
            upto = at
            while upto < len(mine) and mine[upto].seq <= seq:
                upto += 1
            past.take(step.update for step in mine[at:upto])
            at = upto
            found[seq][section] = past.content()
    return found


def _texts(
    steps: Sequence[FoldStep], sections: Collection[Section], wanted: Mapping[int, Collection[FieldPath]]
) -> dict[tuple[int, FieldPath], str]:
    found: dict[tuple[int, FieldPath], str] = {}
    for section in sections:
        past = PastSection(section, {})
        mine = [step for step in steps if step.section is section]
        at = 0
        for seq in sorted(wanted):
            paths = [path for path in wanted[seq] if path[0] is section]
            if not paths:
                continue
            upto = at
            while upto < len(mine) and mine[upto].seq <= seq:
                upto += 1
            past.take(step.update for step in mine[at:upto])
            at = upto
            found |= {(seq, path): past.words(path[1], path[2]) for path in paths}
    return found
