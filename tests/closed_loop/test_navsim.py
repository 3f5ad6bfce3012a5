"""NAVSIM's scores: sub-scores and sums worked out by hand, where a simplified definition gives another number."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.metrics.boxes import box_corners_2d
from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.drive import DrivingTask
from closed_loop.metrics.from_arrays import BoxTrack, LaneStrip, Light, drive_from_arrays
from closed_loop.metrics.navsim import subscores as part
from closed_loop.metrics.navsim.scene import PlanMotion, lanes_on, motion_of_drive, scene_of_drive
from closed_loop.metrics.navsim.score import (
    HumanFilter,
    ego_progress,
    epdms,
    pdms,
    score_plans,
    stage_weights,
    two_stage_score,
)
from closed_loop.metrics.nuplan.lanes import index_of
from closed_loop.tracking import Trajectory
from driving_data.taxonomy import ActorClass, SignalState
from tests.closed_loop.test_nuplan import CAR, going, strip
from tests.effort import examples

ROUTE = np.array([[-100.0, 0.0], [300.0, 0.0]])
TASK = DrivingTask(ROUTE, 200.0, 10.0, 10.0)
ROAD = (strip("a"),)


def world(ego, others=(), lanes=ROAD, task=TASK, **rest):
    return drive_from_arrays(0.1 * np.arange(len(ego.yaw_rad)), ego, others, lanes, task=task, **rest)


def judged(of, ego, others=(), lanes=ROAD, **rest):
    what = world(ego, others, lanes, **rest)
    return float(of(motion_of_drive(what), scene_of_drive(what))[0])


# ---- NC


def test_objects_cost_half_and_agents_all():
    """A front hit on a cone 1/2 (nuPlan would subtract per count), on a car 0; two cones still 1/2 (nuPlan: 0)."""
    ego = going((0, 0), 5.0, num=41)
    cone = going((12, 0.8), 0.0, num=41, size=(0.4, 0.4), kind=ActorClass.CONE)
    other = going((12, -0.8), 0.0, num=41, size=(0.4, 0.4), kind=ActorClass.CONE)
    assert judged(part.no_collision, ego, [cone]) == 0.5
    assert judged(part.no_collision, ego, [cone, other]) == 0.5
    assert METRICS["nuplan_no_at_fault_collisions"].measure(world(ego, [cone, other])).value == 0.0
    assert judged(part.no_collision, ego, [replace(cone, kind=ActorClass.PEDESTRIAN)]) == 0.0


def test_a_track_hit_without_fault_is_dropped():
    """Hit from behind at first, then the ego backs... the second, frontal contact of the same track does not count.

    The other car drives through the ego from behind: rear contact (no fault) comes first, frontal overlap later.
    """
    ego = going((0, 0), 1.0, num=41)
    through = going((-8, 0), 6.0, num=41)
    assert judged(part.no_collision, ego, [through]) == 1.0
    assert judged(part.no_collision, going((0, 0), 6.0, num=41), [going((8, 0), 1.0, num=41)]) == 0.0


def test_who_is_touched_at_the_start_is_left_out():
    ego = going((0, 0), 5.0, num=41)
    assert judged(part.no_collision, ego, [going((3.9, 0), 1.0, num=41)]) == 1.0


def test_lateral_fault_needs_corners_in_several_lanes():
    """Straddling two lanes of one direction that follow... beside each other: fault; inside one of them: none."""
    lanes = (strip("a"), strip("b", 3.5))
    side = going((-1.0, -3.0), 5.0, num=41, size=(3.0, 2.0))
    drifting = replace(side, center_m=side.center_m + np.linspace(0, 1, 41)[:, None] * np.array([0, 1.05]))
    assert judged(part.no_collision, going((0, 0), 5.0, num=41), [drifting], lanes) == 1.0
    beside = replace(drifting, center_m=drifting.center_m + np.array([0, 1.2]))
    assert judged(part.no_collision, going((0, 1.2), 5.0, num=41), [beside], lanes) == 0.0


# ---- DAC, DDC, TLC


def test_the_drivable_area_has_no_tolerance():
    """A corner 0.25 m out: nuPlan forgives it, NAVSIM does not; 2 cm of seam between lanes is no gap."""
    ego = going((0, 1.0), 5.0, num=41)
    assert METRICS["nuplan_drivable_area"].measure(world(ego)).value == 1.0
    assert judged(part.drivable_area, ego) == 0.0
    assert judged(part.drivable_area, going((0, 0.74), 5.0, num=41)) == 1.0
    assert judged(part.drivable_area, going((0, 0.76), 5.0, num=41)) == 0.0
    seam = (strip("a"), strip("b", 3.52))
    assert judged(part.drivable_area, going((0, 0.755), 5.0, num=41), lanes=seam) == 1.0


def test_direction_counts_path_length_off_the_route():
    """Forwards (!) at v in a lane that is not on the route: 11 steps of 0.1 v: 1.8 -> 1.98 m, 1.9 -> 2.09 m.

    nuPlan's own definition sees progress along that lane and gives 1.
    """
    lanes = (strip("a"), strip("b", 3.5, reverse=True))
    off = going((0, 3.5), 1.9, np.pi, num=41)
    assert judged(part.driving_direction, off, lanes=lanes) == 0.5
    assert METRICS["nuplan_driving_direction"].measure(world(off, lanes=lanes)).value == 1.0
    assert judged(part.driving_direction, going((0, 3.5), 1.8, np.pi, num=41), lanes=lanes) == 1.0
    assert judged(part.driving_direction, going((0, 3.5), 5.5, np.pi, num=41), lanes=lanes) == 0.0
    crossing = (strip("a"), strip("b", 3.5, reverse=True, junction="j"))
    assert judged(part.driving_direction, going((0, 3.5), 5.5, np.pi, num=41), lanes=crossing) == 1.0


def test_the_route_takes_lanes_beside_it_but_not_those_against_it():
    lanes = (strip("a", right_neighbor="r"), strip("r", -3.5, left_neighbor="a"), strip("b", 3.5, reverse=True))
    index = index_of(world(going((0, 0), 1.0), lanes=lanes).rollout.lane_map)
    assert lanes_on(index, ROUTE).tolist() == [True, True, False]
    assert lanes_on(index, np.array([[0.0, 3.5], [50.0, 3.5]])).tolist() == [False, False, False]


def test_touching_a_red_lane_is_a_violation_only_while_it_is_red():
    """The lane from x = 20 on is red for the first 2 s. The front (2 m ahead) reaches it at 1.8 s or 2.25 s."""
    lanes = (strip("a", x1=20.0, successors=("b",)), strip("b", x0=20.0))
    state = np.where(np.arange(41) < 20, int(SignalState.RED), int(SignalState.GREEN))
    light = Light("l", state, ("b",))
    assert judged(part.traffic_light, going((0, 0), 10.0, num=41), lanes=lanes, lights=[light]) == 0.0
    assert judged(part.traffic_light, going((0, 0), 8.0, num=41), lanes=lanes, lights=[light]) == 1.0


# ---- TTC


def test_ttc_uses_the_true_future():
    """Gap 9 m to a standing car at 10 m/s: the box moved on by 0.9 s touches it. The same car leaving sideways: no.

    A projection of both at constant velocity would hit the second, which stands still at first.
    """
    ego = going((0, 0), 10.0, num=10)
    assert judged(part.time_to_collision, ego, [going((13, 0), 0.0, num=10)]) == 0.0
    assert judged(part.time_to_collision, ego, [going((13.1, 0), 0.0, num=10)]) == 1.0
    y = np.where(np.arange(10) < 5, 0.0, 8.0)
    jumps = BoxTrack(np.stack([np.full(10, 13.0), y], axis=-1), np.zeros(10), CAR, np.zeros((10, 2)))
    assert judged(part.time_to_collision, ego, [jumps]) == 1.0


def test_ttc_looks_at_four_times_only():
    """A walker who crosses the ego's box between 0.3 and 0.6 s is never met at 0, 0.3, 0.6 or 0.9 s."""
    ego = going((0, 0), 10.0, num=10)
    x = np.where((np.arange(10) == 4) | (np.arange(10) == 5), 8.0, 60.0)
    walker = BoxTrack(np.stack([x, 0 * x], axis=-1), np.zeros(10), (0.5, 0.5), np.zeros((10, 2)),
                      kind=ActorClass.PEDESTRIAN)  # fmt: skip
    assert judged(part.time_to_collision, ego, [walker]) == 1.0
    seen = replace(walker, center_m=np.where((np.arange(10) == 6)[:, None], [8.0, 0.0], [60.0, 0.0]))
    assert judged(part.time_to_collision, ego, [seen]) == 0.0


