"""A scene opened for one rig: what its sensors see between two world states."""

from driving_data.ports import SceneDescription
from driving_data.rollout import WorldState
from driving_data.sensors import SensorFrames, SensorRig
from generators.interface import Silhouettes
from generators.raytrace import shading_light
from generators.raytrace.cameras import look as cameras
from generators.raytrace.cameras.develop import Body, body_of
from generators.raytrace.cameras.rays import PixelRays, pixel_rays
from generators.raytrace.cameras.render import View
from generators.raytrace.cameras.settings import Development
from generators.raytrace.cameras.silhouettes import silhouettes
from generators.raytrace.events import look as events
from generators.raytrace.lidars import look as lidars
from generators.raytrace.lidars.scan import Firings, firings
from generators.raytrace.moment import Moment, Opened, moment_of
from generators.raytrace.radars import look as radars
from generators.raytrace.radars.echoes import RadarRays, radar_rays
from generators.raytrace.thermal import look as thermal
from generators.raytrace.tracer import TracedScene, num_threads
from generators.raytrace.ultrasonics import look as ultrasonics


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
        self._bodies: tuple[Body, ...] = tuple(
            body_of(pixel_rays(camera), drawn.chip, seed, index) for index, camera in enumerate(rig.cameras)
        )
        self._turns: tuple[Firings, ...] = tuple(firings(model) for model in rig.lidars)
        self._thermal_rays: tuple[PixelRays, ...] = tuple(pixel_rays(each.camera) for each in rig.thermals)
        self._event_rays: tuple[PixelRays, ...] = tuple(pixel_rays(each.camera) for each in rig.event_cameras)
        self._beams: tuple[RadarRays, ...] = tuple(radar_rays(model) for model in rig.radars)
        self._closed = False

    def render(self, start: WorldState, end: WorldState) -> SensorFrames:
        """What the rig sees: pictures, radar returns and ultrasonic echoes at `start`, lidar turns that begin there.

        Equal states give a still world.

        Thermal pictures are of `start` too; event cameras tell of everything between the two.
        Flow refers to the moment one period of the camera's clock (else of the rig) after `start`: actors and ego go
        from `start` to `end` and on in the same way.

        Raises:
            ValueError: the renderer is closed, or the ego does not exist at `start`.
        """
        return self._render(self._moment(start, end))

    def render_before(self, start: WorldState, end: WorldState, later: WorldState) -> SensorFrames:
        """As `render`; `later` is the state at which the rig looks next, and flow refers to it exactly."""
        return self._render(self._moment(start, end, later))

    def _render(self, moment: Moment) -> SensorFrames:
        opened = self._opened
        return SensorFrames(
            frames=tuple(cameras.look(opened, moment, index, body) for index, body in enumerate(self._bodies)),
            sweeps=tuple(lidars.look(opened, moment, index, turn) for index, turn in enumerate(self._turns)),
            thermal=tuple(thermal.look(opened, moment, index, rays) for index, rays in enumerate(self._thermal_rays)),
            events=tuple(events.look(opened, moment, index, rays) for index, rays in enumerate(self._event_rays)),
            radar=tuple(radars.look(opened, moment, index, rays) for index, rays in enumerate(self._beams)),
            ultrasonic=tuple(ultrasonics.look(opened, moment, index) for index in range(len(opened.rig.ultrasonics))),
        )

    def silhouettes(self, start: WorldState, end: WorldState, frames: SensorFrames) -> Silhouettes:
        """How much of each actor each camera sees, and would see were nothing else there."""
        rays = tuple(body.rays for body in self._bodies)
        return silhouettes(self._opened, self._moment(start, end), rays, frames)

    def view(self, start: WorldState, end: WorldState, camera: int) -> View:
        """The scene as one camera is about to trace it: linear light and exact labels follow by `render_view`."""
        return cameras.view_of(self._opened, self._moment(start, end), self._bodies[camera].rays)

    def close(self) -> None:
        """Frees the scene; a second call does nothing."""
        self._closed = True

    def _moment(self, start: WorldState, end: WorldState, later: WorldState | None = None) -> Moment:
        if self._closed:
            raise ValueError("the renderer is closed")
        return moment_of(self._opened, start, end, later)
