"""Laws of plain numbers that the predicates use: distances that a follower must keep, gaps of a regulation."""

import numpy as np
from jaxtyping import Float

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
    rho, a = p.rss_reaction_s, p.rss_accelerate_mps2
    rear, front = np.maximum(rear_mps, 0.0), np.abs(front_mps)
    reacted = rear + rho * a
    react = rear * rho + 0.5 * a * rho**2
    same = react + reacted**2 / (2 * p.rss_brake_min_mps2) - front**2 / (2 * p.rss_brake_max_mps2)
    theirs = front * rho + 0.5 * a * rho**2 + (front + rho * a) ** 2 / (2 * p.rss_brake_min_mps2)
    oncoming = react + reacted**2 / (2 * p.rss_brake_correct_mps2) + theirs
    return np.asarray(np.maximum(np.where(front_mps < 0, oncoming, same), 0.0))


def rss_lateral_m(
    left_mps: Float[np.ndarray, "*n"], right_mps: Float[np.ndarray, "*n"], p: RuleParameters
) -> Float[np.ndarray, "*n"]:
    """Least lateral distance between one on the left and one on the right; speeds are positive to the left.

    mu + max(0, [v rho + a rho^2 / 2 + (v + rho a)^2 / (2 b)] of both), v towards the other: both accelerate towards one
    another during rho and brake after. The square is left out for one who still goes away then, as ad-rss-lib does: as
    printed it would ask for more room the faster somebody leaves.
    Source: Shalev-Shwartz et al., arXiv 1708.06374, definition 6; ad-rss-lib, RssFormulas.
    """
    rho, a, b = p.rss_reaction_s, p.rss_lateral_accelerate_mps2, p.rss_lateral_brake_mps2

    def nearer(towards: np.ndarray) -> np.ndarray:
        after = towards + rho * a
        return 0.5 * (towards + after) * rho + np.maximum(after, 0.0) ** 2 / (2 * b)

    return np.asarray(p.rss_lateral_margin_m + np.maximum(nearer(-left_mps) + nearer(right_mps), 0.0))


def r157_gap_m(speed_mps: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Least gap to the vehicle in front: v t_front by the table of UN R157, at least 2 m."""
    speeds, gaps = np.array(R157_GAPS).T
    return np.asarray(np.maximum(speed_mps * np.interp(speed_mps, speeds / 3.6, gaps), 2.0))
