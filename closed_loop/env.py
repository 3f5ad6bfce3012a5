"""Closed-loop driving as a Gymnasium environment: `gymnasium.make("roadloom/Drive-v0", scenarios=..., simulator=...)`.

Observation, a Dict of float32 boxes in the ego frame (rear axle; x forward, y left):
    ego       (8,)      speed, longitudinal acceleration, yaw rate, steering angle, lateral offset from the route,
                        target speed, distance left to the goal (at most 1000 m), road friction
    route     (20, 3)   every third metre of the route: x, y, speed limit (50 m/s where the map does not say)
    actors    (16, 9)   the nearest others: x, y, cos and sin of the heading, velocity x and y, length, width,
                        1 for people and two-wheelers; zeros where nobody is
    present   (16,)     1 where the row of `actors` is somebody
    signal    (5,)      distance to the next stop line (at most 200 m), then one-hot: none, green, yellow, red

Action, Box (2,): acceleration in m/s^2 (-8 to 4), steering angle in rad (-0.6 to 0.6).

Reward of a step: metres gained along the route / (target speed x step) (1 for driving as asked), minus 0.1 times the
squared share of the comfortable acceleration of 3 m/s^2, minus 20 at a collision, minus 10 at leaving the road or at
running a red light, plus 10 at the goal.

terminated: collision, off the road, or goal. truncated: the scenario's time is up.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float32

from closed_loop.environment.actions import shaped
from closed_loop.metrics.boxes import box_distance_m
from driving_data.errors import RoadloomError
from driving_data.ports import Control, Observation, Session, Simulator
from driving_data.taxonomy import VULNERABLE, SignalState
from scenarios.concrete import ConcreteScenario

ENV_ID = "roadloom/Drive-v0"
NUM_ROUTE = 20
ROUTE_EVERY_M = 3.0
NUM_ACTORS = 16
MAX_GOAL_M = 1000.0
MAX_SIGNAL_M = 200.0
NO_LIMIT_MPS = 50.0
TOUCH_M = 0.02
ACTION_LOW = np.array([-8.0, -0.6], dtype=np.float32)
ACTION_HIGH = np.array([4.0, 0.6], dtype=np.float32)
_VULNERABLE = tuple(int(kind) for kind in VULNERABLE)
_SIGNALS = {
    int(SignalState.GREEN): 1, int(SignalState.YELLOW): 2, int(SignalState.FLASHING_YELLOW): 2,
    int(SignalState.RED): 3, int(SignalState.RED_YELLOW): 3, int(SignalState.FLASHING_RED): 3,
}  # fmt: skip

Observed = dict[str, np.ndarray]


def observation_space() -> gymnasium.Space[Any]:
    """The space described at the top of the module."""

    def box(*shape: int) -> spaces.Box:
        return spaces.Box(-np.inf, np.inf, shape, np.float32)

    return spaces.Dict(
        {
            "ego": box(8),
            "route": box(NUM_ROUTE, 3),
            "actors": box(NUM_ACTORS, 9),
            "present": spaces.Box(0.0, 1.0, (NUM_ACTORS,), np.float32),
            "signal": spaces.Box(0.0, MAX_SIGNAL_M, (5,), np.float32),
        }
    )


def action_space() -> gymnasium.Space[np.ndarray]:
    """Acceleration in m/s^2 and steering angle in rad."""
    return spaces.Box(ACTION_LOW, ACTION_HIGH, dtype=np.float32)


class DriveEnv(gymnasium.Env[Observed, np.ndarray]):
    """One world. `reset(seed=...)` picks the scenario: the same seed, the same scenario and the same episode."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  Gymnasium declares it on the instance

    def __init__(self, scenarios: Sequence[ConcreteScenario], simulator: Simulator) -> None:
        if not scenarios:
            raise RoadloomError("an environment needs at least one scenario")
        self.scenarios = tuple(scenarios)
        self.simulator = simulator
        self.observation_space = observation_space()
        self.action_space = action_space()
        self._bounds = ACTION_LOW.astype(np.float64), ACTION_HIGH.astype(np.float64)
        self.scenario: ConcreteScenario | None = None
        self._session: Session | None = None
        self._seen: Observation | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observed, dict[str, Any]]:
        """Starts an episode; `options={"index": k}` names the scenario instead of drawing it.

        Raises:
            RoadloomError: there is no scenario of that index.
        """
        super().reset(seed=seed)
        index = (options or {}).get("index")
        index = int(self.np_random.integers(len(self.scenarios))) if index is None else int(index)
        if not 0 <= index < len(self.scenarios):
            raise RoadloomError(f"no scenario {index}; there are {len(self.scenarios)}")
        self.close()
        self.scenario = self.scenarios[index]
        self._session = self.simulator.open([self.scenario], [self.scenario.seed])
        self._seen = self._session.reset()
        return encode(self._seen, 0), {"index": index, "scenario": self.scenario.name}

    def step(self, action: np.ndarray) -> tuple[Observed, float, bool, bool, dict[str, Any]]:
        """Drives one step.

        Raises:
            RoadloomError: `reset` has not been called.
        """
        if self._session is None or self._seen is None or self.scenario is None:
            raise RoadloomError("call reset before step")
        bounded = np.clip(shaped(action, (2,)).astype(np.float64), *self._bounds)
        before = self._seen
        self._seen = after = self._session.step(Control(bounded[:1], bounded[1:]))
        events = self._events(before, after)
        gained = float(before.route_remaining_m[0] - after.route_remaining_m[0])
        reward = step_reward(gained, float(before.target_speed_mps[0]), self.scenario.step_s, float(bounded[0]), events)
        terminated = bool(events & {"collision", "off_road", "goal_reached"})
        truncated = not terminated and bool(after.done[0])
        return encode(after, 0), reward, terminated, truncated, {"events": sorted(events), "gained_m": gained}

    def _events(self, before: Observation, after: Observation) -> set[str]:
        """What happened to the ego in this step."""
        if self._session is None:
            return set()
        rollout = self._session.rollouts()[0]
        ego, since = rollout.actors.ids[rollout.ego_index], round(float(before.time_s[0]) * 1e9)
        start = int(rollout.timestamps_ns[0])
        found = {e.kind for e in rollout.events if ego in e.actor_ids and e.timestamp_ns - start > since + 1000}
        if touches(after, 0):
            found.add("collision")
        return found & {"collision", "off_road", "signal_violation", "goal_reached"}

    def close(self) -> None:
        """Ends the running episode; a second call does nothing."""
        if self._session is not None:
            self._session.close()
            self._session = None


