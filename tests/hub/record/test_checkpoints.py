"""A checkpoint holds what it signs, follows the one before, and is refused where anything about it was changed."""

import random
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.record.checkpoints import CheckpointError, Signed, StepBackError, read_checkpoints, sign_next
from hub.record.journal import Head
from hub.record.signing import SigningError, SigningKey, local_signing_key, read_signing_key, verifier_key

NOW = datetime(2026, 11, 21, 8, 21, tzinfo=UTC)
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def a_head(seq: int, mark: int = 0) -> Head:
    return Head(seq, bytes([seq % 256, mark]) * 16)


def a_file(path: Path, *steps: dict[str, Head]) -> Signed:
    """Return what was signed once each step was a checkpoint."""
    signed, heads = Signed(), dict[str, Head]()
    for step in steps:
        heads |= step
        assert sign_next(path, KEY, signed, heads.items(), NOW)
    return signed


STEPS = ({"b": a_head(1), "a": a_head(3)}, {"a": a_head(4)}, {"c": a_head(1), "b": a_head(9)})


def test_a_checkpoint_is_of_the_form_that_others_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"

    a_file(path, STEPS[0])

    lines = path.read_text().split("\n")
    assert lines[:2] == ["careplan-hub/journal", "2"]
    assert lines[3] == "time 2026-11-21T08:21:00Z"
    assert lines[5].startswith("head a 3 ")
    assert lines[7] == ""
    assert lines[8].startswith("\u2014 careplan-hub/journal ")
    assert lines[9:] == [""]


def test_what_was_signed_is_read_back_and_gone_on_from(tmp_path: Path) -> None:
    path, signed = tmp_path / "checkpoints.txt", Signed()
    a_file(path, *STEPS)

    read = [each.moved for each in read_checkpoints(path, KEY.verifier, signed)]
    more = sign_next(path, KEY, signed, {**signed.heads, "d": a_head(2)}.items(), NOW)

    assert read == list(STEPS)
    assert more
    assert len(list(read_checkpoints(path, KEY.verifier))) == 4


def test_where_nothing_moved_nothing_is_signed(tmp_path: Path) -> None:
    signed = a_file(tmp_path / "file", STEPS[0])

    assert sign_next(tmp_path / "file", KEY, signed, signed.heads.items(), NOW) == ""


@pytest.mark.parametrize("heads", [{"a": a_head(2)}, {"a": a_head(3, 7)}, {"a": None}], ids=["back", "other", "gone"])
def test_a_step_back_is_never_signed(heads: dict[str, Head | None], tmp_path: Path) -> None:
    signed = a_file(tmp_path / "file", STEPS[0])
    before = (tmp_path / "file").read_bytes()
    standing = {plan: head for plan, head in {**signed.heads, **heads}.items() if head is not None}

    with pytest.raises(StepBackError):
        sign_next(tmp_path / "file", KEY, signed, standing.items(), NOW)

    assert (tmp_path / "file").read_bytes() == before


def test_one_changed_byte_anywhere_is_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    a_file(path, *STEPS)
    whole = path.read_bytes()

    for at in random.Random(5).sample(range(len(whole)), 250):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CheckpointError):
            list(read_checkpoints(path, KEY.verifier))


@pytest.mark.parametrize("left", [[1, 2], [0, 2], [0, 2, 1], [0, 0, 1]])
def test_a_checkpoint_taken_out_moved_or_repeated_is_found(left: list[int], tmp_path: Path) -> None:
    path = tmp_path / "file"
    a_file(path, *STEPS)
    blocks = path.read_text().rstrip("\n").split("\n\n")
    notes = ["\n\n".join(blocks[at : at + 2]) for at in range(0, len(blocks), 2)]
    path.write_text("\n\n".join(notes[at] for at in left) + "\n")

    with pytest.raises(CheckpointError, match=r"follow|step back"):
        list(read_checkpoints(path, KEY.verifier))


def test_another_key_is_not_believed(tmp_path: Path) -> None:
    a_file(tmp_path / "file", STEPS[0])
    other = SigningKey(Ed25519PrivateKey.generate())

    with pytest.raises(CheckpointError, match="signature"):
        list(read_checkpoints(tmp_path / "file", other.verifier))


def test_a_made_key_is_its_owners_alone_and_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key.pem"

    made, again = local_signing_key(path), local_signing_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.verifier.raw == again.verifier.raw == read_signing_key(path).verifier.raw


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    local_signing_key(path)
    path.chmod(0o640)

    for place, what in ((path, "chmod 600"), (tmp_path / "none", "openssl genpkey")):
        with pytest.raises(SigningError, match=what):
            read_signing_key(place)


def test_a_verifier_key_is_read_in_both_forms_and_not_when_it_was_changed() -> None:
    text = KEY.verifier.text

    assert verifier_key(text + "\n").raw == verifier_key(KEY.verifier.pem.decode()).raw == KEY.verifier.raw
    for changed in (text.replace("A", "B"), text[:-3], "", "x+y+z"):
        with pytest.raises(SigningError):
            verifier_key(changed)
