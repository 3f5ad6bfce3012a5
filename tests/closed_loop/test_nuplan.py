"""nuPlan's scores: every definition against numbers worked out by hand, where a simplified one gives another."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.metrics.boxes import box_corners_2d
from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.collision import ContactType
from closed_loop.metrics.definition import MetricValue, not_applicable
from closed_loop.metrics.drive import DrivingTask, drive_of
from closed_loop.metrics.from_arrays import BoxTrack, LaneStrip, drive_from_arrays, rollout_from_arrays
from closed_loop.metrics.nuplan import comfort, road
from closed_loop.metrics.nuplan.contacts import (
    at_fault_score,
    contact_type,
    delta_v_mps,
    is_at_fault,
    nuplan_contacts,
)
from closed_loop.metrics.nuplan.lanes import index_of
from closed_loop.metrics.nuplan.open_loop import open_loop_score
from closed_loop.metrics.nuplan.score import MULTIPLIERS, cls_score, over_scenarios
from closed_loop.metrics.nuplan.ttc import GRID_S, counted_tracks, nuplan_ttc_s, time_to_collision_s
from closed_loop.suites.episodes import others_react
from driving_data.logs.registry import read
from driving_data.taxonomy import ActorClass
from scenarios.concrete import Driver, RoadChoice
from tests.closed_loop import worlds
from tests.effort import examples

CAR = (4.0, 2.0)


def strip(name, y=0.0, x0=-100.0, x1=300.0, width=3.5, reverse=False, **rest):
    """A straight lane along x, or against it."""
    x = np.linspace(x0, x1, 41)
    left = np.stack([x, np.full(41, y + width / 2)], axis=-1)
    right = np.stack([x, np.full(41, y - width / 2)], axis=-1)
    return LaneStrip(name, right[::-1], left[::-1], **rest) if reverse else LaneStrip(name, left, right, **rest)


def going(start, speed, yaw=0.0, num=31, dt=0.1, size=CAR, **rest):
    """A box that goes straight along its heading."""
    time = dt * np.arange(num)
    forward = np.array([np.cos(yaw), np.sin(yaw)])
    velocity = np.tile(speed * forward, (num, 1))
    return BoxTrack(np.asarray(start) + time[:, None] * velocity, np.full(num, yaw), size, velocity, **rest)


ROAD = (strip("a"),)


def drive(ego, others=(), lanes=ROAD, dt=0.1, **rest):
    return drive_from_arrays(dt * np.arange(len(ego.yaw_rad)), ego, others, lanes, **rest)


def measured(name, what):
    return METRICS[f"nuplan_{name}"].measure(what)


# ---- contacts


@pytest.mark.parametrize(
    ("ego", "track", "agent", "bearing", "front", "expected"),
    [
        (0.05, 9.0, True, 180.0, True, ContactType.STOPPED_EGO),
        (0.06, 0.05, True, 180.0, True, ContactType.STOPPED_TRACK),
        (0.06, 9.0, False, 180.0, True, ContactType.STOPPED_TRACK),
        (5.0, 9.0, True, 150.1, True, ContactType.ACTIVE_REAR),
        (5.0, 9.0, True, 150.0, True, ContactType.ACTIVE_FRONT),
        (5.0, 9.0, True, 150.0, False, ContactType.LATERAL),
    ],
)
def test_types_are_tried_in_their_order(ego, track, agent, bearing, front, expected):
    assert contact_type(ego, track, agent, float(np.deg2rad(bearing)), front) is expected


def test_the_bearing_is_taken_at_the_rear_axle():
    """Ego box 4 x 2 at the origin, rear axle at (-1.3, 0). A car 1.9 m to the left whose centre is at (-2.8, 1.9).

    From the rear axle: atan2(1.9, -1.5) = 128.3 degrees, so LATERAL; from the box centre atan2(1.9, -2.8) = 145.8 is
    lateral too, so a second at (-4.4, 1.9): 148.5 from the axle, LATERAL, but 156.6 from the centre, which would be
    a hit from behind and nobody's fault.
    """
    assert np.rad2deg(np.arctan2(1.9, -3.1)) == pytest.approx(148.5, abs=0.05)
    ego = going((0, 0), 5.0, num=3, rear_axle_to_center_m=1.3)
    hit = BoxTrack(np.tile([-4.4, 1.9], (3, 1)), np.zeros(3), (5.0, 2.0), np.tile([5.0, 0.0], (3, 1)))
    (contact,) = nuplan_contacts(drive(ego, [hit]))
    assert contact.type is ContactType.LATERAL
    centred = nuplan_contacts(drive(replace(ego, rear_axle_to_center_m=0.0), [hit]))
    assert centred[0].type is ContactType.ACTIVE_REAR


def test_a_lateral_contact_is_at_fault_only_across_lanes():
    """The same touch from the right at y = 1.0: in a lane 3.5 m wide the corners reach y = 2.0 > 1.75: across."""
    lanes = (strip("a"), strip("b", 3.5))
    for y, blame in ((0.0, False), (1.0, True)):
        ego = going((0, y), 5.0, num=3)
        other = going((0, y - 1.95), 5.0, num=3, size=(3.0, 2.0))
        (contact,) = nuplan_contacts(drive(ego, [other], lanes))
        assert contact.type is ContactType.LATERAL
        assert contact.at_fault is blame
        assert measured("no_at_fault_collisions", drive(ego, [other], lanes)).value == (0.0 if blame else 1.0)


def test_lanes_that_follow_one_another_count_as_one():
    """The border between two lanes in a row at x = 0 runs through the ego: corners in both, still one way."""
    ego, other = going((-1, 0), 5.0, num=1), going((-1, -1.95), 5.0, num=1, size=(3.0, 2.0))
    joined = (strip("a", x1=0.0, successors=("b",)), strip("b", x0=0.0))
    parted = (strip("a", x1=0.0), strip("b", x0=0.0))
    assert not nuplan_contacts(drive(ego, [other], joined))[0].at_fault
    assert nuplan_contacts(drive(ego, [other], parted))[0].at_fault


def test_only_the_first_frame_of_a_track_counts():
    """At rest when first touched (STOPPED_EGO, no fault), then the ego pushes on: the track was dropped."""
    velocity = np.array([[0.0, 0], [5.0, 0], [5.0, 0]])
    ego = BoxTrack(np.array([[0.0, 0], [0.5, 0], [1.0, 0]]), np.zeros(3), CAR, velocity)
    other = going((3.9, 0), 1.0, num=3)
    found = nuplan_contacts(drive(ego, [other]))
    assert [(c.step, c.type, c.at_fault) for c in found] == [(0, ContactType.STOPPED_EGO, False)]


def test_touching_boxes_are_in_contact():
    """Centres 4.0 m apart, both 4.0 m long: the boxes share an edge."""
    assert len(nuplan_contacts(drive(going((0, 0), 5.0, num=1), [going((4.0, 0), 4.0, num=1)]))) == 1
    assert len(nuplan_contacts(drive(going((0, 0), 5.0, num=1), [going((4.001, 0), 4.0, num=1)]))) == 0


def test_the_collision_score_is_a_product_over_categories():
    """One object: 1 - 1/2. Two objects: 0. One vehicle: 0. Both a person unhurt and one cone: 0.5."""
    assert [at_fault_score(0, 0, 0), at_fault_score(0, 0, 1), at_fault_score(0, 0, 2)] == [1.0, 0.5, 0.0]
    assert [at_fault_score(1, 0, 0), at_fault_score(0, 1, 0), at_fault_score(0, 1, 1)] == [0.0, 0.0, 0.0]
    small = [going((2.1, y), 0.0, num=2, size=(0.3, 0.3)) for y in (-0.7, 0.7)]
    cone, animal = replace(small[0], kind=ActorClass.CONE), replace(small[1], kind=ActorClass.ANIMAL)
    ego = going((0, 0), 3.0, num=2)
    assert measured("no_at_fault_collisions", drive(ego, [cone])).value == 0.5
    assert measured("no_at_fault_collisions", drive(ego, [animal])).value == 0.5
    assert measured("no_at_fault_collisions", drive(ego, [cone, animal])).value == 0.0
    scooter = replace(small[0], kind=ActorClass.MOTORCYCLE)
    assert measured("no_at_fault_collisions", drive(ego, [scooter])).value == 0.0


def test_delta_v_is_the_law_of_cosines_over_two():
    """3 and 4 m/s at a right angle: sqrt(9 + 16) / 2 = 2.5; head on with 10 and 10: 10; a truck of 6 t: 3/4."""
    assert delta_v_mps(3.0, 4.0, np.pi / 2) == pytest.approx(2.5)
    assert delta_v_mps(10.0, 10.0, np.pi) == pytest.approx(10.0)
    assert delta_v_mps(10.0, 0.0, 0.0, track_mass_kg=6000.0) == pytest.approx(7.5)


def test_blame_follows_the_type():
    assert [is_at_fault(how, True) for how in ContactType] == [False, True, False, True, False]
    assert is_at_fault(ContactType.LATERAL, False)


# ---- time to collision


def ttc(ego, track):
    what = drive(ego, [track])
    return float(nuplan_ttc_s(what)[0][0])


def test_the_grid_has_29_times_up_to_2_9_s():
    assert len(GRID_S) == 29
    assert GRID_S[-1] == pytest.approx(2.9)


def test_ttc_is_the_first_time_of_the_grid():
    """Gap 9.5 m closing at 10 m/s: exact 0.95 s, on the grid 1.0 s > 0.95, so the bound holds; at 9.0 m 0.9 s."""
    holds, breaks = going((13.5, 0), 0.0, num=1), going((13.0, 0), 0.0, num=1)
    assert ttc(going((0, 0), 10.0, num=1), holds) == pytest.approx(1.0)
    assert measured("time_to_collision", drive(going((0, 0), 10.0, num=1), [holds])).value == 1.0
    assert ttc(going((0, 0), 10.0, num=1), breaks) == pytest.approx(0.9)
    assert measured("time_to_collision", drive(going((0, 0), 10.0, num=1), [breaks])).value == 0.0
    assert ttc(going((0, 0), 10.0, num=1), going((33.5, 0), 0.0, num=1)) == np.inf  # 2.95 s: past the last of the grid


def test_boxes_are_projected_along_their_heading_not_their_velocity():
    """A car ahead faces the ego but rolls back at 5 m/s: projected at 5 m/s towards it: 20 m / (10 + 5) = 1.33 -> 1.4.

    With its true velocity (away at 5 m/s) they would meet after 4 s, out of the grid.
    """
    rolling = BoxTrack(np.array([[24.0, 0.0]]), np.array([np.pi]), CAR, np.array([[5.0, 0.0]]))
    assert ttc(going((0, 0), 10.0, num=1), rolling) == pytest.approx(1.4)


def test_objects_stand_whatever_their_velocity():
    """A cone recorded with 10 m/s away from the ego is projected standing: 10 m / 10 m/s = 1.0 s."""
    cone = replace(going((12.5, 0), 10.0, num=1, size=(1.0, 1.0)), kind=ActorClass.CONE)
    assert ttc(going((0, 0), 10.0, num=1), cone) == pytest.approx(1.0)
    assert ttc(going((0, 0), 10.0, num=1), replace(cone, kind=ActorClass.CAR)) == np.inf


def test_which_tracks_count():
    """29.9 degrees always; 30 and 150 only while across lanes or in an intersection; over 150 never."""
    bearing = np.deg2rad(np.array([[29.9, 30.0, 150.0, 150.1]] * 3))
    got = counted_tracks(bearing, np.array([True, False, True]), np.array([False, False, True]))
    assert got.tolist() == [[True, False, False, False], [True, True, True, False], [True, True, True, False]]


def test_a_car_from_the_side_counts_only_in_the_intersection():
    """At 45 degrees: (12, -12) going north at 10 m/s with the ego going east at 10 m/s: they meet in between."""
    ego, crossing = going((0, 0), 10.0, num=1), going((12, -12), 10.0, np.pi / 2, num=1)
    assert np.isinf(nuplan_ttc_s(drive(ego, [crossing]))[0]).all()
    inside = (strip("a", junction="j"),)
    # Centres meet at 1.2 s; boxes overlap in x from (12 - 1 - 2) / 10 = 0.9 s, in y from (12 - 2 - 1) / 10 = 0.9 s.
    assert nuplan_ttc_s(drive(ego, [crossing], inside))[0][0] == pytest.approx(0.9)


def test_a_slow_ego_has_no_ttc_but_fault_makes_it_zero():
    """0.005 m/s is stopped; after the fault at frame 0 the track is out, so later frames are free."""
    assert ttc(going((0, 0), 0.005, num=1), going((10.0, 0), 10.0, np.pi, num=1)) == np.inf
    assert ttc(going((0, 0), 0.006, num=1), going((10.0, 0), 10.0, np.pi, num=1)) == pytest.approx(0.6)
    what = drive(going((0, 0), 3.0, num=4), [going((3.9, 0), 2.0, num=4)])
    times, names = nuplan_ttc_s(what)
    assert times.tolist() == [0.0, np.inf, np.inf, np.inf]
    assert names[0] == "actor_1"
    value = measured("time_to_collision", what)
    assert (value.value, value.at_s, value.evidence["actor"]) == (0.0, 0.0, "actor_1")


def ttc_twin(ego, other):
    """Boxes stepped along the grid, polygons intersected."""
    for t in GRID_S:
        boxes = []
        for center, yaw, speed, size in (ego, other):
            at = center + t * speed * np.array([np.cos(yaw), np.sin(yaw)])
            boxes.append(shapely.Polygon(box_corners_2d(at, np.array(yaw), np.asarray(size))))
        if boxes[0].intersects(boxes[1]):
            return float(t)
    return np.inf


@settings(max_examples=examples(150), deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_ttc_agrees_with_stepping_along_the_grid(seed):
    rng = np.random.default_rng(seed)
    ego = rng.uniform(-20, 20, 2), rng.uniform(-4, 4), rng.uniform(0, 15), rng.uniform(0.5, 6, 2)
    other = rng.uniform(-20, 20, 2), rng.uniform(-4, 4), rng.uniform(0, 15), rng.uniform(0.5, 6, 2)
    got = time_to_collision_s(
        ego[0][None], np.array([ego[1]]), np.array([ego[2]]), ego[3], other[0][None, None], np.array([[other[1]]]),
        np.array([[other[2]]]), other[3][None],
    )  # fmt: skip
    assert got[0, 0] == pytest.approx(ttc_twin(ego, other))


# ---- road


def square(x0, y0, x1, y1):
    return shapely.box(x0, y0, x1, y1)


def test_a_corner_is_far_off_at_exactly_thirty_centimetres():
    """The road ends at y = 1. A corner at 1.25 is 0.25 m off: forgiven; at 1.5 it is 0.5 m off; at 1.3 exactly: far."""
    ground = [square(-50, -1, 50, 1)]
    corners = np.zeros((3, 4, 2))
    corners[:, 0, 1] = [1.25, 1.5, 1.0 + 0.3 + 1e-12]
    far, distance = road.corners_far_off(corners, ground)
    assert far[:, 0].tolist() == [False, True, True]
    assert distance[:2, 0] == pytest.approx([0.25, 0.5])


def test_a_corner_near_the_lane_of_the_egos_centre_is_forgiven():
    """Drivable up to y = 1; the ego's lane reaches y = 2: a corner at 2.2 is 1.2 m off the area, 0.2 m off the lane."""
    ground, lane = [square(-50, -1, 50, 1)], square(-50, -2, 50, 2)
    corners = np.zeros((2, 4, 2))
    corners[:, 2, 1] = [2.2, 2.4]
    assert road.corners_far_off(corners, ground)[0].any(axis=1).tolist() == [True, True]
    far, _ = road.corners_far_off(corners, ground, [[lane], [lane]], [lane])
    assert far.any(axis=1).tolist() == [False, True]