def step_reward(gained_m: float, target_mps: float, step_s: float, acceleration_mps2: float, events: set[str]) -> float:
    """The reward described at the top of the module."""
    reward = gained_m / max(target_mps * step_s, 0.1) - 0.1 * (acceleration_mps2 / 3.0) ** 2
    reward -= 20.0 * ("collision" in events)
    reward -= 10.0 * ("off_road" in events) + 10.0 * ("signal_violation" in events)
    return reward + 10.0 * ("goal_reached" in events)


def touches(observation: Observation, world: int) -> bool:
    """Whether the ego is within 2 cm of anyone."""
    ego = int(observation.ego_index[world])
    others = np.flatnonzero(observation.valid[world])
    others = others[others != ego]
    if len(others) == 0:
        return False
    distance = box_distance_m(
        observation.position_m[world, ego : ego + 1, :2], observation.yaw_rad[world, ego : ego + 1],
        observation.size_m[world, ego : ego + 1, :2], observation.position_m[world, others, :2],
        observation.yaw_rad[world, others], observation.size_m[world, others, :2],
    )  # fmt: skip
    return bool((distance < TOUCH_M).any())


def encode(observation: Observation, world: int) -> Observed:
    """The observation of one world as the Dict described at the top of the module."""
    ego = int(observation.ego_index[world])
    yaw = float(observation.yaw_rad[world, ego])
    turn = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
    axle = observation.position_m[world, ego, :2] - observation.rear_axle_to_center_m[world] * turn[0]
    speed = float(observation.velocity_mps[world, ego, :2] @ turn[0])
    numbers = [
        speed,
        observation.acceleration_mps2[world, ego],
        observation.yaw_rate_radps[world, ego],
        observation.steering_rad[world],
        observation.route_lateral_m[world],
        observation.target_speed_mps[world],
        min(float(observation.route_remaining_m[world]), MAX_GOAL_M),
        observation.road_friction[world],
    ]
    actors, present = _encode_actors(observation, world, ego, axle, turn)
    return {
        "ego": np.asarray(numbers, dtype=np.float32),
        "route": _encode_route(observation, world, axle, turn),
        "actors": actors,
        "present": present,
        "signal": _encode_signal(observation, world),
    }


def _encode_route(
    observation: Observation, world: int, axle: np.ndarray, turn: np.ndarray
) -> Float32[np.ndarray, "points 3"]:
    every = max(1, round(ROUTE_EVERY_M / observation.route_spacing_m))
    picked = np.minimum(np.arange(NUM_ROUTE) * every, observation.route_m.shape[1] - 1)
    points = (observation.route_m[world, picked, :2] - axle) @ turn.T
    limits = observation.route_speed_limit_mps[world, picked, None]
    return np.concatenate([points, np.where(np.isfinite(limits), limits, NO_LIMIT_MPS)], axis=1).astype(np.float32)


def _encode_actors(
    observation: Observation, world: int, ego: int, axle: np.ndarray, turn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    others = np.flatnonzero(observation.valid[world])
    others = others[others != ego]
    offset = observation.position_m[world, others, :2] - axle
    nearest = np.argsort(np.hypot(offset[:, 0], offset[:, 1]), kind="stable")[:NUM_ACTORS]
    chosen = others[nearest]
    heading = observation.yaw_rad[world, chosen] - np.arctan2(turn[0, 1], turn[0, 0])
    columns = [
        offset[nearest] @ turn.T,
        np.stack([np.cos(heading), np.sin(heading)], axis=-1),
        observation.velocity_mps[world, chosen, :2] @ turn.T,
        observation.size_m[world, chosen, :2],
        np.isin(observation.kind[world, chosen], _VULNERABLE)[:, None],
    ]
    actors = np.zeros((NUM_ACTORS, 9), dtype=np.float32)
    actors[: len(chosen)] = np.concatenate(columns, axis=1)
    present = np.zeros(NUM_ACTORS, dtype=np.float32)
    present[: len(chosen)] = 1.0
    return actors, present


def _encode_signal(observation: Observation, world: int) -> Float32[np.ndarray, "5"]:
    encoded = np.zeros(5, dtype=np.float32)
    encoded[0] = np.clip(observation.signal_distance_m[world], 0.0, MAX_SIGNAL_M)
    near = np.isfinite(observation.signal_distance_m[world])
    encoded[1 + (_SIGNALS.get(int(observation.signal_state[world]), 0) if near else 0)] = 1.0
    return encoded


def register() -> str:
    """Registers the environment with Gymnasium and returns its id; a second call does nothing."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(ENV_ID, entry_point="closed_loop.env:DriveEnv")
    return ENV_ID
