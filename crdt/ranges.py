"""A set of whole numbers kept as ranges: which clocks of one client id are deleted."""

from bisect import bisect_right


class Ranges:
    """Ascending, disjoint, half-open ranges."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def holds(self, start: int, end: int) -> bool:
        """Return whether every number from start up to end is in the set."""
        at = bisect_right(self.starts, start) - 1
        return at >= 0 and end <= self.ends[at]

    def lacking(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the parts of start up to end that are not in the set, ascending."""
        parts: list[tuple[int, int]] = []
        at = bisect_right(self.starts, start) - 1
        if at >= 0:
            start = max(start, self.ends[at])
        at += 1
        while start < end:
            if at == len(self.starts) or self.starts[at] >= end:
                parts.append((start, end))
                break
            if start < self.starts[at]:
                parts.append((start, self.starts[at]))
            start = self.ends[at]
            at += 1
        return parts

    def add(self, start: int, end: int) -> None:
        """Put start up to end into the set."""
        starts, ends = self.starts, self.ends
        if not starts or start > ends[-1]:
            starts.append(start)
            ends.append(end)
            return
        first = bisect_right(starts, start) - 1
        if first < 0 or ends[first] < start:
            first += 1
        last = bisect_right(starts, end)
        if first < last:
            start = min(start, starts[first])
            end = max(end, ends[last - 1])
        starts[first:last] = [start]
        ends[first:last] = [end]
