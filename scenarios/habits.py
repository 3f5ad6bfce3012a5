"""What drivers and walkers do besides following a leader: lane changes, priority, attention, errors of perception.

A `Driver` without `Habits` is the plain car follower. The numbers of each style are collected here with their
sources; a scenario file picks a style and may change any number of it.

Sources: following and lane changes, Kesting, Treiber, Helbing, Transp. Res. Rec. 1999, 86 (2007) (politeness 0 to 0.5,
threshold 0.1 m/s^2, safe braking 4 m/s^2, bias to the right 0.3 m/s^2); gaps, Highway Capacity Manual 2010, exhibits
19-10 and 19-11 (right turn from a minor road onto two lanes: critical 6.2 s, follow-up 3.3 s), spread by style within
the range of the movements there (4.1 to 7.5 s); errors, Treiber, Kesting, Helbing, Physica A 360, 71 (2006) (relative
error of distance 5 %, of inverse time to collision 0.01 /s, persistence 20 s); glances, NHTSA 2013-0137 (2 s for one
glance away from the road); walkers, HCM 2010, equation 19-69 (critical gap = length / speed + 3 s of start-up and
clearance), speeds of MUTCD 4E.06 (1.2 m/s) and Knoblauch et al., Transp. Res. Rec. 1538, 27 (1996) (15th percentile
of people over 65: 0.97 m/s).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

DRIVER_KINDS = ("idm", "none", "imitation", "walker")
FOLLOWING = ("idm", "idm_2000", "idm_plus", "iidm")
LANE_CHANGES = ("none", "mobil", "mobil_european")
HANDS = ("none", "stop", "slow", "go")


@dataclass(frozen=True, slots=True)
class Habits:
    """How a driver decides, beyond the parameters of car following.

    Attributes:
        following: law of car following: 'idm' (free road no harder than comfortable braking, s* >= s0), 'idm_2000' (as
            first published), 'idm_plus' (Schakel et al. 2010) or 'iidm' (Treiber, Kesting 2013, section 11.3.7).
        exponent: of speed in the free-road term.
        lane_changes: 'none', 'mobil' (symmetric) or 'mobil_european' (no overtaking on the right).
        politeness: weight of the gains and losses of other drivers.
        threshold_mps2: gain below which nobody changes lane.
        safe_braking_mps2: braking that a change may at most ask of the new follower, a magnitude.
        right_bias_mps2: favours the right lane (the left one in left-hand traffic).
        change_s: how long a change takes.
        destination: route that the driver must be on in the end; empty for wherever the lanes lead.
        critical_gap_s: shortest gap in a stream with priority that the driver accepts when it arrives.
        follow_up_s: the same right behind another who has entered from the same line.
        smallest_gap_s: what the critical gap shrinks to with waiting.
        impatience_s: waiting time at which it has shrunk to that.
        yields_on_crossings: lets walkers cross on crossings.
        keeps_clear: does not enter a junction that it cannot leave.
        makes_way: moves aside and slows down for an emergency vehicle behind.
        passes_red: an emergency driver, who passes red and signs with care.
        obeys_hands: follows a flagger rather than the traffic light.
        glance_every_s: length of the periods in each of which the driver looks away once; 0 never.
        glance_s: for how long.
        gap_error: relative standard deviation with which gaps are judged.
        approach_error_1ps: standard deviation of the inverse time to collision as it is judged.
        error_persistence_s: correlation time of both errors.
        anticipates: extrapolates the leader over the reaction time.
        sight_m: how far the driver sees.
        hand: what a flagger shows: 'none', 'stop', 'slow', 'go'.
        hand_stop_s: with `hand_slow_s`, a flagger shows stop and slow in turns, stop first.
        hand_slow_s: see there; 0 holds `hand` for ever.
        weights: of an imitation driver: name of a set that is shipped, or path of an npz file.
    """

    following: str = "idm"
    exponent: float = 4.0
    lane_changes: str = "none"
    politeness: float = 0.2
    threshold_mps2: float = 0.1
    safe_braking_mps2: float = 4.0
    right_bias_mps2: float = 0.3
    change_s: float = 4.0
    destination: str = ""
    critical_gap_s: float = 6.2
    follow_up_s: float = 3.3
    smallest_gap_s: float = 4.1
    impatience_s: float = 60.0
    yields_on_crossings: bool = True
    keeps_clear: bool = True
    makes_way: bool = True
    passes_red: bool = False
    obeys_hands: bool = True
    glance_every_s: float = 0.0
    glance_s: float = 0.0
    gap_error: float = 0.0
    approach_error_1ps: float = 0.0
    error_persistence_s: float = 20.0
    anticipates: bool = False
    sight_m: float = 1000.0
    hand: str = "none"
    hand_stop_s: float = 0.0
    hand_slow_s: float = 0.0
    weights: str = ""


@dataclass(frozen=True, slots=True)
class Walking:
    """How a walker crosses a road.

    Attributes:
        margin_s: time that must be left when the far side is reached, besides the way across (HCM: 3 s).
        look_s: how long it stops and looks at the kerb; each time 0.5 to 1.5 of it, drawn from the seed.
        turn_back: probability that it goes back to the kerb where, on its first half, a vehicle comes too close.
        impatience_s: waiting time after which the margin has shrunk to nothing; 0 never.
    """

    margin_s: float = 3.0
    look_s: float = 1.0
    turn_back: float = 0.0
    impatience_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Style:
    """A named kind of driver or walker: parameters of car following, habits, walking.

    Attributes:
        time_headway_s: desired time gap.
        min_gap_m: standstill gap.
        max_acceleration_mps2: comfortable acceleration.
        comfortable_deceleration_mps2: comfortable braking.
        reaction_time_s: delay before it reacts.
        habits: the rest of a driver.
        walking: of a walker.
    """

    time_headway_s: float = 1.5
    min_gap_m: float = 2.0
    max_acceleration_mps2: float = 1.5
    comfortable_deceleration_mps2: float = 2.0
    reaction_time_s: float = 0.0
    habits: Habits = Habits()
    walking: Walking = Walking()


_CAUTIOUS = Habits(politeness=0.5, threshold_mps2=0.2, safe_braking_mps2=2.0, critical_gap_s=7.5, follow_up_s=3.8,
                   smallest_gap_s=6.2, impatience_s=120.0)  # fmt: skip
_AGGRESSIVE = Habits(politeness=0.0, threshold_mps2=0.05, safe_braking_mps2=6.0, right_bias_mps2=0.1, change_s=3.0,
                     critical_gap_s=4.5, follow_up_s=2.2, smallest_gap_s=3.0, impatience_s=20.0,
                     yields_on_crossings=False, keeps_clear=False)  # fmt: skip
_DISTRACTED = Habits(glance_every_s=8.0, glance_s=2.0, gap_error=0.05, approach_error_1ps=0.01)
_EMERGENCY = Habits(politeness=0.0, safe_braking_mps2=5.0, change_s=3.0, critical_gap_s=4.1, follow_up_s=2.2,
                    makes_way=False, passes_red=True)  # fmt: skip
STYLES: Mapping[str, Style] = {
    "normal": Style(),
    "cautious": Style(2.0, 3.0, 1.0, 1.5, 0.0, _CAUTIOUS, Walking(4.0, 1.5)),
    "aggressive": Style(0.8, 1.5, 2.5, 3.0, 0.0, _AGGRESSIVE, Walking(1.0, 0.3)),
    "distracted": Style(reaction_time_s=0.7, habits=_DISTRACTED, walking=Walking(1.5, 0.0)),
    "human": Style(
        reaction_time_s=0.6, habits=replace(_DISTRACTED, glance_every_s=0.0, glance_s=0.0, anticipates=True)
    ),
    "truck": Style(1.7, 3.0, 0.7, 2.0, 0.0, Habits(politeness=0.3, safe_braking_mps2=3.0, change_s=6.0)),
    "emergency": Style(1.0, 2.0, 2.0, 3.0, 0.0, _EMERGENCY),
    "child": Style(walking=Walking(0.5, 0.3, 0.5, 20.0)),
    "elderly": Style(walking=Walking(5.0, 3.0, 0.1)),
    "hesitant": Style(walking=Walking(3.0, 2.0, 0.9)),
}
