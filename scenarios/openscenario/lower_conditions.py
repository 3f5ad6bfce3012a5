"""Triggers and conditions of a resolved tree as storyboard values."""

from collections.abc import Callable

from driving_data.errors import nearest_name
from scenarios import storyboard as sb
from scenarios.openscenario.lower_context import Context, only
from scenarios.openscenario.lower_environment import seconds_of
from scenarios.openscenario.lower_positions import position_of
from scenarios.openscenario.node import Node

RULES = ("greaterThan", "greaterOrEqual", "lessThan", "lessOrEqual", "equalTo", "notEqualTo")


def trigger_of(context: Context, node: Node | None) -> sb.Trigger | None:
    """A StartTrigger or StopTrigger element; None where there is none."""
    if node is None:
        return None
    groups: list[tuple[sb.Condition, ...]] = []
    for group in node.all("ConditionGroup"):
        found = [condition_of(context, condition) for condition in group.all("Condition")]
        groups.append(tuple(condition for condition in found if condition is not None))
    return sb.Trigger(tuple(groups))


def condition_of(context: Context, node: Node) -> sb.Condition | None:
    """One Condition element; None, with a fault, where it cannot be played."""
    edge = node.get("conditionEdge", "none")
    name, delay = node.get("name"), context.number(node, "delay")
    by_value, by_entity = node.child("ByValueCondition"), node.child("ByEntityCondition")
    if by_value is not None:
        inner = only(by_value)
        what = None if inner is None else _by_value(context, inner)
        return None if what is None else sb.Condition(name, what, edge, delay)
    if by_entity is None:
        context.fault(node, "missing-condition", "", "ByValueCondition or ByEntityCondition")
        return None
    who, holder = by_entity.child("TriggeringEntities"), by_entity.child("EntityCondition")
    inner = only(holder) if holder is not None else None
    maker = _ENTITY.get(inner.tag) if inner is not None else None
    if inner is None or maker is None:
        context.unsupported(inner or node, inner.tag if inner is not None else "an empty condition")
        return None
    entities = () if who is None else tuple(context.entity(reference) for reference in who.all("EntityRef"))
    rule = "any" if who is None else who.get("triggeringEntitiesRule", "any")
    return sb.Condition(name, maker(context, inner), edge, delay, entities, rule)


def comparison(context: Context, node: Node, name: str = "value") -> sb.Comparison:
    """The rule and value of a condition."""
    return sb.Comparison(_rule(context, node), context.number(node, name))


def _rule(context: Context, node: Node) -> str:
    rule = node.get("rule")
    if rule not in RULES:
        context.fault(node, "unknown-rule", repr(rule), f"one of {', '.join(RULES)}", nearest_name(rule, RULES))
    return rule


def _by_value(context: Context, node: Node) -> sb.ByValue | None:
    tag = node.tag
    if tag == "SimulationTimeCondition":
        return sb.OnTime(comparison(context, node))
    if tag == "StoryboardElementStateCondition":
        return sb.OnElement(node.get("storyboardElementType"), node.get("storyboardElementRef"), node.get("state"))
    if tag in ("ParameterCondition", "VariableCondition"):
        name = node.get("parameterRef") or node.get("variableRef")
        return sb.OnValue(name, _rule(context, node), node.get("value"))
    if tag == "TrafficSignalCondition":
        return sb.OnSignal(node.get("name"), node.get("state"))
    if tag == "TrafficSignalControllerCondition":
        return sb.OnSignalController(node.get("trafficSignalControllerRef"), node.get("phase"))
    if tag == "UserDefinedValueCondition":
        context.note(node, f"name={node.get('name')!r}", "nobody sets values from outside; it never holds")
        return sb.OnUserValue(node.get("name"), _rule(context, node), node.get("value"))
    if tag == "TimeOfDayCondition":
        return sb.OnTimeOfDay(sb.Comparison(_rule(context, node), seconds_of(context, node)))
    context.unsupported(node, tag)
    return None


def _coordinates(context: Context, node: Node) -> str:
    if node.get("coordinateSystem"):
        return node.get("coordinateSystem")
    return "road" if context.flag(node, "alongRoute") else "entity"


def _measure(context: Context, node: Node) -> tuple[bool, str, str]:
    along = "longitudinal" if context.flag(node, "alongRoute") else "euclidianDistance"
    kind = node.get("relativeDistanceType") or along
    return context.flag(node, "freespace"), _coordinates(context, node), kind


