"""Reactive agents of replayed logs, compiled: vehicles on their logged way whose speed is IDM to leaders."""

import math

from sim_bridge.embedded.compiled import inner
from sim_bridge.embedded.driver_kernels import agent_idm
from sim_bridge.embedded.dynamics_kernels import pose_on_path, remember_pose
from sim_bridge.embedded.event_kernels import record
from sim_bridge.embedded.geometry_kernels import box_overlap, path_heading, path_value
from sim_bridge.embedded.layout import (
    COMFORT,
    DESIRED,
    EVENT_SPAWN,
    HEADWAY,
    LENGTH,
    MAX_ACCEL,
    MIN_GAP,
    MODE,
    MODE_PATH,
    MODE_STATIC,
    NUM_ACTORS,
    PATH,
    PLIMIT,
    Q_D,
    Q_LAT,
    Q_LON,
    Q_S,
    Q_VS,
    SPEED,
    STEP,
    VALID,
    WIDTH,
    YAW,
    Batch,
    D,
    Pool,
    S,
    X,
    Y,
)
from sim_bridge.embedded.traffic_kernels import gap_to_red

AGENT_SEES_M = 100.0


@inner
def nearest_on_path(w: Batch, i: int) -> tuple[float, float]:
    """Gap and speed of the nearest actor that overlaps the way of log agent `i`; inf beyond 100 m."""
    q, s = w.proj[w.flags[PATH, i]], w.state[S, i]
    half, nose = 0.5 * w.param_f[WIDTH, i], 0.5 * w.param_f[LENGTH, i]
    best, speed = math.inf, 0.0
    for j in range(w.world_i[NUM_ACTORS]):
        if j == i or not q[Q_S, j] > s or abs(q[Q_D, j] - w.state[D, i]) > half + q[Q_LAT, j]:
            continue
        gap = q[Q_S, j] - q[Q_LON, j] - s - nose
        if gap < best and gap < AGENT_SEES_M:
            best, speed = gap, max(q[Q_VS, j], 0.0)
    return best, speed


@inner
def agent_wish(pool: Pool, w: Batch, i: int) -> float:
    """Acceleration of a reactive log agent: IDM to the nearest actor on its logged way and to red lights.

    It wishes the speed limit where the map has one on its way, else its desired speed.
    """
    gap, lead = nearest_on_path(w, i)
    red = gap_to_red(pool, w, i)
    if red < gap:
        gap, lead = red, 0.0
    path = w.paths[w.flags[PATH, i]]
    limit = path_value(pool, path, w.state[S, i], PLIMIT)
    desired = limit if limit < 999.0 else w.state[DESIRED, i]
    return agent_idm(
        w.state[SPEED, i], desired, gap, lead, w.param_f[HEADWAY, i], w.param_f[MIN_GAP, i], w.param_f[MAX_ACCEL, i],
        w.param_f[COMFORT, i],
    )  # fmt: skip


@inner
def come(pool: Pool, w: Batch, i: int) -> None:
    """Lets a vehicle that waits for its log appear at the beginning of its way, unless its place is taken."""
    step, st, f = w.run[STEP], w.state, w.param_f
    if step >= w.replay.shape[0] or w.replay_valid[step, i] == 0:
        return
    st[YAW, i] = path_heading(pool, w.paths[w.flags[PATH, i]], st[S, i])
    pose_on_path(pool, w, i, True)
    for j in range(w.world_i[NUM_ACTORS]):
        if j == i or w.flags[VALID, j] == 0:
            continue
        depth, _, _ = box_overlap(
            st[X, i], st[Y, i], st[YAW, i], f[LENGTH, i], f[WIDTH, i], st[X, j], st[Y, j], st[YAW, j], f[LENGTH, j],
            f[WIDTH, j],
        )  # fmt: skip
        if depth > 0.0:
            w.flags[MODE, i] = MODE_STATIC
            return
    w.flags[MODE, i], w.flags[VALID, i] = MODE_PATH, 1
    remember_pose(w, i)
    record(w, EVENT_SPAWN, i, -1)
