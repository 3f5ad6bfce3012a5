"""Pictures of scenarios with a storyboard: where the ego begins, and the words beside the picture."""

from collections.abc import Iterator
from math import atan2, hypot, remainder, tau

from scenarios.concrete import Place
from scenarios.openscenario.deeds import deeds
from scenarios.openscenario.story_tags import ground_under
from scenarios.openscenario.varied import varied_parameters
from scenarios.picture.legend import Entry, numbers
from scenarios.picture.spread import Pose, Spread, story_starts
from scenarios.units import LENGTH, SPEED

MAX_TOLD = 5
ONWARD_M, BENT_RAD = 300.0, 0.25


def story_view(spread: Spread) -> Pose:
    """Where the ego of the draw that is shown begins, and the direction that runs to the right in the picture.

    That is the direction of its road, or where that bends away the direction in which the ego gets on.
    """
    found = dict(story_starts(spread.sample, spread.layout))
    start = spread.sample.ego.start
    if start.route not in spread.layout.lane_map.routes:
        return found["ego"].center if "ego" in found else (0.0, 0.0, 0.0)
    x, y, yaw = spread.layout.pose(start)
    path = spread.layout.path(start.route)
    further = min(start.s_m + ONWARD_M, spread.sample.ego.goal_s_m, path.length_m)
    fx, fy, _ = spread.layout.pose(Place(start.route, further))
    onward = atan2(fy - y, fx - x)
    road = yaw - start.heading_rad
    bends = hypot(fx - x, fy - y) > 1.0 and abs(remainder(onward - road, tau)) > BENT_RAD
    return x, y, onward if bends else road


def story_entries(spread: Spread) -> list[Entry]:
    """Everyone with class, size, speed and what they do, the road, and the parameters that differ between draws."""
    found = [Entry(name, name, tuple(_about(spread, name))) for name, starts in spread.starts.items() if starts.boxes]
    road = spread.sample.road
    several = (f"{spread.roads} roads in {len(spread.draws)} draws; one is shown",) if spread.roads > 1 else ()
    file = road.archetype or road.file.rsplit("/", 1)[-1] or "an open plane"
    sky = spread.sample.environment
    found.append(Entry("", f"road: {file}", several))
    found.append(Entry("", "weather and light", (f"{sky.weather()}, {sky.light()}",)))
    varied = varied_parameters(spread.logical)
    if varied:
        lines = tuple(f"{name}: {values}" for name, values in varied.items())
        found.append(Entry("", "parameters that differ between draws", lines))
    return found


def _about(spread: Spread, name: str) -> Iterator[str]:
    # The words of descriptions are those of another part, which itself looks at whole scenarios.
    from scenarios.language.describe.happenings import condition_text, deed_text
    from scenarios.openscenario.beginnings import beginnings

    starts, board = spread.starts[name], spread.sample.storyboard
    assert board is not None
    kinds = " or ".join(kind.replace("_", " ") for kind in starts.kinds)
    lengths = sorted({round(_length(box), 2) for box in starts.boxes})
    yield f"{kinds}, {numbers((lengths[0], lengths[-1]), LENGTH)} long"
    speeds = [abs(speed) for speed in starts.speeds_mps]
    yield f"{numbers((min(speeds), max(speeds)), SPEED)} at the start" if max(speeds) > 0.005 else "stands at the start"
    ground = ground_under(spread.sample)
    entity = board.ego if name == "ego" else name

    def called(other: str) -> str:
        return "the ego" if other == board.ego else other

    told: list[str] = []
    for deed in deeds(board, ground, beginnings(board, ground)):
        text = deed_text(deed, called) if deed.actor == entity else ""
        if not text:
            continue
        conditions = deed.happening.conditions if deed.happening is not None else ()
        whens = dict.fromkeys(when for one in conditions if (when := condition_text(one, called, board)))
        told.append(f"{text} {' and '.join(whens)}".strip())
    told = [text.replace("²", "2") for text in dict.fromkeys(told)]  # the font of pictures has no such sign
    yield from told[:MAX_TOLD]
    if len(told) > MAX_TOLD:
        yield f"and {len(told) - MAX_TOLD} more"


def _length(box: object) -> float:
    """Length of the longer side of a box."""
    import numpy as np
    from shapely import Polygon

    assert isinstance(box, Polygon)
    corners = np.asarray(box.exterior.coords)
    sides = np.hypot(*np.diff(corners[:3], axis=0).T)
    return float(sides[1])
