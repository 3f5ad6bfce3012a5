"""Reading and sampling scenarios; peer: Scenic, on the same roads, with as many cars, in the same run.

Rates are per CPU-second of one process, ours and theirs; reading and compiling are left out.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, median_seconds
from benchmarks.peers import ask_peer
from scenarios import library
from scenarios.algebra import LogicalScenario, scenario
from scenarios.concrete import RoadChoice
from scenarios.leaf import Leaf
from scenarios.roads import build_road
from scenarios.sampling import sample_many
from scenarios.spec import read_spec
from scenarios.table import draw_table
from scenarios.types.about import parameter
from scenarios.types.actors import actor, ego
from scenarios.types.layout import layout_of
from scenarios.types.road import road
from scenarios.types.weather import weather
from scenarios.units import LENGTH, SPEED, TIME

PEER, PEER_REQUIREMENTS = "Scenic 3.1.1", ("scenic==3.1.1",)
CARS = 10
ROADS = ("motorway", "crossroads")
PLACED_GOAL, FREE_GOAL = 10.0, 100.0
# Scenic's own words: cars on the lanes of a map, facing along them, none in another; and objects that only have values.
_PLACED = """
param map = localPath('road.xodr')
param rain = Range(0, 10)
model scenic.domains.driving.model
ego = new Car with speed Range(20, 30)
for i in range({cars}):
    new Car with speed Range(20, 33)
"""
_FREE = """
param rain = Range(0, 10)
param clock = Range(6, 20)
for i in range({cars} + 1):
    new Object at (10 * i, 0), with speed Range(20, 33), with gap Range(5, 60), \
        with allowCollisions True, with requireVisible False
"""
_PEER_SCRIPT = """
import json, pathlib, random, statistics, sys, time
import numpy, scenic
folder, seconds, repeats = pathlib.Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
found = {}
for path in sorted(folder.rglob("*.scenic")):
    start = time.process_time()
    scenario = scenic.scenarioFromFile(str(path), mode2D=True)
    compiled = time.process_time() - start
    random.seed(1); numpy.random.seed(1)
    scenario.generate(maxIterations=100000)
    rates, tries, scenes = [], 0, 0
    for _ in range(repeats):
        count, start = 0, time.process_time()
        while time.process_time() - start < seconds:
            scene, iterations = scenario.generate(maxIterations=100000)
            count, tries = count + 1, tries + iterations
        rates.append(count / (time.process_time() - start))
        scenes += count
    found[path.parent.name] = {"rate": statistics.median(rates), "compile_s": compiled, "tries": tries / scenes,
                               "objects": len(scene.objects)}
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    count: int = 200
    others: tuple[str, ...] = ("late_pedestrian", "unprotected_left_turn")
    repeats: int = 3
    many: int = 10_000
    placed: int = 2_000
    rows: int = 100_000
    peer_seconds: float = 3.0


def placed_cars(archetype: str, cars: int = CARS) -> LogicalScenario:
    """Cars anywhere on the driving lanes of a road, one of them the ego, none in another."""
    lanes = driving_routes(archetype)
    lengths = [layout_of(road_of(archetype)).length_m(lane) for lane in lanes]
    listed, at = " | ".join(lanes), f"3..{min(lengths) - 3.0:g} m"
    leaves = [road(archetype), weather(rain="0..10 mm/h"), ego(on=listed, at=at, speed="20..30 m/s")]
    leaves += [actor(f"car_{i}", on=listed, at=at, speed="20..33 m/s") for i in range(cars)]
    return scenario(*leaves)


def road_of(archetype: str) -> RoadChoice:
    """The road with the parameters that a scenario leaf writes out."""
    return scenario(road(archetype), ego(on=driving_routes(archetype)[0], at="3 m", speed="0 m/s")).sample(0).road


def driving_routes(archetype: str) -> tuple[str, ...]:
    """Routes along driving lanes, those of the opposite direction and of turns included."""
    lane_map = build_road(RoadChoice(archetype))
    kinds = {lane.id: lane.kind.name.lower() for lane in lane_map.lanes}
    return tuple(name for name, lanes in lane_map.routes.items() if all(kinds[lane] == "driving" for lane in lanes))


def free_values(cars: int = CARS) -> LogicalScenario:
    """As many numbers without any place: rain, a clock, a speed and a gap for each car."""
    leaves: list[Leaf] = [weather(rain="0..10 mm/h"), parameter("clock", "6..20 s", TIME)]
    for i in range(cars + 1):
        leaves += [parameter(f"speed_{i}", "20..33 m/s", SPEED), parameter(f"gap_{i}", "5..60 m", LENGTH)]
    return scenario(*leaves)


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def least_cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """Least CPU time of several calls: other programs can only add to it."""
    return min(cpu_seconds(work) for _ in range(repeats))