def test_the_drivable_area_of_a_drive():
    """Lane half width 1.75, half the car 1: at y = 1.0 the corner is 0.25 m out, at y = 1.1 it is 0.35 m out."""
    assert measured("drivable_area", drive(going((0, 1.0), 5.0))).value == 1.0
    off = measured("drivable_area", drive(going((0, 1.1), 5.0)))
    assert off.value == 0.0
    assert off.evidence["farthest_m"] == pytest.approx(0.35)
    assert "front left" in off.reason
    assert measured("drivable_area", drive(going((0, 1.1), 5.0), lanes=())).reason == "no lane map"


def test_direction_uses_eleven_samples_and_strict_bounds():
    """Backwards at v for 3 s in a lane: 11 samples of 0.1 v = 1.1 v within "1 s" (n = int(1 / 0.1) + 1), not 1.0 v.

    1.9 m/s: 2.09 m >= 2 -> 0.5 (ten samples: 1.9 m -> 1). 5.5 m/s: 6.05 m >= 6 -> 0 (ten: 5.5 m -> 0.5).
    """

    def back(speed):
        ego = going((100, 0), -speed)
        return measured("driving_direction", drive(ego)).value, measured("driving_direction", drive(ego)).evidence

    assert back(1.8)[0] == 1.0
    assert back(1.9)[0] == 0.5
    assert back(1.9)[1]["worst_m"] == pytest.approx(2.09)
    assert back(5.5)[0] == 0.0
    assert [road.direction_score(x) for x in (1.999, 2.0, 5.999, 6.0)] == [1.0, 0.5, 0.5, 0.0]
    assert road.samples_in(1.0, (np.arange(20) * 100_000_000)) == 10


