"""The smallest elements that the content model allows: what every feature is tried with."""

from collections import deque
from functools import cache

from scenarios.openscenario.node import Node
from scenarios.openscenario.schema import ElementType, Particle, types, words

_TEXTS = {
    "Boolean": "true",
    "DateTime": "2024-05-31T12:00:00",
    "Double": "1.0",
    "Int": "1",
    "String": "a",
    "UnsignedInt": "1",
    "UnsignedShort": "1",
}
_NAMED = {"laneId": "-1", "roadId": "0", "storyboardElementType": "event", "dynamicsShape": "linear"}


def text_of(attribute: str, type_name: str) -> str:
    """A value that an attribute may have."""
    if attribute in _NAMED:
        return _NAMED[attribute]
    return _TEXTS[type_name] if type_name in _TEXTS else words()[type_name][0]


def smallest(tag: str, type_name: str, wanted: str = "") -> Node:
    """The smallest element of a type that holds, somewhere below it, an element `wanted`.

    Raises:
        ValueError: no element of that type can hold it.
    """
    kind = types()[type_name]
    way = _way(type_name, wanted) if wanted and tag != wanted else ()
    if wanted and tag != wanted and not way:
        raise ValueError(f"{tag} cannot hold {wanted}")
    through = way[0] if way else ""
    attributes = {name: text_of(name, item.type) for name, item in kind.attributes.items() if item.required}
    children = _children(kind.content, kind, through, wanted) if kind.content is not None else []
    return Node(tag, attributes, tuple(sorted(children, key=lambda child: kind.rank[child.tag])))


@cache
def _way(type_name: str, wanted: str) -> tuple[str, ...]:
    """Tags that lead from a type to an element, by the shortest way that 1.3 does not advise against, else by any."""
    return _found_way(type_name, wanted, True) or _found_way(type_name, wanted, False)


def _found_way(type_name: str, wanted: str, advised: bool) -> tuple[str, ...]:
    waiting: deque[tuple[str, tuple[str, ...]]] = deque([(type_name, ())])
    seen = {type_name}
    while waiting:
        name, way = waiting.popleft()
        for tag, child in types()[name].children.items():
            if advised and tag in _deprecated(name):
                continue
            if tag == wanted:
                return (*way, tag)
            if child not in seen:
                seen.add(child)
                waiting.append((child, (*way, tag)))
    return ()


@cache
def _deprecated(type_name: str) -> frozenset[str]:
    content = types()[type_name].content
    every = content.elements() if content is not None else ()
    return frozenset(element.tag for element in every if element.deprecated)


def _children(particle: Particle, kind: ElementType, through: str, wanted: str) -> list[Node]:
    tags = [element.tag for element in particle.elements()]
    if particle.kind == "element":
        if particle.tag == through:
            return [smallest(particle.tag, particle.type, wanted)] * max(particle.at_least, 1)
        return [smallest(particle.tag, particle.type)] * particle.at_least
    if particle.at_least == 0 and through not in tags:
        return []
    if particle.kind != "choice":
        return [child for part in particle.parts for child in _children(part, kind, through, wanted)]
    leading = next((part for part in particle.parts if through in [e.tag for e in part.elements()]), None)
    return _children(leading or particle.parts[0], kind, through, wanted)


def scenario_with(wanted: str, place: str) -> Node:
    """A small scenario that holds an element.

    Args:
        wanted: tag of the element.
        place: where: `entity`, `init`, `global`, `condition`, `position` or `shape`.
    """
    vehicle = Node("ScenarioObject", {"name": "a"}, (smallest("Vehicle", "Vehicle"),))
    init: tuple[Node, ...] = ()
    stop: tuple[Node, ...] = ()
    if place == "entity":
        vehicle = smallest("ScenarioObject", "ScenarioObject", wanted)
    elif place == "global":
        init = (_inside("GlobalAction", wanted),)
    elif place == "condition":
        stop = (Node("StopTrigger", {}, (Node("ConditionGroup", {}, (_inside("Condition", wanted),)),)),)
    else:
        through = {"init": wanted, "position": "TeleportAction", "shape": "FollowTrajectoryAction"}[place]
        action = _inside("PrivateAction", through)
        if place != "init":
            action = _with(action, {"position": "Position", "shape": "Shape"}[place], wanted)
        init = (Node("Private", {"entityRef": "a"}, (action,)),)
    board = Node("Storyboard", {}, (Node("Init", {}, (Node("Actions", {}, init),)), *stop))
    header = smallest("FileHeader", "FileHeader")
    header = Node("FileHeader", {**header.attributes, "revMajor": "1", "revMinor": "3"})
    return Node(
        "OpenSCENARIO", {},
        (header, Node("CatalogLocations"), Node("RoadNetwork"), Node("Entities", {}, (vehicle,)), board),
    )  # fmt: skip


def _inside(tag: str, wanted: str) -> Node:
    return smallest(tag, tag, wanted)


def _with(node: Node, holder: str, wanted: str) -> Node:
    """The tree with every element `holder` replaced by one that holds `wanted`; added where it is missing."""
    if node.tag == holder:
        return smallest(holder, holder, wanted)
    children = tuple(_with(child, holder, wanted) for child in node.children)
    if node.tag == "FollowTrajectoryAction" and node.child("TrajectoryRef") is None:
        children = (*children, _with(smallest("TrajectoryRef", "TrajectoryRef", "Trajectory"), holder, wanted))
    return Node(node.tag, node.attributes, children)
