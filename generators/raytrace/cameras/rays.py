"""Where the pixels of a camera look."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from driving_data.sensors import CameraModel
from generators.raytrace.cameras import geometry


@dataclass(frozen=True, slots=True, eq=False)
class PixelRays:
    """Directions of a camera's pixels in its own frame, and how they change from pixel to pixel; float32.

    Attributes:
        model: the camera.
        direction: unit; along the axis where the lens sees nothing.
        along_u: change from column to column.
        along_v: change from row to row.
        seen: whether the lens sees anything there; None where it does everywhere.
    """

    model: CameraModel
    direction: Float32[np.ndarray, "H W 3"]
    along_u: Float32[np.ndarray, "H W 3"]
    along_v: Float32[np.ndarray, "H W 3"]
    seen: Bool[np.ndarray, "H W"] | None = None


def pixel_rays(model: CameraModel) -> PixelRays:
    """Works out the rays of a camera once."""
    grid = geometry.pixel_grid(model)
    half_u, half_v = np.array([0.5, 0.0]), np.array([0.0, 0.5])
    middle = geometry.directions(model, grid)
    along_u = geometry.directions(model, grid + half_u) - geometry.directions(model, grid - half_u)
    along_v = geometry.directions(model, grid + half_v) - geometry.directions(model, grid - half_v)
    seen = np.isfinite(middle[..., 0])
    if seen.all():
        along_u, along_v = np.nan_to_num(along_u), np.nan_to_num(along_v)
        return PixelRays(model, middle.astype(np.float32), along_u.astype(np.float32), along_v.astype(np.float32))
    middle = np.where(seen[..., None], middle, [0.0, 0.0, 1.0])
    across = [np.nan_to_num(along).astype(np.float32) for along in (along_u, along_v)]
    return PixelRays(model, middle.astype(np.float32), across[0], across[1], seen)