def test_direction_counts_motion_along_the_middle_only():
    """Across a reversed lane at a right angle the path is long, the progress along it nothing."""
    ego = going((0, -1.5), 4.0, np.pi / 2, num=8, size=(1.0, 1.0))
    assert measured("driving_direction", drive(ego, lanes=(strip("a", reverse=True),))).evidence["worst_m"] == 0.0


def test_a_new_lane_gives_no_progress_for_two_frames():
    """Backwards from lane b into a at frame 5, 1 m a frame: frames 5 and 6 are 0, so of 9 steps 7 - 1 count...

    frame 0: no place before: 0; 1..4 in b: -1 each; 5 (first in a) and 6 (first place): 0; 7, 8: -1 each: -6 in all.
    """
    lanes = (strip("a", x1=0.0, successors=("b",)), strip("b", x0=0.0))
    x = 4.5 - np.arange(9.0)
    what = drive(BoxTrack(np.stack([x, 0 * x], axis=-1), np.zeros(9), CAR), lanes=lanes)
    index = index_of(what.rollout.lane_map)
    route = ((1,),) * 5 + ((0,),) * 4
    got = road.direction_progress_m(index, route, what.center_m)
    assert got == pytest.approx([0, -1, -1, -1, -1, 0, 0, -1, -1])
    assert measured("driving_direction", what).evidence["worst_m"] == pytest.approx(6.0)


