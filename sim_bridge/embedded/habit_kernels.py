"""What drivers with habits ask of their vehicle, compiled: perception, following, stopping, learned following."""

import math

from sim_bridge.embedded.compiled import inner
from sim_bridge.embedded.driver_kernels import (
    DRAW_GAP,
    DRAW_RATE,
    drift,
    estimated_gap,
    estimated_lead,
    following,
    glance_start,
    normal,
)
from sim_bridge.embedded.dynamics_kernels import idm_interaction, speed_command
from sim_bridge.embedded.geometry_kernels import path_length
from sim_bridge.embedded.imitation_kernels import imitate
from sim_bridge.embedded.lane_change_kernels import ASIDE_SHARE, lane_end
from sim_bridge.embedded.layout import (
    COMFORT,
    DELAY,
    DESIRED,
    DRIVER,
    DRIVER_IMITATION,
    DT,
    FRICTION,
    GRAVITY,
    H_ANTICIPATES,
    H_EXPONENT,
    H_FOLLOWING,
    H_GAP_ERROR,
    H_GLANCE,
    H_GLANCE_EVERY,
    H_PERSISTENCE,
    H_RATE_ERROR,
    H_REACTION,
    H_SIGHT,
    HEADWAY,
    JERK,
    LENGTH,
    M_ASIDE,
    M_GAP,
    M_RATE,
    MAX_ACCEL,
    MIN_GAP,
    MINDS_CONFLICTS,
    MINDS_SIGNALS,
    NOISE,
    PATH,
    PATH_PHASE,
    PH_A,
    PH_B,
    SEED,
    SPEED,
    SPEED_PHASE,
    STEP,
    Batch,
    Pool,
    S,
)
from sim_bridge.embedded.priority_kernels import gap_to_stop
from sim_bridge.embedded.traffic_kernels import critical_leader, noise, slow_for_path


@inner
def perceived(w: Batch, i: int, gap: float, lead: float) -> tuple[float, float]:
    """Gap and speed of the leader as the driver knows them: seen late, not during a glance away, and misjudged.

    Beyond its sight there is no leader. What it saw last is at least its reaction time old; during a glance it is as
    old as the glance besides. Estimation errors act on what was seen.
    """
    step, slots = w.run[STEP], w.history.shape[0]
    if gap > w.habit[H_SIGHT, i]:
        gap, lead = math.inf, 0.0
    w.history[step % slots, 0, i], w.history[step % slots, 1, i] = gap, lead
    dt = w.world_f[DT]
    every, length = int(w.habit[H_GLANCE_EVERY, i] / dt + 0.5), int(w.habit[H_GLANCE, i] / dt + 0.5)
    away = glance_start(w.world_i[SEED], i, step, every, length)
    seen = max((away if away >= 0 else step) - w.param_i[DELAY, i], 0) % slots
    gap, lead = w.history[seen, 0, i], w.history[seen, 1, i]
    if gap == math.inf:
        return gap, lead
    if w.habit[H_GAP_ERROR, i] > 0.0 or w.habit[H_RATE_ERROR, i] > 0.0:
        gap, lead = misjudged(w, i, gap, lead)
    if w.habit[H_ANTICIPATES, i] == 1.0:
        gap = max(gap - w.habit[H_REACTION, i] * (w.state[SPEED, i] - lead), 0.1)
    return gap, lead


@inner
def misjudged(w: Batch, i: int, gap: float, lead: float) -> tuple[float, float]:
    """Gap and leader's speed with estimation errors, whose Wiener processes go on by one step."""
    dt, tau, step, seed = w.world_f[DT], w.habit[H_PERSISTENCE, i], w.run[STEP], w.world_i[SEED]
    w.mind[M_GAP, i] = drift(w.mind[M_GAP, i], normal(seed, i, step, DRAW_GAP), dt, tau)
    w.mind[M_RATE, i] = drift(w.mind[M_RATE, i], normal(seed, i, step, DRAW_RATE), dt, tau)
    judged = estimated_gap(gap, w.habit[H_GAP_ERROR, i], w.mind[M_GAP, i])
    return judged, estimated_lead(gap, lead, w.habit[H_RATE_ERROR, i], w.mind[M_RATE, i])


@inner
def rolling_wish(pool: Pool, w: Batch, i: int, desired: float, gap: float, lead: float) -> float:
    """Acceleration that the law of following, or the network of an imitation driver, asks for."""
    if w.param_i[DRIVER, i] == DRIVER_IMITATION:
        return imitate(pool, w, i, desired, gap, lead)
    return following(
        int(w.habit[H_FOLLOWING, i]), w.state[SPEED, i], desired, gap, lead, w.param_f[HEADWAY, i],
        w.param_f[MIN_GAP, i], w.param_f[MAX_ACCEL, i], w.param_f[COMFORT, i], w.habit[H_EXPONENT, i],
    )  # fmt: skip


@inner
def wish_with_habits(pool: Pool, w: Batch, i: int, desired: float, gap: float, lead: float) -> float:
    """Acceleration of a driver with habits who wishes `desired` behind a leader as it knows it."""
    v, accel, comfort = w.state[SPEED, i], w.param_f[MAX_ACCEL, i], w.param_f[COMFORT, i]
    stop, top = gap_to_stop(pool, w, i, w.param_i[MINDS_SIGNALS, i] == 1, w.param_i[MINDS_CONFLICTS, i] == 1)
    end = lane_end(w.rule, w.flags[PATH, i]) - w.state[S, i] - 0.5 * w.param_f[LENGTH, i]
    desired = min(desired, top)
    if w.mind[M_ASIDE, i] == 1.0:
        desired *= ASIDE_SHARE
    wish = rolling_wish(pool, w, i, desired, gap, lead)
    stop = min(stop, max(end, 0.0))
    if stop < math.inf:
        # The same law towards a line as for drivers without habits: they stop alike.
        free = following(0, v, desired, math.inf, 0.0, 0.5, 1.0, accel, comfort, 4.0)
        wish = min(wish, free - idm_interaction(stop + 0.5, v, 0.0, 0.5, 1.0, accel, comfort))
    return max(wish, -min(8.0, w.world_f[FRICTION] * GRAVITY))


@inner
def command_with_habits(pool: Pool, w: Batch, i: int) -> float:
    """Acceleration that a driver with habits, or its behaviour, asks for at this moment."""
    # Looked at in every step: what was not written down now would be read later.
    gap, lead = critical_leader(w, i)
    gap, lead = perceived(w, i, gap, lead)
    phase = w.flags[SPEED_PHASE, i]
    if phase >= 0:
        return speed_command(
            w.state[SPEED, i], w.phase_f[phase, PH_A], w.phase_f[phase, PH_B], w.param_f[JERK, i], w.world_f[DT]
        )
    desired = w.state[DESIRED, i]
    if w.flags[PATH_PHASE, i] >= 0:
        left = path_length(pool, w.paths[w.flags[PATH, i]]) - w.state[S, i]
        desired = min(desired, math.sqrt(2.0 * w.param_f[COMFORT, i] * max(left - 0.05, 0.0)))
    command = wish_with_habits(pool, w, i, slow_for_path(pool, w, i, desired), gap, lead)
    if w.world_f[NOISE] > 0.0 and w.state[SPEED, i] > 0.5:
        command += w.world_f[NOISE] * noise(w.world_i[SEED], i, w.run[STEP])
    return command
