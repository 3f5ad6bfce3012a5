"""Predicates of the ego and another: same lane, in front, cutting in, distances, braking against one another."""

import numpy as np

from closed_loop.metrics.boxes import overlap_m
from closed_loop.rules.definition import PredicateDefinition
from closed_loop.rules.laws import r157_gap_m, rss_lateral_m, rss_longitudinal_m, safe_distance_m
from closed_loop.rules.view import View


def same_lane(view: View) -> np.ndarray:
    """By how much the ego and the other reach into one lane."""
    return view.same_lane_m[:, 0, 1:]


def gap_ahead(view: View) -> np.ndarray:
    """Rear of the other less front of the ego."""
    return view.ahead_m[:, 0, 1:]


def gap_behind(view: View) -> np.ndarray:
    """Rear of the ego less front of the other."""
    return view.ahead_m[:, 1:, 0]


def _cuts_in(view: View, who: slice, whom: slice) -> np.ndarray:
    """`who` straddles two lanes, moves towards the middle of `whom` and shares a lane with it."""
    d, across = view.road.corridor.d_m, view.leftward_mps
    from_right = np.minimum(d[:, whom] - d[:, who], across[:, who])
    from_left = np.minimum(d[:, who] - d[:, whom], -across[:, who])
    towards = np.maximum(from_right, from_left)
    return np.minimum(np.minimum(view.several_lanes_m[:, who], towards), same_lane(view))


def safe_ahead(view: View) -> np.ndarray:
    """The ego's gap to the other less the safe distance."""
    p, v = view.parameters, view.along_mps
    need = safe_distance_m(
        np.broadcast_to(v[:, :1], v[:, 1:].shape), v[:, 1:], p.ego_brake_mps2, p.other_brake_mps2, p.reaction_s
    )
    return gap_ahead(view) - need


def safe_behind(view: View) -> np.ndarray:
    """The other's gap to the ego less the safe distance of the other."""
    p, v = view.parameters, view.along_mps
    need = safe_distance_m(
        v[:, 1:], np.broadcast_to(v[:, :1], v[:, 1:].shape), p.other_brake_mps2, p.ego_brake_mps2, p.reaction_s
    )
    return gap_behind(view) - need


def precedes(view: View) -> np.ndarray:
    """In the ego's lane, in front, and nobody in that lane between."""
    leads = np.minimum(same_lane(view), gap_ahead(view))
    s = view.road.corridor.s_m[:, 1:]
    nearer = np.minimum(leads[:, :, None], s[:, None, :] - s[:, :, None])
    nobody = np.eye(s.shape[1], dtype=bool) | np.isnan(nearer)
    nearer = np.where(nobody, -np.inf, nearer)
    return np.minimum(leads, -np.max(nearer, axis=1, initial=-np.inf))


def brakes_harder(view: View) -> np.ndarray:
    """By how much the ego brakes harder than the other beyond what is abrupt."""
    a = view.scene.acceleration_mps2
    return view.parameters.abrupt_mps2 - (a[:, :1] - a[:, 1:])


def left_of_ego(view: View) -> np.ndarray:
    """The other's right edge is left of the ego's left edge, and the two are side by side."""
    beside = np.minimum(view.front_m[:, 1:] - view.rear_m[:, :1], view.front_m[:, :1] - view.rear_m[:, 1:])
    return np.minimum(view.right_m[:, 1:] - view.left_m[:, :1], beside)


def faster(view: View) -> np.ndarray:
    """The ego's speed less the other's."""
    return view.along_mps[:, :1] - view.along_mps[:, 1:]


def slightly_faster(view: View) -> np.ndarray:
    """Faster, and not by as much as 5.55 m/s."""
    return np.minimum(faster(view), view.parameters.slightly_faster_mps - faster(view))


def separation(view: View) -> np.ndarray:
    """Distance of the boxes; by how much they overlap as a negative number."""
    other, drive = view.drive.others, view.drive
    depth = overlap_m(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, other.center_m, other.yaw_rad, other.size_m
    )
    return np.where(depth >= 0, -depth, drive.distance_m)


def rss_longitudinal(view: View) -> np.ndarray:
    """Gap less the RSS distance behind one in front; +inf for one who is behind and whose duty it is."""
    v = view.along_mps
    front = view.road.corridor.s_m[:, 1:] >= view.road.corridor.s_m[:, :1]
    rear_speed = np.broadcast_to(v[:, :1], v[:, 1:].shape)
    margin = gap_ahead(view) - rss_longitudinal_m(rear_speed, v[:, 1:], view.parameters)
    return np.where(front, margin, np.inf)


def rss_lateral(view: View) -> np.ndarray:
    """Lateral gap less the RSS distance to the side."""
    d, across = view.road.corridor.d_m, view.leftward_mps
    other_left = d[:, 1:] >= d[:, :1]
    gap = np.where(other_left, view.right_m[:, 1:] - view.left_m[:, :1], view.right_m[:, :1] - view.left_m[:, 1:])
    left = np.where(other_left, across[:, 1:], across[:, :1])
    right = np.where(other_left, across[:, :1], across[:, 1:])
    return gap - rss_lateral_m(left, right, view.parameters)


