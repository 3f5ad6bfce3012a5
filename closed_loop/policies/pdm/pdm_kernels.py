"""Compiled parts of the proposal planner: unrolling along the route, contacts of roll-outs, places on the lane map.

All take B worlds at once and write into arrays that they are given. Forecasts are at constant velocity.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

_MAX_LANES = 8
_STOPPED_MPS = 0.05
_CREEPING_MPS = 0.005
_compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)


@_compiled
def pieces_of(route: np.ndarray, pieces: np.ndarray) -> None:
    """Start x and y, unit tangent x and y, length, and s of the start of every piece of a polyline (P, 2)."""
    s = 0.0
    for k in range(route.shape[0] - 1):
        tx, ty = route[k + 1, 0] - route[k, 0], route[k + 1, 1] - route[k, 1]
        length = max(np.hypot(tx, ty), 1e-9)
        pieces[k, 0], pieces[k, 1], pieces[k, 2], pieces[k, 3] = route[k, 0], route[k, 1], tx / length, ty / length
        pieces[k, 4], pieces[k, 5] = length, s
        s += length


@_compiled
def place_on_route(x: float, y: float, pieces: np.ndarray) -> tuple[float, float, int]:
    """Nearest place (s, d) on a polyline and its piece; the polyline goes straight on beyond both ends."""
    best, along_best, k_best, last = np.inf, 0.0, 0, pieces.shape[0] - 1
    for k in range(last + 1):
        ox, oy = x - pieces[k, 0], y - pieces[k, 1]
        along = ox * pieces[k, 2] + oy * pieces[k, 3]
        if along < 0.0 and k > 0:
            along = 0.0
        elif along > pieces[k, 4] and k < last:
            along = pieces[k, 4]
        gx, gy = ox - along * pieces[k, 2], oy - along * pieces[k, 3]
        away = gx * gx + gy * gy
        if away < best:
            best, along_best, k_best = away, along, k
    tx, ty = pieces[k_best, 2], pieces[k_best, 3]
    gx, gy = x - pieces[k_best, 0] - along_best * tx, y - pieces[k_best, 1] - along_best * ty
    return pieces[k_best, 5] + along_best, tx * gy - ty * gx, k_best


@_compiled
def forecast_on_route(
    pieces: np.ndarray, actors: np.ndarray, valid: np.ndarray, num_steps: int, dt: float, out: np.ndarray
) -> None:
    """Places of actors (A, 7: x, y, yaw, vx, vy, length, width) of one world at steps 0 to num_steps - 1.

    Out (A, K, 5): s, d, speed along the route, half extent along it and across it; s of the absent is -inf.
    """
    for i in range(actors.shape[0]):
        for k in range(num_steps):
            if not valid[i]:
                out[i, k, 0] = -np.inf
                continue
            x, y = actors[i, 0] + actors[i, 3] * dt * k, actors[i, 1] + actors[i, 4] * dt * k
            s, d, piece = place_on_route(x, y, pieces)
            cos, sin = pieces[piece, 2], pieces[piece, 3]
            fx, fy = np.cos(actors[i, 2]), np.sin(actors[i, 2])
            c, n = abs(fx * cos + fy * sin), abs(fy * cos - fx * sin)
            out[i, k, 0], out[i, k, 1] = s, d
            out[i, k, 2] = actors[i, 3] * cos + actors[i, 4] * sin
            out[i, k, 3] = 0.5 * (c * actors[i, 5] + n * actors[i, 6])
            out[i, k, 4] = 0.5 * (n * actors[i, 5] + c * actors[i, 6])


@_compiled
def follow(speed: float, wanted: float, gap: float, lead: float, idm: np.ndarray) -> float:
    """IDM acceleration, cut to [-b, a]; idm: s0, T, a, b, delta; the gap counts at least s0."""
    s0, headway, a, b, delta = idm[0], idm[1], idm[2], idm[3], idm[4]
    free = (speed / max(wanted, 0.1)) ** delta
    near = 0.0
    if gap < np.inf:
        wish = s0 + max(0.0, speed * headway + speed * (speed - lead) / (2.0 * np.sqrt(a * b)))
        near = (wish / max(gap, s0)) ** 2
    return min(max(a * (1.0 - free - near), -b), a)


@_compiled
def unroll(
    route: np.ndarray, spacing: float, heading: np.ndarray, curvature: np.ndarray, forecast: np.ndarray,
    start: np.ndarray, wanted: np.ndarray, offsets: np.ndarray, idm: np.ndarray, body: np.ndarray, dt: float,
    out: np.ndarray,
) -> None:  # fmt: skip
    """Proposals of one world: IDM along the route, `offsets` to its left, at constant lateral offset.

    start: s, speed of the rear axle, place of a stop line (inf for none); body: front and centre ahead of the rear
    axle, half width with margin; wanted (V,) speeds; out (V * O, K, 3): x, y, yaw of the rear axle, offsets varying
    slowest. ds = v dt / (1 - curvature offset).
    """
    count, last = out.shape[1], route.shape[0] - 1
    q = 0
    for o in range(offsets.shape[0]):
        for f in range(wanted.shape[0]):
            s, v = start[0], start[1]
            for k in range(count):
                at = min(max(s / spacing, 0.0), last - 1e-9)
                p = int(at)
                share = s / spacing - p if p >= last - 1 else at - p
                x = route[p, 0] + share * (route[p + 1, 0] - route[p, 0])
                y = route[p, 1] + share * (route[p + 1, 1] - route[p, 1])
                middle = min(max(s / spacing - 0.5, 0.0), last - 1.0)
                m = min(int(middle), last - 2)
                h = heading[m] + (middle - m) * (heading[m + 1] - heading[m])
                out[q, k, 0] = x - np.sin(h) * offsets[o]
                out[q, k, 1] = y + np.cos(h) * offsets[o]
                out[q, k, 2] = h
                gap, lead = np.inf, 0.0
                if start[2] < np.inf and start[2] - s - body[0] > -1.0:
                    gap = max(start[2] - s - body[0], 0.0)
                for i in range(forecast.shape[0]):
                    if forecast[i, k, 0] <= s + body[1]:
                        continue
                    if abs(forecast[i, k, 1] - offsets[o]) >= forecast[i, k, 4] + body[2]:
                        continue
                    away = max(forecast[i, k, 0] - forecast[i, k, 3] - s - body[0], 0.0)
                    if away < gap:
                        gap, lead = away, max(forecast[i, k, 2], 0.0)
                v = max(v + dt * follow(v, wanted[f], gap, lead, idm), 0.0)
                s += v * dt / max(1.0 - curvature[p] * offsets[o], 0.3)
            q += 1


@_compiled
def propose(
    route: np.ndarray, spacing: float, heading: np.ndarray, curvature: np.ndarray, actors: np.ndarray,
    valid: np.ndarray, start: np.ndarray, wanted: np.ndarray, offsets: np.ndarray, idm: np.ndarray, body: np.ndarray,
    dt: float, out: np.ndarray,
) -> None:  # fmt: skip
    """Forecasts and unrolls B worlds; see `forecast_on_route` and `unroll`, with a leading axis B."""
    places, pieces = np.empty((actors.shape[1], out.shape[2], 5)), np.empty((route.shape[1] - 1, 6))
    for b in range(out.shape[0]):
        pieces_of(route[b], pieces)
        forecast_on_route(pieces, actors[b], valid[b], out.shape[2], dt, places)
        unroll(
            route[b], spacing, heading[b], curvature[b], places, start[b], wanted[b], offsets, idm, body[b], dt, out[b]
        )


@_compiled
def overlap(
    ax: float, ay: float, ac: float, an: float, al: float, aw: float, bx: float, by: float, bc: float, bn: float,
    bl: float, bw: float,
) -> bool:  # fmt: skip
    """Whether two rectangles meet: centre, cosine and sine of the heading, half length, half width of each."""
    dx, dy = bx - ax, by - ay
    c, n = abs(ac * bc + an * bn), abs(ac * bn - an * bc)
    if abs(dx * ac + dy * an) > al + bl * c + bw * n:
        return False
    if abs(dy * ac - dx * an) > aw + bl * n + bw * c:
        return False
    if abs(dx * bc + dy * bn) > bl + al * c + aw * n:
        return False
    return not abs(dy * bc - dx * bn) > bw + al * n + aw * c


@_compiled
def contacts(
    ego: np.ndarray, size: np.ndarray, rear: np.ndarray, actors: np.ndarray, valid: np.ndarray, agent: np.ndarray,
    flags: np.ndarray, dt: float, nc: np.ndarray, ttc: np.ndarray, hit_s: np.ndarray,
) -> None:  # fmt: skip
    """No-at-fault-collision scores (1, 1/2, 0), time-to-collision scores (1, 0) and times of the first such contact.

    ego (B, Q, T, 4): box centre, yaw, speed; flags (B, Q, T, 2): not within one lane, in an intersection.
    Who touches the ego at the start is left out. Each actor's first contact alone counts; kinds in nuPlan's order.
    Time to collision: boxes at constant speed and heading 0, 0.3, 0.6 and 0.9 s on, against forecasts of those moments.
    """
    num_steps = ego.shape[2]
    for b in range(ego.shape[0]):
        al, aw = 0.5 * size[b, 0], 0.5 * size[b, 1]
        for q in range(ego.shape[1]):
            nc[b, q], ttc[b, q], hit_s[b, q] = 1.0, 1.0, np.inf
            for i in range(actors.shape[1]):
                if not valid[b, i]:
                    continue
                bl, bw = 0.5 * actors[b, i, 5], 0.5 * actors[b, i, 6]
                bc, bn = np.cos(actors[b, i, 2]), np.sin(actors[b, i, 2])
                vx, vy = actors[b, i, 3], actors[b, i, 4]
                stopped = np.hypot(vx, vy) <= _STOPPED_MPS or not agent[b, i]
                reach2 = (np.hypot(al, aw) + np.hypot(bl, bw)) ** 2
                touched = False
                for k in range(num_steps):
                    x, y, yaw, v = ego[b, q, k, 0], ego[b, q, k, 1], ego[b, q, k, 2], ego[b, q, k, 3]
                    c, n = np.cos(yaw), np.sin(yaw)
                    bx, by = actors[b, i, 0] + vx * dt * k, actors[b, i, 1] + vy * dt * k
                    # Bearing of the actor's centre from the rear axle.
                    rx, ry = bx - x + rear[b] * c, by - y + rear[b] * n
                    bearing = abs(np.arctan2(c * ry - n * rx, c * rx + n * ry))
                    if (
                        not touched
                        and (bx - x) ** 2 + (by - y) ** 2 <= reach2
                        and overlap(x, y, c, n, al, aw, bx, by, bc, bn, bl, bw)
                    ):
                        touched = True
                        if k == 0:
                            break
                        if v > _STOPPED_MPS:
                            fault = stopped
                            if not fault and bearing <= 2.617993877991494:
                                front = overlap(x + al * c, y + al * n, c, n, 0.0, aw, bx, by, bc, bn, bl, bw)
                                fault = front or flags[b, q, k, 0] == 1
                            if fault:
                                nc[b, q] = min(nc[b, q], 0.0 if agent[b, i] else 0.5)
                                hit_s[b, q] = min(hit_s[b, q], k * dt)
                                ttc[b, q] = 0.0
                    if touched or k + 9 >= num_steps or v < _CREEPING_MPS or ttc[b, q] == 0.0:
                        continue
                    ahead = bearing < 0.5235987755982988
                    beside = (flags[b, q, k, 0] == 1 or flags[b, q, k, 1] == 1) and bearing <= 2.617993877991494
                    if not (ahead or beside):
                        continue
                    for j in range(4):
                        on = 0.3 * j
                        ex, ey = x + v * on * c, y + v * on * n
                        fx, fy = bx + vx * on, by + vy * on
                        if (fx - ex) ** 2 + (fy - ey) ** 2 <= reach2 and overlap(
                            ex, ey, c, n, al, aw, fx, fy, bc, bn, bl, bw
                        ):
                            ttc[b, q] = 0.0
                            break


@_compiled
def lanes_at(
    x: float, y: float, origin: np.ndarray, cell_m: float, shape: np.ndarray, cell_start: np.ndarray,
    cell_items: np.ndarray, point_start: np.ndarray, points: np.ndarray, owner: np.ndarray, found: np.ndarray,
) -> tuple[int, bool]:  # fmt: skip
    """Lanes (into `found`, at most 8) that contain a point, how many, and whether any polygon contains it."""
    column, row = int(np.floor((x - origin[0]) / cell_m)), int(np.floor((y - origin[1]) / cell_m))
    if column < 0 or row < 0 or column >= shape[0] or row >= shape[1]:
        return 0, False
    cell = row * shape[0] + column
    num, inside_any = 0, False
    for at in range(cell_start[cell], cell_start[cell + 1]):
        p = cell_items[at]
        first, last = point_start[p], point_start[p + 1]
        inside, j = False, last - 1
        for i in range(first, last):
            xi, yi, xj, yj = points[i, 0], points[i, 1], points[j, 0], points[j, 1]
            if (yi > y) != (yj > y) and x < (xj - xi) * (y - yi) / (yj - yi) + xi:
                inside = not inside
            j = i
        if not inside:
            continue
        inside_any = True
        lane, known = owner[p], owner[p] < 0
        for i in range(num):
            if found[i] == lane:
                known = True
        if not known and num < found.shape[0]:
            found[num] = lane
            num += 1
    return num, inside_any


@_compiled
def on_map(
    ego: np.ndarray, size: np.ndarray, origin: np.ndarray, cell_m: float, shape: np.ndarray, cell_start: np.ndarray,
    cell_items: np.ndarray, point_start: np.ndarray, points: np.ndarray, owner: np.ndarray, follows: np.ndarray,
    on_route: np.ndarray, in_junction: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Flags of poses (Q, T, 4) on one map, out (Q, T, 4): not within one lane, in an intersection, off road, wrong way.

    Within one lane: a lane of the centre, or one that follows it or leads to it, contains each corner. Wrong way: the
    centre is in no lane of the route's side and in no intersection.
    """
    here, there = np.empty(_MAX_LANES, np.int64), np.empty(_MAX_LANES, np.int64)
    al, aw = 0.5 * size[0], 0.5 * size[1]
    for q in range(ego.shape[0]):
        for k in range(ego.shape[1]):
            x, y, c, n = ego[q, k, 0], ego[q, k, 1], np.cos(ego[q, k, 2]), np.sin(ego[q, k, 2])
            num, _ = lanes_at(x, y, origin, cell_m, shape, cell_start, cell_items, point_start, points, owner, here)
            legal, crossing = False, False
            one = np.ones(_MAX_LANES, np.bool_)
            for i in range(num):
                legal = legal or on_route[here[i]]
                crossing = crossing or in_junction[here[i]]
            off = False
            for corner in range(4):
                du, dv = (al if corner < 2 else -al), (aw if corner % 2 == 0 else -aw)
                count, inside = lanes_at(
                    x + du * c - dv * n, y + du * n + dv * c, origin, cell_m, shape, cell_start, cell_items,
                    point_start, points, owner, there,
                )  # fmt: skip
                off = off or not inside
                for i in range(num):
                    joined = False
                    for j in range(count):
                        joined = joined or here[i] == there[j]
                        for f in range(follows.shape[1]):
                            joined = joined or follows[here[i], f] == there[j] or follows[there[j], f] == here[i]
                    one[i] = one[i] and joined
            within = False
            for i in range(num):
                within = within or one[i]
            out[q, k, 0], out[q, k, 1] = 0 if within else 1, 1 if crossing else 0
            out[q, k, 2], out[q, k, 3] = 1 if off else 0, 0 if legal or crossing else 1


@_compiled
def progress(ego: np.ndarray, route: np.ndarray, out: np.ndarray) -> None:
    """Metres that the centres of roll-outs (B, Q, T, 4) gain along their routes (B, P, 2), never negative."""
    last, pieces = ego.shape[2] - 1, np.empty((route.shape[1] - 1, 6))
    for b in range(ego.shape[0]):
        pieces_of(route[b], pieces)
        for q in range(ego.shape[1]):
            start = place_on_route(ego[b, q, 0, 0], ego[b, q, 0, 1], pieces)[0]
            end = place_on_route(ego[b, q, last, 0], ego[b, q, last, 1], pieces)[0]
            out[b, q] = max(end - start, 0.0)
