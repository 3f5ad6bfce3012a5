"""Covering arrays: pairwise over twenty axes, and the axes of ALKS 4_4_1, beside allpairspy with a filter."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.harness import Figure, median_seconds
from benchmarks.peers import ask_peer
from scenarios import library
from scenarios.designs.axes import Axes, Rule, combos_of, finite_axes
from scenarios.designs.cells import draw_array
from scenarios.designs.covering import covering_array
from scenarios.designs.universe import universe_of

# Axes and condition of the ALKS variation file 4_4_1 (UN R157, cut-in without collision); values in km/h, m and m/s.
ALKS: dict[str, tuple[Any, ...]] = {
    "ego_kph": (20.0, 30.0, 40.0, 50.0, 60.0), "model": ("car", "truck", "van", "bus", "motorbike"), "lane": (1, -1),
    "relative_kph": (-50.0, -40.0, -30.0, -20.0, -10.0), "distance_m": (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0),
    "lateral_mps": (0.5, 1.0, 1.5, 2.0, 2.5, 3.0), "acceleration_mps2": (-3.0, -1.5, 0.0, 1.5, 3.0),
}  # fmt: skip
PEER = "allpairspy 2.5.1"
_PEER_SCRIPT = """
import json, sys, time
from allpairspy import AllPairs
values = json.loads(sys.argv[1])
lateral, ego, relative = 5, 0, 3
def fits(row):
    return len(row) <= lateral or row[lateral] < (row[ego] + row[relative]) / 3.6
start = time.perf_counter()
rows = [list(row) for row in AllPairs(values, filter_func=fits)]
alks = time.perf_counter() - start
tags = [list(range(5)) for _ in range(20)]
def apart(row):
    return len(row) < 2 or not (row[-1] == 4 and row[-2] == 4)
start = time.perf_counter()
pairs = [list(row) for row in AllPairs(tags, filter_func=apart)]
print(json.dumps({"rows": rows, "alks_s": alks, "tags": pairs, "tags_s": time.perf_counter() - start}))
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    repeats: int = 3
    num_tags: int = 20
    with_peer: bool = True


def alks_axes() -> Axes:
    """The axes of ALKS 4_4_1 with the condition on the lateral speed."""
    rule = Rule(
        ("lateral_mps", "ego_kph", "relative_kph"), lambda lateral, ego, relative: lateral < (ego + relative) / 3.6
    )
    return finite_axes(ALKS, [rule])


def tag_axes(count: int) -> Axes:
    """Tags of five values each; the last values of neighbours exclude one another."""
    names = [f"tag{i:02d}" for i in range(count)]
    forbidden = [{one: 4, two: 4} for one, two in pairwise(names)]
    return finite_axes({name: range(5) for name in names}, forbidden=forbidden)


def num_shown(axes: Axes, rows: Sequence[Sequence[Any]]) -> int:
    """Feasible pairs that rows of values show; rows that break a relation show nothing."""
    universe = universe_of(axes, combos_of(len(axes.names), 2))
    whole = [axes.row(dict(zip(axes.names, row, strict=True))) for row in rows if len(row) == len(axes.names)]
    kept = [
        row for row in whole
        if all(relation.allowed[tuple(row[axis] for axis in relation.axes)] for relation in axes.relations)
    ]  # fmt: skip
    shown = universe.covered(np.array(kept, dtype=np.int64).reshape(len(kept), len(axes.names)))
    return sum(int(table.sum()) for table in shown)


def _timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    return median_seconds(work, repeats), work()


def measure(sizes: Sizes) -> list[Figure]:
    """Seconds, tests and uncovered tuples."""
    peer = _peer() if sizes.with_peer else None
    tags, alks = tag_axes(sizes.num_tags), alks_axes()
    seconds, pairs = _timed(lambda: covering_array(tags, 2), sizes.repeats)
    note = f"{sizes.num_tags} axes of 5 values, neighbours exclude 4-4; {pairs.universe.size} feasible pairs"
    figures = [
        Figure("pairwise array over tags", seconds, "s", 2.0, *_beside(peer, "tags_s"), note=note),
        Figure("tests of it", float(len(pairs)), "tests", None, *_beside(peer, "tags")),
        Figure("feasible pairs that it covers", float(pairs.universe.size - pairs.num_uncovered()), "pairs",
               float(pairs.universe.size), *_shown(peer, tags, "tags")),
    ]  # fmt: skip
    for strength, most in ((2, 49.0), (3, 294.0)):
        seconds, array = _timed(lambda strength=strength: covering_array(alks, strength), sizes.repeats)
        name, universe = f"ALKS 4_4_1 {strength}-way", array.universe
        own = peer if strength == 2 else None
        figures += [
            Figure(f"{name} array", seconds, "s", None, *_beside(own, "alks_s"),
                   note=f"{universe.size} feasible of {universe.num_cells} tuples"),
            Figure(f"{name} tests", float(len(array)), "tests", None, *_beside(own, "rows")),
            Figure(f"{name} tests saved", most - len(array), "tests", 0.0, note=f"at most {most:g} asked for"),
            Figure(f"{name} feasible tuples covered", float(universe.size - array.num_uncovered()), "tuples",
                   float(universe.size), *_shown(own, alks, "rows")),
        ]  # fmt: skip
    logical = library.load("cut_in")
    start = time.perf_counter()
    made = draw_array(logical, 2, 0)
    note = f"{len(made.scenarios)} scenarios show all {made.array.universe.size} pairs of bins"
    figures.append(Figure("pairwise draws of cut_in", time.perf_counter() - start, "s", note=note))
    return figures


def _peer() -> dict[str, Any] | None:
    return ask_peer("allpairspy", ("allpairspy==2.5.1",), _PEER_SCRIPT, json.dumps(list(ALKS.values())))


def _beside(peer: dict[str, Any] | None, key: str) -> tuple[str, float | None]:
    if peer is None:
        return "", None
    return PEER, float(peer[key] if isinstance(peer[key], float) else len(peer[key]))


def _shown(peer: dict[str, Any] | None, axes: Axes, key: str) -> tuple[str, float | None]:
    return ("", None) if peer is None else (PEER, float(num_shown(axes, peer[key])))


def run() -> list[Figure]:
    """Everything."""
    return measure(Sizes())
