"""Trajectories laid out in the world: where one is after s metres, and how far one is at a time.

NURBS: Cox-de Boor recursion (Piegl and Tiller, The NURBS Book, 2.2 and 4.2). Clothoids by the reference line of
OpenDRIVE. Times between the corners of a polyline: constant speed ('position'), or constant acceleration from the
speed that one has ('follow').
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from driving_data.maps.opendrive.curves import local_pose
from driving_data.maps.opendrive.document import Spiral
from sim_bridge.embedded.storyboard.network import wrapped

CORNER_M = 2.0
NURBS_STEP_M = 1.0
CHORD_M = 1.0
Piece = tuple[float, float, float, float, float, float]
"""A clothoid: x, y, heading, curvature at the start and at the end, length."""


@dataclass(frozen=True, slots=True)
class Knot:
    """A corner: point, height (None: on the road), heading of its own (None: along the line), time."""

    x: float
    y: float
    z: float | None = None
    heading: float | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A trajectory in the world.

    Attributes:
        length: metres.
        closed: whether its end joins its start.
        times: time at each of `marks`; empty without times.
        marks: distances at which times are known.
        speeds: speed with which each stretch between marks begins.
        rates: acceleration on each stretch.
        at: x, y, z (None: on the road), heading after s metres.
        line: heading of the line itself after s metres.
        slack: how far before its end one has come to the end; negative where the end must be passed.
        turned: whether headings are given rather than those of the line.
    """

    length: float
    closed: bool
    times: tuple[float, ...]
    marks: tuple[float, ...]
    at: Callable[[float], tuple[float, float, float | None, float]]
    turned: bool = False
    speeds: tuple[float, ...] = ()
    rates: tuple[float, ...] = ()
    line: Callable[[float], float] = field(default=lambda _s: 0.0)
    slack: float = 1e-6

    @property
    def timed(self) -> bool:
        """Whether it has times."""
        return len(self.times) > 1

    @property
    def end_time(self) -> float:
        """Time at the end."""
        return self.times[-1] if self.times else 0.0

    @property
    def start_time(self) -> float:
        """Time at the start."""
        return self.times[0] if self.times else 0.0

    def s_at(self, time: float) -> float:
        """Distance at a time; clipped to both ends."""
        if not self.times or time <= self.times[0]:
            return 0.0
        if time >= self.times[-1]:
            return self.length
        k = min(max(bisect_right(self.times, time) - 1, 0), len(self.times) - 2)
        begin, end = self.times[k], self.times[k + 1]
        if self.rates:
            passed = time - begin
            if self.rates[k] < 0.0:
                passed = min(passed, -self.speeds[k] / self.rates[k])
            return min(self.marks[k] + passed * self.speeds[k] + 0.5 * self.rates[k] * passed**2, self.marks[k + 1])
        share = (time - begin) / (end - begin) if end > begin else 0.0
        return self.marks[k] + share * (self.marks[k + 1] - self.marks[k])

    def time_at(self, s: float) -> float:
        """Time at a distance."""
        return float(np.interp(s, self.marks, self.times)) if self.times else 0.0

    def speed_at_start(self) -> float:
        """Speed with which a timed trajectory begins."""
        if not self.timed:
            return 0.0
        if self.speeds:
            return self.speeds[0]
        span = self.times[1] - self.times[0]
        return (self.marks[1] - self.marks[0]) / span if span > 0.0 else 0.0


