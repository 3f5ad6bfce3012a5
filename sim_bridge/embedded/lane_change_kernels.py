"""Lane changes, compiled: who is ahead and behind on the lanes, MOBIL, lanes that end, making way for a beacon.

A lane change is a lateral manoeuvre onto the path of the neighbouring lane. Every actor decides twice a second, at
steps that depend on its index, so that not all decide at once.
"""

import math
from typing import Any, NamedTuple

from driving_data.taxonomy import ActorClass
from sim_bridge.embedded.behaviour_kernels import LEFT_INDICATOR, RIGHT_INDICATOR, enter_path
from sim_bridge.embedded.compiled import inlined, inner
from sim_bridge.embedded.driver_kernels import european, following, mobil_changes, mobil_gain
from sim_bridge.embedded.dynamics_kernels import begin_sideways
from sim_bridge.embedded.geometry_kernels import path_length, path_value
from sim_bridge.embedded.layout import (
    BASE_D,
    COMFORT,
    DESIRED,
    DRIVER,
    DRIVER_HABITS,
    DRIVER_IMITATION,
    DT,
    FOLLOW_IDM,
    H_CHANGE_S,
    H_DESTINATION,
    H_EXPONENT,
    H_FOLLOWING,
    H_LANES,
    H_MAKES_WAY,
    H_POLITE,
    H_RIGHT_BIAS,
    H_SAFE_BRAKING,
    H_THRESHOLD,
    HAS_BEACON,
    HEADWAY,
    INDICATOR,
    KIND,
    LAMPS,
    LANES_EUROPEAN,
    LANES_NONE,
    LAT_DURATION,
    LATERAL_PHASE,
    LEFT_HAND,
    M_ASIDE,
    M_FROM,
    M_READY,
    MAX_ACCEL,
    MIN_GAP,
    NUM_ACTORS,
    PATH,
    PATH_PHASE,
    PSLOW,
    Q_D,
    Q_LON,
    Q_S,
    Q_VS,
    R_FROM,
    R_KIND,
    R_OTHER,
    R_PATH,
    R_TO,
    RULE_END,
    RULE_LEFT,
    RULE_NONE,
    RULE_RIGHT,
    SPEED,
    STEP,
    VALID,
    WALKS,
    WIDTH,
    Batch,
    D,
    Pool,
    S,
)

DECIDES_EVERY_S = 0.5
RESTS_S = 2.0
MANDATORY_S, MANDATORY_M = 12.0, 150.0
CRITICAL_SPEED_MPS = 60.0 / 3.6
SLOWEST_MPS = 1.0
BEACON_SEEN_M, BEACON_PAST_M, ASIDE_S, ASIDE_OVER_M, ASIDE_SHARE = 120.0, 8.0, 2.5, 0.3, 0.6
EMERGENCY = int(ActorClass.EMERGENCY_VEHICLE)


class Mates(NamedTuple):
    """The arrays of a world that say who drives where; handing these on costs less than the whole world."""

    state: Any
    flags: Any
    proj: Any
    param_f: Any
    param_i: Any
    habit: Any
    paths: Any


@inlined
def mates(w: Batch) -> Mates:
    """The arrays of that world."""
    return Mates(w.state, w.flags, w.proj, w.param_f, w.param_i, w.habit, w.paths)


@inner
def drives_with_habits(w: Mates, i: int) -> bool:
    """Whether habits of that actor count."""
    return w.param_i[DRIVER, i] == DRIVER_HABITS or w.param_i[DRIVER, i] == DRIVER_IMITATION


