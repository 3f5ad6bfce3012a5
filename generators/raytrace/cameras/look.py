"""One picture of one camera: the scene as it is lit at that moment, traced, and developed."""

from dataclasses import replace

import numpy as np

from driving_data.geometry import SE3
from driving_data.sensors import CameraFrame, CameraModel
from generators.effects.precipitation import Precipitation, streaks
from generators.raytrace import lamp_light, shading_light
from generators.raytrace.cameras import shutter
from generators.raytrace.cameras.develop import Body, develop, frame_rng, gather
from generators.raytrace.cameras.exposure import exposure_for, lags_s, largest_factor, metered
from generators.raytrace.cameras.field import masked, sparse
from generators.raytrace.cameras.motion import onward
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.cameras.render import Picture, View, camera_slots, render_view
from generators.raytrace.moment import CAMERA_DRAWS, Moment, Opened, middle, placed_at, sensor_poses
from generators.raytrace.path_tracing import pictured
from generators.raytrace.photometry import LUMA
from generators.raytrace.shading_kernels import Lighting
from generators.raytrace.surface_kernels import Looks
from generators.raytrace.tracer import Placed

_LINEAR = 0.0  # bright rays count as much as dark ones: the sum over many pictures smooths edges by itself


def look(opened: Opened, moment: Moment, index: int, body: Body) -> CameraFrame:
    """The picture of one camera at the start of the moment."""
    model = opened.rig.cameras[index]
    view, picture = gathered(opened, moment, body.rays)
    rng = frame_rng(opened.seed, moment.start.timestamp_ns, CAMERA_DRAWS + index)
    light = _falling(opened, picture.light, model, moment, rng)
    settings = opened.development
    asked = adapted(opened, moment, body.rays)
    factor = min(asked, largest_factor(model, settings.chip, settings.control)) * 2.0**settings.exposure_ev
    exposure = exposure_for(factor, model, settings.chip, settings.control)
    raw = gather(light, exposure, body, settings, rng)
    return CameraFrame(
        camera=model.name,
        timestamp_ns=moment.start.timestamp_ns,
        world_from_camera=middle(view.world_from_camera),
        rgb=develop(raw, exposure, body, settings),
        depth_m=picture.depth_m,
        semantic=picture.semantic,
        instance=picture.instance,
        normal=picture.normal,
        flow_px=picture.flow_px,
        raw=raw if settings.keep_raw else None,
        exposure_s=exposure.time_s,
        gain=exposure.gain,
    )


def gathered(opened: Opened, moment: Moment, rays: PixelRays) -> tuple[View, Picture]:
    """The view of the moment itself, its labels, and the mean light over the exposure and the aperture."""
    view = view_of(opened, moment, rays)
    picture = masked(pictured(view, None, opened.threads, opened.quality, opened.seed), rays)
    samples = shutter.samples_of(moment, view, picture, opened.development)
    if len(samples) == 1:
        return view, picture
    total = np.zeros_like(picture.light)
    for sample in samples:
        part = shutter.through(replace(view_of(opened, moment, rays, sample.shift_s), onward=None), sample)
        total += masked(render_view(part, _LINEAR, opened.threads), rays).light
    return view, replace(picture, light=total / np.float32(len(samples)))


def adapted(opened: Opened, moment: Moment, rays: PixelRays) -> float:
    """Factor on light that the exposure control has come to: the mean, in stops, of what its memory asks for."""
    control = opened.development.control
    few = sparse(rays)
    asked: list[float] = []
    for lag in lags_s(control, moment.duration_s):
        picture = render_view(replace(view_of(opened, moment, few, -lag), onward=None), None, opened.threads)
        light = picture.light.reshape(-1, 3) if few.seen is None else picture.light[few.seen]
        asked.append(np.log(metered(light, control.key)))
    return float(np.exp(np.mean(asked)))


