"""Laws of drivers with habits, compiled: car following, attention, errors of perception, gaps, lane-change gains.

Plain numbers in, plain numbers out; each has a slow twin in `reference_drivers.py`.
"""

import math

import numpy as np

from sim_bridge.embedded.compiled import scalar
from sim_bridge.embedded.dynamics_kernels import idm_free, idm_interaction
from sim_bridge.embedded.layout import FOLLOW_2000, FOLLOW_IDM, FOLLOW_IMPROVED

# Streams of random numbers: what is drawn, so that no two draws share a number.
DRAW_GLANCE, DRAW_GAP, DRAW_RATE, DRAW_LOOK, DRAW_BACK, DRAW_NOISE = 1, 2, 3, 4, 5, 6
FACTORS = tuple(np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7,
                                       0xABC98388FB8FAC03, 0x2545F4914F6CDD1D))  # fmt: skip
MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11))


@scalar
def uniform(seed: int, i: int, k: int, stream: int) -> float:
    """A number in [0, 1) that depends on its arguments only: splitmix64 of a counter (Steele, Lea, Flood 2014)."""
    # Unsigned, because the compiler may assume that signed products never overflow.
    z = np.uint64(seed) * FACTORS[0] + np.uint64(i) * FACTORS[1] + np.uint64(k) * FACTORS[2]
    z += np.uint64(stream) * FACTORS[3] + FACTORS[4]
    z = (z ^ (z >> SHIFTS[0])) * MIXERS[0]
    z = (z ^ (z >> SHIFTS[1])) * MIXERS[1]
    z = z ^ (z >> SHIFTS[2])
    return float(z >> SHIFTS[3]) / 9007199254740992.0


