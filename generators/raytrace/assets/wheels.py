"""Wheels: a tyre with shoulders and a rim with spokes."""

import numpy as np

from generators.raytrace.assets.finish import Finish
from generators.raytrace.solids import fan, quads, revolved
from generators.raytrace.soup import Soup, concat, mirrored, moved, roll_rotation, turned


def wheel(radius_m: float, width_m: float, finish: Finish, spokes: int = 5, sides: int = 16) -> Soup:
    """A wheel about the y axis, centred, its outer face towards +y."""
    half, rim = 0.5 * width_m, 0.66 * radius_m
    profile = np.array(
        [
            [0.001, -half * 0.8],
            [rim, -half * 0.9],
            [radius_m * 0.94, -half],
            [radius_m, -half * 0.7],
            [radius_m, half * 0.7],
            [radius_m * 0.94, half],
            [rim, half * 0.9],
            [rim * 0.95, half * 0.55],
            [0.001, half * 0.45],
        ]
    )
    rows = np.array([finish.under, finish.tyre, finish.tyre, finish.tyre, finish.tyre, finish.tyre, finish.rim,
                     finish.under])  # fmt: skip
    body = revolved(profile, rows, sides)
    parts = [body]
    angles = np.arange(spokes) * 2 * np.pi / spokes
    for angle in angles:
        parts.append(_spoke(angle, rim * 0.96, half * 0.72, np.pi / spokes * 0.55, finish.rim))
    ring = np.linspace(0, 2 * np.pi, 9)[:-1]
    hub = np.column_stack([0.17 * radius_m * np.cos(ring), 0.17 * radius_m * np.sin(ring), np.full(8, half * 0.78)])
    parts.append(fan(hub, finish.rim))
    # The axis is z so far; rolling by -90 degrees takes +z to +y.
    return turned(concat(parts), roll_rotation(-0.5 * np.pi))


def _spoke(angle: float, length: float, height: float, spread: float, material: int) -> Soup:
    inner, outer = 0.12 * length, length
    corners = []
    for radius, turn in ((inner, -2.0 * spread), (outer, -spread * 0.7), (outer, spread * 0.7), (inner, 2.0 * spread)):
        corners.append([radius * np.cos(angle + turn), radius * np.sin(angle + turn), height])
    return quads(np.array([corners]), material)


def wheel_pair(x_m: float, track_m: float, radius_m: float, width_m: float, finish: Finish, spokes: int = 5) -> Soup:
    """Left and right wheel of an axle; `track_m` is measured over the outer faces, the ground is z = 0."""
    left = moved(wheel(radius_m, width_m, finish, spokes), (x_m, 0.5 * (track_m - width_m), radius_m))
    return concat([left, mirrored(left)])