def _reach(context: Context, node: Node) -> sb.ByEntity:
    return sb.Reaches(
        position_of(context, node.child("Position"), node), context.number(node, "tolerance"),
        context.optional(node, "angularTolerance"),
    )  # fmt: skip


def _headway(context: Context, node: Node) -> sb.ByEntity:
    return sb.Headway(context.entity(node), comparison(context, node), *_measure(context, node))


def _collision(context: Context, node: Node) -> sb.ByEntity:
    found = only(node)
    if found is None:
        context.fault(node, "missing-target", "", "EntityRef or ByType")
        return sb.Collides()
    return (
        sb.Collides(entity=context.entity(found)) if found.tag == "EntityRef" else sb.Collides(type=found.get("type"))
    )


def _ttc(context: Context, node: Node) -> sb.ByEntity:
    holder = node.child("TimeToCollisionConditionTarget")
    target = only(holder) if holder is not None else None
    freespace, coordinates, kind = _measure(context, node)
    entity = context.entity(target) if target is not None and target.tag == "EntityRef" else ""
    place = None if entity or holder is None else position_of(context, holder, node)
    return sb.TimeToCollision(comparison(context, node), entity, place, freespace, coordinates, kind)


def _distance(context: Context, node: Node) -> sb.ByEntity:
    place = position_of(context, node.child("Position"), node)
    return sb.DistanceTo(place, comparison(context, node), *_measure(context, node))


def _relative_distance(context: Context, node: Node) -> sb.ByEntity:
    return sb.RelativeDistance(context.entity(node), comparison(context, node), *_measure(context, node))


def _has_speed(context: Context, node: Node) -> sb.ByEntity:
    return sb.HasSpeed(comparison(context, node), node.get("direction"))


def _relative_speed(context: Context, node: Node) -> sb.ByEntity:
    return sb.HasRelativeSpeed(context.entity(node), comparison(context, node), node.get("direction"))


def _has_acceleration(context: Context, node: Node) -> sb.ByEntity:
    return sb.HasAcceleration(comparison(context, node), node.get("direction"))


def _travelled(context: Context, node: Node) -> sb.ByEntity:
    return sb.Travelled(context.number(node, "value"))


def _stands(context: Context, node: Node) -> sb.ByEntity:
    return sb.StandsStill(context.number(node, "duration"))


def _road_ends(context: Context, node: Node) -> sb.ByEntity:
    return sb.AtEndOfRoad(context.number(node, "duration"))


def _off_road(context: Context, node: Node) -> sb.ByEntity:
    return sb.OffRoad(context.number(node, "duration"))


def _clearance(context: Context, node: Node) -> sb.ByEntity:
    lanes = node.child("RelativeLaneRange")
    low = None if lanes is None else context.optional(lanes, "from")
    high = None if lanes is None else context.optional(lanes, "to")
    return sb.Clearance(
        lane_from=None if low is None else round(low),
        lane_to=None if high is None else round(high),
        backward_m=context.number(node, "distanceBackward"),
        forward_m=context.number(node, "distanceForward"),
        freespace=context.flag(node, "freeSpace"),
        opposite_lanes=context.flag(node, "oppositeLanes"),
        entities=tuple(context.entity(reference) for reference in node.all("EntityRef")),
    )


def _angle(context: Context, node: Node) -> sb.ByEntity:
    entity = context.entity(node) if node.tag == "RelativeAngleCondition" else ""
    return sb.HasAngle(
        node.get("angleType"), context.number(node, "angle"), context.number(node, "angleTolerance"),
        node.get("coordinateSystem") or ("entity" if entity else "world"), entity,
    )  # fmt: skip


_ENTITY: dict[str, Callable[[Context, Node], sb.ByEntity]] = {
    "ReachPositionCondition": _reach,
    "TimeHeadwayCondition": _headway,
    "CollisionCondition": _collision,
    "TimeToCollisionCondition": _ttc,
    "DistanceCondition": _distance,
    "RelativeDistanceCondition": _relative_distance,
    "SpeedCondition": _has_speed,
    "RelativeSpeedCondition": _relative_speed,
    "AccelerationCondition": _has_acceleration,
    "TraveledDistanceCondition": _travelled,
    "StandStillCondition": _stands,
    "EndOfRoadCondition": _road_ends,
    "OffroadCondition": _off_road,
    "RelativeClearanceCondition": _clearance,
    "AngleCondition": _angle,
    "RelativeAngleCondition": _angle,
}
