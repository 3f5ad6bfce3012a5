"""Rules that turn spellings of 0.9 into those of 1.0, as far as they have a counterpart.

Old catalogs are still in use beside newer scenarios. What has no counterpart keeps its old name, and is then reported
by name and line as unknown.
"""

from collections.abc import Mapping

from scenarios.openscenario.upgrade_1 import Rule, Rules, Upgrade, renamed_attribute, replaced_value
from scenarios.openscenario.xml import Element

_TAGS: Mapping[tuple[str, str], str] = {
    ("Vehicle", "ParameterDeclaration"): "ParameterDeclarations",
    ("Pedestrian", "ParameterDeclaration"): "ParameterDeclarations",
    ("MiscObject", "ParameterDeclaration"): "ParameterDeclarations",
    ("Controller", "ParameterDeclaration"): "ParameterDeclarations",
    ("Maneuver", "ParameterDeclaration"): "ParameterDeclarations",
    ("Environment", "ParameterDeclaration"): "ParameterDeclarations",
    ("Trajectory", "ParameterDeclaration"): "ParameterDeclarations",
    ("Route", "ParameterDeclaration"): "ParameterDeclarations",
    ("OpenSCENARIO", "ParameterDeclaration"): "ParameterDeclarations",
    ("OpenSCENARIO", "Catalogs"): "CatalogLocations",
    ("ParameterDeclarations", "Parameter"): "ParameterDeclaration",
    ("RoadNetwork", "Logics"): "LogicFile",
    ("RoadNetwork", "SceneGraph"): "SceneGraphFile",
    ("Entities", "Object"): "ScenarioObject",
    ("ScenarioObject", "Controller"): "ObjectController",
    ("BoundingBox", "Dimension"): "Dimensions",
    ("Axles", "Front"): "FrontAxle",
    ("Axles", "Rear"): "RearAxle",
    ("Axles", "Additional"): "AdditionalAxle",
    ("Act", "Sequence"): "ManeuverGroup",
    ("Actors", "Entity"): "EntityRef",
    ("TriggeringEntities", "Entity"): "EntityRef",
    ("Event", "StartConditions"): "StartTrigger",
    ("Storyboard", "EndConditions"): "StopTrigger",
    ("Private", "Action"): "PrivateAction",
    ("Action", "Private"): "PrivateAction",
    ("Action", "Global"): "GlobalAction",
    ("Action", "UserDefined"): "UserDefinedAction",
    ("UserDefinedAction", "Command"): "CustomCommandAction",
    ("PrivateAction", "Longitudinal"): "LongitudinalAction",
    ("PrivateAction", "Lateral"): "LateralAction",
    ("PrivateAction", "Visibility"): "VisibilityAction",
    ("PrivateAction", "Routing"): "RoutingAction",
    ("LongitudinalAction", "Speed"): "SpeedAction",
    ("LongitudinalAction", "Distance"): "LongitudinalDistanceAction",
    ("LateralAction", "LaneChange"): "LaneChangeAction",
    ("LateralAction", "LaneOffset"): "LaneOffsetAction",
    ("LateralAction", "Distance"): "LateralDistanceAction",
    ("SpeedAction", "Dynamics"): "SpeedActionDynamics",
    ("SpeedAction", "Target"): "SpeedActionTarget",
    ("SpeedActionTarget", "Absolute"): "AbsoluteTargetSpeed",
    ("SpeedActionTarget", "Relative"): "RelativeTargetSpeed",
    ("LaneChangeAction", "Dynamics"): "LaneChangeActionDynamics",
    ("LaneChangeAction", "Target"): "LaneChangeTarget",
    ("LaneChangeTarget", "Absolute"): "AbsoluteTargetLane",
    ("LaneChangeTarget", "Relative"): "RelativeTargetLane",
    ("Position", "World"): "WorldPosition",
    ("Position", "Lane"): "LanePosition",
    ("Position", "Road"): "RoadPosition",
    ("Position", "RelativeLane"): "RelativeLanePosition",
    ("Position", "RelativeRoad"): "RelativeRoadPosition",
    ("Position", "RelativeObject"): "RelativeObjectPosition",
    ("Position", "RelativeWorld"): "RelativeWorldPosition",
    ("Condition", "ByEntity"): "ByEntityCondition",
    ("Condition", "ByValue"): "ByValueCondition",
    ("ByValueCondition", "SimulationTime"): "SimulationTimeCondition",
    ("ByValueCondition", "Parameter"): "ParameterCondition",
    ("ByValueCondition", "TimeOfDay"): "TimeOfDayCondition",
    ("EntityCondition", "EndOfRoad"): "EndOfRoadCondition",
    ("EntityCondition", "Collision"): "CollisionCondition",
    ("EntityCondition", "Offroad"): "OffroadCondition",
    ("EntityCondition", "TimeHeadway"): "TimeHeadwayCondition",
    ("EntityCondition", "TimeToCollision"): "TimeToCollisionCondition",
    ("EntityCondition", "Acceleration"): "AccelerationCondition",
    ("EntityCondition", "StandStill"): "StandStillCondition",
    ("EntityCondition", "Speed"): "SpeedCondition",
    ("EntityCondition", "RelativeSpeed"): "RelativeSpeedCondition",
    ("EntityCondition", "TraveledDistance"): "TraveledDistanceCondition",
    ("EntityCondition", "ReachPosition"): "ReachPositionCondition",
    ("EntityCondition", "Distance"): "DistanceCondition",
    ("EntityCondition", "RelativeDistance"): "RelativeDistanceCondition",
}


