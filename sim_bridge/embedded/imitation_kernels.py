"""A learned driver, compiled: what it looks at, and its network.

The network is a perceptron with two hidden layers of tanh. Its numbers lie in `Pool.net`, one set after the other:
count of inputs n, width of the hidden layers h, mean and scale of the inputs (n each), then row by row W1 (h, n),
b1 (h), W2 (h, h), b2 (h), W3 (1, h), b3, in m/s^2.
"""

import math
from typing import Any

from sim_bridge.embedded.compiled import inner, scalar
from sim_bridge.embedded.geometry_kernels import path_value
from sim_bridge.embedded.layout import (
    H_NET,
    LENGTH,
    M_HIDDEN,
    M_INPUT,
    NUM_ACTORS,
    NUM_FEATURES,
    PATH,
    PCURV,
    Q_D,
    Q_LON,
    Q_S,
    SPEED,
    VALID,
    WALKS,
    Batch,
    D,
    Pool,
    S,
)

Numbers = Any
NO_GAP_M = 150.0
NEIGHBOUR_M = (1.75, 5.25)
BRAKES_MPS2, PUSHES_MPS2 = 8.0, 3.0


@scalar
def feature(
    k: int, speed: float, desired: float, gap: float, lead: float, left_gap: float, right_gap: float, bend: float
) -> float:
    """Input `k` of the network.

    In order: speed / 10; speed over desired speed; gap / 150 m (held to 150 m); closing speed / 10; closing speed over
    gap, in 1/s; speed over gap, in 1/s; nearest gap ahead on the left and on the right lane, as the gap; lateral
    acceleration that the harder of the curves 10 m and 30 m ahead asks for at this speed, over 2 m/s^2; whether there
    is a leader.
    """
    has = gap < NO_GAP_M
    closing = speed - lead if has else 0.0
    if k == 0:
        return 0.1 * speed
    if k == 1:
        return min(speed / max(desired, 1.0), 2.0)
    if k == 2:
        return min(gap, NO_GAP_M) / NO_GAP_M
    if k == 3:
        return 0.1 * closing
    if k == 4:
        return min(max(closing / max(gap, 1.0), -2.0), 2.0)
    if k == 5:
        return min(speed / max(gap, 1.0), 3.0) if has else 0.0
    if k == 6:
        return min(left_gap, NO_GAP_M) / NO_GAP_M
    if k == 7:
        return min(right_gap, NO_GAP_M) / NO_GAP_M
    if k == 8:
        return min(speed * speed * abs(bend) / 2.0, 4.0)
    return 1.0 if has else 0.0


@inner
def forward(net: Numbers, at: int, scratch: Numbers, i: int) -> float:
    """Output of the network at offset `at`; inputs stand in column `i` of `scratch` from row M_INPUT on."""
    n, h = int(net[at]), int(net[at + 1])
    mean, scale = at + 2, at + 2 + n
    w1 = scale + n
    b1 = w1 + h * n
    w2 = b1 + h
    b2 = w2 + h * h
    w3 = b2 + h
    for r in range(h):
        total = net[b1 + r]
        for k in range(n):
            total += net[w1 + r * n + k] * (scratch[M_INPUT + k, i] - net[mean + k]) / net[scale + k]
        scratch[M_HIDDEN + r, i] = math.tanh(total)
    out = net[w3 + h]
    for r in range(h):
        total = net[b2 + r]
        for k in range(h):
            total += net[w2 + r * h + k] * scratch[M_HIDDEN + k, i]
        out += net[w3 + r] * math.tanh(total)
    return out


@inner
def gap_beside(w: Batch, i: int, to_left: bool) -> float:
    """Nearest gap ahead to an actor one lane to the left or right along the path of `i`; inf without one."""
    q, best = w.proj[w.flags[PATH, i]], math.inf
    front = w.state[S, i] + 0.5 * w.param_f[LENGTH, i]
    for j in range(w.world_i[NUM_ACTORS]):
        if j == i or w.flags[VALID, j] == 0 or w.param_i[WALKS, j] == 1 or not q[Q_S, j] > w.state[S, i]:
            continue
        across = q[Q_D, j] - w.state[D, i] if to_left else w.state[D, i] - q[Q_D, j]
        if NEIGHBOUR_M[0] < across < NEIGHBOUR_M[1]:
            best = min(best, max(q[Q_S, j] - q[Q_LON, j] - front, 0.0))
    return best


@inner
def imitate(pool: Pool, w: Batch, i: int, desired: float, gap: float, lead: float) -> float:
    """Acceleration that the network of actor `i` asks for, held to what a driver asks of a vehicle."""
    path, s, v = w.paths[w.flags[PATH, i]], w.state[S, i], w.state[SPEED, i]
    near, far = path_value(pool, path, s + 10.0, PCURV), path_value(pool, path, s + 30.0, PCURV)
    bend = near if abs(near) > abs(far) else far
    left, right = gap_beside(w, i, True), gap_beside(w, i, False)
    for k in range(NUM_FEATURES):
        w.mind[M_INPUT + k, i] = feature(k, v, desired, gap, lead, left, right, bend)
    wish = forward(pool.net, int(w.habit[H_NET, i]), w.mind, i)
    return min(max(wish, -BRAKES_MPS2), PUSHES_MPS2)
