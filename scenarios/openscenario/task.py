"""What is asked of the ego of a storyboard when a policy drives it: a route on the road, a goal and a speed.

The route begins in the lane in which the ego begins. It follows the route that the file assigns to the ego, else the
straightest way; the file's own lane changes are its script, which a policy is free to leave.
"""

import heapq
import math
from dataclasses import dataclass, replace

import numpy as np

from driving_data.maps.lane_map import DRIVABLE_KINDS, Lane
from driving_data.maps.routes import lanes_path, project
from scenarios import storyboard as sb
from scenarios.concrete import Ego, Place, RoadChoice
from scenarios.openscenario.beginnings import Beginning, Ground, Spot, beginnings, first_speed, ground_of, spot_of
from scenarios.openscenario.plot import events

ROUTE = "ego"
WAY_M = 4000.0
NEAR_M = 30.0
LANE_CHANGE_M = 20.0


@dataclass(frozen=True, slots=True)
class Task:
    """The ego with its task, and the road with the route that the task is on."""

    ego: Ego
    road: RoadChoice


def with_task(ego: Ego, road: RoadChoice, board: sb.Storyboard, duration_s: float) -> Task:
    """The ego with the task that its storyboard gives it.

    Where it begins off all lanes, or against their traffic, it has no route; then only the length of the way is known.
    """
    speed = max(first_speed(board, board.ego), 0.0)
    target = speed or script_speed(board)
    asked = replace(ego, speed_mps=speed, target_speed_mps=target)
    if not road.file and not road.archetype:
        return Task(replace(asked, goal_s_m=sb.GOAL_SHARE * target * duration_s), road)
    from scenarios.types.layout import layout_of

    ground = ground_of(layout_of(road).lane_map)
    begin = beginnings(board, ground)[board.ego]
    lanes = ego_lanes(board, ground, begin)
    if not lanes:
        return Task(replace(asked, goal_s_m=sb.GOAL_SHARE * target * duration_s), road)
    path = lanes_path(ground.lane_map, lanes)
    x, y, yaw = begin.center
    s, d = (float(found[0]) for found in project(path, np.array([[x, y, 0.0]])))
    along = float(np.interp(s, path.s_m, path.heading_rad))
    start = Place(ROUTE, s, d, math.remainder(yaw - along, 2.0 * math.pi))
    end = max(path.length_m, s)
    goal = min(end, s + sb.GOAL_SHARE * target * duration_s) if target > 0.0 else end
    named = road if not road.file else replace(road, routes={**road.routes, ROUTE: lanes})
    return Task(replace(asked, start=start, goal_s_m=goal), named)


def script_speed(board: sb.Storyboard) -> float:
    """The first speed above zero that the story asks of the ego, for one that begins standing."""
    for happening in events(board):
        for named in happening.event.actions if board.ego in happening.actors else ():
            if isinstance(named.action, sb.Speed) and not named.action.target.entity and named.action.target.value > 0:
                return named.action.target.value
    return 0.0


def ego_lanes(board: sb.Storyboard, ground: Ground, begin: Beginning) -> tuple[str, ...]:
    """Lanes from where the ego begins onwards; none where it is off all lanes or goes against them."""
    lanes = ground.lane_map.lane_by_id
    first = ground.lane_id(begin.spot)
    if first not in lanes or lanes[first].kind not in DRIVABLE_KINDS:
        first = _nearest(ground, begin.spot)
    if not begin.present or first not in lanes or _against(lanes[first], begin.spot):
        return ()
    wanted = _wanted_roads(board, ground, first)
    chain, seen, length = [first], {first}, 0.0
    while length < WAY_M:
        here = lanes[chain[-1]]
        options = [i for i in here.successors if i in lanes and i not in seen]
        if not options:
            break
        chosen = min(options, key=lambda i: (lanes[i].road_id not in wanted, abs(_turned(here, lanes[i]))))
        chain.append(chosen)
        seen.add(chosen)
        length += float(lanes[chosen].arc_length_m()[-1])
    return tuple(chain)


def _nearest(ground: Ground, spot: Spot) -> str:
    """The drivable lane within 30 m whose middle is nearest; '' for none."""
    best, name = NEAR_M, ""
    for lane in ground.lane_map.lanes:
        if lane.kind in DRIVABLE_KINDS:
            gap = float(np.hypot(lane.centerline_m[:, 0] - spot.x_m, lane.centerline_m[:, 1] - spot.y_m).min())
            if gap < best:
                best, name = gap, lane.id
    return name


def _against(lane: Lane, spot: Spot) -> bool:
    steps = np.diff(lane.centerline_m[:, :2], axis=0)
    k = int(np.argmin(np.hypot(lane.centerline_m[:-1, 0] - spot.x_m, lane.centerline_m[:-1, 1] - spot.y_m)))
    return math.cos(spot.yaw_rad) * float(steps[k, 0]) + math.sin(spot.yaw_rad) * float(steps[k, 1]) < 0.0


def _turned(here: Lane, other: Lane) -> float:
    """How much the end of another lane is turned from the end of this one."""
    angles = [math.atan2(*(lane.centerline_m[-1] - lane.centerline_m[-2])[1::-1]) for lane in (here, other)]
    return math.remainder(angles[1] - angles[0], 2.0 * math.pi)


def _wanted_roads(board: sb.Storyboard, ground: Ground, first: str) -> set[str]:
    """Roads on the way to the waypoints that the file gives the ego."""
    wanted: set[str] = set()
    at = first
    for place in _waypoints(board):
        spot = spot_of(place, ground, {})
        if spot is None or not spot.road:
            continue
        found = _way(ground, at, spot.road)
        wanted |= {ground.lane_map.lane_by_id[lane].road_id for lane in found}
        at = found[-1] if found else at
    return wanted


def _waypoints(board: sb.Storyboard) -> tuple[sb.Position, ...]:
    """Places that the ego shall pass: of the first route or destination that it is given."""
    given = [item.action for item in board.init if item.entity == board.ego]
    given += [named.action for one in events(board) if board.ego in one.actors for named in one.event.actions]
    for action in given:
        if isinstance(action, sb.AssignRoute):
            return tuple(waypoint.position for waypoint in action.route.waypoints)
        if isinstance(action, sb.AcquirePosition):
            return (action.position,)
    return ()


def _way(ground: Ground, start: str, road: str) -> list[str]:
    """The shortest sequence of lanes to a road, lane changes included; empty where none leads there."""
    lanes = ground.lane_map.lane_by_id
    queue: list[tuple[float, str]] = [(0.0, start)]
    before: dict[str, str] = {}
    cost = {start: 0.0}
    while queue:
        length, name = heapq.heappop(queue)
        if lanes[name].road_id == road:
            found = [name]
            while found[-1] in before:
                found.append(before[found[-1]])
            return found[::-1]
        if length > cost[name]:
            continue
        here = lanes[name]
        own = float(here.arc_length_m()[-1])
        beside = [lane for lane in (here.left_neighbor, here.right_neighbor) if lane is not None]
        for other, step in [*((i, own) for i in here.successors), *((i, LANE_CHANGE_M) for i in beside)]:
            if other in lanes and length + step < cost.get(other, math.inf):
                cost[other] = length + step
                before[other] = name
                heapq.heappush(queue, (length + step, other))
    return []