def test_a_slow_ego_and_what_is_behind_do_not_count():
    """0.0049 m/s is no motion; a car that comes from behind at first is dropped although it is ahead in the end."""
    assert judged(part.time_to_collision, going((0, 0), 0.0049, num=13), [going((8, 0), 5.0, np.pi, num=13)]) == 1.0
    assert judged(part.time_to_collision, going((0, 0), 0.0051, num=13), [going((8, 0), 5.0, np.pi, num=13)]) == 0.0
    assert judged(part.time_to_collision, going((0, 0), 1.0, num=41), [going((-8, 0), 6.0, num=41)]) == 1.0


def ttc_twin(motion, scene, wide, intersection):
    """The loops of the definition for one plan."""
    dropped = set()
    num_frames = motion.yaw_rad.shape[1]
    for n in range(scene.track_size_m.shape[0]):
        if _box(motion.center_m[0, 0], motion.yaw_rad[0, 0], motion.size_m).intersects(_track(scene, 0, n)):
            dropped.add(n)
    for t in range(num_frames - 9):
        for ahead in (0, 3, 6, 9):
            forward = np.array([np.cos(motion.yaw_rad[0, t]), np.sin(motion.yaw_rad[0, t])])
            at = motion.center_m[0, t] + forward * motion.speed_mps[0, t] * 0.1 * ahead
            box = _box(at, motion.yaw_rad[0, t], motion.size_m)
            for n in range(scene.track_size_m.shape[0]):
                if n in dropped or motion.speed_mps[0, t] < 0.005 or not box.intersects(_track(scene, t + ahead, n)):
                    continue
                rear = motion.center_m[0, t] - motion.rear_axle_to_center_m * forward
                to = scene.track_center_m[t + ahead, n] - rear
                bearing = np.degrees(np.arccos(np.clip(to @ forward / np.hypot(*to), -1, 1)))
                if bearing < 30 or ((wide[0, t] or intersection[0, t]) and bearing <= 150):
                    return 0.0
                dropped.add(n)
    return 1.0


