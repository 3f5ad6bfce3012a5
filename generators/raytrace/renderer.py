"""A scene opened for one rig: what its cameras and lidars see between two world states."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.geometry import SE3, box_corners
from driving_data.ports import SceneDescription
from driving_data.rollout import WorldState, ego_frame
from driving_data.sensors import CameraFrame, CameraModel, LidarModel, LidarSweep, SensorFrames, SensorRig
from driving_data.taxonomy import VEHICLES, ActorClass, Light
from generators.effects.precipitation import Precipitation, streaks
from generators.interface import Silhouettes
from generators.raytrace import camera_post, lidar, shading_light
from generators.raytrace.camera import amodal_box_px
from generators.raytrace.camera_render import PixelRays, View, camera_slots, pixel_rays, render_view
from generators.raytrace.shading_kernels import Lighting
from generators.raytrace.surface_kernels import Looks
from generators.raytrace.tracer import Placed, TracedScene, ending, num_threads, place, poses_between, trace

_MAX_SAMPLES = 900


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """Two world states and what follows from them for one rig."""

    start: WorldState
    end: WorldState
    ego_start: SE3
    ego_end: SE3
    duration_s: float


class RaytraceRenderer:
    """Renders one scene; made by `RaytraceGenerator.open`."""

    def __init__(
        self,
        traced: TracedScene,
        scene: SceneDescription,
        rig: SensorRig,
        seed: int,
        development: camera_post.Development,
        threads: int = 0,
    ) -> None:
        self._traced = traced
        self._scene = scene
        self._rig = rig
        self._seed = seed
        self._development = development.drawn(scene.appearance)
        self._threads = threads or num_threads()
        self._sky = shading_light.sky_row(scene.environment, seed)
        self._rays: tuple[PixelRays, ...] = tuple(pixel_rays(camera) for camera in rig.cameras)
        self._turns: tuple[lidar.Firings, ...] = tuple(lidar.firings(model) for model in rig.lidars)
        self._closed = False

    def render(self, start: WorldState, end: WorldState) -> SensorFrames:
        """What the rig sees: pictures at `start`, lidar turns that begin there; equal states give a still world.

        Raises:
            ValueError: the renderer is closed, or the ego does not exist at `start`.
        """
        moment = self._moment(start, end)
        frames = [self._frame(moment, index) for index in range(len(self._rig.cameras))]
        sweeps = [self._sweep(moment, index) for index in range(len(self._rig.lidars))]
        return SensorFrames(tuple(frames), tuple(sweeps))

    def silhouettes(self, start: WorldState, end: WorldState, frames: SensorFrames) -> Silhouettes:
        """How much of each actor each camera sees, and would see were nothing else there."""
        moment = self._moment(start, end)
        shape = (len(self._rig.cameras), len(self._scene.actors))
        counts = Silhouettes(np.zeros(shape, np.int64), np.zeros(shape, np.int64))
        for index, model in enumerate(self._rig.cameras):
            placed, world_from_camera = self._at_rows(moment, model)
            middle = _middle(world_from_camera)
            instance = next(frame.instance for frame in frames.frames if frame.camera == model.name)
            if instance is None:
                continue
            for which, actor in enumerate(placed.actor):
                pixels = self._samples(model, middle, start, int(actor))
                if len(pixels) == 0:
                    continue
                met = self._alone(placed, world_from_camera, self._rays[index], pixels, which)
                seen = instance.ravel()[pixels] == actor + 1
                counts.alone[index, actor] = int(np.sum(met | seen))
                counts.visible[index, actor] = int(np.sum(seen))
        return counts

    def view(self, start: WorldState, end: WorldState, camera: int) -> View:
        """The scene as one camera is about to trace it: linear light and exact labels follow by `render_view`."""
        return self._view(self._moment(start, end), camera)

    def close(self) -> None:
        """Frees the scene; a second call does nothing."""
        self._closed = True

    def _moment(self, start: WorldState, end: WorldState) -> _Moment:
        if self._closed:
            raise ValueError("the renderer is closed")
        ego = self._scene.ego_index
        if not start.valid[ego]:
            raise ValueError(f"the ego does not exist at {start.timestamp_ns} ns; nobody looks")
        finish = ending(start, end)
        return _Moment(
            start,
            end,
            ego_frame(start.world_from_actor[ego], self._scene.actors, ego),
            ego_frame(finish[ego], self._scene.actors, ego),
            (end.timestamp_ns - start.timestamp_ns) * 1e-9,
        )

    def _poses(self, moment: _Moment, fraction: Float[np.ndarray, "S"], ego_from_sensor: SE3) -> SE3:
        world_from_ego = poses_between(_one(moment.ego_start), _one(moment.ego_end), fraction)[:, 0]
        return world_from_ego @ ego_from_sensor

    def _at_rows(self, moment: _Moment, model: CameraModel) -> tuple[Placed, SE3]:
        fraction = camera_slots(model, moment.duration_s)
        placed = place(self._traced, moment.start, moment.end, fraction, self._scene.ego_index)
        return placed, self._poses(moment, fraction, model.ego_from_camera)

    def _view(self, moment: _Moment, index: int) -> View:
        placed, world_from_camera = self._at_rows(moment, self._rig.cameras[index])
        lighting = self._lighting(moment, _middle(world_from_camera))
        return View(self._traced, placed, self._looks(moment, placed), lighting, self._rays[index], world_from_camera)

    def _frame(self, moment: _Moment, index: int) -> CameraFrame:
        model = self._rig.cameras[index]
        view = self._view(moment, index)
        picture = render_view(view, None, self._threads)
        rng = camera_post.frame_rng(self._seed, moment.start.timestamp_ns, index)
        light = self._falling(picture.light, model, moment, rng)
        exposure = camera_post.auto_exposure(light, self._development.key)
        exposed = light * np.float32(exposure * 2.0**self._development.exposure_ev)
        rgb = camera_post.develop(exposed, camera_post.gain_of(exposure), self._development, rng)
        return CameraFrame(
            camera=model.name,
            timestamp_ns=moment.start.timestamp_ns,
            world_from_camera=_middle(view.world_from_camera),
            rgb=rgb,
            depth_m=picture.depth_m,
            semantic=picture.semantic,
            instance=picture.instance,
        )

    def _falling(self, light: np.ndarray, model: CameraModel, moment: _Moment, rng: np.random.Generator) -> np.ndarray:
        """Rain and snow between the lens and the scene: they scatter the light of the air."""
        weather = self._scene.environment
        rate = max(weather.rain_mmph, weather.snow_mmph)
        if rate <= 0:
            return light
        velocity = moment.start.velocity_mps[self._scene.ego_index]
        fall = Precipitation(rate, weather.snow_mmph > 0, weather.wind_mps, float(np.linalg.norm(velocity)))
        share = streaks(model.width_px, model.height_px, model.fx_px, fall, rng)[..., None]
        air = shading_light.light_row(weather, self._sky, self._traced.scene.lamps, self._lit())[16:19]
        blurred = np.maximum(air, light.mean(axis=(0, 1)))
        return (light + share * (np.float32(1.15) * blurred - light)).astype(np.float32)

    def _sweep(self, moment: _Moment, index: int) -> LidarSweep:
        model: LidarModel = self._rig.lidars[index]
        fraction = lidar.firing_fractions(model, moment.duration_s)
        placed = place(self._traced, moment.start, moment.end, fraction, self._scene.ego_index)
        poses = self._poses(moment, fraction, model.ego_from_lidar)
        rng = camera_post.frame_rng(self._seed, moment.start.timestamp_ns, 32 + index)
        return lidar.sweep(
            self._traced, placed, poses, model, self._turns[index], moment.start.timestamp_ns,
            self._scene.environment, rng, self._threads,
        )  # fmt: skip

    def _lit(self) -> bool:
        return shading_light.lamps_are_lit(self._scene.environment)

    def _looks(self, moment: _Moment, placed: Placed) -> Looks:
        materials, weather = self._traced.scene.materials, self._scene.environment
        snow = float(np.clip(0.35 + 0.3 * weather.snow_mmph, 0.0, 1.0)) if weather.snow_mmph > 0 else 0.0
        share = float(self._scene.appearance.get("lit_window_share", 0.35))
        start = moment.start
        return Looks(
            materials.albedo, materials.second, materials.roughness, materials.reflectance, materials.emission,
            materials.texture, materials.texture_scale_m, materials.wettable,
            shading_light.glow_table(materials, placed.lights, start.signal_state, start.timestamp_ns, self._lit()),
            np.array([weather.road_wetness, snow, share], np.float32),
        )  # fmt: skip

    def _lighting(self, moment: _Moment, world_from_camera: SE3) -> Lighting:
        traced, weather = self._traced, self._scene.environment
        lit = self._lit()
        beams = _low_beams(moment, self._scene) if lit else []
        return Lighting(
            shading_light.light_row(weather, self._sky, traced.scene.lamps, lit),
            shading_light.lamp_rows(traced.scene.lamps, lit, beams, world_from_camera.translation_m, traced.origin_m),
            self._sky,
        )

    def _samples(self, model: CameraModel, world_from_camera: SE3, state: WorldState, actor: int) -> np.ndarray:
        """Row-major indices of at most about 900 pixels, regularly spaced over the actor's box."""
        corners = box_corners(state.world_from_actor[actor], self._scene.actors.size_m[actor])
        box = amodal_box_px(model, world_from_camera.inverse().apply(corners))
        if box is None:
            return np.zeros(0, np.int64)
        x0, y0, x1, y1 = (int(v) for v in (np.floor(box[0]), np.floor(box[1]), np.ceil(box[2]), np.ceil(box[3])))
        step = max(1, int(np.ceil(np.sqrt((x1 - x0) * (y1 - y0) / _MAX_SAMPLES))))
        v, u = np.meshgrid(np.arange(y0, y1, step), np.arange(x0, x1, step), indexing="ij")
        return (v * model.width_px + u).ravel()

    def _alone(
        self, placed: Placed, world_from_camera: SE3, rays: PixelRays, pixels: np.ndarray, which: int
    ) -> np.ndarray:
        """Whether the rays of these pixels meet one actor when it is alone."""
        still = world_from_camera.shape[0] == 1
        slot = np.zeros(len(pixels), np.int32) if still else (pixels // rays.model.width_px).astype(np.int32)
        rotation = world_from_camera.rotation[slot].astype(np.float32)
        direction = np.matmul(rotation, rays.direction.reshape(-1, 3)[pixels][..., None])[..., 0]
        origin = (world_from_camera.translation_m[slot] - self._traced.origin_m).astype(np.float32)
        return trace(self._traced, placed, origin, direction, slot, any_hit=True, only=which).triangle >= 0


def _one(pose: SE3) -> SE3:
    return SE3(pose.rotation[None], pose.translation_m[None])


def _middle(poses: SE3) -> SE3:
    """The pose at the middle of the exposure: between the two middle rows where their number is even."""
    count = poses.shape[0]
    if count == 1:
        return poses[0]
    if count % 2:
        return poses[count // 2]
    return poses_between(_one(poses[count // 2 - 1]), _one(poses[count // 2]), np.array([0.5]))[0, 0]


def _low_beams(moment: _Moment, scene: SceneDescription) -> list[tuple[SE3, float]]:
    """Places and strengths of low beams: two at the ego, one in the middle of every other front."""
    beams: list[tuple[SE3, float]] = []
    state, actors = moment.start, scene.actors
    burning = state.valid & ((state.lights & (Light.LOW_BEAM | Light.HIGH_BEAM)) > 0)
    for actor in np.flatnonzero(burning):
        kind = actors.kind_of(int(actor))
        length, width, height = actors.size_m[actor]
        pose = state.world_from_actor[int(actor)]
        if kind not in VEHICLES:
            strength = 0.5 if kind == ActorClass.MOTORCYCLE else 0.06
            beams.append((_shifted(pose, 0.5 * length, 0.0, 0.1 * height), strength))
        elif actor == scene.ego_index:
            beams += [(_shifted(pose, 0.5 * length, side * width, -0.08 * height), 1.0) for side in (-0.38, 0.38)]
        else:
            beams.append((_shifted(pose, 0.5 * length, 0.0, -0.08 * height), 1.7))
    return beams


def _shifted(pose: SE3, x_m: float, y_m: float, z_m: float) -> SE3:
    return SE3(pose.rotation, pose.apply(np.array([x_m, y_m, z_m])))