@inner
def follow(pool: Pool, w: Mates, i: int, gap: float, lead: float) -> float:
    """Acceleration of actor `i` behind a leader, by its own law and parameters; inf is a free road.

    Whoever has no law of its own (scripted actors, the ego) is taken for an IDM driver with its parameters.
    """
    law, exponent = FOLLOW_IDM, 4.0
    if drives_with_habits(w, i):
        law, exponent = int(w.habit[H_FOLLOWING, i]), w.habit[H_EXPONENT, i]
    desired = w.state[DESIRED, i]
    if w.flags[PATH, i] >= 0:
        desired = min(desired, path_value(pool, w.paths[w.flags[PATH, i]], w.state[S, i], PSLOW))
    return following(
        law, w.state[SPEED, i], desired, gap, lead, w.param_f[HEADWAY, i], w.param_f[MIN_GAP, i],
        w.param_f[MAX_ACCEL, i], w.param_f[COMFORT, i], exponent,
    )  # fmt: skip


@inner
def in_lane(pool: Pool, w: Mates, p: int, j: int) -> bool:
    """Whether actor `j` drives on local path `p`, is on its way there, or has its centre within the lane."""
    if w.flags[VALID, j] == 0 or w.param_i[WALKS, j] == 1 or math.isnan(w.proj[p, Q_S, j]):
        return False
    if w.flags[PATH, j] == p:
        return True
    return abs(w.proj[p, Q_D, j]) <= pool.half_lane[w.paths[p]]


@inner
def around(pool: Pool, w: Mates, p: int, i: int) -> tuple[int, int, float, float]:
    """Leader and follower of `i` in the lane of local path `p`, by index (-1 for none), and the gaps to them.

    Gaps are between the boxes along the path, negative where they overlap; inf without anybody.
    """
    q = w.proj[p]
    s, own = q[Q_S, i], q[Q_LON, i]
    lead, back, lead_gap, back_gap = -1, -1, math.inf, math.inf
    lead_s, back_s = math.inf, -math.inf
    for j in range(w.flags.shape[1]):
        if j == i or not in_lane(pool, w, p, j):
            continue
        if q[Q_S, j] >= s and q[Q_S, j] < lead_s:
            lead, lead_s, lead_gap = j, q[Q_S, j], q[Q_S, j] - q[Q_LON, j] - s - own
        elif q[Q_S, j] < s and q[Q_S, j] > back_s:
            back, back_s, back_gap = j, q[Q_S, j], s - own - q[Q_S, j] - q[Q_LON, j]
    return lead, back, lead_gap, back_gap


@inner
def behind(pool: Pool, w: Mates, p: int, j: int, lead: int, gap: float) -> float:
    """Acceleration of `j` behind `lead` on local path `p` (a free road without one)."""
    return follow(pool, w, j, gap, w.proj[p, Q_VS, lead]) if lead >= 0 else follow(pool, w, j, math.inf, 0.0)


@inner
def gap_of(w: Mates, p: int, back: int, lead: int) -> float:
    """Gap between two actors along local path `p`."""
    q = w.proj[p]
    return q[Q_S, lead] - q[Q_LON, lead] - q[Q_S, back] - q[Q_LON, back] if lead >= 0 else math.inf


@inner
def is_safe(pool: Pool, w: Mates, i: int, p: int) -> bool:
    """Whether `i` may be in the lane of path `p`: no overlap, and neither it nor its follower brakes too hard."""
    lead, back, lead_gap, back_gap = around(pool, w, p, i)
    limit = -w.habit[H_SAFE_BRAKING, i]
    if lead_gap <= 0.0 or back_gap <= 0.0:
        return False
    if behind(pool, w, p, i, lead, lead_gap) < limit:
        return False
    return back < 0 or follow(pool, w, back, back_gap, w.proj[p, Q_VS, i]) >= limit


