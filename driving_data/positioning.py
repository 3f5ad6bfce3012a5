"""Errors of positioning sensors that the closed loop and the made data share: pure functions, no state, no draws."""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.maps.lane_map import LaneMap

NUM_RAYS, RAY_M = 16, 30.0
SLIP_STIFFNESS, MOST_USED, GRAVITY_MPS2 = 0.02, 0.98, 9.80665


def gauss_markov(
    value: Float[np.ndarray, "n"], normal: Float[np.ndarray, "n"], share: float, first: bool
) -> Float[np.ndarray, "n"]:
    """The next value of a first-order Gauss-Markov process of variance 1; `share`: step over correlation time."""
    if first:
        return normal
    alike = np.exp(-share)
    return np.asarray(alike * value + np.sqrt(1.0 - alike * alike) * normal)


def wheel_slip(acceleration_mps2: float, friction: float) -> float:
    """How much faster wheels turn than they roll, as a share of the speed; negative when braking.

    k = 0.02 u / (1 - u) with the sign of the acceleration, u = |a| / (mu g) up to 0.98, k from -1 (locked) to 1:
    linear in small forces and without bound at the limit of grip, as the brush model of a tyre has it (Pacejka, Tyre
    and Vehicle Dynamics, 3rd ed. 2012, 3.2).
    """
    used = min(abs(acceleration_mps2) / max(friction * GRAVITY_MPS2, 1e-6), MOST_USED)
    return float(np.clip(np.sign(acceleration_mps2) * SLIP_STIFFNESS * used / (1.0 - used), -1.0, 1.0))


def exposure(place_m: Float[np.ndarray, "2"], obstacles: Float[np.ndarray, "N 5"]) -> float:
    """Share of the horizon that obstacles within 30 m hide, by 16 rays."""
    if len(obstacles) == 0:
        return 0.0
    angle = 2.0 * np.pi * np.arange(NUM_RAYS) / NUM_RAYS
    ends = place_m + RAY_M * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return float(segment_meets_box(ends, place_m, obstacles).any(axis=1).mean())


def inside(place_m: Float[np.ndarray, "2"], boxes: Float[np.ndarray, "M 5"]) -> bool:
    """Whether a place lies in one of the boxes (x, y, yaw, length, width), its edge included."""
    delta = place_m - boxes[:, :2]
    cos, sin = np.cos(boxes[:, 2]), np.sin(boxes[:, 2])
    along, across = delta[:, 0] * cos + delta[:, 1] * sin, -delta[:, 0] * sin + delta[:, 1] * cos
    return bool(((np.abs(along) <= 0.5 * boxes[:, 3]) & (np.abs(across) <= 0.5 * boxes[:, 4])).any())


def segment_meets_box(
    start_m: Float[np.ndarray, "n 2"], end_m: Float[np.ndarray, "2"], boxes: Float[np.ndarray, "m 5"]
) -> Bool[np.ndarray, "n m"]:
    """Whether the straight lines to `end_m` pass through boxes (x, y, yaw, length, width), seen from above.

    In the frame of a box the line is cut to the slab of its length, then to that of its width.
    """
    cos, sin = np.cos(boxes[:, 2]), np.sin(boxes[:, 2])

    def local(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        dx, dy = points[..., 0] - boxes[:, 0], points[..., 1] - boxes[:, 1]
        return dx * cos + dy * sin, -dx * sin + dy * cos

    first, last = local(start_m[:, None, :]), local(end_m[None, None, :])
    low, high = np.zeros((len(start_m), len(boxes))), np.ones((len(start_m), len(boxes)))
    for a, b, half in zip(first, last, (0.5 * boxes[:, 3], 0.5 * boxes[:, 4]), strict=True):
        step = b - a
        still = np.abs(step) < 1e-12
        safe = np.where(still, 1.0, step)
        one, two = (-half - a) / safe, (half - a) / safe
        outside = still & (np.abs(a) >= half)
        low = np.maximum(low, np.where(still, np.where(outside, 2.0, 0.0), np.minimum(one, two)))
        high = np.minimum(high, np.where(still, np.where(outside, -1.0, 1.0), np.maximum(one, two)))
    return np.asarray(low < high)


def map_tunnels(lane_map: LaneMap) -> list[tuple[float, float, float, float, float]]:
    """Tunnels that the map names, piece by piece: areas run along their left edge and back along the right one."""
    found: list[tuple[float, float, float, float, float]] = []
    for area in lane_map.areas:
        if area.kind != "tunnel":
            continue
        count = len(area.polygon_m) // 2
        left, right = area.polygon_m[:count, :2], area.polygon_m[: count - 1 : -1, :2]
        middle = 0.5 * (left + right)
        for k in range(count - 1):
            step, place = middle[k + 1] - middle[k], 0.5 * (middle[k] + middle[k + 1])
            width = float(np.linalg.norm(left[k] - right[k]))
            heading, length = float(np.arctan2(step[1], step[0])), float(np.linalg.norm(step))
            found.append((float(place[0]), float(place[1]), heading, length, width))
    return found
