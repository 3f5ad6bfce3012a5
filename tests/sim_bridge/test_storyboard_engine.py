"""The player of storyboards: motion, actions, triggers and the state machine, against answers in closed form."""

import math

import numpy as np
import pytest

from driving_data.environment import Environment
from scenarios import storyboard as sb
from tests.sim_bridge.storyboards import STEP_S, after, car, event, play, put, road_text, story, when


def alone(*actions, speed=10.0, lane=-1, seconds=10.0, stop=None, entity=None):
    """One car at s = 10 that does something at 1 s."""
    made = event("e", *actions, start=after(1.0))
    board = sb.Storyboard((entity or car("A"),), "A", put("A", lane, 10.0, speed), (story("A", made, stop=stop),))
    return play(board, seconds)


def test_nobody_told_anything_keeps_lane_and_speed():
    played = play(sb.Storyboard((car("A"), car("B")), "A", put("A", -1, 10.0, 10.0) + put("B", 1, 900.0, 20.0)), 20.0)
    assert played.at("A", 20.0)[:2] == pytest.approx((210.0, -1.75))
    assert played.at("B", 20.0)[:2] == pytest.approx((500.0, 1.75))
    assert abs(played.at("B", 20.0)[2]) == pytest.approx(math.pi)


@pytest.mark.parametrize(("curvature", "lane", "center"), [(0.01, -1, -1.75), (0.01, 1, 1.75), (-0.01, -2, -5.25)])
def test_speed_in_a_bend_is_that_of_the_lane_not_of_the_reference_line(curvature, lane, center):
    text = road_text(f'<arc curvature="{curvature}"/>', 500.0)
    played = play(sb.Storyboard((car("A"),), "A", put("A", lane, 200.0, 10.0)), 10.0, text)
    way = abs(played.at("A", 10.0)[5] - 200.0)
    assert way * (1.0 - curvature * center) == pytest.approx(100.0, rel=1e-6)


def test_the_end_of_the_road_stops_a_car_and_is_a_condition():
    text = road_text(length=100.0)
    flag = event("end", sb.SetValue("end", "yes"), start=when(sb.AtEndOfRoad(1.0), by=("A",)))
    board = sb.Storyboard((car("A"),), "A", put("A", -1, 50.0, 10.0), (story("A", flag),))
    played = play(board, 10.0, text)
    assert played.at("A", 10.0)[0] == pytest.approx(100.0, abs=0.5)
    assert played.at("A", 10.0)[3] == 0.0
    assert played.since("end", "yes") == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize(
    ("shape", "halfway"), [("linear", 15.0), ("sinusoidal", 15.0), ("cubic", 15.0), ("step", 20.0)]
)
def test_speed_over_a_time(shape, halfway):
    played = alone(sb.Speed(sb.SpeedTarget(20.0), sb.Dynamics(shape, "time", 4.0)))
    assert played.at("A", 1.0)[3] == 10.0
    assert played.at("A", 3.0)[3] == pytest.approx(halfway)
    assert played.at("A", 5.0)[3] == pytest.approx(20.0)
    quarter = {"linear": 0.25, "sinusoidal": 0.5 * (1 - math.cos(math.pi / 4)), "cubic": 0.15625, "step": 1.0}[shape]
    assert played.at("A", 2.0)[3] == pytest.approx(10.0 + 10.0 * quarter)


def test_speed_at_a_rate_and_over_a_distance():
    rate = alone(sb.Speed(sb.SpeedTarget(20.0), sb.Dynamics("linear", "rate", 2.0)))
    assert rate.at("A", 3.0)[3] == pytest.approx(14.0)
    assert rate.at("A", 6.0)[3] == pytest.approx(20.0)
    way = alone(sb.Speed(sb.SpeedTarget(20.0), sb.Dynamics("linear", "distance", 60.0)))
    assert way.at("A", 5.0)[3] == pytest.approx(20.0)
    assert way.at("A", 5.0)[0] - way.at("A", 1.0)[0] == pytest.approx(60.0, abs=0.5)


def test_performance_limits_a_speed_action():
    slow = car("A", max_speed_mps=16.0, max_acceleration_mps2=2.0)
    played = alone(sb.Speed(sb.SpeedTarget(40.0), sb.Dynamics("linear", "rate", 8.0)), entity=slow)
    assert played.at("A", 2.0)[3] == pytest.approx(12.0)
    assert played.at("A", 9.0)[3] == pytest.approx(16.0)


