"""The box around an actor's whole projected surface, whether anything hides it or not."""

import numpy as np
from jaxtyping import Float

from generators.raytrace.cameras.geometry import project
from generators.raytrace.inspection import Inspection, Seen, Shape

_NEAR_M = 0.06


def outlines(inspection: Inspection, camera: int, inside: bool = False) -> Float[np.ndarray, "A 4"]:
    """x_min, y_min, x_max, y_max of every actor's projected meshes; NaN for what is out of view.

    Each vertex is projected where and when its row of the picture is read. Triangles are cut where they pass behind
    the camera.

    Args:
        inspection: the geometry.
        camera: index in the rig.
        inside: whether the box is around the part that lies in the image (as a mask without occlusion has it); else
            it is around everything and then clipped to the image.
    """
    seen = inspection.seen_by(camera)
    boxes = np.full((len(inspection.opened.scene.actors), 4), np.nan)
    for shape in inspection.shapes():
        box = _outline(seen, shape, inside)
        if box is not None:
            old = boxes[shape.actor]
            boxes[shape.actor] = np.concatenate([np.fmin(old[:2], box[:2]), np.fmax(old[2:], box[2:])])
    return boxes


def _outline(seen: Seen, shape: Shape, inside: bool) -> np.ndarray | None:
    model = seen.model
    corners = shape.mesh.vertices_m[shape.mesh.triangles].astype(np.float64)
    if not len(corners) or not _may_be_seen(seen, corners, shape.row):
        return None
    points, back = np.unique(shape.mesh.vertices_m, axis=0, return_inverse=True)
    pixel, front, slot = seen.project(points.astype(np.float64), shape.row)
    used = back.ravel()[shape.mesh.triangles]
    complete = front[used].all(axis=-1)
    polygons = pixel[used[complete]]
    if model.model == "pinhole" and not complete.all():
        place = seen.in_camera(points.astype(np.float64), shape.row, slot)
        polygons = np.concatenate([polygons, _cut(seen, place[used[~complete]])])
    if not len(polygons):
        return None
    size = np.array([model.width_px, model.height_px], dtype=np.float64)
    low, high = polygons.min(axis=(0, 1)), polygons.max(axis=(0, 1))
    if inside and (np.any(low < 0) or np.any(high > size)):
        return _bounds_inside(polygons, size)
    low, high = np.clip(low, 0.0, size), np.clip(high, 0.0, size)
    return None if np.any(high - low <= 0) else np.concatenate([low, high])


def _may_be_seen(seen: Seen, corners: np.ndarray, row: int) -> bool:
    """Whether the corners of the box around a shape do not all lie behind a pinhole."""
    if seen.model.model != "pinhole":
        return True
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    ends = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    middle = np.full(8, seen.world_from_camera.shape[0] // 2)
    return bool(np.any(seen.in_camera(ends, row, middle)[:, 2] > 0))


def _cut(seen: Seen, corners: Float[np.ndarray, "F 3 3"]) -> Float[np.ndarray, "G 3 2"]:
    """Triangles in camera axes, cut at the plane just ahead of the camera, as projected triangles."""
    kept: list[np.ndarray] = []
    for triangle in corners[corners[..., 2].max(axis=-1) > _NEAR_M]:
        ring: list[np.ndarray] = []
        for a, b in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
            if a[2] > _NEAR_M:
                ring.append(a)
            if (a[2] > _NEAR_M) != (b[2] > _NEAR_M):
                ring.append(a + (_NEAR_M - a[2]) / (b[2] - a[2]) * (b - a))
        kept += [np.array([ring[0], ring[k], ring[k + 1]]) for k in range(1, len(ring) - 1)]
    if not kept:
        return np.zeros((0, 3, 2))
    pixel, _ = project(seen.model, np.array(kept).reshape(-1, 3) + np.array([0.0, 0.0, 1e-6]))
    pixel = pixel.reshape(-1, 3, 2)
    return pixel[np.isfinite(pixel).all(axis=(1, 2))]


def _bounds_inside(polygons: Float[np.ndarray, "F 3 2"], size: Float[np.ndarray, "2"]) -> np.ndarray | None:
    """Bounds of the parts of triangles that lie in the image."""
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    near = np.all((high > 0) & (low < size), axis=-1)
    within = np.all((low >= 0) & (high <= size), axis=-1)
    points = np.concatenate([polygons[within].reshape(-1, 2), _cut_at_border(polygons[near & ~within], size)])
    if not len(points):
        return None
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _cut_at_border(polygons: Float[np.ndarray, "F 3 2"], size: Float[np.ndarray, "2"]) -> Float[np.ndarray, "n 2"]:
    """Corners of the parts of triangles inside the image: their own, those of the image, and where sides cross."""
    start, end = polygons, np.roll(polygons, -1, axis=1)
    found = [polygons[np.all((polygons >= 0) & (polygons <= size), axis=-1)]]
    for axis in range(2):
        for border in (0.0, float(size[axis])):
            along = end[..., axis] - start[..., axis]
            share = (border - start[..., axis]) / np.where(along == 0, np.inf, along)
            other = start[..., 1 - axis] + share * (end[..., 1 - axis] - start[..., 1 - axis])
            kept = (along != 0) & (share >= 0) & (share <= 1) & (other >= 0) & (other <= size[1 - axis])
            point = np.empty((int(kept.sum()), 2))
            point[:, axis], point[:, 1 - axis] = border, other[kept]
            found.append(point)
    for corner in np.array([[0.0, 0.0], [size[0], 0.0], [0.0, size[1]], [size[0], size[1]]]):
        side, way = end - start, corner - start
        turn = side[..., 0] * way[..., 1] - side[..., 1] * way[..., 0]
        if np.any(np.all(turn > 0, axis=-1) | np.all(turn < 0, axis=-1)):
            found.append(corner[None])
    return np.concatenate(found)
