"""Boxes in space and in pictures."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int


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
        amodal_px: the same around its whole projected surface, hidden or not, clipped to the image; around the
            projected 3D box where the surface is not known (real logs), shape (N, 4).
        num_pixels: visible pixels, shape (N,).
        occlusion: hidden part of the actor's pixels inside the image, 0 to 1; NaN where unknown; shape (N,).
    """

    frame: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    visible_px: Float32[np.ndarray, "N 4"]
    amodal_px: Float32[np.ndarray, "N 4"]
    num_pixels: Int[np.ndarray, "N"]
    occlusion: Float[np.ndarray, "N"]