def test_relative_speed_sampled_once_or_continuously():
    faster = event("f", sb.Speed(sb.SpeedTarget(30.0), sb.Dynamics("linear", "time", 1.0)), start=after(3.0))
    for continuous, wanted in ((True, 25.0), (False, 15.0)):
        target = sb.SpeedTarget(-5.0, "B", "delta", continuous)
        follow = event("e", sb.Speed(target, sb.Dynamics("linear", "time", 1.0)), start=after(1.0))
        start = put("A", -1, 10.0, 10.0) + put("B", -2, 50.0, 20.0)
        board = sb.Storyboard((car("A"), car("B")), "A", start, (story("A", follow), story("B", faster)))
        assert play(board, 8.0).at("A", 7.0)[3] == pytest.approx(wanted), continuous


def test_a_speed_profile_meets_its_speeds_in_time():
    entries = (sb.SpeedProfileEntry(20.0, 2.0), sb.SpeedProfileEntry(5.0, 3.0))
    played = alone(sb.SpeedProfile(entries))
    assert played.at("A", 3.0)[3] == pytest.approx(20.0)
    assert played.at("A", 4.5)[3] == pytest.approx(12.5)
    assert played.at("A", 6.5)[3] == pytest.approx(5.0)


@pytest.mark.parametrize("shape", ["linear", "sinusoidal", "cubic"])
def test_lane_change_over_a_time(shape):
    played = alone(sb.LaneChange(-2, dynamics=sb.Dynamics(shape, "time", 4.0)))
    for share in (0.25, 0.5, 0.8):
        law = {
            "linear": share,
            "sinusoidal": 0.5 * (1 - math.cos(math.pi * share)),
            "cubic": share**2 * (3 - 2 * share),
        }[shape]
        assert played.at("A", 1.0 + 4.0 * share)[1] == pytest.approx(-1.75 - 3.5 * law, abs=1e-9)
    assert played.at("A", 6.0)[1] == pytest.approx(-5.25)
    assert played.at("A", 6.0)[4] == -2


def test_lane_change_relative_to_who_drives_the_other_way_and_over_a_distance():
    played = alone(sb.LaneChange(-1, "A", dynamics=sb.Dynamics("sinusoidal", "distance", 40.0)))
    assert played.at("A", 5.5)[4] == -2
    assert played.at("A", 3.0)[1] == pytest.approx(-3.5, abs=0.05)
    other = alone(sb.LaneChange(1, "A", dynamics=sb.Dynamics("linear", "time", 1.0)), lane=1, speed=2.0)
    assert other.at("A", 4.0)[4] == -1


def test_lane_offset_stays_in_its_lane():
    played = alone(sb.LaneOffset(1.0, shape="sinusoidal", max_acceleration_mps2=0.5))
    assert played.at("A", 9.0)[1] == pytest.approx(-0.75)
    assert played.at("A", 9.0)[4] == -1


def test_distance_actions_reach_their_distance():
    front = put("B", -1, 60.0, 10.0)
    keep = sb.LongitudinalDistance("B", distance_m=20.0, continuous=True, limits=sb.Limits(25.0, 3.0, 3.0))
    board = sb.Storyboard(
        (car("A"), car("B")), "A", put("A", -1, 10.0, 10.0) + front, (story("A", event("e", keep, start=after(1.0))),)
    )
    played = play(board, 40.0)
    assert played.at("B", 40.0)[0] - played.at("A", 40.0)[0] == pytest.approx(20.0, abs=0.2)
    aside = sb.LateralDistance("B", 5.0, continuous=True, limits=sb.Limits(5.0, 2.0, 2.0))
    board = sb.Storyboard(
        (car("A"), car("B")), "A", put("A", -1, 10.0, 10.0) + front, (story("A", event("e", aside, start=after(1.0))),)
    )
    played = play(board, 40.0)
    assert abs(played.at("B", 40.0)[1] - played.at("A", 40.0)[1]) == pytest.approx(5.0, abs=0.1)


def test_synchronize_meets_the_master():
    target = sb.Synchronize(
        "B", sb.LanePosition("1", -2, 200.0), sb.LanePosition("1", -1, 150.0), final_speed=sb.SpeedTarget(20.0)
    )
    start = put("A", -1, 10.0, 5.0) + put("B", -2, 50.0, 15.0)
    board = sb.Storyboard((car("A"), car("B")), "A", start, (story("A", event("e", target, start=after(1.0))),))
    played = play(board, 12.0)
    assert played.at("B", 10.0)[0] == pytest.approx(200.0)
    assert played.at("A", 10.0)[0] == pytest.approx(150.0, abs=1.0)
    assert played.at("A", 10.0)[3] == pytest.approx(20.0, abs=0.5)


