"""Where drivers with habits must stop, compiled: gaps, stop signs, crossings, full junctions, flaggers, red lights."""

import math
from typing import Any

from sim_bridge.embedded.compiled import inner, scalar
from sim_bridge.embedded.driver_kernels import accepted_gap, gap_refused, hand_shown, time_to_go
from sim_bridge.embedded.layout import (
    COMFORT,
    DESIRED,
    DT,
    FRICTION,
    GRAVITY,
    H_CLEAR,
    H_CRITICAL,
    H_CROSSINGS,
    H_FOLLOW_UP,
    H_HAND,
    H_HAND_SLOW,
    H_HAND_STOP,
    H_HANDS,
    H_IMPATIENCE,
    H_PASSES_RED,
    H_SMALLEST,
    HAND_GO,
    HAND_NONE,
    HAND_SLOW,
    HAND_STOP,
    LENGTH,
    M_ARRIVED,
    M_CLOCK,
    M_SERVED,
    M_STAGE,
    M_WAITED,
    MAX_ACCEL,
    MIN_GAP,
    NUM_ACTORS,
    NUM_PATHS,
    PATH,
    Q_D,
    Q_LAT,
    Q_LON,
    Q_S,
    Q_VD,
    Q_VS,
    R_FROM,
    R_KIND,
    R_OTHER,
    R_PATH,
    R_TO,
    RULE_BOX,
    RULE_CROSSING,
    RULE_HAND,
    RULE_NONE,
    RULE_STOP,
    SPEED,
    STEP,
    VALID,
    WAITED,
    WALKS,
    Batch,
    Pool,
    S,
)
from sim_bridge.embedded.traffic_kernels import (
    HARD_BRAKING_MPS2,
    PATIENCE_S,
    WAITING_NEAR_M,
    gap_to_red,
    held_by_signal,
    next_stop,
)

FULL_STOP_MPS = 0.1
FULL_STOP_S = 1.0
AT_LINE_M = 3.0
CARE_MPS = 5.0
FAR_M = 250.0
STANDS_MPS = 2.0
GOES_S = 6.0
UNDER_WAY_MPS = 5.0
HAND_REACH_M = 40.0
WALKER_AHEAD_S = 3.0


@inner
def stop_row(rule: Any, p: int, before: float, beyond: float) -> int:
    """Row of the stop sign of path `p` whose line lies after `before` and up to `beyond`; -1 without one."""
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if rule[row, R_KIND] == RULE_STOP and int(rule[row, R_PATH]) == p:  # noqa: SIM102
            if before < rule[row, R_FROM] <= beyond:
                return row
    return -1


@inner
def goes_first(w: Batch, i: int, j: int, sign: int, i_yields: bool) -> bool:
    """Whether `j` goes before `i` where both stand at stop signs: who stopped first, then who has priority.

    Who has not stopped at this sign, the row `sign`, comes after who has: to have stopped at another junction, or to
    stand further back in the queue, gives nobody a turn. Two who stopped at the same step follow the usual priority;
    where that goes round in a circle, after a second of waiting the one with the lower index goes.
    """
    if w.mind[M_SERVED, j] != sign + 1.0:
        return False
    since = w.mind[M_ARRIVED, j] - w.mind[M_ARRIVED, i]
    if abs(since) > 0.5 * w.world_f[DT]:
        return since < 0.0
    if w.run[STEP] * w.world_f[DT] - w.mind[M_ARRIVED, i] > FULL_STOP_S + 2.0:
        return j < i
    return i_yields


