"""A scene opened for one rig, two world states, and where its sensors are in between."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import WorldState, ego_frame
from driving_data.sensors import SensorRig
from generators.raytrace import shading_light
from generators.raytrace.cameras.settings import Development
from generators.raytrace.quality import FAST, Quality
from generators.raytrace.tracer import Placed, TracedScene, ending, place, poses_between

# Where the draws of each kind of sensor begin, so that none shares numbers with another.
CAMERA_DRAWS, LIDAR_DRAWS, RADAR_DRAWS, THERMAL_DRAWS, EVENT_DRAWS, ULTRASONIC_DRAWS = 0, 32, 64, 96, 128, 160


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What every sensor of a rig looks at.

    Attributes:
        traced: the scene ready for rays.
        scene: what it was made from.
        rig: the sensors.
        seed: of noise.
        development: how cameras turn light into pictures.
        threads: threads of one look; no byte depends on it.
        sky: the sky as the kernels take it.
        quality: how light is worked out.
    """

    traced: TracedScene
    scene: SceneDescription
    rig: SensorRig
    seed: int
    development: Development
    threads: int
    sky: np.ndarray
    quality: Quality = FAST

    def lamps_are_lit(self) -> bool:
        """Whether street lamps and head lights burn."""
        return shading_light.lamps_are_lit(self.scene.environment)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Two world states and what follows from them for one rig.

    Attributes:
        start: where a look begins.
        end: a later state; sensors that look beyond it go on in the same way.
        ego_start: `world_from_ego` at the start.
        ego_end: `world_from_ego` at the end.
        duration_s: time between the two; 0 for a still world.
        later: the state at which the rig looks next, where that is known; flow refers to it.
    """

    start: WorldState
    end: WorldState
    ego_start: SE3
    ego_end: SE3
    duration_s: float
    later: WorldState | None = None


def moment_of(opened: Opened, start: WorldState, end: WorldState, later: WorldState | None = None) -> Moment:
    """The moment between two states, and the one at which the rig looks next where that is known.

    Raises:
        ValueError: the ego does not exist at `start`.
    """
    ego = opened.scene.ego_index
    if not start.valid[ego]:
        raise ValueError(f"the ego does not exist at {start.timestamp_ns} ns; nobody looks")
    finish = ending(start, end)
    return Moment(
        start,
        end,
        ego_frame(start.world_from_actor[ego], opened.scene.actors, ego),
        ego_frame(finish[ego], opened.scene.actors, ego),
        (end.timestamp_ns - start.timestamp_ns) * 1e-9,
        later,
    )


def sensor_poses(moment: Moment, fraction: Float[np.ndarray, "S"], ego_from_sensor: SE3) -> SE3:
    """`world_from_sensor` at fractions of the way from the start to the end, batch shape (S,)."""
    return poses_between(_one(moment.ego_start), _one(moment.ego_end), fraction)[:, 0] @ ego_from_sensor


def placed_at(opened: Opened, moment: Moment, fraction: Float[np.ndarray, "S"]) -> Placed:
    """Every actor but the ego at fractions of the way."""
    return place(opened.traced, moment.start, moment.end, fraction, opened.scene.ego_index)


def later_actors(moment: Moment, period_s: float) -> SE3:
    """`world_from_actor` of all actors when the rig looks next, batch shape (A,).

    Where no later state was given: `period_s` after the start, on the way from the start to the end and beyond it in
    the same way. A still world stays.
    """
    if moment.later is not None:
        return ending(moment.start, moment.later)
    if moment.duration_s <= 0.0:
        return moment.start.world_from_actor
    fraction = np.array([period_s / moment.duration_s])
    return poses_between(moment.start.world_from_actor, ending(moment.start, moment.end), fraction)[0]


def ego_later(opened: Opened, moment: Moment, period_s: float) -> SE3:
    """`world_from_ego` when the rig looks next, as `later_actors` has it."""
    ego = opened.scene.ego_index
    if moment.later is None and moment.duration_s > 0.0:
        fraction = np.array([period_s / moment.duration_s])
        return poses_between(_one(moment.ego_start), _one(moment.ego_end), fraction)[0, 0]
    return ego_frame(later_actors(moment, period_s)[ego], opened.scene.actors, ego)


def middle(poses: SE3) -> SE3:
    """The pose at the middle of the looks: between the two middle ones where their number is even."""
    count = poses.shape[0]
    if count == 1:
        return poses[0]
    if count % 2:
        return poses[count // 2]
    return poses_between(_one(poses[count // 2 - 1]), _one(poses[count // 2]), np.array([0.5]))[0, 0]


def _one(pose: SE3) -> SE3:
    return SE3(pose.rotation[None], pose.translation_m[None])
