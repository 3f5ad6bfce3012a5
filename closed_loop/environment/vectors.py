"""What a learner sees as numbers: B worlds at once, float32, in the ego frame (rear axle; x forward, y left).

ego       (8,)      speed, longitudinal acceleration, yaw rate, steering angle, lateral offset from the route,
                    target speed, distance left to the goal (at most 1000 m), road friction
route     (20, 3)   every third metre of the route: x, y, speed limit (50 m/s where the map does not say)
actors    (16, 9)   the nearest others: x, y, cos and sin of the heading, velocity x and y, length, width,
                    1 for people and two-wheelers; zeros where nobody is
present   (16,)     1 where the row of `actors` is somebody
signal    (5,)      distance to the next stop line (at most 200 m), then one-hot: none, green, yellow, red
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float32, Int

from driving_data.ports import Observation
from driving_data.taxonomy import VULNERABLE, SignalState

NUM_ROUTE = 20
ROUTE_EVERY_M = 3.0
NUM_ACTORS = 16
MAX_GOAL_M = 1000.0
MAX_SIGNAL_M = 200.0
NO_LIMIT_MPS = 50.0
SHAPES: dict[str, tuple[int, ...]] = {
    "ego": (8,), "route": (NUM_ROUTE, 3), "actors": (NUM_ACTORS, 9), "present": (NUM_ACTORS,), "signal": (5,),
}  # fmt: skip
NUM_FLAT = sum(int(np.prod(shape)) for shape in SHAPES.values())
_VULNERABLE = np.array([int(kind) for kind in VULNERABLE])
_SIGNAL_SLOT = np.zeros(256, dtype=np.int64)
_SIGNAL_SLOT[int(SignalState.GREEN)] = 1
_SIGNAL_SLOT[[int(SignalState.YELLOW), int(SignalState.FLASHING_YELLOW)]] = 2
_SIGNAL_SLOT[[int(SignalState.RED), int(SignalState.RED_YELLOW), int(SignalState.FLASHING_RED)]] = 3

Seen = dict[str, np.ndarray]


def vector_spaces() -> dict[str, gymnasium.Space[Any]]:
    """The space of each name, described at the top of the module."""
    boxes: dict[str, gymnasium.Space[Any]] = {
        name: spaces.Box(-np.inf, np.inf, shape, np.float32) for name, shape in SHAPES.items()
    }
    boxes["present"] = spaces.Box(0.0, 1.0, SHAPES["present"], np.float32)
    boxes["signal"] = spaces.Box(0.0, MAX_SIGNAL_M, SHAPES["signal"], np.float32)
    return boxes


def encode_vectors(observation: Observation) -> Seen:
    """The numbers of every world, each array with a leading axis B."""
    world = np.arange(len(observation.done))
    ego = observation.ego_index
    yaw = observation.yaw_rad[world, ego]
    cos, sin = np.cos(yaw), np.sin(yaw)
    axle = observation.position_m[world, ego, :2] - observation.rear_axle_to_center_m[:, None] * np.stack(
        [cos, sin], axis=-1
    )
    actors, present = _actors(observation, world, axle, cos, sin, yaw)
    return {
        "ego": _ego(observation, world, cos, sin),
        "route": _route(observation, axle, cos, sin),
        "actors": actors,
        "present": present,
        "signal": _signal(observation),
    }


def flatten(seen: Seen) -> Float32[np.ndarray, "B F"]:
    """The numbers joined in the order of `SHAPES`: 8 + 60 + 144 + 16 + 5 = 233 per world."""
    return np.concatenate([seen[name].reshape(len(seen["ego"]), -1) for name in SHAPES], axis=1)


def turned(
    x: np.ndarray, y: np.ndarray, cos: np.ndarray | float, sin: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of `world` in frames whose x axis points along (cos, sin)."""
    return x * cos + y * sin, y * cos - x * sin