@inner
def must_wait(pool: Pool, w: Batch, row: int, i: int, other: int, j: int, gap: float, needed: float) -> bool:
    """Whether actor `j` on local path `other` keeps `i` from entering the conflict of that row now."""
    st, c, q = w.state, pool.conflict, w.proj[other]
    tail, front = q[Q_S, j] - q[Q_LON, j], q[Q_S, j] + q[Q_LON, j]
    if tail > c[row, 4] or front < c[row, 3] - FAR_M or abs(q[Q_D, j]) > 2.5:
        return False
    if front > c[row, 3]:
        return True
    if held_by_signal(pool, w, other, front, c[row, 3]):
        return False
    yields = c[row, 5] != 0.0
    mine = stop_row(w.rule, w.flags[PATH, i], c[row, 1] - 15.0, c[row, 6] + 1.0)
    if mine >= 0:
        theirs = stop_row(w.rule, other, c[row, 3] - 25.0, c[row, 3] + 1.0)
        if theirs >= 0:
            return (front < w.rule[theirs, R_FROM] + 0.5 and goes_first(w, i, j, theirs, yields)) or (
                front >= w.rule[theirs, R_FROM] + 0.5
            )
        yields = True
    if not yields and w.habit[H_PASSES_RED, i] == 0.0:
        return False
    v = q[Q_VS, j]
    if v < 0.3:
        near = front > c[row, 3] - WAITING_NEAR_M
        return near and w.run[STEP] * w.world_f[DT] >= w.mind[M_CLOCK, i]
    speed, length, accel = st[SPEED, i], w.param_f[LENGTH, i], w.param_f[MAX_ACCEL, i]
    into, out = c[row, 6] - st[S, i] - 0.5 * length, c[row, 2] - st[S, i] + 0.5 * length
    top = st[DESIRED, i]
    return gap_refused(
        (c[row, 3] - front) / v, (c[row, 4] - tail) / v, time_to_go(max(gap, 0.0), speed, top, accel),
        time_to_go(into, speed, top, accel), time_to_go(out, speed, top, accel), needed,
    )  # fmt: skip


@inner
def follows_another(pool: Pool, w: Batch, row: int, i: int) -> bool:
    """Whether somebody on the same path has just entered the conflict in front of `i`."""
    q, c = w.proj[w.flags[PATH, i]], pool.conflict
    for j in range(w.world_i[NUM_ACTORS]):
        if j != i and w.flags[VALID, j] == 1 and w.flags[PATH, j] == w.flags[PATH, i]:
            tail = q[Q_S, j] - q[Q_LON, j]
            if c[row, 1] - 1.0 < tail + 2.0 * q[Q_LON, j] and tail < c[row, 2] and q[Q_S, j] > w.state[S, i]:
                return True
    return False


@inner
def entrance(rule: Any, p: int, s: float) -> float:
    """Where the junction around place `s` of path `p` begins: without lights one waits there, not in its middle."""
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if rule[row, R_KIND] == RULE_BOX and int(rule[row, R_PATH]) == p and rule[row, R_FROM] <= s <= rule[row, R_TO]:
            return rule[row, R_FROM]
    return s


@inner
def gap_to_traffic(pool: Pool, w: Batch, i: int, beyond_red: bool) -> float:
    """Distance from the front of `i` to the conflict area that it must not enter yet; inf where the way is free."""
    path = w.paths[w.flags[PATH, i]]
    v, front = w.state[SPEED, i], w.state[S, i] + 0.5 * w.param_f[LENGTH, i]
    critical = accepted_gap(
        w.habit[H_CRITICAL, i], w.habit[H_SMALLEST, i], w.mind[M_WAITED, i], w.habit[H_IMPATIENCE, i]
    )
    best = math.inf
    for row in range(pool.conflict_first[path], pool.conflict_first[path + 1]):
        line = pool.conflict[row, 1]
        if pool.stop_first[path] == pool.stop_first[path + 1]:
            line = entrance(w.rule, w.flags[PATH, i], line)
        gap = line - front
        if gap < -0.5:
            gap = pool.conflict[row, 6] - front
        if gap < -0.5 or gap > 80.0 or gap >= best or v * v / (2.0 * max(gap, 0.1)) >= HARD_BRAKING_MPS2:
            continue
        needed = min(critical, w.habit[H_FOLLOW_UP, i]) if follows_another(pool, w, row, i) else critical
        for other in range(w.world_i[NUM_PATHS]):
            if w.paths[other] != int(pool.conflict[row, 0]):
                continue
            for j in range(w.world_i[NUM_ACTORS]):
                if j == i or w.flags[PATH, j] != other or w.flags[VALID, j] == 0 or math.isnan(w.proj[other, Q_S, j]):
                    continue
                if (
                    pool.conflict[row, 5] == 0.0
                    and not beyond_red
                    and stop_row(w.rule, w.flags[PATH, i], pool.conflict[row, 1] - 15.0, pool.conflict[row, 6] + 1.0)
                    < 0
                ):
                    continue
                if must_wait(pool, w, row, i, other, j, gap, needed):
                    best = min(best, gap)
    return best