def _box(center, yaw, size):
    return shapely.Polygon(box_corners_2d(center, np.array(yaw), size))


def _track(scene, t, n):
    return _box(scene.track_center_m[t, n], scene.track_yaw_rad[t, n], scene.track_size_m[n])


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_ttc_agrees_with_its_loops(seed):
    rng = np.random.default_rng(seed)
    ego = going((0, rng.uniform(-1.5, 3.0)), rng.uniform(0, 12), rng.uniform(-0.3, 0.3), num=20)
    others = [
        going(rng.uniform([-10, -6], [25, 6]), rng.uniform(0, 9), rng.uniform(-3, 3), num=20, size=(3.0, 1.5))
        for _ in range(3)
    ]
    what = world(ego, others, (strip("a"), strip("b", 3.5)))
    motion, scene = motion_of_drive(what), scene_of_drive(what)
    wide = part.across_lanes(motion, scene)
    crossing = part.in_intersection(motion.rear_axle_m(), scene)
    assert part.time_to_collision(motion, scene)[0] == ttc_twin(motion, scene, wide, crossing)


# ---- EP, LK, HC, EC


def test_progress_is_compared_with_what_the_multipliers_leave():
    """Plan 20 m, reference 40 m that left the road (factor 0): max(20, 0) = 20 -> 1; factor 1/2: 20 -> 1; 1: 1/2."""
    assert ego_progress(20.0, 1.0, 40.0, 0.0) == 1.0
    assert ego_progress(20.0, 1.0, 40.0, 0.5) == 1.0
    assert ego_progress(20.0, 1.0, 40.0, 1.0) == 0.5
    assert ego_progress(20.0, 0.5, 8.0, 1.0) == 1.0  # 20 / max(10, 8) is clipped; 10 / 10 would be 1 as well
    assert ego_progress(4.0, 0.5, 8.0, 1.0) == 0.5  # the plan's own multiplier is not in the numerator: not 0.25
    assert [ego_progress(1.0, 1.0, 5.0), ego_progress(1.0, 1.0, 5.001)] == [1.0, pytest.approx(1 / 5.001)]


def keeping(off, crossing=None):
    """Lane keeping of a car whose centre is 0.6 m off in the frames given, in a junction in others."""
    y = np.where(off, 0.6, 0.0)
    x = np.where(np.zeros(len(off), bool) if crossing is None else crossing, 150.0, 0.0) + 0.01 * np.arange(len(off))
    lanes = (strip("a", x1=100.0), strip("j", x0=100.0, junction="j"))
    ego = BoxTrack(np.stack([x, y], axis=-1), np.zeros(len(off)), CAR, np.zeros((len(off), 2)))
    return judged(part.lane_keeping, ego, lanes=lanes)


def test_lane_keeping_breaks_after_twenty_frames_on_end():
    frames = np.arange(41)
    assert keeping(frames < 19) == 1.0
    assert keeping(frames < 20) == 0.0
    assert keeping((frames < 19) | (frames > 19)) == 0.0
    assert keeping((frames < 19) | ((frames > 19) & (frames < 39))) == 1.0


