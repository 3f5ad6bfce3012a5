"""Plays a storyboard inside a session: before each step of a world it writes where everybody goes."""

import math

import numpy as np
from scipy.spatial import KDTree

from driving_data.taxonomy import Light
from scenarios.storyboard import signal_state
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.layout import Batch
from sim_bridge.embedded.storyboard.distances import touch
from sim_bridge.embedded.storyboard.engine import Engine, box_center
from sim_bridge.embedded.storyboard.network import wrapped
from sim_bridge.embedded.storyboard.plan import StoryPlan
from sim_bridge.embedded.storyboard.stage import Body
from sim_bridge.embedded.storyboard.tree import Element

BRAKES_MPS2 = -0.5


class Player:
    """One world of a session that plays a storyboard.

    Everybody is moved as a log would move them, row by row; the rows are written one step ahead. The ego is moved so
    too until somebody drives it; from then on it is dynamic and the storyboard only watches it.
    """

    def __init__(self, plan: StoryPlan, world: int) -> None:
        self._plan = plan
        self._world = world
        self._tree = KDTree(plan.path.rows[:, at.PX : at.PY + 1])
        self._engine: Engine | None = None
        self._touching: set[tuple[int, int]] = set()
        self._events: list[Element] = []
        self._begun: list[int] = []

    @property
    def world(self) -> int:
        """Which world of the batch it plays."""
        return self._world

    def begin(self, batch: Batch) -> None:
        """Puts a rewound world into the first moment of the storyboard."""
        self._engine = self._plan.engine()
        self._events = [element for element in self._engine.tree.root.walk() if element.kind == "event"]
        self._begun = [element.executions for element in self._events]
        self._touching = set()
        b, count = self._world, len(self._plan.names)
        self._write(batch, 0)
        row = batch.replay[b, 0]
        batch.state[b, : at.LOG_COLUMNS, :count] = row[: at.LOG_COLUMNS, :count]
        batch.state[b, at.SPEED, :count] = np.hypot(row[at.VX, :count], row[at.VY, :count])
        batch.flags[b, at.VALID, :count] = batch.replay_valid[b, 0, :count]
        self._find_ego(batch)

    def before(self, batch: Batch, drives: bool) -> bool:
        """Computes the next moment; `drives` says whether somebody drives the ego. False once the story has ended."""
        engine, b = self._engine, self._world
        if engine is None or batch.run[b, at.WORLD_DONE] == 1:
            return False
        ego = engine.stage.bodies[self._plan.board.ego]
        if drives:
            self._hand_over(batch, ego)
        else:
            ego.outside = False
            batch.flags[b, at.MODE, 0] = at.MODE_REPLAY
        if not engine.step(float(batch.world_f[b, at.DT])):
            batch.run[b, at.WORLD_DONE] = 1
            return False
        self._write(batch, int(batch.run[b, at.STEP]) + 1)
        self._note_triggers(batch)
        return True

    def after(self, batch: Batch, drives: bool) -> None:
        """Notes what happened in the step: contacts of moved actors, and where the ego is on its way."""
        if drives:
            return
        batch.run[self._world, at.CRASH_STEP] = -1
        self._note_contacts(batch)
        self._find_ego(batch)

    def close(self) -> None:
        """There is nothing to free."""

    def _hand_over(self, batch: Batch, ego: Body) -> None:
        """Tells the engine where the ego is; the first time, lets the kernels drive it from there."""
        state, b = batch.state[self._world], self._world
        if batch.flags[b, at.MODE, 0] == at.MODE_REPLAY:
            batch.flags[b, at.MODE, 0] = at.MODE_EGO
            state[at.SPEED, 0] = max(ego.speed, 0.0)
            state[at.ACCEL, 0] = state[at.STEER, 0] = 0.0
        cx, cy, _ = ego.entity.center_m
        x, y, yaw = (float(state[k, 0]) for k in (at.X, at.Y, at.YAW))
        cos, sin = math.cos(yaw), math.sin(yaw)
        engine = self._engine
        if engine is not None:
            engine.put(ego.name, x - cx * cos + cy * sin, y - cx * sin - cy * cos, yaw, float(state[at.SPEED, 0]))

    def _find_ego(self, batch: Batch) -> None:
        """Where the ego is on its way, for what policies see of it."""
        state, rows = batch.state[self._world], self._plan.path.rows
        x, y = float(state[at.X, 0]), float(state[at.Y, 0])
        _, row = self._tree.query((x, y))
        tx, ty = rows[row, at.PTX], rows[row, at.PTY]
        dx, dy = x - rows[row, at.PX], y - rows[row, at.PY]
        state[at.S, 0] = row * self._plan.path.spacing_m + dx * tx + dy * ty
        state[at.D, 0] = -dx * ty + dy * tx

    def _write(self, batch: Batch, step: int) -> None:
        """Writes the present moment of the engine as row `step` of the log that the kernels replay."""
        engine, b = self._engine, self._world
        if engine is None or step >= batch.replay.shape[1]:
            return
        stage = engine.stage
        for i, name in enumerate(self._plan.names):
            body = stage.bodies[name]
            batch.replay_valid[b, step, i] = int(body.active)
            batch.replay[b, step, :, i] = self._row(body, stage.time)
        for k, signal in enumerate(self._plan.signal_ids):
            text = stage.signals.shown.get(signal)
            batch.replay_signal[b, step, k] = 7 if text is None else int(signal_state(text))

    def _row(self, body: Body, time: float) -> list[float]:
        place = body.place
        x, y, z = box_center(body)
        yaw, along = place.heading, place.along if place.road else place.heading
        climb, bank = (-math.tan(place.pitch - place.own_pitch), math.tan(place.roll - place.own_roll))
        climb, bank = (climb, bank) if place.road else (0.0, 0.0)
        cos, sin = math.cos(along), math.sin(along)
        vx, vy, _ = body.velocity
        ax, ay, _ = body.acceleration
        rate = body.yaw_rate
        # The middle of the box swings about the reference point.
        lx, ly = x - place.x, y - place.y
        ahead = ax * math.cos(yaw) + ay * math.sin(yaw)
        speed = max(abs(body.speed), 0.1)
        steer = 0.0
        if body.entity.front_axle_m is not None:
            steer = math.atan(rate * (body.entity.front_axle_m - body.entity.rear_axle_m) / speed)
        return [
            x, y, z, wrapped(yaw), climb * cos - bank * sin, climb * sin + bank * cos, vx - rate * ly, vy + rate * lx,
            ax, ay, rate, steer, ahead, float(self._lights(body, time, ahead)),
        ]  # fmt: skip

    def _lights(self, body: Body, time: float, ahead: float) -> int:
        bits = body.lit(time)
        if body.entity.category == "vehicle":
            if "brakeLights" not in body.lamps and ahead < BRAKES_MPS2:
                bits |= int(Light.BRAKE)
            if "lowBeam" not in body.lamps and self._plan.dim:
                bits |= int(Light.LOW_BEAM)
        return bits

    def _note_triggers(self, batch: Batch) -> None:
        """Records events of the storyboard that have just begun, with who acts in them first.

        Half of the rows are left for what happens on the road.
        """
        b, names = self._world, self._plan.names
        for k, element in enumerate(self._events):
            if element.executions > self._begun[k]:
                self._begun[k] = element.executions
                actor = next((child.body.name for child in element.children if child.body is not None), "")
                row = int(batch.run[b, at.NUM_EVENTS])
                if actor in names and row < batch.events.shape[1] // 2:
                    step = float(batch.run[b, at.STEP] + 1)
                    batch.events[b, row] = [step, at.EVENT_TRIGGER, names.index(actor), -1.0, float(k), 0, 0, 0, 0]
                    batch.run[b, at.NUM_EVENTS] = row + 1

    def _note_contacts(self, batch: Batch) -> None:
        """Records who begins to touch whom; the kernels leave contacts between replayed actors alone."""
        engine, b = self._engine, self._world
        if engine is None:
            return
        bodies = [engine.stage.bodies[name] for name in self._plan.names]
        now: set[tuple[int, int]] = set()
        for i, one in enumerate(bodies):
            for j in range(i + 1, len(bodies)):
                other = bodies[j]
                coupled = one.tow is other or other.tow is one
                if one.active and other.active and not coupled and touch(one, other):
                    now.add((i, j))
        for i, j in sorted(now - self._touching):
            row = int(batch.run[b, at.NUM_EVENTS])
            if row < batch.events.shape[1]:
                batch.events[b, row] = self._contact(bodies[i], bodies[j], i, j, int(batch.run[b, at.STEP]))
                batch.run[b, at.NUM_EVENTS] = row + 1
        self._touching = now

    def _contact(self, one: Body, other: Body, i: int, j: int, step: int) -> list[float]:
        vx, vy = one.velocity[0] - other.velocity[0], one.velocity[1] - other.velocity[1]
        ox, oy, _ = box_center(other)
        mx, my, _ = box_center(one)
        size = max(math.hypot(ox - mx, oy - my), 1e-9)
        nx, ny = (ox - mx) / size, (oy - my) / size
        ahead = nx * math.cos(one.place.heading) + ny * math.sin(one.place.heading)
        left = -nx * math.sin(one.place.heading) + ny * math.cos(one.place.heading)
        side = (0 if ahead > 0 else 1) if abs(ahead) >= abs(left) else (2 if left > 0 else 3)
        closing = max(vx * nx + vy * ny, 0.0)
        row = (step, at.EVENT_COLLISION, i, j, math.hypot(vx, vy), vx, vy, side, closing)
        return [float(value) for value in row]
