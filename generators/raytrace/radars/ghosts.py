"""Multipath: what a radar sees of targets in flat reflectors.

A reflector n . p = c mirrors the target at p to p' = p - 2 (n . p - c) n and its velocity v to v' = v - 2 (n . v) n.
With d the direct way and d' that to the mirror image, three ghosts appear:

    one bounce, received straight      range (d + d') / 2, direction of the target
    one bounce, received by mirror     range (d + d') / 2, direction of the mirror image
    two bounces                        range d',           direction of the mirror image

with range rates (r + r') / 2 and r', r and r' those of the target and of the mirror image; each bounce multiplies the
amplitude by the reflector's gamma (0.3 to 0.7), so power by gamma^2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import SemanticClass

REFLECTIVITY: Mapping[SemanticClass, float] = {
    SemanticClass.GUARD_RAIL: 0.7, SemanticClass.WALL: 0.5, SemanticClass.BUILDING: 0.5, SemanticClass.BRIDGE: 0.5,
    SemanticClass.BARRIER: 0.5, SemanticClass.FENCE: 0.3,
}  # fmt: skip
ROAD_GAMMA, WET_ROAD_GAMMA = 0.3, 0.6
_UPRIGHT = 0.5
_NORMAL_BINS, _OFFSET_M = 72, 0.5
_MIN_HITS, _MAX_PLANES = 12, 8


@dataclass(frozen=True, slots=True, eq=False)
class Reflector:
    """A flat mirror n . p = c.

    Attributes:
        normal: unit, in `world`.
        offset_m: c.
        gamma: share of the amplitude that it sends on.
        upright: whether rays must be seen to hit it; the road is everywhere.
    """

    normal: Float[np.ndarray, "3"]
    offset_m: float
    gamma: float
    upright: bool = True

    def mirrored(self, point_m: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Points in the mirror."""
        return point_m - 2.0 * (point_m @ self.normal - self.offset_m)[..., None] * self.normal

    def turned(self, velocity: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Velocities in the mirror."""
        return velocity - 2.0 * (velocity @ self.normal)[..., None] * self.normal


@dataclass(frozen=True, slots=True, eq=False)
class Ghosts:
    """The three ghosts of each of n targets in one reflector, in the order of the module's table.

    Attributes:
        range_m: shape (n, 3).
        direction: unit, in `world`, shape (n, 3, 3).
        range_rate_mps: shape (n, 3).
        loss: factor on the power, shape (3,).
        spread: d1^2 d2^2, the fourth power of a range in the radar equation, shape (n, 3).
    """

    range_m: Float[np.ndarray, "n 3"]
    direction: Float[np.ndarray, "n 3 3"]
    range_rate_mps: Float[np.ndarray, "n 3"]
    loss: Float[np.ndarray, "3"]
    spread: Float[np.ndarray, "n 3"]


def ghosts_in(
    reflector: Reflector,
    sensor_m: Float[np.ndarray, "3"],
    sensor_mps: Float[np.ndarray, "3"],
    target_m: Float[np.ndarray, "n 3"],
    target_mps: Float[np.ndarray, "n 3"],
) -> Ghosts:
    """Ranges, directions and range rates by mirroring; the reflector itself stands still."""
    way, image = target_m - sensor_m, reflector.mirrored(target_m) - sensor_m
    d, d_image = np.linalg.norm(way, axis=-1), np.linalg.norm(image, axis=-1)
    u, u_image = way / d[:, None], image / d_image[:, None]
    rate = np.sum((target_mps - sensor_mps) * u, axis=-1)
    rate_image = np.sum((reflector.turned(target_mps) - sensor_mps) * u_image, axis=-1)
    half, half_rate = 0.5 * (d + d_image), 0.5 * (rate + rate_image)
    gamma = reflector.gamma
    return Ghosts(
        np.stack([half, half, d_image], axis=-1),
        np.stack([u, u_image, u_image], axis=1),
        np.stack([half_rate, half_rate, rate_image], axis=-1),
        np.array([gamma**2, gamma**2, gamma**4]),
        np.stack([(d * d_image) ** 2, (d * d_image) ** 2, d_image**4], axis=-1),
    )


def upright_reflectors(
    point_m: Float[np.ndarray, "n 3"],
    normal: Float[np.ndarray, "n 3"],
    semantic: np.ndarray,
    weight: Float[np.ndarray, "n"],
) -> tuple[Reflector, ...]:
    """Planes on which many hits of reflecting scenery lie, the largest first.

    Hits are sorted by the direction of their normal (5 degrees) and their offset (0.5 m); of planes that lie within
    that of each other, as those that a border cuts apart, the largest stands for all.
    """
    good = np.isin(semantic, [int(kind) for kind in REFLECTIVITY]) & (np.abs(normal[:, 2]) < _UPRIGHT)
    point_m, normal, semantic, weight = point_m[good], normal[good], semantic[good], weight[good]
    if len(point_m) == 0:
        return ()
    flat = normal * np.array([1.0, 1.0, 0.0])
    flat /= np.linalg.norm(flat, axis=-1, keepdims=True)
    heading = np.floor((np.arctan2(flat[:, 1], flat[:, 0]) / (2.0 * np.pi) + 0.5) * _NORMAL_BINS + 0.5)
    offset = np.sum(flat * point_m, axis=-1)
    key = (heading % _NORMAL_BINS).astype(np.int64) * 1_000_000 + np.floor(offset / _OFFSET_M).astype(np.int64)
    _, group = np.unique(key, return_inverse=True)
    count, area = np.bincount(group), np.bincount(group, weights=weight)
    found: list[Reflector] = []
    for k in np.argsort(-np.where(count >= _MIN_HITS, area, -1.0), kind="stable")[:_MAX_PLANES]:
        if count[k] < _MIN_HITS:
            break
        rows = group == k
        mean = np.average(flat[rows], axis=0, weights=weight[rows])
        mean /= np.linalg.norm(mean)
        kinds = np.bincount(semantic[rows])
        gamma = REFLECTIVITY[SemanticClass(int(np.argmax(kinds)))]
        made = Reflector(mean, float(np.average(point_m[rows] @ mean, weights=weight[rows])), gamma)
        middle = np.average(point_m[rows], axis=0, weights=weight[rows])
        if not any(_alike(made, other, middle) for other in found):
            found.append(made)
    return tuple(found)


def _alike(one: Reflector, other: Reflector, middle_m: np.ndarray) -> bool:
    """Whether two planes are one: nearly the same normal, and the middle of the one lies on the other."""
    near = abs(float(middle_m @ other.normal) - other.offset_m) < _OFFSET_M
    return near and float(one.normal @ other.normal) > float(np.cos(2.0 * np.pi / _NORMAL_BINS))