def test_intersections_neither_count_nor_end_the_row():
    """12 frames off, 10 in the junction, 8 off: a row of 20. Ended by the junction it would be 12 and 8."""
    frames = np.arange(41)
    crossing = (frames >= 12) & (frames < 22)
    assert keeping(frames < 30, crossing) == 0.0
    assert keeping(frames < 29, crossing) == 1.0


def motion(acceleration, yaw=None):
    count = len(acceleration)
    return PlanMotion(np.zeros((1, count, 2)), np.zeros((1, count)) if yaw is None else yaw[None],
                      np.zeros((1, count)), acceleration[None], np.array(CAR), 1.3)  # fmt: skip


def test_history_comfort_sees_the_step_into_the_plan():
    """Braking at -3 before and accelerating at 2 in the plan: each comfortable alone, the jerk between them not.

    A line fitted to 15 samples of a step of 5 m/s^2 rises by 1.5 x 5 / 1.5 s = 5 m/s^3 > 4.13.
    """
    plan = motion(np.tile([2.0, 0.0], (41, 1)))
    assert part.is_comfortable(plan)[0] == 1.0
    assert part.is_comfortable(plan, np.tile([-3.0, 0.0], (15, 1)), np.zeros(15))[0] == 0.0


def test_extended_comfort_is_the_rms_over_the_overlap():
    """Plans 0.5 s apart with constant 1.0 and 1.7 m/s^2: RMS 0.7 <= 0.7 holds (inclusive); 1.701 does not."""
    old = motion(np.tile([1.0, 0.0], (41, 1)))
    score, rms = part.extended_comfort(old, motion(np.tile([1.7 - 1e-12, 0.0], (41, 1))), 5)
    assert score[0] == 1.0
    assert rms[0]["acceleration"] == pytest.approx(0.7)
    assert part.extended_comfort(old, motion(np.tile([1.701, 0.0], (41, 1))), 5)[0][0] == 0.0
    late = np.zeros((41, 2))
    late[:5, 0] = 9.0  # only before the overlap: the old plan's first half second is not compared
    early = motion(late)
    assert part.extended_comfort(early, motion(np.zeros((41, 2))), 5)[0][0] == 1.0
    with pytest.raises(ValueError, match="cannot be compared"):
        part.extended_comfort(old, old, 41)


# ---- sums


PARTS = {
    "nc": 1.0,
    "dac": 1.0,
    "ddc": 0.5,
    "tlc": 1.0,
    "ep": 0.6,
    "ttc": 1.0,
    "lk": 0.0,
    "hc": 1.0,
    "ec": 0.0,
    "c": 0.0,
}


def test_the_sums():
    """PDMS (5 + 3 + 0) / 12 = 2/3; EPDMS 0.5 (3 + 5 + 0 + 2 + 0) / 16 = 0.3125; without EC 0.5 x 10 / 14."""
    assert pdms(PARTS) == pytest.approx(2 / 3)
    assert epdms(PARTS).score == pytest.approx(0.3125)
    alone = epdms({**PARTS, "ec": None})
    assert alone.score == pytest.approx(5 / 14)
    assert "ec" in alone.left_out


def test_the_human_filter_and_what_was_first_published():
    """DAC 0 for plan and human, LK 0 for both. Fixed: 0.5 (3 + 5 + 2 + 2) / 16 = 0.375; as first published: 0."""
    mine, human = {**PARTS, "dac": 0.0}, {**PARTS, "dac": 0.0, "ec": 1.0}
    fixed = epdms(mine, human)
    assert fixed.score == pytest.approx(0.375)
    assert fixed.parts["dac"] == fixed.parts["lk"] == 1.0
    assert fixed.parts["ec"] == 0.0
    published = epdms(mine, human, HumanFilter.AS_FIRST_PUBLISHED)
    assert published.score == 0.0
    assert published.parts["dac"] == 1.0
    assert epdms(mine, human, HumanFilter.OFF).parts["dac"] == 0.0
    assert epdms(mine).score == 0.0


def test_two_stages():
    """d^2 = 0 and 0.2 ln 2: weights 1 and exp(-ln 2) = 1/2, so 2/3 and 1/3. S = 0.9 (2/3 x 1 + 1/3 x 0.4) = 0.72."""
    starts = np.array([[10.0, 0.0], [10.0, np.sqrt(0.2 * np.log(2))]])
    assert stage_weights(np.array([10.0, 0.0]), starts) == pytest.approx([2 / 3, 1 / 3])
    assert two_stage_score(0.9, np.array([10.0, 0.0]), np.array([1.0, 0.4]), starts) == pytest.approx(0.72)
    assert stage_weights(np.array([900.0, 0.0]), starts) == pytest.approx([0.5, 0.5])