def test_speed_limit_is_the_excess_over_2_23():
    """12.23 m/s at 10 m/s: excess 2.23 in 31 frames of 0.1 s over 3 s: 1 - 31 x 0.1 x 2.23 / (2.23 x 3) < 0 -> 0.

    10.223 m/s: 1 - 31 x 0.1 x 0.223 / (2.23 x 3) = 1 - 0.1 x 31 / 30 = 0.89667; without the first frame 0.9.
    """
    lanes = (strip("a", speed_limit_mps=10.0),)
    assert measured("speed_limit", drive(going((0, 0), 12.23), lanes=lanes)).value == 0.0
    assert measured("speed_limit", drive(going((0, 0), 10.223), lanes=lanes)).value == pytest.approx(1 - 3.1 / 30)
    assert measured("speed_limit", drive(going((0, 0), 10.0), lanes=lanes)).value == 1.0


def test_on_a_connector_the_greatest_limit_around_holds():
    """Before 10, after 14, the connector itself 5: the limit there is 14."""
    lanes = (
        strip("in", x1=0.0, speed_limit_mps=10.0, successors=("c",)),
        strip("c", x0=0.0, x1=100.0, speed_limit_mps=5.0, junction="j", successors=("out",)),
        strip("out", x0=100.0, speed_limit_mps=14.0),
    )
    what = measured("speed_limit", drive(going((20, 0), 13.0), lanes=lanes))
    assert what.value == 1.0
    over = measured("speed_limit", drive(going((-80, 0), 13.0, num=11), lanes=lanes))
    assert over.evidence["max_over_mps"] == pytest.approx(3.0)


