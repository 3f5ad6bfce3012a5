"""Boxes in space and in pictures."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from driving_data.geometry import SE3


@dataclass(frozen=True, slots=True, eq=False)
class Boxes3D:
    """3D boxes, one row per actor and labelled moment; the pose itself is in the rollout.

    Attributes:
        timestamp_ns: shape (N,).
        step: index into the rollout's moments, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        num_lidar_points: points inside the box, shape (N,); -1 where unknown.
        visible_fraction: visible part of the projected actor over all cameras, 0 to 1; NaN where unknown; (N,).
    """

    timestamp_ns: Int[np.ndarray, "N"]
    step: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    num_lidar_points: Int[np.ndarray, "N"]
    visible_fraction: Float[np.ndarray, "N"]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes2D:
    """2D boxes, one row per actor and camera frame in which at least one pixel of it is seen.

    Attributes:
        frame: index into the segment's frames, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        visible_px: x_min, y_min, x_max, y_max around the visible pixels (max exclusive), shape (N, 4).
        amodal_px: the same around the projected 3D box, clipped to the image, shape (N, 4).
        num_pixels: visible pixels, shape (N,).
        occlusion: hidden part of the actor's pixels inside the image, 0 to 1; NaN where unknown; shape (N,).
    """

    frame: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    visible_px: Float32[np.ndarray, "N 4"]
    amodal_px: Float32[np.ndarray, "N 4"]
    num_pixels: Int[np.ndarray, "N"]
    occlusion: Float[np.ndarray, "N"]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceBoxes2D:
    """Boxes around the whole projected surface of actors, hidden or not, one row per actor and picture in view.

    Attributes:
        frame: index into the segment's frames, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        box_px: x_min, y_min, x_max, y_max, clipped to the image, shape (N, 4).
    """

    frame: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    box_px: Float32[np.ndarray, "N 4"]


@dataclass(frozen=True, slots=True, eq=False)
class PartBoxes3D:
    """Boxes of the moving parts of actors (wheels, doors, booms), one row per part and labelled moment.

    Attributes:
        step: index into the rollout's moments, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        name: what each part is: 'wheel', 'boom', 'door', ..., N of them.
        world_from_box: pose of the box's centre, along the part's own axes, batch shape (N,).
        size_m: length, width, height, shape (N, 3); a part may reach beyond the box of its actor.
    """

    step: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    name: tuple[str, ...]
    world_from_box: SE3
    size_m: Float[np.ndarray, "N 3"]
