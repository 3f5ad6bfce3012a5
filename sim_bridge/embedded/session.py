"""B running worlds: what the embedded simulator and the replay hand out."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from driving_data.errors import RoadloomError, Unsupported, nearest_name
from driving_data.ports import Control, Observation
from driving_data.rollout import FaultSpan, Rollout
from scenarios.behaviour import FailSignal
from sim_bridge.embedded.engines import NOTHING_SHOWN_M, CpuEngine, Engine, are_plain, feels_trailers, thinking
from sim_bridge.embedded.layout import DT, STEP, Batch, Pool
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.rollouts import make_rollout
from sim_bridge.embedded.senses import Senses
from sim_bridge.embedded.storyboard.player import Player as StoryPlayer
from sim_bridge.embedded.triggered import FailingLights, sensor_faults
from sim_bridge.embedded.views import Window, nothing_shown
from sim_bridge.embedded.world_kernels import CONSTANT_SPEED, EXTERNAL, IDM_LANE_FOLLOW
from sim_bridge.embedded.worlds import Player, WorldSpec, constants, pack, rewind

DRIVERS = {"idm_lane_follow": IDM_LANE_FOLLOW, "constant_speed": CONSTANT_SPEED}
STORYBOARD = "storyboard"


class EmbeddedSession:
    """B worlds that advance together; each is computed by itself, so batch and threads never change a byte."""

    def __init__(
        self, specs: Sequence[WorldSpec], pool: Pool, options: EmbeddedOptions, rows: Sequence[int] | None = None
    ) -> None:
        """A world for each of `specs`, or for each of `rows`, which are indices of specifications."""
        self._library = list(specs)
        rows = range(len(self._library)) if rows is None else rows
        self._specs = [self._library[row] for row in rows]
        self._records = options.records
        self._batch = pack(self._library, rows, options.records)
        self._engine = open_engine(self._library, pool, self._batch, options)
        self._closed = False
        self._idle = np.zeros(len(self._specs))
        self._window = Window.of(self._specs, self._batch)
        self._constants: dict[str, np.ndarray] | None = None
        self._players = players_of(self._specs)
        self._senses = Senses(self._specs)
        self._begin()

    def reset(self) -> Observation:
        """Starts every world again from its scenario and seed."""
        self._refuse_closed()
        self._begin()
        return self._look()

    def place(self, slots: Sequence[int], rows: Sequence[int]) -> Observation:
        """Puts other worlds, by the indices of their specifications, into slots of the batch and begins them."""
        self._refuse_closed()
        if self._constants is None:
            self._constants = constants(self._library)
        for slot, row in zip(slots, rows, strict=True):
            for name, values in self._constants.items():
                getattr(self._batch, name)[slot] = values[row]
            self._specs[slot] = self._library[row]
        self._window = Window.of(self._specs, self._batch)
        for player in self._players:
            if player.world in slots:
                player.close()
        others = [player for player in self._players if player.world not in slots]
        self._players = others + [player for player in players_of(self._specs) if player.world in slots]
        for slot in slots:
            rewind(self._batch, slot, self._specs[slot])
            self._begin_players(slot)
            self._engine.begin(slot, slot + 1)
            self._senses.begin(self._batch, slot)
        return self._look()

    def step(self, control: Control) -> Observation:
        """Advances every world that has not ended by one step.

        Raises:
            ValueError: the control is not finite or not of shape (B,).
        """
        self._refuse_closed()
        shape = (len(self._specs),)
        accel = np.asarray(control.acceleration_mps2, dtype=np.float64)
        steer = np.asarray(control.steering_rad, dtype=np.float64)
        if accel.shape != shape or steer.shape != shape:
            raise ValueError(
                f"controls of {len(self._specs)} worlds need shape {shape}, not {accel.shape}, {steer.shape}"
            )
        if not (all_finite(accel) and all_finite(steer)):
            raise ValueError("controls must be finite numbers")
        return self._advance(1, EXTERNAL, accel, steer)

    def run(self, num_steps: int, policy_kernel: str) -> Observation:
        """Advances by `num_steps` with a built-in ego driver, inside compiled code.

        `idm_lane_follow` minds leaders, lights, crossing traffic and curves; `constant_speed` holds the target speed
        along its route and minds nothing. `storyboard` does what the storyboard of the scenario says of the ego.

        Raises:
            Unsupported: no built-in driver has that name, or a scenario has no storyboard.
        """
        self._refuse_closed()
        if policy_kernel == STORYBOARD:
            if any(spec.story is None for spec in self._specs):
                raise Unsupported(
                    "the driver 'storyboard' needs scenarios with a storyboard, as OpenSCENARIO files give"
                )
            self._play(num_steps, EXTERNAL, self._idle, self._idle, drives=False)
            return self._look()
        driver = DRIVERS.get(policy_kernel)
        if driver is None:
            near = nearest_name(policy_kernel, DRIVERS)
            hint = f"; did you mean {near!r}?" if near else ""
            raise Unsupported(f"no built-in driver {policy_kernel!r}; there are {', '.join(sorted(DRIVERS))}{hint}")
        return self._advance(num_steps, driver, self._idle, self._idle)

    def rollouts(self) -> tuple[Rollout, ...]:
        """What happened so far, one rollout per world; its first moment is the initial state."""
        self._refuse_closed()
        if not self._records:
            raise Unsupported("nothing was recorded: this session was opened with the option records=False")
        self._engine.fetch()
        return tuple(make_rollout(spec, self._batch, b, self._senses.received(b)) for b, spec in enumerate(self._specs))

    def close(self) -> None:
        """Ends the session; a second call does nothing."""
        if not self._closed:
            self._engine.close()
            for player in self._players:
                player.close()
        self._closed = True

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RoadloomError("this session is closed; open another one")

    def _begin(self) -> None:
        for slot, spec in enumerate(self._specs):
            rewind(self._batch, slot, spec)
            self._begin_players(slot)
        self._engine.begin(0, len(self._specs))
        for slot in range(len(self._specs)):
            self._senses.begin(self._batch, slot)

    def _begin_players(self, slot: int) -> None:
        for player in self._players:
            if player.world == slot:
                player.begin(self._batch)

    def _play(self, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray, drives: bool) -> None:
        """Advances step by step, with what the storyboards say before each; `drives`: the egos are driven."""
        unseen = nothing_shown()
        for _ in range(num_steps):
            moving = [player for player in self._players if player.before(self._batch, drives)]
            if len({player.world for player in self._players}) == len(self._specs) and not moving:
                return
            self._engine.play(1, driver, accel, steer, unseen, NOTHING_SHOWN_M)
            for player in moving:
                player.after(self._batch, drives)
            self._feel()

    def _feel(self) -> None:
        if self._senses.any:
            self._engine.fetch()
            self._senses.feel(self._batch)

    def _advance(self, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray) -> Observation:
        if self._players:
            self._play(num_steps, driver, accel, steer, drives=True)
            return self._look()
        if self._senses.any:
            unseen = nothing_shown()
            for _ in range(num_steps):
                self._engine.play(1, driver, accel, steer, unseen, NOTHING_SHOWN_M)
                self._feel()
            return self._look()
        view = self._window.blank()
        self._engine.play(num_steps, driver, accel, steer, view, self._window.spacing_m)
        return self._with_faults(self._window.observation(view))

    def _look(self) -> Observation:
        view = self._window.blank()
        self._engine.play(0, EXTERNAL, self._idle, self._idle, view, self._window.spacing_m)
        seen = self._with_faults(self._window.observation(view))
        return self._senses.tell(seen) if self._senses.any else seen

    def _with_faults(self, seen: Observation) -> Observation:
        """The observation with what is wrong with sensors now, where anything ever is."""
        if not any(spec.sensor_faults or spec.triggered for spec in self._specs):
            return seen
        self._engine.fetch()
        return replace(seen, sensor_faults=tuple(self._faults(b) for b in range(len(self._specs))))

    def _faults(self, b: int) -> tuple[FaultSpan, ...]:
        spec, now_ns = self._specs[b], round(float(self._batch.run[b, STEP] * self._batch.world_f[b, DT]) * 1e9)
        faults = sensor_faults(spec.sensor_faults, spec.triggered, self._batch, b)
        return tuple(fault for fault in faults if fault.is_active(now_ns))


def players_of(specs: Sequence[WorldSpec]) -> list[Player]:
    """Who moves actors of worlds from outside the kernels: storyboards and background traffic."""
    stories = [StoryPlayer(spec.story, world) for world, spec in enumerate(specs) if spec.story is not None]
    failing = [
        FailingLights(spec.triggered, spec.signal_ids, world)
        for world, spec in enumerate(specs)
        if any(isinstance(event.node, FailSignal) for event in spec.triggered)
    ]
    return [
        *stories,
        *failing,
        *(spec.guests.player(world) for world, spec in enumerate(specs) if spec.guests is not None),
    ]


def open_engine(specs: Sequence[WorldSpec], pool: Pool, batch: Batch, options: EmbeddedOptions) -> Engine:
    """What advances the batch on the device that was asked for.

    Raises:
        Unsupported: the device cannot play these worlds.
        RoadloomError: the device is not there, or the package that it needs.
    """
    if options.device == "cpu":
        return CpuEngine(pool, batch, options.num_threads, thinking(specs), feels_trailers(specs), are_plain(specs))
    if any(spec.story is not None for spec in specs):
        raise Unsupported("storyboards are played on device 'cpu' only: they speak to every step from outside")
    if any(isinstance(event.node, FailSignal) for spec in specs for event in spec.triggered):
        raise Unsupported("lights that fail by a trigger are played on device 'cpu' only: they are set between steps")
    if thinking(specs):
        raise Unsupported("drivers with habits, walkers and agents of logs are played on device 'cpu' only")
    if feels_trailers(specs):
        raise Unsupported("an ego that feels its trailer is played on device 'cpu' only; or choose feels_trailer=False")
    from sim_bridge.embedded.cuda_engine import CudaEngine

    return CudaEngine(pool, batch)


def all_finite(values: np.ndarray) -> bool:
    """Whether all numbers are finite; of one number without the cost of an array operation."""
    return math.isfinite(values[0]) if len(values) == 1 else bool(np.isfinite(values).all())
