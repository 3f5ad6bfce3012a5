"""The sheet of actors: each alone on a plain, in day light, about as large as its picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, WorldState
from driving_data.sensors import CameraModel, SensorRig
from driving_data.taxonomy import ActorClass
from generators.raytrace.generator import RaytraceGenerator
from generators.raytrace.sheet.variants import Variant

DAY = Environment(sun_elevation_rad=0.85, sun_azimuth_rad=-0.6, cloud_cover=0.15)
EYE_M, AHEAD_M = 2.2, 400.0
VIEWS_RAD = (0.65, 2.35)


@dataclass(frozen=True, slots=True)
class Crop:
    """How one actor is looked at.

    Attributes:
        side_px: side of the square picture.
        yaw_rad: heading of the actor; 0 looks away from the camera, pi towards it.
        seed: of everything not drawn.
        time_s: the moment, for what moves by itself.
        steering_rad: of the road wheels.
        fill: share of the picture that the actor's box takes.
    """

    side_px: int = 160
    yaw_rad: float = 2.5
    seed: int = 1
    time_s: float = 1.0
    steering_rad: float = 0.0
    fill: float = 0.9


def crop(variant: Variant, look: Crop) -> UInt8[np.ndarray, "S S 3"]:
    """A picture of one variant."""
    reach = float(np.linalg.norm(variant.size_m))
    distance = max(4.0, 2.6 * reach)
    camera = _camera(variant, look, distance)
    ego = np.array([-distance, 0.0, 0.75])
    rig = SensorRig("sheet", (camera,), (), rate_hz=1.0)
    actors = Actors(
        ("ego", "one"), np.array([ActorClass.CAR, variant.kind]), np.array([(4.5, 1.8, 1.5), variant.size_m]),
        np.zeros(2),
    )  # fmt: skip
    draws = {f"{key}.one": value for key, value in variant.draws.items()} | {"hill_height": 8.0, "season": "summer"}
    scene = SceneDescription(None, actors, 0, DAY, appearance=draws)
    state = WorldState(
        round(look.time_s * 1e9),
        SE3.from_yaw(np.array([0.0, look.yaw_rad]), np.array([ego, [0.0, 0.0, 0.5 * variant.size_m[2]]])),
        np.zeros((2, 3)), np.zeros(2), np.array([0.0, look.steering_rad]),
        np.array([0, int(variant.lights)], dtype=np.uint8), np.ones(2, dtype=bool), np.zeros(0, dtype=np.int64),
        np.array([0, int(variant.modes)], dtype=np.uint16),
    )  # fmt: skip
    renderer = RaytraceGenerator().open(scene, rig, look.seed)
    try:
        return renderer.render(state, state).frames[0].rgb
    finally:
        renderer.close()


def _camera(variant: Variant, look: Crop, distance: float) -> CameraModel:
    """Looks at the middle of the box, which fills its share of the picture."""
    length, width, height = variant.size_m
    cos, sin = abs(np.cos(look.yaw_rad)), abs(np.sin(look.yaw_rad))
    across = length * sin + width * cos
    side = max(across, height + 0.12 * length * cos)
    focal = look.fill * look.side_px * distance / side
    eye = max(EYE_M, 1.1 * height if height < 3.0 else 0.8 * height)
    down = np.arctan2(eye - 0.5 * height, distance)
    forward = np.array([np.cos(down), 0.0, -np.sin(down)])
    right = np.array([0.0, -1.0, 0.0])
    axes = np.stack([right, np.cross(forward, right), forward], axis=1)
    half = 0.5 * look.side_px
    # The ego's rear axle is at its box centre and on the ground.
    return CameraModel("camera", look.side_px, look.side_px, focal, focal, half, half,
                       SE3(axes, np.array([0.0, 0.0, eye])))  # fmt: skip


def crops(variants: Sequence[Variant], look: Crop) -> list[UInt8[np.ndarray, "S S 3"]]:
    """A picture of each."""
    return [crop(variant, look) for variant in variants]
