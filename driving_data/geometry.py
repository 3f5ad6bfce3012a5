"""Rigid transforms and oriented boxes, batched.

A transform is named `<to>_from_<from>`, so that equal names meet:

    world_from_camera = world_from_ego @ ego_from_camera
    p_world = world_from_ego.apply(p_ego)

Frames are right-handed, in metres; `world` is east-north-up, `ego` has x forward, y left, z up (ISO 8855),
`actor` is the same axes at the centre of the box, cameras have x right, y down, z forward.
Quaternions are w, x, y, z.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True, slots=True, eq=False)
class SE3:
    """A batch of rigid transforms.

    Attributes:
        rotation: rotation matrices, shape (*batch, 3, 3), float64.
        translation_m: translations in metres, shape (*batch, 3), float64.
    """

    rotation: Float[np.ndarray, "*batch 3 3"]
    translation_m: Float[np.ndarray, "*batch 3"]

    @property
    def shape(self) -> tuple[int, ...]:
        """The batch shape."""
        return self.translation_m.shape[:-1]

    @staticmethod
    def identity(*shape: int) -> "SE3":
        """The identity, repeated over the batch shape."""
        return SE3(np.broadcast_to(np.eye(3), (*shape, 3, 3)).copy(), np.zeros((*shape, 3)))

    @staticmethod
    def from_yaw(yaw_rad: Float[np.ndarray, "*batch"], translation_m: Float[np.ndarray, "*batch 3"]) -> "SE3":
        """Rotation about z by `yaw_rad`, then translation."""
        cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
        rotation = np.zeros((*np.shape(yaw_rad), 3, 3))
        rotation[..., 0, 0] = cos
        rotation[..., 0, 1] = -sin
        rotation[..., 1, 0] = sin
        rotation[..., 1, 1] = cos
        rotation[..., 2, 2] = 1.0
        return SE3(rotation, np.asarray(translation_m, dtype=np.float64))

    @staticmethod
    def from_rpy(rpy_rad: Float[np.ndarray, "*batch 3"], translation_m: Float[np.ndarray, "*batch 3"]) -> "SE3":
        """Rotation R = Rz(yaw) Ry(pitch) Rx(roll) from angles (roll, pitch, yaw); pitch > 0 turns the nose down."""
        cr, cp, cy = np.moveaxis(np.cos(rpy_rad), -1, 0)
        sr, sp, sy = np.moveaxis(np.sin(rpy_rad), -1, 0)
        rows = [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
        rotation = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
        return SE3(rotation, np.asarray(translation_m, dtype=np.float64))

    @staticmethod
    def from_quaternion(wxyz: Float[np.ndarray, "*batch 4"], translation_m: Float[np.ndarray, "*batch 3"]) -> "SE3":
        """Rotation from quaternions w, x, y, z, which are normalised first.

        Raises:
            ValueError: a quaternion has no length.
        """
        norm = np.linalg.norm(wxyz, axis=-1, keepdims=True)
        if np.any(norm < 1e-12):
            raise ValueError("a quaternion of length zero is no rotation")
        w, x, y, z = np.moveaxis(np.asarray(wxyz, dtype=np.float64) / norm, -1, 0)
        rows = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
        rotation = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
        return SE3(rotation, np.asarray(translation_m, dtype=np.float64))

    def __matmul__(self, other: "SE3") -> "SE3":
        """Composition; batch shapes broadcast."""
        rotation = self.rotation @ other.rotation
        moved = np.einsum("...ij,...j->...i", self.rotation, other.translation_m)
        return SE3(rotation, moved + self.translation_m)

    def __getitem__(self, index: Any) -> "SE3":
        """Indexes the batch axes, as numpy indexes an array of the batch shape."""
        parts: tuple[Any, ...] = index if isinstance(index, tuple) else (index,)
        if any(part is Ellipsis for part in parts):
            whole = slice(None)
            return SE3(self.rotation[(*parts, whole, whole)], self.translation_m[(*parts, whole)])
        return SE3(self.rotation[parts], self.translation_m[parts])

    def inverse(self) -> "SE3":
        """The inverse transforms."""
        transposed = np.swapaxes(self.rotation, -1, -2)
        return SE3(transposed, -np.einsum("...ij,...j->...i", transposed, self.translation_m))

    def apply(self, points_m: Float[np.ndarray, "*points 3"]) -> Float[np.ndarray, "*out 3"]:
        """Moves points; the batch shape broadcasts against the leading axes of `points_m`."""
        return np.einsum("...ij,...j->...i", self.rotation, points_m) + self.translation_m

    def rotate(self, vectors: Float[np.ndarray, "*points 3"]) -> Float[np.ndarray, "*out 3"]:
        """Turns directions or velocities, without translation."""
        return np.einsum("...ij,...j->...i", self.rotation, vectors)

    def matrix(self) -> Float[np.ndarray, "*batch 4 4"]:
        """Homogeneous matrices."""
        matrix = np.zeros((*self.shape, 4, 4))
        matrix[..., :3, :3] = self.rotation
        matrix[..., :3, 3] = self.translation_m
        matrix[..., 3, 3] = 1.0
        return matrix

    def yaw_rad(self) -> Float[np.ndarray, "*batch"]:
        """Heading of the x axis in the plane, in (-pi, pi]."""
        return np.asarray(np.arctan2(self.rotation[..., 1, 0], self.rotation[..., 0, 0]))

    def quaternion_wxyz(self) -> Float[np.ndarray, "*batch 4"]:
        """Unit quaternions w, x, y, z with w >= 0 (the largest component is found first, for precision)."""
        m = self.rotation
        trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
        candidates = np.stack([trace, m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], axis=-1)
        largest = np.argmax(candidates, axis=-1)
        options = np.stack(
            [
                _quaternion_row(1 + trace, m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0],
                                m[..., 1, 0] - m[..., 0, 1]),
                _quaternion_row(m[..., 2, 1] - m[..., 1, 2], 1 + 2 * m[..., 0, 0] - trace,
                                m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0]),
                _quaternion_row(m[..., 0, 2] - m[..., 2, 0], m[..., 0, 1] + m[..., 1, 0],
                                1 + 2 * m[..., 1, 1] - trace, m[..., 1, 2] + m[..., 2, 1]),
                _quaternion_row(m[..., 1, 0] - m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0],
                                m[..., 1, 2] + m[..., 2, 1], 1 + 2 * m[..., 2, 2] - trace),
            ],
            axis=-2,
        )  # fmt: skip
        chosen = np.take_along_axis(options, largest[..., None, None], axis=-2)[..., 0, :]
        chosen = chosen / np.linalg.norm(chosen, axis=-1, keepdims=True)
        return np.where(chosen[..., :1] < 0, -chosen, chosen)


def _quaternion_row(*parts: "np.ndarray | np.floating[Any]") -> np.ndarray:
    return np.stack(parts, axis=-1)


def interpolate(start: SE3, end: SE3, fraction: Float[np.ndarray, "*batch"]) -> SE3:
    """Poses between `start` (0) and `end` (1): straight in translation, slerp in rotation."""
    fraction = np.asarray(fraction, dtype=np.float64)[..., None]
    a, b = start.quaternion_wxyz(), end.quaternion_wxyz()
    dot = np.sum(a * b, axis=-1, keepdims=True)
    b = np.where(dot < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), -1.0, 1.0))
    sine = np.sin(angle)
    near = sine < 1e-9
    safe = np.where(near, 1.0, sine)
    weight_a = np.where(near, 1 - fraction, np.sin((1 - fraction) * angle) / safe)
    weight_b = np.where(near, fraction, np.sin(fraction * angle) / safe)
    translation = (1 - fraction) * start.translation_m + fraction * end.translation_m
    return SE3.from_quaternion(weight_a * a + weight_b * b, translation)


_CORNER_SIGNS = np.array(
    [[1, 1, -1], [1, -1, -1], [-1, -1, -1], [-1, 1, -1], [1, 1, 1], [1, -1, 1], [-1, -1, 1], [-1, 1, 1]],
    dtype=np.float64,
)


def box_corners(world_from_actor: SE3, size_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 8 3"]:
    """Corners of boxes (length, width, height): four below, then four above, each front-left first, clockwise."""
    local = 0.5 * np.asarray(size_m)[..., None, :] * _CORNER_SIGNS
    return world_from_actor[..., None].apply(local)


def points_in_boxes(
    points_m: Float[np.ndarray, "n 3"],
    world_from_actor: SE3,
    size_m: Float[np.ndarray, "boxes 3"],
    margin_m: float = 0.0,
) -> Bool[np.ndarray, "boxes n"]:
    """Which points lie inside which boxes, each box grown by `margin_m` on every side."""
    local = world_from_actor.inverse()[:, None].apply(points_m[None])
    half = 0.5 * size_m[:, None, :] + margin_m
    return np.all(np.abs(local) <= half, axis=-1)


def overlap_depth_m(
    center_a_m: Float[np.ndarray, "*batch 2"],
    yaw_a_rad: Float[np.ndarray, "*batch"],
    size_a_m: Float[np.ndarray, "*batch 2"],
    center_b_m: Float[np.ndarray, "*batch 2"],
    yaw_b_rad: Float[np.ndarray, "*batch"],
    size_b_m: Float[np.ndarray, "*batch 2"],
) -> Float[np.ndarray, "*batch"]:
    """Penetration of two oriented rectangles by the separating axis theorem; negative where they are apart.

    The value is the smallest overlap of the four candidate axes: positive is the least translation (in metres)
    that would part the boxes, negative is a lower bound of the distance between them.
    """
    offset = np.asarray(center_b_m) - np.asarray(center_a_m)
    axes_a = np.stack([np.cos(yaw_a_rad), np.sin(yaw_a_rad)], axis=-1)
    axes_b = np.stack([np.cos(yaw_b_rad), np.sin(yaw_b_rad)], axis=-1)
    depth = np.full(np.broadcast_shapes(np.shape(yaw_a_rad), np.shape(yaw_b_rad)), np.inf)
    for forward in (axes_a, axes_b):
        for axis in (forward, np.stack([-forward[..., 1], forward[..., 0]], axis=-1)):
            reach = _half_extent(axis, axes_a, np.asarray(size_a_m)) + _half_extent(axis, axes_b, np.asarray(size_b_m))
            depth = np.minimum(depth, reach - np.abs(np.sum(offset * axis, axis=-1)))
    return np.asarray(depth)


def _half_extent(axis: np.ndarray, forward: np.ndarray, size_m: np.ndarray) -> np.ndarray:
    left = np.stack([-forward[..., 1], forward[..., 0]], axis=-1)
    along = np.abs(np.sum(axis * forward, axis=-1)) * size_m[..., 0]
    across = np.abs(np.sum(axis * left, axis=-1)) * size_m[..., 1]
    return np.asarray(0.5 * (along + across))


def wrap_angle(angle_rad: Float[np.ndarray, "*batch"]) -> Float[np.ndarray, "*batch"]:
    """The same angle in [-pi, pi)."""
    return np.asarray((np.asarray(angle_rad) + np.pi) % (2 * np.pi) - np.pi)
