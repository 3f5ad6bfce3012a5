"""Criticality along the lane, as pure functions of gap and speeds: headway, time to collision, required braking.

All arguments are measured along the lane or route (curvilinear), so that no orientation of the map enters. Arrays
broadcast. A gap that is infinite means that nobody is ahead. Sources: Jansson, Collision Avoidance Theory (Linköping,
2005); Minderhoud and Bovy, Accid. Anal. Prev. 33 (2001); Schubert et al., IEEE T-ITS 11 (2010); Allen, Shin and
Cooper, TRR 667 (1978); Cunto and Saccomanno (2007); Westhofen et al., Arch. Comput. Methods Eng. 30 (2023).
"""

import numpy as np
from jaxtyping import Float
from scipy.stats import truncnorm

MAX_BRAKING_MPS2 = 11.5
"""Greatest deceleration that the threat numbers compare with (CommonRoad-CriMe's vehicle)."""
SAFETY_TIME_S = 2.0
EXPOSURE_TTC_S = 2.0
SAME_ACCELERATION_MPS2 = 0.1
_ROUNDING_MPS2 = 1e-9
_ROUNDING_MPS = 1e-9
"""Speeds that differ by less are equal: turned into the axis of a road, equal speeds differ in their last digits, and
two boxes that touch would ask for infinite braking."""
MADR_MPS2 = (8.45, 1.40, 4.23, 12.68)
"""Mean, deviation, least and greatest deceleration that vehicles can reach (Cunto and Saccomanno)."""

Array = Float[np.ndarray, "..."] | float


def headway_m(ego_s_m: Array, ego_length_m: Array, lead_s_m: Array, lead_length_m: Array) -> Float[np.ndarray, "..."]:
    """HW: way from the ego's front to the leader's rear; s are places of the centres."""
    lengths = np.asarray(ego_length_m, dtype=np.float64) + lead_length_m
    return np.asarray(np.asarray(lead_s_m, dtype=np.float64) - ego_s_m - 0.5 * lengths)


def time_headway_s(gap_m: Array, ego_speed_mps: Array) -> Float[np.ndarray, "..."]:
    """THW = HW / v: time until the ego's front is where the leader's rear is now; inf for a standing ego."""
    gap, speed = _pair(gap_m, ego_speed_mps)
    moving = (speed > 0) & np.isfinite(gap)
    return np.where(moving, np.maximum(gap, 0.0) / np.where(moving, speed, 1.0), np.inf)


def passing_time_headway_s(
    time_s: Float[np.ndarray, "T"], ego_front_s_m: Float[np.ndarray, "T"], lead_rear_s_m: float
) -> float:
    """THW along a known trajectory: first time after the first moment at which the front has passed a place.

    The place is where the leader's rear is at the first moment; inf where it is never passed or lies behind already.
    This is the form of CommonRoad-CriMe; it equals HW / v at constant speed, rounded up to the next moment.
    """
    if ego_front_s_m[0] > lead_rear_s_m:
        return float("inf")
    passed = np.flatnonzero(ego_front_s_m[1:] > lead_rear_s_m)
    return float(time_s[1 + passed[0]] - time_s[0]) if len(passed) else float("inf")


def ttc_constant_velocity_s(gap_m: Array, ego_speed_mps: Array, lead_speed_mps: Array) -> Float[np.ndarray, "..."]:
    """TTC = gap / closing speed (Hayward, 1972); inf where the gap does not close, 0 where there is none left."""
    gap, closing = _pair(gap_m, np.asarray(ego_speed_mps, dtype=np.float64) - lead_speed_mps)
    hits = (closing > 0) & np.isfinite(gap)
    return np.where(hits, np.maximum(gap, 0.0) / np.where(hits, closing, 1.0), np.where(gap <= 0, 0.0, np.inf))


