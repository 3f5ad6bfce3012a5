"""What of OpenSCENARIO XML 1.3 is read, written and played: a table that is found by trying, feature by feature.

`unsupported` lists by name and line what of a file cannot be played; nothing is skipped in silence.
"""

from dataclasses import asdict, dataclass
from functools import cache

from driving_data.errors import Fault, InputError
from scenarios.openscenario.distributions import expand
from scenarios.openscenario.examples import scenario_with, smallest
from scenarios.openscenario.lower import lower
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document, parse_openscenario
from scenarios.openscenario.resolve import resolve_tree
from scenarios.openscenario.schema import types
from scenarios.openscenario.write import write_openscenario

COMMON = {
    "entity": "CatalogReference Vehicle MiscObject Pedestrian",
    "action": "TeleportAction SpeedAction ActivateControllerAction LongitudinalDistanceAction LaneOffsetAction "
    "LaneChangeAction FollowTrajectoryAction EnvironmentAction SynchronizeAction AssignRouteAction LightStateAction "
    "DeleteEntityAction VariableAction TrafficSignalStateAction SpeedProfileAction AssignControllerAction "
    "AcquirePositionAction VisibilityAction LateralDistanceAction TrafficSwarmAction ConnectTrailerAction "
    "DisconnectTrailerAction OverrideControllerValueAction AddEntityAction CustomCommandAction RandomRouteAction",
    "condition": "SimulationTimeCondition StoryboardElementStateCondition ReachPositionCondition TimeHeadwayCondition "
    "SpeedCondition RelativeDistanceCondition TraveledDistanceCondition StandStillCondition ParameterCondition "
    "VariableCondition RelativeSpeedCondition TrafficSignalCondition EndOfRoadCondition TimeToCollisionCondition "
    "CollisionCondition AccelerationCondition DistanceCondition OffroadCondition RelativeClearanceCondition "
    "AngleCondition RoadCondition",
    "position": "LanePosition WorldPosition RelativeLanePosition RoadPosition RelativeRoadPosition "
    "RelativeObjectPosition RelativeWorldPosition RoutePosition InRoutePosition TrajectoryPosition TargetPosition",
    "shape": "Polyline Clothoid Nurbs ClothoidSpline",
    "expression": "${...}",
}
"""The features that occur in public catalogues of scenarios, by kind."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of the standard.

    Attributes:
        kind: `entity`, `action`, `condition`, `position`, `shape` or `expression`.
        name: name of its element.
        common: it occurs in public catalogues.
        read: a file with it is read.
        written: the file that is written from it is read again as the same.
        played: `yes`, `no effect` or `no`.
    """

    kind: str
    name: str
    common: bool
    read: bool
    written: bool
    played: str


_GROUPS = {"LongitudinalAction", "LateralAction", "ControllerAction", "RoutingAction", "AppearanceAction",
           "TrailerAction", "EntityAction", "InfrastructureAction", "TrafficSignalAction", "TrafficAction"}  # fmt: skip


def _actions(type_name: str) -> list[str]:
    """Actions below a type that are no mere groups of others."""
    found: list[str] = []
    for tag, child in types()[type_name].children.items():
        if not tag.endswith("Action"):
            continue
        found += _actions(child) if tag in _GROUPS else [tag]
    return list(dict.fromkeys(found))


def _names() -> list[tuple[str, str, str]]:
    """(kind, name, where it stands) of every feature."""
    entities = [tag for tag in types()["ScenarioObject"].children if tag != "ObjectController"]
    rows = [("entity", tag, "entity") for tag in entities]
    rows += [("action", tag, "init") for tag in _actions("PrivateAction")]
    rows += [("action", tag, "global") for tag in _actions("GlobalAction")]
    rows += [("action", "CustomCommandAction", "user")]
    for group in ("EntityCondition", "ByValueCondition"):
        rows += [("condition", tag, "condition") for tag in types()[group].children]
    rows.append(("condition", "RoadCondition", "global"))
    rows += [("position", tag, "position") for tag in types()["Position"].children]
    rows += [("position", "InRoutePosition", "position"), ("position", "TargetPosition", "init")]
    rows += [("shape", tag, "shape") for tag in types()["Shape"].children]
    return rows