@inner
def gap_to_stop_sign(w: Batch, i: int) -> float:
    """Distance to the stop line where `i` has not stood still yet; inf once it has. Notes when it has stopped."""
    front, p = w.state[S, i] + 0.5 * w.param_f[LENGTH, i], w.flags[PATH, i]
    row = stop_row(w.rule, p, front - 0.5, front + 120.0)
    if row < 0:
        w.mind[M_SERVED, i] = 0.0
        return math.inf
    gap, now = w.rule[row, R_FROM] - front, w.run[STEP] * w.world_f[DT]
    if w.mind[M_SERVED, i] != row + 1.0:
        if w.state[SPEED, i] < FULL_STOP_MPS and gap < AT_LINE_M:
            w.mind[M_SERVED, i], w.mind[M_ARRIVED, i] = row + 1.0, now
        return gap
    return gap if now - w.mind[M_ARRIVED, i] < FULL_STOP_S - 1e-9 else math.inf


@inner
def walker_wants(w: Batch, p: int, j: int, half: float) -> bool:
    """Whether walker `j` is on the lane, will be within seconds, or waits at its edge to cross."""
    q = w.proj[p]
    low, high, v = q[Q_D, j] - q[Q_LAT, j], q[Q_D, j] + q[Q_LAT, j], q[Q_VD, j]
    if low < half and high > -half:
        return True
    away = low - half if low >= half else -half - high
    towards = -v if low >= half else v
    if towards > 0.2:
        return away / towards < WALKER_AHEAD_S
    return w.mind[M_STAGE, j] == 1.0 and away < 3.0


@inner
def gap_to_crossing(pool: Pool, w: Batch, i: int) -> float:
    """Distance to a crossing that a walker uses or waits to use, where `i` can still stop; inf without one."""
    front, v, p = w.state[S, i] + 0.5 * w.param_f[LENGTH, i], w.state[SPEED, i], w.flags[PATH, i]
    best = math.inf
    for row in range(w.rule.shape[0]):
        if w.rule[row, R_KIND] == RULE_NONE:
            break
        gap = w.rule[row, R_FROM] - 1.0 - front
        if w.rule[row, R_KIND] != RULE_CROSSING or int(w.rule[row, R_PATH]) != p or gap < -0.5 or gap > 60.0:
            continue
        if v * v / (2.0 * max(gap, 0.1)) > HARD_BRAKING_MPS2 or gap >= best:
            continue
        for j in range(w.world_i[NUM_ACTORS]):
            s = w.proj[p, Q_S, j]
            if w.param_i[WALKS, j] == 0 or w.flags[VALID, j] == 0 or math.isnan(s):
                continue
            near = w.rule[row, R_FROM] - 1.0 <= s <= w.rule[row, R_TO] + 1.0
            if near and walker_wants(w, p, j, pool.half_lane[w.paths[p]]):
                best = gap
    return best


@inner
def gap_to_full_junction(w: Batch, i: int) -> float:
    """Distance to a junction that `i` would block behind somebody who hardly moves in or beyond it; inf for room.

    Room beyond it is one's own length and standstill gap.
    """
    front, p = w.state[S, i] + 0.5 * w.param_f[LENGTH, i], w.flags[PATH, i]
    q, best = w.proj[p], math.inf
    for row in range(w.rule.shape[0]):
        if w.rule[row, R_KIND] == RULE_NONE:
            break
        gap = w.rule[row, R_FROM] - front
        if w.rule[row, R_KIND] != RULE_BOX or int(w.rule[row, R_PATH]) != p or gap < -0.5 or gap > 60.0:
            continue
        end = w.rule[row, R_TO] + w.param_f[LENGTH, i] + w.param_f[MIN_GAP, i]
        for j in range(w.world_i[NUM_ACTORS]):
            if j == i or w.flags[VALID, j] == 0 or w.param_i[WALKS, j] == 1 or math.isnan(q[Q_S, j]):
                continue
            tail = q[Q_S, j] - q[Q_LON, j]
            stands = abs(q[Q_VS, j]) < STANDS_MPS and abs(q[Q_D, j]) < 1.5 and abs(q[Q_VD, j]) < STANDS_MPS
            if stands and w.rule[row, R_FROM] < tail < end:
                best = min(best, gap)
    return best


