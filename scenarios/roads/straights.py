"""What archetypes without junctions share: one road of constant curvature along which routes run."""

from collections.abc import Mapping, Sequence

from driving_data.maps.opendrive.build import Pose, chain, same_ids
from driving_data.maps.opendrive.document import (
    Arc,
    Cubic,
    Document,
    Geometry,
    Line,
    ObjectRecord,
    Road,
    RoadType,
    Section,
)
from scenarios.roads.furniture import Post

ROAD_ID = "1"


def bend(length_m: float, curvature_1pm: float) -> tuple[Geometry, ...]:
    """From the origin along x, straight or on a circle."""
    shape = Arc(curvature_1pm) if abs(curvature_1pm) > 1e-9 else Line()
    return chain(Pose(0.0, 0.0, 0.0), [(shape, length_m)])


def one_road(
    name: str,
    kind: str,
    geometry: tuple[Geometry, ...],
    limit_mps: float,
    sections: Sequence[Section],
    routes: Mapping[str, int],
    posts: Sequence[Post] = (),
    objects: Sequence[ObjectRecord] = (),
    elevation: tuple[Cubic, ...] = (),
) -> Document:
    """A document of one road; `routes` gives the lane id that each route follows through all sections.

    `name` is the archetype, `kind` the OpenDRIVE road type ('motorway', 'rural', 'town', ...).
    """
    length = geometry[-1].s + geometry[-1].length
    road = Road(
        ROAD_ID,
        length,
        geometry,
        same_ids(sections),
        name,
        types=(RoadType(0.0, kind, limit_mps),),
        elevation=elevation,
        signals=tuple(post.sign for post in posts),
        objects=(*objects, *(post.pole for post in posts)),
    )
    return Document((road,), name=name, routes=named(routes, range(len(sections))))


def named(routes: Mapping[str, int], pieces: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """Routes along `ROAD_ID` as lane names in the direction of travel: those named `oncoming` run backwards."""
    made: dict[str, tuple[str, ...]] = {}
    for route, lane in routes.items():
        order = reversed(pieces) if route.startswith("oncoming") else pieces
        made[route] = tuple(f"{ROAD_ID}.{piece}.{lane}" for piece in order)
    return made


def lanes_by_route(count: int, outermost: int) -> dict[str, int]:
    """`main.1..N` (1 is rightmost) for `count` driving lanes whose outermost has the id `-outermost`."""
    return {f"main.{k + 1}": -(outermost - k) for k in range(count)}


def oncoming_by_route(count: int, outermost: int) -> dict[str, int]:
    """`oncoming.1..N` likewise on the left side of the road."""
    return {f"oncoming.{k + 1}": outermost - k for k in range(count)}
