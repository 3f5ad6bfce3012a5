"""A suite: a named list of concrete scenarios, and what of it is run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from closed_loop.suites.draws import Drawable, Listed, chosen, drawn, fits, in_shard, joined, repeated
from closed_loop.suites.tags import episode_tags
from driving_data.errors import Fault, InputError
from driving_data.plain import digest, to_plain
from scenarios.concrete import ConcreteScenario

SMOKE_COUNT = 2
SMOKE_SEED = 11


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a suite is run, and how often.

    Attributes:
        filters: patterns over names, tags and slices, all of which must fit (`draws.fits`).
        shard: which part, from 1.
        num_shards: of how many parts; each scenario is in one of them, by its content.
        repeats: how often each scenario is run, every time after the first with another seed.
    """

    filters: tuple[str, ...] = ()
    shard: int = 1
    num_shards: int = 1
    repeats: int = 1

    def __str__(self) -> str:
        """As it is asked for: `--filter road:urban --shard 1/4`."""
        shard = (f"--shard {self.shard}/{self.num_shards}",) if self.num_shards > 1 else ()
        return " ".join((*(f"--filter {pattern}" for pattern in self.filters), *shard))

    @staticmethod
    def parse_shard(text: str) -> tuple[int, int]:
        """`k/n` as two numbers.

        Raises:
            InputError: it is not, or there is no k-th of n.
        """
        first, separator, second = text.partition("/")
        fits_form = separator and first.strip().isdecimal() and second.strip().isdecimal()
        shard, count = (int(first), int(second)) if fits_form else (0, 0)
        if not 1 <= shard <= count:
            raise InputError([Fault("", 0, 0, "shard", "wrong-form", repr(text), "k/n with k from 1 to n, as 1/4")])
        return shard, count


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """A named list of concrete scenarios on which policies are evaluated.

    Attributes:
        name: name in reports.
        scenarios: the scenarios; a `Listed` makes them when they are asked for.
        selection: what was taken of a larger suite, as plain data; empty for all of it.
    """

    name: str
    scenarios: Sequence[ConcreteScenario]
    selection: tuple[tuple[str, Any], ...] = ()

    def digest(self) -> str:
        """sha256 over the identities of the scenarios, in order."""
        return digest([scenario.digest() for scenario in self.scenarios])

    def select(self, selection: Selection) -> "Suite":
        """The part of the suite that a selection names; repeats stay in the shard of their scenario.

        Raises:
            InputError: nothing is left.
            ValueError: there is no such shard, or there are no repeats.
        """
        if selection == Selection():
            return self
        places = [k for k, scenario in enumerate(self.scenarios) if _selected(scenario, selection)]
        if not places:
            found = f"none of {len(self.scenarios)} scenarios is left by {selection}"
            raise InputError([Fault("", 0, 0, f"suite.{self.name}", "empty", found, "at least one scenario")])
        scenarios = repeated(chosen(self.scenarios, places), selection.repeats)
        plain = {name: value for name, value in to_plain(selection).items() if name != "type"}
        return replace(self, scenarios=scenarios, selection=tuple(plain.items()))


def _selected(scenario: ConcreteScenario, selection: Selection) -> bool:
    if selection.filters and not fits(scenario.name, episode_tags(scenario), selection.filters):
        return False
    return selection.num_shards == 1 or in_shard(scenario.digest(), selection.shard, selection.num_shards)


def draw_suite(name: str, logical: Sequence[Drawable], count: int, seed: int) -> Suite:
    """`count` draws of each logical scenario.

    Raises:
        ValueError: `count` is not positive.
    """
    if count < 1:
        raise ValueError(f"{count} draws of each scenario; at least one is meant")
    return Suite(name, joined([drawn(scenario, count, seed) for scenario in logical]))


def library_suite(name: str, names: Sequence[str] = (), count: int = SMOKE_COUNT, seed: int = SMOKE_SEED) -> Suite:
    """`count` draws of each named library scenario; of the small set of the library where no name is given.

    Raises:
        InputError: the library has no scenario of a name.
    """
    # The library reads YAML; nothing else of this room needs its packages.
    from scenarios import library

    return draw_suite(name, [library.load(item) for item in (names or library.CORE)], count, seed)


def smoke_suite() -> Suite:
    """The shipped small suite: two draws of each scenario of the library's small set."""
    return library_suite("smoke")


__all__ = ["Drawable", "Listed", "Selection", "Suite", "draw_suite", "library_suite", "smoke_suite"]
