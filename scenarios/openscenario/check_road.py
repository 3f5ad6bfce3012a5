"""Places that a scenario names against its road network: roads, lanes and how far along them, signals."""

from functools import lru_cache
from pathlib import Path

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.maps.opendrive import parse_file
from driving_data.maps.opendrive.document import Document, Road
from scenarios.openscenario.catalogs import road_of
from scenarios.openscenario.node import Node

SLACK_M = 0.01


def road_faults(root: Node, path: Path) -> list[Fault]:
    """Road files that are missing or wrong, and places of a resolved scenario that its road network does not have."""
    node = root.find("RoadNetwork/LogicFile")
    if node is None or not node.get("filepath").strip():
        return []
    written, place = node.get("filepath"), "RoadNetwork/LogicFile/@filepath"
    file, forgiven = road_of(path, written)
    if file is None:
        if "." not in written.replace("\\", "/").rpartition("/")[2]:
            what, expected = (
                f"{written!r}, which is no file",
                "the path of an OpenDRIVE file; names are those of an engine",
            )
            return [Fault(node.source, node.line, node.column, place, "lint-named-road", what, expected)]
        return [Fault(node.source, node.line, node.column, place, "missing-file", repr(written), "an OpenDRIVE file")]
    found: list[Fault] = []
    if forgiven:
        what = f"{written!r} leads nowhere"
        found.append(
            Fault(node.source, node.line, node.column, place, "lint-forgiven-path", what, f"a path, as {str(file)!r}")
        )
    try:
        network = _network(str(file), file.stat().st_mtime_ns)
    except InputError as error:
        what = f"{written!r}: {error.faults[0]}"
        found.append(
            Fault(node.source, node.line, node.column, place, "lint-wrong-road", what, "a correct OpenDRIVE file")
        )
        return found
    roads = {road.id: road for road in network.roads}
    begins = {
        id(place)
        for item in root.walk() if item.tag in ("TeleportAction", "AddEntityAction")
        for place in item.walk()
    }  # fmt: skip
    for item in root.walk():
        if item.tag in ("LanePosition", "RoadPosition", "RoadCursor"):
            found += _place_faults(item, roads, id(item) in begins)
        if item.tag in ("TrafficSignalState", "TrafficSignalStateAction", "TrafficSignalCondition"):
            found += _signal_faults(item, network)
    return found


@lru_cache(maxsize=8)
def _network(file: str, changed_ns: int) -> Document:
    return parse_file(Path(file))[0]


def _place_faults(node: Node, roads: dict[str, Road], begins: bool) -> list[Fault]:
    """`begins`: somebody is put there; other places beyond the end of a road are taken to mean its end."""

    def fault(name: str, code: str, found: str, expected: str, near: str | None = None) -> list[Fault]:
        return [Fault(node.source, node.line, node.column, f"{node.tag}/@{name}", code, found, expected, near)]

    name = node.get("roadId")
    if name not in roads:
        known = f"a road of the network ({', '.join(list(roads)[:12])})"
        return fault("roadId", "unknown-road", repr(name), known, nearest_name(name, roads))
    road = roads[name]
    try:
        s_m = float(node.get("s", "0"))
        lane = int(node.get("laneId")) if node.tag == "LanePosition" else None
    except ValueError:
        return fault("laneId", "wrong-type", repr(node.get("laneId")), "the number of a lane")
    if not -SLACK_M <= s_m <= road.length + SLACK_M:
        return fault(
            "s",
            "outside-road" if begins else "lint-outside-road",
            f"s = {s_m:g} m on road {name}",
            f"0 to {road.length:g} m",
        )
    if lane is None:
        return []
    sections = [section for section in road.sections if section.s <= s_m + SLACK_M] or list(road.sections[:1])
    lanes = [record.id for record in sections[-1].lanes] if sections else []
    if lane not in lanes:
        known = ", ".join(str(number) for number in lanes if number)
        return fault("laneId", "unknown-lane", f"lane {lane} at s = {s_m:g} m of road {name}", f"one of {known}")
    return []


def _signal_faults(node: Node, network: Document) -> list[Fault]:
    name = "trafficSignalId" if node.tag == "TrafficSignalState" else "name"
    signals = [signal.id for road in network.roads for signal in road.signals]
    if node.get(name) in signals:
        return []
    expected = f"the id of a signal of the road network ({', '.join(signals[:12]) or 'it has none'})"
    near = nearest_name(node.get(name), signals)
    code = "lint-unknown-signal"
    return [
        Fault(node.source, node.line, node.column, f"{node.tag}/@{name}", code, repr(node.get(name)), expected, near)
    ]
