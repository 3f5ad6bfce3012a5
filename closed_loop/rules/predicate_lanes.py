"""Predicates of lanes: ramps, carriageway, shoulder, sides of the road, intersections, stop lines and lights."""

from functools import lru_cache

import numpy as np

from closed_loop.metrics.polyline import project
from closed_loop.rules.definition import Need, PredicateDefinition
from closed_loop.rules.view import View
from driving_data.maps.lane_map import Lane, LaneKind
from driving_data.taxonomy import SignalState

STOP_STATES = (int(SignalState.RED), int(SignalState.RED_YELLOW))
RIGHT_TURN_RAD = np.pi / 4
_LINE_REACH_M = 6.0


def _ramp(view: View) -> np.ndarray:
    return view.road.most_m(view.lanes_that(LaneKind.ENTRY))


def _carriageway(view: View) -> np.ndarray:
    return view.road.most_m(view.carriageway)


def _marked(view: View, left: bool) -> np.ndarray:
    """By how much everyone reaches into a lane whose left (or right) marking is broad."""
    broad = view.parameters.broad_marking_m
    mask = [(lane.left_marking if left else lane.right_marking).width_m >= broad for lane in view.road.lanes]
    return view.road.most_m(np.array(mask, dtype=bool))


def _to_border(view: View, left: bool) -> np.ndarray:
    """Closeness to the left or right border of the ego's lane, or to the vehicle beside, whichever is closer."""
    p, road = view.parameters, view.road
    gap = road.left_m - view.left_m[:, 0] if left else view.right_m[:, 0] - road.right_m
    other_left, other_right = view.left_m[:, 1:], view.right_m[:, 1:]
    aside = other_right - view.left_m[:, :1] if left else view.right_m[:, :1] - other_left
    beside = np.minimum(view.front_m[:, 1:] - view.rear_m[:, :1], view.front_m[:, :1] - view.rear_m[:, 1:])
    close = np.minimum(np.minimum(p.beside_m - aside, beside), aside)
    close = np.max(np.where(np.isnan(close), -np.inf, close), axis=1, initial=-np.inf)
    return np.maximum(p.border_m - gap, close)


def _width(view: View) -> np.ndarray:
    """Width of the lanes of the ego's direction beside one another, less the 7 m that an emergency lane needs."""
    road = view.road
    by_id = road.lane_map.lane_by_id
    widths: list[float] = []
    for lane in road.lanes:
        total, here = _lane_width(lane), lane
        for side in ("left", "right"):
            here, seen = lane, {lane.id}
            while (name := here.left_neighbor if side == "left" else here.right_neighbor) in by_id and name not in seen:
                here = by_id[str(name)]
                seen.add(here.id)
                total += _lane_width(here)
        widths.append(total)
    return np.array(widths)[road.ego_lane] - view.parameters.interstate_width_m


def _lane_width(lane: Lane) -> float:
    return float(np.median(np.hypot(*(lane.left_m - lane.right_m)[:, :2].T)))


def _intersection(view: View) -> np.ndarray:
    return view.road.most_m(np.array([lane.junction_id is not None for lane in view.road.lanes], dtype=bool))[:, 0]


def _right_turn(view: View) -> np.ndarray:
    """By how much the junction lane that the ego follows turns right beyond 45 degrees; -inf outside junctions."""
    road = view.road
    turns = np.array(
        [-_turn(lane) - RIGHT_TURN_RAD if lane.junction_id is not None else -np.inf for lane in road.lanes]
    )
    followed = turns[road.ego_lane]
    # Before the line the ego is still on the lane that leads there: the junction lane that follows on its way counts.
    for t in np.flatnonzero(np.isinf(followed))[::-1]:
        if t + 1 < len(followed):
            followed[t] = followed[t + 1]
    return followed


def _turn(lane: Lane) -> float:
    steps = np.diff(lane.centerline_m[:, :2], axis=0)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return float(heading[-1] - heading[0])


