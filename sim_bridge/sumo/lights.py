"""Our traffic lights in SUMO's network: which of its links each light rules, and the letter that each link shows.

netconvert keeps the ids of OpenDRIVE's lanes beside the lanes inside junctions, and a light of ours names those lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from driving_data.taxonomy import SignalState

# SUMO's letters. Nobody has priority where the light is out or flashes yellow; at flashing red one stops first.
LETTERS = {
    SignalState.RED: "r", SignalState.YELLOW: "y", SignalState.RED_YELLOW: "u", SignalState.GREEN: "G",
    SignalState.FLASHING_RED: "s", SignalState.FLASHING_YELLOW: "o", SignalState.OFF: "o", SignalState.UNKNOWN: "o",
}  # fmt: skip
YIELDS = "g"
STRAIGHT_ON = "s"


@dataclass(frozen=True, slots=True)
class Link:
    """One way through a junction of SUMO: the index of our light that rules it (-1 for none), and whether it turns."""

    light: int
    turns: bool


def letter(link: Link, shown: Sequence[int]) -> str:
    """What a link shows: who turns at green lets those go who have priority; so does who has no light."""
    if link.light < 0:
        return YIELDS
    found = LETTERS[SignalState(shown[link.light])]
    return YIELDS if found == "G" and link.turns else found


def state_of(links: Sequence[Link], shown: Sequence[int]) -> str:
    """The letters of all links of one of SUMO's lights."""
    return "".join(letter(link, shown) for link in links)


def nodes_of(network: Path, lights: Sequence[Sequence[str]]) -> list[str]:
    """Ids of SUMO's junctions that our lights rule, in the order of their names."""
    return sorted({via[1:].rsplit("_", 2)[0] for via, _, light in _links(network, lights) if light >= 0})


def lights_of(network: Path, lights: Sequence[Sequence[str]]) -> dict[str, list[Link]]:
    """The links of each of SUMO's lights, in SUMO's order.

    Raises:
        RuntimeError: SUMO groups links of one index that our lights do not.
    """
    found: dict[str, dict[int, Link]] = {}
    for _, connection, light in _links(network, lights):
        name = connection.get("tl")
        if name is not None:
            links, at = found.setdefault(name, {}), int(connection.get("linkIndex", "0"))
            if at in links and links[at].light != light:
                raise RuntimeError(f"SUMO lets one lamp of {name!r} show what two lights of the road show")
            links[at] = Link(light, connection.get("dir") != STRAIGHT_ON)
    return {name: [links[k] for k in range(len(links))] for name, links in sorted(found.items())}


def _links(network: Path, lights: Sequence[Sequence[str]]) -> list[tuple[str, ElementTree.Element, int]]:
    """Every way through a junction: the lane inside it, SUMO's connection, and which of our lights rules it."""
    root = ElementTree.parse(network).getroot()
    owner = {_original(lane): k for k, lanes in enumerate(lights) for lane in lanes}
    rules: dict[str, int] = {}
    for lane in root.iter("lane"):
        for param in lane.findall("param"):
            if param.get("key") == "origId":
                held = [owner[name] for name in param.get("value", "").split() if name in owner]
                rules[lane.get("id", "")] = held[0] if held else -1
    connections = [
        c for c in root.iter("connection") if c.get("via") is not None and not c.get("from", ":").startswith(":")
    ]
    return [(c.get("via", ""), c, rules.get(c.get("via", ""), -1)) for c in connections]


def _original(lane: str) -> str:
    """The name in netconvert, `<road>_<lane>`, of our lane `<road>.<piece>.<lane>`."""
    road, _, number = lane.rsplit(".", 2)
    return f"{road}_{number}"