@scalar
def normal(seed: int, i: int, k: int, stream: int) -> float:
    """A standard normal number that depends on its arguments only (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(seed, i, 2 * k, stream)))
    return radius * math.cos(2.0 * math.pi * uniform(seed, i, 2 * k + 1, stream))


@scalar
def idm_2000(
    speed: float, desired: float, gap: float, lead: float, headway: float, min_gap: float, accel: float,
    comfort: float, exponent: float,
) -> float:  # fmt: skip
    """The Intelligent Driver Model as first published, in m/s^2: a (1 - (v / v0)^delta - (s* / s)^2).

    s* = s0 + v T + v dv / (2 sqrt(a b)), which may fall below s0 behind a faster leader.
    Source: Treiber, Hennecke, Helbing, Phys. Rev. E 62, 1805 (2000), with s1 = 0. Gaps below 0.1 m count as 0.1 m and
    desired speeds below 0.05 m/s as that, where the formula has no value.
    """
    free = (speed / max(desired, 0.05)) ** exponent
    if gap == math.inf:
        return accel * (1.0 - free)
    wish = min_gap + speed * headway + speed * (speed - lead) / (2.0 * math.sqrt(accel * comfort))
    ratio = wish / max(gap, 0.1)
    return accel * (1.0 - free - ratio * ratio)


@scalar
def desired_ratio(
    speed: float, gap: float, lead: float, headway: float, min_gap: float, accel: float, comfort: float
) -> float:
    """s* / s with s* = s0 + max(0, v T + v dv / (2 sqrt(a b))); 0 on a free road."""
    if gap == math.inf:
        return 0.0
    closing = speed * (speed - lead) / (2.0 * math.sqrt(accel * comfort))
    return (min_gap + max(0.0, speed * headway + closing)) / max(gap, 0.1)


@scalar
def idm_plus(
    speed: float, desired: float, gap: float, lead: float, headway: float, min_gap: float, accel: float,
    comfort: float, exponent: float,
) -> float:  # fmt: skip
    """IDM+, in m/s^2: a min(1 - (v / v0)^delta, 1 - (s* / s)^2).

    Source: Schakel, van Arem, Netten, 13th IEEE ITSC (2010), whose equilibrium gap is s0 + v T exactly.
    """
    free = (speed / max(desired, 0.05)) ** exponent
    ratio = desired_ratio(speed, gap, lead, headway, min_gap, accel, comfort)
    return accel * min(1.0 - free, 1.0 - ratio * ratio)


@scalar
def iidm(
    speed: float, desired: float, gap: float, lead: float, headway: float, min_gap: float, accel: float,
    comfort: float, exponent: float,
) -> float:  # fmt: skip
    """The improved IDM, in m/s^2, with z = s* / s.

    Up to v0: a_free = a (1 - (v/v0)^delta), and a_free (1 - z^(2 a / a_free)) below z = 1, a (1 - z^2) from there on.
    Above v0: a_free = -b (1 - (v0/v)^(a delta / b)), and a_free below z = 1, a_free + a (1 - z^2) from there on.
    Source: Treiber, Kesting, Traffic Flow Dynamics (2013), section 11.3.7.
    """
    z = desired_ratio(speed, gap, lead, headway, min_gap, accel, comfort)
    top = max(desired, 0.05)
    if speed <= top:
        free = accel * (1.0 - (speed / top) ** exponent)
        if z >= 1.0:
            return accel * (1.0 - z * z)
        return free * (1.0 - z ** (2.0 * accel / free)) if free > 1e-9 else 0.0
    free = -comfort * (1.0 - (top / speed) ** (accel * exponent / comfort))
    return free + accel * (1.0 - z * z) if z >= 1.0 else free


@scalar
def following(
    law: int, speed: float, desired: float, gap: float, lead: float, headway: float, min_gap: float, accel: float,
    comfort: float, exponent: float,
) -> float:  # fmt: skip
    """Acceleration of one of the laws of car following; an infinite gap is a free road."""
    if law == FOLLOW_IDM:
        taken = 0.0
        if gap < math.inf:
            taken = idm_interaction(gap, speed, lead, headway, min_gap, accel, comfort)
        return idm_free(speed, desired, accel, comfort) - taken
    if law == FOLLOW_2000:
        return idm_2000(speed, desired, gap, lead, headway, min_gap, accel, comfort, exponent)
    if law == FOLLOW_IMPROVED:
        return iidm(speed, desired, gap, lead, headway, min_gap, accel, comfort, exponent)
    return idm_plus(speed, desired, gap, lead, headway, min_gap, accel, comfort, exponent)


@scalar
def agent_idm(
    speed: float, desired: float, gap: float, lead: float, headway: float, min_gap: float, accel: float, comfort: float
) -> float:
    """The IDM of reactive log agents, in m/s^2: the gap counts as s0 at least, the result lies in [-b, a].

    As nuPlan's agents (idm_policy.py, by the facts of its documentation): s* is not held at s0 from below.
    """
    free = (speed / max(desired, 0.05)) ** 4
    ratio = 0.0
    if gap < math.inf:
        wish = min_gap + speed * headway + speed * (speed - lead) / (2.0 * math.sqrt(accel * comfort))
        ratio = wish / max(gap, min_gap)
    return min(max(accel * (1.0 - free - ratio * ratio), -comfort), accel)


@scalar
def glance_start(seed: int, i: int, step: int, every: int, length: int) -> int:
    """The step at which the glance that covers `step` began; -1 where the driver looks ahead.

    Each period of `every` steps holds one glance of `length` steps whose place is drawn from the seed. The last step
    that the driver has seen is the one of the beginning.
    """
    if every <= 0 or length <= 0 or length > every:
        return -1
    period = step // every
    first = period * every + int(uniform(seed, i, period, DRAW_GLANCE) * (every - length + 1))
    return first if first <= step < first + length else -1


@scalar
def drift(value: float, fresh: float, dt: float, persistence: float) -> float:
    """One step of the Wiener process of an error: exp(-dt / tau) w + sqrt(2 dt / tau) eta, of unit variance.

    Source: Treiber, Kesting, Helbing, Physica A 360, 71 (2006), equation for the estimation errors.
    """
    return math.exp(-dt / persistence) * value + math.sqrt(2.0 * dt / persistence) * fresh


@scalar
def estimated_gap(gap: float, error: float, value: float) -> float:
    """The gap as it is judged: s exp(V_s w)."""
    return gap * math.exp(error * value) if error > 0.0 else gap


@scalar
def estimated_lead(gap: float, lead: float, error: float, value: float) -> float:
    """The leader's speed as it is judged: v_l - s r_c w, so that the approaching rate is off by s r_c w."""
    return lead - gap * error * value if error > 0.0 else lead