@lru_cache(maxsize=16)
def stop_lines(view: View) -> tuple[tuple[str, np.ndarray], ...]:
    """Stop lines of the traffic lights on the ego's corridors: id of the light, place on the corridor.

    Places have shape (T,), NaN where the corridor of the moment does not meet the line.
    """
    found: list[tuple[str, np.ndarray]] = []
    for signal in view.road.lane_map.signals:
        places = np.full(len(view.road.ego_lane), np.nan)
        for chain, rows, line in view.road.corridors:
            if set(signal.lane_ids) & set(chain):
                places[rows] = _crossing_s(line, signal.stop_line_m[:, :2])
        if not np.isnan(places).all():
            found.append((signal.id, places))
    return tuple(found)


@lru_cache(maxsize=16)
def sign_lines(view: View) -> np.ndarray:
    """Where on the corridor stop signs ask to stop, shape (S, T).

    The painted line within 15 m of the sign that the corridor crosses; abeam of the sign where there is none.
    """
    rows_of: list[np.ndarray] = []
    areas = [area for area in view.road.lane_map.areas if area.kind == "stop_line" and len(area.polygon_m) >= 2]
    for sign in view.road.lane_map.signs:
        if sign.kind != "stop":
            continue
        places = np.full(len(view.road.ego_lane), np.nan)
        for chain, rows, line in view.road.corridors:
            if set(sign.lane_ids) & set(chain):
                near = [
                    a.polygon_m[:2, :2] for a in areas if np.hypot(*(a.polygon_m.mean(0) - sign.position_m)[:2]) < 15
                ]
                crossed = [s for ends in near if not np.isnan(s := _crossing_s(line, ends))]
                places[rows] = min(crossed) if crossed else _abeam_s(line, sign.position_m[:2])
        if not np.isnan(places).all():
            rows_of.append(places)
    return np.array(rows_of).reshape(len(rows_of), len(view.road.ego_lane))


def _abeam_s(line: np.ndarray, point: np.ndarray) -> float:
    return float(project(point[None], line)[0][0])


