"""What happens while the shutter is open and across the aperture: motion blur and depth of field.

Both are means of linear light over pictures from slightly other moments and slightly other points of the lens (Haeberli
and Akeley, "The accumulation buffer", SIGGRAPH 1990). Moments lie evenly over the exposure, so many that nothing moves
by more than a pixel from one to the next; with a rolling shutter each row's own exposure is sampled. Points of the
lens lie on Vogel's spiral over the aperture of radius f / (2 N); a point at depth z is then spread over a circle of
radius f_px (f / 2N) |1/z - 1/s| pixels, s the distance in focus.
"""

from dataclasses import dataclass, replace

import numpy as np

from driving_data.geometry import SE3
from generators.raytrace.cameras.geometry import project
from generators.raytrace.cameras.render import Picture, View
from generators.raytrace.cameras.settings import Development
from generators.raytrace.moment import Moment, sensor_poses
from generators.raytrace.tracer import ending, poses_between

_GOLDEN_RAD = np.pi * (3.0 - np.sqrt(5.0))
_FAR_M = 2000.0
_STRIDE = 4
_AHEAD = 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the pictures that make a picture.

    Attributes:
        shift_s: when, after the middle of the exposure.
        right_m: where on the lens, in the camera's x.
        down_m: in the camera's y.
    """

    shift_s: float = 0.0
    right_m: float = 0.0
    down_m: float = 0.0


def samples_of(moment: Moment, view: View, picture: Picture, settings: Development) -> list[Sample]:
    """The pictures to take; a single one where nothing blurs."""
    model = view.rays.model
    moving = model.exposure_s > 0.0 and moment.duration_s > 0.0
    half = 0.5 * model.exposure_s / moment.duration_s if moving else 0.0
    times = subframes(largest_flow_px(moment, view, picture, -half, half), settings.max_subframes) if moving else 1
    points = settings.lens_samples if model.f_number > 0.0 else 1
    count = max(times, points)
    if count == 1:
        return [Sample()]
    aperture = aperture_m(view) if points > 1 else 0.0
    radius = aperture * np.sqrt((np.arange(count) + 0.5) / count)
    angle = _GOLDEN_RAD * np.arange(count)
    # Times go round in another order than the spiral, so that no part of the lens belongs to a part of the exposure.
    order = np.argsort((np.arange(count) * 0.6180339887498949) % 1.0, kind="stable")
    when = ((np.arange(count) + 0.5) / count - 0.5) * (model.exposure_s if times > 1 else 0.0)
    return [
        Sample(float(when[order[k]]), float(radius[k] * np.cos(angle[k])), float(radius[k] * np.sin(angle[k])))
        for k in range(count)
    ]


def subframes(flow_px: float, most: int) -> int:
    """Moments for a motion of so many pixels: ceil(flow) + 1, one where nothing moves by a tenth of a pixel."""
    return 1 if flow_px < 0.1 else min(int(np.ceil(flow_px)) + 1, most)


def aperture_m(view: View) -> float:
    """Radius of the aperture: half the focal length over the f-number."""
    model = view.rays.model
    return 0.5 * model.fx_px * model.pixel_pitch_m / model.f_number


def largest_flow_px(moment: Moment, view: View, picture: Picture, first: float, last: float) -> float:
    """How far anything that is seen moves in the picture between two fractions of the moment, at every fourth pixel."""
    model = view.rays.model
    ray = view.rays.direction[::_STRIDE, ::_STRIDE].astype(np.float64)
    depth = picture.depth_m[::_STRIDE, ::_STRIDE].astype(np.float64)
    length = np.where(np.isfinite(depth), depth / np.where(np.abs(ray[..., 2]) > 1e-6, ray[..., 2], 1e-6), _FAR_M)
    seen = np.ones(depth.shape, bool) if view.rays.seen is None else view.rays.seen[::_STRIDE, ::_STRIDE]
    points = (ray * length[..., None])[seen]
    owner = picture.instance[::_STRIDE, ::_STRIDE][seen].astype(np.int64) - 1
    cameras = sensor_poses(moment, np.array([first, 0.0, last]), model.ego_from_camera)
    world = cameras[1].apply(points)
    moved = [project(model, cameras[k].inverse().apply(_carried(moment, world, owner, at)))[0] for k, at in
             ((0, first), (2, last))]  # fmt: skip
    flow = np.linalg.norm(moved[1] - moved[0], axis=-1)
    return float(np.max(flow[np.isfinite(flow)], initial=0.0))


def _carried(moment: Moment, world: np.ndarray, owner: np.ndarray, fraction: float) -> np.ndarray:
    """Points of actors where those are at a fraction of the way; the others stay."""
    out = world.copy()
    start, finish = moment.start.world_from_actor, ending(moment.start, moment.end)
    for actor in np.unique(owner[owner >= 0]):
        one, two = _single(start, int(actor)), _single(finish, int(actor))
        pose = poses_between(one, two, np.array([fraction]))[0, 0]
        mine = owner == actor
        out[mine] = pose.apply(start[int(actor)].inverse().apply(world[mine]))
    return out


def _single(poses: SE3, index: int) -> SE3:
    return SE3(poses.rotation[index : index + 1], poses.translation_m[index : index + 1])


def through(view: View, sample: Sample) -> View:
    """The same view from another point of the lens: what lies in the plane of focus stays where it is."""
    if sample.right_m == 0.0 and sample.down_m == 0.0:
        return view
    rays, focus = view.rays, view.rays.model.focus_m
    ahead = rays.direction[..., 2:3]
    aimed = rays.direction * (focus / np.maximum(ahead, _AHEAD)) - np.array([sample.right_m, sample.down_m, 0.0])
    aimed /= np.linalg.norm(aimed, axis=-1, keepdims=True)
    direction = np.where(ahead > _AHEAD, aimed, rays.direction).astype(np.float32)
    offset = view.world_from_camera.rotation @ np.array([sample.right_m, sample.down_m, 0.0])
    pose = SE3(view.world_from_camera.rotation, view.world_from_camera.translation_m + offset)
    return replace(view, rays=replace(rays, direction=direction), world_from_camera=pose)
