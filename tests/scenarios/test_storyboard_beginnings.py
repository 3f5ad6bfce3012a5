"""Where entities of storyboards begin, the task of the ego, what they do and their tags."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from driving_data.maps.opendrive import parse_opendrive
from driving_data.taxonomy import ActorClass
from scenarios import storyboard as sb
from scenarios.algebra import scenario as product
from scenarios.concrete import ConcreteScenario, Ego, Place, RoadChoice
from scenarios.openscenario.beginnings import Ground, beginnings, beside, ground_of
from scenarios.openscenario.deeds import deeds, speed_word
from scenarios.openscenario.logical import to_logical
from scenarios.openscenario.plot import events
from scenarios.openscenario.scenario import from_openscenario
from scenarios.openscenario.story_tags import story_tags
from scenarios.openscenario.surroundings import lanes_per_direction, road_kind
from scenarios.openscenario.task import with_task
from scenarios.openscenario.varied import varied_parameters
from scenarios.types.openlabel import PARENTS
from tests.sim_bridge.storyboards import after, car, event, put, road_text, story, when

ESMINI, ALKS = "openscenario/esmini/xosc", "openscenario/alks/logical_scenarios"


@pytest.fixture(scope="module")
def ground() -> Ground:
    """One straight road of 2 km with the lanes 1, -1 and -2."""
    return ground_of(parse_opendrive(road_text()))


def board(*more, stories=(), ego_lane: int = -1) -> sb.Storyboard:
    """An ego in lane -1 at 100 m with 20 m/s, and a car `b`."""
    init = (*put("a", ego_lane, 100.0, 20.0), *more)
    return sb.Storyboard((car("a"), car("b")), "a", init, stories)


def test_places_of_every_kind_are_where_they_should_be(ground) -> None:
    cases = (
        (sb.LanePosition("1", -2, 50.0, 0.5), (50.0, -4.75, 0.0)),
        (sb.LanePosition("1", 1, 50.0), (50.0, 1.75, math.pi)),
        (sb.RoadPosition("1", 70.0, 2.0), (70.0, 2.0, 0.0)),
        (sb.WorldPosition(30.0, -1.0, h_rad=0.3), (30.0, -1.0, 0.3)),
        (sb.RelativeLanePosition("a", -1, 20.0), (120.0, -5.25, 0.0)),
        (sb.RelativeLanePosition("a", 1, -20.0), (80.0, 1.75, 0.0)),
        (sb.RelativeRoadPosition("a", 10.0, -1.0), (110.0, -2.75, 0.0)),
        (sb.RelativeObjectPosition("a", 5.0, 2.0), (105.0, 0.25, 0.0)),
        (sb.RelativeWorldPosition("a", 5.0, 2.0), (105.0, 0.25, 0.0)),
    )
    for place, (x, y, yaw) in cases:
        spot = beginnings(board(sb.InitAction("b", sb.Teleport(place))), ground)["b"].spot
        assert (spot.x_m, spot.y_m) == pytest.approx((x, y), abs=1e-6), place
        assert math.cos(spot.yaw_rad - yaw) == pytest.approx(1.0), place
        assert spot.road == "1"


def test_who_has_no_place_is_not_there_and_boxes_stand_before_their_reference_point(ground) -> None:
    found = beginnings(board(), ground)
    assert not found["b"].present and found["a"].present
    assert found["a"].center == pytest.approx((101.5, -1.75, 0.0))


def test_relative_speeds_are_those_of_whom_they_refer_to(ground) -> None:
    for target, speed in ((sb.SpeedTarget(5.0, "a", "delta"), 25.0), (sb.SpeedTarget(0.5, "a", "factor"), 10.0)):
        assert beginnings(board(sb.InitAction("b", sb.Speed(target))), ground)["b"].speed_mps == speed


@pytest.mark.parametrize(("lane", "step", "found"), [(-1, 1, 1), (1, -1, -1), (-2, 1, -1), (-1, -1, -2), (2, -3, -2)])
def test_there_is_no_lane_zero(lane: int, step: int, found: int) -> None:
    assert beside(lane, step) == found


def words(ground: Ground, *actions, lane: int = -2, speed: float = 10.0) -> list[str]:
    """What `b` does with these actions, one event after the other."""
    whole = board(
        *put("b", lane, 80.0, speed), stories=(story("b", *(event(f"e{k}", a) for k, a in enumerate(actions))),)
    )
    return [deed.word for deed in deeds(whole, ground, beginnings(whole, ground))]


def test_deeds_are_called_as_we_call_them(ground) -> None:
    lane, speed = sb.LaneChange, lambda v: sb.Speed(sb.SpeedTarget(v))
    assert words(ground, lane(-1), lane(-2)) == ["cut_in", "cut_out"]
    assert words(ground, lane(0, "a")) == ["cut_in"] and words(ground, lane(-1, "a")) == [""]
    assert words(ground, speed(5.0), speed(8.0), speed(0.0), speed(-2.0)) == ["brake", "accelerate", "stop", "reverse"]
    assert words(ground, sb.Speed(sb.SpeedTarget(1.2, "a", "factor"))) == ["accelerate"]
    assert words(ground, sb.LaneOffset(0.5)) == ["swerve"]
    assert speed_word(5.0, None) == "" and speed_word(5.0, 5.01) == ""
    own = board(stories=(story("a", event("e", sb.LaneChange(-2)), event("f", sb.LaneChange(-1))),))
    assert [deed.word for deed in deeds(own, ground, beginnings(own, ground))] == [
        "lane_change_right",
        "lane_change_left",
    ]


def test_who_walks_across_crosses(ground) -> None:
    walker = sb.Entity("p", ActorClass.PEDESTRIAN, "pedestrian", (0.5, 0.5, 1.8))
    corners = (sb.Vertex(sb.WorldPosition(150.0, -8.0)), sb.Vertex(sb.WorldPosition(150.0, 6.0)))
    path = sb.FollowTrajectory(sb.TrajectorySpec("over", sb.Polyline(corners)))
    start = sb.InitAction("p", sb.Teleport(sb.WorldPosition(150.0, -8.0, h_rad=0.0)))
    whole = replace(board(start, stories=(story("p", event("go", path)),)), entities=(car("a"), walker))
    assert [deed.word for deed in deeds(whole, ground, beginnings(whole, ground))] == ["cross"]


def test_conditions_of_an_event_are_its_own_or_those_of_its_act() -> None:
    own = story("a", event("e", sb.LaneOffset(1.0), start=after(3.0)))
    of_act = replace(own, acts=(replace(own.acts[0], start=when(sb.OnTime(sb.Comparison("greaterThan", 7.0)))),))
    assert [next(events(board(stories=(one,)))).conditions[0].what.than.value for one in (own, of_act)] == (
        pytest.approx([3.0, 3.0], abs=1e-3)
    )
    bare = story("a", event("e", sb.LaneOffset(1.0)))
    bare = replace(bare, acts=(replace(bare.acts[0], start=after(7.0)),))
    assert next(events(board(stories=(bare,)))).conditions[0].what.than.value == pytest.approx(7.0, abs=1e-3)


def made(folder: Path, whole: sb.Storyboard, duration_s: float = 30.0) -> ConcreteScenario:
    """A scenario on the straight road, as a file of it gives."""
    file = folder / "road.xodr"
    file.write_text(road_text())
    ego = Ego(Place("", 0.0), 0.0, 0.0, 0.0)
    from driving_data.environment import Environment
    from scenarios.types.sensors import rig

    task = with_task(ego, RoadChoice(file=str(file)), whole, duration_s)
    return ConcreteScenario("made", task.road, Environment(), task.ego, (), rig("front"), duration_s=duration_s,
                            storyboard=whole)  # fmt: skip


def test_the_ego_has_a_route_a_goal_and_a_speed(tmp_path) -> None:
    ego = made(tmp_path, board()).ego
    assert ego.start.route == "ego" and (ego.start.s_m, ego.start.d_m) == pytest.approx((101.5, 0.0), abs=1e-6)
    assert (ego.speed_mps, ego.target_speed_mps) == (20.0, 20.0)
    assert ego.goal_s_m == pytest.approx(101.5 + 0.9 * 20.0 * 30.0)
    far = made(tmp_path, board(), 1000.0).ego
    assert far.goal_s_m == pytest.approx(2000.0, abs=0.1), "no goal beyond the road"
    wrong_way = sb.InitAction("a", sb.Teleport(sb.LanePosition("1", -1, 100.0, orientation=sb.Orientation(math.pi))))
    assert made(tmp_path, board(wrong_way)).ego.start.route == "", "there is no route against the traffic"


def test_who_begins_standing_is_asked_for_the_first_speed_of_its_script(tmp_path) -> None:
    stands = sb.InitAction("a", sb.Speed(sb.SpeedTarget(0.0)))
    go = story("a", event("go", sb.Speed(sb.SpeedTarget(7.0))))
    whole = replace(board(stories=(go,)), init=(put("a", -1, 100.0, 0.0)[0], stands))
    assert (made(tmp_path, whole).ego.speed_mps, made(tmp_path, whole).ego.target_speed_mps) == (0.0, 7.0)


def test_tags_are_those_of_our_scenarios(tmp_path) -> None:
    cut = story("b", event("cut", sb.LaneChange(-1)), event("stop", sb.Speed(sb.SpeedTarget(0.0))))
    found = story_tags(made(tmp_path, board(*put("b", -2, 120.0, 15.0), stories=(cut,))))
    slices = {"actor:car", "manoeuvre:cut_in", "manoeuvre:stop", "road:file", "weather:clear", "light:day"}
    assert slices | {"language:openscenario", "MotionCutIn", "MotionStop", "HorizontalStraights"} <= set(found)
    assert all(":" in tag or tag in PARENTS for tag in found) and len(set(found)) == len(found)
    own = story("a", event("stop", sb.Speed(sb.SpeedTarget(0.0))))
    assert {"ego:stop"} == {tag for tag in story_tags(made(tmp_path, board(stories=(own,)))) if tag.endswith(":stop")}


def test_roads_of_files_are_called_as_the_files_do(shared_data) -> None:
    cases = (
        (f"{ESMINI}/slow-lead-vehicle.xosc", "rural", 1),
        (f"{ESMINI}/pedestrian.xosc", "intersection", 1),
        (f"{ESMINI}/cut-in.xosc", "", 3),
        (f"{ALKS}/concrete_scenarios/alks_scenario_4_1_1_free_driving_template.xosc", "motorway", 3),
    )
    from scenarios.openscenario.story_tags import ground_under

    for file, kind, lanes in cases:
        one = from_openscenario(shared_data / file)
        below = ground_under(one)
        spot = beginnings(one.storyboard, below)[one.storyboard.ego].spot
        assert road_kind(below, spot, one.road.routes["ego"]) == kind, file
        assert lanes_per_direction(below, spot) == lanes, file


def test_a_variation_names_what_differs(shared_data) -> None:
    logical = to_logical(shared_data / ALKS / "alks_scenario_4_4_1_cut_in_no_collision_variation.xosc")
    found = varied_parameters(logical)
    assert (
        found["Ego_InitSpeed_Ve0_kph"] == "20 to 60" and found["CutInVehicle_InitPosition_RelativeLaneId"] == "-1 or 1"
    )
    assert varied_parameters(product()) == {}
    one = logical.sample(0, 0)
    assert {"road:motorway", "manoeuvre:cut_in", "MotionCutIn", "light:day"} <= set(one.tags)