def ttc_constant_acceleration_s(
    gap_m: Array, relative_speed_mps: Array, relative_acceleration_mps2: Array
) -> Float[np.ndarray, "..."]:
    """TTC when both keep their acceleration: first positive root of d + dv t + da t^2 / 2.

    -d / dv where the gap closes and |da| <= 0.1 m/s^2, else (-dv - sqrt(dv^2 - 2 d da)) / da where it has a root; inf
    without one. Relative means leader less ego. Source: Jansson (2005), 5.26, with CommonRoad-CriMe's threshold.
    """
    gap, dv, da = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (gap_m, relative_speed_mps, relative_acceleration_mps2))
    )
    known = np.isfinite(gap) & np.isfinite(dv) & np.isfinite(da)
    d, v, a = (np.where(known, value, 0.0) for value in (gap, dv, da))
    root = v**2 - 2 * d * a
    steady = (v < 0) & (np.abs(a) <= SAME_ACCELERATION_MPS2)
    # Accelerations that differ by rounding alone are equal: else the gap would close after 10^15 seconds.
    bends = np.abs(a) > _ROUNDING_MPS2
    curved = ~steady & (root >= 0) & bends & ((v < 0) | (a < 0))
    time = np.full(gap.shape, np.inf)
    time = np.where(steady, -d / np.where(v < 0, v, -1.0), time)
    time = np.where(curved, (-v - np.sqrt(np.maximum(root, 0.0))) / np.where(bends, a, 1.0), time)
    return np.where(known, np.where(d <= 0, 0.0, time), np.inf)


def drac_mps2(gap_m: Array, ego_speed_mps: Array, lead_speed_mps: Array) -> Float[np.ndarray, "..."]:
    """DRAC = (v_e - v_l)^2 / (2 d): deceleration that avoids a leader of constant speed; 0 where the gap opens."""
    gap, closing = _pair(gap_m, np.asarray(ego_speed_mps, dtype=np.float64) - lead_speed_mps)
    needed = (closing > _ROUNDING_MPS) & np.isfinite(gap)
    positive = needed & (gap > 0)
    return np.where(needed, np.where(positive, closing**2 / (2 * np.where(positive, gap, 1.0)), np.inf), 0.0)


def required_longitudinal_acceleration_mps2(
    gap_m: Array, relative_speed_mps: Array, lead_acceleration_mps2: Array, closing_only: bool = True
) -> Float[np.ndarray, "..."]:
    """a_long,req = min(a_l - dv^2 / (2 d), 0), at most 0: the acceleration that just avoids the leader.

    Args:
        gap_m: to the leader.
        relative_speed_mps: leader less ego.
        lead_acceleration_mps2: of the leader.
        closing_only: where the gap opens the term dv^2 / (2 d) demands no braking and is left out; False keeps it,
            as the formula in print and CommonRoad-CriMe do.
    """
    gap, dv, lead = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (gap_m, relative_speed_mps, lead_acceleration_mps2))
    )
    known = np.isfinite(gap) & np.isfinite(dv)
    counts = known & ((dv < -_ROUNDING_MPS) | (not closing_only))
    room = np.where(gap > 0, gap, np.nan)
    term = np.where(counts, np.where(gap > 0, dv**2 / (2 * np.where(gap > 0, room, 1.0)), np.inf), 0.0)
    return np.where(known, np.minimum(np.where(np.isfinite(lead), lead, 0.0) - term, 0.0), 0.0)


def brake_threat_number(required_mps2: Array, max_braking_mps2: float = MAX_BRAKING_MPS2) -> Float[np.ndarray, "..."]:
    """BTN = a_long,req / -11.5: 1 and more means that braking alone cannot avoid the collision."""
    return np.asarray(np.asarray(required_mps2, dtype=np.float64) / -max_braking_mps2)


