"""The letter after a huddle: that there is something to read, and where. It names no patient and says nothing else."""

from starlette.requests import Request

from auth.roles import CLINICIANS
from hub.ids import HUB
from hub.jobs.letters import LETTER_LASTS, Envelope, Letter, Occasion
from hub.record.journal import Act, Action
from hub.workflows.contents import words
from hub.workflows.huddle_notes import decision_of, tasks_in
from hub.workflows.huddle_states import Huddle
from web.doors.guards import services
from web.huddling import Attending


async def told_of_end(request: Request, here: Attending, huddle: Huddle) -> None:
    """Write to everyone who attended, and to those of the team who were given a task; each letter is journaled."""
    found = services(request)
    if found.access is None:
        return
    actions = await _actions(request, huddle)
    people = dict.fromkeys([*(each.person_id for each in huddle.attendees), *actions])
    acts: list[Act] = []
    letters: list[Letter] = []
    for person_id in people:
        person = await found.access.people.get(person_id)
        if person is None or not person.email or person.role not in CLINICIANS:
            continue
        link = f"{found.settings.origin}/huddles/{huddle.huddle_id}/mine"
        letters.append(ended_letter(person.email, link, actions.get(person_id, 0)))
        acts.append(
            Act(plan=HUB, actor=here.me, action=Action.NOTIFY, role=here.actor.role, session=here.actor.session_id,
                event="huddle.letter", words={"huddle": huddle.huddle_id, "person": person_id})
        )  # fmt: skip
    if not acts:
        return
    async with found.access.changes.of_sessions() as changing:
        envelope = Envelope(occasion=Occasion.HUDDLE, expires=found.access.now() + LETTER_LASTS, sender=here.me)
        for letter in letters:
            await found.access.letters.put(changing.turn, letter, envelope)
        await changing.turn.append(acts)


def ended_letter(address: str, link: str, actions: int) -> Letter:
    """Return the letter; how many tasks one has is a number, what they are stands behind the sign-in."""
    told = {0: "No task is yours.", 1: "1 task is yours."}.get(actions, f"{actions} tasks are yours.")
    text = f"The huddle has ended. {told}\n\n{link}\n\nSign in to read it, to read back and to sign.\n"
    return Letter(address, "The huddle has ended", text)


async def _actions(request: Request, huddle: Huddle) -> dict[str, int]:
    """Return how many tasks of the huddle each owner has."""
    counted: dict[str, int] = {}
    for item in huddle.items:
        content = await services(request).plans.content(item.plan_id)
        for task in tasks_in(content, decision_of(content, huddle.huddle_id)):
            if owner := words(task.values, "owner"):
                counted[owner] = counted.get(owner, 0) + 1
    return counted
