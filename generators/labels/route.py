"""Where the ego goes from a moment on: its own way as it happened, then on along the map."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.maps.lane_map import LaneMap
from driving_data.maps.queries import lane_at
from driving_data.rollout import Rollout

AHEAD_M = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The way ahead.

    Attributes:
        points_m: from the ego on, shape (n, 2).
        lanes: ids of the lanes that it leads through.
    """

    points_m: Float[np.ndarray, "n 2"]
    lanes: frozenset[str]

    def along(self, points_m: Float[np.ndarray, "k _"]) -> tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k"]]:
        """Distance along the way to the place nearest to each point, and distance from there to its left.

        What lies behind the ego has a negative distance.
        """
        a, step = self.points_m[:-1], np.diff(self.points_m, axis=0)
        length = np.linalg.norm(step, axis=-1)
        start = np.concatenate([[0.0], np.cumsum(length)])[:-1]
        offset = points_m[:, None, :2] - a[None]
        share = np.einsum("ksi,si->ks", offset, step) / np.square(length)
        low = np.where(np.arange(len(a)) == 0, -np.inf, 0.0)
        high = np.where(np.arange(len(a)) == len(a) - 1, np.inf, 1.0)
        share = np.clip(share, low, high)
        gap = np.linalg.norm(offset - share[..., None] * step[None], axis=-1)
        best = np.argmin(gap, axis=1)
        rows = np.arange(len(points_m))
        chosen, away = step[best] / length[best, None], offset[rows, best]
        left = chosen[:, 0] * away[:, 1] - chosen[:, 1] * away[:, 0]
        return start[best] + share[rows, best] * length[best], left


def route_from(rollout: Rollout, step: int) -> Route:
    """The ego's way from a moment on; beyond the rollout's end along a named route that it was on, else straight."""
    where = rollout.valid[step:, rollout.ego_index]
    pose = rollout.world_from_actor[step:, rollout.ego_index]
    points, yaw = pose.translation_m[where][:, :2], pose.yaw_rad()[where]
    lanes: list[str] = []
    tail = points[-1:] + AHEAD_M * np.array([[np.cos(yaw[-1]), np.sin(yaw[-1])]])
    if rollout.lane_map is not None and rollout.lane_map.lanes:
        found = lane_at(rollout.lane_map, points, yaw)
        lanes = [rollout.lane_map.lanes[k].id for k in dict.fromkeys(found[found >= 0].tolist())]
        onward, more = _onward(rollout.lane_map, lanes, points[-1])
        lanes += more
        tail = onward if len(onward) else tail
    return Route(_spaced(np.concatenate([points, tail])), frozenset(lanes))


def _onward(lane_map: LaneMap, lanes: list[str], last_m: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The rest of the named route that shares most lanes with those given: its points and lane ids."""
    if not lanes:
        return np.zeros((0, 2)), []
    options = [names for names in lane_map.routes.values() if lanes[-1] in names]
    if not options:
        return np.zeros((0, 2)), []
    best = max(options, key=lambda names: len(set(names) & set(lanes)))
    rest = best[best.index(lanes[-1]) :]
    line = np.concatenate([lane_map.lane_by_id[name].centerline_m[:, :2] for name in rest])
    nearest = int(np.argmin(np.linalg.norm(line - last_m, axis=-1)))
    ahead = line[nearest + 1 :]
    gone = np.cumsum(np.linalg.norm(np.diff(np.concatenate([last_m[None], ahead]), axis=0), axis=-1))
    ahead = ahead[(gone < AHEAD_M) & (gone > 0.5)]
    return ahead, [name for name in rest if name not in lanes]


def _spaced(points_m: np.ndarray) -> np.ndarray:
    """Without points nearer than half a metre to the one before; at least two."""
    kept = [points_m[0]]
    for point in points_m[1:]:
        if np.linalg.norm(point - kept[-1]) >= 0.5:
            kept.append(point)
    if len(kept) == 1:
        kept.append(points_m[0] + np.array([0.5, 0.0]))
    return np.array(kept)


__all__ = ["AHEAD_M", "Route", "route_from"]
