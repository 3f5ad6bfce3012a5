"""How much of each actor a camera sees, and would see were nothing else there."""

import numpy as np

from driving_data.geometry import SE3, box_corners
from driving_data.rollout import WorldState
from driving_data.sensors import CameraModel, SensorFrames
from generators.interface import Silhouettes
from generators.raytrace.cameras.geometry import amodal_box_px
from generators.raytrace.cameras.look import at_rows
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.moment import Moment, Opened, middle
from generators.raytrace.tracer import Placed, trace

_MAX_SAMPLES = 900


def silhouettes(opened: Opened, moment: Moment, rays: tuple[PixelRays, ...], frames: SensorFrames) -> Silhouettes:
    """Counts for every camera and actor, for frames of the same moment."""
    shape = (len(opened.rig.cameras), len(opened.scene.actors))
    counts = Silhouettes(np.zeros(shape, np.int64), np.zeros(shape, np.int64))
    for index, model in enumerate(opened.rig.cameras):
        instance = next((frame.instance for frame in frames.frames if frame.camera == model.name), None)
        if instance is None:
            continue
        placed, world_from_camera = at_rows(opened, moment, model)
        center = middle(world_from_camera)
        for actor in np.unique(placed.actor):
            pixels = _samples(opened, model, center, moment.start, int(actor))
            within = rays[index].seen
            if within is not None:
                pixels = pixels[within.ravel()[pixels]]
            if len(pixels) == 0:
                continue
            bodies = np.flatnonzero(placed.actor == actor)
            met = np.any(
                [_alone(opened, placed, world_from_camera, rays[index], pixels, int(row)) for row in bodies], axis=0
            )
            seen = instance.ravel()[pixels] == actor + 1
            counts.alone[index, actor] = int(np.sum(met | seen))
            counts.visible[index, actor] = int(np.sum(seen))
    return counts


def _samples(opened: Opened, model: CameraModel, world_from_camera: SE3, state: WorldState, actor: int) -> np.ndarray:
    """Row-major indices of at most about 900 pixels, regularly spaced over the actor's box."""
    corners = box_corners(state.world_from_actor[actor], opened.scene.actors.size_m[actor])
    box = amodal_box_px(model, world_from_camera.inverse().apply(corners))
    if box is None:
        return np.zeros(0, np.int64)
    x0, y0, x1, y1 = (int(v) for v in (np.floor(box[0]), np.floor(box[1]), np.ceil(box[2]), np.ceil(box[3])))
    step = max(1, int(np.ceil(np.sqrt((x1 - x0) * (y1 - y0) / _MAX_SAMPLES))))
    v, u = np.meshgrid(np.arange(y0, y1, step), np.arange(x0, x1, step), indexing="ij")
    return (v * model.width_px + u).ravel()


def _alone(
    opened: Opened, placed: Placed, world_from_camera: SE3, rays: PixelRays, pixels: np.ndarray, which: int
) -> np.ndarray:
    """Whether the rays of these pixels meet one actor when it is alone."""
    still = world_from_camera.shape[0] == 1
    slot = np.zeros(len(pixels), np.int32) if still else (pixels // rays.model.width_px).astype(np.int32)
    rotation = world_from_camera.rotation[slot].astype(np.float32)
    direction = np.matmul(rotation, rays.direction.reshape(-1, 3)[pixels][..., None])[..., 0]
    origin = (world_from_camera.translation_m[slot] - opened.traced.origin_m).astype(np.float32)
    return trace(opened.traced, placed, origin, direction, slot, any_hit=True, only=which).triangle >= 0
