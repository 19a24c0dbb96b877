"""``careplan-hub fuzz``: whatever a liar writes, all replicas end the same.

Bounded and quick; CAREPLAN_HOSTILE_ROUNDS says how many battles, CAREPLAN_SEED where they start.
"""

import os
import sys

import pytest
from typer.testing import CliRunner

from hub.fuzz.battles import Battle
from web.commands import fuzzing
from web.commands.cli import commands

ROUNDS = os.environ.get("CAREPLAN_HOSTILE_ROUNDS", "60")


def test_whatever_a_liar_writes_all_replicas_end_the_same(seed: int) -> None:
    run = CliRunner().invoke(commands, ["fuzz", "--seed", str(seed), "--rounds", ROUNDS])

    assert run.exit_code == 0, run.output
    assert run.output == f"seed {seed}\n{ROUNDS} battles, no difference\n"


def test_what_a_child_dies_of_is_told_with_the_seed_that_shows_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    run = CliRunner().invoke(commands, ["fuzz", "--seed", "7", "--rounds", "3"])

    assert run.exit_code == fuzzing.EXIT_DIFFERENT
    assert "careplan-hub fuzz --seed 7 --rounds 3" in run.output


def test_a_battle_ends_with_what_differs_where_the_index_has_other_clocks_than_yrs() -> None:
    battle = Battle(1)
    for _ in range(5):
        battle.step()
    battle.peers[0].edit(battle.chance)
    battle.document._live.apply_update(battle.peers[0].doc.get_update(battle.document.state_vector()))

    with pytest.raises(AssertionError):
        battle.check()
