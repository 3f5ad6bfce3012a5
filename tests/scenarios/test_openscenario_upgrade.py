"""Older spellings, read as those of 1.3."""

import pytest

from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document, parse_openscenario
from tests.scenarios.openscenario_files import HEADER, VEHICLE, scenario


def _story(actions: str, trigger: str = "") -> str:
    return f"""<Story name="s"><Act name="a"><ManeuverGroup name="g" maximumExecutionCount="1">
<Actors selectTriggeringEntities="false"><EntityRef entityRef="Ego"/></Actors><Maneuver name="m">
<Event name="e" priority="overwrite">{actions}<StartTrigger>{trigger}</StartTrigger></Event></Maneuver></ManeuverGroup>
<StartTrigger/></Act></Story><StopTrigger/>"""


def _read(text: str) -> Document:
    return parse_openscenario(text.encode(), "old.xosc")


def _one(document: Document, tag: str) -> Node:
    return next(node for node in document.root.walk() if node.tag == tag)


ENVIRONMENT = """<GlobalAction><EnvironmentAction><Environment name="e">
<TimeOfDay animation="false" dateTime="2020-01-01T12:00:00"/>
<Weather cloudState="overcast"><Sun intensity="0.85" azimuth="0" elevation="1.3"/><Fog visualRange="1000"/>
<Precipitation precipitationType="rain" intensity="0.5"/></Weather><RoadCondition frictionScaleFactor="1"/>
</Environment>
</EnvironmentAction></GlobalAction>"""


def test_weather_of_1_0() -> None:
    document = _read(scenario(init=ENVIRONMENT, minor="0"))
    assert document.declared == "1.0"
    assert _one(document, "Weather").attributes == {"fractionalCloudCover": "eightOktas"}
    assert _one(document, "Sun").get("illuminance") == "0.85"
    assert _one(document, "Precipitation").attributes == {"precipitationType": "rain", "precipitationIntensity": "25.0"}
    assert any("25.0 mm/h" in note.expected and note.line for note in document.notes)
    assert _one(document, "FileHeader").get("revMinor") == "3"


def test_a_controller_action_with_two_parts_becomes_two_actions() -> None:
    both = """<ControllerAction><AssignControllerAction><Controller name="c"><Properties/></Controller>
</AssignControllerAction>
<OverrideControllerValueAction><Throttle value="0" active="false"/><Brake value="0.3" active="true"/>
<Clutch value="0" active="false"/>
<ParkingBrake value="0" active="false"/><SteeringWheel value="0" active="false"/><Gear number="2" active="false"/>
</OverrideControllerValueAction></ControllerAction>"""
    init = f'<Private entityRef="Ego"><PrivateAction>{both}</PrivateAction></Private>'
    action = f'<Action name="x"><PrivateAction>{both}</PrivateAction></Action>'
    document = _read(scenario(init=init, stories=_story(action), minor="0"))
    private = _one(document, "Private")
    assert len(private.children) == 2
    event = _one(document, "Event")
    assert [item.get("name") for item in event.all("Action")] == ["x", "x_2"]
    assert event.get("priority") == "override"
    assert _one(document, "AssignControllerAction").children[0].tag == "ObjectController"
    brake = _one(document, "Brake")
    assert "value" not in brake.attributes and brake.children[0].attributes == {"value": "0.3"}
    assert _one(document, "Gear").children[0] == Node("ManualGear", {"number": "2"})


def test_along_the_route_is_along_the_road() -> None:
    def condition(value: str) -> str:
        return f"""<ConditionGroup><Condition name="c" delay="0" conditionEdge="none"><ByEntityCondition>
<TriggeringEntities triggeringEntitiesRule="any"><EntityRef entityRef="Ego"/></TriggeringEntities><EntityCondition>
<TimeHeadwayCondition entityRef="Ego" value="1" freespace="true" alongRoute="{value}" rule="lessThan"/>
</EntityCondition>
</ByEntityCondition></Condition></ConditionGroup>"""

    command = '<CustomCommandAction type="t">go</CustomCommandAction>'
    action = f'<Action name="x"><UserDefinedAction>{command}</UserDefinedAction></Action>'
    for value, expected in {
        "true": {"coordinateSystem": "road", "relativeDistanceType": "longitudinal"},
        "false": {},
        "$along": {"alongRoute": "$along"},
    }.items():
        found = dict(_one(_read(scenario(stories=_story(action, condition(value)))), "TimeHeadwayCondition").attributes)
        for name in ("entityRef", "value", "freespace", "rule"):
            del found[name]
        assert found == expected