def rss_dangerous(view: View) -> np.ndarray:
    """Both distances are too short: the margin is by how much the longer of both falls short."""
    return np.minimum(-rss_longitudinal(view), -rss_lateral(view))


def _towards(view: View) -> np.ndarray:
    """The ego's lateral speed towards the other."""
    d = view.road.corridor.d_m
    return np.where(d[:, 1:] >= d[:, :1], view.leftward_mps[:, :1], -view.leftward_mps[:, :1])


def beside_danger(view: View) -> np.ndarray:
    """Side by side with both gaps too short: the lateral distance is the ego's to restore."""
    overlap = np.minimum(view.front_m[:, 1:] - view.rear_m[:, :1], view.front_m[:, :1] - view.rear_m[:, 1:])
    return np.minimum(overlap, -rss_lateral(view))


def recovers_sideways(view: View) -> np.ndarray:
    """The ego does not come nearer, or sheds its lateral speed at the rate that RSS asks for."""
    speed = _towards(view)
    rate = -np.gradient(speed, view.drive.time_s, axis=0) if len(speed) > 1 else np.zeros_like(speed)
    return np.maximum(-speed, np.where(np.isnan(rate), -np.inf, rate) - view.parameters.rss_lateral_brake_mps2)


def r157_gap(view: View) -> np.ndarray:
    """The ego's gap to the other less that of UN R157."""
    speed = np.maximum(view.along_mps[:, :1], 0.0)
    return gap_ahead(view) - r157_gap_m(speed)


_D = PredicateDefinition

PREDICATES = (
    _D("in_same_lane", "m", 1.0, "Both boxes reach into one and the same lane (lanes that lead into one another within "
       "300 m are one); margin: by how much the lesser reaches in, or the gap that is missing.",
       {"ego,*": same_lane, "*,ego": same_lane}, strict=True),
    _D("in_front_of", "m", 10.0, "The second's rear is ahead of the first's front, on the ego's corridor.",
       {"ego,*": gap_ahead, "*,ego": gap_behind}, strict=True),
    _D("cut_in", "m", 1.0, "The first straddles two lanes, moves sideways (m/s) towards the middle of the second and "
       "shares a lane with it. The source asks for a heading towards it; the lateral speed has that sign.",
       {"*,ego": lambda v: _cuts_in(v, slice(1, None), slice(0, 1)),
        "ego,*": lambda v: _cuts_in(v, slice(0, 1), slice(1, None))}, strict=True),
    _D("keeps_safe_distance_prec", "m", 10.0, "The first's gap to the second is at least the safe distance "
       "v_f^2/(2|a_f|) - v_l^2/(2|a_l|) + v_f t.", {"ego,*": safe_ahead, "*,ego": safe_behind}),
    _D("precedes", "m", 10.0, "The second is the next one in front of the first in its lane.",
       {"ego,*": precedes}, strict=True),
    _D("rel_brakes_abruptly", "m/s^2", 2.0, "The first brakes harder than the second by more than 2 m/s^2.",
       {"ego,*": brakes_harder}, strict=True),
    _D("brakes_stronger", "m/s^2", 2.0, "The first decelerates more than the second.",
       {"ego,*": lambda v: v.scene.acceleration_mps2[:, 1:] - v.scene.acceleration_mps2[:, :1]}, strict=True),
    _D("left_of", "m", 1.0, "The first is beside the second and wholly to its left.", {"*,ego": left_of_ego},
       strict=True),
    _D("drives_faster", "m/s", 5.0, "The first drives faster than the second along the corridor.",
       {"ego,*": faster, "*,ego": lambda v: -faster(v)}, strict=True),
    _D("drives_with_slightly_higher_speed", "m/s", 5.0, "The first drives faster by less than 5.55 m/s.",
       {"ego,*": slightly_faster}, strict=True),
    _D("separation", "m", 1.0, "Distance of the two boxes, negative by how much they overlap.",
       {"ego,*": separation}, (), strict=True),
    _D("rss_longitudinal", "m", 10.0, "Gap to one in front less the RSS distance (same way or oncoming); +inf behind.",
       {"ego,*": rss_longitudinal}),
    _D("rss_lateral", "m", 1.0, "Lateral gap less the RSS distance.", {"ego,*": rss_lateral}),
    _D("rss_dangerous", "m", 10.0, "Both RSS distances to one in front are violated.", {"ego,*": rss_dangerous},
       strict=True),
    _D("rss_beside_dangerous", "m", 1.0, "Side by side, and the lateral RSS distance is violated.",
       {"ego,*": beside_danger}, strict=True),
    _D("rss_recovers_sideways", "m/s", 1.0, "The ego does not come nearer sideways, or sheds lateral speed at 0.8 "
       "m/s^2 at least.", {"ego,*": recovers_sideways}),
    _D("keeps_r157_gap", "m", 10.0, "Gap at least v t_front by UN R157, 5.2.3.3, and 2 m.", {"ego,*": r157_gap}),
)  # fmt: skip
