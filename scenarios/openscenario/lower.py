"""A resolved OpenSCENARIO tree into a `Storyboard`: everything named that cannot be played, nothing left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driving_data.environment import Environment
from driving_data.errors import Fault, InputError
from scenarios import storyboard as sb
from scenarios.openscenario.lower_actions import global_action, private_action, user_action
from scenarios.openscenario.lower_conditions import trigger_of
from scenarios.openscenario.lower_context import Context
from scenarios.openscenario.lower_entities import BODIES, entities_of
from scenarios.openscenario.lower_environment import environment_of, seconds_of
from scenarios.openscenario.node import Node

EGO_NAMES = ("ego", "hero", "egovehicle", "ego_vehicle", "host", "vut", "sut")


@dataclass(frozen=True, slots=True)
class Lowered:
    """What came of a tree.

    Attributes:
        storyboard: the storyboard.
        environment: weather and light at the start.
        logic_file: path of the road as written; '' without one.
        notes: what was read and has no effect here, each with its line.
    """

    storyboard: sb.Storyboard
    environment: Environment
    logic_file: str
    notes: tuple[Fault, ...]


def lower(root: Node, parameters: Mapping[str, str] | None = None) -> Lowered:
    """The storyboard of a resolved tree.

    Args:
        root: what `resolve` gave.
        parameters: values given for parameters, which conditions may look at.

    Raises:
        InputError: every fault, and every feature that cannot be played, each with its line.
    """
    holder, board = root.child("Entities"), root.child("Storyboard")
    context = Context(_names(holder))
    if board is None:
        raise InputError([Fault(root.source, root.line, 0, "", "no-storyboard", "", "a scenario with a Storyboard")])
    entities = entities_of(context, holder) if holder is not None else ()
    if not entities:
        context.fault(root, "no-entities", "", "at least one entity")
    init, environment, time = _init(context, board.find("Init/Actions"))
    stories = tuple(_story(context, story, environment) for story in board.all("Story"))
    road = root.find("RoadNetwork/LogicFile")
    made = sb.Storyboard(
        entities=entities,
        ego=ego_of(entities),
        init=init,
        stories=stories,
        stop=trigger_of(context, board.child("StopTrigger")),
        values=_values(root, parameters or {}),
        signals=_signals(context, root),
        time_of_day_s=time,
    )
    if context.faults:
        raise InputError(sorted(context.faults, key=lambda fault: (fault.file, fault.line)))
    return Lowered(made, environment, "" if road is None else road.get("filepath"), tuple(context.notes))


def ego_of(entities: Sequence[sb.Entity]) -> str:
    """Who is the ego: named so, else the first vehicle, else the first entity."""
    for name in EGO_NAMES:
        for entity in entities:
            if entity.name.lower() == name:
                return entity.name
    vehicles = [entity.name for entity in entities if entity.category == "vehicle"]
    return vehicles[0] if vehicles else (entities[0].name if entities else "")


def _names(holder: Node | None) -> tuple[str, ...]:
    """Names that actions and conditions may use: entities, and trailers that stand inside their tractor."""
    names: list[str] = []
    for item in holder.all("ScenarioObject") if holder is not None else ():
        name = item.get("name")
        names.append(name)
        body = next((child for child in item.children if child.tag in BODIES), None)
        while body is not None and body.find("Trailer/Trailer") is not None:
            name = f"{name}+"
            names.append(name)
            inner = body.find("Trailer/Trailer")
            body = next((child for child in inner.children if child.tag in BODIES), None) if inner is not None else None
    return tuple(names)


def _init(context: Context, node: Node | None) -> tuple[tuple[sb.InitAction, ...], Environment, float | None]:
    environment, time = Environment(), None
    actions: list[sb.InitAction] = []
    for child in node.all("GlobalAction") if node is not None else ():
        inner = child.find("EnvironmentAction/Environment")
        if inner is not None:
            environment = environment_of(context, inner, environment)
            clock = inner.child("TimeOfDay")
            time = seconds_of(context, clock) if clock is not None else time
        actions += [sb.InitAction("", action) for action in global_action(context, child, environment)]
    for child in node.all("UserDefinedAction") if node is not None else ():
        actions += [sb.InitAction("", action) for action in user_action(context, child)]
    for private in node.all("Private") if node is not None else ():
        entity = context.entity(private)
        for child in private.all("PrivateAction"):
            actions += [sb.InitAction(entity, action) for action in private_action(context, child)]
    return tuple(actions), environment, time


def _story(context: Context, node: Node, environment: Environment) -> sb.Story:
    acts = tuple(
        sb.Act(
            act.get("name"),
            tuple(_group(context, group, environment) for group in act.all("ManeuverGroup")),
            trigger_of(context, act.child("StartTrigger")),
            trigger_of(context, act.child("StopTrigger")),
        )
        for act in node.all("Act")
    )
    return sb.Story(node.get("name"), acts)


def _group(context: Context, node: Node, environment: Environment) -> sb.ManeuverGroup:
    actors = node.child("Actors")
    names = () if actors is None else tuple(context.entity(actor) for actor in actors.all("EntityRef"))
    maneuvers = tuple(
        sb.Maneuver(maneuver.get("name"), tuple(_event(context, event, environment) for event in maneuver.all("Event")))
        for maneuver in node.all("Maneuver")
    )
    return sb.ManeuverGroup(
        node.get("name"), names, maneuvers, context.whole(node, "maximumExecutionCount", 1),
        actors is not None and context.flag(actors, "selectTriggeringEntities"),
    )  # fmt: skip


def _event(context: Context, node: Node, environment: Environment) -> sb.Event:
    actions: list[sb.NamedAction] = []
    for child in node.all("Action"):
        private, world = child.child("PrivateAction"), child.child("GlobalAction")
        own = child.child("UserDefinedAction")
        found: tuple[sb.Action, ...] = ()
        if private is not None:
            found = private_action(context, private)
        elif world is not None:
            found = global_action(context, world, environment)
        elif own is not None:
            found = user_action(context, own)
        actions += [sb.NamedAction(child.get("name"), action) for action in found]
    priority = node.get("priority", "parallel")
    return sb.Event(
        node.get("name"), tuple(actions), trigger_of(context, node.child("StartTrigger")),
        "override" if priority == "overwrite" else priority, context.whole(node, "maximumExecutionCount", 1),
    )  # fmt: skip


def _values(root: Node, parameters: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for tag, item in (
        ("ParameterDeclarations", "ParameterDeclaration"),
        ("VariableDeclarations", "VariableDeclaration"),
    ):
        holder = root.child(tag)
        for declared in holder.all(item) if holder is not None else ():
            values[declared.get("name")] = declared.get("value")
    values.update({name: text for name, text in parameters.items() if name in values})
    return values


def _signals(context: Context, root: Node) -> tuple[sb.SignalController, ...]:
    holder = root.find("RoadNetwork/TrafficSignals")
    found: list[sb.SignalController] = []
    for node in holder.all("TrafficSignalController") if holder is not None else ():
        phases = tuple(
            sb.SignalPhase(
                phase.get("name"),
                context.number(phase, "duration"),
                {
                    state.get("trafficSignalId"): state.get("state")
                    for state in phase.walk()
                    if state.tag == "TrafficSignalState" and state.get("trafficSignalId")
                },
            )
            for phase in node.all("Phase")
        )
        found.append(
            sb.SignalController(node.get("name"), phases, context.number(node, "delay"), node.get("reference"))
        )
    return tuple(found)