def test_off_the_lanes_no_limit_counts():
    """On the drivable area beside the lane, at 40 m/s: those frames are 0."""
    what = drive_from_arrays(
        0.1 * np.arange(31), going((0, 20), 40.0), lanes=(strip("a", speed_limit_mps=10.0),),
        drivable_m=[np.array([[-100, 10], [300, 10], [300, 30], [-100, 30.0]])],
    )  # fmt: skip
    value = measured("speed_limit", what)
    assert not value.applicable
    assert value.reason == "no speed limit is known"
    assert road.speed_limit_score(road.overspeed_mps(np.array([40.0, 40.0]), np.array([np.nan, 10.0])), 10.0) == 0.0


def expert(speed, num=31):
    return going((0, 0), speed, num=num).center_m


def with_expert(ego, expert_m, lanes=ROAD, reactive=None):
    task = DrivingTask(None, 100.0, 10.0, 10.0, expert_m=expert_m, reactive=reactive)
    return drive(ego, lanes=lanes, task=task)


def test_progress_is_floored_at_two_metres():
    """Ego 1 m, expert 30 m: 2 / 30 = 0.0667 (threshold 0.1 m of the docs: 0.0333); ego back 1.9 m: 2/30; 2.1 m: 0."""
    assert road.progress_score(1.0, 30.0) == pytest.approx(2 / 30)
    assert road.progress_score(-1.9, 30.0) == pytest.approx(2 / 30)
    assert road.progress_score(-2.1, 30.0) == 0.0
    assert road.progress_score(0.0, 1.0) == 1.0
    assert road.progress_score(50.0, 30.0) == 1.0
    assert road.progress_score(-50.0, None) == 1.0


def test_progress_is_along_the_experts_road_blocks():
    """Ego 4 m/s beside the expert at 10 m/s for 3 s: 12 / 30. Ego on a road the expert never took: floor 2 / 30."""
    lanes = (strip("a", right_neighbor="b"), strip("b", -3.5, left_neighbor="a"), strip("c", 30.0))
    assert measured("progress", with_expert(going((0, -3.5), 4.0), expert(10.0), lanes)).value == pytest.approx(0.4)
    assert measured("progress", with_expert(going((0, 30), 10.0), expert(10.0), lanes)).value == pytest.approx(2 / 30)
    nowhere = measured("progress", with_expert(going((0, 0), 4.0), expert(10.0) + np.array([0, 500]), lanes))
    assert nowhere.value == 1.0
    assert measured("making_progress", with_expert(going((0, 0), 2.0), expert(10.0))).value == 1.0  # 6 / 30 = 0.2
    assert measured("making_progress", with_expert(going((0, 0), 1.9), expert(10.0))).value == 0.0


def test_progress_goes_on_over_a_block_that_was_skipped():
    """Blocks of 10 m; the ego jumps from the first to the third: what it skipped counts: 25 - 5 = 20 m of the 20."""
    lanes = tuple(
        strip(name, x0=10.0 * k, x1=10.0 * k + 10, successors=after)
        for k, (name, after) in enumerate([("a", ("b",)), ("b", ("c",)), ("c", ())])
    )
    path = np.array([[5.0, 0.0], [25.0, 0.0]])
    slow = np.stack([np.linspace(5, 25, 21), np.zeros(21)], axis=-1)
    jump = with_expert(BoxTrack(path, np.zeros(2), CAR), slow, lanes)
    got = measured("progress", jump)
    assert got.evidence["ego_m"] == pytest.approx(20.0)
    assert got.evidence["expert_m"] == pytest.approx(20.0)


# ---- comfort