@scalar
def accepted_gap(critical: float, smallest: float, waited: float, impatience: float) -> float:
    """The critical gap after a waiting time: from `critical` in a straight line to `smallest` at `impatience`.

    That accepted gaps shrink with waiting: Mahmassani, Sheffi, Transp. Res. B 15, 143 (1981); the straight line is
    ours. A `smallest` above `critical` changes nothing.
    """
    share = min(max(waited / impatience, 0.0), 1.0)
    return critical - share * max(critical - smallest, 0.0)


@scalar
def time_to_go(distance: float, speed: float, desired: float, accel: float) -> float:
    """Seconds to cover a distance from `speed`, accelerating up to `desired`; 0 for a distance not positive."""
    if distance <= 0.0:
        return 0.0
    top = max(desired, speed, 0.5)
    ramp = (top * top - speed * speed) / (2.0 * accel)
    if ramp >= distance:
        return (math.sqrt(speed * speed + 2.0 * accel * distance) - speed) / accel
    return (top - speed) / accel + (distance - ramp) / top


@scalar
def gap_refused(arrive: float, leave: float, at_line: float, enter: float, clear: float, needed: float) -> bool:
    """Whether a vehicle with priority, seconds `arrive` from the conflict and `leave` from behind it, is in the way.

    One gets to the line after `at_line`, into the conflict after `enter` and out of it after `clear`. The gap is
    taken where the other is gone before one enters, or arrives no earlier than `needed` (the critical gap, or the
    follow-up time) after one stands at the line; a gap shorter than the way through is never taken.
    """
    if leave < enter:
        return False
    return arrive < max(at_line + needed, clear)


@scalar
def mobil_gain(own: float, own_new: float, follower: float, follower_new: float, old: float, old_new: float,
               politeness: float) -> float:  # fmt: skip
    """What a lane change gains, in m/s^2: a~c - ac + p (a~n - an + a~o - ao).

    Source: Kesting, Treiber, Helbing, Transp. Res. Rec. 1999, 86 (2007), symmetric rule.
    """
    return own_new - own + politeness * (follower_new - follower + old_new - old)


@scalar
def mobil_changes(
    gain: float, follower_new: float, threshold: float, safe_braking: float, bias: float, to_right: bool
) -> bool:
    """Whether to change: the gain exceeds threshold plus bias (minus it to the favoured side), and a~n >= -b_safe."""
    return follower_new >= -safe_braking and gain > threshold + (-bias if to_right else bias)


@scalar
def european(own: float, other: float, speed: float, lead_left: float, critical_speed: float) -> float:
    """a_eur: on the right of a slower leader, faster than the critical speed, one accelerates no harder than he could.

    min(a_right, a_left) if v > v_left > v_crit, else a_right. Source: as for `mobil_gain`, passing rule.
    """
    return min(own, other) if speed > lead_left > critical_speed else own


@scalar
def hand_shown(hand: int, stop_s: float, slow_s: float, now: float) -> int:
    """What a flagger shows: `hand` for ever, or stop (1) and slow (2) in turns where both times are given."""
    if stop_s <= 0.0 or slow_s <= 0.0:
        return hand
    return 1 if now % (stop_s + slow_s) < stop_s - 1e-9 else 2


@scalar
def walk_gap(length: float, speed: float, margin: float, waited: float, impatience: float) -> float:
    """The time gap that a walker needs: length / speed + margin; the margin shrinks to 0 over `impatience` seconds.

    Source: Highway Capacity Manual 2010, equation 19-69 (critical headway of walkers, margin 3 s).
    """
    share = min(max(waited / impatience, 0.0), 1.0) if impatience > 0.0 else 0.0
    return length / max(speed, 0.1) + margin * (1.0 - share)


__all__ = [
    "DRAW_BACK", "DRAW_GAP", "DRAW_GLANCE", "DRAW_LOOK", "DRAW_NOISE", "DRAW_RATE", "accepted_gap", "agent_idm",
    "desired_ratio", "drift", "estimated_gap", "estimated_lead", "european", "following", "gap_refused",
    "glance_start", "hand_shown", "idm_2000", "idm_plus", "iidm", "mobil_changes", "mobil_gain", "normal",
    "time_to_go", "uniform", "walk_gap",
]  # fmt: skip
