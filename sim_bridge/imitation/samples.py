"""What drivers in logs saw and did: windows of motion along one's own logged way, with those around.

Every vehicle's positions are taken along its own way, its leader's and neighbours' too. A window can then be driven
again with another law: the others stay as logged, the driver's own place along its way is free.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.rollout import Rollout
from driving_data.taxonomy import PEDESTRIANS, VEHICLES, ActorClass
from sim_bridge.embedded.imitation_kernels import NEIGHBOUR_M, NO_GAP_M
from sim_bridge.embedded.layout import NUM_FEATURES

LEADER_HALF_M = 1.5
WAY_STEP_M = 0.5
MOVES_M = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """N windows of K moments (the first is where a law takes over); NaN where nobody is.

    Attributes:
        step_s: time between moments.
        vehicle: which vehicle of the logs each window is of, shape (N,).
        s_m: place of the front along its own way, shape (N, K).
        speed_mps: shape (N, K).
        lead_m: place of the leader's tail along that way, shape (N, K).
        lead_mps: its speed along that way, shape (N, K).
        left_m: tail of the nearest actor ahead one lane to the left, shape (N, K).
        right_m: the same to the right, shape (N, K).
        bend_1pm: curvature of the way, as places and values every 0.5 m: shape (N, W).
        way_m: where the first of these values lies, shape (N,).
        desired_mps: highest speed of that vehicle in its log, shape (N,).
    """

    step_s: float
    vehicle: np.ndarray
    s_m: Float[np.ndarray, "N K"]
    speed_mps: Float[np.ndarray, "N K"]
    lead_m: Float[np.ndarray, "N K"]
    lead_mps: Float[np.ndarray, "N K"]
    left_m: Float[np.ndarray, "N K"]
    right_m: Float[np.ndarray, "N K"]
    bend_1pm: Float[np.ndarray, "N W"]
    way_m: Float[np.ndarray, "N"]
    desired_mps: Float[np.ndarray, "N"]

    def __len__(self) -> int:
        return len(self.s_m)

    def picked(self, keep: np.ndarray) -> "Windows":
        """Some of the windows."""
        return Windows(
            self.step_s, self.vehicle[keep], self.s_m[keep], self.speed_mps[keep], self.lead_m[keep],
            self.lead_mps[keep], self.left_m[keep], self.right_m[keep], self.bend_1pm[keep], self.way_m[keep],
            self.desired_mps[keep],
        )  # fmt: skip


def windows_of(
    rollouts: Sequence[Rollout], horizon_s: float = 3.0, every_s: float = 0.5, step_s: float = 0.1
) -> Windows:
    """Windows of every vehicle of the logs that goes at least five metres, as long as `horizon_s`.

    Logs must have moments every `step_s` (see `sim_bridge.replay.worlds.uniform`); others are left out.

    Raises:
        ValueError: no log holds a window.
    """
    found: list[Windows] = []
    count = 0
    for rollout in rollouts:
        if abs((rollout.timestamps_ns[1] - rollout.timestamps_ns[0]) * 1e-9 - step_s) > 1e-3:
            continue
        for i in range(rollout.num_actors):
            if ActorClass(int(rollout.actors.kind[i])) in VEHICLES:
                found += _of_vehicle(rollout, i, count, round(horizon_s / step_s) + 1, round(every_s / step_s), step_s)
                count += 1
    if not found:
        raise ValueError(f"no log with moments every {step_s} s holds a vehicle that drives for {horizon_s} s")
    return _together(found, step_s)


def _together(parts: Sequence[Windows], step_s: float) -> Windows:
    width = max(part.bend_1pm.shape[1] for part in parts)
    bends = [np.pad(part.bend_1pm, ((0, 0), (0, width - part.bend_1pm.shape[1])), mode="edge") for part in parts]
    return Windows(
        step_s, np.concatenate([p.vehicle for p in parts]), np.concatenate([p.s_m for p in parts]),
        np.concatenate([p.speed_mps for p in parts]), np.concatenate([p.lead_m for p in parts]),
        np.concatenate([p.lead_mps for p in parts]), np.concatenate([p.left_m for p in parts]),
        np.concatenate([p.right_m for p in parts]), np.concatenate(bends), np.concatenate([p.way_m for p in parts]),
        np.concatenate([p.desired_mps for p in parts]),
    )  # fmt: skip


def _of_vehicle(rollout: Rollout, i: int, label: int, length: int, every: int, step_s: float) -> Iterator[Windows]:
    here = np.flatnonzero(rollout.valid[:, i])
    if len(here) < length or here[-1] - here[0] + 1 != len(here):
        return
    points = rollout.world_from_actor.translation_m[here, i, :2]
    way = _way(points)
    if way is None:
        return
    s, _ = _place(way, points)
    nose = 0.5 * rollout.actors.size_m[i, 0]
    speed = np.gradient(s, step_s)
    lead, lead_speed, left, right = _around(rollout, i, here, way, s, step_s)
    bend = _bend(way)
    starts = np.arange(0, len(here) - length + 1, every)
    rows = starts[:, None] + np.arange(length)
    count = len(starts)
    yield Windows(
        step_s, np.full(count, label), s[rows] + nose, speed[rows], lead[rows], lead_speed[rows], left[rows],
        right[rows], np.tile(bend, (count, 1)), np.zeros(count), np.full(count, max(float(speed.max()), 1.0)),
    )  # fmt: skip


def _way(points: np.ndarray) -> np.ndarray | None:
    """The driven way in steps of half a metre, straight on for 150 m; None for one too short."""
    keep = [0]
    for k in range(1, len(points)):
        if np.linalg.norm(points[k] - points[keep[-1]]) > 1.0:
            keep.append(k)
    corners = points[keep]
    if len(corners) < 3 or np.linalg.norm(corners[-1] - corners[0]) < MOVES_M:
        return None
    ahead = corners[-1] - corners[-2]
    corners = np.vstack([corners, corners[-1] + NO_GAP_M * ahead / np.linalg.norm(ahead)])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=-1))])
    at = np.arange(0.0, along[-1], WAY_STEP_M)
    return np.stack([np.interp(at, along, corners[:, k]) for k in range(2)], axis=-1)


def _place(way: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (s, d) of points on a way."""
    nearest = np.linalg.norm(points[:, None] - way[None], axis=-1).argmin(axis=1)
    nearest = np.clip(nearest, 0, len(way) - 2)
    tangent = (way[nearest + 1] - way[nearest]) / WAY_STEP_M
    gap = points - way[nearest]
    return (
        nearest * WAY_STEP_M + (gap * tangent).sum(axis=-1),
        tangent[:, 0] * gap[:, 1] - tangent[:, 1] * gap[:, 0],
    )