def _crossing_s(line: np.ndarray, ends: np.ndarray) -> float:
    """Where a polyline crosses a stop line, lengthened by 6 m to both sides; NaN where it does not."""
    along = ends[1] - ends[0]
    length = float(np.hypot(*along))
    if length < 1e-6:
        return float("nan")
    offset = line - ends[0]
    side = (along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length
    share = offset @ along / length
    steps = np.hypot(*np.diff(line, axis=0).T)
    s = np.concatenate([[0.0], np.cumsum(steps)])
    for k in np.flatnonzero((side[:-1] * side[1:] <= 0) & (side[:-1] != side[1:])):
        f = side[k] / (side[k] - side[k + 1])
        at = share[k] + f * (share[k + 1] - share[k])
        if -_LINE_REACH_M <= at <= length + _LINE_REACH_M:
            return float(s[k] + f * steps[k])
    return float("nan")


def _in_front(view: View, places: np.ndarray) -> np.ndarray:
    """How well a line lies in front: ahead of the front, and within 1 m or what the ego covers until the next sample.

    Without the second part a car at 12 m/s sampled at 10 Hz would pass every line unseen.
    """
    if not len(places):
        return np.full(len(view.road.ego_lane), -np.inf)
    ahead = places - view.front_m[None, :, 0]
    step = view.drive.step_s if view.drive.num_steps > 1 else 0.0
    reach = np.maximum(view.parameters.stop_line_m, view.along_mps[:, 0] * step)
    margin = np.minimum(ahead, reach - ahead)
    return np.max(np.where(np.isnan(margin), -np.inf, margin), axis=0)


def _light_line(view: View) -> np.ndarray:
    return _in_front(view, np.array([places for _, places in stop_lines(view)]).reshape(-1, len(view.road.ego_lane)))


def red_light(view: View) -> np.ndarray:
    """+inf where the light of the line in front, or just passed (10 m), is red; -inf elsewhere."""
    drive = view.drive
    column = {name: k for k, name in enumerate(drive.rollout.signals.ids)}
    red = np.zeros(drive.num_steps, dtype=bool)
    for name, places in stop_lines(view):
        if name in column:
            ahead = places - view.front_m[:, 0]
            at_line = (ahead > -10.0) & (ahead < 50.0)
            red |= at_line & np.isin(drive.rollout.signals.state[drive.step, column[name]], STOP_STATES)
    return np.where(red, np.inf, -np.inf)


_D = PredicateDefinition
_LIGHT = (Need.ROAD, Need.SIGNALS)

PREDICATES = (
    _D("on_access_ramp", "m", 1.0, "The box reaches into an entry lane.",
       {"ego": lambda v: _ramp(v)[:, 0], "*": lambda v: _ramp(v)[:, 1:]}, strict=True),
    _D("on_main_carriage_way", "m", 1.0, "The box reaches into a driving lane outside junctions.",
       {"ego": lambda v: _carriageway(v)[:, 0], "*": lambda v: _carriageway(v)[:, 1:]}, strict=True),
    _D("main_carriageway_right_lane", "m", 1.0, "The box reaches into the rightmost driving lane of its direction.",
       {"ego": lambda v: v.road.most_m(v.outermost[1])[:, 0]}, strict=True),
    _D("in_leftmost_lane", "m", 1.0, "The box reaches into the leftmost driving lane of its direction.",
       {"ego": lambda v: v.road.most_m(v.outermost[0])[:, 0]}, strict=True),
    _D("in_rightmost_lane", "m", 1.0, "The box reaches into the rightmost driving lane of its direction.",
       {"ego": lambda v: v.road.most_m(v.outermost[1])[:, 0]}, strict=True),
    _D("single_lane", "m", 1.0, "The box reaches into one lane only; margin: the gap to the next.",
       {"ego": lambda v: -v.several_lanes_m[:, 0]}),
    _D("on_shoulder", "m", 1.0, "The box reaches into a shoulder.",
       {"ego": lambda v: v.road.most_m(v.lanes_that(LaneKind.SHOULDER))[:, 0]}, strict=True),
    _D("drives_leftmost", "m", 1.0, "At most 0.2 m from the left border of its lane, or 0.5 m from the vehicle beside.",
       {"ego": lambda v: _to_border(v, True)}),
    _D("drives_rightmost", "m", 1.0, "Likewise to the right.", {"ego": lambda v: _to_border(v, False)}),
    _D("interstate_broad_enough", "m", 1.0, "The lanes of the ego's direction are 7 m wide together.",
       {"ego": _width}),
    _D("right_of_broad_lane_marking", "m", 1.0, "In a lane whose left marking is at least 0.25 m wide.",
       {"ego": lambda v: _marked(v, True)[:, 0]}, strict=True),
    _D("left_of_broad_lane_marking", "m", 1.0, "In a lane whose right marking is at least 0.25 m wide.",
       {"*": lambda v: _marked(v, False)[:, 1:]}, strict=True),
    _D("makes_u_turn", "rad", 0.5, "Turned by 1.57 rad or more against its lane.",
       {"ego": lambda v: v.turned_rad - v.parameters.u_turn_rad}),
    _D("on_intersection", "m", 1.0, "The box reaches into a lane of a junction.", {"ego": _intersection}, strict=True),
    _D("on_right_turn", "rad", 0.5, "The junction lane that the ego follows, or comes to next, turns right by more "
       "than 45 degrees.", {"ego": _right_turn}, strict=True),
    _D("stop_sign_line_in_front", "m", 1.0, "The line of a stop sign is ahead by at most 1 m, or by what the ego "
       "until the next sample.", {"ego": lambda v: _in_front(v, sign_lines(v))}, (Need.ROAD, Need.STOP_SIGNS)),
    _D("light_line_in_front", "m", 1.0, "Likewise the stop line of a traffic light.", {"ego": _light_line}, _LIGHT),
    _D("light_is_red", "", 1.0, "The light of that line is red, or red and yellow: +inf, else -inf.",
       {"ego": red_light}, _LIGHT),
)  # fmt: skip
