"""A scene opened for one rig: what its sensors see between two world states."""

from driving_data.ports import SceneDescription
from driving_data.rollout import WorldState
from driving_data.sensors import SensorFrames, SensorRig
from generators.interface import Silhouettes
from generators.raytrace import shading_light
from generators.raytrace.cameras import look as cameras
from generators.raytrace.cameras.develop import Body, body_of
from generators.raytrace.cameras.render import View, pixel_rays
from generators.raytrace.cameras.settings import Development
from generators.raytrace.cameras.silhouettes import silhouettes
from generators.raytrace.lidars import look as lidars
from generators.raytrace.lidars.scan import Firings, firings
from generators.raytrace.moment import Moment, Opened, moment_of
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
        self._bodies: tuple[Body, ...] = tuple(
            body_of(pixel_rays(camera), drawn.chip, seed, index) for index, camera in enumerate(rig.cameras)
        )
        self._turns: tuple[Firings, ...] = tuple(firings(model) for model in rig.lidars)
        self._closed = False

    def render(self, start: WorldState, end: WorldState) -> SensorFrames:
        """What the rig sees: pictures at `start`, lidar turns that begin there; equal states give a still world.

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
