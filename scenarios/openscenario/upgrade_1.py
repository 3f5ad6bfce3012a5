"""Rules that turn spellings of 1.0, 1.1 and 1.2, and what 1.3 deprecates, into the one spelling of 1.3."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from driving_data.errors import Fault
from scenarios.openscenario.xml import Element

HEAVY_RAIN_MM_PER_H = 50.0
"""What intensity 1 of 1.0 stands for: it was a share of the heaviest, and 1.1 asks for millimetres in an hour."""

CLOUDS = {"free": "zeroOktas", "cloudy": "fourOktas", "overcast": "eightOktas", "rainy": "eightOktas"}


@dataclass(slots=True)
class Upgrade:
    """What the rules share: the file, its revision and the notes."""

    source: str
    revision: tuple[int, int]
    notes: list[Fault]

    def note(self, element: Element, found: str, written: str) -> None:
        """Adds a note: what stood there, what it was read as."""
        self.notes.append(Fault(self.source, element.line, element.column, element.tag, "upgraded", found, written))


Rule = Callable[[Upgrade, Element], None]
Rules = Mapping[str, tuple[Rule, ...]]


def renamed_attribute(old: str, new: str) -> Rule:
    """A rule that renames an attribute; where both are there, the new one wins."""

    def rule(state: Upgrade, element: Element) -> None:
        if old in element.attributes:
            value = element.attributes.pop(old)
            element.attributes.setdefault(new, value)

    return rule


def replaced_value(name: str, words: Mapping[str, str]) -> Rule:
    """A rule that replaces words of an attribute."""

    def rule(state: Upgrade, element: Element) -> None:
        if element.attributes.get(name) in words:
            element.attributes[name] = words[element.attributes[name]]

    return rule


def _number(text: str) -> float | None:
    return float(text) if re.match(r"\s*[+-]?[\d.]+([eE][+-]?\d+)?\s*\Z", text) and text.strip(" +-.") else None


def _names(state: Upgrade, element: Element) -> None:
    """Names of parameters were written with their `$` in places."""
    for name in ("name", "parameterRef", "parameterName", "variableRef"):
        if element.attributes.get(name, "").startswith("$") and "{" not in element.attributes[name]:
            element.attributes[name] = element.attributes[name][1:]


def _along_route(state: Upgrade, element: Element) -> None:
    """Along the route means measured along the road; not along it means between the entities, the default."""
    value = element.attributes.get("alongRoute", "").strip()
    if value in ("false", "0"):
        del element.attributes["alongRoute"]
    elif value in ("true", "1"):
        del element.attributes["alongRoute"]
        element.attributes.setdefault("coordinateSystem", "road")
        element.attributes.setdefault("relativeDistanceType", "longitudinal")
        state.note(element, "alongRoute", "coordinateSystem='road' relativeDistanceType='longitudinal'")


def _clouds(state: Upgrade, element: Element) -> None:
    cloud = element.attributes.get("cloudState", "")
    if cloud in CLOUDS:
        del element.attributes["cloudState"]
        element.attributes.setdefault("fractionalCloudCover", CLOUDS[cloud])
        if cloud == "rainy":
            state.note(element, "cloudState='rainy'", "an overcast sky; rain is precipitation")


def _precipitation(state: Upgrade, element: Element) -> None:
    value = _number(element.attributes.get("intensity", ""))
    if "precipitationIntensity" in element.attributes:
        element.attributes.pop("intensity", None)
    elif value is not None:
        del element.attributes["intensity"]
        element.attributes["precipitationIntensity"] = f"{value * HEAVY_RAIN_MM_PER_H!r}" if value else "0.0"
        if value:
            state.note(element, f"intensity='{value}'", f"{value * HEAVY_RAIN_MM_PER_H} mm/h")


def _geo(state: Upgrade, element: Element) -> None:
    """Radians became degrees, and got their unit into the name."""
    for old, new in (("latitude", "latitudeDeg"), ("longitude", "longitudeDeg")):
        value = _number(element.attributes.get(old, ""))
        if value is not None:
            del element.attributes[old]
            element.attributes.setdefault(new, repr(math.degrees(value)))
            state.note(element, f"{old}='{value}'", f"{new}='{math.degrees(value)}'")


def _swarm_speed(state: Upgrade, element: Element) -> None:
    speed = element.attributes.pop("velocity", None)
    if speed is not None and element.child("InitialSpeedRange") is None:
        limits = {"lowerLimit": speed, "upperLimit": speed}
        element.children.append(Element("InitialSpeedRange", limits, line=element.line, column=element.column))


def _brake(state: Upgrade, element: Element) -> None:
    value = element.attributes.pop("value", None)
    if value is not None and not element.children:
        element.children.append(Element("BrakePercent", {"value": value}, line=element.line, column=element.column))


def _gear(state: Upgrade, element: Element) -> None:
    value = _number(element.attributes.get("number", ""))
    if value is not None and value.is_integer():
        del element.attributes["number"]
        if not element.children:
            gear = Element("ManualGear", {"number": str(int(value))}, line=element.line, column=element.column)
            element.children.append(gear)


def _wrapped(tags: tuple[str, ...], wrapper: str) -> Rule:
    """A rule that puts children with some tags into an element of their own."""

    def rule(state: Upgrade, element: Element) -> None:
        for i, child in enumerate(element.children):
            if child.tag in tags:
                if element.child(wrapper) is not None:
                    return
                element.children[i] = Element(wrapper, children=[child], line=child.line, column=child.column)

    return rule


def _no_empty(tag: str) -> Rule:
    """A rule that drops children which say nothing (1.0 allowed empty choices)."""

    def rule(state: Upgrade, element: Element) -> None:
        kept = [c for c in element.children if c.tag != tag or c.children or c.attributes]
        if len(kept) < len(element.children):
            state.note(element, f"an empty {tag}", "nothing")
            element.children = kept

    return rule


def _time_reference(state: Upgrade, element: Element) -> None:
    if not element.children:
        element.children.append(Element("None", line=element.line, column=element.column))


def _empty_controller_action(state: Upgrade, element: Element) -> None:
    """1.1 and 1.2 allowed one without content, which changes nothing, as an activation of nothing does."""
    if not element.children:
        element.children.append(Element("ActivateControllerAction", line=element.line, column=element.column))
        state.note(element, "an empty ControllerAction", "an activation that names nothing")


def _group_state(state: Upgrade, element: Element) -> None:
    """The schema of 1.2 misspelled it."""
    for child in element.children:
        if child.tag == "TrafficeSignalGroupState":
            child.tag = "TrafficSignalGroupState"


def _one_of(first: str, second: str) -> Rule:
    """A rule for a choice that the schema of 1.2 wrote as a sequence: the first is kept."""

    def rule(state: Upgrade, element: Element) -> None:
        other = element.child(second)
        if element.child(first) is not None and other is not None:
            element.children.remove(other)
            state.note(element, f"{first} and {second}", f"{first}")

    return rule


_COMBINED = {"ControllerAction", "AppearanceAction"}


def _parted(action: Element) -> list[Element]:
    """The private action, once for each part of a combined one (1.0 asked for all parts of a ControllerAction)."""
    combined = next((child for child in action.children if child.tag in _COMBINED), None)
    if combined is None or len(combined.children) < 2:
        return [action]
    parts: list[Element] = []
    for part in combined.children:
        inner = Element(combined.tag, dict(combined.attributes), [part], line=part.line, column=part.column)
        parts.append(Element(action.tag, dict(action.attributes), [inner], line=part.line, column=part.column))
    return parts


def _split_private(state: Upgrade, element: Element) -> None:
    parts = [
        part for child in element.children for part in (_parted(child) if child.tag == "PrivateAction" else [child])
    ]
    if len(parts) > len(element.children):
        state.note(element, "several controller actions in one", "one private action for each")
        element.children = parts


def _split_actions(state: Upgrade, element: Element) -> None:
    """An action of an event with several parts becomes several; the first keeps the name that conditions refer to."""
    children: list[Element] = []
    for child in element.children:
        private = child.child("PrivateAction") if child.tag == "Action" else None
        parts = _parted(private) if private is not None else []
        if len(parts) < 2:
            children.append(child)
            continue
        state.note(child, "several controller actions in one", "one action for each")
        for number, part in enumerate(parts):
            name = child.attributes.get("name", "") + (f"_{number + 1}" if number else "")
            children.append(
                Element("Action", {**child.attributes, "name": name}, [part], line=part.line, column=part.column)
            )
    element.children = children


def _catalog_name(state: Upgrade, element: Element) -> None:
    if "name" not in element.attributes:
        element.attributes["name"] = Path(state.source).stem
        state.note(element, "a catalog without a name", repr(element.attributes["name"]))


_NAMES: tuple[Rule, ...] = (_names,)
_DISTANCES: tuple[Rule, ...] = (
    _along_route,
    replaced_value("relativeDistanceType", {"cartesianDistance": "euclidianDistance"}),
)
_TYPES = {"integer": "int"}

RULES: Rules = {
    "ParameterDeclaration": (_names, replaced_value("parameterType", _TYPES)),
    "VariableDeclaration": (_names, replaced_value("variableType", _TYPES)),
    "ParameterAssignment": _NAMES,
    "ParameterCondition": _NAMES,
    "ParameterAction": _NAMES,
    "VariableCondition": _NAMES,
    "VariableAction": _NAMES,
    "DeterministicSingleParameterDistribution": _NAMES,
    "StochasticDistribution": _NAMES,
    "Event": (replaced_value("priority", {"overwrite": "override"}), _split_actions),
    "Private": (_split_private,),
    "PrivateAction": (_wrapped(("ActivateControllerAction",), "ControllerAction"),),
    "DistanceCondition": _DISTANCES,
    "TimeHeadwayCondition": _DISTANCES,
    "TimeToCollisionCondition": _DISTANCES,
    "RelativeDistanceCondition": _DISTANCES,
    "Weather": (_clouds,),
    "Sun": (renamed_attribute("intensity", "illuminance"),),
    "Precipitation": (_precipitation,),
    "Pedestrian": (renamed_attribute("model", "model3d"),),
    "Clothoid": (renamed_attribute("curvatureDot", "curvaturePrime"),),
    "GeoPosition": (_geo, renamed_attribute("height", "altitude")),
    "TrafficSourceAction": (renamed_attribute("velocity", "speed"),),
    "TrafficSwarmAction": (_swarm_speed,),
    "Brake": (_brake,),
    "ParkingBrake": (_brake,),
    "Gear": (_gear,),
    "AssignControllerAction": (_wrapped(("Controller", "CatalogReference"), "ObjectController"),),
    "FollowTrajectoryAction": (_wrapped(("Trajectory", "CatalogReference"), "TrajectoryRef"),),
    "Phase": (_group_state,),
    "ControllerAction": (_empty_controller_action,),
    "ScenarioObject": (_no_empty("ObjectController"),),
    "TimeReference": (_time_reference,),
    "LightType": (_one_of("VehicleLight", "UserDefinedLight"),),
    "ComponentAnimation": (_one_of("VehicleComponent", "UserDefinedComponent"),),
    "Catalog": (_catalog_name,),
}  # fmt: skip