def savgol_twin(values, step_s, window, order, derivative):
    """A polynomial fitted to each window and read at its middle, which for an even one is half a sample late."""
    count, half = len(values), window // 2
    made = np.zeros(count)
    for k in range(count):
        inside = half <= k < count - half
        first = (k - (window - 1) // 2) if inside else (0 if k < half else count - window)
        x = (np.arange(first, first + window) - k) * step_s
        fit = np.polynomial.Polynomial.fit(x, values[first : first + window], order, domain=[-1, 1], window=[-1, 1])
        late = 0.5 * step_s if window % 2 == 0 and inside else 0.0
        made[k] = (fit.deriv(derivative) if derivative else fit)(late)
    return made


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(15, 40))
@pytest.mark.parametrize(("window", "order", "derivative"), [(8, 2, 0), (15, 2, 1), (5, 2, 1), (5, 3, 2)])
def test_filters_fit_a_polynomial_to_each_window(seed, count, window, order, derivative):
    values = np.random.default_rng(seed).normal(size=count)
    got = comfort.filtered(values, 0.1, window, order, derivative)
    assert got == pytest.approx(savgol_twin(values, 0.1, window, order, derivative), abs=1e-8)


def test_the_even_window_reads_half_a_sample_late():
    """A ramp of 1 m/s^2 per frame filtered with window 8 shows 0.5 more inside; with window 7 or 9 the ramp itself."""
    ramp = np.arange(20.0)
    assert comfort.filtered(ramp, 0.1, 8)[10] == pytest.approx(10.5)
    assert comfort.filtered(ramp, 0.1, 7)[10] == pytest.approx(10.0)
    assert comfort.filtered(ramp, 0.1, 8)[[0, 1, -1]] == pytest.approx([0.0, 1.0, 19.0])


def test_jerk_magnitude_is_the_rate_of_the_magnitude():
    """|a| stays 3 while its direction turns at 2 rad/s: |da/dt| = 6 m/s^3, d|a|/dt = 0."""
    angle = 2.0 * 0.1 * np.arange(40)
    a = 3.0 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    got = comfort.motion(a, np.zeros(40), 0.1)
    assert np.abs(got["jerk_magnitude"]).max() < 1e-9
    assert np.abs(got["longitudinal_jerk"]).max() > 4.0


def test_yaw_is_unwrapped_and_its_acceleration_is_a_second_derivative():
    """yaw = 3 + 0.2 t + 0.5 t^2 passes pi: rate 0.2 + t at its samples, acceleration 1, whatever the wrap."""
    time = 0.1 * np.arange(30)
    yaw = 3.0 + 0.2 * time + 0.5 * time**2
    got = comfort.motion(np.zeros((30, 2)), (yaw + np.pi) % (2 * np.pi) - np.pi, 0.1)
    assert got["yaw_rate"] == pytest.approx(0.2 + time)
    assert got["yaw_acceleration"] == pytest.approx(np.ones(30))


def accelerating(along, left=0.0, yaw=0.0, num=40):
    """A car whose recorded acceleration is constant in its own axes."""
    forward, side = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    return replace(going((0, 0), 5.0, yaw, num=num), acceleration_mps2=np.tile(along * forward + left * side, (num, 1)))


@pytest.mark.parametrize(
    ("along", "left", "held"),
    [
        (2.39, 0, 1),
        (2.40, 0, 0),
        (-4.04, 0, 1),
        (-4.05, 0, 0),
        (0, 4.88, 1),
        (0, -4.88, 1),
        (0, 4.89, 0),
        (0, -4.89, 0),
    ],
)
def test_bounds_are_strict(along, left, held):
    """A constant survives the filter to 1e-15, so bounds are met exactly; -2.41 m/s^2 would break a symmetric one."""
    exact = {"longitudinal_acceleration": np.full(9, float(along)), "lateral_acceleration": np.full(9, float(left))}
    rest = {q.name: np.zeros(9) for q in comfort.QUANTITIES}
    assert bool(comfort.comfortable(rest | exact)) is bool(held)
    assert measured("comfort", drive(accelerating(along * 0.999, left * 0.999))).value == 1.0
    assert measured("comfort", drive(accelerating(along * 1.001, left * 1.001))).value == float(held)


def test_each_quantity_has_its_metric_unit_and_verdict():
    what = drive(accelerating(-3.0, 1.0, yaw=2.0))
    got = measured("longitudinal_acceleration", what)
    assert got.value == pytest.approx(3.0)
    assert got.evidence["within"] is True
    assert measured("lateral_acceleration", what).value == pytest.approx(1.0)
    assert METRICS["nuplan_jerk_magnitude"].unit == "m/s^3"
    assert measured("yaw_rate", drive(going((0, 0), 5.0, num=3))).reason == "too few frames to filter"


# ---- scores


