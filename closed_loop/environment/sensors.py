"""What a learner sees through sensors: pictures of cameras and points of lidars, rendered at every step."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from closed_loop.environment.vectors import encode_vectors, vector_spaces
from driving_data.geometry import SE3
from driving_data.ports import Generator, Observation, Renderer, SceneDescription
from driving_data.rollout import Rollout
from driving_data.sensors import CameraModel, LidarModel, SensorFrames, SensorRig
from generators.registry import GENERATORS

MAX_POINTS = 4096
# Camera axes (x right, y down, z forward) in the ego's (x forward, y left, z up).
_EGO_FROM_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def small_rig() -> SensorRig:
    """A front camera of 160 x 96 pixels (70 degrees) at the windscreen."""
    width, height, focal = 160, 96, 114.0
    mounting = SE3(_EGO_FROM_OPTICAL, np.array([1.6, 0.0, 1.5]))
    camera = CameraModel("front", width, height, focal, focal, width / 2, height / 2, mounting)
    return SensorRig("gymnasium", cameras=(camera,), rate_hz=10.0)


class SensorView:
    """A Dict: `<camera>` (H, W, 3) uint8, `<lidar>` (4096, 4) float32 with x, y, z in the lidar frame and intensity
    (zeros beyond the last point), and the numbers `ego` and `signal` of `closed_loop.environment.vectors`.
    """  # noqa: D205  the shapes belong together

    def __init__(self, rig: SensorRig | None = None, generator: Generator | None = None, seed: int = 0) -> None:
        self.rig = rig or small_rig()
        self.generator = generator or GENERATORS.load("raytrace")()
        self.seed = seed
        self._renderers: list[tuple[Rollout, Renderer] | None] = []

    @property
    def space(self) -> gymnasium.Space[Any]:
        """As described above."""
        numbers = vector_spaces()
        boxes: dict[str, gymnasium.Space[Any]] = {"ego": numbers["ego"], "signal": numbers["signal"]}
        for camera in self.rig.cameras:
            boxes[camera.name] = spaces.Box(0, 255, (camera.height_px, camera.width_px, 3), np.uint8)
        for lidar in self.rig.lidars:
            boxes[lidar.name] = spaces.Box(-np.inf, np.inf, (MAX_POINTS, 4), np.float32)
        return spaces.Dict(boxes)

    def begin(self, num_worlds: int) -> None:
        """Closes the scenes that were open."""
        for scene in self._renderers:
            if scene is not None:
                scene[1].close()
        self._renderers = [None] * num_worlds

    def see(self, observation: Observation, lived: Any) -> Any:
        """Renders every world as it is now."""
        numbers = encode_vectors(observation)
        seen = [self._frames(world, rollout) for world, rollout in enumerate(lived())]
        out: dict[str, np.ndarray] = {"ego": numbers["ego"], "signal": numbers["signal"]}
        for k, camera in enumerate(self.rig.cameras):
            out[camera.name] = np.stack([frames.frames[k].rgb for frames in seen])
        for k, lidar in enumerate(self.rig.lidars):
            out[lidar.name] = np.stack([_points(frames, k, lidar) for frames in seen])
        return out

    def _frames(self, world: int, rollout: Rollout) -> SensorFrames:
        scene = self._renderers[world]
        if scene is None or rollout.num_steps == 1:
            if scene is not None:
                scene[1].close()
            scene = (rollout, self._open(rollout))
            self._renderers[world] = scene
        # Pictures are taken at the first of the two moments: both are the present one, so that nothing is a step late.
        now = rollout.state_at(rollout.num_steps - 1)
        return scene[1].render(now, now)

    def _open(self, rollout: Rollout) -> Renderer:
        scene = SceneDescription(
            rollout.lane_map, rollout.actors, rollout.ego_index, rollout.environment, rollout.signals.ids
        )
        return self.generator.open(scene, self.rig, self.seed)


def _points(frames: SensorFrames, index: int, lidar: LidarModel) -> np.ndarray:
    sweep = frames.sweeps[index]
    every = max(1, -(-len(sweep.points_m) // MAX_POINTS))
    picked = np.concatenate([sweep.points_m[::every], sweep.intensity[::every, None]], axis=1)
    out = np.zeros((MAX_POINTS, 4), dtype=np.float32)
    out[: len(picked)] = picked
    return out
