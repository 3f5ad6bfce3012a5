"""City blocks: rows and columns of crossroads, joined by two-lane streets that have a junction at both ends.

Rows are counted from the south, columns from the west, both from 1; the middle of the grid is the origin. Routes are
named after the way that they begin with, its row or column, and what they do: `east.1.straight` runs along the lowest
row, `east.1.2.left` turns left out of it into the second column, `tour` goes once around all blocks. Junctions are
named `<row>.<column>`, their arms after the traffic that enters by them: `signal.1.2.east` is the light that eastbound
drivers obey where row 1 crosses column 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from driving_data.maps.opendrive.build import chain, cross_section, same_ids
from driving_data.maps.opendrive.document import (
    Document,
    Junction,
    Line,
    ObjectRecord,
    Road,
    RoadLink,
    RoadType,
    SignalRecord,
    Validity,
)
from scenarios.roads.arms import TURNS, Site, Street, arm, exit_pose
from scenarios.roads.crossing import FOUR_WAYS, four_ways, governed, junction_of, rule_of, stop_m, way_id
from scenarios.roads.furniture import Post, kmh, sign_post
from scenarios.roads.parameters import choice, count, flag, number
from scenarios.roads.urban import roadside

# The way that traffic heads which enters by arm 0, 1, 2, 3, and the step to the next row and column that way.
HEADINGS = ("east", "north", "west", "south")
STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_SOLID_M = 20.0

Cell = tuple[int, int]
Side = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """Parameters of `urban_grid`."""

    rows: int = count(2, 1, 4, "streets that run east and west")
    columns: int = count(2, 1, 4, "streets that run north and south")
    block_length_m: float = number(140.0, 80.0, 500.0, "m", "from column to column, centre to centre")
    block_depth_m: float = number(110.0, 80.0, 500.0, "m", "from row to row, centre to centre")
    control: str = choice(
        "signals",
        ("signals", "priority", "stop", "all_way_stop"),
        "what governs the junctions; under priority and stop north and south go first",
    )
    crosswalks: bool = flag(True, "zebra crossings on all arms")
    arm_length_m: float = number(70.0, 20.0, 500.0, "m", "from the outer stop lines to the edge of the map")
    speed_limit_mps: float = number(13.89, 5.0, 20.0, "mps", "speed limit")
    lane_width_m: float = number(3.5, 2.75, 4.0, "m", "width of each lane")
    sidewalk_width_m: float = number(2.5, 1.0, 5.0, "m", "width of each pavement")
    corner_radius_m: float = number(7.0, 6.0, 15.0, "m", "radius of the kerb at the corners")
    trees: bool = flag(True, "trees along the streets")


@dataclass(frozen=True, slots=True)
class _Plan:
    """The streets, and which lanes lead to and from every side of every junction, in the direction of travel."""

    roads: tuple[Road, ...]
    into: Mapping[Side, tuple[str, ...]]
    out: Mapping[Side, tuple[str, ...]]


def layout(p: Grid) -> Document:
    """The OpenDRIVE document of city blocks: rows and columns of crossroads."""
    stop = stop_m(p.lane_width_m, p.corner_radius_m)
    street = Street(
        p.lane_width_m, p.sidewalk_width_m, p.speed_limit_mps, p.arm_length_m, p.arm_length_m, stop, p.trees
    )
    sites = _sites(p)
    plan = _plan(p, street, sites)
    roads, junctions = list(plan.roads), list[Junction]()
    for cell, site in sites.items():
        ways = four_ways(street, site, p.control == "signals", p.crosswalks)
        roads += ways
        junctions.append(junction_of(site, _name(cell), ways, FOUR_WAYS))
    return Document(tuple(roads), tuple(junctions), "urban_grid", routes=_routes(p, sites, plan))


def _name(cell: Cell) -> str:
    return f"{cell[0] + 1}.{cell[1] + 1}"


def _beyond(cell: Cell, k: int) -> Cell:
    """The cell outside arm k."""
    step = STEPS[k]
    return cell[0] - step[0], cell[1] - step[1]


def _sites(p: Grid) -> dict[Cell, Site]:
    """Junctions by row and column; a street between two begins at the southern or western one."""
    cells = [(row, column) for row in range(p.rows) for column in range(p.columns)]
    links: dict[Side, RoadLink] = {}
    for cell in cells:
        for k in range(4):
            if (*cell, k) in links:
                continue
            identity, beyond = str(len({link.element_id for link in links.values()}) + 1), _beyond(cell, k)
            shared = beyond in cells
            links[(*cell, k)] = RoadLink("road", identity, "start" if shared else "end")
            if shared:
                links[(*beyond, (k + 2) % 4)] = RoadLink("road", identity, "end")
    return {
        cell: Site(
            (cell[1] - 0.5 * (p.columns - 1)) * p.block_length_m,
            (cell[0] - 0.5 * (p.rows - 1)) * p.block_depth_m,
            str(901 + n),
            tuple(links[(*cell, k)] for k in range(4)),
            str(10 + n),
            tuple(f"{_name(cell)}.{heading}" for heading in HEADINGS),
        )
        for n, cell in enumerate(cells)
    }


def _plan(p: Grid, street: Street, sites: Mapping[Cell, Site]) -> _Plan:
    roads: list[Road] = []
    into: dict[Side, tuple[str, ...]] = {}
    out: dict[Side, tuple[str, ...]] = {}
    for cell, site in sites.items():
        for k in range(4):
            side, beyond = (*cell, k), _beyond(cell, k)
            if beyond not in sites:
                posts, lines = governed(street, site.names[k], _rule(p, k))
                made = arm(street, k, site.junction, posts, lines, site=site)
                roads.append(made.road)
                into[side], out[side] = made.inbound, made.outbound
            elif site.links[k].contact_point == "start":
                pitch = p.block_length_m if k % 2 == 0 else p.block_depth_m
                road = _block(p, street, (site, sites[beyond]), k, pitch - 2.0 * street.stop_m)
                roads.append(road)
                numbers, other = range(len(road.sections)), (*beyond, (k + 2) % 4)
                out[side] = into[other] = tuple(f"{road.id}.{n}.-1" for n in numbers)
                into[side] = out[other] = tuple(f"{road.id}.{n}.1" for n in reversed(numbers))
    return _Plan(tuple(roads), into, out)


def _block(p: Grid, street: Street, ends: tuple[Site, Site], k: int, length: float) -> Road:
    """The street from arm k of the first junction to the opposite arm of the second."""
    first, last = ends
    here, there = first.names[k], last.names[(k + 2) % 4]
    street = replace(street, arm_m=length, exit_m=length)
    rule = _rule(p, k)
    ahead, lines = governed(street, there, rule)
    back, lines_back = _turned(*governed(street, here, rule), length)
    posts = [*_limits(street, here, there), *ahead, *back]
    sides = [street.lane("curb"), street.walk()]
    solid = [0.0] if length <= 2.0 * _SOLID_M + 1.0 else [0.0, length - _SOLID_M]
    marks = [*((s, "solid") for s in solid), *([(_SOLID_M, "broken")] if len(solid) > 1 else [])]
    sections = [cross_section(s, sides, sides, mark) for s, mark in sorted(marks)]
    name = f"{first.names[k].rpartition('.')[0]}-{last.names[k].rpartition('.')[0]}"
    standing = roadside(length, {"right": street.lane_m, "left": street.lane_m}, street.walk_m, street.trees)
    return Road(
        first.links[k].element_id,
        length,
        chain(exit_pose(street, k, first), [(Line(), length)]),
        same_ids(sections),
        name,
        predecessor=RoadLink("junction", first.junction),
        successor=RoadLink("junction", last.junction),
        types=(RoadType(0.0, "town", street.limit_mps),),
        signals=(*(post.sign for post in posts), *lines, *lines_back),
        objects=(*(replace(item, id=f"{item.id}.{name}") for item in standing), *(post.pole for post in posts)),
    )


def _rule(p: Grid, k: int) -> str:
    """What governs arm k of every junction."""
    return rule_of("yield" if p.control == "priority" else p.control, k % 2 == 1)


def _limits(street: Street, here: str, there: str) -> list[Post]:
    at, aside, plate = min(8.0, 0.3 * street.length_m), street.sign_t_m, kmh(street.limit_mps)
    return [
        sign_post(f"sign.limit.{there}", "speed_limit", at, -aside, "+", plate),
        sign_post(f"sign.limit.{here}", "speed_limit", street.length_m - at, aside, "-", plate),
    ]


def _turned(
    posts: Sequence[Post], lines: Sequence[SignalRecord], length: float
) -> tuple[list[Post], list[SignalRecord]]:
    """Signs and lines at the end of a street, moved to its beginning for the traffic against its direction."""

    def sign(record: SignalRecord) -> SignalRecord:
        facing = tuple(Validity(-v.to_lane, -v.from_lane) for v in record.validities)
        return replace(record, s=length - record.s, t=-record.t, orientation="-", validities=facing)

    def pole(record: ObjectRecord) -> ObjectRecord:
        return replace(record, s=length - record.s, t=-record.t)

    return [Post(sign(post.sign), pole(post.pole)) for post in posts], [sign(line) for line in lines]


def _routes(p: Grid, sites: Mapping[Cell, Site], plan: _Plan) -> dict[str, tuple[str, ...]]:
    """Straight on along every row and column both ways, with one turn each, and around the blocks."""
    straight: dict[str, tuple[str, ...]] = {}
    turned: dict[str, tuple[str, ...]] = {}
    for heading, k in (("east", 0), ("west", 2), ("north", 1), ("south", 3)):
        along, across = (p.rows, p.columns) if k % 2 == 0 else (p.columns, p.rows)
        for line in range(along):
            name = f"{heading}.{line + 1}"
            first = 0 if k < 2 else across - 1
            start = (line, first, k) if k % 2 == 0 else (first, line, k)
            straight[f"{name}.straight"] = _route(sites, plan, start, {})
            for turn in ("left", "right"):
                for n in range(across):
                    cell = (line, n) if k % 2 == 0 else (n, line)
                    turned[f"{name}.{n + 1}.{turn}"] = _route(sites, plan, start, {(*cell, k): turn})
    tour = {}
    if p.rows > 1 and p.columns > 1:
        top, right = p.rows - 1, p.columns - 1
        corners = {(0, right, 0): "left", (top, right, 1): "left", (top, 0, 2): "left", (0, 0, 3): "right"}
        tour = {"tour": _route(sites, plan, (0, 0, 0), corners)}
    return {**straight, **turned, **tour}


def _route(sites: Mapping[Cell, Site], plan: _Plan, start: Side, turns: Mapping[Side, str]) -> tuple[str, ...]:
    """Lanes from outside by arm `start` to the edge of the map, straight on but for the `turns`, by side entered."""
    side, lanes = start, list(plan.into[start])
    while True:
        row, column, k = side
        turn = turns.get(side, "straight")
        to = (k + TURNS[turn]) % 4
        lanes += [f"{way_id(sites[row, column], k, turn)}.0.-1", *plan.out[row, column, to]]
        beyond = _beyond((row, column), to)
        if beyond not in sites:
            return tuple(lanes)
        side = (*beyond, (to + 2) % 4)
