"""Camera geometry: directions of pixels and projection of points, through any lens of `lenses`.

Pixel (u, v) has its centre at (u + 0.5, v + 0.5). A fisheye or f-theta lens may see behind itself: its rays then have
negative z, and so has the depth of what they meet.
"""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.sensors import CameraModel
from generators.raytrace.cameras import lenses

_NEAR_M = 0.05


def directions(camera: CameraModel, pixel: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 3"]:
    """Unit directions in the camera frame that look through image points (in pixels, centres at + 0.5).

    NaN where the lens sees nothing. `project` brings the others back to within 1e-6 pixels.

    Raises:
        InputError: the camera's model has no such name.
    """
    x = (pixel[..., 0] - camera.cx_px) / camera.fx_px
    y = (pixel[..., 1] - camera.cy_px) / camera.fy_px
    lens = lenses.profile(camera)
    if lens.by_angle:
        seen = np.hypot(x, y)
        theta = lens.inverse(seen)
        first = 1.0 / lens.coefficients[1]
        ratio = np.where(seen > 1e-12, np.sin(theta) / np.where(seen > 1e-12, seen, 1.0), first)
        return np.stack([x * ratio, y * ratio, np.cos(theta)], axis=-1)
    x, y = lenses.straighten(camera, x, y)
    straight = np.stack([x, y, np.ones_like(x)], axis=-1)
    return straight / np.linalg.norm(straight, axis=-1, keepdims=True)


def project(
    camera: CameraModel, points_m: Float[np.ndarray, "*n 3"]
) -> tuple[Float[np.ndarray, "*n 2"], Bool[np.ndarray, "*n"]]:
    """Image points of points in the camera frame, and which the lens can see (image bounds are not tested).

    NaN for those that it cannot: behind a pinhole, beyond the field of any lens, or nearer than 5 cm.

    Raises:
        InputError: the camera's model has no such name.
    """
    points = np.asarray(points_m, dtype=np.float64)
    _, inside = lenses.within_field(camera, points)
    near = np.linalg.norm(points, axis=-1) if camera.model != "pinhole" else points[..., 2]
    front = inside & (near > _NEAR_M)
    return np.where(front[..., None], _image(camera, points), np.nan), np.asarray(front)


def _image(camera: CameraModel, points: np.ndarray) -> np.ndarray:
    """Image points by the lens's formula, wherever the points lie."""
    x, y, z = np.moveaxis(points, -1, 0)
    lens = lenses.profile(camera)
    if lens.by_angle:
        flat = np.hypot(x, y)
        scale = np.where(flat > 1e-12, lens.distance(np.arctan2(flat, z)) / np.where(flat > 1e-12, flat, 1.0), 0.0)
        u, v = x * scale, y * scale
    else:
        depth = np.where(z > _NEAR_M, z, 1.0)
        u, v = lenses.bend(camera, x / depth, y / depth)
    return np.stack([camera.fx_px * u + camera.cx_px, camera.fy_px * v + camera.cy_px], axis=-1)


def pixel_grid(camera: CameraModel) -> Float[np.ndarray, "H W 2"]:
    """Centres of all pixels."""
    u, v = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    return np.stack([u, v], axis=-1)


_EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]])
_EDGE_SAMPLES = 9


def amodal_box_px(camera: CameraModel, corners_m: Float[np.ndarray, "8 3"]) -> Float[np.ndarray, "4"] | None:
    """x_min, y_min, x_max, y_max around a projected 3D box, clipped to the image; None where it is out of view.

    Edges are cut where they pass behind a pinhole, and followed at nine points each, since distortion bends them. What
    lies beyond the lens's field is held at its end, where the formula still holds.
    """
    start, end = corners_m[_EDGES[:, 0]], corners_m[_EDGES[:, 1]]
    low, high = np.zeros(len(_EDGES)), np.ones(len(_EDGES))
    if camera.model == "pinhole":
        near = 2 * _NEAR_M
        depth, change = start[:, 2], end[:, 2] - start[:, 2]
        cut = (near - depth) / np.where(change == 0, 1.0, change)
        low = np.where((depth < near) & (change != 0), cut, low)
        high = np.where((end[:, 2] < near) & (change != 0), cut, high)
        kept = (np.maximum(depth, end[:, 2]) >= near) & (low <= high)
        start, end, low, high = start[kept], end[kept], low[kept], high[kept]
    if len(start) == 0:
        return None
    along = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _EDGE_SAMPLES)[None]
    points = start[:, None] + along[..., None] * (end - start)[:, None]
    pixel = _project_held(camera, points.reshape(-1, 3))
    size = np.array([camera.width_px, camera.height_px], dtype=np.float64)
    low_px, high_px = np.clip(pixel.min(axis=0), 0.0, size), np.clip(pixel.max(axis=0), 0.0, size)
    if np.any(high_px - low_px <= 0.0):
        return None
    return np.concatenate([low_px, high_px])


def _project_held(camera: CameraModel, points_m: np.ndarray) -> np.ndarray:
    """Image points, those beyond the field where it ends."""
    return _image(camera, lenses.within_field(camera, points_m)[0])
