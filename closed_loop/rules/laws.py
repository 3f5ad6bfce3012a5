"""Laws of plain numbers that the predicates use: distances that a follower must keep, gaps of a regulation."""

import numpy as np
from jaxtyping import Float

from closed_loop.metrics import threats
from closed_loop.rules.parameters import R157_GAPS, RuleParameters


def safe_distance_m(
    follower_mps: Float[np.ndarray, "*n"],
    leader_mps: Float[np.ndarray, "*n"],
    follower_brake_mps2: float,
    leader_brake_mps2: float,
    reaction_s: float,
) -> Float[np.ndarray, "*n"]:
    """The distance d = v_f^2 / (2 |a_f|) - v_l^2 / (2 |a_l|) + v_f t, at least 0; speeds below 0 count as 0.

    Source: Maierhofer et al., Formalization of interstate traffic rules, IV 2020, R_G1.
    """
    follower, leader = np.maximum(follower_mps, 0.0), np.maximum(leader_mps, 0.0)
    stop = follower**2 / (2 * abs(follower_brake_mps2)) - leader**2 / (2 * abs(leader_brake_mps2))
    return np.asarray(np.maximum(stop + follower * reaction_s, 0.0))


def stopping_speed_mps(distance_m: float, brake_mps2: float, reaction_s: float) -> float:
    """The speed from which one stops within a distance: v t + v^2 / (2 |a|) = distance."""
    step = abs(brake_mps2) * reaction_s
    return float(np.sqrt(step * step + 2 * abs(brake_mps2) * distance_m) - step)


def rss_longitudinal_m(
    rear_mps: Float[np.ndarray, "*n"], front_mps: Float[np.ndarray, "*n"], p: RuleParameters
) -> Float[np.ndarray, "*n"]:
    """Least distance behind one who drives the same way (front_mps >= 0) or comes the other way (front_mps < 0).

    Same way: max(0, v_r rho + a rho^2 / 2 + (v_r + rho a)^2 / (2 b_min) - v_f^2 / (2 b_max)).
    Oncoming: what both travel during the reaction and while braking, the ego with b_min,correct, the other with b_min.
    Source: Shalev-Shwartz et al., arXiv 1708.06374, definitions 1 and 2; parameters as CARLA's RssCheck.
    """
    who, rear = rss_of(p), np.maximum(rear_mps, 0.0)
    same = threats.rss_same_direction_m(rear, np.abs(front_mps), who, who)
    return np.asarray(np.where(front_mps < 0, threats.rss_opposite_direction_m(rear, front_mps, who, who), same))


def rss_of(p: RuleParameters) -> threats.RssParameters:
    """The RSS numbers of rules in the form in which the metrics have them."""
    return threats.RssParameters(
        response_s=p.rss_reaction_s,
        max_acceleration_mps2=p.rss_accelerate_mps2,
        max_braking_mps2=p.rss_brake_max_mps2,
        min_braking_mps2=p.rss_brake_min_mps2,
        min_braking_correct_mps2=p.rss_brake_correct_mps2,
        max_lateral_acceleration_mps2=p.rss_lateral_accelerate_mps2,
        min_lateral_braking_mps2=p.rss_lateral_brake_mps2,
        lateral_margin_m=p.rss_lateral_margin_m,
    )


def rss_lateral_m(
    left_mps: Float[np.ndarray, "*n"], right_mps: Float[np.ndarray, "*n"], p: RuleParameters
) -> Float[np.ndarray, "*n"]:
    """Least lateral distance between one on the left and one on the right; speeds are positive to the left.

    mu + max(0, [v rho + a rho^2 / 2 + (v + rho a)^2 / (2 b)] of both), v towards the other: both accelerate towards one
    another during rho and brake after. The square is left out for one who still goes away then, as ad-rss-lib does: as
    printed it would ask for more room the faster somebody leaves.
    Source: Shalev-Shwartz et al., arXiv 1708.06374, definition 6; ad-rss-lib, RssFormulas.
    """
    who = rss_of(p)
    # There lateral speeds are positive to the right.
    return threats.rss_lateral_m(-left_mps, -right_mps, who, who)


def r157_gap_m(speed_mps: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Least gap to the vehicle in front: v t_front by the table of UN R157, at least 2 m."""
    speeds, gaps = np.array(R157_GAPS).T
    return np.asarray(np.maximum(speed_mps * np.interp(speed_mps, speeds / 3.6, gaps), 2.0))
