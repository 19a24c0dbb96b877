"""Merkle trees as in RFC 6962: one hash that stands for an ordered list of leaves, and moves on when one of them does.

A leaf is hashed with a 0x00 in front, a node with 0x01; a tree's left part is the largest power of two that leaves
something for the right. The tree of no leaves is the hash of nothing.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two others, 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that is changed a leaf at a time: one change costs the height of the tree, not its size.

    ``_levels[0]`` holds the leaves' hashes, each level above one hash for two below; a last one without a pair moves
    up as it is, which is the tree of the RFC.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[leaf_hash(leaf) for leaf in leaves]]
        self._build(0)

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The hash that stands for all leaves."""
        return self._levels[-1][0] if self._levels[0] else EMPTY_ROOT

    def replace(self, index: int, leaf: bytes) -> None:
        """Put another leaf in the place of one."""
        self._levels[0][index] = leaf_hash(leaf)
        for level in range(1, len(self._levels)):
            index //= 2
            self._levels[level][index] = self._over(level, index)

    def insert(self, index: int, leaf: bytes) -> None:
        """Put a leaf before that of the index; at the end it is cheap."""
        self._levels[0].insert(index, leaf_hash(leaf))
        self._build(index)

    def _build(self, index: int) -> None:
        """Compute everything above the leaves from this one on."""
        level = 0
        while len(self._levels[level]) > 1:
            level += 1
            index //= 2
            if level == len(self._levels):
                self._levels.append([])
                index = 0
            del self._levels[level][index:]
            size = (len(self._levels[level - 1]) + 1) // 2
            self._levels[level] += [self._over(level, at) for at in range(index, size)]

    def _over(self, level: int, index: int) -> bytes:
        below = self._levels[level - 1]
        left = below[2 * index]
        return node_hash(left, below[2 * index + 1]) if 2 * index + 1 < len(below) else left
