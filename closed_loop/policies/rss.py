"""Responsibility-sensitive safety: safe distances between the ego and others along and across the route.

Same direction, the ego behind:   d = v r + a r^2 / 2 + (v + a r)^2 / (2 b_min) - w^2 / (2 b_max), at least 0
Opposite directions:              d = v r + a r^2 / 2 + (v + a r)^2 / (2 b_correct)
                                    + |w| r' + a' r'^2 / 2 + (|w| + a' r')^2 / (2 b_min')
Across, u and u' towards each other: d = (mu + mu') / 2 + max(0, way(u) + way(u')) with
    way(u) = (u + u_r) r / 2 + max(u_r, 0)^2 / (2 b_lat),  u_r = u + c r
(who goes away after the response need not brake, as in ad-rss-lib).

v ego, w other, r response time, a acceleration during it, primes: the other's. A situation is dangerous where the
distances along and across are both too small. Source: Shalev-Shwartz, Shammah, Shashua, arXiv 1708.06374; formulas and
defaults as in Intel's ad-rss-lib and CARLA 0.9's RssCheck (facts; no code).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.policies.corridor import Corridor
from driving_data.ports import Observation
from driving_data.taxonomy import PEDESTRIANS

_PEOPLE = tuple(int(kind) for kind in PEDESTRIANS)


@dataclass(frozen=True, slots=True)
class RssDynamics:
    """What somebody may do; the defaults are CARLA's for vehicles.

    Attributes:
        response_s: r.
        max_acceleration_mps2: a.
        max_braking_mps2: b_max.
        min_braking_mps2: b_min.
        correct_braking_mps2: b_correct: least braking of who is in its own lane when meeting another.
        lateral_acceleration_mps2: c.
        lateral_braking_mps2: b_lat.
        fluctuation_m: mu, lateral margin; the mean of both is kept.
        max_speed_mps: nobody is expected to accelerate beyond this during the response time.
    """

    response_s: float = 1.0
    max_acceleration_mps2: float = 3.5
    max_braking_mps2: float = 8.0
    min_braking_mps2: float = 4.0
    correct_braking_mps2: float = 3.0
    lateral_acceleration_mps2: float = 0.2
    lateral_braking_mps2: float = 0.8
    fluctuation_m: float = 0.1
    max_speed_mps: float = 100.0


PEDESTRIAN = RssDynamics(
    response_s=0.5,
    max_acceleration_mps2=2.0,
    max_braking_mps2=4.0,
    min_braking_mps2=2.0,
    correct_braking_mps2=2.0,
    lateral_acceleration_mps2=0.001,
    lateral_braking_mps2=0.001,
    fluctuation_m=0.1,
    max_speed_mps=10.0,
)


def stopping_m(speed_mps: Float[np.ndarray, "*n"], who: RssDynamics, braking_mps2: float) -> Float[np.ndarray, "*n"]:
    """Way of who accelerates during its response time (up to its greatest speed) and then brakes."""
    r, a = who.response_s, who.max_acceleration_mps2
    top = np.minimum(speed_mps + a * r, np.maximum(who.max_speed_mps, speed_mps))
    rise = (top - speed_mps) / a if a > 0 else np.zeros_like(speed_mps)
    return speed_mps * rise + 0.5 * a * rise**2 + top * (r - rise) + top**2 / (2.0 * braking_mps2)


def safe_same_direction_m(
    rear_mps: Float[np.ndarray, "*n"], front_mps: Float[np.ndarray, "*n"], rear: RssDynamics, front: RssDynamics
) -> Float[np.ndarray, "*n"]:
    """Distance that who is behind must keep; never negative."""
    gone = front_mps**2 / (2.0 * front.max_braking_mps2)
    return np.maximum(stopping_m(rear_mps, rear, rear.min_braking_mps2) - gone, 0.0)


def safe_opposite_m(
    ego_mps: Float[np.ndarray, "*n"], other_mps: Float[np.ndarray, "*n"], ego: RssDynamics, other: RssDynamics
) -> Float[np.ndarray, "*n"]:
    """Distance between two that meet (speeds are magnitudes), the ego in its own lane."""
    return stopping_m(ego_mps, ego, ego.correct_braking_mps2) + stopping_m(other_mps, other, other.min_braking_mps2)


def safe_lateral_m(
    ego_towards_mps: Float[np.ndarray, "*n"],
    other_towards_mps: Float[np.ndarray, "*n"],
    ego: RssDynamics,
    other: RssDynamics,
) -> Float[np.ndarray, "*n"]:
    """Distance across the route; speeds are towards the other, negative where they lead apart."""
    both = _lateral_way(ego_towards_mps, ego) + _lateral_way(other_towards_mps, other)
    return 0.5 * (ego.fluctuation_m + other.fluctuation_m) + np.maximum(both, 0.0)


def _lateral_way(towards_mps: np.ndarray, who: RssDynamics) -> np.ndarray:
    r, c = who.response_s, who.lateral_acceleration_mps2
    later = towards_mps + c * r
    return (towards_mps + later) * r / 2.0 + np.maximum(later, 0.0) ** 2 / (2.0 * who.lateral_braking_mps2)


@dataclass(frozen=True, slots=True, eq=False)
class RssState:
    """What is too near, for every actor; each of shape (B, A).

    Attributes:
        near_along: the distance along the route is too small.
        near_across: the distance across the route is too small.
        dangerous: both.
        side: 1 where the actor is to the left of the ego, -1 to the right.
    """

    near_along: Bool[np.ndarray, "B A"]
    near_across: Bool[np.ndarray, "B A"]
    dangerous: Bool[np.ndarray, "B A"]
    side: Float[np.ndarray, "B A"]


def rss_state(observation: Observation, corridor: Corridor, vehicle: RssDynamics, pedestrian: RssDynamics) -> RssState:
    """Judges every actor in the coordinates of the route.

    Who is wholly behind the ego's front must look out itself: it is near along the route only where the boxes
    overlap in s. Boxes are those around the actors along and across the route.
    """
    center = observation.rear_axle_to_center_m[:, None]
    half_length = (corridor.front_m - observation.rear_axle_to_center_m)[:, None]
    along = np.where(corridor.present, corridor.s_m - center, 1e3)
    across = np.where(corridor.present, corridor.d_m - observation.route_lateral_m[:, None], 1e3)
    gap = np.abs(along) - half_length - corridor.half_along_m
    beside = np.abs(across) - corridor.half_width_m[:, None] - corridor.half_across_m
    side = np.where(across >= 0, 1.0, -1.0)
    speed = np.maximum(corridor.speed_mps, 0.0)[:, None] * np.ones_like(along)
    sideways = (corridor.speed_mps * np.sin(corridor.heading_error_rad))[:, None]
    other = corridor.speed_along_mps
    people = np.isin(observation.kind, _PEOPLE)

    def along_of(who: RssDynamics) -> np.ndarray:
        same = safe_same_direction_m(speed, np.maximum(other, 0.0), vehicle, who)
        return np.where(other < -0.1, safe_opposite_m(speed, np.abs(other), vehicle, who), same)

    def across_of(who: RssDynamics) -> np.ndarray:
        return safe_lateral_m(side * sideways, -side * corridor.speed_across_mps, vehicle, who)

    needed = np.where(people, along_of(pedestrian), along_of(vehicle))
    lateral = np.where(people, across_of(pedestrian), across_of(vehicle))
    near_along = corridor.present & np.where(along > 0, gap < needed, gap < 0)
    near_across = corridor.present & (beside < lateral)
    return RssState(near_along, near_across, near_along & near_across, side)
