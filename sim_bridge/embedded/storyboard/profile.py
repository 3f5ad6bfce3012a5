"""Speed profiles: straight lines over time, or the same lines joined by pieces of constant jerk.

A profile is a list of pieces (time, speed, acceleration, jerk), each valid from its time on. Between two lines of
slopes k and l, with jerk j, the joint begins at t1 = ((k - l)^2 - 2 j (m - n)) / (2 j (k - l)), where m and n are the
speeds of the lines at time zero, and lasts (l - k) / j.
"""

import math

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.network import TINY
from sim_bridge.embedded.storyboard.transition import HUGE


def profile_pieces(
    spec: sb.SpeedProfile, now: float, speed: float, ahead: float, base: float
) -> list[tuple[float, float, float, float]]:
    """Pieces (time, speed, acceleration, jerk) of a speed profile that begins now."""
    corners = _corners(spec, now, speed, base)
    rise, fall = or_huge(spec.limits.max_acceleration_rate_mps3), or_huge(spec.limits.max_deceleration_rate_mps3)
    rising, falling = or_huge(spec.limits.max_acceleration_mps2), or_huge(spec.limits.max_deceleration_mps2)
    if spec.following != "follow" or len(corners) == 1 or rise >= HUGE or fall >= HUGE:
        return [(t, v, k, 0.0) for t, v, k in corners]
    if len(corners) == 2:
        return _one_target(corners, ahead, (rise, fall), (rising, falling))
    smooth = _smooth(corners, ahead, now, rise, fall)
    return smooth if smooth is not None else [(t, v, k, 0.0) for t, v, k in corners]


def or_huge(limit: float | None) -> float:
    """A limit, or a number beyond every limit."""
    return HUGE if limit is None else limit


def _corners(spec: sb.SpeedProfile, now: float, speed: float, base: float) -> list[tuple[float, float, float]]:
    """Corners (time, speed, slope after it) of the straight profile, corners on a straight line left out."""
    first = spec.entries[0]
    corners: list[list[float]] = []
    entries = list(spec.entries)
    if first.time_s is not None and abs(first.time_s) <= TINY:
        start = speed if spec.following == "follow" else first.speed_mps + base
        corners.append([now, start, 0.0])
        entries = entries[1:]
    else:
        corners.append([now, speed, 0.0])
    rising, falling = or_huge(spec.limits.max_acceleration_mps2), or_huge(spec.limits.max_deceleration_mps2)
    time = now
    for entry in entries:
        target = entry.speed_mps + base
        if entry.time_s is None:
            change = target - corners[-1][1]
            if abs(change) < TINY:
                continue
            time += change / (rising if change > 0.0 else -falling)
        else:
            time += entry.time_s
        span = time - corners[-1][0]
        if span < TINY:
            corners[-1][1] = target
            continue
        slope = (target - corners[-1][1]) / span
        corners[-1][2] = slope
        if len(corners) > 1 and abs(slope - corners[-2][2]) < TINY:
            corners.pop()
        corners.append([time, target, 0.0])
    return [(t, v, k) for t, v, k in corners]


def _one_target(
    corners: list[tuple[float, float, float]], k0: float, jerks: tuple[float, float], limits: tuple[float, float]
) -> list[tuple[float, float, float, float]]:
    """One speed to reach at a time: jerk, perhaps constant acceleration, jerk back to none."""
    (t0, v0, slope), (t3, v3, _) = corners
    j0 = -jerks[1] if slope - k0 < 0 else jerks[0]
    j1 = jerks[0] if slope < 0 else -jerks[1]
    pieces = [(t0, v0, k0, j0)]
    span = t3 - t0
    factor = j0 * j1 * (2 * v0 * (j1 - j0) + k0**2 + 2 * k0 * j1 * span + j0 * j1 * span**2 + 2 * v3 * (j0 - j1))
    within = True
    if factor < 0.0:
        root = math.sqrt(max(j1 * (-(j0 - j1)) * (j0 * (2 * v3 - 2 * v0) + k0**2), 0.0))
        t2 = (root + (j0 - j1) * (t0 * j0 - k0)) / (j0 * (j0 - j1))
        v2, k1 = v0 + k0 * (t2 - t0) + 0.5 * j0 * (t2 - t0) ** 2, k0 + j0 * (t2 - t0)
        t3 = t2 - k1 / j1
        within = -limits[1] <= k1 <= limits[0]
    else:
        t1 = (-math.sqrt(factor) - j0 * (k0 + t3 * j1) + t0 * j0**2) / (j0 * (j0 - j1))
        v1, k1 = v0 + k0 * (t1 - t0) + 0.5 * j0 * (t1 - t0) ** 2, k0 + j0 * (t1 - t0)
        t2 = k1 / j1 + t3
        v2 = v1 + k1 * (t2 - t1)
        within = -limits[1] <= k1 <= limits[0]
        if within:
            pieces.append((t1, v1, k1, 0.0))
    if not within:
        k1 = min(max(k1, -limits[1]), limits[0])
        t1 = t0 + (k1 - k0) / j0
        v1 = v0 + k0 * (t1 - t0) + 0.5 * j0 * (t1 - t0) ** 2
        t2 = (v3 - v1) / k1 + t1 + k1 / (2 * j1)
        v2 = v3 + k1**2 / (2 * j1)
        t3 = -v1 / k1 + v3 / k1 + t1 - k1 / (2 * j1)
        pieces.append((t1, v1, k1, 0.0))
    return [*pieces, (t2, v2, k1, j1), (t3, v3, 0.0, 0.0)]


def _smooth(
    corners: list[tuple[float, float, float]], k0: float, now: float, rise: float, fall: float
) -> list[tuple[float, float, float, float]] | None:
    """Several speeds: the straight lines, joined by pieces of constant jerk; None where they do not fit in."""
    t, v, slope = corners[0]
    pieces: list[tuple[float, float, float, float]] = []
    j = 0.0
    if abs(slope) > TINY:
        j = -fall if slope - k0 < 0 else rise
        pieces.append((t, v, k0, j))
        t += (slope - k0) / j
    v = corners[0][1] + k0 * (t - now) + 0.5 * j * (t - now) ** 2
    k, m = slope, v - slope * t
    pieces.append((t, v, k, 0.0))
    for time, speed, after in corners[1:]:
        other = speed - after * time
        if abs(k - after) >= TINY:
            j = -fall if after - k < 0 else rise
            begin = ((k - after) ** 2 - 2.0 * j * (m - other)) / (2.0 * j * (k - after))
            if begin < t:
                return None
            v1 = v + k * (begin - t)
            pieces.append((begin, v1, k, j))
            span = (after - k) / j
            t, v = begin + span, v1 + k * span + 0.5 * j * span**2
        k, m = after, other
        pieces.append((t, v, after, 0.0))
    return pieces
