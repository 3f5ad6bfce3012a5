"""A lane map cut into small polygons in a grid of cells, so that thousands of points are placed per millisecond."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneMap

CELL_M = 8.0
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class LaneGrid:
    """Polygons by cell.

    Attributes:
        origin_m: corner of the first cell.
        cell_m: edge of a cell.
        shape: columns and rows.
        cell_start: where the polygons of each cell begin in `cell_items`.
        cell_items: polygon numbers.
        point_start: where the points of each polygon begin.
        points_m: corners of all polygons.
        owner: lane of each polygon; -1 for areas without one.
        follows: successors of each lane, padded with -1.
        in_junction: whether a lane crosses a junction.
        lane_ids: lanes in the order of these numbers.
    """

    origin_m: Float[np.ndarray, "2"]
    cell_m: float
    shape: Int[np.ndarray, "2"]
    cell_start: Int[np.ndarray, "cells1"]
    cell_items: Int[np.ndarray, "items"]
    point_start: Int[np.ndarray, "polygons1"]
    points_m: Float[np.ndarray, "points 2"]
    owner: Int[np.ndarray, "polygons"]
    follows: Int[np.ndarray, "lanes most"]
    in_junction: Bool[np.ndarray, "lanes"]
    lane_ids: tuple[str, ...]


@lru_cache(maxsize=64)
def lane_grid(lane_map: LaneMap) -> LaneGrid | None:
    """The grid of a map's drivable lanes and areas; None for a map without any. Kept for the last 64 maps."""
    lanes = [lane for lane in lane_map.lanes if lane.kind in DRIVABLE_KINDS]
    polygons = list(_polygons(lanes, lane_map))
    if not polygons:
        return None
    number = {lane.id: k for k, lane in enumerate(lanes)}
    low = np.min([points.min(axis=0) for points, _ in polygons], axis=0)
    high = np.max([points.max(axis=0) for points, _ in polygons], axis=0)
    cell = CELL_M
    while np.prod((high - low) // cell + 1) > _MOST_CELLS:
        cell *= 2.0
    shape = ((high - low) // cell + 1).astype(np.int64)
    start, items = _cells(polygons, low, cell, shape)
    most = max((len(lane.successors) for lane in lanes), default=0)
    follows = np.full((max(len(lanes), 1), max(most, 1)), -1, dtype=np.int64)
    for k, lane in enumerate(lanes):
        known = [number[name] for name in lane.successors if name in number]
        follows[k, : len(known)] = known
    sizes = [len(points) for points, _ in polygons]
    return LaneGrid(
        low, cell, shape, start, items, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([points for points, _ in polygons]), np.array([owner for _, owner in polygons], dtype=np.int64),
        follows, np.array([lane.junction_id is not None for lane in lanes] or [False]),
        tuple(lane.id for lane in lanes),
    )  # fmt: skip


def _polygons(lanes: list[Lane], lane_map: LaneMap) -> Iterator[tuple[np.ndarray, int]]:
    for k, lane in enumerate(lanes):
        left, right = lane.left_m[:, :2], lane.right_m[:, :2]
        for i in range(len(left) - 1):
            yield np.stack([left[i], left[i + 1], right[i + 1], right[i]]).astype(np.float64), k
    for area in lane_map.areas:
        if area.kind == "drivable":
            yield np.ascontiguousarray(area.polygon_m[:, :2], dtype=np.float64), -1


def _cells(
    polygons: list[tuple[np.ndarray, int]], low: np.ndarray, cell_m: float, shape: np.ndarray
) -> tuple[Int[np.ndarray, "c"], Int[np.ndarray, "i"]]:
    """Which polygons' bounding boxes meet each cell, as start indices and items."""
    cells: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    for k, (points, _) in enumerate(polygons):
        first = np.floor((points.min(axis=0) - low) / cell_m).astype(np.int64)
        last = np.floor((points.max(axis=0) - low) / cell_m).astype(np.int64)
        columns, rows = np.meshgrid(np.arange(first[0], last[0] + 1), np.arange(first[1], last[1] + 1))
        cells.append((rows * shape[0] + columns).reshape(-1))
        owners.append(np.full(columns.size, k))
    cell, owner = np.concatenate(cells), np.concatenate(owners)
    order = np.argsort(cell, kind="stable")
    start = np.searchsorted(cell[order], np.arange(int(np.prod(shape)) + 1)).astype(np.int64)
    return start, owner[order].astype(np.int64)


@lru_cache(maxsize=256)
def route_lanes(lane_map: LaneMap, route: str) -> Bool[np.ndarray, "lanes"]:
    """Which lanes of the grid are the route's, or beside one of them with the same direction of travel."""
    grid = lane_grid(lane_map)
    ids = () if grid is None else grid.lane_ids
    wanted = list(lane_map.routes.get(route, ()))
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        lane = lane_map.lane_by_id.get(name)
        if name in seen or lane is None:
            continue
        seen.add(name)
        wanted += [beside for beside in (lane.left_neighbor, lane.right_neighbor) if beside is not None]
    # A map whose routes have no name tells nothing about the right way.
    return np.array([name in seen or not seen for name in ids] or [True])
