"""The tree is that of RFC 6962, however it came to be."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from hub.record.merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash

LEAVES = st.lists(st.binary(max_size=8), max_size=40)


def by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word by word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_the_book(leaves[:split]), by_the_book(leaves[split:]))


def test_known_roots_are_found() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Tree([b""]).root.hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert Tree([b"", b"\x00"]).root.hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


@given(LEAVES)
def test_a_root_is_that_of_the_book(leaves: list[bytes]) -> None:
    assert Tree(leaves).root == by_the_book(leaves)


@given(LEAVES, st.data())
def test_a_changed_tree_is_one_built_anew(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree(leaves)

    for _ in range(data.draw(st.integers(0, 8))):
        leaf = data.draw(st.binary(max_size=8))
        again: bool = data.draw(st.booleans())
        if leaves and again:
            index = data.draw(st.integers(0, len(leaves) - 1))
            leaves[index] = leaf
            tree.replace(index, leaf)
        else:
            index = data.draw(st.integers(0, len(leaves)))
            leaves.insert(index, leaf)
            tree.insert(index, leaf)

    assert tree.root == by_the_book(leaves)
