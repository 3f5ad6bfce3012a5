"""Worlds before they run: one specification each, and the packed batch that the kernels advance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from driving_data.environment import Environment
from driving_data.maps.lane_map import LaneMap
from driving_data.rollout import Actors, FaultSpan
from sim_bridge.embedded.layout import (
    BODY,
    BODY_RIDER,
    CRASH_STEP,
    DELAY,
    DT,
    EGO_DEAD_TIME,
    EVENT_COLUMNS,
    H_GLANCE,
    HABIT_COLUMNS,
    INT_COLUMNS,
    LOG_COLUMNS,
    MIND_COLUMNS,
    NUM_ACTORS,
    NUM_STEPS,
    PROJ_COLUMNS,
    Q_S,
    RULE_COLUMNS,
    RUN_INTS,
    STATE_COLUMNS,
    WORK_COLUMNS,
    Batch,
)
from sim_bridge.embedded.localization.plan import PositioningPlan
from sim_bridge.embedded.modes import ModePlan
from sim_bridge.embedded.storyboard.plan import StoryPlan
from sim_bridge.embedded.triggered import Triggered
from sim_bridge.embedded.v2x.plan import RadioPlan


@runtime_checkable
class Player(Protocol):
    """Moves some actors of one world from outside the kernels, as a log would, one row ahead."""

    @property
    def world(self) -> int:
        """Which world of the batch it plays."""
        ...

    def begin(self, batch: Batch) -> None:
        """Prepares a rewound world."""
        ...

    def before(self, batch: Batch, drives: bool) -> bool:
        """Writes the next moment; `drives`: somebody drives the ego. False where nothing moves any more."""
        ...

    def after(self, batch: Batch, drives: bool) -> None:
        """Notes what happened in the step."""
        ...

    def close(self) -> None:
        """Frees what it holds."""
        ...


@runtime_checkable
class Outsiders(Protocol):
    """A plan by which actors of a world are moved from outside."""

    def player(self, world: int) -> Player:
        """Who moves them in that world of a batch."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WorldSpec:
    """One world, ready to be packed; columns as in `layout`.

    Attributes:
        actors: who is there; `ego_index` says which is the ego.
        ego_index: index of the ego.
        lane_map: the road, for the rollout.
        environment: weather and light, for the rollout.
        signal_ids: ids of the S signals.
        timestamps_ns: the moments that the world can reach, shape (T,).
        target_speed_mps: speed asked of the ego.
        world_f: constants, shape (45,).
        world_i: constants, shape (12,).
        paths: ids in the pool of the paths of this world, shape (P,).
        param_f: shape (27, A).
        param_i: shape (12, A).
        state: initial state, shape (47, A); YAW relative to the path.
        flags: initial flags, shape (14, A).
        phase_i: shape (F, 5).
        phase_f: shape (F, 3).
        phase_labels: names of the F phases.
        signal_i: first row and number of rows in `program`; count -1 takes the states from `replay_signal`; (S, 2).
        signal_f: offset and cycle of each programme, shape (S, 2).
        program: state and duration, shape (K, 2).
        replay: logged columns and lights, shape (R, 14, A); R = 1 without a log.
        replay_valid: shape (R, A).
        replay_signal: shape (R, S).
        story: the storyboard that moves everybody; else None.
        guests: who else moves actors of this world from outside, as `sim_bridge.sumo` does; else None.
        ego_route: name of the ego's route on the map; empty where it has none.
        radio: what the ego can hear; None without radio.
        positioning: how the ego measures where it is; None where it does not.
        habit: habits of drivers and walkers, shape (34, A); None where nobody has any.
        rule: what paths say to them, shape (N, 7); None for nothing.
        triggered: actions of actors that break lights or sensors.
        sensor_faults: what goes wrong with sensors of the ego by the clock.
        modes: what is known of the actors' modes; None where nothing is said.
    """

    actors: Actors
    ego_index: int
    lane_map: LaneMap | None
    environment: Environment
    signal_ids: tuple[str, ...]
    timestamps_ns: Int[np.ndarray, "T"]
    target_speed_mps: float
    world_f: Float[np.ndarray, "wf"]
    world_i: Int[np.ndarray, "wi"]
    paths: Int[np.ndarray, "P"]
    param_f: Float[np.ndarray, "pf A"]
    param_i: Int[np.ndarray, "pi A"]
    state: Float[np.ndarray, "st A"]
    flags: Int[np.ndarray, "fl A"]
    phase_i: Int[np.ndarray, "F 5"]
    phase_f: Float[np.ndarray, "F 3"]
    phase_labels: tuple[str, ...]
    signal_i: Int[np.ndarray, "S 2"]
    signal_f: Float[np.ndarray, "S 2"]
    program: Float[np.ndarray, "K 2"]
    replay: Float[np.ndarray, "R 14 A"]
    replay_valid: Int[np.ndarray, "R A"]
    replay_signal: Int[np.ndarray, "R S"]
    story: StoryPlan | None = None
    ego_route: str = ""
    radio: RadioPlan | None = None
    positioning: PositioningPlan | None = None
    guests: "Outsiders | None" = None
    habit: Float[np.ndarray, "34 A"] | None = None
    rule: Float[np.ndarray, "N 7"] | None = None
    triggered: tuple[Triggered, ...] = ()
    sensor_faults: tuple[FaultSpan, ...] = ()
    modes: ModePlan | None = None