def _bend(way: np.ndarray) -> np.ndarray:
    """Curvature along a way, smoothed over ten metres."""
    step = np.diff(way, axis=0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    window = np.ones(21) / 21
    smooth = np.convolve(np.pad(heading, 10, mode="edge"), window, mode="valid")
    return np.append(np.gradient(smooth, WAY_STEP_M), 0.0)


def _around(
    rollout: Rollout, i: int, here: np.ndarray, way: np.ndarray, s: np.ndarray, step_s: float
) -> list[np.ndarray]:
    """Tail and speed of the leader, tails of the nearest ahead on the left and on the right, at each moment."""
    count = len(here)
    lead, rate = np.full(count, np.nan), np.full(count, np.nan)
    left, right = np.full(count, np.nan), np.full(count, np.nan)
    for j in range(rollout.num_actors):
        if j == i or ActorClass(int(rollout.actors.kind[j])) in PEDESTRIANS:
            continue
        points = rollout.world_from_actor.translation_m[here, j, :2]
        valid = rollout.valid[here, j] & np.isfinite(points).all(axis=-1)
        if not valid.any():
            continue
        place, across = (np.full(count, np.nan) for _ in range(2))
        place[valid], across[valid] = _place(way, points[valid])
        tail = place - 0.5 * rollout.actors.size_m[j, 0]
        speed = np.gradient(place, step_s) if count > 1 else np.zeros(count)
        ahead = valid & (place > s)
        for column, low, high in ((lead, -LEADER_HALF_M, LEADER_HALF_M), (left, *NEIGHBOUR_M),
                                  (right, -NEIGHBOUR_M[1], -NEIGHBOUR_M[0])):  # fmt: skip
            nearer = ahead & (across > low) & (across < high) & ~(column <= tail)
            column[nearer] = tail[nearer]
            if column is lead:
                rate[nearer] = np.nan_to_num(speed[nearer])
    return [lead, rate, left, right]


def features(
    speed: Float[np.ndarray, "n"], desired: Float[np.ndarray, "n"], gap: Float[np.ndarray, "n"],
    lead: Float[np.ndarray, "n"], left_gap: Float[np.ndarray, "n"], right_gap: Float[np.ndarray, "n"],
    bend: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "n 10"]:  # fmt: skip
    """The inputs of the network for n drivers; infinite gaps where nobody is. Twin of `imitation_kernels.feature`."""
    has = gap < NO_GAP_M
    closing = np.where(has, speed - np.where(has, lead, 0.0), 0.0)
    near = np.maximum(gap, 1.0)
    out = np.stack(
        [
            0.1 * speed,
            np.minimum(speed / np.maximum(desired, 1.0), 2.0),
            np.minimum(gap, NO_GAP_M) / NO_GAP_M,
            0.1 * closing,
            np.clip(closing / near, -2.0, 2.0),
            np.where(has, np.minimum(speed / near, 3.0), 0.0),
            np.minimum(left_gap, NO_GAP_M) / NO_GAP_M,
            np.minimum(right_gap, NO_GAP_M) / NO_GAP_M,
            np.minimum(speed * speed * np.abs(bend) / 2.0, 4.0),
            has.astype(np.float64),
        ],
        axis=-1,
    )
    assert out.shape[-1] == NUM_FEATURES
    return out


def seen(windows: Windows, k: int, s: Float[np.ndarray, "N"]) -> list[Float[np.ndarray, "N"]]:
    """Gap, speed of the leader, gaps on the left and right, bend, for drivers whose fronts are at `s` at moment k."""
    gap = np.where(np.isnan(windows.lead_m[:, k]), math.inf, windows.lead_m[:, k] - s)
    left = np.where(np.isnan(windows.left_m[:, k]), math.inf, np.maximum(windows.left_m[:, k] - s, 0.0))
    right = np.where(np.isnan(windows.right_m[:, k]), math.inf, np.maximum(windows.right_m[:, k] - s, 0.0))
    last = windows.bend_1pm.shape[1] - 1
    rows = np.arange(len(windows))
    bends = [windows.bend_1pm[rows, np.clip((s + d) / WAY_STEP_M, 0, last).astype(int)] for d in (10.0, 30.0)]
    bend = np.where(np.abs(bends[0]) > np.abs(bends[1]), bends[0], bends[1])
    return [gap, np.nan_to_num(windows.lead_mps[:, k]), left, right, bend]