@inner
def wants(pool: Pool, w: Mates, i: int, p: int, to_left: bool, left_hand: bool) -> bool:
    """Whether MOBIL asks actor `i` to change from its path to local path `p`; safety included."""
    own = w.flags[PATH, i]
    lead, back, lead_gap, back_gap = around(pool, w, own, i)
    new_lead, new_back, new_lead_gap, new_back_gap = around(pool, w, p, i)
    if new_lead_gap <= 0.0 or new_back_gap <= 0.0:
        return False
    here, there = behind(pool, w, own, i, lead, lead_gap), behind(pool, w, p, i, new_lead, new_lead_gap)
    after, before, old_after, old_before = 0.0, 0.0, 0.0, 0.0
    if new_back >= 0:
        before = behind(pool, w, p, new_back, new_lead, gap_of(w, p, new_back, new_lead))
        after = follow(pool, w, new_back, new_back_gap, w.proj[p, Q_VS, i])
    if back >= 0:
        old_before = follow(pool, w, back, back_gap, w.proj[own, Q_VS, i])
        old_after = behind(pool, w, own, back, lead, gap_of(w, own, back, lead))
    if there < -w.habit[H_SAFE_BRAKING, i]:
        return False
    bias = w.habit[H_RIGHT_BIAS, i]
    favoured = to_left if left_hand else not to_left
    if w.habit[H_LANES, i] == LANES_EUROPEAN:
        speed = w.state[SPEED, i]
        if favoured:
            passing = w.proj[own, Q_VS, lead] if lead >= 0 else math.inf
            there = european(there, here, speed, passing, CRITICAL_SPEED_MPS)
            gain = mobil_gain(here, there, 0.0, 0.0, old_before, old_after, w.habit[H_POLITE, i])
        else:
            passing = w.proj[p, Q_VS, new_lead] if new_lead >= 0 else math.inf
            here = european(here, there, speed, passing, CRITICAL_SPEED_MPS)
            gain = mobil_gain(here, there, before, after, 0.0, 0.0, w.habit[H_POLITE, i])
    else:
        gain = mobil_gain(here, there, before, after, old_before, old_after, w.habit[H_POLITE, i])
    return mobil_changes(gain, after, w.habit[H_THRESHOLD, i], w.habit[H_SAFE_BRAKING, i], bias, favoured)


@inner
def lane_beside(rule: Any, p: int, s: float, kind: int) -> int:
    """Row of the neighbour lane of local path `p` at `s` on side `kind` that lasts longest; -1 for none."""
    best = -1
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if int(rule[row, R_KIND]) != kind or int(rule[row, R_PATH]) != p:
            continue
        if rule[row, R_FROM] <= s < rule[row, R_TO] and (best < 0 or rule[row, R_TO] > rule[best, R_TO]):
            best = row
    return best


@inner
def lane_end(rule: Any, p: int) -> float:
    """Where the lane of local path `p` ends while another goes on beside it; inf where it does not."""
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if rule[row, R_KIND] == RULE_END and int(rule[row, R_PATH]) == p:
            return rule[row, R_FROM]
    return math.inf


@inner
def leads_to(rule: Any, p: int, q: int, s: float) -> int:
    """Which side (RULE_LEFT, RULE_RIGHT) of path `p` at `s` leads to path `q`, over four lanes at most; 0 if none."""
    for kind in (RULE_LEFT, RULE_RIGHT):
        lane = p
        for _ in range(4):
            row = lane_beside_to(rule, lane, kind, q)
            if row >= 0:
                return kind
            row = any_beside(rule, lane, kind)
            if row < 0:
                break
            lane = int(rule[row, R_OTHER])
    return 0


@inner
def lane_beside_to(rule: Any, p: int, kind: int, q: int) -> int:
    """Row that leads from path `p` to that side directly onto path `q`; -1 for none."""
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if int(rule[row, R_KIND]) == kind and int(rule[row, R_PATH]) == p and int(rule[row, R_OTHER]) == q:
            return row
    return -1


@inner
def any_beside(rule: Any, p: int, kind: int) -> int:
    """First row of a neighbour of path `p` on that side; -1 for none."""
    for row in range(rule.shape[0]):
        if rule[row, R_KIND] == RULE_NONE:
            break
        if int(rule[row, R_KIND]) == kind and int(rule[row, R_PATH]) == p:
            return row
    return -1


@inner
def begin_change(pool: Pool, w: Batch, i: int, p: int, to_left: bool) -> None:
    """Begins the manoeuvre onto local path `p`; remembers where it came from."""
    own = w.flags[PATH, i]
    if not enter_path(pool, w, i, p, False):
        return
    w.mind[M_FROM, i], w.mind[M_ASIDE, i] = own + 1.0, 0.0
    w.flags[INDICATOR, i] = LEFT_INDICATOR if to_left else RIGHT_INDICATOR
    w.state[BASE_D, i] = 0.0
    begin_sideways(w, i, 0.0, w.habit[H_CHANGE_S, i])


