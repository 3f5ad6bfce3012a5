"""Arms of junctions: two-lane streets that run towards a centre and end at their stop line.

Arms are numbered counter-clockwise as they lie: 0 `main` (west, traffic enters eastwards), 1 `from_right` (south),
2 `oncoming` (east), 3 `from_left` (north). Seen from arm k, arm k + 1 is to the right, k + 2 ahead, k + 3 to the left.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from driving_data.maps.opendrive.build import Pose, Strip, chain, cross_section, linked, same_ids
from driving_data.maps.opendrive.document import (
    Geometry,
    Line,
    ObjectRecord,
    Road,
    RoadLink,
    RoadType,
    Section,
    SignalRecord,
)
from scenarios.roads.furniture import Post, kmh, sign_post
from scenarios.roads.urban import KERB_M, ZEBRA_HALF_M, roadside

NAMES = ("main", "from_right", "oncoming", "from_left")
TURNS = {"right": 1, "straight": 2, "left": 3}
_SOLID_M = 20.0


@dataclass(frozen=True, slots=True)
class Street:
    """What all arms of a junction share.

    Attributes:
        lane_m: width of a lane.
        walk_m: width of a pavement.
        limit_mps: speed limit.
        arm_m: length of the inbound routes, from their beginning to the stop line.
        exit_m: length of the outbound routes.
        stop_m: from the centre of the junction to the stop line.
        trees: whether trees stand along the arms.
    """

    lane_m: float
    walk_m: float
    limit_mps: float
    arm_m: float
    exit_m: float
    stop_m: float
    trees: bool

    @property
    def length_m(self) -> float:
        """Length of each arm."""
        return max(self.arm_m, self.exit_m)

    @property
    def sign_t_m(self) -> float:
        """Where signs stand, from the middle of the street."""
        return self.lane_m + 0.45

    def walk(self) -> Strip:
        """A pavement."""
        return Strip("sidewalk", self.walk_m, height_m=KERB_M)

    def lane(self, mark: str = "none") -> Strip:
        """A driving lane."""
        return Strip("driving", self.lane_m, mark, lane_change="none")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a junction lies and what its parts are called.

    Attributes:
        x_m: its centre.
        y_m: its centre.
        junction: id of the junction.
        links: the end of a road at which each arm meets it; `end` where the road runs inwards.
        ways: what ids of the ways through it begin with.
        names: of its arms, unique in the document: signs, lights and poles are named after them.
    """

    x_m: float
    y_m: float
    junction: str
    links: tuple[RoadLink, ...]
    ways: str
    names: tuple[str, ...]


HOME = Site(0.0, 0.0, "100", tuple(RoadLink("road", str(k + 1), "end") for k in range(4)), "1", NAMES)


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm as a road, with the lanes of it that inbound and outbound routes use, in the direction of travel."""

    road: Road
    inbound: tuple[str, ...]
    outbound: tuple[str, ...]


def road_id(k: int) -> str:
    """Road id of arm k of a lone junction."""
    return HOME.links[k].element_id


def stop_pose(street: Street, k: int, site: Site = HOME) -> Pose:
    """The middle of arm k at its stop line, heading inwards."""
    return Pose(site.x_m, site.y_m, 0.5 * math.pi * k).ahead(-street.stop_m)


def exit_pose(street: Street, k: int, site: Site = HOME) -> Pose:
    """The same place, heading outwards."""
    pose = stop_pose(street, k, site)
    return Pose(pose.x, pose.y, pose.heading + math.pi)


def arm(
    street: Street,
    k: int,
    junction: str,
    posts: Sequence[Post] = (),
    lines: Sequence[SignalRecord] = (),
    objects: Sequence[ObjectRecord] = (),
    zebra_m: float | None = None,
    site: Site = HOME,
) -> Arm:
    """Arm k. Posts, lines and objects are those of this arm besides lamps, trees and the speed limit sign.

    `zebra_m`: middle of a zebra crossing, from the stop line backwards, where the centre line is interrupted.
    """
    length = street.length_m
    gap = (length, length) if zebra_m is None else (length - zebra_m - ZEBRA_HALF_M, length - zebra_m + ZEBRA_HALF_M)
    wanted = sorted({0.0, length - street.arm_m, length - street.exit_m, max(length - _SOLID_M, 0.0), *gap} - {length})
    cuts = [cut for n, cut in enumerate(wanted) if n == 0 or cut - wanted[n - 1] > 0.01]
    sides = [street.lane("curb"), street.walk()]
    sections: list[Section] = []
    for s in cuts:
        solid, bare = s >= length - _SOLID_M - 0.01, gap[0] - 0.01 <= s < gap[1] - 0.01
        sections.append(cross_section(s, sides, sides, "none" if bare else "solid" if solid else "broken"))
    limit = sign_post(
        f"sign.limit.{site.names[k]}",
        "speed_limit",
        min(8.0, 0.3 * length),
        -street.sign_t_m,
        "+",
        kmh(street.limit_mps),
    )
    posts = [limit, *posts]
    road = Road(
        site.links[k].element_id,
        length,
        chain(stop_pose(street, k, site).ahead(-length), [(Line(), length)]),
        same_ids(sections),
        site.names[k],
        successor=RoadLink("junction", junction),
        types=(RoadType(0.0, "town", street.limit_mps),),
        signals=(*(post.sign for post in posts), *lines),
        objects=(
            *(replace(item, id=f"{item.id}.{site.names[k]}") for item in _roadside(street)),
            *objects,
            *(post.pole for post in posts),
        ),
    )
    first_in = next(n for n, cut in enumerate(cuts) if cut >= length - street.arm_m - 0.02)
    first_out = next(n for n, cut in enumerate(cuts) if cut >= length - street.exit_m - 0.02)
    inbound = tuple(f"{road.id}.{n}.-1" for n in range(first_in, len(cuts)))
    outbound = tuple(f"{road.id}.{n}.1" for n in range(len(cuts) - 1, first_out - 1, -1))
    return Arm(road, inbound, outbound)


def _roadside(street: Street) -> list[ObjectRecord]:
    return roadside(street.length_m, {"right": street.lane_m, "left": street.lane_m}, street.walk_m, street.trees)


def connector(
    name: str,
    identity: str,
    junction: str,
    geometry: tuple[Geometry, ...],
    strips: Sequence[Strip],
    before: RoadLink,
    after: RoadLink,
    limit_mps: float,
    signals: Sequence[SignalRecord] = (),
    objects: Sequence[ObjectRecord] = (),
    center: str = "none",
) -> Road:
    """A one-way road inside a junction; its lanes are -1, -2, ... from lanes of the same place before and after.

    Lanes of a road that is met at its end are -1, -2 when one comes from there, and 1, 2 when one goes there.
    """
    ids = [-(n + 1) for n in range(len(strips))]
    sources = {i: i if before.contact_point == "end" else -i for i in ids}
    targets = {i: i if after.contact_point == "start" else -i for i in ids}
    return Road(
        identity,
        geometry[-1].s + geometry[-1].length,
        geometry,
        (linked(cross_section(0.0, (), strips, center), sources, targets),),
        name,
        junction=junction,
        predecessor=before,
        successor=after,
        types=(RoadType(0.0, "town", limit_mps),),
        signals=tuple(signals),
        objects=tuple(objects),
    )
