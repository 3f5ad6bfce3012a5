"""A scene opened for one rig: what its sensors see between two world states."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import WorldState
from driving_data.sensors import SensorFrames, SensorRig
from driving_data.sensors.kinds import moved
from generators.interface import Silhouettes
from generators.raytrace import shading_light
from generators.raytrace.cameras import look as cameras
from generators.raytrace.cameras.develop import Body, body_of
from generators.raytrace.cameras.outlines import outlines
from generators.raytrace.cameras.rays import PixelRays, pixel_rays
from generators.raytrace.cameras.render import View
from generators.raytrace.cameras.settings import Development
from generators.raytrace.cameras.silhouettes import silhouettes
from generators.raytrace.events import look as events
from generators.raytrace.inspection import Inspection, inspect
from generators.raytrace.lidars import look as lidars
from generators.raytrace.lidars.scan import Firings, firings
from generators.raytrace.moment import Moment, Opened, moment_of
from generators.raytrace.quality import FAST, Quality
from generators.raytrace.radars import look as radars
from generators.raytrace.radars.echoes import RadarRays, radar_rays
from generators.raytrace.thermal import look as thermal
from generators.raytrace.tracer import TracedScene, num_threads
from generators.raytrace.ultrasonics import look as ultrasonics


@runtime_checkable
class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """As in the rig."""
        ...


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
        quality: Quality = FAST,
    ) -> None:
        sky = shading_light.sky_row(scene.environment, seed)
        drawn = development.drawn(scene.appearance)
        self._opened = Opened(traced, scene, rig, seed, drawn, threads or num_threads(), sky, quality)
        self._bodies: tuple[Body, ...] = tuple(
            body_of(pixel_rays(camera), drawn.chip, seed, index) for index, camera in enumerate(rig.cameras)
        )
        self._turns: tuple[Firings, ...] = tuple(firings(model) for model in rig.lidars)
        self._thermal_rays: tuple[PixelRays, ...] = tuple(pixel_rays(each.camera) for each in rig.thermals)
        self._event_rays: tuple[PixelRays, ...] = tuple(pixel_rays(each.camera) for each in rig.event_cameras)
        self._beams: tuple[RadarRays, ...] = tuple(radar_rays(model) for model in rig.radars)
        self._development = development
        self._due: frozenset[str] | None = None
        self._closed = False

    def only(self, names: Collection[str], mountings: Mapping[str, SE3]) -> "RaytraceRenderer":
        """The same open scene, seen by these sensors alone, those in `mountings` from there (`ego_from_sensor`).

        Each sensor gives the very bytes that it gives among the others. Closing the view does not close the scene.
        """
        opened = self._opened
        if mountings:
            rig = moved(opened.rig, mountings)
            other = RaytraceRenderer(
                opened.traced, opened.scene, rig, opened.seed, self._development, opened.threads, opened.quality
            )
        else:
            other = copy(self)
        other._due, other._closed = frozenset(names), self._closed
        return other

    def _due_of(self, sensors: Sequence[Named]) -> list[int]:
        """Which of these sensors look."""
        return [k for k, each in enumerate(sensors) if self._due is None or each.name in self._due]

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
        opened, rig = self._opened, self._opened.rig
        return SensorFrames(
            frames=tuple(cameras.look(opened, moment, k, self._bodies[k]) for k in self._due_of(rig.cameras)),
            sweeps=tuple(lidars.look(opened, moment, k, self._turns[k]) for k in self._due_of(rig.lidars)),
            radar=tuple(radars.look(opened, moment, k, self._beams[k]) for k in self._due_of(rig.radars)),
            thermal=tuple(
                thermal.look(opened, moment, k, self._thermal_rays[k])
                for k in self._due_of([each.camera for each in rig.thermals])
            ),
            events=tuple(
                events.look(opened, moment, k, self._event_rays[k])
                for k in self._due_of([each.camera for each in rig.event_cameras])
            ),
            ultrasonic=tuple(ultrasonics.look(opened, moment, k) for k in self._due_of(rig.ultrasonics)),
        )

    def silhouettes(self, start: WorldState, end: WorldState, frames: SensorFrames) -> Silhouettes:
        """How much of each actor each camera sees, and would see were nothing else there."""
        moment = self._moment(start, end)
        rays = tuple(body.rays for body in self._bodies)
        geometry = inspect(self._opened, moment)
        boxes = [outlines(geometry, index) for index in range(len(rays))]
        shape = (len(boxes), len(self._opened.scene.actors), 4)
        counts = silhouettes(self._opened, moment, rays, frames)
        return replace(counts, outline_px=np.array(boxes).reshape(shape))

    def inspect(self, start: WorldState, end: WorldState) -> Inspection:
        """The geometry behind what `render(start, end)` shows: what labels of space are made from."""
        return inspect(self._opened, self._moment(start, end))

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
