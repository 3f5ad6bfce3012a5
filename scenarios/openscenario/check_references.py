"""Names that a scenario uses: every entity, storyboard element, variable, monitor and signal phase must be there."""

from collections.abc import Iterator, Mapping

from driving_data.errors import Fault, nearest_name
from scenarios.openscenario.node import Node, child_paths

ELEMENTS = {
    "story": "Story",
    "act": "Act",
    "maneuverGroup": "ManeuverGroup",
    "maneuver": "Maneuver",
    "event": "Event",
    "action": "Action",
}
_ENTITY_ATTRIBUTES = ("entityRef", "masterEntityRef", "trailerRef")
_LEVELS = tuple(ELEMENTS.values())


def reference_faults(root: Node) -> list[Fault]:
    """References of a resolved scenario that lead nowhere, names that occur twice, and events that never start."""
    found: list[Fault] = []
    entities = _entities(root, found)
    elements = _elements(root)
    named = {
        "variableRef": ("variable", _names(root, "VariableDeclarations", "VariableDeclaration")),
        "parameterRef": ("parameter", _names(root, "ParameterDeclarations", "ParameterDeclaration")),
        "monitorRef": ("monitor", _names(root, "MonitorDeclarations", "MonitorDeclaration")),
        "trafficSignalControllerRef": ("traffic signal controller", list(_phases(root))),
    }
    board = root.child("Storyboard")
    for path, node in _walk(board, "Storyboard") if board is not None else ():
        for name in _ENTITY_ATTRIBUTES:
            if name in node.attributes and node.get(name) not in entities:
                found.append(_unknown(node, f"{path}/@{name}", "unknown-entity", node.get(name), "an entity", entities))
        for name, (what, known) in named.items():
            if name in node.attributes and node.get(name) not in known:
                # A condition on nothing never holds. Some engines give such conditions a meaning by their name only.
                empty = not node.get(name) and node.tag.endswith("Condition")
                code = "lint-never-holds" if empty else f"unknown-{what.replace(' ', '-')}"
                found.append(_unknown(node, f"{path}/@{name}", code, node.get(name), f"a declared {what}", known))
        if node.tag == "StoryboardElementStateCondition":
            found += _element_fault(node, path, elements)
        if "phase" in node.attributes and node.get("trafficSignalControllerRef") in _phases(root):
            phases = _phases(root)[node.get("trafficSignalControllerRef")]
            if node.get("phase") not in phases:
                found.append(_unknown(node, f"{path}/@phase", "unknown-phase", node.get("phase"), "a phase", phases))
        found += _never(node, path)
        found += _twice(node, path)
    return found


def _unknown(node: Node, path: str, code: str, found: str, what: str, known: list[str]) -> Fault:
    names = f" ({', '.join(known[:12])})" if known else " (there are none)"
    near = nearest_name(found, known)
    return Fault(node.source, node.line, node.column, path, code, repr(found), f"{what}{names}", near)


def _walk(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for child, where in zip(node.children, child_paths(path, [c.tag for c in node.children]), strict=True):
        yield from _walk(child, where)


def _names(root: Node, holder: str, tag: str) -> list[str]:
    node = root.child(holder)
    return [item.get("name") for item in node.all(tag)] if node is not None else []


def _phases(root: Node) -> Mapping[str, list[str]]:
    signals = root.find("RoadNetwork/TrafficSignals")
    controllers = signals.all("TrafficSignalController") if signals is not None else ()
    return {item.get("name"): [phase.get("name") for phase in item.all("Phase")] for item in controllers}


def _entities(root: Node, found: list[Fault]) -> list[str]:
    holder = root.child("Entities")
    names: list[str] = []
    for node in holder.walk() if holder is not None else ():
        if node.tag not in ("ScenarioObject", "EntitySelection") and not (
            node.tag == "Trailer" and "name" in node.attributes
        ):
            continue
        if node.get("name") in names:
            found.append(
                Fault(node.source, node.line, node.column, "Entities", "duplicate-name", repr(node.get("name")),
                      "a name of its own for every entity")
            )  # fmt: skip
        names.append(node.get("name"))
    for path, node in _walk(holder, "Entities") if holder is not None else ():
        if node.tag == "EntityRef" and node.get("entityRef") not in names:
            found.append(
                _unknown(node, f"{path}/@entityRef", "unknown-entity", node.get("entityRef"), "an entity", names)
            )
    return names


def _elements(root: Node) -> dict[str, list[tuple[str, ...]]]:
    """Paths of names of the storyboard elements of each kind."""
    found: dict[str, list[tuple[str, ...]]] = {tag: [] for tag in _LEVELS}

    def add(node: Node, path: tuple[str, ...]) -> None:
        here = (*path, node.get("name")) if node.tag in _LEVELS else path
        if node.tag in _LEVELS:
            found[node.tag].append(here)
        for child in node.children:
            add(child, here)

    board = root.child("Storyboard")
    if board is not None:
        add(board, ())
    return found


def _element_fault(node: Node, path: str, elements: Mapping[str, list[tuple[str, ...]]]) -> list[Fault]:
    written = node.get("storyboardElementRef")
    known = elements.get(ELEMENTS.get(node.get("storyboardElementType"), ""), [])
    names = tuple(written.replace("::", "\0").split("\0"))
    if any(
        item[-len(names) :] == names or (set(names[:-1]) <= set(item[:-1]) and item[-1] == names[-1]) for item in known
    ):
        return []
    what = f"the name of a storyboard element of type {node.get('storyboardElementType')}"
    place = f"{path}/@storyboardElementRef"
    last = list(dict.fromkeys(item[-1] for item in known))
    return [_unknown(node, place, "unknown-storyboard-element", written, what, last)]


def _never(node: Node, path: str) -> list[Fault]:
    """Triggers without conditions never fire; groups without actors do nothing to entities."""
    if node.tag == "StartTrigger" and not node.children:
        what = "a start trigger without conditions, which by the standard never fires"
        return [
            Fault(node.source, node.line, node.column, path, "lint-never-starts", what, "at least one condition group")
        ]
    actors = node.child("Actors") if node.tag == "ManeuverGroup" else None
    if actors is None or actors.children or actors.get("selectTriggeringEntities") in ("true", "1"):
        return []
    if not any(child.tag == "PrivateAction" for child in node.walk()):
        return []
    what = "private actions in a maneuver group without actors"
    return [Fault(actors.source, actors.line, actors.column, path, "lint-no-actors", what, "an EntityRef for who acts")]


def _twice(node: Node, path: str) -> list[Fault]:
    """Siblings of the storyboard with one name: references to them are ambiguous."""
    found: list[Fault] = []
    for tag in _LEVELS:
        seen: set[str] = set()
        for child in node.all(tag):
            if child.get("name") in seen:
                what = f"a second {tag} {child.get('name')!r}"
                found.append(
                    Fault(child.source, child.line, child.column, f"{path}/{tag}", "lint-duplicate-name", what,
                          "names that are unique beside each other")
                )  # fmt: skip
            seen.add(child.get("name"))
    return found
