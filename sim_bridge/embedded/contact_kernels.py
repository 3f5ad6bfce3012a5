"""What goes wrong, compiled: contacts and their aftermath, leaving the road, running a red light, reaching the goal."""

import math

from sim_bridge.embedded.compiled import inlined, inner, scalar
from sim_bridge.embedded.event_kernels import record
from sim_bridge.embedded.geometry_kernels import box_overlap, path_length, path_value, refine, wrap
from sim_bridge.embedded.impact_kernels import (
    CONTACT_FRICTION,
    RESTITUTION,
    box_inertia,
    contact_point,
    impulse_between,
)
from sim_bridge.embedded.layout import (
    ACCEL,
    AT_GOAL,
    CRASH_STEP,
    EGO,
    ENDS_AT_GOAL,
    EV_A,
    EV_B,
    EV_C,
    EV_D,
    EV_E,
    EVENT_COLLISION,
    EVENT_DESPAWN,
    EVENT_GOAL,
    EVENT_OFF_ROAD,
    EVENT_SIGNAL,
    GOAL_S,
    HIT,
    LENGTH,
    MASS,
    MODE,
    MODE_EGO,
    MODE_FREE,
    MODE_PATH,
    MODE_REPLAY,
    MODE_STATIC,
    NUM_ACTORS,
    OFF_ROAD,
    PATH,
    PLEFT,
    PREV_S,
    PREV_X,
    PREV_Y,
    PREV_YAW,
    PRIGHT,
    RED_LIGHTS,
    SPEED,
    STEP,
    TOUCHED,
    TOW_RANK,
    TOWED_BY,
    VALID,
    VX,
    VY,
    W_NEAR,
    W_NEWS,
    W_REACH,
    WALKS,
    WIDTH,
    WORLD_DONE,
    YAW,
    YAW_RATE,
    Batch,
    Pool,
    S,
    X,
    Y,
)

RED, RED_YELLOW = 3, 4
IMMOVABLE_KG = 1e6
# Partners of a contact in one integer.
PARTNER_BITS = 62
CONTACT_PASSES = 5
OFF_ROAD_TOLERANCE_M = 0.3
MAX_OFF_ROAD_EVENTS = 8


@inner
def overlap_at(w: Batch, i: int, j: int, fraction: float) -> tuple[float, float, float]:
    """Overlap of two actors (depth, nx, ny) at a fraction of the step from their poses before it."""
    st, f = w.state, w.param_f
    ix = st[PREV_X, i] + fraction * (st[X, i] - st[PREV_X, i])
    iy = st[PREV_Y, i] + fraction * (st[Y, i] - st[PREV_Y, i])
    jx = st[PREV_X, j] + fraction * (st[X, j] - st[PREV_X, j])
    jy = st[PREV_Y, j] + fraction * (st[Y, j] - st[PREV_Y, j])
    iyaw = st[PREV_YAW, i] + fraction * wrap(st[YAW, i] - st[PREV_YAW, i])
    jyaw = st[PREV_YAW, j] + fraction * wrap(st[YAW, j] - st[PREV_YAW, j])
    return box_overlap(ix, iy, iyaw, f[LENGTH, i], f[WIDTH, i], jx, jy, jyaw, f[LENGTH, j], f[WIDTH, j])


@inner
def moment_of_contact(w: Batch, i: int, j: int) -> float:
    """Fraction of the step at which two actors that overlap at its end first touched; 0 if they did before it."""
    depth, _, _ = overlap_at(w, i, j, 0.0)
    if depth > 0.0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(14):
        middle = 0.5 * (low + high)
        depth, _, _ = overlap_at(w, i, j, middle)
        if depth > 0.0:
            high = middle
        else:
            low = middle
    return low


@inner
def set_back(w: Batch, i: int, fraction: float) -> None:
    """Puts an actor where it was at a fraction of the step."""
    st = w.state
    st[X, i] = st[PREV_X, i] + fraction * (st[X, i] - st[PREV_X, i])
    st[Y, i] = st[PREV_Y, i] + fraction * (st[Y, i] - st[PREV_Y, i])
    st[YAW, i] = wrap(st[PREV_YAW, i] + fraction * wrap(st[YAW, i] - st[PREV_YAW, i]))


@inner
def let_go(w: Batch, i: int) -> None:
    """After a contact a body follows no plan any more; what cannot be moved stays."""
    w.flags[HIT, i] = 1
    if w.param_f[MASS, i] < IMMOVABLE_KG:
        w.flags[MODE, i] = MODE_FREE
        st = w.state
        st[SPEED, i] = math.sqrt(st[VX, i] * st[VX, i] + st[VY, i] * st[VY, i])
        st[ACCEL, i] = 0.0