def test_the_score_is_its_formula():
    """0.5 x (5 x 0.4 + 5 x 1 + 4 x 0.75 + 2 x 0) / 16 = 0.5 x 10 / 16 = 0.3125; direction weighted with 5: not."""
    multipliers = dict.fromkeys(MULTIPLIERS, 1.0) | {"driving_direction": 0.5}
    parts = {"progress": 0.4, "time_to_collision": 1.0, "speed_limit": 0.75, "comfort": 0.0}
    assert cls_score(multipliers, parts) == pytest.approx(0.3125)
    with pytest.raises(ValueError, match="needs"):
        cls_score(multipliers, {"progress": 1.0})


def test_a_drive_has_the_score_of_its_parts_and_says_who_else_drove():
    """Progress 24 / 30 = 0.8, all else kept: (5 x 0.8 + 5 + 4 + 2) / 16 = 15 / 16."""
    lanes = (strip("a", speed_limit_mps=10.0),)
    what = with_expert(going((0, 0), 8.0), expert(10.0), lanes, reactive=True)
    assert METRICS["nuplan_cls"].measure(what).value == pytest.approx(15 / 16)
    assert METRICS["nuplan_cls_r"].measure(what).value == pytest.approx(15 / 16)
    assert METRICS["nuplan_cls_r"].measure(what).evidence["others"] == "reactive"
    assert "reactive" in METRICS["nuplan_cls_nr"].measure(what).reason
    replay = with_expert(going((0, 0), 8.0), expert(10.0), lanes, reactive=False)
    assert METRICS["nuplan_cls_nr"].measure(replay).value == pytest.approx(15 / 16)
    assert not METRICS["nuplan_cls_r"].measure(replay).applicable
    unlimited = METRICS["nuplan_cls"].measure(with_expert(going((0, 0), 8.0), expert(10.0)))
    assert unlimited.value == pytest.approx(15 / 16)
    assert unlimited.evidence["assumed"]


def test_what_a_drive_lacks_leaves_it_without_a_score():
    assert METRICS["nuplan_cls"].measure(drive(going((0, 0), 8.0))).reason.startswith("making progress: neither")
    mapless = drive(going((0, 0), 8.0), lanes=(), task=DrivingTask(None, 10.0, 10.0, 1.0))
    assert METRICS["nuplan_cls"].measure(mapless).reason == "drivable area: no lane map"
    assert METRICS["nuplan_cls"].measure(mapless).value is None


def test_scenarios_count_alike_and_those_without_a_score_are_told():
    """Types a: 1, 0; b: 0.5; none: left out. Mean of scenarios 0.5, of types 0.5; with a third a of 1: 0.625."""
    values = [MetricValue(1.0), MetricValue(0.0), MetricValue(0.5), not_applicable("no map"), MetricValue(1.0)]
    got = over_scenarios(values, ["a", "a", "b", "b", "a"])
    assert (got.score, got.num_scored, got.num_left_out) == (0.625, 4, 1)
    assert got.by_type == {"a": pytest.approx(2 / 3), "b": 0.5}


def test_the_open_loop_score():
    """All plans 2 m beside and turned by 0.1 rad: ADE = FDE = 2 -> 0.75; AHE = FHE = 0.1 -> 0.875.

    (0.75 + 0.75 + 2 x 0.875 + 2 x 0.875) / 6 = 5 / 6.
    """
    truth, yaw = np.zeros((10, 8, 2)), np.full((10, 8), np.pi - 0.05)
    plan, turned = truth + np.array([0.0, 2.0]), yaw + 0.1 - 2 * np.pi
    got = open_loop_score(plan, turned, truth, yaw)
    assert got.score == pytest.approx(5 / 6)
    assert got.miss_rates == (0.0, 0.0, 0.0)


def test_too_many_misses_at_any_horizon_gate_the_score():
    """3 of 10 plans over 6 m within 3 s: 30 % is allowed; a fourth is not. 7 m at 5 s is no miss (bound 8)."""
    truth, yaw = np.zeros((10, 8, 2)), np.zeros((10, 8))
    plan = truth.copy()
    plan[:3, 2, 0] = 6.1
    assert open_loop_score(plan, yaw, truth, yaw).score > 0.8
    plan[3, 2, 0] = 6.1
    assert open_loop_score(plan, yaw, truth, yaw).miss_rates == (0.4, 0.0, 0.0)
    assert open_loop_score(plan, yaw, truth, yaw).score == 0.0
    plan[:4, 2, 0], plan[:, 3, 0] = 6.0, 7.0
    assert open_loop_score(plan, yaw, truth, yaw).score > 0.5


def test_who_reacts_is_read_from_the_scenario():
    """A driver of its own reacts, a script does not; a log says its mode; nobody there and storyboards say nothing."""
    scripted = worlds.concrete()
    driven = replace(scripted, actors=(replace(scripted.actors[0], driver=Driver("idm")),))
    assert [others_react(scripted), others_react(driven), others_react(replace(scripted, actors=()))] == [
        False, True, None,
    ]  # fmt: skip
    logs = [replace(scripted, road=RoadChoice("log", {"mode": mode})) for mode in ("replay", "reactive")]
    assert [others_react(log) for log in logs] == [False, True]


