"""OpenSCENARIO into storyboards: numbers fixed, names resolved, what cannot be played named with its line."""

import math
from hashlib import sha256
from pathlib import Path

import pytest

from driving_data.errors import InputError
from driving_data.plain import from_plain, to_plain
from driving_data.taxonomy import ActorClass
from scenarios import storyboard as sb
from scenarios.openscenario.lower import lower
from scenarios.openscenario.reader import parse_openscenario, read_openscenario, resolve
from scenarios.openscenario.scenario import from_openscenario, play_time
from tests.scenarios.openscenario_files import VEHICLE, declared, put, scenario, speed, teleport


def lowered(text: str, parameters: dict[str, str] | None = None):
    return lower(resolve(parse_openscenario(text.encode(), "s.xosc"), parameters or {}), parameters)


def story(action: str, trigger: str = '<SimulationTimeCondition rule="greaterThan" value="2"/>', by: str = "") -> str:
    """A story with one event, and no stop trigger."""
    condition = by or f"<ByValueCondition>{trigger}</ByValueCondition>"
    start = f"""<StartTrigger><ConditionGroup><Condition name="c" delay="0.5" conditionEdge="rising">{condition}
</Condition></ConditionGroup></StartTrigger>"""
    return f"""<Story name="s"><Act name="a"><ManeuverGroup name="g" maximumExecutionCount="2">
<Actors selectTriggeringEntities="false"><EntityRef entityRef="Ego"/></Actors><Maneuver name="m">
<Event name="e" priority="skip" maximumExecutionCount="3"><Action name="x">{action}</Action>{start}</Event></Maneuver>
</ManeuverGroup></Act></Story><StopTrigger/>"""


def private(action: str) -> str:
    return f"<PrivateAction>{action}</PrivateAction>"


LANE_CHANGE = private("""<LateralAction><LaneChangeAction targetLaneOffset="0.5">
<LaneChangeActionDynamics dynamicsShape="cubic" dynamicsDimension="distance" value="${$D * 2}"/>
<LaneChangeTarget><RelativeTargetLane entityRef="Ego" value="-1"/></LaneChangeTarget></LaneChangeAction>
</LateralAction>""")


def test_the_tree_with_every_number_fixed():
    text = scenario(declared("D", "20"), stories=story(LANE_CHANGE))
    board = lowered(text, {"D": "25"}).storyboard
    act = board.stories[0].acts[0]
    group, event = act.groups[0], act.groups[0].maneuvers[0].events[0]
    assert (group.actors, group.max_executions) == (("Ego",), 2)
    assert (event.priority, event.max_executions) == ("skip", 3)
    change = event.actions[0].action
    assert change == sb.LaneChange(-1, "Ego", 0.5, sb.Dynamics("cubic", "distance", 50.0))
    assert event.start is not None
    condition = event.start.groups[0][0]
    assert (condition.edge, condition.delay_s) == ("rising", 0.5)
    assert condition.what == sb.OnTime(sb.Comparison("greaterThan", 2.0))
    assert board.stop is not None and board.stop.groups == ()


def test_entities_with_their_boxes_and_axles():
    walker = """<ScenarioObject name="P"><Pedestrian name="p" mass="70" model3d="" pedestrianCategory="pedestrian">
<BoundingBox><Center x="0.1" y="0" z="0.9"/><Dimensions length="0.4" width="0.5" height="1.8"/></BoundingBox>
</Pedestrian></ScenarioObject>"""
    board = lowered(scenario(entities=walker)).storyboard
    ego, person = board.entities
    assert ego.size_m == (4.6, 1.8, 1.5)
    assert (ego.center_m, ego.front_axle_m, ego.max_speed_mps) == ((1.4, 0.0, 0.7), 2.8, 69.0)
    assert (person.kind, person.category) == (ActorClass.PEDESTRIAN, "pedestrian")


@pytest.mark.parametrize(
    ("names", "ego"), [(("Car1", "Ego"), "Ego"), (("npc", "hero"), "hero"), (("Car1", "Car2"), "Car1")]
)
def test_who_is_the_ego(names, ego):
    others = "".join(f'<ScenarioObject name="{name}">{VEHICLE}</ScenarioObject>' for name in names)
    text = scenario(entities=others).replace(f'<ScenarioObject name="Ego">{VEHICLE}</ScenarioObject>', "", 1)
    assert lowered(text).storyboard.ego == ego


def test_the_start_in_order():
    place = '<LanePosition roadId="3" laneId="-2" s="12" offset="0.5"><Orientation type="relative" h="3.14"/>'
    init = lowered(scenario(init=teleport(place + "</LanePosition>") + speed("13.5"))).storyboard.init
    assert [item.entity for item in init] == ["Ego", "Ego"]
    assert init[0].action == sb.Teleport(sb.LanePosition("3", -2, 12.0, 0.5, sb.Orientation(h_rad=3.14)))
    assert init[1].action == sb.Speed(sb.SpeedTarget(13.5), sb.Dynamics("step", "time", 0.0))


