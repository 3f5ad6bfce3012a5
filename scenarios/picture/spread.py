"""What may differ, seen from many draws: where each one may begin, how it may go, what it may be."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import cos, sin

import numpy as np
import shapely
from jaxtyping import Float

from driving_data.taxonomy import ActorClass
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario, Place, RoadChoice
from scenarios.openscenario.beginnings import Beginning, beginnings, ground_of
from scenarios.openscenario.story_tags import layout_under
from scenarios.types.layout import Layout

Pose = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The way of one actor in one played draw: its id and its places in `world`, (n, 2)."""

    actor: str
    points_m: Float[np.ndarray, "n 2"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an actor was when something that it waited for happened."""

    actor: str
    point_m: tuple[float, float]


@dataclass(slots=True)
class Starts:
    """Where one actor, or a stream of actors, may begin.

    Attributes:
        name: of the actor or stream.
        stream: whether it is a stream of traffic.
        boxes: outline of each draw.
        poses: x, y and yaw of each draw.
        kinds: how often it is of which class.
        speeds_mps: speed at the start of each draw.
    """

    name: str
    stream: bool = False
    boxes: list[shapely.Polygon] = field(default_factory=lambda: [])
    poses: list[Pose] = field(default_factory=lambda: [])
    kinds: Counter[str] = field(default_factory=lambda: Counter())
    speeds_mps: list[float] = field(default_factory=lambda: [])

    def add(self, pose: Pose, size_m: tuple[float, float, float], kind: str, speed_mps: float) -> None:
        """Adds one draw."""
        self.boxes.append(box_of(pose, size_m))
        self.poses.append(pose)
        self.kinds[kind] += 1
        self.speeds_mps.append(speed_mps)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Many draws of one scenario, all laid onto one of its roads.

    Attributes:
        logical: the scenario.
        draws: what was drawn.
        sample: the draw whose road is shown.
        layout: that road.
        starts: by name; the ego first, then actors, then streams.
        roads: how many different roads were drawn.
    """

    logical: LogicalScenario
    draws: tuple[ConcreteScenario, ...]
    sample: ConcreteScenario
    layout: Layout
    starts: dict[str, Starts]
    roads: int


def spread_of(logical: LogicalScenario, draws: Sequence[ConcreteScenario]) -> Spread:
    """Lays the draws onto the road that most of them have."""
    sample = next(iter(on_shown_road(draws)))
    layout = layout_under(sample)
    streams = tuple(leaf.name for leaf in logical.leaves() if leaf.kind in ("traffic", "work_zones"))
    starts: dict[str, Starts] = {"ego": Starts("ego")}
    for leaf in logical.leaves():
        if leaf.kind == "actor":
            starts[leaf.name] = Starts(leaf.name)
    for stream in streams:
        starts[stream] = Starts(stream, True)
    for draw in draws:
        if draw.storyboard is not None:
            for name, one in story_starts(draw, layout):
                held = starts.setdefault(name, Starts(name))
                held.add(one.center, one.entity.size_m, ActorClass(one.entity.kind).label, one.speed_mps)
            continue
        ego = draw.ego
        _add(starts["ego"], layout, ego.start, ego.size_m, ego.kind.label, ego.speed_mps)
        for actor in draw.actors:
            stem = actor.id.rsplit("_", 1)[0]
            name = actor.id if actor.id in starts else stem if stem in streams else ""
            held = starts.setdefault(name or actor.id, Starts(name or actor.id))
            _add(held, layout, actor.start, actor.size_m, actor.kind.label, actor.speed_mps)
    return Spread(logical, tuple(draws), sample, layout, starts, len({_key(draw.road) for draw in draws}))


def story_starts(draw: ConcreteScenario, layout: Layout) -> list[tuple[str, Beginning]]:
    """Where the entities of a storyboard begin, by name; the ego as 'ego', first."""
    board = draw.storyboard
    if board is None:
        return []
    found = beginnings(board, ground_of(layout.lane_map))
    named = [("ego" if name == board.ego else name, one) for name, one in found.items() if one.present]
    return sorted(named, key=lambda item: item[0] != "ego")


def on_shown_road(draws: Sequence[ConcreteScenario]) -> list[ConcreteScenario]:
    """The draws whose road is the one that is shown: that which most of them have, the earliest of equals."""
    best = Counter(_key(draw.road) for draw in draws).most_common(1)[0][0]
    return [draw for draw in draws if _key(draw.road) == best]


def _key(road: RoadChoice) -> str:
    return repr((road.archetype, sorted(road.parameters.items()), road.file))


def _add(
    held: Starts, layout: Layout, place: Place, size_m: tuple[float, float, float], kind: str, speed_mps: float
) -> None:
    if place.route in layout.lane_map.routes:
        held.add(layout.pose(place), size_m, kind, speed_mps)


def box_of(pose: Pose, size_m: tuple[float, float, float]) -> shapely.Polygon:
    """Outline of a box at a pose."""
    x, y, yaw = pose
    length, width = 0.5 * size_m[0], 0.5 * size_m[1]
    corners = [(length, width), (length, -width), (-length, -width), (-length, width)]
    return shapely.Polygon([(x + a * cos(yaw) - b * sin(yaw), y + a * sin(yaw) + b * cos(yaw)) for a, b in corners])


def swath_of(boxes: Iterable[shapely.Polygon]) -> shapely.Geometry:
    """Everything that the boxes of all draws cover, small gaps closed."""
    whole = shapely.union_all(list(boxes))
    return whole.buffer(1.0, join_style="mitre").buffer(-1.0, join_style="mitre")