def _tags(state: Upgrade, element: Element) -> None:
    for child in element.children:
        child.tag = _TAGS.get((element.tag, child.tag), child.tag)


def _autonomous(state: Upgrade, element: Element) -> None:
    """`Autonomous` switched the driver of an entity on and off."""
    for i, child in enumerate(element.children):
        if child.tag == "Autonomous":
            on, domain = child.attributes.get("activate", "true"), child.attributes.get("domain", "both")
            active = {name: on for name in ("lateral", "longitudinal") if domain in (name, "both")}
            inner = Element("ActivateControllerAction", active, line=child.line, column=child.column)
            element.children[i] = Element("ControllerAction", {}, [inner], line=child.line, column=child.column)


def _performance(state: Upgrade, element: Element) -> None:
    """The mass moved to the vehicle; a top acceleration was not asked for, and is taken to be the deceleration."""
    performance = element.child("Performance")
    if performance is None:
        return
    if "mass" in performance.attributes:
        element.attributes.setdefault("mass", performance.attributes.pop("mass"))
    if "maxAcceleration" not in performance.attributes and "maxDeceleration" in performance.attributes:
        performance.attributes["maxAcceleration"] = performance.attributes["maxDeceleration"]
        state.note(performance, "no maxAcceleration", f"maxAcceleration={performance.attributes['maxAcceleration']!r}")


def _dynamics(state: Upgrade, element: Element) -> None:
    for dimension in ("rate", "time", "distance"):
        if dimension in element.attributes:
            element.attributes["dynamicsDimension"] = dimension
            element.attributes["value"] = element.attributes.pop(dimension)
    renamed_attribute("shape", "dynamicsShape")(state, element)
    if element.attributes.get("dynamicsShape") == "step":
        element.attributes.setdefault("dynamicsDimension", "time")
        element.attributes.setdefault("value", "0.0")


def _group(state: Upgrade, element: Element) -> None:
    renamed_attribute("numberOfExecutions", "maximumExecutionCount")(state, element)
    actors = element.child("Actors")
    if actors is not None:
        actors.attributes.setdefault("selectTriggeringEntities", "false")


_RULE = {"greater_than": "greaterThan", "less_than": "lessThan", "equal_to": "equalTo"}
_COMMON: tuple[Rule, ...] = (_tags, replaced_value("rule", _RULE))
_ENTITY: tuple[Rule, ...] = (
    renamed_attribute("entity", "entityRef"),
    renamed_attribute("object", "entityRef"),
    renamed_attribute("type", "relativeDistanceType"),
)
_CATEGORY = {"motorcycle": "motorbike"}

RULES: Rules = {
    "*": _COMMON,
    "Vehicle": (
        renamed_attribute("category", "vehicleCategory"),
        replaced_value("vehicleCategory", _CATEGORY),
        _performance,
    ),
    "Pedestrian": (renamed_attribute("category", "pedestrianCategory"),),
    "MiscObject": (renamed_attribute("category", "miscObjectCategory"),),
    "ParameterDeclaration": (renamed_attribute("type", "parameterType"),),
    "EntityRef": (renamed_attribute("name", "entityRef"),),
    "Private": (renamed_attribute("object", "entityRef"),),
    "Condition": (renamed_attribute("edge", "conditionEdge"),),
    "TriggeringEntities": (renamed_attribute("rule", "triggeringEntitiesRule"),),
    "PrivateAction": (_autonomous,),
    "ManeuverGroup": (_group,),
    "SpeedActionDynamics": (_dynamics,),
    "LaneChangeActionDynamics": (_dynamics,),
    "RelativeTargetSpeed": (
        renamed_attribute("object", "entityRef"),
        renamed_attribute("valueType", "speedTargetValueType"),
    ),
    "RelativeTargetLane": (renamed_attribute("object", "entityRef"),),
    "LanePosition": (renamed_attribute("roadID", "roadId"), renamed_attribute("laneID", "laneId")),
    "RelativeDistanceCondition": _ENTITY,
    "TimeHeadwayCondition": _ENTITY,
    "RelativeSpeedCondition": _ENTITY,
}
