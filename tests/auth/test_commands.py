"""The table of commands names real fields and says something to whoever is refused."""

import pytest

from auth.commands import COMMANDS, SIGNED_STILL, CommandRule
from crdt.fields import COMMON
from crdt.sections import SECTIONS


def the_rules() -> list[tuple[str, CommandRule]]:
    return list(COMMANDS.items())


@pytest.mark.parametrize(("name", "rule"), the_rules())
def test_a_command_names_fields_that_exist(name: str, rule: CommandRule) -> None:
    if rule.section is None:
        anywhere = {each.name for declaration in SECTIONS.values() for each in declaration.fields}
        assert rule.sets <= anywhere | {each.name for each in COMMON}
        return
    declaration = SECTIONS[rule.section]
    for field in rule.sets | (rule.relations - {"creator"}) | ({rule.unless_named} - {""}):
        assert declaration.field(field) is not None, (name, field)


@pytest.mark.parametrize(("name", "rule"), the_rules())
def test_a_command_either_follows_an_action_or_says_who_may(name: str, rule: CommandRule) -> None:
    says = bool(rule.roles or rule.at_large or rule.relations)

    assert says == (rule.follows is None), name
    assert bool(rule.refusal) == (rule.follows is None), name
    assert rule.refusal == "" or rule.refusal.endswith("."), name


def test_every_command_field_has_a_command_that_sets_it() -> None:
    made_with_the_entry = {
        "topic",
        "to",
        "asked_from",
        "readers",
        "source",
        "part2",
        "event",
        "start",
        "end",
        "requester",
        "verified_by",
    }
    set_by_commands = {field for rule in COMMANDS.values() for field in rule.sets}
    of_needs = {"need_met"} | {"whereabouts", "place", "since"}

    for declaration in SECTIONS.values():
        for field in declaration.all_fields:
            if field.command:
                assert field.name in set_by_commands | made_with_the_entry | of_needs, (declaration.section, field.name)


def test_a_signed_decision_still_takes_signatures_and_remarks_only() -> None:
    assert {"huddle.sign", "comment.make", "comment.resolve", "comment.task"} == SIGNED_STILL
