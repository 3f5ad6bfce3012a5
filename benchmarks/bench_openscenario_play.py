"""OpenSCENARIO files played without controllers, against trajectories of the reference player, file by file.

The reference is a table of every entity at 20 Hz. A file is within tolerance where the root mean square of the distance
between reference points, over all moments that both have, is below 0.1 m for every entity but the ego (the ego's is
shown too). Files whose entities are driven by controllers, or that ask for a traffic swarm, are no test of the
storyboard; they are listed with what excludes them. Files that never stop are cut at 60 s.
"""

import gzip
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure
from driving_data.errors import InputError
from driving_data.rollout import Rollout
from roadloom.places import shared_data
from scenarios.concrete import ConcreteScenario
from scenarios.openscenario.scenario import from_openscenario
from scenarios.storyboard import ControllerSwitch, Storyboard
from sim_bridge.embedded.simulator import EmbeddedSimulator

TOLERANCE_M = 0.1
CUT_S = 60.0
LONGEST_S = 300.0
ALKS_GOAL = 13
SHARE_GOAL = 0.85
TABLE = Path(__file__).resolve().parent / "results" / "openscenario_play.md"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one file.

    Attributes:
        file: its name.
        excluded: what excludes it from the count; empty for nothing.
        reason: why it was not played; empty where it was.
        rms_m: root mean square distance by entity.
        ego: which of them is the ego.
        seconds: simulated time that was compared.
        wall_s: how long that took, reading included.
    """

    file: str
    excluded: str = ""
    reason: str = ""
    rms_m: tuple[tuple[str, float], ...] = ()
    ego: str = ""
    seconds: float = 0.0
    wall_s: float = 0.0

    @property
    def worst_m(self) -> float:
        """The largest distance of an entity that is not the ego; of the ego where there is nobody else."""
        others = [rms for name, rms in self.rms_m if name != self.ego]
        return max(others or [rms for _, rms in self.rms_m], default=math.inf)

    @property
    def ego_m(self) -> float:
        """The distance of the ego."""
        return dict(self.rms_m).get(self.ego, math.inf)

    @property
    def within(self) -> bool:
        """Whether every entity but the ego is within tolerance."""
        return not self.reason and self.worst_m < TOLERANCE_M


def reference(path: Path) -> dict[str, dict[int, tuple[float, float]]]:
    """Position of every entity in the plane, by milliseconds."""
    rows: dict[str, dict[int, tuple[float, float]]] = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]:
        cells = line.split(",")
        rows.setdefault(cells[1], {})[round(1000.0 * float(cells[0]))] = (float(cells[4]), float(cells[5]))
    return rows


def played(scenario: ConcreteScenario) -> Rollout:
    """What happens when a scenario is played by its storyboard alone."""
    session = EmbeddedSimulator().open([scenario], [0])
    session.run(round(scenario.duration_s / scenario.step_s), "storyboard")
    rollout = session.rollouts()[0]
    session.close()
    return rollout


def distances(scenario: ConcreteScenario, rollout: Rollout, table: Path) -> tuple[tuple[str, float], ...]:
    """Root mean square distance of each entity's reference point from the table; infinite where it is missing."""
    board = scenario.storyboard
    entities = {entity.name: entity for entity in board.entities} if board is not None else {}
    found: list[tuple[str, float]] = []
    moments = [round(1000.0 * float(t)) for t in rollout.seconds()]
    for name, rows in reference(table).items():
        if name not in entities:
            found.append((name, math.inf))
            continue
        actor = 0 if board is not None and name == board.ego else rollout.actors.ids.index(name)
        poses = rollout.world_from_actor[:, actor]
        cx, cy, _ = entities[name].center_m
        offset = np.array([cx, cy, 0.5 * entities[name].size_m[2]])
        points = poses.translation_m - np.einsum("tij,j->ti", poses.rotation, offset)
        squares = [
            (points[k, 0] - rows[moment][0]) ** 2 + (points[k, 1] - rows[moment][1]) ** 2
            for k, moment in enumerate(moments)
            if moment in rows and rollout.valid[k, actor]
        ]
        found.append((name, math.sqrt(sum(squares) / len(squares)) if squares else math.inf))
    return tuple(found)


def controllers_in(board: Storyboard) -> str:
    """What in a storyboard hands motion to a controller; empty for nothing."""
    named = [entity.name for entity in board.entities if entity.controllers]
    if named:
        return f"controller of {', '.join(named)}"
    actions = [item.action for item in board.init]
    for story in board.stories:
        for act in story.acts:
            for group in act.groups:
                for maneuver in group.maneuvers:
                    actions += [named.action for event in maneuver.events for named in event.actions]
    return "controller action" if any(isinstance(action, ControllerSwitch) for action in actions) else ""


