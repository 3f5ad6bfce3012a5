"""B running worlds: what the embedded simulator and the replay hand out."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from driving_data.errors import RoadloomError, Unsupported, nearest_name
from driving_data.ports import Control, Observation
from driving_data.rollout import Rollout
from sim_bridge.embedded.layout import (
    ALONG,
    DRIVER,
    DRIVER_AGENT,
    DRIVER_HABITS,
    DRIVER_IMITATION,
    DRIVER_WALKER,
    DT,
    FRICTION,
    GX,
    GY,
    HEIGHT,
    KIND,
    LENGTH,
    REAR,
    STEER,
    STEP,
    VALID,
    VX,
    VY,
    WHEELBASE,
    WIDTH,
    WORLD_DONE,
    YAW,
    YAW_RATE,
    Batch,
    Pool,
    X,
    Y,
    Z,
)
from sim_bridge.embedded.rollouts import make_rollout
from sim_bridge.embedded.storyboard.player import Player
from sim_bridge.embedded.think_kernels import agent_band, think_band, walk_band
from sim_bridge.embedded.world_kernels import (
    CONSTANT_SPEED,
    EXTERNAL,
    IDM_LANE_FOLLOW,
    begin_band,
    observe_band,
    run_band,
)
from sim_bridge.embedded.worlds import WorldSpec, pack, rewind

ROUTE_POINTS = 100
ROUTE_SPACING_M = 1.0
DRIVERS = {"idm_lane_follow": IDM_LANE_FOLLOW, "constant_speed": CONSTANT_SPEED}
STORYBOARD = "storyboard"


Think = Callable[[Pool, Batch, int, int], None]


def thinking(specs: Sequence[WorldSpec]) -> tuple[Think, ...]:
    """The kernels in which actors of these worlds decide before each step; empty for plain car followers."""
    codes = {int(code) for spec in specs for code in spec.param_i[DRIVER]}
    found: list[Think] = []
    if codes & {DRIVER_HABITS, DRIVER_IMITATION}:
        found.append(think_band)
    if DRIVER_WALKER in codes:
        found.append(walk_band)
    if DRIVER_AGENT in codes:
        found.append(agent_band)
    return tuple(found)


class EmbeddedSession:
    """B worlds that advance together; each is computed by itself, so batch and threads never change a byte."""

    def __init__(self, specs: Sequence[WorldSpec], pool: Pool, num_threads: int = 1) -> None:
        self._specs = list(specs)
        self._pool = pool
        self._batch = pack(self._specs)
        self._threads = max(1, min(num_threads, len(self._specs)))
        self._executor = ThreadPoolExecutor(self._threads) if self._threads > 1 else None
        self._closed = False
        self._thinks = thinking(self._specs)
        self._size_m = np.ascontiguousarray(
            np.stack([self._batch.param_f[:, column] for column in (LENGTH, WIDTH, HEIGHT)], axis=-1)
        )
        self._maps = tuple(spec.lane_map for spec in self._specs)
        self._routes = tuple(spec.ego_route for spec in self._specs)
        self._ego = np.array([spec.ego_index for spec in self._specs], dtype=np.int64)
        self._players = [Player(spec.story, b) for b, spec in enumerate(self._specs) if spec.story is not None]
        self._begin()

    def reset(self) -> Observation:
        """Starts every world again from its scenario and seed."""
        self._refuse_closed()
        self._begin()
        return self._observe()

    def step(self, control: Control) -> Observation:
        """Advances every world that has not ended by one step.

        Raises:
            ValueError: the control is not finite or not of shape (B,).
        """
        self._refuse_closed()
        shape = (len(self._specs),)
        accel = np.array(control.acceleration_mps2, dtype=np.float64)
        steer = np.array(control.steering_rad, dtype=np.float64)
        if accel.shape != shape or steer.shape != shape:
            raise ValueError(
                f"controls of {len(self._specs)} worlds need shape {shape}, not {accel.shape}, {steer.shape}"
            )
        if not (np.isfinite(accel).all() and np.isfinite(steer).all()):
            raise ValueError("controls must be finite numbers")
        self._advance(1, EXTERNAL, accel, steer)
        return self._observe()

    def run(self, num_steps: int, policy_kernel: str) -> Observation:
        """Advances by `num_steps` with a built-in ego driver, inside compiled code.

        `idm_lane_follow` minds leaders, lights, crossing traffic and curves; `constant_speed` holds the target speed
        along its route and minds nothing. `storyboard` does what the storyboard of the scenario says of the ego.

        Raises:
            Unsupported: no built-in driver has that name, or a scenario has no storyboard.
        """
        self._refuse_closed()
        idle = np.zeros(len(self._specs))
        if policy_kernel == STORYBOARD:
            if len(self._players) < len(self._specs):
                raise Unsupported(
                    "the driver 'storyboard' needs scenarios with a storyboard, as OpenSCENARIO files give"
                )
            self._play(num_steps, EXTERNAL, idle, idle, drives=False)
            return self._observe()
        driver = DRIVERS.get(policy_kernel)
        if driver is None:
            near = nearest_name(policy_kernel, DRIVERS)
            hint = f"; did you mean {near!r}?" if near else ""
            raise Unsupported(f"no built-in driver {policy_kernel!r}; there are {', '.join(sorted(DRIVERS))}{hint}")
        self._advance(num_steps, driver, idle, idle)
        return self._observe()

    def rollouts(self) -> tuple[Rollout, ...]:
        """What happened so far, one rollout per world; its first moment is the initial state."""
        self._refuse_closed()
        return tuple(make_rollout(spec, self._batch, b) for b, spec in enumerate(self._specs))

    def close(self) -> None:
        """Ends the session; a second call does nothing."""
        if not self._closed and self._executor is not None:
            self._executor.shutdown()
        self._closed = True

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RoadloomError("this session is closed; open another one")

    def _begin(self) -> None:
        rewind(self._batch, self._specs)
        for player in self._players:
            player.begin(self._batch)
        self._over_bands(lambda first, last: begin_band(self._pool, self._batch, first, last))

    def _play(self, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray, drives: bool) -> None:
        """Advances step by step, with what the storyboards say before each; `drives`: the egos are driven."""
        for _ in range(num_steps):
            moving = [player for player in self._players if player.before(self._batch, drives)]
            if len(self._players) == len(self._specs) and not moving:
                return
            self._kernels(1, driver, accel, steer)
            for player in moving:
                player.after(self._batch, drives)

    def _advance(self, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray) -> None:
        if self._players:
            self._play(num_steps, driver, accel, steer, drives=True)
        else:
            self._kernels(num_steps, driver, accel, steer)

    def _kernels(self, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray) -> None:
        if self._thinks:
            for _ in range(num_steps):
                for think in self._thinks:
                    self._over_bands(partial(think, self._pool, self._batch))
                self._move(1, driver, accel, steer)
        else:
            self._move(num_steps, driver, accel, steer)

    def _move(self, num_steps: int, driver: int, accel: np.ndarray, steer: np.ndarray) -> None:
        def band(first: int, last: int) -> None:
            run_band(self._pool, self._batch, first, last, num_steps, driver, accel, steer)

        self._over_bands(band)

    def _over_bands(self, work: Callable[[int, int], None]) -> None:
        """Calls `work` on contiguous bands of worlds, one per thread."""
        if self._executor is None:
            work(0, len(self._specs))
            return
        edges = [round(k * len(self._specs) / self._threads) for k in range(self._threads + 1)]
        tasks = [self._executor.submit(work, a, b) for a, b in itertools.pairwise(edges)]
        for task in tasks:
            task.result()

    def _observe(self) -> Observation:
        batch, worlds = self._batch, np.arange(len(self._specs))
        count = len(self._specs)
        route, limits = np.empty((count, ROUTE_POINTS, 3)), np.empty((count, ROUTE_POINTS))
        numbers, shown = np.empty((count, 3)), np.empty(count, dtype=np.int64)
        self._over_bands(
            lambda a, b: observe_band(self._pool, batch, a, b, route, limits, numbers, shown, ROUTE_SPACING_M)
        )
        valid = batch.flags[:, VALID] == 1
        state = np.where(valid[:, None, :], batch.state, np.nan)
        climb = state[:, GX] * state[:, VX] + state[:, GY] * state[:, VY]
        ego_param = batch.param_f[worlds, :, self._ego]
        return Observation(
            time_s=batch.run[:, STEP] * batch.world_f[:, DT],
            position_m=np.stack([state[:, X], state[:, Y], state[:, Z] + 0.5 * batch.param_f[:, HEIGHT]], axis=-1),
            yaw_rad=state[:, YAW].copy(),
            velocity_mps=np.stack([state[:, VX], state[:, VY], climb], axis=-1),
            acceleration_mps2=state[:, ALONG].copy(),
            yaw_rate_radps=state[:, YAW_RATE].copy(),
            size_m=self._size_m.copy(),
            kind=batch.param_i[:, KIND].copy(),
            valid=valid,
            ego_index=self._ego.copy(),
            rear_axle_to_center_m=ego_param[:, REAR].copy(),
            wheelbase_m=ego_param[:, WHEELBASE].copy(),
            steering_rad=batch.state[worlds, STEER, self._ego],
            route_m=route,
            route_spacing_m=ROUTE_SPACING_M,
            route_speed_limit_mps=limits,
            route_lateral_m=numbers[:, 0].copy(),
            route_remaining_m=numbers[:, 1].copy(),
            target_speed_mps=np.array([spec.target_speed_mps for spec in self._specs]),
            signal_distance_m=numbers[:, 2].copy(),
            signal_state=shown,
            road_friction=batch.world_f[:, FRICTION].copy(),
            done=batch.run[:, WORLD_DONE] == 1,
            lane_maps=self._maps,
            routes=self._routes,
        )