def measure(sizes: Sizes) -> list[Figure]:
    """Draws per second, by scenario and by design; draws are made one after the other in one process."""
    count, figures = sizes.count, list[Figure]()
    for name in ("cut_in", *sizes.others):
        logical = library.load(name)
        # The first draw reads the archetype's road; it belongs to the warm-up.
        sample_many(logical, 1, 1)
        seconds = least_cpu_seconds(lambda logical=logical: sample_many(logical, count, 1), sizes.repeats)
        actors = len(logical.sample(1).actors)
        goal = 1000.0 if name == "cut_in" else None
        figures.append(Figure(f"random draws of {name}", count / seconds, "scenarios/CPU-s", goal,
                              note=f"{count} draws, about {actors} actors each"))  # fmt: skip
    logical = library.load("cut_in")
    for design in ("sobol", "lhs"):
        seconds = least_cpu_seconds(lambda design=design: sample_many(logical, count, 1, design), sizes.repeats)
        figures.append(Figure(f"{design} draws of cut_in", count / seconds, "scenarios/CPU-s"))
    thin = free_values(1).where("abs(gap_0 - gap_1) < 0.001 m")
    drawn = logical.sample(1)
    cars = placed_cars("motorway")
    sample_many(cars, 64, 1)
    return [
        *figures,
        Figure("many scenarios with ten cars", cpu_seconds(lambda: sample_many(cars, sizes.many, 1)), "s", 10.0,
               note=f"{sizes.many} scenarios, {CARS} cars and the ego each, placed on lanes, one core"),
        Figure("rows of a space restricted to 4e-5 of it",
               sizes.rows / 10 / cpu_seconds(lambda: draw_table(thin, sizes.rows // 10, 1)), "rows/CPU-s",
               note="abs(a - b) < 1 mm over 55 m, drawn exactly"),
        Figure("digest of a concrete scenario", 1e3 * median_seconds(lambda: drawn.digest(), 20), "ms"),
        Figure("reading cut_in.yaml", 1e3 * median_seconds(lambda: read_spec(library.path("cut_in")), sizes.repeats),
               "ms", note="parsed, typed and checked"),
    ]  # fmt: skip


def ask_scenic(sizes: Sizes) -> dict[str, Any] | None:
    """Scenic's rates by road, and without one; None where it cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (*ROADS, "free"):
            place = Path(folder) / name
            place.mkdir()
            (place / f"{name}.scenic").write_text((_FREE if name == "free" else _PLACED).format(cars=CARS))
            if name != "free":
                (place / "road.xodr").write_text(build_road(road_of(name)).opendrive or "")
        return ask_peer("scenic", PEER_REQUIREMENTS, _PEER_SCRIPT, folder, sizes.peer_seconds, sizes.repeats)


def compare(sizes: Sizes) -> list[Figure]:
    """Ours against Scenic: cars placed on lanes that keep out of one another, and values without places."""
    told = ask_scenic(sizes)
    peer, missing = (PEER, "") if told is not None else ("", f"; {PEER} could not be installed")
    figures: list[Figure] = []
    for name in ROADS:
        theirs = told[name] if told is not None else None
        logical = placed_cars(name)
        seconds = least_cpu_seconds(lambda logical=logical: sample_many(logical, sizes.placed, 1), 2)
        rate = sizes.placed / seconds
        note = f"{CARS} cars and the ego on the lanes of a {name}, none in another, one core{missing}"
        figures.append(Figure(f"scenes with placement, {name}", rate, "scenes/CPU-s", None, peer,
                              theirs and theirs["rate"], note))  # fmt: skip
        if theirs is not None:
            figures.append(Figure(f"times Scenic with placement, {name}", rate / theirs["rate"], "x", PLACED_GOAL,
                                  note=f"they take {theirs['tries']:.2f} tries a scene"))  # fmt: skip
    return [*figures, *_compare_free(sizes, told, peer, missing)]


def _compare_free(sizes: Sizes, told: dict[str, Any] | None, peer: str, missing: str) -> list[Figure]:
    logical = free_values()
    draw_table(logical, 64, 1)
    rate = sizes.rows / least_cpu_seconds(lambda: draw_table(logical, sizes.rows, 1).rows(), 2)
    theirs = told["free"]["rate"] if told is not None else None
    note = f"{2 * CARS + 4} numbers a scene, one mapping for each scene, one core{missing}"
    figures = [Figure("scenes without placement", rate, "scenes/CPU-s", 1e5, peer, theirs, note)]
    if theirs is not None:
        figures.append(Figure("times Scenic without placement", rate / theirs, "x", FREE_GOAL))
    return figures


def run() -> list[Figure]:
    """Everything."""
    return [*measure(Sizes()), *compare(Sizes())]


if __name__ == "__main__":
    print(json.dumps([(figure.name, figure.value, figure.unit, figure.peer_value) for figure in run()], indent=1))