def corners(*points):
    return tuple(sb.Vertex(sb.WorldPosition(x, y), t) for x, y, t in points)


def test_trajectories_with_and_without_times():
    line = sb.TrajectorySpec("t", sb.Polyline(corners((40.0, -1.75, 0.0), (80.0, -1.75, 2.0), (80.0, 38.25, 6.0))))
    timed = alone(sb.FollowTrajectory(line, "relative"))
    assert timed.at("A", 2.0)[:2] == pytest.approx((60.0, -1.75), abs=0.1)
    assert timed.at("A", 5.0)[:2] == pytest.approx((80.0, 18.25), abs=0.1)
    free = alone(sb.FollowTrajectory(line))
    assert free.at("A", 3.0)[:2] == pytest.approx((60.0, -1.75), abs=0.6)
    assert free.at("A", 3.0)[3] == 10.0
    circle = sb.Clothoid(sb.WorldPosition(20.0, 0.0, h_rad=0.0), 0.05, 0.0, 10.0 * math.pi)
    bend = alone(sb.FollowTrajectory(sb.TrajectorySpec("c", circle)))
    assert bend.at("A", 1.0 + math.pi - STEP_S)[0] == pytest.approx(40.0, abs=1.0)
    knots = (0.0, 0.0, 1.0, 1.0)
    points = (sb.ControlPoint(sb.WorldPosition(20.0, 5.0)), sb.ControlPoint(sb.WorldPosition(120.0, 5.0)))
    straight = alone(sb.FollowTrajectory(sb.TrajectorySpec("n", sb.Nurbs(2, points, knots))))
    assert straight.at("A", 4.0)[:2] == pytest.approx((50.0, 5.0), abs=0.6)


def flagged(what, by=("A",), seconds=10.0, init=None, **changes):
    """When a condition first makes an event begin: A drives at 20 m/s from s = 0 behind B, at 10 m/s from s = 100."""
    made = event("e", sb.SetValue("flag", "yes"), start=when(what, by=by, **changes))
    init = put("A", -1, 0.0, 20.0) + put("B", -1, 100.0, 10.0) if init is None else init
    board = sb.Storyboard((car("A"), car("B")), "A", init, (story("A", made),))
    return play(board, seconds).since("flag", "yes")


