"""Who gives way to whom where two routes cross or merge.

In order: a stop or yield sign on one of them; an entry lane; turning gives way to going straight, the wider turn
across oncoming traffic to the other; else the one coming from the right (in left-hand traffic: from the left) goes.
"""

import numpy as np

from driving_data.maps.conflicts import Conflict, conflict
from driving_data.maps.lane_map import LaneKind, LaneMap
from driving_data.maps.routes import RoutePath, route_path
from sim_bridge.embedded.pool import ConflictRow

WIDTH_M = 2.6
MARGIN_M = 1.0
MERGE_LENGTH_M = 8.0
TURN_RAD = 0.35
APPROACH_M = 40.0
GIVE_WAY_SIGNS = frozenset({"stop", "yield", "give_way"})


def conflict_rows(lane_map: LaneMap, one: str, two: str, other_path: int) -> tuple[ConflictRow, ...]:
    """What who drives `one` must know of route `two`, whose path has the id `other_path`; empty without a conflict.

    Routes that begin together are no conflict: there, everyone minds who is ahead.
    """
    found = conflict(lane_map, one, two, WIDTH_M)
    if found is None or min(found.s_a_m, found.s_b_m) < 1.0:
        return ()
    a, b = route_path(lane_map, one), route_path(lane_map, two)
    if np.cos(heading_at(a, found.s_a_m) - heading_at(b, found.s_b_m)) < -0.9 and not found.merges:
        return ()
    reach_a = min(found.leaves_a_m - found.s_a_m, MERGE_LENGTH_M) if found.merges else found.leaves_a_m - found.s_a_m
    reach_b = min(found.leaves_b_m - found.s_b_m, MERGE_LENGTH_M) if found.merges else found.leaves_b_m - found.s_b_m
    return (
        ConflictRow(
            other_path,
            found.s_a_m - MARGIN_M,
            found.s_a_m + reach_a + MARGIN_M,
            found.s_b_m - MARGIN_M,
            found.s_b_m + reach_b + MARGIN_M,
            gives_way(lane_map, one, two, found),
        ),
    )


def gives_way(lane_map: LaneMap, one: str, two: str, found: Conflict) -> bool:
    """Whether who drives `one` gives way to who drives `two`; exactly one of the two does."""
    a, b = route_path(lane_map, one), route_path(lane_map, two)
    ranks_a, ranks_b = burden(lane_map, a, found.s_a_m), burden(lane_map, b, found.s_b_m)
    for rank_a, rank_b in zip(ranks_a, ranks_b, strict=True):
        if rank_a != rank_b:
            return rank_a > rank_b
    across = np.sin(heading_at(b, found.s_b_m - 5.0) - heading_at(a, found.s_a_m - 5.0))
    if abs(across) > 0.2:
        return bool(across < 0) if lane_map.left_hand_traffic else bool(across > 0)
    return one > two


def burden(lane_map: LaneMap, path: RoutePath, s_m: float) -> tuple[int, int, int]:
    """What obliges a route to give way at a place, weightiest first: a sign, an entry lane, the kind of turn."""
    near = (path.s_m > s_m - APPROACH_M) & (path.s_m <= s_m + 1.0)
    lanes = {path.lane_ids[int(k)] for k in np.unique(path.lane_index[near])}
    signed = any(sign.kind in GIVE_WAY_SIGNS and lanes.intersection(sign.lane_ids) for sign in lane_map.signs)
    enters = any(lane_map.lane_by_id[lane].kind is LaneKind.ENTRY for lane in lanes)
    turn = heading_at(path, s_m + 20.0) - heading_at(path, s_m - 20.0)
    across = turn < -TURN_RAD if lane_map.left_hand_traffic else turn > TURN_RAD
    return int(signed), int(enters), 2 if across else int(abs(turn) > TURN_RAD)


def heading_at(path: RoutePath, s_m: float) -> float:
    """Heading of a route at a place, not wrapped."""
    return float(np.interp(s_m, path.s_m, path.heading_rad))
