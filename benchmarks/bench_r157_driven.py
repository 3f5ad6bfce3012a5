"""The grids of UN R157 driven by vehicles in the embedded simulator, beside the authors' point-by-point procedure.

Every model drives every case three times: as points, as a vehicle without a lag, and with a lag of 0.2 s. The grids
are thinned, because a driven case costs some thousand times a point.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.harness import Figure, Measured
from closed_loop.policies import regulation_driver as drivers
from closed_loop.regulation.driven import Case, cut_in_cases, cut_out_cases, drive_all, following_cases, thinned
from closed_loop.regulation.grids import (
    CUT_IN_HIGH,
    CUT_OUT,
    FOLLOWING,
    CutOutGrid,
    FollowingGrid,
    cut_in_crashes,
    cut_out_crashes,
    following_crashes,
)
from closed_loop.regulation.models import MODELS, DriverModel
from driving_data.ports import Policy
from sim_bridge.embedded.options import EmbeddedOptions

LAGS_S = (0.0, 0.2)
# As in the grids: no distance is kept, and who reacted never becomes calm again.
KEEPING = drivers.KeepingParameters(keeps_distance=False, recover_s=1e9)
IN = thinned(CUT_IN_HIGH, 4, 3)
OUT = CutOutGrid(CUT_OUT.speeds_kph[::2], CUT_OUT.distances_m[::3], CUT_OUT.lateral_mps[::3])
AFTER = FollowingGrid(FOLLOWING.braking_g[::2], FOLLOWING.speeds_kph[::4])
GRIDS: dict[str, tuple[Callable[[DriverModel], np.ndarray], Callable[[DriverModel], Iterable[Case]]]] = {
    "cut_in_high": (lambda model: cut_in_crashes(IN, model), lambda model: cut_in_cases(IN)),
    "cut_out": (lambda model: cut_out_crashes(OUT, model), lambda model: cut_out_cases(OUT, model)),
    "following": (lambda model: following_crashes(AFTER, model), lambda model: following_cases(AFTER, model)),
}


def policy_of(model: DriverModel) -> Policy:
    """The policy around a model."""
    made = {
        "CC": lambda: drivers.CarefulDriverPolicy(drivers.CarefulDriverParameters(keeping=KEEPING)),
        "RSS": lambda: drivers.RssDriverPolicy(drivers.RssDriverParameters(keeping=KEEPING)),
        "FSM": lambda: drivers.FuzzySafetyPolicy(drivers.FuzzySafetyParameters(keeping=KEEPING)),
        "Reg157": lambda: drivers.Reg157Policy(drivers.Reg157Parameters(keeping=KEEPING)),
    }
    return made[model.name]()


def row(grid: str, model: DriverModel, lag_s: float) -> dict[str, Any]:
    """Points against vehicles on one grid."""
    points, cases = GRIDS[grid]
    options = replace(EmbeddedOptions(ends_at_goal=False), acceleration_lag_s=lag_s)
    driven, told = drive_all(cases(model), policy_of(model), options), points(model).reshape(-1) > 0
    crashed = driven.kind > 0
    more = crashed & ~told
    return {
        "grid": grid, "model": model.name, "lag_s": lag_s, "cases": len(told), "points": int(told.sum()),
        "driven": int(crashed.sum()), "only_points": int((told & ~crashed).sum()), "only_driven": int(more.sum()),
        "median_impact_of_only_driven_mps": round(float(np.median(driven.impact_mps[more])), 2) if more.any() else None,
    }  # fmt: skip


def run() -> Measured:
    """Every model on the thinned grids."""
    start = time.perf_counter()
    rows = [
        row(grid, model, lag)
        for grid in GRIDS
        for model in MODELS
        if grid.startswith("cut_in") or model.name != "Reg157"
        for lag in LAGS_S
    ]
    seconds = time.perf_counter() - start
    episodes = sum(one["cases"] for one in rows)
    figures = [Figure("driven episodes", episodes / seconds, "episodes/s", note=f"{episodes} of up to 37 s, at 10 Hz")]
    return Measured(figures, {"rows": rows})
