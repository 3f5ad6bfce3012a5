"""How far each pixel is: as rendered, or estimated from calibration and lidar where a picture has no depth.

The estimate is the ground plane under the ego (z = 0 of its frame) below the horizon; what stands above the ground is
pulled nearer by the lidar points around it; the sky is told by its place and look.
"""

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy import ndimage

from driving_data.sensors import CameraFrame, CameraModel, LidarSweep
from generators.raytrace.cameras.geometry import directions, pixel_grid, project

FAR_M = 2000.0
_GROUND_FAR_M = 150.0
_OBJECT_M = 150.0
_LIDAR_REACH_PX = 0.03
_SMOOTH = 0.006
_MIN_POINTS = 50
_SKY_POINTS = 2e-4


def frame_depth_m(frame: CameraFrame, model: CameraModel, sweep: LidarSweep | None) -> Float32[np.ndarray, "H W"]:
    """Distance of every pixel from the lens (along its ray), in metres; FAR_M for the sky."""
    rays = directions(model, pixel_grid(model))
    if frame.depth_m is not None:
        # A lens of more than a half turn has negative depths behind it; where it sees nothing there is no ray.
        ahead = np.where(np.abs(rays[..., 2]) > 1e-3, rays[..., 2], np.nan)
        along = frame.depth_m.astype(np.float64) / ahead
        return np.where(np.isfinite(along), np.minimum(along, FAR_M), FAR_M).astype(np.float32)
    world = model.ego_from_camera.rotate(rays)
    down = -world[..., 2]
    height = max(float(model.ego_from_camera.translation_m[2]), 0.3)
    ground = np.where(down > 1e-4, height / np.maximum(down, 1e-4), np.inf)
    depth = np.where(ground < _GROUND_FAR_M, ground, np.where(down > 0, _GROUND_FAR_M, _OBJECT_M))
    sky = sky_mask(frame.rgb, down < 0.02)
    if sweep is not None:
        depth, sky = _with_lidar(depth, sky, down > 0, frame, model, sweep)
    depth = np.where(sky, FAR_M, depth)
    smooth = np.exp(ndimage.gaussian_filter(np.log(depth), _SMOOTH * model.width_px))
    return np.where(depth >= FAR_M, depth, np.minimum(smooth, 2.0 * depth)).astype(np.float32)


def sky_mask(rgb: UInt8[np.ndarray, "H W 3"], above: Bool[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """Pixels above the horizon that are bright, smooth, no redder than blue, and joined to the top of the picture."""
    values = rgb.astype(np.float32)
    luma = values @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    rough = ndimage.gaussian_gradient_magnitude(luma, 1.5)
    bright = luma > max(float(np.percentile(luma, 55)), 60.0)
    candidate = above & bright & (rough < 9.0) & (values[..., 2] >= values[..., 0] - 12.0)
    pieces = np.zeros(candidate.shape, np.int32)
    ndimage.label(candidate, output=pieces)
    at_top = np.unique(pieces[0])
    found = np.isin(pieces, at_top[at_top > 0])
    return np.asarray(ndimage.binary_dilation(found, iterations=2) & above & (luma > 60.0))


def _with_lidar(
    depth: np.ndarray, sky: np.ndarray, below: np.ndarray, frame: CameraFrame, model: CameraModel, sweep: LidarSweep
) -> tuple[np.ndarray, np.ndarray]:
    """Depth pulled nearer by lidar points, and the sky without what the lidar met."""
    camera_from_lidar = frame.world_from_camera.inverse() @ sweep.world_from_lidar
    points = camera_from_lidar.apply(sweep.points_m.astype(np.float64))
    pixel, front = project(model, points)
    with np.errstate(invalid="ignore"):
        inside = front & np.all((pixel >= 0) & (pixel < [model.width_px, model.height_px]), axis=-1)
    if int(inside.sum()) < _MIN_POINTS:
        return depth, sky
    u, v = pixel[inside].astype(int).T
    sparse = np.full(depth.shape, np.inf)
    np.minimum.at(sparse, (v, u), np.linalg.norm(points[inside], axis=-1))
    known = np.isfinite(sparse)
    nearest, gap = np.zeros((2, *depth.shape), np.int32), np.zeros(depth.shape)
    ndimage.distance_transform_edt(~known, return_indices=True, distances=gap, indices=nearest)
    filled = sparse[nearest[0], nearest[1]]
    close = gap < _LIDAR_REACH_PX * model.width_px
    pieces = np.zeros(sky.shape, np.int32)
    ndimage.label(sky, output=pieces)
    met = np.asarray(ndimage.mean(close & known, pieces, np.arange(int(pieces.max()) + 1)))
    open_sky = sky & (met[pieces] < _SKY_POINTS) & ~close
    trust = np.where(below, close, True)
    return np.where(trust, np.minimum(filled, np.where(below, depth * 1.2 + 2.0, FAR_M)), depth), open_sky