@inner
def hand_ahead(w: Batch, i: int) -> tuple[float, int]:
    """Distance to the place where a flagger stops `i`, and what it shows; (inf, none) without one within reach."""
    front, p = w.state[S, i] + 0.5 * w.param_f[LENGTH, i], w.flags[PATH, i]
    now = w.run[STEP] * w.world_f[DT]
    for row in range(w.rule.shape[0]):
        if w.rule[row, R_KIND] == RULE_NONE:
            break
        if w.rule[row, R_KIND] != RULE_HAND or int(w.rule[row, R_PATH]) != p:
            continue
        gap, j = w.rule[row, R_FROM] - front, int(w.rule[row, R_OTHER])
        shown = hand_shown(int(w.habit[H_HAND, j]), w.habit[H_HAND_STOP, j], w.habit[H_HAND_SLOW, j], now)
        if -HAND_REACH_M < gap < 80.0 and w.flags[VALID, j] == 1 and shown != HAND_NONE:
            return gap, shown
    return math.inf, HAND_NONE


@inner
def gap_to_light(pool: Pool, w: Batch, i: int, hand_gap: float, shown: int) -> float:
    """Distance to a light that `i` minds: not one near a flagger who shows go or slow, and not for an emergency."""
    front = w.state[S, i] + 0.5 * w.param_f[LENGTH, i]
    k = next_stop(pool, w, w.flags[PATH, i], front)
    if k < 0 or w.habit[H_PASSES_RED, i] == 1.0:
        return math.inf
    if shown in (HAND_SLOW, HAND_GO) and abs(pool.stop_s[k] - front - hand_gap) < HAND_REACH_M:
        return math.inf
    return gap_to_red(pool, w, i)


@scalar
def slowing(distance: float, comfort: float) -> float:
    """Speed at a distance before a place that is passed at walking pace, braking by 0.6 of comfort on the way.

    The law of the free road lags behind a falling desired speed; the rest of comfort makes up for that.
    """
    return math.sqrt(CARE_MPS * CARE_MPS + 1.2 * comfort * max(distance - 3.0, 0.0))


@inner
def careful_speed(pool: Pool, w: Batch, i: int) -> float:
    """Speed at which an emergency driver comes to a light that is not green: walking pace there; else inf."""
    front = w.state[S, i] + 0.5 * w.param_f[LENGTH, i]
    k = next_stop(pool, w, w.flags[PATH, i], front)
    if k < 0 or w.signal[pool.stop_signal[k]] not in (2, 3, 4):
        return math.inf
    return slowing(pool.stop_s[k] - front, w.param_f[COMFORT, i])


@inner
def gap_to_stop(pool: Pool, w: Batch, i: int, minds_signals: bool, minds_conflicts: bool) -> tuple[float, float]:
    """The nearest place where `i` must stop, as a distance from its front, and the speed that it must not exceed."""
    stop, top, now = math.inf, math.inf, w.run[STEP] * w.world_f[DT]
    if w.state[WAITED, i] >= PATIENCE_S + 1.5 * (i % 4):
        # All stand and wait for one another: who has waited long enough goes, and for a while minds no one who stands.
        w.mind[M_CLOCK, i] = now + GOES_S
    passes = w.habit[H_PASSES_RED, i] == 1.0
    hand_gap, shown = (hand_ahead(w, i)) if w.habit[H_HANDS, i] == 1.0 else (math.inf, HAND_NONE)
    if shown == HAND_STOP and hand_gap > -0.5:
        v = w.state[SPEED, i]
        if v * v / (2.0 * max(hand_gap, 0.1)) < 0.9 * w.world_f[FRICTION] * GRAVITY:
            stop = hand_gap
    if shown == HAND_SLOW:
        top = slowing(hand_gap, w.param_f[COMFORT, i])
    if minds_signals:
        if passes:
            top = min(top, careful_speed(pool, w, i))
        else:
            stop = min(stop, gap_to_light(pool, w, i, hand_gap, shown))
    if minds_conflicts:
        if not passes:
            stop = min(stop, gap_to_stop_sign(w, i))
        stop = min(stop, gap_to_traffic(pool, w, i, passes))
        if w.habit[H_CROSSINGS, i] == 1.0:
            stop = min(stop, gap_to_crossing(pool, w, i))
        if w.habit[H_CLEAR, i] == 1.0:
            stop = min(stop, gap_to_full_junction(w, i))
    if stop < 5.0 and w.state[SPEED, i] < 1.0:
        w.mind[M_WAITED, i] += w.world_f[DT]
    elif w.state[SPEED, i] > UNDER_WAY_MPS:
        # Not before: who has lost patience and starts must not get it back on the line.
        w.mind[M_WAITED, i] = 0.0
    return stop, top


__all__ = ["AT_LINE_M", "CARE_MPS", "FULL_STOP_S", "gap_to_stop"]
