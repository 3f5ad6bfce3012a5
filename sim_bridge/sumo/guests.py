"""SUMO's vehicles as actors of an embedded world: moved row by row as a log would move them, one step ahead."""

import math
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from driving_data.errors import RoadloomError, Unsupported
from driving_data.rollout import Actors
from driving_data.taxonomy import ActorClass, Light
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.classes import traits_of
from sim_bridge.embedded.layout import Batch
from sim_bridge.embedded.worlds import WorldSpec
from sim_bridge.sumo.options import SumoOptions
from sim_bridge.sumo.worker import FREE_SPEED_MPS, LENGTH_M, WIDTH_M, Row, serve

HEIGHT_M = 1.5
BRAKES, RIGHT, LEFT = 8, 1, 2
# Of SUMO's passenger car: tau, minGap, accel, decel.
DEFAULT_DRIVER = (1.0, 2.5, 2.6, 4.5)


@dataclass(frozen=True, slots=True, eq=False)
class GuestPlan:
    """What a session needs to have SUMO's traffic in a world.

    Attributes:
        options: how much traffic.
        opendrive: the road.
        own: actors of the scenario; guests come behind them.
        seed: of the world.
        lights: name of each light and the lanes that it controls.
    """

    options: SumoOptions
    opendrive: str
    own: int
    seed: int
    lights: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def player(self, world: int) -> "Guests":
        """Who moves the guests of that world of a batch."""
        return Guests(self, world)


def with_guests(spec: WorldSpec, plan: GuestPlan) -> WorldSpec:
    """The world with room for its guests, who are not there yet."""
    more, steps = plan.options.vehicles, int(spec.world_i[at.NUM_STEPS]) + 1
    traits, size = traits_of(ActorClass.CAR), (LENGTH_M, WIDTH_M, HEIGHT_M)
    param_f, param_i = wider(spec.param_f, more), wider(spec.param_i, more)
    own = plan.own
    param_f[[at.LENGTH, at.WIDTH, at.HEIGHT], own:] = np.array(size)[:, None]
    param_f[at.MASS, own:], param_f[at.FORESIGHT, own:] = traits.mass_kg, traits.foresight_s
    param_f[at.JERK, own:] = traits.jerk_mps3
    # Drivers with habits ask how a guest would follow them: as SUMO's default driver, at the limit of the road.
    param_f[[at.HEADWAY, at.MIN_GAP, at.MAX_ACCEL, at.COMFORT], own:] = np.array(DEFAULT_DRIVER)[:, None]
    param_i[at.KIND, own:], param_i[at.LAMPS, own:] = int(ActorClass.CAR), traits.lamps
    flags = wider(spec.flags, more)
    flags[at.MODE, own:] = at.MODE_REPLAY
    flags[[at.PATH, at.SPEED_PHASE, at.LATERAL_PHASE, at.PATH_PHASE], own:] = -1
    state = wider(spec.state, more)
    state[at.DESIRED, own:] = float(FREE_SPEED_MPS)
    world_i = spec.world_i.copy()
    world_i[at.NUM_ACTORS] = own + more
    actors = Actors(
        (*spec.actors.ids, *(f"sumo_{k}" for k in range(more))),
        np.concatenate([spec.actors.kind, np.full(more, int(ActorClass.CAR))]),
        np.concatenate([spec.actors.size_m, np.tile(np.array([size]), (more, 1))]),
        np.concatenate([spec.actors.rear_axle_to_center_m, np.full(more, 0.3 * LENGTH_M)]),
    )
    return replace(
        spec,
        actors=actors,
        world_i=world_i,
        param_f=param_f,
        param_i=param_i,
        state=state,
        flags=flags,
        habit=None if spec.habit is None else wider(spec.habit, more),
        replay=np.zeros((steps, at.LOG_COLUMNS + 1, own + more)),
        replay_valid=np.zeros((steps, own + more), dtype=np.int64),
        replay_signal=np.zeros((steps, spec.replay_signal.shape[1]), dtype=np.int64),
        guests=plan,
    )


def wider(columns: np.ndarray, more: int) -> np.ndarray:
    """The columns (C, A) with room for more actors."""
    return np.concatenate([columns, np.zeros((len(columns), more), dtype=columns.dtype)], axis=1)


