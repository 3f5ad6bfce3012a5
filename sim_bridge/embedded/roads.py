"""Routes of a road as paths of the simulator: stop lines, turns, bank, edges of the drivable area."""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from driving_data.maps.lane_map import Lane, LaneMap
from driving_data.maps.queries import is_drivable
from driving_data.maps.routes import route_path
from sim_bridge.embedded.conflicts import RoadConflicts
from sim_bridge.embedded.layout import PBANK, PLEFT, PRIGHT, PTURN, PTX, PTY, PX, PY, PZ
from sim_bridge.embedded.paths import PathTable, path_table, reversed_path

TURN_RAD = 0.5
SIGNAL_BEFORE_TURN_M = 30.0
SAME_JUNCTION_M = 15.0
STOP_LINE_REACH_M = 8.0
EDGE_SCAN_M = 14.0
EDGE_STEP_M = 0.25
FAR_M = 1e3


@dataclass(frozen=True, slots=True, eq=False)
class RoadPaths:
    """The paths of one lane map, each made once."""

    lane_map: LaneMap
    conflicts: RoadConflicts
    cache: dict[tuple[str, bool, bool], PathTable] = field(default_factory=lambda: {})

    def path(self, route: str, backwards: bool = False, edges: bool = False) -> PathTable:
        """The path of a named route; `edges` measures the drivable area beside it, which only the ego needs."""
        key = (route, backwards, edges)
        if key not in self.cache:
            if backwards:
                self.cache[key] = reversed_path(self.path(route))
            elif edges:
                self.cache[key] = with_edges(self.path(route), self.lane_map)
            else:
                self.cache[key] = self._build(route)
        return self.cache[key]

    def _build(self, route: str) -> PathTable:
        found = route_path(self.lane_map, route)
        table = path_table(
            found.points_m, found.s_m, found.heading_rad, found.left_width_m, found.right_width_m,
            found.speed_limit_mps, leaves_world=True,
        )  # fmt: skip
        lanes = [self.lane_map.lane_by_id[lane] for lane in self.lane_map.routes[route]]
        rows = table.rows.copy()
        rows[:, PBANK] = bank_along(rows, lanes)
        rows[:, PTURN] = turns_along(rows, lanes, table.spacing_m)
        return replace(table, rows=rows, stops=stops_along(rows, table.spacing_m, self.lane_map, lanes))


def laid_out(lane_map: LaneMap) -> RoadPaths:
    """The paths and conflicts of a lane map, to be made when they are asked for."""
    return RoadPaths(lane_map, RoadConflicts(lane_map))


def bank_along(rows: Float[np.ndarray, "n columns"], lanes: list[Lane]) -> Float[np.ndarray, "n"]:
    """Bank (rise per metre to the left) from the edges of the lanes, at the nearest of their points."""
    across = np.concatenate([lane.left_m - lane.right_m for lane in lanes])
    centers = np.concatenate([lane.centerline_m for lane in lanes])
    width = np.linalg.norm(across[:, :2], axis=-1)
    bank = np.where(width > 0.5, across[:, 2] / np.maximum(width, 0.5), 0.0)
    if np.abs(bank).max() < 1e-6:
        return np.zeros(len(rows))
    distance, nearest = KDTree(centers[:, :2]).query(rows[:, PX : PY + 1], k=min(2, len(centers)))
    weight = 1.0 / (np.asarray(distance).reshape(len(rows), -1) + 1e-6)
    return (bank[np.asarray(nearest).reshape(len(rows), -1)] * weight).sum(axis=-1) / weight.sum(axis=-1)


