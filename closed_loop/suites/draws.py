"""Lists of concrete scenarios that are drawn when they are asked for, so that a suite of thousands holds none of them.

The functions nest: draws of several parts joined, some of them chosen, each repeated with a seed of its own. The same
numbers give the same scenario, so that every process and every later call sees the same suite.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import accumulate
from typing import Protocol, overload, runtime_checkable

from scenarios.concrete import ConcreteScenario

SEED_BITS = 31


@runtime_checkable
class Drawable(Protocol):
    """What concrete scenarios are drawn from: a `LogicalScenario`, or anything that draws like it."""

    def sample(self, seed: int, index: int = 0) -> ConcreteScenario:
        """The draw `index` of a seed; the same numbers give the same scenario."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Listed(Sequence[ConcreteScenario]):
    """A list whose items are made when they are asked for.

    Attributes:
        num: how many there are.
        make: the item at a place from 0 to `num` - 1, always the same.
    """

    num: int
    make: Callable[[int], ConcreteScenario]

    def __len__(self) -> int:
        return self.num

    @overload
    def __getitem__(self, index: int) -> ConcreteScenario: ...
    @overload
    def __getitem__(self, index: slice) -> "Listed": ...
    def __getitem__(self, index: int | slice) -> "ConcreteScenario | Listed":
        if isinstance(index, slice):
            return chosen(self, range(*index.indices(self.num)))
        place = index + self.num if index < 0 else index
        if not 0 <= place < self.num:
            raise IndexError(f"{index} of {self.num} scenarios")
        return self.make(place)

    def __iter__(self) -> Iterator[ConcreteScenario]:
        for index in range(self.num):
            yield self.make(index)


def drawn(logical: Drawable, count: int, seed: int) -> Listed:
    """`count` draws of a logical scenario."""
    return Listed(count, lambda index: logical.sample(seed, index))


def joined(parts: Sequence[Sequence[ConcreteScenario]]) -> Listed:
    """Lists one after the other."""
    ends = list(accumulate(len(part) for part in parts))

    def make(index: int) -> ConcreteScenario:
        part = bisect_right(ends, index)
        return parts[part][index - (ends[part - 1] if part else 0)]

    return Listed(ends[-1] if ends else 0, make)


def chosen(scenarios: Sequence[ConcreteScenario], places: Sequence[int]) -> Listed:
    """The scenarios at some places, in the order of the places."""
    return Listed(len(places), lambda index: scenarios[places[index]])


def tagged(scenarios: Sequence[ConcreteScenario], tags: Sequence[str]) -> Listed:
    """The same scenarios with further tags; those that one has already are not repeated."""

    def make(index: int) -> ConcreteScenario:
        scenario = scenarios[index]
        return replace(scenario, tags=tuple(dict.fromkeys((*scenario.tags, *tags))))

    return Listed(len(scenarios), make)


def repeated(scenarios: Sequence[ConcreteScenario], repeats: int) -> Listed:
    """Each scenario `repeats` times in a row: once as it is, then with seeds that are derived from its own.

    What is repeated is the same scene; its seed, which moves everything random in the simulator and in policies, is
    another. The tags `repeat:<k>` and `origin:<digest>` say of which scenario it is the k-th.

    Raises:
        ValueError: `repeats` is below 1.
    """
    if repeats < 1:
        raise ValueError(f"{repeats} repeats; 1 runs each scenario once")

    def make(index: int) -> ConcreteScenario:
        scenario, repeat = scenarios[index // repeats], index % repeats
        if repeat == 0:
            return scenario
        tags = (*scenario.tags, f"repeat:{repeat}", f"origin:{scenario.digest()}")
        return replace(scenario, seed=derived_seed(scenario.seed, repeat), tags=tags)

    return scenarios if isinstance(scenarios, Listed) and repeats == 1 else Listed(len(scenarios) * repeats, make)


def derived_seed(seed: int, repeat: int) -> int:
    """The seed of the k-th repeat: the first 31 bits of sha256 of 'seed/repeat'."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{repeat}".encode()).digest()[:4], "big") >> (32 - SEED_BITS)


def fits(scenario_name: str, tags: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether a scenario passes every pattern.

    A pattern is one or more shell-style globs with commas between (one of them must fit), each compared with the name
    of the scenario and with each of its tags and slices: `cut_in*`, `road:urban,road:residential`, `MotionCutIn`. A `!`
    before the pattern turns it round.
    """
    names = (scenario_name, *tags)
    for pattern in patterns:
        globs = [each.strip() for each in pattern.removeprefix("!").split(",")]
        if any(fnmatchcase(name, glob) for glob in globs for name in names) == pattern.startswith("!"):
            return False
    return True


def in_shard(digest: str, shard: int, num_shards: int) -> bool:
    """Whether the scenario of a digest belongs to shard `shard` (from 1) of `num_shards`; each belongs to one.

    By content: where a suite grows, what is in it stays in its shard.

    Raises:
        ValueError: there is no such shard.
    """
    if not 1 <= shard <= num_shards:
        raise ValueError(f"shard {shard} of {num_shards}")
    return int(digest[:16], 16) % num_shards == shard - 1
