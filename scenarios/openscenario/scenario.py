"""An OpenSCENARIO file as a concrete scenario, ready to be played.

scenario = from_openscenario("cut-in.xosc", {"EgoSpeed": "90"})
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from driving_data.errors import Fault, InputError
from driving_data.taxonomy import ActorClass
from scenarios import storyboard as sb
from scenarios.concrete import ConcreteScenario, Ego, Place, RoadChoice
from scenarios.openscenario.catalogs import road_of
from scenarios.openscenario.lower import Lowered, lower
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document, read_openscenario, resolve
from scenarios.openscenario.story_tags import story_tags
from scenarios.openscenario.task import with_task
from scenarios.types.sensors import rig

STEP_S = 0.05
LONGEST_S = 300.0
UNKNOWN_S = 60.0


def from_openscenario(
    path: str | Path,
    parameters: Mapping[str, str] | None = None,
    *,
    duration_s: float | None = None,
    step_s: float = STEP_S,
) -> ConcreteScenario:
    """The concrete scenario of an OpenSCENARIO file.

    Args:
        path: a scenario file of OpenSCENARIO XML 1.0 to 1.3.
        parameters: values for its global parameters by name, as text.
        duration_s: when it ends at the latest; by default as `play_time` says. The stop trigger may end it earlier.
        step_s: simulation step.

    Raises:
        InputError: what is wrong with the file, every feature that cannot be played, and a road file that is not
            there; each with its line.
    """
    given = dict(parameters or {})
    document = read_openscenario(path)
    if document.kind != "scenario":
        found, expected = f"a {document.kind.replace('_', ' ')}", "a scenario file"
        raise InputError([Fault(str(document.path), 0, 0, "", "no-scenario", found, expected)])
    root = resolve(document, given)
    return concrete_of(document, root, lower(root, given), duration_s=duration_s, step_s=step_s)


def concrete_of(
    document: Document,
    root: Node,
    lowered: Lowered,
    *,
    duration_s: float | None = None,
    step_s: float = STEP_S,
) -> ConcreteScenario:
    """The concrete scenario of a document that has been lowered.

    Raises:
        InputError: the road file is not there.
    """
    board = lowered.storyboard
    ego = next(entity for entity in board.entities if entity.name == board.ego)
    front = ego.front_axle_m if ego.front_axle_m is not None else ego.rear_axle_m + 0.6 * ego.size_m[0]
    header = root.child("FileHeader")
    about = Ego(
        start=Place("", 0.0),
        speed_mps=0.0,
        target_speed_mps=0.0,
        goal_s_m=0.0,
        kind=ActorClass(ego.kind),
        size_m=ego.size_m,
        wheelbase_m=max(front - ego.rear_axle_m, 0.5),
        rear_axle_to_center_m=ego.center_m[0] - ego.rear_axle_m,
    )
    lasts = play_time(board) if duration_s is None else duration_s
    task = with_task(about, _road(document, root, lowered), board, lasts)
    scenario = ConcreteScenario(
        name=document.path.stem,
        road=task.road,
        environment=lowered.environment,
        ego=task.ego,
        actors=(),
        rig=rig("front"),
        duration_s=lasts,
        step_s=step_s,
        description="" if header is None else header.get("description"),
        storyboard=board,
    )
    return replace(scenario, tags=story_tags(scenario))


def _road(document: Document, root: Node, lowered: Lowered) -> RoadChoice:
    if not lowered.logic_file:
        return RoadChoice()
    road, _ = road_of(document.path, lowered.logic_file)
    if road is None:
        node = root.find("RoadNetwork/LogicFile") or root
        expected = "a file that is there, beside the scenario or in a folder of ROADLOOM_MAPS"
        found = f"filepath={lowered.logic_file!r}"
        raise InputError([Fault(node.source, node.line, 0, "RoadNetwork/LogicFile", "missing-file", found, expected)])
    return RoadChoice(file=str(road.resolve()), sha256=sha256(road.read_bytes()).hexdigest())


def play_time(board: sb.Storyboard) -> float:
    """How long a storyboard is played, in seconds: until its stop trigger must have fired, 300 at most.

    Where only events stop it, or nothing, 60 s.
    """
    latest: list[float] = []
    for group in board.stop.groups if board.stop is not None else ():
        times = [c.what.than.value + c.delay_s for c in group if isinstance(c.what, sb.OnTime)]
        if group and len(times) == len(group) and all("reater" in _rule(condition) for condition in group):
            latest.append(max(times))
    return min(min(latest) + 0.2, LONGEST_S + 0.2) if latest else UNKNOWN_S


def _rule(condition: sb.Condition) -> str:
    return condition.what.than.rule if isinstance(condition.what, sb.OnTime) else ""


def with_duration(scenario: ConcreteScenario, duration_s: float) -> ConcreteScenario:
    """The same scenario, ended by `duration_s` at the latest."""
    return replace(scenario, duration_s=duration_s)