# ---- invariance


def crowded(scale=1.0):
    """Sway, a lead that brakes, a walker, limits and a reversed lane."""
    time = 0.1 * np.arange(40)
    x = 9.0 * time
    y = 0.5 * np.sin(0.3 * x)
    ego = BoxTrack(np.stack([x, y], axis=-1), np.arctan(0.15 * np.cos(0.3 * x)), CAR, rear_axle_to_center_m=1.3)
    lead = going((22, 0), 4.0, num=40)
    walker = going((30, -6), 1.5, np.pi / 2, num=40, size=(0.6, 0.6), kind=ActorClass.PEDESTRIAN)
    lanes = (strip("a", speed_limit_mps=8.0), strip("b", 3.5, reverse=True, speed_limit_mps=8.0))
    return ego, (lead, walker), lanes, going((0, 0), 10.0, num=40).center_m


def moved(angle, shift, delay, mirror=False):
    ego, others, lanes, expert_m = crowded()
    flip = np.array([1.0, -1.0 if mirror else 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def points(p):
        return (p * flip) @ turn.T + shift

    def box(track):
        velocity = None if track.velocity_mps is None else (track.velocity_mps * flip) @ turn.T
        return replace(track, center_m=points(track.center_m), yaw_rad=flip[1] * track.yaw_rad + angle,
                       velocity_mps=velocity)  # fmt: skip

    def lane(one):
        left, right = points(one.left_m), points(one.right_m)
        return replace(one, left_m=right, right_m=left) if mirror else replace(one, left_m=left, right_m=right)

    task = DrivingTask(None, 100.0, 10.0, 4.0, expert_m=points(expert_m), reactive=True)
    return drive_from_arrays(
        delay + 0.1 * np.arange(40), box(ego), [box(o) for o in others], [lane(one) for one in lanes], task=task
    )


NUPLAN = [name for name in METRICS if name.startswith("nuplan_")]


@settings(max_examples=15, deadline=None)
@given(
    angle=st.floats(-3, 3), x=st.floats(-2000, 2000), y=st.floats(-2000, 2000), delay=st.integers(0, 10**6),
    mirror=st.booleans(),
)  # fmt: skip
def test_no_metric_depends_on_place_heading_time_or_handedness(angle, x, y, delay, mirror):
    here, there = moved(0.0, np.zeros(2), 0.0), moved(angle, np.array([x, y]), float(delay), mirror)
    for name in NUPLAN:
        want, got = METRICS[name].measure(here), METRICS[name].measure(there)
        assert (got.value is None) == (want.value is None), name
        if want.value is not None:
            assert got.value == pytest.approx(want.value, abs=1e-5), name


# ---- real logs


def coasting(what):
    """The drive of a log whose ego keeps its first velocity and heading."""
    time, other = what.time_s[:, None], what.others
    ego = BoxTrack(
        what.center_m[0] + time * what.velocity_mps[0], np.full(what.num_steps, what.yaw_rad[0]),
        (float(what.size_m[0]), float(what.size_m[1])), np.tile(what.velocity_mps[0], (what.num_steps, 1)),
    )  # fmt: skip
    others = [
        BoxTrack(
            np.nan_to_num(other.center_m[:, k]), np.nan_to_num(other.yaw_rad[:, k]),
            (float(other.size_m[k, 0]), float(other.size_m[k, 1])), np.nan_to_num(other.velocity_mps[:, k]),
            kind=other.kind[k], id=name, valid=other.valid[:, k],
        )
        for k, name in enumerate(other.ids)
    ]  # fmt: skip
    return replace(rollout_from_arrays(what.time_s, ego, others), lane_map=what.rollout.lane_map)


@pytest.mark.slow
def test_replayed_logs_score_as_published_and_constant_velocity_less(shared_data):
    """Log replay among non-reactive actors: published 94 of 100 on nuPlan's logs; a human breaks no multiplier.

    The same logs driven at the first velocity leave the road or hit someone.
    """
    scores = {"replay": [], "coast": []}
    for source in ("womd", "metadrive/waymo"):
        for path in sorted((shared_data / "logs" / source).iterdir()):
            for segment in read(path):
                what = drive_of(segment.rollout)
                task = DrivingTask(None, 0.0, 1.0, 1.0, expert_m=what.center_m, reactive=False)
                for name, world in (("replay", segment.rollout), ("coast", coasting(what))):
                    value = METRICS["nuplan_cls_nr"].measure(drive_of(world, task))
                    scores[name].append(value.value)
                    if name == "replay":
                        assert set(value.evidence["multipliers"].values()) == {1.0}, path
    assert len(scores["replay"]) >= 3
    assert 0.85 < np.mean(scores["replay"]) <= 1.0
    assert np.mean(scores["coast"]) < np.mean(scores["replay"]) - 0.2