def test_small_spellings() -> None:
    trajectory = """<Private entityRef="Ego"><PrivateAction><RoutingAction><FollowTrajectoryAction>
<Trajectory name="t" closed="False">
<Shape><Clothoid curvature="0.1" curvatureDot="0.01" length="5"><Position>
<GeoPosition latitude="0.5" longitude="0.1" height="3"/>
</Position></Clothoid></Shape></Trajectory><TimeReference/><TrajectoryFollowingMode followingMode="follow"/>
</FollowTrajectoryAction></RoutingAction></PrivateAction></Private>"""
    parameters = '<ParameterDeclaration name="$n" parameterType="integer" value="1"/>'
    document = _read(scenario(parameters, init=trajectory, minor="1"))
    assert _one(document, "ParameterDeclaration").attributes == {"name": "n", "parameterType": "int", "value": "1"}
    action = _one(document, "FollowTrajectoryAction")
    assert {child.tag for child in action.children} == {"TrajectoryRef", "TimeReference", "TrajectoryFollowingMode"}
    assert _one(document, "TimeReference").children[0].tag == "None"
    assert _one(document, "Clothoid").get("curvaturePrime") == "0.01"
    assert float(_one(document, "GeoPosition").get("latitudeDeg")) == pytest.approx(28.6478897565)
    assert _one(document, "GeoPosition").get("altitude") == "3"
    assert _one(document, "Trajectory").get("closed") == "false"


OLD_CATALOG = """<OpenSCENARIO><FileHeader revMajor="0" revMinor="9" date="2020-02-20" description="d" author="a"/>
<Catalog name="Old"><Vehicle name="v" category="car"><ParameterDeclaration/>
<Performance maxSpeed="69.444" maxDeceleration="10.0" mass="1800.0"/>
<BoundingBox><Center x="1.5" y="0.0" z="0.9"/><Dimension width="2.1" length="4.5" height="1.8"/></BoundingBox>
<Axles><Front maxSteering="0.5" wheelDiameter="0.6" trackWidth="1.8" positionX="3.1" positionZ="0.3"/>
<Rear maxSteering="0.0" wheelDiameter="0.6" trackWidth="1.8" positionX="0.0" positionZ="0.3"/></Axles></Vehicle>
<Maneuver name="m"><Event name="e" priority="overwrite"><Action name="a"><Private>
<Autonomous activate="true" domain="both"/></Private>
</Action><StartConditions><ConditionGroup><Condition name="c" delay="0" edge="rising"><ByValue>
<SimulationTime value="0" rule="greater_than"/></ByValue></Condition></ConditionGroup></StartConditions></Event>
</Maneuver>
</Catalog></OpenSCENARIO>"""


def test_a_catalog_of_0_9() -> None:
    document = _read(OLD_CATALOG)
    assert (document.kind, document.declared) == ("catalog", "0.9")
    vehicle = _one(document, "Vehicle")
    assert vehicle.attributes == {"name": "v", "vehicleCategory": "car", "mass": "1800.0"}
    assert _one(document, "Performance").get("maxAcceleration") == "10.0"
    assert _one(document, "FrontAxle").get("positionX") == "3.1"
    assert _one(document, "ActivateControllerAction").attributes == {"lateral": "true", "longitudinal": "true"}
    assert _one(document, "SimulationTimeCondition").get("rule") == "greaterThan"
    assert _one(document, "FileHeader").get("date") == "2020-02-20T00:00:00"


def test_a_catalog_without_a_name_takes_that_of_its_file() -> None:
    text = f"<OpenSCENARIO>{HEADER.format(minor=2)}<Catalog>{VEHICLE}</Catalog></OpenSCENARIO>"
    assert _one(_read(text), "Catalog").get("name") == "old"
