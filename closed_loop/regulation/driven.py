"""The published grids driven by vehicles: the same cases in the embedded simulator, the models as policies.

The other vehicles follow the grid's motion as a log; the ego is a bicycle with a lag between command and acceleration
that keeps its lane. The vehicle behind a cut-out comes into the log when the one ahead leaves the lane, as it is hidden
before. What differs from the point-by-point procedure is then the vehicle (lag, grip), the order of time (the grids
move a vehicle by the speed that it is about to have) and the policy around the model: nobody tells it that the vehicle
ahead brakes or uncovers an obstacle, and a case that the careful driver has settled goes on.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.regulation.grids import (
    LANE_M,
    NUM_STEPS,
    STANDING_LENGTH_M,
    START_LATERAL_M,
    WANDERING_M,
    CutInGrid,
    CutOutGrid,
    FollowingGrid,
    sideways,
    steady,
)
from closed_loop.regulation.models import GRAVITY_MPS2, DriverModel
from closed_loop.regulation.play import LENGTH_M, NO_CRASH, RATE_HZ, REAR_END, SIDE, WIDTH_M
from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import Happening, Observation, Policy
from driving_data.rollout import Actors, Rollout, SignalStates
from driving_data.taxonomy import ActorClass
from sim_bridge.embedded.layout import PLEFT, PRIGHT
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.paths import path_through
from sim_bridge.embedded.pool import PoolBuilder
from sim_bridge.embedded.session import EmbeddedSession
from sim_bridge.embedded.worlds import WorldSpec
from sim_bridge.replay.worlds import EgoTask, world_of_rollout

KPH = 3.6
HEIGHT_M = 1.5
WHEELBASE_M = 2.6
REAR_AXLE_M = 1.2
LANE_LENGTH_M = 1600.0
WORLDS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One case as a log: speeds of the ego at the start, and everybody's motion over K steps, the ego first.

    Attributes:
        ego_mps: speed of the ego.
        x_m: places along the lane, shape (K, A); of the ego only the first counts.
        y_m: places across it, shape (K, A).
        vx_mps: speeds along, shape (K, A).
        vy_mps: speeds across, shape (K, A).
        length_m: shape (A,).
        present: shape (K, A).
    """

    ego_mps: float
    x_m: Float[np.ndarray, "K A"]
    y_m: Float[np.ndarray, "K A"]
    vx_mps: Float[np.ndarray, "K A"]
    vy_mps: Float[np.ndarray, "K A"]
    length_m: Float[np.ndarray, "A"]
    present: Bool[np.ndarray, "K A"]


def cut_in_cases(grid: CutInGrid) -> Iterator[Case]:
    """The cases of a grid in the order of its crashes."""
    for (ego_kph, other_kph), distance, lateral in itertools.product(
        grid.pairs_kph, grid.distances_m, grid.lateral_mps
    ):
        move = sideways(START_LATERAL_M + WIDTH_M, -float(lateral), ramp=True)
        speeds = np.array([ego_kph, other_kph]) / KPH
        places = steady(np.array([0.0, distance + LENGTH_M]), speeds, move.lead_in)
        nothing, lengths = np.zeros(len(places)), np.full(2, LENGTH_M)
        yield _case(places, np.stack([nothing, move.y_m], -1), speeds, np.stack([nothing, move.vy_mps], -1), lengths)


def cut_out_cases(grid: CutOutGrid, model: DriverModel) -> Iterator[Case]:
    """The cases of a grid in the order of its crashes; the ego starts at the model's distance."""
    for speed_kph, front, lateral in itertools.product(grid.speeds_kph, grid.distances_m, grid.lateral_mps):
        yield _cut_out_case(float(speed_kph) / KPH, float(front), float(lateral), model)


def _cut_out_case(speed: float, front: float, lateral: float, model: DriverModel) -> Case:
    move, start = sideways(LANE_M, -lateral, ramp=False), float(model.distance_m(np.array([speed]))[0]) + LENGTH_M
    speeds = np.array([speed, speed, 0.0])
    x = steady(np.array([0.0, start, start + front + LENGTH_M]), speeds)
    y, vy = np.zeros(x.shape), np.zeros(x.shape)
    y[:, 1], vy[:, 1] = move.y_m - LANE_M, move.vy_mps
    vx = np.broadcast_to(speeds, x.shape).copy()
    hits = (np.abs(y[:, 1]) < WIDTH_M) & (np.abs(x[:, 2] - x[:, 1]) < 0.5 * (LENGTH_M + STANDING_LENGTH_M))
    if hits.any():
        k = int(np.argmax(hits))
        x[k:, 1], y[k:, 1], vx[k:, 1], vy[k:, 1] = x[k, 1], y[k, 1], 0.0, 0.0
    present = np.ones(x.shape, dtype=bool)
    present[:, 2] = np.maximum.accumulate((y[:, 1] < -WANDERING_M) | hits)
    return Case(speed, x, y, vx, vy, np.array([LENGTH_M, LENGTH_M, STANDING_LENGTH_M]), present)


def following_cases(grid: FollowingGrid, model: DriverModel) -> Iterator[Case]:
    """The cases of a grid in the order of its crashes; the ego starts at the model's distance."""
    for share, speed_kph in itertools.product(grid.braking_g, grid.speeds_kph):
        speed = float(speed_kph) / KPH
        lead = np.maximum(speed - np.arange(NUM_STEPS) * GRAVITY_MPS2 * float(share) / RATE_HZ, 0.0)
        start = float(model.distance_m(np.array([speed]))[0]) + LENGTH_M
        # The way of the leader is the integral of its speed; the grid's sum of later speeds stops it half a step short.
        way = start + (speed + np.concatenate([[0.0], np.cumsum(0.5 * (lead[1:] + lead[:-1]))])) / RATE_HZ
        x = np.stack([steady(np.zeros(1), np.array([speed]))[:, 0], way], axis=-1)
        nothing = np.zeros(x.shape)
        case = _case(x, nothing, np.array([speed, 0.0]), nothing, np.full(2, LENGTH_M))
        case.vx_mps[:, 1] = lead
        yield case


