"""Suites from their parts: draws of logical scenarios and cells of grids, made when they are asked for."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from closed_loop.suites.draws import Listed, drawn, joined, tagged
from closed_loop.suites.parts import SuitePart
from closed_loop.suites.suite import Suite
from driving_data.errors import Fault, InputError
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.designs.value_grid import sample_at, value_cells
from scenarios.sampling import sample_one

Load = Callable[[str, Mapping[str, str] | None], Sequence[LogicalScenario]]
"""The logical scenarios of a name or path (one, or those of a group), with values that are set from outside."""


def build_suite(
    name: str, parts: Sequence[SuitePart], seed: int, load: Load, stride: int | None = None
) -> Suite:  # fmt: skip
    """The scenarios of the parts, drawn when they are asked for.

    Args:
        name: of the suite.
        parts: what it is made of.
        seed: of all draws; each scenario has a seed of its own, made of this one and its name.
        load: finds logical scenarios.
        stride: replaces the stride of every part with a grid; 1 plays the full grids.

    Raises:
        InputError: with the faults of every part.
    """
    faults: list[Fault] = []
    lists: list[Listed] = []
    for k, part in enumerate(parts):
        faults += _wrong(part, f"parts[{k}]")
        try:
            lists += _part(part, seed, load, part.stride if stride is None else stride)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return Suite(name, joined(lists))


def _wrong(part: SuitePart, path: str) -> list[Fault]:
    faults: list[Fault] = []
    for field_name, number in (("count", part.count), ("stride", part.stride)):
        if number < 1:
            faults.append(Fault("", 0, 0, f"{path}.{field_name}", "wrong-value", repr(number), "a number from 1"))
    if part.grid and part.design != "random":
        faults.append(Fault("", 0, 0, f"{path}.design", "wrong-value", repr(part.design), "no design beside a grid"))
    if part.where and not part.grid:
        faults.append(Fault("", 0, 0, f"{path}.where", "wrong-value", repr(part.where[0]), "a grid to restrict"))
    return faults


def _part(part: SuitePart, seed: int, load: Load, stride: int) -> list[Listed]:
    logical = [one for name in part.scenarios for one in load(name, part.set or None)]
    lists = [_grid(one, part, seed, max(stride, 1)) if part.grid else _draws(one, part, seed) for one in logical]
    return [tagged(one, part.tags) if part.tags else one for one in lists]


def own_seed(seed: int, name: str) -> int:
    """The seed of one scenario of a suite: with one for all, each would draw the same weather."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")


def _draws(logical: LogicalScenario, part: SuitePart, seed: int) -> Listed:
    own = own_seed(seed, logical.name)
    if part.design == "random":
        return drawn(logical, part.count, own)
    return Listed(part.count, lambda index: sample_one(logical, index, part.count, own, part.design))


def _grid(logical: LogicalScenario, part: SuitePart, seed: int, stride: int) -> Listed:
    cells = value_cells(logical, part.grid, part.where)
    own, places = own_seed(seed, logical.name), range(0, len(cells), stride)

    def make(index: int) -> ConcreteScenario:
        cell, draw = divmod(index, part.count)
        place = places[cell]
        # Each cell draws what the grid leaves open anew, by its place in the full grid, whatever the stride.
        return sample_at(logical, cells[place], own, place * part.count + draw)

    return Listed(len(places) * part.count, make)
