"""Habits of drivers as the kernels want them, and what the paths of a world say to them.

`driver_code` and `habit_columns` pack the parameter sets of `scenarios.habits`; the rows of `rule` say of each path
which lanes lie beside it and where, where its lane ends, where its stop signs, crossings, junctions and flaggers are,
and where walkers cross.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from shapely import Polygon, contains_xy

from driving_data.maps.lane_map import DRIVABLE_KINDS, LaneMap
from driving_data.maps.routes import RoutePath, route_path
from driving_data.taxonomy import PEDESTRIANS, ActorClass
from scenarios.concrete import Actor
from scenarios.habits import FOLLOWING, HANDS, LANE_CHANGES, Habits, Walking
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.paths import PathTable

_KINDS = {"none": at.DRIVER_NONE, "idm": at.DRIVER_IDM, "imitation": at.DRIVER_IMITATION, "walker": at.DRIVER_WALKER}
# One row of `rule`: kind, path, from, to, other, two numbers.
Rule = list[float | int]
LANE_GOES_ON_M = 20.0
SIDE_BY_SIDE_M = 6.0
STOP_BEFORE_HAND_M = 4.0
HAND_REACH_M = 8.0
KERB_MARGIN_M = 0.4
KERB_GROUP_M = 1.5


def driver_code(actor: Actor) -> int:
    """Code of the law that drives an actor."""
    code = _KINDS[actor.driver.kind]
    return at.DRIVER_HABITS if code == at.DRIVER_IDM and actor.driver.habits is not None else code


def has_habits(actor: Actor) -> bool:
    """Whether the kernels must look at the habits of an actor."""
    return actor.driver.habits is not None or actor.driver.kind in ("walker", "imitation")


def habit_columns(actor: Actor, net_offset: int) -> Float[np.ndarray, "columns"]:
    """The habits of one actor; `net_offset` is where the network of an imitation driver begins, -1 for none.

    A flagger without a hand of its own shows what its trait `gesture` says.
    """
    habits, walking = actor.driver.habits or Habits(), actor.driver.walking or Walking()
    hand = habits.hand if habits.hand != "none" else str(actor.traits.get("gesture", "none"))
    shows = HANDS.index(hand) if actor.kind is ActorClass.FLAGGER and hand in HANDS else 0
    column = np.zeros(at.HABIT_COLUMNS)
    column[: at.H_HAND] = [
        FOLLOWING.index(habits.following), habits.exponent, LANE_CHANGES.index(habits.lane_changes), habits.politeness,
        habits.threshold_mps2, habits.safe_braking_mps2, habits.right_bias_mps2, habits.change_s, -1.0,
        habits.critical_gap_s, habits.follow_up_s, habits.smallest_gap_s, habits.impatience_s,
        habits.yields_on_crossings, habits.keeps_clear, habits.makes_way, habits.passes_red, habits.obeys_hands,
        habits.glance_every_s, habits.glance_s, habits.gap_error, habits.approach_error_1ps,
        habits.error_persistence_s, habits.anticipates, habits.sight_m,
    ]  # fmt: skip
    column[at.H_HAND : at.HABIT_COLUMNS] = [
        shows, habits.hand_stop_s, habits.hand_slow_s, net_offset, walking.margin_s, walking.look_s, walking.turn_back,
        walking.impatience_s, actor.driver.reaction_time_s,
    ]  # fmt: skip
    return column


@dataclass(frozen=True, slots=True)
class Beside:
    """From `from_m` to `to_m` of a route, the lane of route `other` lies on its left or right."""

    left: bool
    from_m: float
    to_m: float
    other: str


def lanes_of(path: RoutePath) -> Iterator[tuple[str, float, float]]:
    """The lanes of a route with where they begin and end on it."""
    for k, lane in enumerate(path.lane_ids):
        where = np.flatnonzero(path.lane_index == k)
        if len(where):
            yield lane, float(path.s_m[where[0]]), float(path.s_m[where[-1]])


def beside_route(lane_map: LaneMap, route: str) -> list[Beside]:
    """The neighbours of a route that one may change to, each as long as both run side by side."""
    found: list[Beside] = []
    for lane_id, start, end in lanes_of(route_path(lane_map, route)):
        lane = lane_map.lane_by_id[lane_id]
        for left, neighbour in ((True, lane.left_neighbor), (False, lane.right_neighbor)):
            if neighbour is None or lane_map.lane_by_id[neighbour].kind not in DRIVABLE_KINDS:
                continue
            for other in (name for name, lanes in lane_map.routes.items() if neighbour in lanes and name != route):
                found.append(Beside(left, start, end, other))
    return joined(found)


def joined(pieces: Sequence[Beside]) -> list[Beside]:
    """Pieces that follow one another on the same side as one."""
    whole: list[Beside] = []
    for piece in sorted(pieces, key=lambda b: (b.left, b.other, b.from_m)):
        last = whole[-1] if whole else None
        if last and (last.left, last.other) == (piece.left, piece.other) and piece.from_m - last.to_m < SIDE_BY_SIDE_M:
            whole[-1] = Beside(last.left, last.from_m, piece.to_m, last.other)
        else:
            whole.append(piece)
    return whole


def lane_end_of(lane_map: LaneMap, route: str) -> float | None:
    """Where the lane of a route ends while a neighbour goes on; None where it does not."""
    path = route_path(lane_map, route)
    if lane_map.lane_by_id[path.lane_ids[-1]].successors and _goes_on(lane_map, path):
        return None
    for piece in beside_route(lane_map, route):
        other = route_path(lane_map, piece.other)
        if piece.to_m < path.length_m - SIDE_BY_SIDE_M:
            continue
        nearest = int(np.argmin(np.linalg.norm(other.points_m[:, :2] - path.points_m[-1, :2], axis=-1)))
        if other.length_m - float(other.s_m[nearest]) > LANE_GOES_ON_M:
            return path.length_m
    return None


def _goes_on(lane_map: LaneMap, path: RoutePath) -> bool:
    """Whether the last lane of a route leads to one that is as wide for long: a taper does not count."""
    follow = [lane_map.lane_by_id[lane] for lane in lane_map.lane_by_id[path.lane_ids[-1]].successors]
    wide = [np.linalg.norm(lane.left_m[:, :2] - lane.right_m[:, :2], axis=-1).min() for lane in follow]
    return any(width > 2.0 for width in wide)


def stop_lines(lane_map: LaneMap, route: str) -> list[float]:
    """Where a route has a stop sign: the end of the lane that the sign stands for."""
    signed = {lane for sign in lane_map.signs if sign.kind == "stop" for lane in sign.lane_ids}
    return [end for lane, _, end in lanes_of(route_path(lane_map, route)) if lane in signed]


def crossings(lane_map: LaneMap, route: str) -> list[tuple[float, float]]:
    """Where a route runs over crossings for walkers."""
    path = route_path(lane_map, route)
    found: list[tuple[float, float]] = []
    for area in lane_map.areas:
        if area.kind == "crosswalk":
            inside = contains_xy(Polygon(area.polygon_m[:, :2]), path.points_m[:, 0], path.points_m[:, 1])
            where = np.flatnonzero(inside)
            if len(where):
                found.append((float(path.s_m[where[0]]), float(path.s_m[where[-1]])))
    return found


def junctions(lane_map: LaneMap, route: str) -> list[tuple[float, float]]:
    """Where a route runs through junctions; lanes that follow at once belong to one."""
    found: list[tuple[float, float]] = []
    for lane, start, end in lanes_of(route_path(lane_map, route)):
        if lane_map.lane_by_id[lane].junction_id is None:
            continue
        if found and start - found[-1][1] < 2.0:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def kerbs(walk: PathTable, vehicles: PathTable) -> list[tuple[float, float, float]]:
    """Where a walk path crosses a path of vehicles: begin and end on the walk path, place on the other."""
    xy, other = walk.rows[:, at.PX : at.PY + 1], vehicles.rows
    step = np.linalg.norm(xy[:, None] - other[None, :, at.PX : at.PY + 1], axis=-1)
    nearest = step.argmin(axis=1)
    normal = np.stack([-other[nearest, at.PTY], other[nearest, at.PTX]], axis=-1)
    side = ((xy - other[nearest, at.PX : at.PY + 1]) * normal).sum(axis=-1)
    near, half = step.min(axis=1) < 3.0, vehicles.half_lane_m + KERB_MARGIN_M
    found: list[tuple[float, float, float]] = []
    for k in np.flatnonzero((side[:-1] * side[1:] <= 0.0) & (side[:-1] != side[1:]) & near[:-1]):
        first, last = int(k), int(k) + 1
        while first > 0 and abs(side[first]) < half:
            first -= 1
        while last < len(xy) - 1 and abs(side[last]) < half:
            last += 1
        found.append((first * walk.spacing_m, last * walk.spacing_m, float(nearest[k]) * vehicles.spacing_m))
    return found


def kerb_rows(p: int, walk: PathTable, others: Sequence[tuple[int, PathTable]]) -> list[Rule]:
    """Rows for a walk path: lanes side by side are crossed at one go, from one kerb to the other."""
    found = sorted((start, end, q, s) for q, table in others for start, end, s in kerbs(walk, table))
    groups: list[list[tuple[float, float, int, float]]] = []
    for row in found:
        if groups and row[0] - max(end for _, end, _, _ in groups[-1]) < KERB_GROUP_M:
            groups[-1].append(row)
        else:
            groups.append([row])
    rows: list[Rule] = []
    for group in groups:
        kerb, far = group[0][0], max(end for _, end, _, _ in group)
        rows += [[at.RULE_KERB, p, kerb, far, q, s, end] for _, end, q, s in group]
    return rows


def route_rows(
    lane_map: LaneMap, p: int, route: str, index: Callable[[str], int | None]
) -> list[Rule]:  # fmt: skip
    """Everything that a route, local path `p`, says to drivers; `index` gives the local path of a route, or None."""
    rows: list[Rule] = []
    for piece in beside_route(lane_map, route):
        other = index(piece.other)
        if other is not None:
            rows.append([at.RULE_LEFT if piece.left else at.RULE_RIGHT, p, piece.from_m, piece.to_m, other, 0.0, 0.0])
    end = lane_end_of(lane_map, route)
    if end is not None:
        rows.append([at.RULE_END, p, end, end, -1.0, 0.0, 0.0])
    rows += [[at.RULE_STOP, p, s, s, -1.0, 0.0, 0.0] for s in stop_lines(lane_map, route)]
    rows += [[at.RULE_CROSSING, p, start, stop, -1.0, 0.0, 0.0] for start, stop in crossings(lane_map, route)]
    rows += [[at.RULE_BOX, p, start, stop, -1.0, 0.0, 0.0] for start, stop in junctions(lane_map, route)]
    return rows


def hand_rows(lane_map: LaneMap, p: int, route: str, flaggers: Sequence[tuple[int, Actor]]) -> list[Rule]:
    """Rows for the flaggers who rule a route: those placed on it, or on one that shares its lane there."""
    rows: list[Rule] = []
    path = route_path(lane_map, route)
    for i, actor in flaggers:
        own = route_path(lane_map, actor.start.route)
        lane = own.lane_ids[int(own.lane_index[min(np.searchsorted(own.s_m, actor.start.s_m), len(own.s_m) - 1)])]
        here = np.interp(actor.start.s_m, own.s_m, np.arange(len(own.s_m)))
        point = own.points_m[round(float(here)), :2]
        if lane in path.lane_ids:
            s = float(path.s_m[int(np.argmin(np.linalg.norm(path.points_m[:, :2] - point, axis=-1)))])
            rows.append([at.RULE_HAND, p, s - STOP_BEFORE_HAND_M, s, i, 0.0, 0.0])
    return rows


def is_flagger(actor: Actor) -> bool:
    """Whether an actor guides traffic by hand."""
    return actor.kind is ActorClass.FLAGGER and actor.kind in PEDESTRIANS