LESS, MORE = (lambda value: sb.Comparison("lessThan", value)), (lambda value: sb.Comparison("greaterThan", value))
CONDITIONS = {
    "distance to an entity": (sb.RelativeDistance("B", LESS(50.0)), 5.0),
    "free distance to an entity": (sb.RelativeDistance("B", LESS(46.0), freespace=True), 5.0),
    "along the road": (sb.RelativeDistance("B", LESS(50.0), True, "road", "longitudinal"), 4.6),
    "distance to a place": (sb.DistanceTo(sb.LanePosition("1", -1, 100.0), LESS(20.0)), 4.0),
    "place reached": (sb.Reaches(sb.LanePosition("1", -1, 100.0), 10.0), 4.5),
    "headway": (sb.Headway("B", LESS(2.0)), 6.0),
    "time to collision": (sb.TimeToCollision(LESS(3.0), "B"), 7.0),
    "time to a place": (sb.TimeToCollision(LESS(3.0), position=sb.LanePosition("1", -1, 100.0)), 2.0),
    "collision with an entity": (sb.Collides("B"), 9.6),
    "collision with a type": (sb.Collides(type="vehicle"), 9.6),
    "no collision with a type": (sb.Collides(type="pedestrian"), math.inf),
    "way": (sb.Travelled(60.0), 3.0),
    "speed": (sb.HasSpeed(MORE(19.0)), 0.0),
    "speed across": (sb.HasSpeed(MORE(1.0), "lateral"), math.inf),
    "relative speed": (sb.HasRelativeSpeed("B", MORE(9.0)), 0.0),
    "heading": (sb.HasAngle("heading", 0.0, 0.1), 0.0),
    "another heading": (sb.HasAngle("heading", 1.0, 0.1), math.inf),
    "relative heading": (sb.HasAngle("heading", 0.0, 0.1, entity="B"), 0.0),
    "clear": (sb.Clearance(0, 0, 0.0, 30.0), 0.0),
    "stands": (sb.StandsStill(1.0), math.inf),
    "off road": (sb.OffRoad(0.1), math.inf),
    "time": (sb.OnTime(MORE(2.0)), 2.0),
    "outside value": (sb.OnUserValue("u", "equalTo", "1"), math.inf),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_hold_when_they_should(name):
    what, wanted = CONDITIONS[name]
    assert flagged(what) == pytest.approx(wanted, abs=0.15)


def test_conditions_of_standing_accelerating_and_leaving_the_road():
    stands = put("A", -1, 0.0, 0.0) + put("B", -1, 100.0, 10.0)
    assert flagged(sb.StandsStill(1.0), init=stands) == pytest.approx(1.0, abs=0.15)
    beside = (*put("A", -1, 0.0, 5.0), sb.InitAction("A", sb.Teleport(sb.WorldPosition(10.0, 60.0, h_rad=0.0))))
    assert flagged(sb.OffRoad(1.0), init=beside) == pytest.approx(1.0, abs=0.15)
    brake = sb.InitAction("A", sb.Speed(sb.SpeedTarget(0.0), sb.Dynamics("linear", "rate", 4.0)))
    braking = flagged(sb.HasAcceleration(LESS(-3.0), "longitudinal"), init=(*put("A", -1, 0.0, 20.0), brake))
    assert braking == pytest.approx(0.1, abs=0.1)


def test_all_or_any_of_the_triggering_entities():
    both = ("A", "B")
    assert flagged(sb.Travelled(60.0), by=both, rule="any") == pytest.approx(3.0, abs=0.15)
    assert flagged(sb.Travelled(60.0), by=both, rule="all") == pytest.approx(6.0, abs=0.15)


def test_edges_and_delays():
    near = sb.RelativeDistance("B", LESS(50.0))
    assert flagged(near, edge="rising") == pytest.approx(5.0, abs=0.15)
    assert flagged(near, edge="falling", seconds=20.0) == pytest.approx(15.0, abs=0.15)
    assert flagged(near, edge="risingOrFalling") == pytest.approx(5.0, abs=0.15)
    assert flagged(near, delay_s=2.0) == pytest.approx(7.0, abs=0.15)
    always = sb.RelativeDistance("B", LESS(500.0))
    assert flagged(always) == pytest.approx(0.0, abs=0.1)
    assert flagged(always, edge="rising") == math.inf


def test_a_trigger_needs_all_conditions_of_one_group():
    early, late = (sb.Condition("c", sb.OnTime(MORE(t))) for t in (2.0, 4.0))
    for groups, wanted in ((((early,), (late,)), 2.0), (((early, late),), 4.0)):
        made = event("e", sb.SetValue("flag", "yes"), start=sb.Trigger(groups))
        board = sb.Storyboard((car("A"),), "A", put("A", -1, 0.0, 5.0), (story("A", made),))
        assert play(board, 6.0).since("flag", "yes") == pytest.approx(wanted, abs=0.15)


@pytest.mark.parametrize("priority", ["parallel", "override", "skip"])
def test_priorities_between_events_of_a_manoeuvre(priority):
    """A long rise of speed runs when a second event wants to begin; its speed at the end tells who won."""
    rise = event("rise", sb.Speed(sb.SpeedTarget(40.0), sb.Dynamics("linear", "time", 6.0)), start=after(1.0))
    aside = sb.LaneChange(-2, dynamics=sb.Dynamics("linear", "time", 1.0))
    second = event("second", aside, start=when(sb.OnTime(MORE(2.0)), "rising"), priority=priority)
    board = sb.Storyboard((car("A"),), "A", put("A", -1, 10.0, 10.0), (story("A", rise, second),))
    row = play(board, 9.0).at("A", 9.0)
    assert row[4] == (-1 if priority == "skip" else -2)
    assert (row[3] == pytest.approx(40.0)) == (priority != "override")


def test_an_action_on_the_same_channel_replaces_the_one_before():
    rise = event("rise", sb.Speed(sb.SpeedTarget(40.0), sb.Dynamics("linear", "time", 6.0)), start=after(1.0))
    slow = event("slow", sb.Speed(sb.SpeedTarget(5.0), sb.Dynamics("linear", "time", 1.0)), start=after(3.0))
    board = sb.Storyboard((car("A"),), "A", put("A", -1, 10.0, 10.0), (story("A", rise), story("A", slow)))
    assert play(board, 9.0).at("A", 9.0)[3] == pytest.approx(5.0)


def test_executions_are_counted():
    count = event("count", sb.ModifyValue("n", "add", 1.0), start=after(1.0), max_executions=3)
    board = sb.Storyboard((car("A"),), "A", put("A", -1, 10.0, 10.0), (story("A", count),), values={"n": "0"})
    assert float(play(board, 4.0).values[-1]["n"]) == 3.0
    again = story("A", event("count", sb.ModifyValue("n", "add", 1.0), start=after(1.0)), executions=2)
    board = sb.Storyboard((car("A"),), "A", put("A", -1, 10.0, 10.0), (again,), values={"n": "0"})
    assert float(play(board, 4.0).values[-1]["n"]) == 2.0


def test_a_stop_trigger_of_an_act_ends_what_runs():
    rise = sb.Speed(sb.SpeedTarget(30.0), sb.Dynamics("linear", "time", 4.0))
    played = alone(rise, stop=when(sb.OnTime(MORE(3.0))))
    assert played.at("A", 9.0)[3] == pytest.approx(20.0, abs=0.6)


def test_the_stop_trigger_of_the_storyboard_ends_everything():
    board = sb.Storyboard((car("A"),), "A", put("A", -1, 10.0, 10.0), stop=when(sb.OnTime(MORE(3.0))))
    assert play(board, 9.0).times[-1] == pytest.approx(3.05)


@pytest.mark.parametrize(
    ("kind", "element", "state", "wanted"),
    [
        ("action", "rise0", "startTransition", 1.0),
        ("action", "rise0", "runningState", 1.0),
        ("action", "rise0", "completeState", 3.0),
        ("event", "rise", "endTransition", 3.0),
        ("maneuver", "maneuver", "completeState", 3.0),
        ("act", "act_A", "completeState", 3.0),
        ("story", "story_A", "completeState", 3.0),
        ("event", "rise", "skipTransition", math.inf),
    ],
)
def test_states_of_elements_are_conditions(kind, element, state, wanted):
    rise = event("rise", sb.Speed(sb.SpeedTarget(20.0), sb.Dynamics("linear", "time", 2.0)), start=after(1.0))
    flag = event("flag", sb.SetValue("flag", "yes"), start=when(sb.OnElement(kind, element, state)))
    init = put("A", -1, 0.0, 10.0) + put("B", -1, 100.0, 10.0)
    board = sb.Storyboard((car("A"), car("B")), "A", init, (story("A", rise), story("B", flag)))
    assert play(board, 6.0).since("flag", "yes") == pytest.approx(wanted, abs=0.2)


def test_entities_come_and_go():
    leave = event("leave", sb.DeleteEntity("B"), start=after(1.0))
    back = event("back", sb.AddEntity("B", sb.LanePosition("1", -2, 300.0)), start=after(2.0))
    init = put("A", -1, 0.0, 10.0) + put("B", -1, 100.0, 10.0)
    board = sb.Storyboard((car("A"), car("B")), "A", init, (story("A", leave, back),))
    played = play(board, 4.0)
    rows = played.rows["B"]
    assert rows[10] is not None and rows[30] is None
    assert played.at("B", 3.0)[0] == pytest.approx(300.0, abs=11.0)
    assert played.at("B", 3.0)[1] == pytest.approx(-5.25)


def test_signals_follow_actions_and_controllers():
    phases = (sb.SignalPhase("go", 2.0, {"s1": "green"}), sb.SignalPhase("halt", 3.0, {"s1": "red"}))
    red = event("red", sb.SetValue("red", "yes"), start=when(sb.OnSignal("s1", "red")))
    halt = event("halt", sb.SetValue("halt", "yes"), start=when(sb.OnSignalController("c1", "halt")))
    own = event("own", sb.SetSignal("s2", "yellow"), start=after(1.0))
    board = sb.Storyboard(
        (car("A"),), "A", put("A", -1, 0.0, 10.0), (story("A", red, halt, own),),
        signals=(sb.SignalController("c1", phases),),
    )  # fmt: skip
    played = play(board, 4.0)
    assert played.since("red", "yes") == pytest.approx(2.0, abs=0.15)
    assert played.since("halt", "yes") == pytest.approx(2.0, abs=0.15)
    assert played.engine.stage.signals.shown["s2"] == "yellow"
    jump = event("jump", sb.SetSignalController("c1", "halt"), start=after(1.0))
    board = sb.Storyboard(
        (car("A"),), "A", put("A", -1, 0.0, 10.0), (story("A", jump, red),),
        signals=(sb.SignalController("c1", phases),),
    )  # fmt: skip
    assert play(board, 4.0).since("red", "yes") == pytest.approx(1.0, abs=0.15)


def test_variables_are_set_changed_and_compared():
    add = event("add", sb.ModifyValue("n", "multiply", 3.0), start=after(1.0))
    seen = event("seen", sb.SetValue("seen", "yes"), start=when(sb.OnValue("n", "greaterThan", "5")))
    word = event("word", sb.SetValue("word", "yes"), start=when(sb.OnValue("w", "equalTo", "hello")))
    board = sb.Storyboard(
        (car("A"),), "A", put("A", -1, 0.0, 10.0), (story("A", add, seen, word),), values={"n": "2", "w": "hello"}
    )
    played = play(board, 3.0)
    assert float(played.values[-1]["n"]) == 6.0
    assert played.since("seen", "yes") == pytest.approx(1.0, abs=0.15)
    assert played.since("word", "yes") == pytest.approx(0.0, abs=0.1)


def test_a_trailer_hangs_at_its_hitch():
    truck = car("A", hitch_m=-1.0, trailer="T")
    trailer = car("T", coupler_m=5.0)
    aside = sb.LaneChange(-2, dynamics=sb.Dynamics("sinusoidal", "time", 3.0))
    board = sb.Storyboard(
        (truck, trailer), "A", put("A", -1, 50.0, 10.0), (story("A", event("e", aside, start=after(1.0))),)
    )
    played = play(board, 8.0)
    for time in np.arange(0.0, 8.0, 0.5):
        ax, ay, ah, *_ = played.at("A", float(time))
        tx, ty, th, *_ = played.at("T", float(time))
        hitch = np.array([ax - math.cos(ah), ay - math.sin(ah)])
        coupler = np.array([tx + 5.0 * math.cos(th), ty + 5.0 * math.sin(th)])
        assert np.linalg.norm(hitch - coupler) < 0.02
    assert played.at("T", 8.0)[1] == pytest.approx(-5.25, abs=0.3)


POSITIONS = {
    "world": (sb.WorldPosition(30.0, 2.0, h_rad=0.5), (30.0, 2.0)),
    "lane": (sb.LanePosition("1", -2, 30.0, 0.5), (30.0, -4.75)),
    "road": (sb.RoadPosition("1", 30.0, 4.0), (30.0, 4.0)),
    "relative lane": (sb.RelativeLanePosition("B", -1, 20.0, 0.25), (120.0, -5.0)),
    "relative road": (sb.RelativeRoadPosition("B", 20.0, 1.0), (120.0, -0.75)),
    "relative object": (sb.RelativeObjectPosition("B", 20.0, 1.0), (120.0, -0.75)),
    "relative world": (sb.RelativeWorldPosition("B", -20.0, 1.0), (80.0, -0.75)),
    "trajectory": (
        sb.TrajectoryPosition(sb.TrajectorySpec("t", sb.Polyline(corners((0.0, 0.0, 0.0), (50.0, 0.0, 5.0)))), 20.0),
        (20.0, 0.0),
    ),
    "route": (
        sb.RoutePosition(
            sb.RouteSpec(
                "r", (sb.Waypoint(sb.LanePosition("1", -1, 10.0)), sb.Waypoint(sb.LanePosition("1", -1, 90.0)))
            ),
            25.0,
        ),
        (35.0, -1.75),
    ),
}


@pytest.mark.parametrize("name", POSITIONS)
def test_positions_lie_where_they_should(name):
    position, wanted = POSITIONS[name]
    init = (*put("B", -1, 100.0, 0.0), *put("A", -1, 0.0, 0.0), sb.InitAction("A", sb.Teleport(position)))
    played = play(sb.Storyboard((car("A"), car("B")), "A", init), 0.1)
    assert played.at("A", 0.0)[:2] == pytest.approx(wanted, abs=1e-6)


def test_what_has_no_effect_is_written_down():
    played = alone(sb.UserCommand("honk"), sb.SetEnvironment(Environment(rain_mmph=5.0)))
    assert any("honk" in note for note in played.engine.stage.notes)
    assert played.engine.stage.environment.rain_mmph == 5.0