def _ego(observation: Observation, world: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> Float32[np.ndarray, "B 8"]:
    velocity = observation.velocity_mps[world, observation.ego_index]
    columns = [
        velocity[:, 0] * cos + velocity[:, 1] * sin,
        observation.acceleration_mps2[world, observation.ego_index],
        observation.yaw_rate_radps[world, observation.ego_index],
        observation.steering_rad,
        observation.route_lateral_m,
        observation.target_speed_mps,
        np.minimum(observation.route_remaining_m, MAX_GOAL_M),
        observation.road_friction,
    ]
    return np.stack(columns, axis=-1).astype(np.float32)


def _route(
    observation: Observation, axle: np.ndarray, cos: np.ndarray, sin: np.ndarray
) -> Float32[np.ndarray, "B points 3"]:
    every = max(1, round(ROUTE_EVERY_M / observation.route_spacing_m))
    picked = np.minimum(np.arange(NUM_ROUTE) * every, observation.route_m.shape[1] - 1)
    points = observation.route_m[:, picked, :2] - axle[:, None]
    x, y = turned(points[..., 0], points[..., 1], cos[:, None], sin[:, None])
    limits = observation.route_speed_limit_mps[:, picked]
    return np.stack([x, y, np.where(np.isfinite(limits), limits, NO_LIMIT_MPS)], axis=-1).astype(np.float32)


def nearest_others(observation: Observation, world: np.ndarray, axle: np.ndarray) -> Int[np.ndarray, "B n"]:
    """Indices of the nearest others, at most `NUM_ACTORS`, nearest first; -1 where nobody is."""
    offset = observation.position_m[..., :2] - axle[:, None]
    distance = np.hypot(offset[..., 0], offset[..., 1])
    distance = np.where(observation.valid, distance, np.inf)
    distance[world, observation.ego_index] = np.inf
    order = np.argsort(distance, axis=1, kind="stable")[:, :NUM_ACTORS]
    return np.where(np.isfinite(np.take_along_axis(distance, order, axis=1)), order, -1)


def _actors(
    observation: Observation, world: np.ndarray, axle: np.ndarray, cos: np.ndarray, sin: np.ndarray, yaw: np.ndarray
) -> tuple[Float32[np.ndarray, "B n 9"], Float32[np.ndarray, "B n"]]:
    chosen = nearest_others(observation, world, axle)
    here, who = chosen >= 0, np.maximum(chosen, 0)
    row = world[:, None]
    offset, velocity = observation.position_m[row, who, :2] - axle[:, None], observation.velocity_mps[row, who]
    heading = observation.yaw_rad[row, who] - yaw[:, None]
    columns = [
        *turned(offset[..., 0], offset[..., 1], cos[:, None], sin[:, None]),
        np.cos(heading),
        np.sin(heading),
        *turned(velocity[..., 0], velocity[..., 1], cos[:, None], sin[:, None]),
        observation.size_m[row, who, 0],
        observation.size_m[row, who, 1],
        np.isin(observation.kind[row, who], _VULNERABLE),
    ]
    actors = np.zeros((len(world), *SHAPES["actors"]), dtype=np.float32)
    present = np.zeros((len(world), NUM_ACTORS), dtype=np.float32)
    count = chosen.shape[1]
    actors[:, :count] = np.where(here[..., None], np.stack(columns, axis=-1), 0.0)
    present[:, :count] = here
    return actors, present


def _signal(observation: Observation) -> Float32[np.ndarray, "B 5"]:
    encoded = np.zeros((len(observation.done), 5), dtype=np.float32)
    encoded[:, 0] = np.clip(observation.signal_distance_m, 0.0, MAX_SIGNAL_M)
    slot = np.where(np.isfinite(observation.signal_distance_m), _SIGNAL_SLOT[observation.signal_state], 0)
    encoded[np.arange(len(encoded)), 1 + slot] = 1.0
    return encoded
