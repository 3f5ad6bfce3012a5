"""The four driver models of UN R157 on the published grids: their crashes, and how long all of it takes."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.harness import Figure, Measured
from closed_loop.regulation.grids import GRIDS
from closed_loop.regulation.models import MODELS

GOAL_S = 20.0
# Paragraph 5.2.5.2 speaks of cut-ins only; the authors give no counts of Reg157 elsewhere.
CUT_IN_ONLY = "Reg157"
PUBLISHED: dict[str, dict[str, int]] = {
    "cut_in_high": {"CC": 3552, "RSS": 1491, "FSM": 1649, "Reg157": 2869},
    "cut_out": {"CC": 848, "RSS": 936, "FSM": 980},
    "following": {"CC": 0, "RSS": 21, "FSM": 0},
}


def crashes_of(grid: str) -> tuple[dict[str, int], int]:
    """Crashes by model on one grid, and the number of its cases."""
    counts: dict[str, int] = {}
    cases = 0
    for model in MODELS:
        if model.name == CUT_IN_ONLY and not grid.startswith("cut_in"):
            continue
        found = GRIDS[grid](model)
        counts[model.name], cases = int(np.count_nonzero(found)), found.size
    return counts, cases


def run(names: Sequence[str] = tuple(GRIDS)) -> Measured:
    """Every grid: seconds, and in the details `crashes: {grid: {model: count}}`."""
    figures: list[Figure] = []
    crashes: dict[str, dict[str, int]] = {}
    total, plays = 0.0, 0
    for grid in names:
        start = time.perf_counter()
        crashes[grid], cases = crashes_of(grid)
        seconds = time.perf_counter() - start
        total, plays = total + seconds, plays + cases * len(crashes[grid])
        figures.append(
            Figure(grid, seconds, "s", note=f"{cases} cases, {len(crashes[grid])} models, {_said(crashes[grid])}")
        )
    figures.append(Figure("all grids and models", total, "s", GOAL_S))
    figures.append(Figure("cases per second", plays / total, "cases/s"))
    agree = {grid: {name: crashes[grid][name] == count for name, count in table.items()}
             for grid, table in PUBLISHED.items() if grid in crashes}  # fmt: skip
    details: dict[str, Any] = {"crashes": crashes, "published": PUBLISHED, "as_published": agree}
    return Measured(figures, details)


def _said(counts: dict[str, int]) -> str:
    return "crashes " + ", ".join(f"{name} {count}" for name, count in counts.items())
