"""Numbers that the standard limits beyond their type: durations below zero, ranges upside down, times that run back."""

from collections.abc import Iterator
from itertools import pairwise

from driving_data.errors import Fault
from scenarios.openscenario.node import Node
from scenarios.openscenario.schema import types_of_tag

_NOT_NEGATIVE = frozenset(
    {
        ("Condition", "delay"), ("Phase", "duration"), ("StandStillCondition", "duration"),
        ("EndOfRoadCondition", "duration"), ("OffroadCondition", "duration"), ("LightStateAction", "transitionTime"),
        ("LightState", "flashingOnDuration"), ("LightState", "flashingOffDuration"),
        ("AnimationAction", "animationDuration"), ("ReachPositionCondition", "tolerance"),
        ("TraveledDistanceCondition", "value"), ("LongitudinalDistanceAction", "distance"),
        ("LongitudinalDistanceAction", "timeGap"), ("LateralDistanceAction", "distance"), ("Wind", "speed"),
        ("Fog", "visualRange"), ("Precipitation", "precipitationIntensity"), ("RoadCondition", "frictionScaleFactor"),
        ("Performance", "maxSpeed"), ("Performance", "maxAcceleration"), ("Performance", "maxDeceleration"),
        ("Dimensions", "length"), ("Dimensions", "width"), ("Dimensions", "height"), ("SpeedProfileEntry", "time"),
        ("TrafficSignalController", "delay"), ("DistributionRange", "stepWidth"), ("HistogramBin", "weight"),
        ("ProbabilityDistributionSetElement", "weight"), ("NormalDistribution", "variance"),
        ("LogNormalDistribution", "variance"), ("TargetTimeSteadyState", "time"),
        ("TargetDistanceSteadyState", "distance"), ("SynchronizeAction", "targetTolerance"),
        ("SynchronizeAction", "targetToleranceMaster"), ("DynamicConstraints", "maxSpeed"),
        ("DynamicConstraints", "maxAcceleration"), ("DynamicConstraints", "maxDeceleration"),
    }
)  # fmt: skip


def value_faults(root: Node) -> list[Fault]:
    """Numbers of a resolved tree that are of the right type and still mean nothing."""
    return [fault for node in root.walk() for fault in _of(node)]


def _of(node: Node) -> Iterator[Fault]:
    kinds = types_of_tag().get(node.tag, ())
    for name in node.attributes:
        value = _number(node, name)
        if value is not None and value < 0 and any((kind, name) in _NOT_NEGATIVE for kind in kinds):
            yield _fault(node, f"{node.tag}/@{name}", "negative", f"{name} = {value:g}", "0 or more")
    if "TransitionDynamics" in kinds and node.get("dynamicsDimension") in ("time", "distance"):
        value = _number(node, "value")
        if value is not None and value < 0:
            what = f"a {node.get('dynamicsDimension')} of {value:g}"
            yield _fault(node, f"{node.tag}/@value", "negative", what, "0 or more")
    if "Range" in kinds:
        low, high = _number(node, "lowerLimit"), _number(node, "upperLimit")
        if low is not None and high is not None and low > high:
            yield _fault(
                node, node.tag, "empty-range", f"from {low:g} to {high:g}", "a lower limit below the upper one"
            )
    if node.tag == "Polyline":
        yield from _times(node)
    if node.tag == "Nurbs":
        yield from _knots(node)


def _times(node: Node) -> Iterator[Fault]:
    vertices = node.all("Vertex")
    for one, two in pairwise(vertices):
        before, after = _number(one, "time"), _number(two, "time")
        if before is not None and after is not None and after < before:
            expected = f"{before:g} s or later, the time of the vertex before"
            yield _fault(two, "Vertex/@time", "time-runs-back", f"time = {after:g}", expected)


def _knots(node: Node) -> Iterator[Fault]:
    order, points, knots = _number(node, "order"), len(node.all("ControlPoint")), node.all("Knot")
    if order is not None and len(knots) != points + order:
        expected = f"{points + order:g} knots, as many as control points and order together"
        yield _fault(node, "Nurbs", "wrong-knots", f"{len(knots)} knots", expected)
    for one, two in pairwise(knots):
        before, after = _number(one, "value"), _number(two, "value")
        if before is not None and after is not None and after < before:
            yield _fault(two, "Knot/@value", "wrong-knots", f"{after:g} after {before:g}", "knots that do not fall")


def _number(node: Node, name: str) -> float | None:
    try:
        return float(node.attributes[name])
    except (KeyError, ValueError):
        return None


def _fault(node: Node, path: str, code: str, found: str, expected: str) -> Fault:
    return Fault(node.source, node.line, node.column, path, code, found, expected)
