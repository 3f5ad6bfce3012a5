"""Camera geometry: directions of pixels and projection of points, with distortion.

Pixel (u, v) has its centre at (u + 0.5, v + 0.5). Distortion is Brown and Conrady's (k1, k2, p1, p2, k3, as OpenCV
orders them) for 'pinhole', and Kannala and Brandt's theta_d = theta (1 + k1 theta^2 + ... + k4 theta^8) for 'fisheye'.
"""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.sensors import CameraModel

_ITERATIONS = 12
_NEAR_M = 0.05


def _coefficients(camera: CameraModel) -> tuple[float, ...]:
    return tuple(camera.distortion) + (0.0,) * (5 - len(camera.distortion))


def _distort(camera: CameraModel, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    k1, k2, p1, p2, k3 = _coefficients(camera)
    square = x * x + y * y
    radial = 1.0 + square * (k1 + square * (k2 + square * k3))
    return (
        x * radial + 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x),
        y * radial + p1 * (square + 2.0 * y * y) + 2.0 * p2 * x * y,
    )


def _undistort(camera: CameraModel, seen_x: np.ndarray, seen_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    k1, k2, p1, p2, k3 = _coefficients(camera)
    x, y = seen_x, seen_y
    for _ in range(_ITERATIONS):
        bent_x, bent_y = _distort(camera, x, y)
        square = x * x + y * y
        radial = 1.0 + square * (k1 + square * (k2 + square * k3))
        slope = 2.0 * (k1 + square * (2.0 * k2 + square * 3.0 * k3))
        xx = radial + x * x * slope + 2.0 * p1 * y + 6.0 * p2 * x
        yy = radial + y * y * slope + 6.0 * p1 * y + 2.0 * p2 * x
        xy = x * y * slope + 2.0 * p1 * x + 2.0 * p2 * y
        determinant = xx * yy - xy * xy
        determinant = np.where(np.abs(determinant) < 0.05, 0.05, determinant)
        off_x, off_y = seen_x - bent_x, seen_y - bent_y
        x, y = x + (yy * off_x - xy * off_y) / determinant, y + (xx * off_y - xy * off_x) / determinant
    return x, y


def _fisheye_angle(camera: CameraModel, theta: np.ndarray) -> np.ndarray:
    k1, k2, k3, k4, _ = _coefficients(camera)
    square = theta * theta
    return theta * (1.0 + square * (k1 + square * (k2 + square * (k3 + square * k4))))


def directions(camera: CameraModel, pixel: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 3"]:
    """Unit directions in the camera frame that look through image points (in pixels, centres at + 0.5).

    The distortion is undone by Newton's method, to below 1e-6 pixels within the image of any lens whose distortion is
    monotonic there.
    """
    x = (pixel[..., 0] - camera.cx_px) / camera.fx_px
    y = (pixel[..., 1] - camera.cy_px) / camera.fy_px
    if camera.model == "fisheye":
        return _fisheye_directions(camera, x, y)
    if any(camera.distortion):
        x, y = _undistort(camera, x, y)
    straight = np.stack([x, y, np.ones_like(x)], axis=-1)
    return straight / np.linalg.norm(straight, axis=-1, keepdims=True)


def _fisheye_directions(camera: CameraModel, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    seen = np.hypot(x, y)
    theta = np.minimum(seen, np.pi)
    for _ in range(_ITERATIONS):
        k1, k2, k3, k4, _unused = _coefficients(camera)
        square = theta * theta
        slope = 1.0 + square * (3 * k1 + square * (5 * k2 + square * (7 * k3 + square * 9 * k4)))
        theta = theta - (_fisheye_angle(camera, theta) - seen) / np.where(np.abs(slope) < 1e-3, 1e-3, slope)
    ratio = np.where(seen > 1e-12, np.sin(theta) / np.where(seen > 1e-12, seen, 1.0), 1.0)
    return np.stack([x * ratio, y * ratio, np.cos(theta)], axis=-1)


def project(
    camera: CameraModel, points_m: Float[np.ndarray, "*n 3"]
) -> tuple[Float[np.ndarray, "*n 2"], Bool[np.ndarray, "*n"]]:
    """Image points of points in the camera frame, and which lie in front of the lens (image bounds are not tested)."""
    x, y, z = np.moveaxis(np.asarray(points_m, dtype=np.float64), -1, 0)
    if camera.model == "fisheye":
        flat = np.hypot(x, y)
        theta = np.arctan2(flat, z)
        scale = np.where(flat > 1e-12, _fisheye_angle(camera, theta) / np.where(flat > 1e-12, flat, 1.0), 0.0)
        u, v, front = x * scale, y * scale, np.sqrt(x * x + y * y + z * z) > _NEAR_M
    else:
        front = z > _NEAR_M
        depth = np.where(front, z, 1.0)
        u, v = _distort(camera, x / depth, y / depth)
    pixel = np.stack([camera.fx_px * u + camera.cx_px, camera.fy_px * v + camera.cy_px], axis=-1)
    return np.where(front[..., None], pixel, np.nan), np.asarray(front)


def pixel_grid(camera: CameraModel) -> Float[np.ndarray, "H W 2"]:
    """Centres of all pixels."""
    u, v = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    return np.stack([u, v], axis=-1)


_EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]])
_EDGE_SAMPLES = 9


def amodal_box_px(camera: CameraModel, corners_m: Float[np.ndarray, "8 3"]) -> Float[np.ndarray, "4"] | None:
    """x_min, y_min, x_max, y_max around a projected 3D box, clipped to the image; None where it is out of view.

    Edges are cut where they pass behind the lens, and followed at nine points each, since distortion bends them. Points
    so far outside a pinhole image that the distortion formula no longer holds there are projected without it.
    """
    start, end = corners_m[_EDGES[:, 0]], corners_m[_EDGES[:, 1]]
    low, high = np.zeros(len(_EDGES)), np.ones(len(_EDGES))
    if camera.model != "fisheye":
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
    pixel, _ = project(camera, points_m)
    if camera.model == "fisheye" or not any(camera.distortion):
        return pixel
    straight = points_m[:, :2] / points_m[:, 2:]
    reach = max(camera.cx_px, camera.width_px - camera.cx_px) / camera.fx_px
    reach_y = max(camera.cy_px, camera.height_px - camera.cy_px) / camera.fy_px
    far = np.sum(straight**2, axis=-1) > 2.25 * (reach**2 + reach_y**2)
    plain = straight * [camera.fx_px, camera.fy_px] + [camera.cx_px, camera.cy_px]
    return np.where(far[:, None], plain, pixel)
