"""One SUMO simulation in a process of its own: libsumo knows one simulation per process, and brings its own libraries.

The parent sends plain data and gets plain data back:
    ("start", road, options)    -> unmatched        road: OpenDRIVE text, the step, who is there, lights
    ("step", poses, shown)      -> (rows, letters)  poses of the scenario's actors: name, x, y, yaw, speed
    ("stop",)                   -> None             ends the process
`shown` are the numbers of `SignalState`, light by light; `letters` is what SUMO's own lights showed meanwhile, for
each of ours; `unmatched` are the lights for which SUMO's network has no link.
A row is (slot, x, y, z, yaw, speed, acceleration, signals): the middle of the box in `world`, radians; SUMO's lamps.
"""

import math
import os
import subprocess
import tempfile
import traceback
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from sim_bridge.sumo.lights import Link, lights_of, nodes_of, state_of

Row = tuple[int, float, float, float, float, float, float, int]
LENGTH_M, WIDTH_M = 4.6, 1.85
SEND_TO_EXACTLY_THERE = 2
CHECKS_NOTHING = 0
# OpenDRIVE's lane types on which SUMO's cars may be.
DRIVEN = frozenset({"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "bidirectional", "bus"})
# What netconvert gives lanes of which OpenDRIVE says no limit, and what they get here (120 km/h).
NETCONVERT_DEFAULT_MPS, FREE_SPEED_MPS = "13.89", "33.33"


def sumo_angle(yaw_rad: float) -> float:
    """SUMO's angle, degrees clockwise from north, of a heading counter-clockwise from east."""
    return (90.0 - math.degrees(yaw_rad)) % 360.0


def yaw_of(angle_deg: float) -> float:
    """Heading in [-pi, pi), counter-clockwise from east, of SUMO's angle."""
    return (math.radians(90.0 - angle_deg) + math.pi) % (2.0 * math.pi) - math.pi


def network(opendrive: str, folder: Path, lights: list[tuple[str, ...]]) -> Path:
    """SUMO's network of a road, made by netconvert in the coordinates of the road.

    Where there are lights it is made twice: the first shows which junctions they rule, the second has lights there.

    Args:
        opendrive: the road.
        folder: where the files go.
        lights: lanes `<road>.<piece>.<lane>` inside junctions that each light controls.

    Raises:
        RuntimeError: netconvert refuses the road.
    """
    source, target = folder / "road.xodr", folder / "road.net.xml"
    source.write_text(opendrive)
    _convert(source, target)
    nodes = nodes_of(target, lights)
    if nodes:
        _convert(source, target, "--tls.set", ",".join(nodes))
    _keep_to_lanes(target)
    return target


def _convert(source: Path, target: Path, *more: str) -> None:
    sumo: Any = import_module("sumo")
    command = [
        str(Path(sumo.SUMO_HOME) / "bin" / "netconvert"), "--opendrive-files", str(source), "-o", str(target),
        "--offset.disable-normalization", "true", "--no-warnings", "true", "--tls.discard-loaded", "true",
        "--no-turnarounds", "true", "--output.original-names", "true", *more,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not target.is_file():
        raise RuntimeError(f"netconvert cannot read the road: {done.stderr.strip()[-500:]}")


def _keep_to_lanes(target: Path) -> None:
    """Closes what is no lane to drive on (netconvert opens shoulders), and frees lanes without a speed limit."""
    tree = ElementTree.parse(target)
    for edge in tree.getroot().iter("edge"):
        kinds = edge.get("type", "driving").split("|")
        for k, lane in enumerate(edge.iter("lane")):
            if lane.get("speed") == NETCONVERT_DEFAULT_MPS:
                lane.set("speed", FREE_SPEED_MPS)
            if (kinds[k] if k < len(kinds) else kinds[-1]) not in DRIVEN:
                lane.attrib.pop("allow", None)
                lane.set("disallow", "all")
    tree.write(target)


class Traffic:
    """A running SUMO simulation."""

    def __init__(self, road: dict[str, Any], chosen: dict[str, Any]) -> None:
        self._sumo: Any = import_module("libsumo")
        self._folder = tempfile.TemporaryDirectory()
        self._guests: dict[str, int] = {}
        self._known: set[str] = set()
        self._length: dict[str, tuple[float, float]] = {name: (size[0], size[1]) for name, *size in road["actors"]}
        net = network(road["opendrive"], Path(self._folder.name), road["lights"])
        self._links: dict[str, list[Link]] = lights_of(net, road["lights"])
        self.unmatched = sorted(set(range(len(road["lights"]))) - self._matched() - _without_lanes(road["lights"]))
        self._sumo.start(
            ["sumo", "-n", str(net), "--step-length", repr(road["step_s"]), "--seed", str(road["seed"] % 2**31),
             "--collision.action", "none", "--no-step-log", "--no-warnings", "--time-to-teleport", "-1",
             "--begin", "0", "--default.speeddev", "0.1"]
        )  # fmt: skip
        self._types(chosen["car_following"])
        self._populate(road, chosen)

    def step(
        self, poses: list[tuple[str, float, float, float, float]], shown: list[int]
    ) -> tuple[list[Row], dict[int, str]]:
        """Tells SUMO where the scenario's actors are and what the lights show, and advances it by one step.

        Returns where its own vehicles are, and what its lights showed for each of ours, read back from SUMO.
        """
        for name, x, y, yaw, speed in poses:
            self._mirror(name, x, y, yaw, speed)
        for light, links in self._links.items():
            self._sumo.trafficlight.setRedYellowGreenState(light, state_of(links, shown))
        self._sumo.simulationStep()
        alive = set(self._sumo.vehicle.getIDList())
        return [self._row(name, slot) for name, slot in self._guests.items() if name in alive], self._letters()

    def _matched(self) -> set[int]:
        return {link.light for links in self._links.values() for link in links if link.light >= 0}

    def _letters(self) -> dict[int, str]:
        letters: dict[int, str] = {}
        for light, links in self._links.items():
            state = self._sumo.trafficlight.getRedYellowGreenState(light)
            for link, letter in zip(links, state, strict=True):
                if link.light >= 0:
                    letters[link.light] = letters.get(link.light, "") + letter
        return letters

    def close(self) -> None:
        """Ends SUMO."""
        self._sumo.close()
        self._folder.cleanup()

    def _types(self, model: str) -> None:
        kinds = self._sumo.vehicletype
        kinds.copy("DEFAULT_VEHTYPE", "guest")
        kinds.setLength("guest", LENGTH_M)
        kinds.setWidth("guest", WIDTH_M)
        kinds.setParameter("guest", "carFollowModel", model)
        for name, (length, width) in self._length.items():
            kinds.copy("DEFAULT_VEHTYPE", f"of_{name}")
            kinds.setLength(f"of_{name}", max(length, 0.3))
            kinds.setWidth(f"of_{name}", max(width, 0.3))

    def _populate(self, road: dict[str, Any], chosen: dict[str, Any]) -> None:
        """Draws where every guest enters and whither it goes; all draws come from the seed of the world."""
        rng = np.random.default_rng([road["seed"], 0x53554D4F])
        edges = sorted(e for e in self._sumo.edge.getIDList() if not e.startswith(":"))
        usable = [e for e in edges if self._open_lanes(e)]
        taken = [np.array([x, y]) for _, x, y, _, _ in road["poses"]]
        for slot in range(chosen["vehicles"]):
            late = slot >= max(1, chosen["vehicles"] // 10)
            depart = float(rng.uniform(0.0, chosen["depart_s"])) if late else 0.0
            for _ in range(30):
                way = self._way(usable, rng)
                if way is not None and self._enter(f"guest_{slot}", way, depart, taken, chosen["clear_m"], rng):
                    self._guests[f"guest_{slot}"] = slot
                    break

    def _open_lanes(self, edge: str) -> list[int]:
        """Lanes of an edge on which cars may be."""
        lanes = range(self._sumo.edge.getLaneNumber(edge))
        closed = [set(self._sumo.lane.getDisallowed(f"{edge}_{k}")) for k in lanes]
        return [k for k in lanes if not closed[k] & {"passenger", "all"}]

    def _way(self, edges: list[str], rng: np.random.Generator) -> tuple[str, ...] | None:
        start, end = (edges[int(rng.integers(len(edges)))] for _ in range(2))
        found = self._sumo.simulation.findRoute(start, end, "guest").edges
        return tuple(found) or None

    def _enter(
        self, name: str, way: tuple[str, ...], depart: float, taken: list[np.ndarray], clear: float,
        rng: np.random.Generator,
    ) -> bool:  # fmt: skip
        open_lanes = self._open_lanes(way[0])
        lane = open_lanes[int(rng.integers(len(open_lanes)))]
        length = self._sumo.lane.getLength(f"{way[0]}_{lane}")
        position = float(rng.uniform(min(LENGTH_M, length), length))
        spot = np.array(self._sumo.simulation.convert2D(way[0], position, lane))
        if any(np.linalg.norm(spot - other) < clear for other in taken):
            return False
        self._sumo.route.add(f"way_of_{name}", list(way))
        self._sumo.vehicle.add(name, f"way_of_{name}", "guest", repr(depart), str(lane), f"{position:.3f}", "max")
        if depart == 0.0:
            taken.append(spot)
        return True

    def _mirror(self, name: str, x: float, y: float, yaw: float, speed: float) -> None:
        """Puts the shadow of one of the scenario's actors where that actor is; SUMO counts from the front."""
        vehicle = self._sumo.vehicle
        if name not in self._known:
            edge = next(e for e in sorted(self._sumo.edge.getIDList()) if not e.startswith(":"))
            self._sumo.route.add(f"way_of_{name}", [edge])
            vehicle.add(name, f"way_of_{name}", f"of_{name}", "now", "free", "base", "0")
            vehicle.setSpeedMode(name, CHECKS_NOTHING)
            vehicle.setLaneChangeMode(name, CHECKS_NOTHING)
            self._known.add(name)
        nose = 0.5 * self._length[name][0]
        front = (x + nose * math.cos(yaw), y + nose * math.sin(yaw))
        vehicle.moveToXY(name, "", -1, *front, sumo_angle(yaw), SEND_TO_EXACTLY_THERE)
        vehicle.setSpeed(name, speed)

    def _row(self, name: str, slot: int) -> Row:
        vehicle = self._sumo.vehicle
        x, y, z = vehicle.getPosition3D(name)
        yaw = yaw_of(vehicle.getAngle(name))
        back = 0.5 * LENGTH_M
        return (
            slot, x - back * math.cos(yaw), y - back * math.sin(yaw), z, yaw, vehicle.getSpeed(name),
            vehicle.getAcceleration(name), int(vehicle.getSignals(name)),
        )  # fmt: skip


def _without_lanes(lights: list[tuple[str, ...]]) -> set[int]:
    return {k for k, lanes in enumerate(lights) if not lanes}


def serve(pipe: Connection) -> None:
    """Answers the parent until it says stop or goes away; a failure is told, with its trace."""
    # SUMO talks on standard output, which belongs to the parent's document.
    os.dup2(2, 1)
    traffic: Traffic | None = None
    while True:
        try:
            what, *given = pipe.recv()
        except EOFError:
            return
        try:
            answer: object = None
            if traffic is not None and what in ("start", "stop"):
                traffic.close()
                traffic = None
            if what == "start":
                traffic = Traffic(*given)
                answer = traffic.unmatched
            elif what == "step" and traffic is not None:
                answer = traffic.step(*given)
            pipe.send(("done", answer))
        except Exception:
            pipe.send(("failed", traceback.format_exc()))
        if what == "stop":
            return