@cache
def features() -> tuple[Feature, ...]:
    """Every entity, action, condition, position and shape of 1.3, each tried: read, written, played."""
    found: list[Feature] = []
    for kind, name, place in _names():
        root = _example(name, place)
        common = name in COMMON[kind].split()
        try:
            document = parse_openscenario(write_openscenario(root))
            read, written = True, document.root == root
        except InputError:
            read, written = False, False
        found.append(Feature(kind, name, common, read, written, _played(root, name)))
    found.append(Feature("expression", "${...}", True, True, True, "yes"))
    return tuple(found)


def _example(name: str, place: str) -> Node:
    if place != "user":
        wanted = name if name != "InRoutePosition" else "RoutePosition"
        return scenario_with(wanted if name != "TargetPosition" else "SynchronizeAction", place)
    root = scenario_with("SetMonitorAction", "global")
    board = root.children[-1]
    user = smallest("UserDefinedAction", "UserDefinedAction")
    init = Node("Init", {}, (Node("Actions", {}, (user,)),))
    return Node(root.tag, root.attributes, (*root.children[:-1], Node(board.tag, {}, (init,))))


def _played(root: Node, name: str) -> str:
    if name == "CatalogReference":
        return "yes"  # replaced by what it names before anything is played
    try:
        notes = lower(root).notes
    except InputError as error:
        return "no" if any(fault.code == "unsupported" for fault in error.faults) else "yes"
    whole = [note for note in notes if note.found == name]
    return "no effect" if whole else "yes"


def unsupported(document: Document) -> list[Fault]:
    """What of a document cannot be played or has no effect, each by name with its line; empty where all of it is.

    Names that lead nowhere are no matter of this: `check` finds them.
    """
    if document.kind == "parameter_variation":
        try:
            expand(document)
        except InputError as error:
            return [fault for fault in error.faults if fault.code == "unsupported"]
        return []
    played = {feature.name: feature.played for feature in features()}
    root, faults, _ = resolve_tree(document.root, document.path, {})
    found: list[Fault] = []
    for node in (document.root if faults else root).walk():
        if played.get(node.tag, "yes") != "yes":
            code = "unsupported" if played[node.tag] == "no" else "no-effect"
            expected = "a feature that is played (docs/openscenario_support.md)"
            found.append(Fault(node.source, node.line, node.column, node.tag, code, node.tag, expected))
    if faults or document.kind != "scenario":
        return found
    named = {(fault.file, fault.found) for fault in found}
    try:
        details = lower(root).notes
    except InputError as error:
        details = tuple(fault for fault in error.faults if fault.code == "unsupported")
    return found + [fault for fault in details if (fault.file, fault.found) not in named]


def rows() -> list[dict[str, str | bool]]:
    """The support matrix as plain data."""
    return [asdict(feature) for feature in features()]


def table() -> str:
    """The support matrix as a table of Markdown."""
    lines = ["| kind | feature | in public files | read | written | played |", "|---|---|---|---|---|---|"]
    for item in features():
        flags = ["yes" if flag else "" for flag in (item.common, item.read, item.written)]
        lines.append(f"| {item.kind} | `{item.name}` | {' | '.join(flags)} | {item.played} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page of the documentation that shows the matrix."""
    found = features()
    common = [feature for feature in found if feature.common]
    played = sum(feature.played == "yes" for feature in common)
    return _PAGE.format(every=len(found), common=len(common), played=played, table=table())


_PAGE = """# What of OpenSCENARIO XML 1.3 is read, written and played

The whole schema of 1.3 is read and written: {every} entities, actions, conditions, positions and shapes here, and
everything around them. {common} of them occur in public catalogues of scenarios, {played} of those are played in the
embedded simulator. The table is found by trying: a small scenario with each feature is written, read, and made ready
to be played (`scenarios.openscenario.support`; `python tools/openscenario_support.py` refreshes this page).

`no effect` is read and changes nothing that a simulator could show; `no` stops a scenario from being played, with the
name and the line. `unsupported(document)` lists both for a file, `roadloom check` shows them as lints; nothing is
skipped in silence.

{table}"""
