"""The slow twin of the predicates: one moment at a time, polygons of shapely, definitions by loops over moments."""

import math

import numpy as np
import shapely

from generators.labels.predicates import nodes as n
from generators.labels.predicates.boxes import Boxes
from generators.labels.predicates.evaluate import values_of
from generators.labels.predicates.table import FUNCTIONS
from generators.labels.predicates.view import View


def polygon(box: Boxes, k: int, ahead_s: float = 0.0) -> shapely.Polygon:
    """The rectangle at one moment, moved on for a while."""
    cos, sin = math.cos(box.yaw_rad[k]), math.sin(box.yaw_rad[k])
    corners: list[tuple[float, float]] = []
    for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        dx, dy = 0.5 * x * box.length_m, 0.5 * y * box.width_m
        corners.append(
            (float(box.center_m[k, 0] + ahead_s * box.velocity_mps[k, 0] + cos * dx - sin * dy),
             float(box.center_m[k, 1] + ahead_s * box.velocity_mps[k, 1] + sin * dx + cos * dy))
        )  # fmt: skip
    return shapely.Polygon(corners)


def distance(a: Boxes, b: Boxes, k: int) -> float:
    """Distance of two rectangles."""
    return float(shapely.distance(polygon(a, k), polygon(b, k)))


def along(a: Boxes, b: Boxes, k: int, axis: int) -> list[float]:
    """Places of b's corners on an axis of a, from a's centre."""
    cos, sin = math.cos(a.yaw_rad[k]), math.sin(a.yaw_rad[k])
    unit = (cos, sin) if axis == 0 else (-sin, cos)
    corners = list(polygon(b, k).exterior.coords)[:4]
    return [(x - float(a.center_m[k, 0])) * unit[0] + (y - float(a.center_m[k, 1])) * unit[1] for x, y in corners]


def longitudinal_gap(a: Boxes, b: Boxes, k: int) -> float:
    """From a's front to b, negative to one behind."""
    places, half = along(a, b, k, 0), 0.5 * a.length_m
    if min(places) > half:
        return min(places) - half
    return max(places) + half if max(places) < -half else 0.0


def lateral_gap(a: Boxes, b: Boxes, k: int) -> float:
    """Free width between the two across a's heading."""
    places, half = along(a, b, k, 1), 0.5 * a.width_m
    return max(min(places) - half, -half - max(places), 0.0)


def time_to_collision(a: Boxes, b: Boxes, k: int, step_s: float = 0.01, horizon_s: float = 8.0) -> float:
    """The first of many small steps at which the rectangles meet; inf where none does."""
    for j in range(round(horizon_s / step_s) + 1):
        if shapely.intersects(polygon(a, k, j * step_s), polygon(b, k, j * step_s)):
            return j * step_s
    return math.inf


def truth(node: n.Node, view: View, k: int, end: int) -> bool:
    """Whether a statement holds at moment `k` of a span that ends at moment `end`."""
    match node:
        case n.Call():
            return _there(node, view, k) and bool(values_of(node, view)[k])
        case n.Compare():
            return _compares(node, view, k, end)
        case n.Not(of):
            return not truth(of, view, k, end)
        case n.Both():
            left, right = truth(node.left, view, k, end), truth(node.right, view, k, end)
            return {"and": left and right, "or": left or right, "implies": (not left) or right}[node.word]
        case n.Over():
            moments = _moments(node, view, k, end)
            held = [truth(node.of, view, j, end) for j in moments]
            return any(held) if node.word == "eventually" else all(held)


def _moments(node: n.Over, view: View, k: int, end: int) -> list[int]:
    if node.word == "finally":
        return [end]
    if node.from_s is None or node.to_s is None:
        return list(range(k, end + 1))
    passed = [(j, view.seconds[j] - view.seconds[k]) for j in range(len(view.seconds))]
    return [j for j, s in passed if node.from_s - 1e-6 <= s <= node.to_s + 1e-6]


def _compares(node: n.Compare, view: View, k: int, end: int) -> bool:
    left, right = _term(node.left, view, k, end), _term(node.right, view, k, end)
    if not (_there(node.left, view, k) and _there(node.right, view, k)):
        return False
    if isinstance(left, str) or isinstance(right, str):
        return (left == right) is (node.sign == "==")
    pairs = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
             "==": left == right, "!=": left != right}  # fmt: skip
    return pairs[node.sign]


def _term(term: n.Term, view: View, k: int, end: int) -> float | str:
    match term:
        case n.Number():
            return term.value
        case n.Word():
            return term.name
        case n.Call():
            value = values_of(term, view)[k]
            return str(value) if isinstance(value, str) else float(value)
        case n.Change(of):
            now, then = _term(of, view, k, end), _term(of, view, end, end)
            assert not isinstance(now, str) and not isinstance(then, str)
            return then - now
        case n.Onset(of):
            held = [j for j in range(k, end + 1) if truth(of, view, j, end)]
            return float(view.seconds[held[0]] - view.seconds[k]) if held else math.inf
        case n.Arithmetic():
            left, right = _term(term.left, view, k, end), _term(term.right, view, k, end)
            assert not isinstance(left, str) and not isinstance(right, str)
            return left + right if term.sign == "+" else left - right


def _there(term: n.Node | n.Term, view: View, k: int) -> bool:
    if isinstance(term, n.Onset):
        return True
    if isinstance(term, n.Compare):
        return _there(term.left, view, k) and _there(term.right, view, k)
    for call in n.calls_in(term):
        takes = FUNCTIONS[call.function].takes
        actors = [x.strip('"') for kind, x in zip(takes, call.arguments, strict=True) if kind == "actor"]
        if not np.all([view.here(x)[k] for x in actors]):
            return False
    return True