def deceleration_to_safety_time_mps2(
    gap_m: Array, ego_speed_mps: Array, lead_speed_mps: Array, safety_time_s: float = SAFETY_TIME_S
) -> Float[np.ndarray, "..."]:
    """DST = 3 (v_e - v_l)^2 / (2 (d - v_l t_s)): deceleration that reaches the leader's speed at the safety time.

    inf where the safety distance v_l t_s is already used up while the gap closes; 0 where nobody is ahead. The printed
    formula turns negative there; `raw_deceleration_to_safety_time_mps2` gives that.
    """
    gap, ego, lead = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (gap_m, ego_speed_mps, lead_speed_mps))
    )
    closing = np.isfinite(gap) & np.isfinite(lead) & (ego - lead > _ROUNDING_MPS)
    room = np.where(closing, gap - np.where(closing, lead, 0.0) * safety_time_s, 1.0)
    value = 1.5 * (np.where(closing, ego - lead, 0.0)) ** 2 / np.where(room > 0, room, 1.0)
    return np.where(closing, np.where(room > 0, value, np.inf), 0.0)


def raw_deceleration_to_safety_time_mps2(
    gap_m: Array, ego_speed_mps: Array, lead_speed_mps: Array, safety_time_s: float = SAFETY_TIME_S
) -> Float[np.ndarray, "..."]:
    """The formula of `deceleration_to_safety_time_mps2` as printed, whatever its signs."""
    room = np.asarray(gap_m, dtype=np.float64) - np.asarray(lead_speed_mps) * safety_time_s
    return np.asarray(3 * (np.asarray(ego_speed_mps) - lead_speed_mps) ** 2 / (2 * room))


def minimal_stopping_distance_m(
    speed_mps: Array, max_braking_mps2: float = MAX_BRAKING_MPS2
) -> Float[np.ndarray, "..."]:
    """MSD = v^2 / (2 * 11.5)."""
    return np.asarray(np.asarray(speed_mps, dtype=np.float64) ** 2 / (2 * max_braking_mps2))


def proportion_of_stopping_distance(
    remaining_m: Array, speed_mps: Array, max_braking_mps2: float = MAX_BRAKING_MPS2
) -> Float[np.ndarray, "..."]:
    """PSD = remaining way to the conflict area / MSD; below 1 the ego can no longer stop before it. inf at rest."""
    remaining, needed = _pair(remaining_m, minimal_stopping_distance_m(speed_mps, max_braking_mps2))
    with np.errstate(over="ignore"):
        return np.where(needed > 0, remaining / np.where(needed > 0, needed, 1.0), np.inf)


def time_exposed_s(
    ttc_s: Float[np.ndarray, "*batch T"], step_s: float, threshold_s: float = EXPOSURE_TTC_S
) -> Float[np.ndarray, "*batch"]:
    """TET: time during which TTC <= threshold, over the last axis; moments without a TTC (NaN, inf) do not count."""
    return np.asarray(step_s * np.sum(np.asarray(ttc_s) <= threshold_s, axis=-1), dtype=np.float64)


def time_integrated_s2(
    ttc_s: Float[np.ndarray, "*batch T"], step_s: float, threshold_s: float = EXPOSURE_TTC_S
) -> Float[np.ndarray, "*batch"]:
    """TIT: integral of threshold - TTC while TTC <= threshold, over the last axis, in s^2; NaN and inf as in TET."""
    ttc = np.asarray(ttc_s, dtype=np.float64)
    below = np.where(ttc <= threshold_s, threshold_s - np.where(np.isfinite(ttc), ttc, threshold_s), 0.0)
    return np.asarray(step_s * np.sum(below, axis=-1), dtype=np.float64)


def crash_potential_index(drac: Float[np.ndarray, "*batch T"]) -> Float[np.ndarray, "*batch"]:
    """CPI: mean over time of P(DRAC > MADR), MADR a truncated normal N(8.45, 1.40; 4.23 to 12.68) m/s^2.

    A moment whose DRAC is unknown (NaN) makes the mean unknown; one without a leader has DRAC 0.
    """
    mean, deviation, low, high = MADR_MPS2
    available = truncnorm((low - mean) / deviation, (high - mean) / deviation, mean, deviation)
    return np.asarray(np.mean(available.cdf(drac), axis=-1))


def _pair(a: Array, b: Array) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    return first, second