# ---- on drives and plans


def test_a_drive_is_judged_as_one_plan():
    """8 m/s for 4 s against 10 m/s: EP 32 / 40 = 0.8; PDMS (5 + 4 + 2) / 12, EPDMS (4 + 5 + 2 + 2) / 14."""
    what = world(going((0, 0), 8.0, num=41))
    assert METRICS["pdms"].measure(what).value == pytest.approx(11 / 12)
    got = METRICS["epdms"].measure(what)
    assert got.value == pytest.approx(13 / 14)
    assert got.evidence["left_out"] == ["ec"]
    assert METRICS["epdms"].measure(world(going((0, 0), 8.0), task=None)).reason == "no route is known"
    slow = drive_from_arrays(0.2 * np.arange(41), going((0, 0), 8.0, num=41, dt=0.2), (), ROAD, task=TASK)
    assert "10 Hz" in METRICS["pdms"].measure(slow).reason


def straight_plans(starts, speed):
    x = np.array(starts)[:, None] + speed * 0.1 * np.arange(41)
    return Trajectory(np.stack([x, 0 * x], axis=-1), np.zeros((len(starts), 41)))


def test_plans_are_driven_scored_and_compared_with_the_plan_before():
    """Plans at frames 0, 5 and 60 of a calm drive: the first has no EC, the second has, the third finds no future."""
    what = world(going((0, 0), 8.0, num=81, rear_axle_to_center_m=1.3))
    steps = np.array([0, 5, 60])
    plans = straight_plans(0.8 * steps - 1.3, 8.0)
    first, second, third = score_plans(what, steps, plans)
    assert first is not None and second is not None and third is None
    assert "ec" in first.left_out and second.parts["ec"] == 1.0
    assert second.score == pytest.approx(1.0)
    braking = np.array([0.0, 2.0])
    x = np.stack([np.cumsum(np.concatenate([[-1.3 + 0.8 * s], 0.8 - 0.01 * b * np.arange(40) / 2]))
                  for s, b in zip((0, 5), braking, strict=True)])  # fmt: skip
    unsteady = score_plans(what, steps[:2], Trajectory(np.stack([x, 0 * x], axis=-1), np.zeros((2, 41))))
    assert unsteady[1] is not None and unsteady[1].parts["ec"] == 0.0


def test_a_plan_into_a_standing_car_scores_nothing():
    """The ego itself stopped in time; the plan did not: what is judged is the plan, not the drive."""
    ego = going((0, 0), 8.0, num=45)
    halted = replace(ego, center_m=np.minimum(ego.center_m, [10.0, 0.0]))
    what = world(halted, [going((25, 0), 0.0, num=45)])
    (score,) = score_plans(what, np.array([0]), straight_plans([0.0], 8.0))
    assert score is not None
    assert (score.score, score.parts["nc"], score.parts["ttc"]) == (0.0, 0.0, 0.0)
    assert METRICS["pdms"].measure(what).evidence["parts"]["nc"] == 1.0


@settings(max_examples=10, deadline=None)
@given(angle=st.floats(-3, 3), x=st.floats(-900, 900), y=st.floats(-900, 900), mirror=st.booleans())
def test_scores_do_not_depend_on_where_the_world_lies(angle, x, y, mirror):
    flip = np.array([1.0, -1.0 if mirror else 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def points(p):
        return (p * flip) @ turn.T + [x, y]

    def box(track):
        return replace(track, center_m=points(track.center_m), yaw_rad=flip[1] * track.yaw_rad + angle,
                       velocity_mps=(track.velocity_mps * flip) @ turn.T)  # fmt: skip

    def lane(one):
        left, right = points(one.left_m), points(one.right_m)
        return LaneStrip(one.id, *((right, left) if mirror else (left, right)))

    ego, other = going((0, 0.3), 9.0, 0.01, num=41), going((30, 0), 5.0, num=41)
    lanes = (strip("a"), strip("b", 3.5))
    here = world(ego, [other], lanes)
    there = world(box(ego), [box(other)], [lane(one) for one in lanes], task=replace(TASK, route_m=points(ROUTE)))
    for name in ("pdms", "epdms"):
        assert METRICS[name].measure(there).value == pytest.approx(METRICS[name].measure(here).value, abs=1e-6)