def verdict(file: Path, table: Path, count_controllers: bool, cut_s: float) -> Verdict:
    """Plays one file and compares it; `count_controllers`: files with controllers count too."""
    start = time.perf_counter()
    try:
        scenario = from_openscenario(file)
    except InputError as error:
        swarm = "traffic swarm" if "TrafficSwarm" in str(error) else ""
        return Verdict(file.name, swarm, _first(error))
    board = scenario.storyboard
    if board is None:
        return Verdict(file.name, "", "no storyboard")
    if scenario.duration_s > cut_s:
        scenario = from_openscenario(file, duration_s=cut_s)
    rollout = played(scenario)
    excluded = "" if count_controllers else controllers_in(board)
    rms = distances(scenario, rollout, table)
    seconds = float(rollout.seconds()[-1])
    return Verdict(file.name, excluded, "", rms, board.ego, seconds, time.perf_counter() - start)


def alks(data: Path) -> Iterator[Verdict]:
    """The ALKS scenarios, their controllers disabled in the reference too."""
    folder = data / "openscenario/alks/logical_scenarios/concrete_scenarios"
    for table in sorted((data / "reference_trajectories/alks_without_controllers").glob("*.csv.gz")):
        yield verdict(folder / table.name.replace(".csv.gz", ".xosc"), table, True, LONGEST_S)


def esmini(data: Path) -> Iterator[Verdict]:
    """Every scenario file of the esmini set: those with a reference compared, the others with the reason."""
    root = data / "openscenario/esmini"
    for file in sorted([*root.glob("xosc/*.xosc"), *root.glob("scenario_construct_examples/*.xosc")]):
        table = data / "reference_trajectories/esmini" / f"{file.stem}.csv.gz"
        if table.is_file():
            yield verdict(file, table, False, CUT_S)
        elif "ParameterValueDistribution" not in file.read_text(encoding="utf-8", errors="replace"):
            yield Verdict(file.name, "no reference trajectory", _why(file))


def _why(file: Path) -> str:
    try:
        from_openscenario(file)
    except InputError as error:
        return _first(error)
    return ""


def _first(error: InputError) -> str:
    """What is wrong first, without the folders of this machine."""
    fault = error.faults[0]
    return f"{Path(fault.file).name}:{fault.line}: {fault.found}; expected {fault.expected}"


def table_of(verdicts: list[Verdict]) -> str:
    """The verdicts as a table of Markdown."""
    lines = ["| file | verdict | worst non-ego RMS m | ego RMS m | compared s |", "|---|---|---|---|---|"]
    for one in verdicts:
        state = "within tolerance" if one.within else ("excluded" if one.excluded else "not reached")
        if one.excluded:
            state = f"excluded: {one.excluded}" + (" (within tolerance all the same)" if one.within else "")
        if one.reason:
            state += f"; {one.reason}"
        numbers = [f"{value:.4f}" if math.isfinite(value) else "" for value in (one.worst_m, one.ego_m)]
        lines.append(f"| {one.file} | {state} | {numbers[0]} | {numbers[1]} | {one.seconds:.2f} |")
    return "\n".join(lines) + "\n"


def run() -> list[Figure]:
    """Files within tolerance, per set, and the table of all files in `results/openscenario_play.md`."""
    data = shared_data()
    if data is None:
        return []
    first, second = list(alks(data)), list(esmini(data))
    counted = [one for one in second if not one.excluded]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(f"# ALKS\n\n{table_of(first)}\n# esmini\n\n{table_of(second)}", encoding="utf-8")
    both = [*first, *counted]
    reached = sum(one.within for one in counted)
    worst = max((max(rms for _, rms in one.rms_m) for one in both if one.rms_m), default=math.inf)
    simulated, wall = sum(one.seconds for one in both), sum(one.wall_s for one in both)
    note = f"{len(counted)} files without controllers and swarm; RMS below {TOLERANCE_M} m for every non-ego entity"
    pace = simulated / max(wall, 1e-9)
    return [
        Figure("alks_files_within", sum(one.within for one in first), "files", ALKS_GOAL, note=f"of {len(first)}"),
        Figure("esmini_files_within", reached, "files", math.ceil(SHARE_GOAL * len(counted)), note=note),
        Figure("esmini_share_within", reached / max(len(counted), 1), "share", SHARE_GOAL, note=note),
        Figure("worst_rms_any_entity", worst, "m", note="egos included, over all counted files"),
        Figure("simulated_seconds_per_second", pace, "1/s", note="reading and compiling included"),
    ]