def stacked(arrays: list[np.ndarray], fill: float = 0.0) -> np.ndarray:
    """The arrays on one new leading axis, each padded with `fill` to the largest shape (at least 1 everywhere)."""
    shape = np.max([np.maximum(array.shape, 1) for array in arrays], axis=0)
    out = np.full((len(arrays), *shape), fill, dtype=arrays[0].dtype)
    for k, array in enumerate(arrays):
        out[(k, *(slice(size) for size in array.shape))] = array
    return out


def constants(specs: Sequence[WorldSpec]) -> dict[str, np.ndarray]:
    """What does not move in worlds, packed and padded, by the name of the array in `Batch`."""
    return {
        "world_f": stacked([spec.world_f for spec in specs]),
        "world_i": stacked([spec.world_i for spec in specs]),
        "paths": stacked([spec.paths for spec in specs], -1.0),
        "param_f": stacked([spec.param_f for spec in specs]),
        "param_i": stacked([spec.param_i for spec in specs]),
        "phase_i": stacked([spec.phase_i for spec in specs]),
        "phase_f": stacked([spec.phase_f for spec in specs]),
        "signal_i": stacked([spec.signal_i for spec in specs]),
        "signal_f": stacked([spec.signal_f for spec in specs], 1.0),
        "program": stacked([spec.program for spec in specs]),
        "replay": stacked([spec.replay for spec in specs]),
        "replay_valid": stacked([spec.replay_valid for spec in specs]),
        "replay_signal": stacked([spec.replay_signal for spec in specs]),
        "habit": stacked([np.zeros((HABIT_COLUMNS, 1)) if spec.habit is None else spec.habit for spec in specs]),
        "rule": stacked([np.zeros((1, RULE_COLUMNS)) if spec.rule is None else spec.rule for spec in specs]),
    }


def pack(specs: Sequence[WorldSpec], rows: Sequence[int], records: bool = True) -> Batch:
    """Packs one world per entry of `rows`, the specification of that index, padded to the widest of all `specs`.

    What moves is as `rewind` leaves it. Without `records` the log has room for two moments, written over and over.
    """
    num_worlds = len(rows)
    actors = max(int(spec.world_i[NUM_ACTORS]) for spec in specs)
    steps = max(int(spec.world_i[NUM_STEPS]) for spec in specs) + 1 if records else 2
    paths = max(len(spec.paths) for spec in specs)
    signals = max(1, max(len(spec.signal_ids) for spec in specs))
    phases = max(1, max(len(spec.phase_i) for spec in specs))
    slots = max(slots_of(spec) for spec in specs)
    events = 64 + phases + 4 * actors
    held = 2 + max(int(spec.world_f[EGO_DEAD_TIME] / spec.world_f[DT]) for spec in specs)
    return Batch(
        **{name: values[list(rows)] for name, values in constants(specs).items()},
        state=np.zeros((num_worlds, STATE_COLUMNS, actors)),
        flags=np.zeros((num_worlds, INT_COLUMNS, actors), dtype=np.int64),
        proj=np.full((num_worlds, paths, PROJ_COLUMNS, actors), np.nan),
        work=np.full((num_worlds, WORK_COLUMNS, actors), np.nan),
        run=np.zeros((num_worlds, RUN_INTS), dtype=np.int64),
        signal=np.zeros((num_worlds, signals), dtype=np.int64),
        history=np.full((num_worlds, slots, 2, actors), np.inf),
        phase_t=np.zeros((num_worlds, phases)),
        # Rows beyond the present step are never read, so they need not be written first.
        log=log_of((num_worlds, steps, LOG_COLUMNS, actors), specs),
        log_valid=np.empty((num_worlds, steps, actors), dtype=np.uint8),
        log_lights=np.empty((num_worlds, steps, actors), dtype=np.uint8),
        log_signal=np.empty((num_worlds, steps, signals), dtype=np.uint8),
        events=np.zeros((num_worlds, events, EVENT_COLUMNS)),
        commands=np.zeros((num_worlds, held, 2)),
        mind=np.zeros((num_worlds, MIND_COLUMNS, actors)),
    )


def log_of(shape: tuple[int, int, int, int], specs: Sequence[WorldSpec]) -> np.ndarray:
    """An empty log; where there are riders one column more, for their lean, which is 0 for everybody else."""
    if not any(np.any(spec.param_i[BODY] == BODY_RIDER) for spec in specs):
        return np.empty(shape)
    log = np.empty((*shape[:2], shape[2] + 1, shape[3]))
    log[:, :, shape[2]] = 0.0
    return log


def slots_of(spec: WorldSpec) -> int:
    """How many past moments drivers must remember: the longest delay, and the longest glance with it."""
    delay = spec.param_i[DELAY]
    glance = 0.0 if spec.habit is None else np.ceil(spec.habit[H_GLANCE] / spec.world_f[DT])
    return int((delay + glance).max()) + 2


def rewind(batch: Batch, b: int, spec: WorldSpec) -> None:
    """Puts everything that moves in one world back to the beginning; the kernels then complete the first moment."""
    count = int(spec.world_i[NUM_ACTORS])
    batch.state[b], batch.flags[b] = 0.0, 0
    batch.state[b, :, :count], batch.flags[b, :, :count] = spec.state, spec.flags
    batch.proj[b, :, Q_S, :], batch.work[b] = np.nan, np.nan
    batch.run[b] = 0
    batch.run[b, CRASH_STEP] = -1
    batch.signal[b] = 0
    batch.history[b] = np.inf
    batch.phase_t[b] = 0.0
    batch.mind[b] = 0.0
    batch.log[b, :, LOG_COLUMNS:] = 0.0