@inner
def push_apart(w: Batch, i: int, j: int, depth: float, nx: float, ny: float) -> None:
    """Exchanges the impulse of a contact whose normal leads from i to j, at the point where the boxes touch."""
    st, f = w.state, w.param_f
    px, py = contact_point(
        st[X, i], st[Y, i], st[YAW, i], f[LENGTH, i], f[WIDTH, i],
        st[X, j], st[Y, j], st[YAW, j], f[LENGTH, j], f[WIDTH, j], depth,
    )  # fmt: skip
    light_i = 0.0 if f[MASS, i] >= IMMOVABLE_KG else 1.0 / f[MASS, i]
    light_j = 0.0 if f[MASS, j] >= IMMOVABLE_KG else 1.0 / f[MASS, j]
    free_i = light_i / box_inertia(1.0, f[LENGTH, i], f[WIDTH, i])
    free_j = light_j / box_inertia(1.0, f[LENGTH, j], f[WIDTH, j])
    ix, iy, jx, jy = px - st[X, i], py - st[Y, i], px - st[X, j], py - st[Y, j]
    # A log may not know how fast a body turned; from a contact on it has to be known.
    if math.isnan(st[YAW_RATE, i]):
        st[YAW_RATE, i] = 0.0
    if math.isnan(st[YAW_RATE, j]):
        st[YAW_RATE, j] = 0.0
    vx = st[VX, i] - st[YAW_RATE, i] * iy - st[VX, j] + st[YAW_RATE, j] * jy
    vy = st[VY, i] + st[YAW_RATE, i] * ix - st[VY, j] - st[YAW_RATE, j] * jx
    gx, gy = impulse_between(
        light_i, free_i, light_j, free_j, ix, iy, jx, jy, nx, ny, vx, vy, RESTITUTION, CONTACT_FRICTION
    )
    st[VX, i], st[VY, i] = st[VX, i] - light_i * gx, st[VY, i] - light_i * gy
    st[VX, j], st[VY, j] = st[VX, j] + light_j * gx, st[VY, j] + light_j * gy
    st[YAW_RATE, i] -= free_i * (ix * gy - iy * gx)
    st[YAW_RATE, j] += free_j * (jx * gy - jy * gx)
    let_go(w, i)
    let_go(w, j)