@inner
def watch_change(pool: Pool, w: Batch, i: int, decides: bool) -> None:
    """Ends a finished change; turns one back that has become unsafe before the middle of the actor left its lane."""
    st = w.state
    if st[LAT_DURATION, i] <= 0.0:
        w.mind[M_FROM, i], w.flags[INDICATOR, i] = 0.0, 0
        w.mind[M_READY, i] = w.run[STEP] * w.world_f[DT] + RESTS_S
        return
    old, new = int(w.mind[M_FROM, i]) - 1, w.flags[PATH, i]
    if not decides or abs(st[D, i]) <= pool.half_lane[w.paths[new]]:
        return
    m = mates(w)
    if is_safe(pool, m, i, new) or not is_safe(pool, m, i, old):
        return
    was_left = w.flags[INDICATOR, i] == LEFT_INDICATOR
    if enter_path(pool, w, i, old, False):
        w.mind[M_FROM, i] = new + 1.0
        w.flags[INDICATOR, i] = RIGHT_INDICATOR if was_left else LEFT_INDICATOR
        begin_sideways(w, i, 0.0, max(0.5 * w.habit[H_CHANGE_S, i], 1.0))


@inner
def consider(pool: Pool, w: Batch, i: int) -> None:
    """Decides whether to begin a lane change: what must be first, then what is worth it."""
    p, s, v = w.flags[PATH, i], w.state[S, i], w.state[SPEED, i]
    horizon = max(MANDATORY_M, MANDATORY_S * v)
    destination, must, m = int(w.habit[H_DESTINATION, i]), 0, mates(w)
    if destination >= 0 and p != destination:
        must = leads_to(w.rule, p, destination, s)
    elif lane_end(w.rule, p) - s < 2.0 * horizon:
        must = RULE_LEFT if lane_beside(w.rule, p, s, RULE_LEFT) >= 0 else RULE_RIGHT
    for kind in (RULE_LEFT, RULE_RIGHT):
        row = lane_beside(w.rule, p, s, kind)
        if destination >= 0 and must == kind and lane_beside_to(w.rule, p, kind, destination) >= 0:
            direct = lane_beside_to(w.rule, p, kind, destination)
            row = direct if w.rule[direct, R_FROM] <= s < w.rule[direct, R_TO] else row
        if row < 0 or w.rule[row, R_TO] - s < w.habit[H_CHANGE_S, i] * v:
            continue
        q = int(w.rule[row, R_OTHER])
        if math.isnan(w.proj[q, Q_S, i]):
            continue
        if must == kind:
            if is_safe(pool, m, i, q):
                begin_change(pool, w, i, q, kind == RULE_LEFT)
                return
        elif must == 0 and v > SLOWEST_MPS:
            ends = min(lane_end(w.rule, q) - w.proj[q, Q_S, i], path_length(pool, w.paths[q]) - w.proj[q, Q_S, i])
            back = destination < 0 or w.rule[row, R_TO] - s > 2.0 * horizon
            if ends > 2.0 * horizon and back and wants(pool, m, i, q, kind == RULE_LEFT, w.world_i[LEFT_HAND] == 1):
                begin_change(pool, w, i, q, kind == RULE_LEFT)
                return


@inner
def beacon_behind(w: Batch, i: int) -> bool:
    """Whether an emergency vehicle with its beacon on comes from behind on the way of `i`, or is just passing."""
    q = w.proj[w.flags[PATH, i]]
    for j in range(w.world_i[NUM_ACTORS]):
        if j == i or w.flags[VALID, j] == 0 or w.param_i[KIND, j] != EMERGENCY or math.isnan(q[Q_S, j]):
            continue
        if w.param_i[LAMPS, j] & HAS_BEACON == 0 or abs(q[Q_D, j]) > 6.0 or q[Q_VS, j] < 1.0:
            continue
        behind_by = w.state[S, i] - q[Q_S, j]
        if -BEACON_PAST_M < behind_by < BEACON_SEEN_M:
            return True
    return False


