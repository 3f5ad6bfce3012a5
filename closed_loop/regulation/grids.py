"""The published grids of cut-ins, cut-outs and braking leaders, and the crashes of a driver model on them.

Source: Mattas et al., Driver models for the definition of safety requirements of automated vehicles in international
regulations, Accident Analysis and Prevention 174 (2022) 106743, and the authors' published procedure: 10 Hz, 35 s,
vehicles of 4.3 m x 1.9 m. A place at step k is the start plus the sum of the speeds up to and with step k.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.regulation.models import GRAVITY_MPS2, DriverModel
from closed_loop.regulation.play import LENGTH_M, NO_CRASH, RATE_HZ, WIDTH_M, Others, egos_at, step

NUM_STEPS = 350
KPH = 3.6
START_LATERAL_M = 1.6
LATERAL_RAMP_MPS2 = -1.5
WANDERING_M = 0.375
LANE_M = 4.0
# The authors' standing vehicle keeps the default length of their vehicles; all others are `LENGTH_M`.
STANDING_LENGTH_M = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class CutInGrid:
    """Cut-ins: speeds in km/h, distances between the bumpers in metres, lateral speeds in m/s."""

    pairs_kph: tuple[tuple[float, float], ...]
    distances_m: Float[np.ndarray, "d"]
    lateral_mps: Float[np.ndarray, "l"]

    def __len__(self) -> int:
        return len(self.pairs_kph) * len(self.distances_m) * len(self.lateral_mps)


@dataclass(frozen=True, slots=True, eq=False)
class CutOutGrid:
    """Cut-outs: the vehicle ahead leaves the lane in front of a standing one."""

    speeds_kph: Float[np.ndarray, "v"]
    distances_m: Float[np.ndarray, "d"]
    lateral_mps: Float[np.ndarray, "l"]

    def __len__(self) -> int:
        return len(self.speeds_kph) * len(self.distances_m) * len(self.lateral_mps)


@dataclass(frozen=True, slots=True, eq=False)
class FollowingGrid:
    """The vehicle ahead brakes: decelerations as shares of the gravity, speeds in km/h."""

    braking_g: Float[np.ndarray, "b"]
    speeds_kph: Float[np.ndarray, "v"]

    def __len__(self) -> int:
        return len(self.braking_g) * len(self.speeds_kph)


def _pairs(egos: tuple[int, ...], every: int) -> tuple[tuple[float, float], ...]:
    return tuple((float(ego), float(other)) for ego in egos for other in range(10, ego, every))


CUT_IN_HIGH = CutInGrid(_pairs((70, 90, 110, 130), 30), np.arange(1.0, 120.0, 2.0), np.arange(0.0, 1.8, 0.1))
CUT_IN_LOW = CutInGrid(_pairs((10, 20, 30, 40, 50, 60), 10), np.arange(1.0, 60.0, 1.0), np.arange(0.0, 1.8, 0.1))
CUT_OUT = CutOutGrid(np.arange(10.0, 132.0, 10.0), np.arange(2.0, 152.0, 5.0), np.arange(0.1, 3.1, 0.2))
FOLLOWING = FollowingGrid(np.arange(0.05, 1.0, 0.05), np.arange(12.0, 130.0, 2.0))


@dataclass(frozen=True, slots=True, eq=False)
class Sideways:
    """Sideways motion of the other vehicle from the start of a case.

    Attributes:
        y_m: place across the lane at each step, shape (K,).
        vy_mps: speed at each step, shape (K,).
        lead_in: steps before the lateral speed is reached, while it ramps up.
    """

    y_m: Float[np.ndarray, "K"]
    vy_mps: Float[np.ndarray, "K"]
    lead_in: int


def sideways(start_m: float, speed_mps: float, *, ramp: bool) -> Sideways:
    """Moves by `speed_mps` (negative: towards the ego) until `start_m` is covered; `ramp`: from rest before that."""
    moving = 0 if speed_mps == 0 else int((RATE_HZ * start_m) // abs(speed_mps) + 1)
    speed = np.where(np.arange(NUM_STEPS) < moving, speed_mps, 0.0)
    place = speed.cumsum() / RATE_HZ + start_m
    growing = np.arange(0.0, speed_mps, LATERAL_RAMP_MPS2 / RATE_HZ) if ramp else np.zeros(0)
    if not ramp:
        return Sideways(place, speed, 0)
    before = np.cumsum(-growing[::-1] / RATE_HZ)[::-1] + start_m
    return Sideways(
        np.concatenate([before, [start_m], place]), np.concatenate([growing, [speed_mps], speed]), len(growing) + 1
    )


def steady(
    start_m: Float[np.ndarray, "n"], speed_mps: Float[np.ndarray, "n"], lead_in: int = 0
) -> Float[np.ndarray, "K n"]:
    """Places of vehicles of constant speed; with a lead-in they are at the start at its last step."""
    run = np.broadcast_to(speed_mps, (NUM_STEPS, len(speed_mps)))
    after = np.cumsum(run, axis=0) / RATE_HZ + start_m
    if lead_in == 0:
        return after
    back = np.cumsum(np.broadcast_to(-speed_mps / RATE_HZ, (lead_in - 1, len(speed_mps))), axis=0)[::-1]
    return np.concatenate([back + start_m, start_m[None], after])


def cut_in_crashes(grid: CutInGrid, model: DriverModel) -> Int[np.ndarray, "pairs d l"]:
    """Kind of crash of every case, 0 for none; shape (pairs, distances, lateral speeds)."""
    shape = (len(grid.pairs_kph), len(grid.distances_m))
    ego = np.repeat([pair[0] / KPH for pair in grid.pairs_kph], shape[1])
    other = np.repeat([pair[1] / KPH for pair in grid.pairs_kph], shape[1])
    start = np.tile(grid.distances_m, shape[0]) + LENGTH_M
    found = [_cut_in(ego, other, start, float(lateral), model) for lateral in grid.lateral_mps]
    return np.stack(found, axis=-1).reshape(*shape, len(grid.lateral_mps))


def _cut_in(
    ego_mps: np.ndarray, other_mps: np.ndarray, start_m: np.ndarray, lateral_mps: float, model: DriverModel
) -> Int[np.ndarray, "n"]:
    move = sideways(START_LATERAL_M + WIDTH_M, -lateral_mps, ramp=True)
    other_x = steady(start_m, other_mps, move.lead_in)
    egos = egos_at(steady(np.zeros_like(start_m), ego_mps, move.lead_in)[0], ego_mps, model)
    everyone, length = np.ones(len(start_m), dtype=bool), np.full(len(start_m), LENGTH_M)
    for k in range(len(move.y_m) - 1):
        if not egos.running.any():
            break
        n = len(start_m)
        others = Others(other_x[k], np.full(n, move.y_m[k]), other_mps, np.full(n, move.vy_mps[k]), length)
        danger = step(egos, others, model, everyone, triggered=False)
        egos.running = egos.running & ~danger.settled
    return egos.crash


def cut_out_crashes(grid: CutOutGrid, model: DriverModel) -> Int[np.ndarray, "v d l"]:
    """Kind of crash of every case, 0 for none; shape (speeds, distances, lateral speeds)."""
    shape = (len(grid.speeds_kph), len(grid.distances_m))
    speed = np.repeat(grid.speeds_kph / KPH, shape[1])
    front = np.tile(grid.distances_m, shape[0])
    found = [_cut_out(speed, front, float(lateral), model) for lateral in grid.lateral_mps]
    return np.stack(found, axis=-1).reshape(*shape, len(grid.lateral_mps))


def _cut_out(speed_mps: np.ndarray, front_m: np.ndarray, lateral_mps: float, model: DriverModel) -> np.ndarray:
    n, nothing = len(speed_mps), np.zeros(len(speed_mps))
    move = sideways(LANE_M, -lateral_mps, ramp=False)
    start = model.distance_m(speed_mps) + LENGTH_M
    lead_x, lead_y = steady(start, speed_mps), np.tile((move.y_m - LANE_M)[:, None], (1, n))
    lead_v = np.tile(speed_mps, (NUM_STEPS, 1))
    free_x, standing = steady(nothing, speed_mps), start + front_m + LENGTH_M
    egos = egos_at(free_x[0], speed_mps, model)
    lead_hit = np.zeros(n, dtype=bool)
    for k in range(NUM_STEPS - 1):
        hits = ~lead_hit & _overlap(lead_x[k] - standing, lead_y[k])
        lead_x[k:, hits], lead_y[k:, hits], lead_v[k:, hits] = lead_x[k, hits], lead_y[k, hits], 0.0
        lead_hit |= hits
        active = lead_hit | (lead_y[k] < -WANDERING_M)
        still = egos.calm & (egos.wait_s == model.braking.wait_s) & ~active & egos.running
        others = Others(
            np.where(lead_hit, lead_x[k], standing), np.where(lead_hit, lead_y[k], 0.0),
            np.where(lead_hit, lead_v[k], 0.0), nothing, np.where(lead_hit, LENGTH_M, STANDING_LENGTH_M),
        )  # fmt: skip
        stops = egos.speed_mps == 0
        step(egos, others, model, active, triggered=True)
        egos.x_m = np.where(still, free_x[k + 1], egos.x_m)
        egos.running = egos.running & ~stops
    return egos.crash


def _overlap(along_m: np.ndarray, across_m: np.ndarray) -> Bool[np.ndarray, "n"]:
    beside = np.abs(across_m) - WIDTH_M / 2 - WIDTH_M / 2 < 0
    return beside & (np.abs(along_m) - STANDING_LENGTH_M / 2 - LENGTH_M / 2 < 0)


def following_crashes(grid: FollowingGrid, model: DriverModel) -> Int[np.ndarray, "*case"]:
    """Kind of crash of every case, 0 for none; shape (decelerations, speeds)."""
    shape = (len(grid.braking_g), len(grid.speeds_kph))
    speed = np.tile(grid.speeds_kph / KPH, shape[0])
    braking = GRAVITY_MPS2 * np.repeat(grid.braking_g, shape[1])
    lead_v = np.maximum(speed - np.arange(NUM_STEPS)[:, None] * braking / RATE_HZ, 0.0)
    nothing, everyone = np.zeros(len(speed)), np.ones(len(speed), dtype=bool)
    length = np.full(len(speed), LENGTH_M)
    lead_x = np.cumsum(lead_v, axis=0) / RATE_HZ + (model.distance_m(speed) + LENGTH_M)
    egos = egos_at(steady(nothing, speed)[0], speed, model)
    for k in range(NUM_STEPS - 1):
        stops = egos.speed_mps == 0
        step(egos, Others(lead_x[k], nothing, lead_v[k], nothing, length), model, everyone, triggered=True)
        egos.running = egos.running & ~stops & (egos.crash == NO_CRASH)
    return egos.crash.reshape(shape)


GRIDS: Mapping[str, Callable[[DriverModel], Int[np.ndarray, "*case"]]] = {
    "cut_in_high": lambda model: cut_in_crashes(CUT_IN_HIGH, model),
    "cut_in_low": lambda model: cut_in_crashes(CUT_IN_LOW, model),
    "cut_out": lambda model: cut_out_crashes(CUT_OUT, model),
    "following": lambda model: following_crashes(FOLLOWING, model),
}
