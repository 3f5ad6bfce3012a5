"""Criticality beyond the lane, as pure functions: lateral effort, worst case, severity, space, RSS distances.

Sources: Jansson (2005) for the required lateral acceleration; Wachenfeld et al., IEEE IV (2016) for the worst time to
collision; nuplan-devkit e924167 for the change of velocity; Tsukaguchi and Mori (1987) and Westhofen et al. (2023) for
the space occupancy index; Shalev-Shwartz et al., arXiv 1708.06374, and ad-rss-lib's RssFormulas for RSS.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.metrics.boxes import overlap_m

MAX_LATERAL_MPS2 = 8.0
WORST_ACCELERATION_MPS2 = 11.5
MASS_KG = 2000.0
DRY_FRICTION = 0.7
FRONT_MARGIN_M, REAR_MARGIN_M, SIDE_MARGIN_M = 2.0, 0.5, 0.5

Array = Float[np.ndarray, "..."] | float


def required_lateral_acceleration_mps2(
    lateral_offset_m: Array, relative_lateral_speed_mps: Array, lead_lateral_acceleration_mps2: Array,
    ego_width_m: Array, lead_width_m: Array, ttc_s: Array,
) -> Float[np.ndarray, "..."]:  # fmt: skip
    """a_lat,req: least lateral acceleration that passes the leader on one side at the time of the collision.

    min over both sides of |a_l - 2 (+-(w_e + w_l) / 2 - d - v t) / t^2|, t = TTC, where d and v are the leader's
    lateral place and speed less the ego's. 0 without a collision, inf where it is now.
    """
    ttc = np.asarray(ttc_s, dtype=np.float64)
    finite = np.isfinite(ttc) & (ttc > 0)
    t = np.where(finite, ttc, 1.0)
    reach = 0.5 * (np.asarray(ego_width_m, dtype=np.float64) + lead_width_m)
    drift = np.asarray(lateral_offset_m) + np.asarray(relative_lateral_speed_mps) * t
    sides = [
        np.abs(np.asarray(lead_lateral_acceleration_mps2) - 2 * (side * reach - drift) / t**2) for side in (1.0, -1.0)
    ]
    return np.where(finite, np.minimum(*sides), np.where(ttc <= 0, np.inf, 0.0))


def steer_threat_number(required_mps2: Array, max_lateral_mps2: float = MAX_LATERAL_MPS2) -> Float[np.ndarray, "..."]:
    """STN = |a_lat,req| / 8: 1 and more means that steering alone cannot avoid the collision."""
    return np.asarray(np.abs(np.asarray(required_mps2, dtype=np.float64)) / max_lateral_mps2)


def disc_radius_m(length_m: Array, width_m: Array) -> Float[np.ndarray, "..."]:
    """Radius of the discs that cover a third of a box each, the shape with which the worst time is solved."""
    return np.asarray(np.hypot(np.asarray(length_m, dtype=np.float64) / 6, np.asarray(width_m, dtype=np.float64) / 2))


def worst_time_to_collision_s(
    offset_m: Float[np.ndarray, "*batch 2"],
    relative_velocity_mps: Float[np.ndarray, "*batch 2"],
    radius_sum_m: Array,
    acceleration_sum_mps2: Array,
) -> Float[np.ndarray, "*batch"]:
    """WTTC: earliest time at which two discs can touch if both accelerate anywhere they like.

    First positive root of |x + v t|^2 - (r + a t^2 / 2)^2, with r = r1 + r2, a = a1 + a2; 0 where they overlap.
    Solved for a whole batch as eigenvalues of companion matrices and polished with Newton steps.

    Raises:
        ValueError: an acceleration sum is not positive.
    """
    offset = np.asarray(offset_m, dtype=np.float64)
    velocity = np.asarray(relative_velocity_mps, dtype=np.float64)
    shape = np.broadcast_shapes(offset.shape, velocity.shape)[:-1]
    r = np.broadcast_to(np.asarray(radius_sum_m, dtype=np.float64), shape)
    a = np.broadcast_to(np.asarray(acceleration_sum_mps2, dtype=np.float64), shape)
    if (a <= 0).any():
        raise ValueError("the worst case needs some acceleration")
    known = np.isfinite(np.sum(offset, axis=-1)) & np.isfinite(np.sum(velocity, axis=-1))
    x = np.where(np.isfinite(offset), offset, 1e3)
    v = np.where(np.isfinite(velocity), velocity, 0.0)
    lead = -0.25 * a**2
    c2 = (np.sum(v * v, axis=-1) - a * r) / lead
    c1 = 2 * np.sum(v * x, axis=-1) / lead
    c0 = (np.sum(x * x, axis=-1) - r**2) / lead
    companion = np.zeros((*shape, 4, 4))
    companion[..., 0, 1], companion[..., 0, 2], companion[..., 0, 3] = -c2, -c1, -c0
    companion[..., 1, 0] = companion[..., 2, 1] = companion[..., 3, 2] = 1.0
    roots = np.linalg.eigvals(companion)
    real = (np.abs(roots.imag) < 1e-6 * (1 + np.abs(roots))) & (roots.real > 0)
    time = np.where(real, roots.real, np.inf).min(axis=-1)
    t = np.where(np.isfinite(time), time, 1.0)
    for _ in range(3):
        slope = 4 * t**3 + 2 * c2 * t + c1
        t = t - np.where(np.abs(slope) > 1e-9, (t**4 + c2 * t**2 + c1 * t + c0) / np.where(slope == 0, 1, slope), 0.0)
    return np.where(known, np.where(np.sum(x * x, axis=-1) <= r**2, 0.0, np.where(np.isfinite(time), t, np.inf)),
                    np.inf)  # fmt: skip


def delta_v_mps(
    ego_speed_mps: Array, other_speed_mps: Array, heading_difference_rad: Array,
    ego_mass_kg: Array = MASS_KG, other_mass_kg: Array = MASS_KG,
) -> Float[np.ndarray, "..."]:  # fmt: skip
    """Delta-V: change of the ego's velocity in a fully inelastic impact.

    m_o / (m_o + m_e) * sqrt(v_e^2 + v_o^2 - 2 v_e v_o cos(dpsi)): the other's share of the relative velocity.
    """
    ego, other = np.asarray(ego_speed_mps, dtype=np.float64), np.asarray(other_speed_mps, dtype=np.float64)
    relative = ego**2 + other**2 - 2 * ego * other * np.cos(heading_difference_rad)
    share = np.asarray(other_mass_kg) / (np.asarray(other_mass_kg) + ego_mass_kg)
    return np.asarray(share * np.sqrt(np.maximum(relative, 0.0)))


def intrudes(
    ego_center_m: Float[np.ndarray, "*e 2"], ego_yaw_rad: Float[np.ndarray, "*ey"],
    ego_size_m: Float[np.ndarray, "*es 2"], ego_speed_mps: Float[np.ndarray, "*ev"],
    other_center_m: Float[np.ndarray, "*o 2"], other_yaw_rad: Float[np.ndarray, "*oy"],
    other_size_m: Float[np.ndarray, "*os 2"], friction: float | None = None,
) -> Bool[np.ndarray, "*out"]:  # fmt: skip
    """Whether another box is in the ego's personal space: 2 m ahead, 0.5 m behind and at the sides.

    With `friction` the space ahead also holds the stopping distance of the AASHTO formula without reaction time,
    v^2 / (254 f) with v in km/h (f = 0.7 on a dry road). The space occupancy index is the number of moments and
    actors for which this holds.
    """
    ahead = FRONT_MARGIN_M + (0.0 if friction is None else (3.6 * ego_speed_mps) ** 2 / (254.0 * friction))
    forward = np.stack([np.cos(ego_yaw_rad), np.sin(ego_yaw_rad)], axis=-1)
    center = ego_center_m + 0.5 * np.asarray(ahead - REAR_MARGIN_M)[..., None] * forward
    length = ego_size_m[..., 0] + ahead + REAR_MARGIN_M
    width = np.broadcast_to(ego_size_m[..., 1] + 2 * SIDE_MARGIN_M, np.shape(length))
    size = np.stack([np.asarray(length), width], axis=-1)
    depth = overlap_m(center, ego_yaw_rad, size, other_center_m, other_yaw_rad, other_size_m)
    return np.asarray(np.where(np.isnan(depth), -1.0, depth) >= 0.0)


@dataclass(frozen=True, slots=True)
class RssParameters:
    """Responsibility-sensitive safety; defaults of CARLA's RssCheck for vehicles.

    Attributes:
        response_s: time before anyone reacts.
        max_acceleration_mps2: greatest acceleration during the response.
        max_braking_mps2: hardest braking that the one ahead may show.
        min_braking_mps2: braking that the one behind will show.
        min_braking_correct_mps2: the same of one who drives in its own direction and meets another.
        max_lateral_acceleration_mps2: during the response.
        min_lateral_braking_mps2: after it.
        lateral_margin_m: fluctuation mu that always remains.
    """

    response_s: float = 1.0
    max_acceleration_mps2: float = 3.5
    max_braking_mps2: float = 8.0
    min_braking_mps2: float = 4.0
    min_braking_correct_mps2: float = 3.0
    max_lateral_acceleration_mps2: float = 0.2
    min_lateral_braking_mps2: float = 0.8
    lateral_margin_m: float = 0.1


RSS_VEHICLE = RssParameters()
RSS_PEDESTRIAN = RssParameters(
    response_s=0.5, max_acceleration_mps2=2.0, max_braking_mps2=4.0, min_braking_mps2=2.0,
    min_braking_correct_mps2=2.0, max_lateral_acceleration_mps2=0.001, min_lateral_braking_mps2=0.001,
)  # fmt: skip


def rss_same_direction_m(
    rear_speed_mps: Array, front_speed_mps: Array, rear: RssParameters = RSS_VEHICLE,
    front: RssParameters = RSS_VEHICLE,
) -> Float[np.ndarray, "..."]:  # fmt: skip
    """Safe distance behind: max(0, v_r rho + a rho^2 / 2 + (v_r + rho a)^2 / (2 b_min) - v_f^2 / (2 b_max))."""
    back = _stopping_m(np.asarray(rear_speed_mps, dtype=np.float64), rear, rear.min_braking_mps2)
    ahead = np.asarray(front_speed_mps, dtype=np.float64) ** 2 / (2 * front.max_braking_mps2)
    return np.asarray(np.maximum(0.0, back - ahead))


def rss_opposite_direction_m(
    correct_speed_mps: Array, other_speed_mps: Array, correct: RssParameters = RSS_VEHICLE,
    other: RssParameters = RSS_VEHICLE,
) -> Float[np.ndarray, "..."]:  # fmt: skip
    """Safe distance of two that meet: both stopping distances, the one in its own lane braking with b_min,correct."""
    first = np.asarray(np.abs(correct_speed_mps), dtype=np.float64)
    second = np.asarray(np.abs(other_speed_mps), dtype=np.float64)
    ways = (
        _stopping_m(first, correct, correct.min_braking_correct_mps2),
        _stopping_m(second, other, other.min_braking_mps2),
    )
    return np.asarray(ways[0] + ways[1])


def rss_lateral_m(
    left_speed_mps: Array, right_speed_mps: Array, left: RssParameters = RSS_VEHICLE,
    right: RssParameters = RSS_VEHICLE,
) -> Float[np.ndarray, "..."]:  # fmt: skip
    """Safe lateral distance of two side by side; lateral speeds are positive to the right, towards the right one.

    mu + max(0, [way of the left one to the right] - [way of the right one to the right]): each may accelerate towards
    the other during the response, and brakes afterwards if it still comes nearer then: the printed square v_rho^2 would
    ask for more room the faster somebody goes away, and ad-rss-lib leaves it out there. mu is the mean of both margins.
    """
    reach = _lateral_way_m(np.asarray(left_speed_mps, dtype=np.float64), left, towards=1.0)
    retreat = _lateral_way_m(np.asarray(right_speed_mps, dtype=np.float64), right, towards=-1.0)
    margin = 0.5 * (left.lateral_margin_m + right.lateral_margin_m)
    return np.asarray(margin + np.maximum(0.0, reach - retreat))


def _stopping_m(speed_mps: np.ndarray, who: RssParameters, braking_mps2: float) -> np.ndarray:
    rho, gain = who.response_s, who.max_acceleration_mps2
    return np.asarray(speed_mps * rho + 0.5 * gain * rho**2 + (speed_mps + rho * gain) ** 2 / (2 * braking_mps2))


def _lateral_way_m(speed_mps: np.ndarray, who: RssParameters, towards: float) -> np.ndarray:
    rho, gain = who.response_s, towards * who.max_lateral_acceleration_mps2
    after = speed_mps + rho * gain
    # Only who still comes nearer after the response has to brake; who goes away need not stop.
    rest = towards * np.maximum(towards * after, 0.0) ** 2 / (2 * who.min_lateral_braking_mps2)
    return np.asarray(speed_mps * rho + 0.5 * gain * rho**2 + rest)
