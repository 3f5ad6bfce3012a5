"""A suite: a named list of concrete scenarios."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from driving_data.plain import digest
from scenarios.concrete import ConcreteScenario

SMOKE_COUNT = 2
SMOKE_SEED = 11


@runtime_checkable
class Drawable(Protocol):
    """What concrete scenarios are drawn from: a `LogicalScenario`, or anything that draws like it."""

    def sample(self, seed: int, index: int = 0) -> ConcreteScenario:
        """The draw `index` of a seed; the same numbers give the same scenario."""
        ...


@dataclass(frozen=True, slots=True)
class Suite:
    """A named list of concrete scenarios on which policies are evaluated."""

    name: str
    scenarios: tuple[ConcreteScenario, ...]

    def digest(self) -> str:
        """sha256 over the identities of the scenarios, in order."""
        return digest([scenario.digest() for scenario in self.scenarios])


def draw_suite(name: str, logical: Sequence[Drawable], count: int, seed: int) -> Suite:
    """`count` draws of each logical scenario.

    Raises:
        ValueError: `count` is not positive.
    """
    if count < 1:
        raise ValueError(f"{count} draws of each scenario; at least one is meant")
    return Suite(name, tuple(scenario.sample(seed, index) for scenario in logical for index in range(count)))


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