@inner
def aside(pool: Pool, w: Batch, i: int, gives: bool) -> float:
    """Lateral place of who gives way (`gives`) or takes it: out over the edge line, on opposite sides of the lane.

    Who gives way goes to the right; on the leftmost of several lanes to the left, so that a lane forms between (in
    left-hand traffic the other way round).
    """
    p, s = w.flags[PATH, i], w.state[S, i]
    mirrored = w.world_i[LEFT_HAND] == 1
    inward, outward = (RULE_RIGHT, RULE_LEFT) if mirrored else (RULE_LEFT, RULE_RIGHT)
    innermost = any_beside(w.rule, p, outward) >= 0 and lane_beside(w.rule, p, s, inward) < 0
    to_left = (innermost != mirrored) == gives
    out = pool.half_lane[w.paths[p]] - 0.5 * w.param_f[WIDTH, i] + ASIDE_OVER_M
    return out if to_left else -out


@inner
def make_way(pool: Pool, w: Batch, i: int) -> bool:
    """Moves aside for a beacon and back behind it; whether it is aside now."""
    comes = beacon_behind(w, i)
    if comes and w.mind[M_ASIDE, i] == 0.0:
        w.mind[M_ASIDE, i] = 1.0
        begin_sideways(w, i, aside(pool, w, i, True), ASIDE_S)
    elif not comes and w.mind[M_ASIDE, i] == 1.0:
        w.mind[M_ASIDE, i] = 0.0
        begin_sideways(w, i, w.state[BASE_D, i], ASIDE_S)
    return w.mind[M_ASIDE, i] == 1.0


@inner
def take_way(pool: Pool, w: Batch, i: int) -> None:
    """An emergency vehicle keeps to the side of its lane that the others leave free, while one is near ahead."""
    q, near = w.proj[w.flags[PATH, i]], False
    for j in range(w.world_i[NUM_ACTORS]):
        if j != i and w.flags[VALID, j] == 1 and 0.0 < q[Q_S, j] - w.state[S, i] < BEACON_SEEN_M:
            near = near or (abs(q[Q_D, j]) < 2.5 and w.param_i[WALKS, j] == 0)
    wish = aside(pool, w, i, False) if near else w.state[BASE_D, i]
    if abs(wish - w.state[D, i]) > 0.1:
        begin_sideways(w, i, wish, ASIDE_S)


@inner
def move_between_lanes(pool: Pool, w: Batch) -> None:
    """Lane changes and making way of everyone with habits, at the present moment."""
    every = max(int(DECIDES_EVERY_S / w.world_f[DT] + 0.5), 1)
    now = w.run[STEP] * w.world_f[DT]
    for i in range(w.world_i[NUM_ACTORS]):
        if w.flags[VALID, i] == 0 or not drives_with_habits(mates(w), i) or w.flags[PATH_PHASE, i] >= 0:
            continue
        decides = (w.run[STEP] + 3 * i) % every == 0
        if w.mind[M_FROM, i] > 0.0:
            watch_change(pool, w, i, decides)
            continue
        if not decides or w.flags[LATERAL_PHASE, i] >= 0 or w.state[LAT_DURATION, i] > 0.0:
            continue
        if w.param_i[KIND, i] == EMERGENCY and w.param_i[LAMPS, i] & HAS_BEACON != 0:
            take_way(pool, w, i)
        elif w.habit[H_MAKES_WAY, i] == 1.0 and make_way(pool, w, i):
            continue
        if w.habit[H_LANES, i] != LANES_NONE and now >= w.mind[M_READY, i] and w.state[LAT_DURATION, i] <= 0.0:
            consider(pool, w, i)


__all__ = ["ASIDE_SHARE", "around", "consider", "follow", "lane_end", "move_between_lanes"]
