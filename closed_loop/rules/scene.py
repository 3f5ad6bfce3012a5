"""A drive as its rules see it: everyone in the frame of the ego's lane, and the lanes that everyone occupies.

The frame of a moment is the corridor of the ego: its lane, what led there and what follows (the lanes that it did
drive, else the straightest), so that s orders vehicles in curves and across lane sections, and d tells left from
right. Nothing here depends on the orientation or the origin of the map.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from closed_loop.metrics.drive import Drive
from closed_loop.metrics.polyline import distinct
from closed_loop.rules import kernels
from driving_data.geometry import wrap_angle
from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane, LaneKind, LaneMap
from driving_data.taxonomy import ActorClass

NEAR_M = 12.0
AHEAD_M = 300.0
BEHIND_M = 200.0
SAME_LANE_REACH_M = 300.0
_ALONG_RAD = np.deg2rad(60.0)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where boxes are beside a line: s, d to the left, heading of the line, half extents along and across it."""

    s_m: Float[np.ndarray, "*n"]
    d_m: Float[np.ndarray, "*n"]
    heading_rad: Float[np.ndarray, "*n"]
    half_along_m: Float[np.ndarray, "*n"]
    half_across_m: Float[np.ndarray, "*n"]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everyone (M of them, the ego first) through the moments of a drive.

    Attributes:
        drive: the drive.
        center_m: shape (T, M, 2); NaN where absent, as all that follows.
        yaw_rad: shape (T, M).
        velocity_mps: shape (T, M, 2).
        acceleration_mps2: along the own heading, shape (T, M).
        size_m: length and width, shape (M, 2).
        valid: shape (T, M).
        kind: classes.
    """

    drive: Drive
    center_m: Float[np.ndarray, "T M 2"]
    yaw_rad: Float[np.ndarray, "T M"]
    velocity_mps: Float[np.ndarray, "T M 2"]
    acceleration_mps2: Float[np.ndarray, "T M"]
    size_m: Float[np.ndarray, "M 2"]
    valid: Bool[np.ndarray, "T M"]
    kind: tuple[ActorClass, ...]

    @cached_property
    def speed_mps(self) -> Float[np.ndarray, "T M"]:
        """Speed along the own heading: negative when driving backwards."""
        return self.velocity_mps[..., 0] * np.cos(self.yaw_rad) + self.velocity_mps[..., 1] * np.sin(self.yaw_rad)

    @cached_property
    def road(self) -> "Road | None":
        """Lanes and corridor; None without a map or where the ego never is on a lane."""
        lane_map = self.drive.rollout.lane_map
        if lane_map is None or not lane_map.lanes:
            return None
        return _road_of(self, lane_map)

    def beside(self, line_m: np.ndarray, rows: np.ndarray | slice = slice(None)) -> Places:
        """Everyone's place beside a line, in the moments `rows`."""
        center = self.center_m[rows]
        out = np.empty((center.size // 2, 3))
        kernels.project(np.ascontiguousarray(center.reshape(-1, 2)), np.ascontiguousarray(distinct(line_m)), out)
        s, d, heading = (out[:, k].reshape(center.shape[:2]) for k in range(3))
        turn = self.yaw_rad[rows] - heading
        cos, sin = np.abs(np.cos(turn)), np.abs(np.sin(turn))
        length, width = self.size_m[:, 0], self.size_m[:, 1]
        return Places(s, d, heading, 0.5 * (cos * length + sin * width), 0.5 * (sin * length + cos * width))


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """The lanes near anyone (L of them), who occupies them, and the ego's corridor.

    Attributes:
        lane_map: the whole map.
        lanes: drivable lanes and shoulders.
        occupancy_m: by how much a box reaches into a lane, across or along, whichever is less; the gap to it as a
            negative number; -inf where absent or far; shape (L, T, M).
        one_lane: which lanes lead into one another within 300 m, and so are one lane cut into parts, shape (L, L).
        ego_lane: the lane that the ego follows, index into `lanes`, shape (T,).
        corridor: places of everyone in the ego's corridor, shape (T, M).
        left_m: left border of the ego's lane at the ego, as d of the corridor, shape (T,).
        right_m: right border, likewise.
        corridors: ids of the lanes of each corridor, the moments at which it holds, its line.
    """

    lane_map: LaneMap
    lanes: tuple[Lane, ...]
    occupancy_m: Float[np.ndarray, "L T M"]
    one_lane: Bool[np.ndarray, "L L"]
    ego_lane: Int[np.ndarray, "T"]
    corridor: Places
    left_m: Float[np.ndarray, "T"]
    right_m: Float[np.ndarray, "T"]
    corridors: tuple[tuple[tuple[str, ...], np.ndarray, np.ndarray], ...]

    def most_m(self, chosen: np.ndarray) -> Float[np.ndarray, "T M"]:
        """The greatest occupancy over some of the lanes; -inf where there are none."""
        return np.max(self.occupancy_m[chosen], axis=0, initial=-np.inf)


def scene_of(drive: Drive) -> Scene:
    """A drive prepared for its rules."""
    rollout, other = drive.rollout, drive.others
    order = [rollout.ego_index, *other.index]
    valid = np.concatenate([np.ones((drive.num_steps, 1), dtype=bool), other.valid], axis=1)
    center = np.concatenate([drive.center_m[:, None], other.center_m], axis=1)
    yaw = np.concatenate([drive.yaw_rad[:, None], other.yaw_rad], axis=1)
    velocity = np.concatenate([drive.velocity_mps[:, None], other.velocity_mps], axis=1)
    known = rollout.acceleration_mps2[drive.step][:, order, :2]
    along = known[..., 0] * np.cos(yaw) + known[..., 1] * np.sin(yaw)
    speed = velocity[..., 0] * np.cos(yaw) + velocity[..., 1] * np.sin(yaw)
    along = np.where(np.isnan(along), _slope(speed, drive.time_s), along)
    return Scene(
        drive, center, yaw, velocity, np.where(valid, along, np.nan),
        np.concatenate([drive.size_m[None], other.size_m]), valid, (rollout.actors.kind_of(order[0]), *other.kind),
    )  # fmt: skip


def _slope(values: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Rate of change; where a neighbour is missing the change to the other one, 0 for one alone."""
    if len(time_s) < 2:
        return np.where(np.isnan(values), np.nan, 0.0)
    steps = np.diff(values, axis=0) / np.diff(time_s)[:, None]
    missing = np.full((1, values.shape[1]), np.nan)
    both = np.stack([np.concatenate([missing, steps]), np.concatenate([steps, missing])])
    count = np.sum(~np.isnan(both), axis=0)
    return np.where(np.isnan(values), np.nan, np.nansum(both, axis=0) / np.maximum(count, 1))


def _road_of(scene: Scene, lane_map: LaneMap) -> Road | None:
    lanes = _near_lanes(scene, lane_map)
    if not lanes:
        return None
    occupancy = np.full((len(lanes), *scene.valid.shape), -np.inf)
    holds = np.zeros((len(lanes), len(scene.valid)), dtype=bool)
    for k, lane in enumerate(lanes):
        place = scene.beside(lane.centerline_m[:, :2])
        left, right, length = _borders(lane, place.s_m)
        across = np.minimum(place.d_m + place.half_across_m - right, left - place.d_m + place.half_across_m)
        along = np.minimum(place.s_m + place.half_along_m, length - place.s_m + place.half_along_m)
        occupancy[k] = np.where(scene.valid, np.minimum(across, along), -np.inf)
        turn = np.abs(wrap_angle(scene.yaw_rad[:, 0] - place.heading_rad[:, 0]))
        inside = (place.d_m[:, 0] <= left[:, 0]) & (place.d_m[:, 0] >= right[:, 0])
        inside &= (place.s_m[:, 0] >= 0) & (place.s_m[:, 0] <= length)
        holds[k] = inside & (turn < _ALONG_RAD) & (lane.kind in DRIVABLE_KINDS)
    if not holds.any():
        return None
    ego_lane = _followed(holds)
    return _with_corridor(scene, lane_map, lanes, occupancy, ego_lane)


def _near_lanes(scene: Scene, lane_map: LaneMap) -> tuple[Lane, ...]:
    points = scene.center_m[scene.valid]
    kept: list[Lane] = []
    for lane in lane_map.lanes:
        if lane.kind not in DRIVABLE_KINDS and lane.kind is not LaneKind.SHOULDER:
            continue
        low, high = lane.centerline_m[:, :2].min(axis=0) - NEAR_M, lane.centerline_m[:, :2].max(axis=0) + NEAR_M
        if ((points >= low) & (points <= high)).all(axis=1).any() and len(distinct(lane.centerline_m[:, :2])) > 1:
            kept.append(lane)
    return tuple(kept)


def _borders(lane: Lane, s_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Offsets of the left and right border at places along a lane, and its length in the plane."""
    steps = np.hypot(*np.diff(lane.centerline_m[:, :2], axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    left = np.hypot(*(lane.left_m - lane.centerline_m)[:, :2].T)
    right = np.hypot(*(lane.right_m - lane.centerline_m)[:, :2].T)
    return np.interp(s_m, arc, left), -np.interp(s_m, arc, right), float(arc[-1])


def _followed(holds: np.ndarray) -> np.ndarray:
    """Of the lanes that hold the ego and run its way, the one that holds it longest; the last one where none does."""
    count = holds.sum(axis=1)
    best = np.argmax(np.where(holds, count[:, None], -1), axis=0)
    known = np.flatnonzero(holds.any(axis=0))
    since = np.searchsorted(known, np.arange(holds.shape[1]), side="right") - 1
    return best[known[np.maximum(since, 0)]]


def _with_corridor(
    scene: Scene, lane_map: LaneMap, lanes: tuple[Lane, ...], occupancy: np.ndarray, ego_lane: np.ndarray
) -> Road:
    shape = scene.valid.shape
    parts = {name: np.full(shape, np.nan) for name in ("s", "d", "h", "along", "across")}
    left, right = np.zeros(len(ego_lane)), np.zeros(len(ego_lane))
    driven = [lanes[k].id for k in dict.fromkeys(ego_lane.tolist())]
    groups: dict[tuple[str, ...], list[int]] = {}
    for k in dict.fromkeys(ego_lane.tolist()):
        groups.setdefault(_chain(lane_map, lanes[k], driven), []).append(k)
    corridors: list[tuple[tuple[str, ...], np.ndarray, np.ndarray]] = []
    for chain, members in groups.items():
        rows = np.flatnonzero(np.isin(ego_lane, members))
        line = np.concatenate([lane_map.lane_by_id[name].centerline_m[:, :2] for name in chain])
        place = scene.beside(line, rows)
        for name, value in zip(parts, (place.s_m, place.d_m, place.heading_rad, place.half_along_m,
                                       place.half_across_m), strict=True):  # fmt: skip
            parts[name][rows] = value
        corridors.append((chain, rows, line))
    for k in dict.fromkeys(ego_lane.tolist()):
        rows = np.flatnonzero(ego_lane == k)
        own = scene.beside(lanes[k].centerline_m[:, :2], rows)
        left[rows], right[rows], _ = _borders(lanes[k], own.s_m[:, 0])
    corridor = Places(parts["s"], parts["d"], parts["h"], parts["along"], parts["across"])
    return Road(lane_map, lanes, occupancy, _one_lane(lane_map, lanes), ego_lane, corridor, left, right,
                tuple(corridors))  # fmt: skip


def _chain(lane_map: LaneMap, lane: Lane, driven: list[str]) -> tuple[str, ...]:
    """The corridor through a lane: lanes that were driven first, else the straightest."""
    ahead = _along(lane_map, lane, driven, True, AHEAD_M)
    behind = _along(lane_map, lane, driven, False, BEHIND_M)
    return (*reversed(behind), lane.id, *ahead)


def _along(lane_map: LaneMap, lane: Lane, driven: list[str], forward: bool, reach_m: float) -> list[str]:
    found: list[str] = []
    here, length = lane, 0.0
    while length < reach_m:
        names = here.successors if forward else here.predecessors
        options = [lane_map.lane_by_id[name] for name in names if name in lane_map.lane_by_id]
        options = [one for one in options if one.id not in found and one.id != lane.id and len(one.centerline_m) > 1]
        if not options:
            break
        here = min(options, key=lambda one: (one.id not in driven, abs(_turn_rad(one)), one.id))
        found.append(here.id)
        length += float(here.arc_length_m()[-1])
    return found


def _turn_rad(lane: Lane) -> float:
    steps = np.diff(lane.centerline_m[[0, 1, -2, -1], :2], axis=0)[[0, 2]]
    first, last = np.arctan2(steps[:, 1], steps[:, 0])
    return float(wrap_angle(np.asarray(last - first)))


def _one_lane(lane_map: LaneMap, lanes: tuple[Lane, ...]) -> np.ndarray:
    """Which lanes lead into one another within `SAME_LANE_REACH_M`."""
    index = {lane.id: k for k, lane in enumerate(lanes)}
    same = np.eye(len(lanes), dtype=bool)
    for k, lane in enumerate(lanes):
        reached, front = {lane.id: 0.0}, [lane.id]
        while front:
            name = front.pop()
            for following in lane_map.lane_by_id[name].successors:
                if following in reached or following not in lane_map.lane_by_id:
                    continue
                gap = reached[name]
                if gap <= SAME_LANE_REACH_M:
                    reached[following] = gap + float(lane_map.lane_by_id[following].arc_length_m()[-1])
                    front.append(following)
                    if following in index:
                        same[k, index[following]] = same[index[following], k] = True
    return same
