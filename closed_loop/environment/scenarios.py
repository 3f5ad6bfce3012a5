"""What an environment may be given as its scenario, and the concrete scenarios that are drawn from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from driving_data.errors import Fault, InputError
from scenarios.concrete import ConcreteScenario


@runtime_checkable
class Drawable(Protocol):
    """What concrete scenarios are drawn from, as `scenarios.algebra.LogicalScenario`."""

    def sample(self, seed: int, index: int = 0) -> ConcreteScenario:
        """The draw `index` of a seed."""
        ...


Given = str | Path | ConcreteScenario | Drawable
_LARGEST_SEED = 2**31 - 1


def sources(scenario: Given | Sequence[Given]) -> tuple[ConcreteScenario | Drawable, ...]:
    """The scenarios: names of the library and files are read, everything else is taken as it is.

    Raises:
        InputError: there is none, no such name, or a file has faults.
    """
    many = [scenario] if isinstance(scenario, str | Path | ConcreteScenario | Drawable) else list(scenario)
    if not many:
        raise InputError([Fault("", 0, 0, "scenario", "empty", "no scenario", "at least one scenario")])
    return tuple(_read(one) if isinstance(one, str | Path) else one for one in many)


def _read(name: str | Path) -> ConcreteScenario | Drawable:
    path = Path(name)
    if path.suffix == ".json":
        from closed_loop.suites.run import read_scenario

        return read_scenario(path)
    if path.suffix in (".yaml", ".yml"):
        from scenarios.spec import read_spec

        return read_spec(path)
    if path.suffix == ".xosc":
        from scenarios.openscenario.scenario import from_openscenario

        return from_openscenario(path)
    from scenarios import library

    return library.load(str(name))


def generator(*key: int) -> np.random.Generator:
    """Draws that depend on the key alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


def draw(found: Sequence[ConcreteScenario | Drawable], rng: np.random.Generator) -> tuple[int, ConcreteScenario]:
    """One of the scenarios, and a draw of it where it has ranges: its index and the concrete scenario."""
    index = int(rng.integers(len(found)))
    chosen = found[index]
    seed = int(rng.integers(_LARGEST_SEED))
    return index, chosen if isinstance(chosen, ConcreteScenario) else chosen.sample(seed)
