"""What statements are made of: quantities and facts about actors, lanes and signals, at every moment of a drive."""

import numpy as np
from jaxtyping import Bool, Float

from driving_data.maps.lane_map import LaneMap
from driving_data.messages import Hazard, HazardCause
from driving_data.taxonomy import STATIC_OBJECTS, ActorClass, ActorMode, Light, SignalState
from generators.labels.predicates import boxes, sight
from generators.labels.predicates.boxes import Boxes
from generators.labels.predicates.view import View

STANDS_MPS = 0.3
BRAKES_MPS2 = 1.0
CROSS_MPS = 0.3
CROSS_RAD = np.radians(30.0)
CROSS_HORIZON_S = 5.0
ONCOMING_RAD = np.radians(135.0)
SIDE_MARGIN_M = 0.3
SAME_LANE_DEPTH = 4
SIGNAL_REACH_M = 80.0
ZONE_MARGIN_M = 5.0
ZONE_DEVICES = 3
WARNED_S = 1.0
CHANGE_REACH_S = 1.0


def box(view: View, a: str) -> Boxes:
    """The rectangle of an actor at every moment."""
    i = view.index(a)
    return Boxes(view.center_m[:, i], view.yaw_rad[:, i], view.velocity_mps[:, i], *view.size(a))


def distance(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """Distance of the two boxes."""
    return boxes.distance(box(view, a), box(view, b))


def gap(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """From a's front to b along a's heading; negative to one behind, 0 beside."""
    return boxes.longitudinal_gap(box(view, a), box(view, b))


def lateral_gap(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """Free width between the two across a's heading."""
    return boxes.lateral_gap(box(view, a), box(view, b))


def lateral_offset(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """How far b's centre is to the left of a's."""
    return box(view, a).sees(view.center_m[:, view.index(b)][:, None])[:, 0, 1]


def time_to_collision(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """Until the boxes touch at constant velocity; infinite where they will not."""
    return boxes.time_to_collision(box(view, a), box(view, b))


def headway(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """gap(a, b) over a's speed; infinite where a stands or b is not ahead."""
    room, speed = gap(view, a, b), view.speed(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        taken = np.where((room > 0.0) & (speed >= STANDS_MPS), room / speed, np.inf)
    return np.where(np.isnan(room), np.nan, taken)


def closing_speed(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """How fast the centres come nearer; negative where they part."""
    i, j = view.index(a), view.index(b)
    apart, parting = view.center_m[:, j] - view.center_m[:, i], view.velocity_mps[:, j] - view.velocity_mps[:, i]
    return -(apart * parting).sum(axis=-1) / np.maximum(np.linalg.norm(apart, axis=-1), 1e-9)


def speed(view: View, a: str) -> Float[np.ndarray, "T"]:
    """Magnitude of the velocity."""
    return view.speed(a)


def acceleration(view: View, a: str) -> Float[np.ndarray, "T"]:
    """Along the heading."""
    return view.acceleration_mps2[:, view.index(a)]


def heading(view: View, a: str) -> Float[np.ndarray, "T"]:
    """From east, counter-clockwise, without jumps."""
    return view.yaw_rad[:, view.index(a)]


def visibility(view: View, a: str, b: str) -> Float[np.ndarray, "T"]:
    """Share of the sight lines from a to b that no other actor blocks."""
    return sight.visible_fraction(view, a, b)


def exists(view: View, a: str) -> Bool[np.ndarray, "T"]:
    """A is there."""
    return view.here(a)


def stands(view: View, a: str) -> Bool[np.ndarray, "T"]:
    """A is slower than 0.3 m/s."""
    return view.speed(a) < STANDS_MPS


def brakes(view: View, a: str) -> Bool[np.ndarray, "T"]:
    """A decelerates by at least 1 m/s^2 along its heading."""
    return acceleration(view, a) <= -BRAKES_MPS2


def brake_lights(view: View, a: str) -> Bool[np.ndarray, "T"]:
    """A's brake lamps are lit."""
    return (view.rollout.lights[:, view.index(a)] & int(Light.BRAKE)) > 0


def ahead_of(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """A is wholly in front of b's front, along b's heading."""
    return gap(view, b, a) > 0.0


def left_of(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """A is wholly to the left of b, along b's heading: more than 0.3 m of free width."""
    return (lateral_gap(view, b, a) > SIDE_MARGIN_M) & (lateral_offset(view, b, a) > 0.0)


def right_of(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """A is wholly to the right of b, along b's heading: more than 0.3 m of free width."""
    return (lateral_gap(view, b, a) > SIDE_MARGIN_M) & (lateral_offset(view, b, a) < 0.0)


def oncoming(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """A is ahead of b, moves, and faces b: headings differ by more than 135 degrees."""
    turn = np.cos(heading(view, a) - heading(view, b)) < np.cos(ONCOMING_RAD)
    return turn & ahead_of(view, a, b) & (view.speed(a) >= STANDS_MPS)


def crossing_path(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """a, ahead of b's front, moves across b's way at 30 degrees or more and is in b's width now or within 5 s."""
    own, other = box(view, b), box(view, a)
    low, high = boxes.seen_extent(own, other)
    moves = boxes.turned(other.velocity_mps[:, None], -own.yaw_rad)[:, 0]
    half = 0.5 * own.width_m
    across, pace = moves[:, 1], np.linalg.norm(moves, axis=-1)
    slanted = np.abs(across) >= np.maximum(np.sin(CROSS_RAD) * pace, CROSS_MPS)
    enter, leave = boxes.meeting_span(low[:, 1], high[:, 1], across, half)
    in_time = (enter <= CROSS_HORIZON_S) & (leave >= 0.0)
    return slanted & in_time & (high[:, 0] > 0.5 * own.length_m)


def in_lane(view: View, a: str, lane: str) -> Bool[np.ndarray, "T"]:
    """A's centre lies in that lane, which runs along its heading better than any other there."""
    return view.lanes()[:, view.index(a)] == lane_index(view, lane)


def same_lane(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """Both centres lie in one lane, or in lanes of which one leads to the other within four."""
    one, two = view.lanes()[:, view.index(a)], view.lanes()[:, view.index(b)]
    together = one == two
    for i, j in {(int(x), int(y)) for x, y in zip(one, two, strict=True) if x >= 0 and y >= 0 and x != y}:
        if leads_to(view.rollout.lane_map, i, j) or leads_to(view.rollout.lane_map, j, i):
            together |= (one == i) & (two == j)
    return together & (one >= 0) & (two >= 0)


def leads_to(lane_map: LaneMap | None, start: int, goal: int) -> bool:
    """Whether at most four lanes, each a successor of the last, lead from one to the other."""
    if lane_map is None:
        return False
    reached, wanted = {lane_map.lanes[start].id}, lane_map.lanes[goal].id
    for _ in range(SAME_LANE_DEPTH):
        reached = {s for x in reached for s in lane_map.lane_by_id[x].successors if s in lane_map.lane_by_id}
        if wanted in reached:
            return True
    return False


def lane_index(view: View, lane: str) -> int:
    """Index of a lane by its id."""
    lanes = () if view.rollout.lane_map is None else view.rollout.lane_map.lanes
    return [x.id for x in lanes].index(lane)


def lane_left_of(view: View, one: str, other: str) -> Bool[np.ndarray, "T"]:
    """The first lane is the left neighbour of the second."""
    return np.full(len(view.seconds), _neighbour(view, other, "left") == one)


def lane_right_of(view: View, one: str, other: str) -> Bool[np.ndarray, "T"]:
    """The first lane is the right neighbour of the second."""
    return np.full(len(view.seconds), _neighbour(view, other, "right") == one)


def _neighbour(view: View, lane: str, side: str) -> str | None:
    if view.rollout.lane_map is None:
        return None
    found = view.rollout.lane_map.lane_by_id[lane]
    return found.left_neighbor if side == "left" else found.right_neighbor


def on_road(view: View, a: str) -> Bool[np.ndarray, "T"]:
    """A's centre lies where vehicles drive."""
    return view.on_road()[:, view.index(a)]


def signal_state(view: View, signal: str) -> np.ndarray:
    """What the traffic light shows."""
    names = np.array([state.name.lower() for state in SignalState])
    return names[view.rollout.signals.state[:, view.rollout.signals.ids.index(signal)]]


def stop_distance(view: View, a: str, signal: str) -> Float[np.ndarray, "T"]:
    """From a's front to the middle of the light's stop line along a's heading; negative beyond it."""
    lights = () if view.rollout.lane_map is None else view.rollout.lane_map.signals
    line = next((x.stop_line_m for x in lights if x.id == signal), np.full((2, 3), np.nan))
    middle = np.broadcast_to(line[:, :2].mean(axis=0), (len(view.seconds), 1, 2))
    return box(view, a).sees(middle)[:, 0, 0] - 0.5 * view.size(a)[0]


def controlled_by(view: View, a: str, signal: str) -> Bool[np.ndarray, "T"]:
    """A's lane is one of the light's, or leads to one, and the stop line is ahead by at most 80 m."""
    if view.rollout.lane_map is None:
        return np.zeros(len(view.seconds), dtype=bool)
    light = next((x for x in view.rollout.lane_map.signals if x.id == signal), None)
    index = {lane.id: k for k, lane in enumerate(view.rollout.lane_map.lanes)}
    ruled = [] if light is None else [index[x] for x in light.lane_ids if x in index]
    lane, room = view.lanes()[:, view.index(a)], stop_distance(view, a, signal)
    there = [k for k in {int(x) for x in lane if x >= 0}
             if any(k == r or leads_to(view.rollout.lane_map, k, r) for r in ruled)]  # fmt: skip
    return np.isin(lane, there) & (room >= 0.0) & (room <= SIGNAL_REACH_M)


def kind_of(view: View, a: str) -> np.ndarray:
    """A's class."""
    return np.full(len(view.seconds), view.kind(a).label)


def mode(view: View, a: str, name: str) -> Bool[np.ndarray, "T"]:
    """A's modes, as the log knows them, include that one."""
    if view.rollout.modes is None:
        return np.zeros(len(view.seconds), dtype=bool)
    return (view.rollout.modes[:, view.index(a)] & int(ActorMode[name.upper()])) > 0


def collides(view: View, a: str, b: str) -> Bool[np.ndarray, "T"]:
    """At this moment the log has a collision of the two."""
    return _events(view, "collision", {view.ids[view.index(a)], view.ids[view.index(b)]}, {})


def fails(view: View, a: str, part: str) -> Bool[np.ndarray, "T"]:
    """At this moment something of a breaks: brakes, tyre or steering."""
    return _events(view, "failure", {view.ids[view.index(a)]}, {"part": part})


def _events(view: View, kind: str, who: set[str], data: dict[str, str]) -> np.ndarray:
    found = np.zeros(len(view.seconds), dtype=bool)
    for event in view.rollout.events:
        fits = event.kind == kind and who <= set(event.actor_ids)
        if fits and all(event.data.get(key) == value for key, value in data.items()):
            found[view.step(event.timestamp_ns)] = True
    return found


def warned_of(view: View, a: str, cause: str) -> Bool[np.ndarray, "T"]:
    """A radio warning of that cause reached a within the last second."""
    warned = np.zeros(len(view.seconds), dtype=bool)
    now = view.rollout.timestamps_ns
    for message in view.rollout.messages:
        content = message.content
        if message.receiver != view.ids[view.index(a)] or not isinstance(content, Hazard):
            continue
        if content.cause is HazardCause[cause.upper()]:
            warned |= (now >= message.received_ns) & (now <= message.received_ns + round(WARNED_S * 1e9))
    return warned


def in_work_zone(view: View, a: str) -> Bool[np.ndarray, "T"]:
    """A's centre lies within 5 m of the hull of the cones, barriers and machines that are there, three at least."""
    import shapely  # the hull of a handful of points; asked rarely

    devices = [i for i in range(len(view.ids)) if is_device(view, i)]
    inside = np.zeros(len(view.seconds), dtype=bool)
    if len(devices) < ZONE_DEVICES:
        return inside
    i = view.index(a)
    hulls: dict[bytes, shapely.Geometry] = {}
    for t in np.flatnonzero(view.here(a)):
        there = view.center_m[t, devices]
        there = there[np.isfinite(there[:, 0])]
        if len(there) >= ZONE_DEVICES:
            key = there.tobytes()
            if key not in hulls:
                hulls[key] = shapely.buffer(shapely.convex_hull(shapely.MultiPoint(there)), ZONE_MARGIN_M)
            inside[t] = shapely.contains_xy(hulls[key], *view.center_m[t, i])
    return inside


def is_device(view: View, i: int) -> bool:
    """Whether an actor marks a work zone: a cone, a barrier or a machine."""
    kind = view.rollout.actors.kind_of(i)
    return kind in STATIC_OBJECTS - {ActorClass.DEBRIS} or kind is ActorClass.CONSTRUCTION_VEHICLE