def at_rows(opened: Opened, moment: Moment, model: CameraModel, shift_s: float = 0.0) -> tuple[Placed, SE3]:
    """The actors and the camera when each row is read: one time slot per row, or one in all.

    Args:
        opened: the scene.
        moment: when the camera looks.
        model: the camera.
        shift_s: how much later than that; nothing moves in a moment without duration.
    """
    fraction = camera_slots(model, moment.duration_s)
    if moment.duration_s > 0.0:
        fraction = fraction + shift_s / moment.duration_s
    return placed_at(opened, moment, fraction), sensor_poses(moment, fraction, model.ego_from_camera)


def view_of(opened: Opened, moment: Moment, rays: PixelRays, shift_s: float = 0.0) -> View:
    """The scene as one camera is about to trace it, so much later than the moment."""
    placed, world_from_camera = at_rows(opened, moment, rays.model, shift_s)
    center = middle(world_from_camera)
    lighting = _lighting(opened, moment, center)
    looks, then = looks_of(opened, moment, placed), onward(opened, moment, rays.model, placed, center)
    return View(opened.traced, placed, looks, lighting, rays, world_from_camera, then)


def looks_of(opened: Opened, moment: Moment, placed: Placed) -> Looks:
    """Materials as they look at that moment: lit, wet, under snow."""
    materials, weather = opened.traced.scene.materials, opened.scene.environment
    snow = float(np.clip(0.35 + 0.3 * weather.snow_mmph, 0.0, 1.0)) if weather.snow_mmph > 0 else 0.0
    share = float(opened.scene.appearance.get("lit_window_share", 0.35))
    start = moment.start
    lit = shading_light.glow_table(
        materials, placed.lights, start.signal_state, start.timestamp_ns, opened.lamps_are_lit()
    )
    return Looks(
        materials.albedo, materials.second, materials.roughness, materials.reflectance, materials.emission,
        materials.texture, materials.texture_scale_m, materials.wettable, lit,
        np.array([weather.road_wetness, snow, share], np.float32),
    )  # fmt: skip


def _falling(
    opened: Opened, light: np.ndarray, model: CameraModel, moment: Moment, rng: np.random.Generator
) -> np.ndarray:
    """Rain and snow between the lens and the scene: they scatter the light of the air."""
    weather = opened.scene.environment
    rate = max(weather.rain_mmph, weather.snow_mmph)
    if rate <= 0:
        return light
    velocity = moment.start.velocity_mps[opened.scene.ego_index]
    fall = Precipitation(rate, weather.snow_mmph > 0, weather.wind_mps, float(np.linalg.norm(velocity)))
    share = streaks(model.width_px, model.height_px, model.fx_px, fall, rng)[..., None]
    air = shading_light.light_row(weather, opened.sky, opened.traced.scene.lamps, opened.lamps_are_lit())[16:19]
    # Drops and flakes take the light from all around them, whose colours mix; by night most fall in the dark.
    luma = light[::2, ::2] @ LUMA
    night = weather.light() == "night"
    level = 3.0 * float(np.sqrt(np.median(luma) * luma.mean())) if night else 1.15 * float(luma.mean())
    around = np.float32(level)
    return (light + share * (np.maximum(air, around) - light)).astype(np.float32)


def _lighting(opened: Opened, moment: Moment, world_from_camera: SE3) -> Lighting:
    traced, environment, lit = opened.traced, opened.scene.environment, opened.lamps_are_lit()
    dark = lit or lamp_light.is_dark(environment) or traced.scene.covers is not None
    others = lamp_light.vehicle_lamps(moment.start, opened.scene.actors, opened.scene.ego_index, dark)
    viewer = world_from_camera.translation_m
    return Lighting(
        shading_light.light_row(environment, opened.sky, traced.scene.lamps, lit, viewer - traced.origin_m),
        lamp_light.lamp_rows(traced.scene.lamps, lit, others, viewer, traced.origin_m),
        opened.sky,
        lamp_light.cover_rows(traced.scene.covers, lit, traced.origin_m),
    )
