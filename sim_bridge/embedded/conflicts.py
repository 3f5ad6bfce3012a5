"""Who gives way to whom where two routes cross or merge.

In order: a stop or yield sign at the entrance of the junction; an entry lane; a turn across oncoming traffic gives
way to another turn and both to going straight; else the one coming from the right (in left-hand traffic: from the
left) goes. Both sides of a pair are decided together, so exactly one gives way.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from driving_data.maps.conflicts import Conflict, all_conflicts
from driving_data.maps.lane_map import LaneKind, LaneMap
from driving_data.maps.routes import RoutePath, route_path
from sim_bridge.embedded.pool import ConflictRow

WIDTH_M = 2.6
MARGIN_M = 1.0
MERGE_LENGTH_M = 8.0
MERGE_PROBE_M = 10.0
SAME_PLACE_M = 5.0
TURN_RAD = 0.35
JUNCTION_M = 15.0
GIVE_WAY_SIGNS = frozenset({"stop", "yield", "give_way"})


@dataclass(frozen=True, slots=True)
class Meeting:
    """A stretch of route a and the stretch of route b that it meets.

    Attributes:
        a_m: where it begins and ends on a.
        b_m: where it begins and ends on b.
        first_yields: whether who drives a gives way.
        wait_a_m: where who drives a waits.
        wait_b_m: where who drives b waits.
    """

    a_m: tuple[float, float]
    b_m: tuple[float, float]
    first_yields: bool
    wait_a_m: float
    wait_b_m: float


@dataclass(frozen=True, slots=True, eq=False)
class RoadConflicts:
    """The conflicts of one lane map, each found once.

    Who must give way to several routes in one junction waits for all of them before the first: their rows share the
    place to wait. That place looks at every route of the map, so it is the same whichever of them are driven.
    """

    lane_map: LaneMap
    pairs: dict[tuple[str, str], tuple[ConflictRow, ...]] = field(default_factory=lambda: {})
    waits: dict[str, list[tuple[float, float, float]]] = field(default_factory=lambda: {})

    def rows(self, one: str, two: str, other_path: int) -> tuple[ConflictRow, ...]:
        """What who drives `one` must know of route `two`, whose path has the id `other_path`."""
        return tuple(replace(self._gathered(one, row), other=other_path) for row in self._pair(one, two))

    def _pair(self, one: str, two: str) -> tuple[ConflictRow, ...]:
        if (one, two) not in self.pairs:
            self.pairs[one, two] = conflict_rows(self.lane_map, one, two, 0)
        return self.pairs[one, two]

    def _gathered(self, one: str, row: ConflictRow) -> ConflictRow:
        for first, last, wait in self._waits(one):
            if row.yields and first <= row.start_m <= last:
                return replace(row, wait_m=wait, start_m=first)
        return row

    def _waits(self, route: str) -> list[tuple[float, float, float]]:
        """First and last beginning of the conflicts in each junction, and where to wait for them."""
        if route not in self.waits:
            rows = [r for other in self.lane_map.routes if other != route for r in self._pair(route, other) if r.yields]
            groups: list[tuple[float, float, float]] = []
            for row in sorted(rows, key=lambda r: r.start_m):
                if groups and row.start_m - groups[-1][1] < JUNCTION_M:
                    first, _, wait = groups[-1]
                    groups[-1] = (first, row.start_m, min(wait, row.wait_m))
                else:
                    groups.append((row.start_m, row.start_m, row.wait_m))
            self.waits[route] = groups
        return self.waits[route]


def conflict_rows(lane_map: LaneMap, one: str, two: str, other_path: int) -> tuple[ConflictRow, ...]:
    """What who drives `one` must know of route `two`, whose path has the id `other_path`; empty without a conflict."""
    rows: list[ConflictRow] = []
    for m in meetings(lane_map, min(one, two), max(one, two)):
        if one < two:
            rows.append(ConflictRow(other_path, m.wait_a_m, *m.a_m, *m.b_m, m.first_yields))
        else:
            rows.append(ConflictRow(other_path, m.wait_b_m, *m.b_m, *m.a_m, not m.first_yields))
    return tuple(rows)


def meetings(lane_map: LaneMap, one: str, two: str) -> tuple[Meeting, ...]:
    """Where two routes meet, junction after junction, seen along each of them, unless they begin there together."""
    a, b = route_path(lane_map, one), route_path(lane_map, two)
    stretches: list[tuple[tuple[float, float], tuple[float, float]]] = []
    stretches += [stretch(a, b, found) for found in all_conflicts(lane_map, one, two, WIDTH_M)]
    for seen_from_b in all_conflicts(lane_map, two, one, WIDTH_M):
        on_b, on_a = stretch(b, a, seen_from_b)
        stretches.append((on_a, on_b))
    found: list[Meeting] = []
    for on_a, on_b in stretches:
        known = any(abs(m.a_m[0] - on_a[0]) < SAME_PLACE_M for m in found)
        if not known and min(on_a[0], on_b[0]) > 0.5:
            found.append(decide(lane_map, (one, a), (two, b), on_a, on_b))
    return tuple(found)


def stretch(a: RoutePath, b: RoutePath, found: Conflict) -> tuple[tuple[float, float], tuple[float, float]]:
    """The stretches of a conflict with a margin; short where the routes go on together, as leaders are minded there."""
    at_a = min(found.s_a_m + MERGE_PROBE_M, a.length_m)
    probe = a.points_m[int(np.searchsorted(a.s_m, at_a, side="right")) - 1, :2]
    gap = np.linalg.norm(b.points_m[:, :2] - probe, axis=-1)
    nearest = int(np.argmin(gap))
    along = np.cos(heading_at(a, at_a) - b.heading_rad[nearest])
    if gap[nearest] < WIDTH_M and along > 0.8:
        end_a, end_b = found.s_a_m + MERGE_LENGTH_M, found.s_b_m + MERGE_LENGTH_M
    else:
        end_a, end_b = found.leaves_a_m, found.leaves_b_m
    return (found.s_a_m - MARGIN_M, end_a + MARGIN_M), (found.s_b_m - MARGIN_M, end_b + MARGIN_M)


def decide(
    lane_map: LaneMap,
    first: tuple[str, RoutePath],
    second: tuple[str, RoutePath],
    on_a: tuple[float, float],
    on_b: tuple[float, float],
) -> Meeting:
    """The meeting with who gives way in it and where each side would wait: with a sign before the junction."""
    (one, a), (two, b) = first, second
    middle_a, middle_b = 0.5 * (on_a[0] + on_a[1]), 0.5 * (on_b[0] + on_b[1])
    duty_a, duty_b = burden(lane_map, a, middle_a), burden(lane_map, b, middle_b)
    if duty_a != duty_b:
        yields = duty_a > duty_b
    else:
        across = float(np.sin(heading_at(b, on_b[0] - 5.0) - heading_at(a, on_a[0] - 5.0)))
        from_side = -across if lane_map.left_hand_traffic else across
        yields = from_side > 0 if abs(across) > 0.2 else one > two
    wait_a = min(on_a[0], entrance(lane_map, a, middle_a)) if duty_a[0] else on_a[0]
    wait_b = min(on_b[0], entrance(lane_map, b, middle_b)) if duty_b[0] else on_b[0]
    return Meeting(on_a, on_b, yields, wait_a, wait_b)


def burden(lane_map: LaneMap, path: RoutePath, s_m: float) -> tuple[int, int, int]:
    """What obliges a route to give way at a place, weightiest first: a sign, an entry lane, the kind of turn."""
    lane = lane_map.lane_by_id[path.lane_ids[lane_index_at(path, s_m)]]
    approach = path.lane_ids[approach_index(lane_map, path, s_m)]
    signed = any(sign.kind in GIVE_WAY_SIGNS and approach in sign.lane_ids for sign in lane_map.signs)
    turn = heading_at(path, s_m + 20.0) - heading_at(path, s_m - 20.0)
    across = turn < -TURN_RAD if lane_map.left_hand_traffic else turn > TURN_RAD
    return int(signed), int(lane.kind is LaneKind.ENTRY), 2 if across else int(abs(turn) > TURN_RAD)


def lane_index_at(path: RoutePath, s_m: float) -> int:
    """Which of its lanes a route is on at a place."""
    return int(path.lane_index[min(int(np.searchsorted(path.s_m, s_m)), len(path.s_m) - 1)])


def approach_index(lane_map: LaneMap, path: RoutePath, s_m: float) -> int:
    """The lane before the junction that a place lies in; the lane of the place itself outside junctions."""
    k = lane_index_at(path, s_m)
    junction = lane_map.lane_by_id[path.lane_ids[k]].junction_id
    while junction is not None and k > 0 and lane_map.lane_by_id[path.lane_ids[k]].junction_id == junction:
        k -= 1
    return k


def entrance(lane_map: LaneMap, path: RoutePath, s_m: float) -> float:
    """Where the junction that a place lies in begins."""
    k = approach_index(lane_map, path, s_m)
    if k == lane_index_at(path, s_m):
        return s_m
    return float(path.s_m[path.lane_index <= k][-1])


def heading_at(path: RoutePath, s_m: float) -> float:
    """Heading of a route at a place, not wrapped."""
    return float(np.interp(s_m, path.s_m, path.heading_rad))