class Guests:
    """Moves the guests of one world; SUMO runs in a process of its own."""

    def __init__(self, plan: GuestPlan, world: int) -> None:
        self._plan, self._world = plan, world
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._before: dict[int, Row] = {}
        self._shown: dict[int, str] = {}

    @property
    def world(self) -> int:
        """Which world of the batch it plays."""
        return self._world

    @property
    def shown(self) -> dict[str, str]:
        """What SUMO's lights showed in the last step, read back from SUMO: a letter per way that a light rules."""
        return {self._plan.lights[k][0]: letters for k, letters in sorted(self._shown.items())}

    def begin(self, batch: Batch) -> None:
        """Starts SUMO again for a rewound world."""
        chosen = self._plan.options
        road = {
            "opendrive": self._plan.opendrive,
            "step_s": float(batch.world_f[self._world, at.DT]),
            "seed": self._plan.seed,
            "actors": [(self._name(i), *self._size(batch, i)) for i in range(self._plan.own)],
            "poses": self._poses(batch),
            "lights": [lanes for _, lanes in self._plan.lights],
        }
        settings = {
            "vehicles": chosen.vehicles, "depart_s": chosen.depart_s, "car_following": chosen.car_following,
            "clear_m": chosen.clear_m,
        }  # fmt: skip
        unmatched = self._ask("start", road, settings)
        if unmatched:
            names = ", ".join(self._plan.lights[k][0] for k in unmatched)
            raise Unsupported(f"SUMO's network of the road has no links for these traffic lights: {names}")
        self._before, self._shown = {}, {}
        batch.replay_valid[self._world] = 0

    def before(self, batch: Batch, drives: bool) -> bool:
        """Writes where the guests will be at the next step; they see actors and lights as they are now."""
        b = self._world
        if batch.run[b, at.WORLD_DONE] == 1:
            return False
        lit = batch.signal[b, : len(self._plan.lights)].tolist()
        step = int(batch.run[b, at.STEP]) + 1
        rows, self._shown = self._ask("step", self._poses(batch), lit)
        if step < batch.replay.shape[1]:
            batch.replay_valid[b, step, self._plan.own :] = 0
            for row in rows:
                self._write(batch, step, row)
        self._before = {row[0]: row for row in rows}
        return True

    def after(self, batch: Batch, drives: bool) -> None:
        """Nothing is left to do after a step."""

    def close(self) -> None:
        """Ends SUMO."""
        if self._pipe is not None and self._process is not None:
            self._pipe.send(("stop",))
            self._process.join(timeout=10.0)
            self._pipe.close()
        self._pipe = self._process = None

    def _ask(self, *what: object) -> Any:
        if self._pipe is None:
            # A process of a fresh interpreter: libsumo must not share one with threads that numba holds.
            context = get_context("spawn")
            self._pipe, far = context.Pipe()
            self._process = context.Process(target=serve, args=(far,), daemon=True)
            self._process.start()
            far.close()
        self._pipe.send(what)
        try:
            state, answer = self._pipe.recv()
        except EOFError:
            raise RoadloomError("SUMO's process ended without a word") from None
        if state == "failed":
            raise RoadloomError(f"SUMO failed: {answer}")
        return answer

    def _name(self, i: int) -> str:
        return f"roadloom_{i}"

    def _size(self, batch: Batch, i: int) -> tuple[float, float]:
        f = batch.param_f[self._world]
        return float(f[at.LENGTH, i]), float(f[at.WIDTH, i])

    def _poses(self, batch: Batch) -> list[tuple[str, float, float, float, float]]:
        state, flags = batch.state[self._world], batch.flags[self._world]
        return [
            (
                self._name(i), float(state[at.X, i]), float(state[at.Y, i]), float(state[at.YAW, i]),
                float(state[at.SPEED, i]),
            )
            for i in range(self._plan.own)
            if flags[at.VALID, i] == 1
        ]  # fmt: skip

    def _write(self, batch: Batch, step: int, row: Row) -> None:
        slot, x, y, z, yaw, speed, accel, signals = row
        i, out = self._plan.own + slot, batch.replay[self._world, step]
        dt = float(batch.world_f[self._world, at.DT])
        last = self._before.get(slot)
        rate = 0.0 if last is None else math.remainder(yaw - last[4], 2.0 * math.pi) / dt
        cos, sin = math.cos(yaw), math.sin(yaw)
        lit = (int(Light.BRAKE) if signals & BRAKES else 0) | (8 if signals & LEFT else 0)
        lit |= 16 if signals & RIGHT else 0
        out[:, i] = 0.0
        out[[at.X, at.Y, at.Z, at.YAW], i] = x, y, z, yaw
        out[[at.VX, at.VY], i] = speed * cos, speed * sin
        out[[at.AX, at.AY], i] = accel * cos - speed * rate * sin, accel * sin + speed * rate * cos
        out[[at.YAW_RATE, at.ALONG], i] = rate, accel
        out[at.LOG_COLUMNS, i] = lit
        batch.replay_valid[self._world, step, i] = 1