def polyline(knots: Sequence[Knot], closed: bool, following: str, speed: float) -> Curve:
    """Straight lines through corners; headings turn from line to line within 2 m of a corner."""
    if closed and len(knots) > 1 and (knots[0].x, knots[0].y) != (knots[-1].x, knots[-1].y):
        knots = [*knots, knots[0]]
    marks = [0.0]
    for a, b in pairwise(knots):
        marks.append(marks[-1] + math.hypot(b.x - a.x, b.y - a.y))
    lines: list[float] = []
    for a, b in pairwise(knots):
        same = math.hypot(b.x - a.x, b.y - a.y) < 1e-6
        lines.append((lines[-1] if lines else 0.0) if same else math.atan2(b.y - a.y, b.x - a.x))
    lines = lines or [knots[0].heading or 0.0]
    given = tuple(knot.time for knot in knots)
    times = tuple(time for time in given if time is not None) if all(time is not None for time in given) else ()
    speeds, rates = _rates(marks, times, speed) if times and following == "follow" else ((), ())

    def line(s: float) -> float:
        return lines[min(max(bisect_right(marks, s) - 1, 0), len(lines) - 1)]

    def at(s: float) -> tuple[float, float, float | None, float]:
        k = min(max(bisect_right(marks, s) - 1, 0), max(len(knots) - 2, 0))
        a, b = knots[k], knots[min(k + 1, len(knots) - 1)]
        span = max(marks[min(k + 1, len(marks) - 1)] - marks[k], 1e-6)
        local = min(max(s - marks[k], 0.0), span)
        share = local / span
        height = a.z if a.z is None or b.z is None else (1 - share) * a.z + share * b.z
        heading = _heading(knots, lines, k, local, span, following)
        return (1 - share) * a.x + share * b.x, (1 - share) * a.y + share * b.y, height, heading

    turned = any(knot.heading is not None for knot in knots)
    return Curve(marks[-1], closed, times, tuple(marks), at, turned, speeds, rates, line)


def _heading(knots: Sequence[Knot], lines: Sequence[float], k: int, local: float, span: float, following: str) -> float:
    """Heading between two corners: from one to the other ('follow'), else along the line, turning near its ends."""
    here, after = _at_corner(knots, lines, k), _at_corner(knots, lines, k + 1)
    own = knots[k].heading is not None and knots[min(k + 1, len(knots) - 1)].heading is not None
    if own and following == "follow":
        return here + (local / span) * wrapped(after - here)
    radius = min(CORNER_M, 0.5 * span)
    if local < radius and k > 0:
        before = _at_corner(knots, lines, k - 1)
        return before + (radius + local) / (2 * radius) * wrapped(here - before)
    if local > span - radius:
        return here + (1.0 - (radius + span - local) / (2 * radius)) * wrapped(after - here)
    return here


def _at_corner(knots: Sequence[Knot], lines: Sequence[float], k: int) -> float:
    """Heading at a corner: its own, else that of the line behind it."""
    own = knots[min(k, len(knots) - 1)].heading
    return lines[min(k, len(lines) - 1)] if own is None else own