def _case(x: np.ndarray, y: np.ndarray, speeds: np.ndarray, vy: np.ndarray, lengths: np.ndarray) -> Case:
    everyone = np.ones(x.shape, dtype=bool)
    return Case(float(speeds[0]), x, y, np.broadcast_to(speeds, x.shape).copy(), vy, lengths, everyone)


@dataclass(frozen=True, slots=True, eq=False)
class Crashes:
    """What became of n cases.

    Attributes:
        kind: `NO_CRASH`, `SIDE` or `REAR_END`, shape (n,).
        impact_mps: how much faster than the other vehicle the ego was a step before they touched; NaN without a crash.
    """

    kind: Int[np.ndarray, "n"]
    impact_mps: Float[np.ndarray, "n"]


def drive_all(cases: Iterable[Case], policy: Policy, options: EmbeddedOptions | None = None) -> Crashes:
    """Every case in the embedded simulator, with `policy` at the wheel."""
    chosen, waiting = options or EmbeddedOptions(ends_at_goal=False), iter(cases)
    found: list[Crashes] = []
    while batch := list(itertools.islice(waiting, WORLDS)):
        found.append(_drive(batch, policy, chosen))
    return Crashes(np.concatenate([one.kind for one in found]), np.concatenate([one.impact_mps for one in found]))


def _drive(cases: Sequence[Case], policy: Policy, options: EmbeddedOptions) -> Crashes:
    pool = PoolBuilder()
    specs = [_world(case, pool, options) for case in cases]
    session = EmbeddedSession(specs, pool.build(), options)
    seen = session.reset()
    policy.reset(len(cases))
    kind, impact = np.full(len(cases), NO_CRASH), np.full(len(cases), np.nan)
    while not seen.done.all():
        before, seen = seen, session.step(policy.act(seen))
        new = (seen.happened[:, Happening.COLLISION] > 0) & (kind == NO_CRASH)
        other, lead = nearest(seen)
        kind = np.where(new, np.where(seen.position_m[:, 0, 0] > lead, SIDE, REAR_END), kind)
        world = np.arange(len(cases))
        closing = before.velocity_mps[world, 0, 0] - np.nan_to_num(before.velocity_mps[world, other, 0])
        impact = np.where(new, closing, impact)
    session.close()
    return Crashes(kind, impact)


def nearest(seen: Observation) -> tuple[Int[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """The rearmost other vehicle that is there: its index and its place along the lane."""
    places = np.where(seen.valid[:, 1:], seen.position_m[:, 1:, 0], np.inf)
    return np.argmin(places, axis=1) + 1, places.min(axis=1)


def _world(case: Case, pool: PoolBuilder, options: EmbeddedOptions) -> WorldSpec:
    """The world of a case; the ego's lane begins where the ego does, and worlds that begin alike share it."""
    start = float(case.x_m[0, 0])
    found = pool.find(("lane", start))
    if found is None:
        table = path_through(np.array([[start, 0.0, 0.0], [start + LANE_LENGTH_M, 0.0, 0.0]]))
        table.rows[:, [PLEFT, PRIGHT]] = 1e3
        found = pool.add(("lane", start), table)
    task = EgoTask(case.ego_mps, WHEELBASE_M)
    return world_of_rollout(rollout_of(case), found, pool.tables[found], task, options, 0)


def rollout_of(case: Case) -> Rollout:
    """The case as a log."""
    steps, count = case.x_m.shape
    nan = np.where(case.present, 0.0, np.nan)
    velocity = np.stack([case.vx_mps + nan, case.vy_mps + nan, nan], axis=-1)
    position = np.stack([case.x_m + nan, case.y_m + nan, 0.5 * HEIGHT_M + nan], axis=-1)
    acceleration = np.zeros_like(velocity)
    acceleration[1:] = np.diff(velocity, axis=0) * RATE_HZ
    size = np.stack([case.length_m, np.full(count, WIDTH_M), np.full(count, HEIGHT_M)], axis=-1)
    return Rollout(
        timestamps_ns=np.arange(steps, dtype=np.int64) * round(1e9 / RATE_HZ),
        actors=Actors(
            ("ego", *(f"other{k}" for k in range(1, count))), np.array([int(ActorClass.CAR)] * count), size,
            np.full(count, REAR_AXLE_M),
        ),
        ego_index=0,
        world_from_actor=SE3(np.eye(3) + nan[..., None, None], position),
        velocity_mps=velocity,
        acceleration_mps2=acceleration + nan[..., None],
        yaw_rate_radps=nan,
        steering_rad=nan,
        lights=np.zeros((steps, count), dtype=np.uint8),
        valid=case.present,
        signals=SignalStates((), np.zeros((steps, 0), dtype=np.int64)),
        events=(),
        lane_map=None,
        environment=Environment(),
    )  # fmt: skip


def thinned(grid: CutInGrid, every_distance: int, every_lateral: int) -> CutInGrid:
    """Every so-manieth distance and lateral speed of a grid."""
    return CutInGrid(grid.pairs_kph, grid.distances_m[::every_distance], grid.lateral_mps[::every_lateral])
