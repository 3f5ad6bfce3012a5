"""Reactive agents of replayed logs, compiled: vehicles on their logged way whose speed is IDM to leaders."""

import math

from sim_bridge.embedded.compiled import inner
from sim_bridge.embedded.driver_kernels import agent_idm
from sim_bridge.embedded.geometry_kernels import path_value
from sim_bridge.embedded.layout import (
    COMFORT,
    DESIRED,
    HEADWAY,
    LENGTH,
    MAX_ACCEL,
    MIN_GAP,
    NUM_ACTORS,
    PATH,
    PLIMIT,
    Q_D,
    Q_LAT,
    Q_LON,
    Q_S,
    Q_VS,
    SPEED,
    WIDTH,
    Batch,
    D,
    Pool,
    S,
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