def turns_along(rows: Float[np.ndarray, "n columns"], lanes: list[Lane], spacing_m: float) -> Float[np.ndarray, "n"]:
    """+1 where the left indicator is due (before and in a left turn at a junction), -1 for the right, else 0.

    Junctions that follow at once are a roundabout: there one signals where one leaves it.
    """
    turn, tree = np.zeros(len(rows)), KDTree(rows[:, PX : PY + 1])
    groups: list[list[tuple[int, int, float]]] = []
    for lane in lanes:
        if lane.junction_id is None:
            continue
        first, last = (int(k) for k in np.asarray(tree.query(lane.centerline_m[[0, -1], :2])[1]))
        if groups and (first - groups[-1][-1][1]) * spacing_m < SAME_JUNCTION_M:
            groups[-1].append((first, last, turned(lane)))
        else:
            groups.append([(first, last, turned(lane))])
    for group in groups:
        first, last, change = group[0] if len(group) == 1 else group[-1]
        before = SIGNAL_BEFORE_TURN_M if len(group) == 1 else SAME_JUNCTION_M
        if abs(change) >= TURN_RAD:
            turn[max(0, first - round(before / spacing_m)) : last] = np.sign(change)
    return turn


def turned(lane: Lane) -> float:
    """How far a lane turns, positive to the left."""
    steps = np.diff(lane.centerline_m[:, :2], axis=0)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return float(heading[-1] - heading[0])


def stops_along(
    rows: Float[np.ndarray, "n columns"], spacing_m: float, lane_map: LaneMap, lanes: list[Lane]
) -> tuple[tuple[float, int], ...]:
    """Where a route must stop for which signal: each stop line that belongs to one of its lanes."""
    ids, tree = {lane.id for lane in lanes}, KDTree(rows[:, PX : PY + 1])
    stops: list[tuple[float, int]] = []
    for index, signal in enumerate(lane_map.signals):
        if not ids.intersection(signal.lane_ids):
            continue
        middle = signal.stop_line_m.mean(axis=0)[:2]
        distance, row = tree.query(middle)
        if distance > STOP_LINE_REACH_M:
            continue
        along = float((middle - rows[row, PX : PY + 1]) @ rows[row, PTX : PTY + 1])
        stops.append((float(row * spacing_m + along), index))
    return tuple(stops)


def with_edges(table: PathTable, lane_map: LaneMap) -> PathTable:
    """The path with its distances to the edges of the drivable area, scanned outwards at every fourth row."""
    rows, every = table.rows.copy(), 4
    picked = np.unique(np.append(np.arange(0, len(rows), every), len(rows) - 1))
    offsets = np.arange(EDGE_STEP_M, EDGE_SCAN_M, EDGE_STEP_M)
    normal = np.stack([-rows[picked, PTY], rows[picked, PTX]], axis=-1)
    for column, sign in ((PLEFT, 1.0), (PRIGHT, -1.0)):
        places = rows[picked, None, PX : PY + 1] + sign * offsets[None, :, None] * normal[:, None]
        inside = is_drivable(lane_map, places.reshape(-1, 2)).reshape(len(picked), len(offsets))
        count = np.argmin(np.concatenate([inside, np.zeros((len(picked), 1), dtype=bool)], axis=-1), axis=-1)
        edge = np.where(count < len(offsets), (count + 0.5) * EDGE_STEP_M, FAR_M)
        rows[:, column] = np.interp(np.arange(len(rows)), picked, edge)
    return replace(table, rows=rows)


def point_at(table: PathTable, s_m: float, d_m: float) -> tuple[np.ndarray, float]:
    """Point (x, y, z) and heading of the path at a place; straight on beyond its ends."""
    row = min(max(s_m / table.spacing_m, 0.0), len(table.rows) - 1.0)
    k = min(int(row), len(table.rows) - 2)
    f = row - k
    values = table.rows[k] * (1 - f) + table.rows[k + 1] * f
    tangent = values[PTX : PTY + 1] / np.linalg.norm(values[PTX : PTY + 1])
    normal = np.array([-tangent[1], tangent[0]])
    beyond = s_m - min(max(s_m, 0.0), table.length_m)
    xy = values[PX : PY + 1] + beyond * tangent + d_m * normal
    return np.array([xy[0], xy[1], values[PZ] + values[PBANK] * d_m]), float(np.arctan2(tangent[1], tangent[0]))