def test_what_cannot_be_played_is_all_named_with_its_lines():
    swarm = """<GlobalAction><TrafficAction><TrafficSwarmAction innerRadius="1" semiMajorAxis="1" semiMinorAxis="1"
offset="0" numberOfVehicles="1" velocity="1"><CentralObject entityRef="Ego"/></TrafficSwarmAction></TrafficAction>
</GlobalAction>"""
    geo = teleport('\n<GeoPosition latitudeDeg="1" longitudeDeg="2"/>')
    text = scenario(init=geo, stories=story("\n" + swarm))
    with pytest.raises(InputError) as caught:
        lowered(text)
    found = {fault.found: fault.line for fault in caught.value.faults}
    assert {fault.code for fault in caught.value.faults} == {"unsupported"}
    for name in ("GeoPosition", "TrafficSwarmAction"):
        line = text[: text.index(f"<{name}")].count("\n") + 1
        assert any(name in said and abs(at - line) <= 1 for said, at in found.items()), found


def test_the_weather_at_the_start():
    weather = """<GlobalAction><EnvironmentAction><Environment name="e">
<TimeOfDay animation="false" dateTime="2024-06-01T23:30:00"/><Weather fractionalCloudCover="eightOktas">
<Sun azimuth="1" elevation="-0.5" illuminance="0.1"/><Fog visualRange="80"/>
<Precipitation precipitationType="rain" precipitationIntensity="6"/></Weather>
<RoadCondition frictionScaleFactor="0.4"/></Environment></EnvironmentAction></GlobalAction>"""
    made = lowered(scenario(init=weather))
    assert made.environment.rain_mmph == pytest.approx(6.0)
    assert made.environment.light() == "night"
    assert made.environment.road_friction < 0.5
    assert made.storyboard.time_of_day_s is not None


def test_conditions_of_entities():
    by = """<ByEntityCondition><TriggeringEntities triggeringEntitiesRule="all"><EntityRef entityRef="Ego"/>
</TriggeringEntities><EntityCondition><TimeToCollisionCondition freespace="true" rule="lessThan" value="1.5"
coordinateSystem="lane" relativeDistanceType="longitudinal"><TimeToCollisionConditionTarget><Position>
<WorldPosition x="1" y="2"/></Position></TimeToCollisionConditionTarget></TimeToCollisionCondition></EntityCondition>
</ByEntityCondition>"""
    board = lowered(scenario(stories=story(LANE_CHANGE.replace("${$D * 2}", "5"), by=by))).storyboard
    start = board.stories[0].acts[0].groups[0].maneuvers[0].events[0].start
    assert start is not None
    condition = start.groups[0][0]
    assert (condition.entities, condition.rule) == (("Ego",), "all")
    assert condition.what == sb.TimeToCollision(
        sb.Comparison("lessThan", 1.5), "", sb.WorldPosition(1.0, 2.0), True, "lane", "longitudinal"
    )


def test_a_scenario_knows_its_road_and_its_ego(tmp_path, shared_data):
    xodr = shared_data / "openscenario/esmini/xodr/straight_500m.xodr"
    road = '<LogicFile filepath="road.xodr"/>'
    put(tmp_path, "road.xodr", xodr.read_text(encoding="utf-8"))
    file = put(tmp_path, "s.xosc", scenario(road=road, init=speed("12")))
    made = from_openscenario(file)
    assert made.road.sha256 == sha256((tmp_path / "road.xodr").read_bytes()).hexdigest()
    assert Path(made.road.file) == tmp_path / "road.xodr"
    assert (made.ego.speed_mps, made.ego.size_m, made.ego.wheelbase_m) == (12.0, (4.6, 1.8, 1.5), 2.8)
    assert made.ego.rear_axle_to_center_m == pytest.approx(1.4)
    assert made.storyboard is not None and made.step_s == 0.05
    assert from_plain(sb.Storyboard, to_plain(made.storyboard)) == made.storyboard
    assert from_openscenario(file, duration_s=7.0).duration_s == 7.0


def test_a_road_that_is_not_there_is_a_fault_with_its_line(tmp_path):
    text = scenario(road='\n<LogicFile filepath="../xodr/none.xodr"/>')
    with pytest.raises(InputError) as caught:
        from_openscenario(put(tmp_path, "s.xosc", text))
    fault = caught.value.faults[0]
    assert fault.code == "missing-file"
    assert "none.xodr" in fault.found
    assert fault.line == text[: text.index("<LogicFile")].count("\n") + 1


def test_how_long_a_storyboard_is_played():
    def stops(*times: float) -> sb.Storyboard:
        groups = tuple((sb.Condition("c", sb.OnTime(sb.Comparison("greaterThan", time))),) for time in times)
        return sb.Storyboard((), "", stop=sb.Trigger(groups))

    assert play_time(stops(12.0, 30.0)) == pytest.approx(12.2)
    assert play_time(stops(9000.0)) == pytest.approx(300.2)
    assert play_time(sb.Storyboard((), "")) == 60.0


@pytest.mark.slow
def test_every_shared_file_is_lowered_or_says_what_is_in_the_way(shared_data):
    refused: dict[str, set[str]] = {}
    for file in sorted((shared_data / "openscenario").rglob("*.xosc")):
        try:
            document = read_openscenario(file)
            if document.kind != "scenario":
                continue
            board = lower(resolve(document, {})).storyboard
        except InputError as error:
            refused[file.name] = {fault.code for fault in error.faults}
            continue
        assert from_plain(sb.Storyboard, to_plain(board)) == board, file.name
        assert all(math.isfinite(side) for entity in board.entities for side in entity.size_m)
    assert refused.pop("swarm.xosc") == {"unsupported"}
    assert not any("unsupported" in codes for codes in refused.values()), refused
