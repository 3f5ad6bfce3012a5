"""A scene opened for one rig: what its sensors see between two world states."""

from driving_data.ports import SceneDescription
from driving_data.rollout import WorldState
from driving_data.sensors import SensorFrames, SensorRig
from generators.interface import Silhouettes
from generators.raytrace import cameras, lidars, radars, shading_light, ultrasonics
from generators.raytrace.cameras.develop import Development
from generators.raytrace.cameras.render import PixelRays, View, pixel_rays
from generators.raytrace.cameras.silhouettes import silhouettes
from generators.raytrace.lidars.scan import Firings, firings
from generators.raytrace.moment import Moment, Opened, moment_of
from generators.raytrace.radars.echoes import RadarRays, radar_rays
from generators.raytrace.tracer import TracedScene, num_threads


class RaytraceRenderer:
    """Renders one scene; made by `RaytraceGenerator.open`."""

    def __init__(
        self,
        traced: TracedScene,
        scene: SceneDescription,
        rig: SensorRig,
        seed: int,
        development: Development,
        threads: int = 0,
    ) -> None:
        sky = shading_light.sky_row(scene.environment, seed)
        drawn = development.drawn(scene.appearance)
        self._opened = Opened(traced, scene, rig, seed, drawn, threads or num_threads(), sky)
        self._rays: tuple[PixelRays, ...] = tuple(pixel_rays(camera) for camera in rig.cameras)
        self._turns: tuple[Firings, ...] = tuple(firings(model) for model in rig.lidars)
        self._beams: tuple[RadarRays, ...] = tuple(radar_rays(model) for model in rig.radars)
        self._closed = False

    def render(self, start: WorldState, end: WorldState) -> SensorFrames:
        """What the rig sees: pictures, radar returns and ultrasonic echoes at `start`, lidar turns that begin there.

        Equal states give a still world.

        Raises:
            ValueError: the renderer is closed, or the ego does not exist at `start`.
        """
        opened, moment = self._opened, self._moment(start, end)
        return SensorFrames(
            frames=tuple(cameras.look(opened, moment, index, rays) for index, rays in enumerate(self._rays)),
            sweeps=tuple(lidars.look(opened, moment, index, turn) for index, turn in enumerate(self._turns)),
            radar=tuple(radars.look(opened, moment, index, rays) for index, rays in enumerate(self._beams)),
            ultrasonic=tuple(ultrasonics.look(opened, moment, index) for index in range(len(opened.rig.ultrasonics))),
        )

    def silhouettes(self, start: WorldState, end: WorldState, frames: SensorFrames) -> Silhouettes:
        """How much of each actor each camera sees, and would see were nothing else there."""
        return silhouettes(self._opened, self._moment(start, end), self._rays, frames)

    def view(self, start: WorldState, end: WorldState, camera: int) -> View:
        """The scene as one camera is about to trace it: linear light and exact labels follow by `render_view`."""
        return cameras.view_of(self._opened, self._moment(start, end), self._rays[camera])

    def close(self) -> None:
        """Frees the scene; a second call does nothing."""
        self._closed = True

    def _moment(self, start: WorldState, end: WorldState) -> Moment:
        if self._closed:
            raise ValueError("the renderer is closed")
        return moment_of(self._opened, start, end)
