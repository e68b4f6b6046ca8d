"""Which files belong together: union-find, with what the user's word keeps apart."""

from collections.abc import Iterable


class Groups:
    """Which of 0..count-1 belong together."""

    def __init__(self, count: int, apart: Iterable[tuple[int, int]] = ()):
        """`apart`: pairs that must never be in one group, nor what they are joined with."""
        self.parent = list(range(count))
        self._apart = list(apart)
        self._works: dict[int, set[str]] = {}  # of groups, by their root: what the user calls them

    def root(self, item: int) -> int:
        """The least member of the group of `item`."""
        while self.parent[item] != item:
            self.parent[item] = item = self.parent[self.parent[item]]
        return item

    def tell(self, items: Iterable[int], work: str) -> None:
        """The user says which work these are: groups of other works stay other groups."""
        for item in items:
            self._works.setdefault(self.root(item), set()).add(work)

    def may_join(self, first: int, second: int) -> bool:
        """Whether nothing that the user says keeps the groups of two items apart."""
        one, other = self.root(first), self.root(second)
        works = [self._works.get(root, set()) for root in (one, other)]
        if all(works) and works[0].isdisjoint(works[1]):
            return False
        return all({self.root(item) for item in pair} != {one, other} for pair in self._apart)

    def join(self, first: int, second: int) -> bool:
        """Make one group of two, where that is allowed; whether they are one now."""
        low, high = sorted((self.root(first), self.root(second)))
        if low == high:
            return True
        if not self.may_join(low, high):
            return False
        self.parent[high] = low
        if works := self._works.pop(high, None):
            self._works.setdefault(low, set()).update(works)
        return True

    def members(self) -> list[list[int]]:
        """All groups, in ascending order."""
        found: dict[int, list[int]] = {}
        for item in range(len(self.parent)):
            found.setdefault(self.root(item), []).append(item)
        return list(found.values())
