"""The slow, obvious twins of the impact kernels: matrices over the six speeds of two bodies, polygons by shapely."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from shapely import Polygon


@dataclass(frozen=True, slots=True)
class Box:
    """An oriented box with mass; `q` is (vx, vy, yaw rate). A mass of inf does not move."""

    x: float
    y: float
    yaw: float
    length: float
    width: float
    mass: float
    q: tuple[float, float, float]

    def inverse(self) -> Float[np.ndarray, "3 3"]:
        """Inverse mass matrix."""
        if math.isinf(self.mass):
            return np.zeros((3, 3))
        inertia = self.mass * (self.length**2 + self.width**2) / 12
        return np.diag([1 / self.mass, 1 / self.mass, 1 / inertia])

    def outline(self) -> Polygon:
        """Its corners."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        halves = [(1, 1), (1, -1), (-1, -1), (-1, 1)]
        return Polygon(
            [
                (self.x + c * a * self.length / 2 - s * b * self.width / 2,
                 self.y + s * a * self.length / 2 + c * b * self.width / 2)
                for a, b in halves
            ]
        )  # fmt: skip


def touching(a: Box, b: Box) -> Float[np.ndarray, "2"]:
    """Middle of the overlap of two boxes that hardly overlap."""
    center = a.outline().intersection(b.outline()).centroid
    return np.array([center.x, center.y])


def energy(*boxes: Box) -> float:
    """Kinetic energy of bodies that move."""
    total = 0.0
    for box in boxes:
        if not math.isinf(box.mass):
            inertia = box.mass * (box.length**2 + box.width**2) / 12
            total += 0.5 * box.mass * (box.q[0] ** 2 + box.q[1] ** 2) + 0.5 * inertia * box.q[2] ** 2
    return total


def impulse(a: Box, b: Box, point: np.ndarray, n: np.ndarray, e: float, mu: float) -> Float[np.ndarray, "2"]:
    """Kudlich-Slibar impulse on b: the common velocity by solving for it, cut off at the cone of friction."""
    rows: list[np.ndarray] = []
    for box, sign in ((a, 1.0), (b, -1.0)):
        r = point - np.array([box.x, box.y])
        rows.append(sign * np.array([[1.0, 0.0, -r[1]], [0.0, 1.0, r[0]]]))
    jac = np.concatenate(rows, axis=1)
    inverse = np.zeros((6, 6))
    inverse[:3, :3], inverse[3:, 3:] = a.inverse(), b.inverse()
    v = jac @ np.array([*a.q, *b.q])
    if float(v @ n) <= 0 or not inverse.any():
        return np.zeros(2)
    mobility = jac @ inverse @ jac.T
    t = np.array([-n[1], n[0]])
    common = np.linalg.solve(mobility, v)
    if common @ n > 0 and abs(common @ t) <= mu * (common @ n):
        return (1 + e) * common
    d = n + math.copysign(mu, float(common @ t) or -1.0) * t
    if d @ v <= 0 or n @ mobility @ d <= 0:
        d = n
    size = min((1 + e) * (v @ n) / (n @ mobility @ d), 2 * (d @ v) / (d @ mobility @ d))
    return size * d