def _rates(marks: Sequence[float], times: Sequence[float], speed: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Speed at the start of each stretch and its acceleration, so that every corner is met in time."""
    speeds, rates = [speed], []
    for k in range(len(marks) - 1):
        ds, dt = marks[k + 1] - marks[k], times[k + 1] - times[k]
        rate = 0.0
        if ds > 1e-6 and dt > 1e-9:
            rate = 2.0 * (ds - speed * dt) / dt**2
            if speed + rate * dt < 0.0:
                rate, speed = -(speed**2) / (2.0 * ds), 0.0
            else:
                speed += rate * dt
        else:
            speed = 0.0
        rates.append(rate)
        speeds.append(speed)
    return tuple(speeds), tuple(rates)


def clothoid(piece: Piece, times: Sequence[float | None], closed: bool) -> Curve:
    """One clothoid, exact."""
    length = piece[5]

    def at(s: float) -> tuple[float, float, float | None, float]:
        x, y, heading = spiral_end(piece, min(max(s, 0.0), length))
        return x, y, None, heading

    known = tuple(time for time in times if time is not None)
    full = known if len(known) == 2 else ()
    return Curve(length, closed, full, (0.0, length), at, False, line=lambda s: at(s)[3])


def spline(pieces: Sequence[Piece], times: Sequence[float | None], closed: bool) -> Curve:
    """Clothoids one after another, walked along chords of a metre.

    The last chord leads to the end, however long what is left of the last metre; so the reference player does it.
    """
    joints = [0.0]
    for piece in pieces:
        joints.append(joints[-1] + piece[5])
    count = max(int(joints[-1] / CHORD_M), 1)
    chain: list[tuple[float, float, float]] = []
    for i in range(count + 1):
        k = min(max(bisect_right(joints, i * CHORD_M - 1e-9) - 1, 0), len(pieces) - 1)
        inside = pieces[-1][5] if i == count else i * CHORD_M - joints[k]
        chain.append(spiral_end(pieces[-1] if i == count else pieces[k], max(inside, 0.0)))

    def at(s: float) -> tuple[float, float, float | None, float]:
        row = min(max(s / CHORD_M, 0.0), float(count))
        i = min(int(row), count - 1)
        (ax, ay, ah), (bx, by, bh), share = chain[i], chain[i + 1], row - i
        return ax + share * (bx - ax), ay + share * (by - ay), None, ah + share * wrapped(bh - ah)

    known = tuple(time for time in times if time is not None)
    full = known if len(known) == len(joints) else ()
    marks = tuple(joints) if full else (0.0, joints[-1])
    return Curve(joints[-1], closed, full, marks, at, False, line=lambda s: at(s)[3], slack=-1e-6)


def spiral_end(piece: Piece, s: float) -> tuple[float, float, float]:
    """Point and heading `s` metres into a clothoid."""
    x, y, heading, start, end, length = piece
    u, v, turn, _ = local_pose(Spiral(start, end), max(length, 1e-9), np.array([s]))
    cos, sin = math.cos(heading), math.sin(heading)
    return (
        x + float(u[0]) * cos - float(v[0]) * sin,
        y + float(u[0]) * sin + float(v[0]) * cos,
        heading + float(turn[0]),
    )


def nurbs(order: int, knots: Sequence[Knot], weights: Sequence[float], vector: Sequence[float], closed: bool) -> Curve:
    """A rational B-spline, walked along chords of about a metre; times go with the most influential control points."""
    points = np.array([(knot.x, knot.y) for knot in knots])
    rough = float(np.hypot(*np.diff(points, axis=0).T).sum())
    last = vector[-1]
    count = int(1 + rough / NURBS_STEP_M)
    parameters = [last * k / count for k in range(count + 1)]
    chain = np.array([_spline_point(order, points, weights, vector, p)[:2] for p in parameters])
    marks = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(chain, axis=0).T))])
    # The reference player looks a thousandth ahead when it asks which control point matters most.
    ahead = min(1e-3, last / count)
    basis = np.array([_basis(order, len(points), vector, min(p + ahead, last)) for p in parameters[:-1]])
    basis = np.concatenate([basis, [_basis(order, len(points), vector, last - ahead)]])
    peaks = [parameters[int(np.argmax(basis[:, j]))] for j in range(len(points))]
    given = [knot.time for knot in knots]
    times = _spline_times(parameters, peaks, given) if all(time is not None for time in given) else ()

    def at(s: float) -> tuple[float, float, float | None, float]:
        p = float(np.interp(s, marks, parameters))
        x, y = _spline_point(order, points, weights, vector, p)
        return x, y, None, line(s)

    def line(s: float) -> float:
        p = float(np.interp(s, marks, parameters))
        low, high = max(p - 1e-3 * last, 0.0), min(p + 1e-3 * last, last)
        a, b = (_spline_point(order, points, weights, vector, q) for q in (low, high))
        return math.atan2(b[1] - a[1], b[0] - a[0])

    return Curve(float(marks[-1]), closed, times, tuple(float(s) for s in marks), at, False, line=line)


def _spline_times(
    parameters: Sequence[float], peaks: Sequence[float], given: Sequence[float | None]
) -> tuple[float, ...]:
    known = [time for time in given if time is not None]
    found: list[float] = []
    k = 0
    for p in parameters:
        if p >= peaks[k + 1]:
            k = min(k + 1, len(known) - 2)
        width = peaks[k + 1] - peaks[k]
        share = (p - peaks[k]) / width if width > 0 else 0.0
        found.append(known[k] + share * (known[k + 1] - known[k]))
    return tuple(found)


def _basis(order: int, count: int, vector: Sequence[float], p: float) -> list[float]:
    """Basis functions of all control points at a parameter."""
    p = min(max(p, vector[0]), vector[-1] - 1e-6)
    values = [1.0 if vector[i] <= p < vector[i + 1] else 0.0 for i in range(len(vector) - 1)]
    for k in range(2, order + 1):
        for i in range(len(vector) - k):
            left, right = vector[i + k - 1] - vector[i], vector[i + k] - vector[i + 1]
            one = (p - vector[i]) / left * values[i] if left > 0 else 0.0
            two = (vector[i + k] - p) / right * values[i + 1] if right > 0 else 0.0
            values[i] = one + two
    return values[:count]


def _spline_point(
    order: int, points: np.ndarray, weights: Sequence[float], vector: Sequence[float], p: float
) -> tuple[float, float]:
    share = np.array(_basis(order, len(points), vector, p)) * np.asarray(weights)
    x, y = (share @ points) / share.sum()
    return float(x), float(y)