@inner
def know(w: Batch, i: int, j: int) -> bool:
    """Whether two actors have touched before, which they have from now on; a pair has one contact in a rollout."""
    if max(i, j) >= 2 * PARTNER_BITS:
        return w.flags[HIT, i] == 1 and w.flags[HIT, j] == 1
    known = w.flags[TOUCHED + j // PARTNER_BITS, i] >> (j % PARTNER_BITS) & 1
    w.flags[TOUCHED + j // PARTNER_BITS, i] |= 1 << (j % PARTNER_BITS)
    w.flags[TOUCHED + i // PARTNER_BITS, j] |= 1 << (i % PARTNER_BITS)
    return known == 1


@inner
def rub(w: Batch, i: int, j: int) -> None:
    """Parts two bodies that have touched before and overlap again, the lighter one more, and lets them push."""
    st, f = w.state, w.param_f
    depth, nx, ny = overlap_at(w, i, j, 1.0)
    light_i = 0.0 if f[MASS, i] >= IMMOVABLE_KG else 1.0 / f[MASS, i]
    light_j = 0.0 if f[MASS, j] >= IMMOVABLE_KG else 1.0 / f[MASS, j]
    if light_i + light_j > 0.0:
        apart = depth / (light_i + light_j)
        st[X, i], st[Y, i] = st[X, i] - apart * light_i * nx, st[Y, i] - apart * light_i * ny
        st[X, j], st[Y, j] = st[X, j] + apart * light_j * nx, st[Y, j] + apart * light_j * ny
        push_apart(w, i, j, 0.0, nx, ny)


@scalar
def side_of(yaw: float, nx: float, ny: float) -> int:
    """Side of a body that faces along (nx, ny): 0 front, 1 rear, 2 left, 3 right."""
    ahead = nx * math.cos(yaw) + ny * math.sin(yaw)
    left = -nx * math.sin(yaw) + ny * math.cos(yaw)
    if abs(ahead) >= abs(left):
        return 0 if ahead > 0.0 else 1
    return 2 if left > 0.0 else 3


@inner
def collide(w: Batch, i: int, j: int) -> None:
    """Records a contact, puts both bodies back to its moment and lets the impulse act; once for a pair."""
    st = w.state
    if know(w, i, j):
        rub(w, i, j)
        return
    fraction = moment_of_contact(w, i, j)
    depth, nx, ny = overlap_at(w, i, j, fraction)
    rx, ry = st[VX, i] - st[VX, j], st[VY, i] - st[VY, j]
    row = record(w, EVENT_COLLISION, i, j)
    if row >= 0:
        w.events[row, EV_A] = math.sqrt(rx * rx + ry * ry)
        w.events[row, EV_B], w.events[row, EV_C] = rx, ry
        w.events[row, EV_D] = side_of(st[YAW, i], nx, ny)
        w.events[row, EV_E] = max(rx * nx + ry * ny, 0.0)
    set_back(w, i, fraction)
    set_back(w, j, fraction)
    push_apart(w, i, j, depth, nx, ny)
    if i == w.world_i[EGO] and w.run[CRASH_STEP] < 0:
        w.run[CRASH_STEP] = w.run[STEP]


@inlined
def may_touch(w: Batch, i: int, j: int) -> bool:
    """Whether two actors can push each other, and their circles meet; people who brush past do not fall."""
    st, f = w.state, w.param_f
    mi, mj = w.flags[MODE, i], w.flags[MODE, j]
    still_i, still_j = mi in (MODE_STATIC, MODE_REPLAY), mj in (MODE_STATIC, MODE_REPLAY)
    if still_i and still_j:
        return False
    if w.param_i[WALKS, i] == 1 and w.param_i[WALKS, j] == 1:
        return False
    if (w.param_i[TOW_RANK, i] > 0 and w.param_i[TOWED_BY, i] == j) or (
        w.param_i[TOW_RANK, j] > 0 and w.param_i[TOWED_BY, j] == i
    ):
        return False
    dx, dy = st[X, j] - st[X, i], st[Y, j] - st[Y, i]
    reach = 0.5 * (f[LENGTH, i] + f[WIDTH, i] + f[LENGTH, j] + f[WIDTH, j])
    return dx * dx + dy * dy < reach * reach


@inlined
def know_reach(w: Batch, i: int) -> None:
    """Radius of the circle about an actor, a micrometre more than `may_touch` asks; who is not there meets nobody."""
    size = 0.5 * (w.param_f[LENGTH, i] + w.param_f[WIDTH, i]) + 1e-6
    w.work[W_REACH, i] = size if w.flags[VALID, i] == 1 else -math.inf


@inlined
def know_neighbours(w: Batch, lane: int, lanes: int) -> None:
    """How many other circles meet that of every `lanes`-th actor: a broad phase free of branches."""
    count, work, st = w.world_i[NUM_ACTORS], w.work, w.state
    for i in range(lane, count, lanes):
        x, y, reach, near = st[X, i], st[Y, i], work[W_REACH, i], 0
        for j in range(count):
            dx, dy, both = st[X, j] - x, st[Y, j] - y, reach + work[W_REACH, j]
            near += int((dx * dx + dy * dy < both * both) & (both > 0.0))
        work[W_NEAR, i] = near - 1.0


@inner
def meet(w: Batch, i: int, j: int) -> bool:
    """Lets two actors collide if their boxes overlap; says whether they did."""
    depth, _, _ = overlap_at(w, i, j, 1.0)
    if depth > 0.0:
        collide(w, i, j)
        return True
    return False


@inlined
def meet_everyone(w: Batch, moved: bool) -> bool:
    """One look at all pairs, the ego's first, so that its event names it as the first actor; whether any touched.

    `moved`: whether somebody was put elsewhere since the broad phase, so that everybody is looked at.
    """
    ego, count = w.world_i[EGO], w.world_i[NUM_ACTORS]
    touched = False
    if w.work[W_NEAR, ego] > 0.0 or moved:
        for j in range(count):
            if j != ego and w.flags[VALID, j] == 1 and may_touch(w, ego, j):
                touched |= meet(w, ego, j)
    for i in range(count):
        if i == ego or w.flags[VALID, i] == 0 or w.flags[MODE, i] == MODE_STATIC:
            continue
        if w.work[W_NEAR, i] <= 0.0 and not (moved or touched):
            continue
        for j in range(count):
            partner_waits = w.flags[MODE, j] == MODE_STATIC or j > i
            if j in (ego, i) or w.flags[VALID, j] == 0 or not partner_waits or not may_touch(w, i, j):
                continue
            touched |= meet(w, i, j)
    return touched


@inlined
def anyone_is_near(w: Batch) -> bool:
    """Whether the circles of any two actors meet: on an open road mostly not, and then nobody needs to be looked at."""
    near = 0.0
    for i in range(w.world_i[NUM_ACTORS]):
        near = max(near, w.work[W_NEAR, i])
    return near > 0.0


@inner
def find_contacts(w: Batch) -> None:
    """Every contact of this step; whoever parts may lie in a third one then, so contacts are looked for again."""
    moved = False
    for _ in range(CONTACT_PASSES):
        moved = meet_everyone(w, moved)
        if not moved:
            break


@inner
def off_road(pool: Pool, w: Batch) -> bool:
    """Whether a corner of the ego lies outside the drivable area by more than the tolerance."""
    i = w.world_i[EGO]
    st, path = w.state, w.paths[w.flags[PATH, i]]
    cos, sin = math.cos(st[YAW, i]), math.sin(st[YAW, i])
    for corner in range(4):
        lx = 0.5 * w.param_f[LENGTH, i] if corner < 2 else -0.5 * w.param_f[LENGTH, i]
        ly = 0.5 * w.param_f[WIDTH, i] if corner % 2 == 0 else -0.5 * w.param_f[WIDTH, i]
        s, d = refine(pool, path, st[X, i] + cos * lx - sin * ly, st[Y, i] + sin * lx + cos * ly, st[S, i] + lx)
        left, right = path_value(pool, path, s, PLEFT), path_value(pool, path, s, PRIGHT)
        if d > left + OFF_ROAD_TOLERANCE_M or d < -right - OFF_ROAD_TOLERANCE_M:
            return True
    return False


@inner
def watch_ego(pool: Pool, w: Batch) -> None:
    """Leaving the road and reaching the goal."""
    i = w.world_i[EGO]
    outside = off_road(pool, w)
    if outside and w.run[OFF_ROAD] % 2 == 0 and w.run[OFF_ROAD] < 2 * MAX_OFF_ROAD_EVENTS:
        w.run[OFF_ROAD] += 1
        record(w, EVENT_OFF_ROAD, i, -1)
    elif not outside and w.run[OFF_ROAD] % 2 == 1:
        w.run[OFF_ROAD] += 1
    if w.run[AT_GOAL] == 0 and w.run[CRASH_STEP] < 0 and w.state[S, i] >= w.world_f[GOAL_S]:
        w.run[AT_GOAL] = 1
        record(w, EVENT_GOAL, i, -1)
        if w.world_i[ENDS_AT_GOAL] == 1:
            w.run[WORLD_DONE] = 1


@inlined
def on_path(w: Batch, i: int) -> bool:
    """Whether an actor drives along a path."""
    return w.flags[VALID, i] == 1 and (w.flags[MODE, i] == MODE_PATH or w.flags[MODE, i] == MODE_EGO)


@inlined
def look_for_news(pool: Pool, w: Batch, lane: int, lanes: int) -> None:
    """Marks in W_NEWS which of every `lanes`-th actor crossed a stop line or reached the end of its path."""
    for i in range(lane, w.world_i[NUM_ACTORS], lanes):
        w.work[W_NEWS, i] = 0.0
        if not on_path(w, i):
            continue
        path = w.paths[w.flags[PATH, i]]
        nose = 0.5 * w.param_f[LENGTH, i]
        if pool.ends[path] == 1 and w.state[S, i] >= path_length(pool, path) - nose:
            w.work[W_NEWS, i] = 1.0
        for k in range(pool.stop_first[path], pool.stop_first[path + 1]):
            if w.state[PREV_S, i] + nose < pool.stop_s[k] <= w.state[S, i] + nose:
                w.work[W_NEWS, i] = 1.0


@inlined
def watch_signals(pool: Pool, w: Batch, i: int) -> None:
    """Whether the front of an actor crossed a stop line at red in this step."""
    path = w.paths[w.flags[PATH, i]]
    nose = 0.5 * w.param_f[LENGTH, i]
    before, after = w.state[PREV_S, i] + nose, w.state[S, i] + nose
    for k in range(pool.stop_first[path], pool.stop_first[path + 1]):
        if before < pool.stop_s[k] <= after:
            shown = w.signal[pool.stop_signal[k]]
            if shown in (RED, RED_YELLOW):
                if i == w.world_i[EGO]:
                    w.run[RED_LIGHTS] += 1
                row = record(w, EVENT_SIGNAL, i, -1)
                if row >= 0:
                    w.events[row, EV_A] = pool.stop_signal[k]
                    w.events[row, EV_B] = w.state[SPEED, i]


@inlined
def watch_actors(pool: Pool, w: Batch) -> None:
    """Red lights run by anyone, and actors that leave the world at the end of their route."""
    for i in range(w.world_i[NUM_ACTORS]):
        if w.work[W_NEWS, i] == 0.0:
            continue
        watch_signals(pool, w, i)
        path = w.paths[w.flags[PATH, i]]
        end = path_length(pool, path) - 0.5 * w.param_f[LENGTH, i]
        if w.flags[MODE, i] == MODE_PATH and pool.ends[path] == 1 and w.state[S, i] >= end:
            w.flags[VALID, i] = 0
            record(w, EVENT_DESPAWN, i, -1)
