"""What entities of a storyboard do, in words that scenarios of ours have for it.

The file says which lane, speed or trajectory; whether that is a cut-in, braking or crossing follows from where everyone
is. Lanes and speeds are followed from event to event in the order of the file; nothing is played.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from driving_data.taxonomy import PEDESTRIANS, ActorClass
from scenarios import storyboard as sb
from scenarios.openscenario.beginnings import Beginning, Ground, Spot, beside, spot_of
from scenarios.openscenario.plot import Happening, events

ALIKE_MPS = 0.05
ACROSS_M = 3.0
SHORT_M = 150.0


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody does.

    Attributes:
        actor: who; '' for the world.
        action: what the file says.
        word: what we call it (`cut_in`, `brake`, `lane_change_left`, ...); '' where we have no word.
        happening: the event that it belongs to; None for what begins with the scenario.
        speed_mps: speed at which an action on the speed ends; None for other actions and where it is not known.
    """

    actor: str
    action: sb.Action
    word: str
    happening: Happening | None = None
    speed_mps: float | None = None


@dataclass(slots=True)
class _Course:
    """Where everybody is by now, as far as the file tells."""

    ground: Ground
    ego: str
    kinds: dict[str, ActorClass]
    spots: dict[str, Spot]
    lanes: dict[str, int]
    speeds: dict[str, float]
    present: frozenset[str] = field(default_factory=frozenset)

    def forward(self, name: str) -> bool:
        """Whether somebody heads along s of the road."""
        spot = self.spots[name]
        if self.ground.network is None or not spot.road:
            return True
        here = self.ground.on_lane(spot.road, spot.lane, spot.s_m)
        return here is None or math.cos(here.yaw_rad - spot.yaw_rad) >= 0.0


def deeds(board: sb.Storyboard, ground: Ground, begins: Mapping[str, Beginning]) -> tuple[Deed, ...]:
    """What everybody does, what begins with the scenario first, then the events in the order of the file."""
    course = _Course(
        ground, board.ego,
        {name: ActorClass(one.entity.kind) for name, one in begins.items()},
        {name: one.spot for name, one in begins.items()},
        {name: one.spot.lane for name, one in begins.items()},
        {name: one.speed_mps for name, one in begins.items()},
        frozenset(name for name, one in begins.items() if one.present),
    )  # fmt: skip
    found: list[Deed] = []
    for item in board.init:
        if item.entity and not isinstance(item.action, sb.Teleport | sb.Speed):
            found.append(_deed(course, item.entity, item.action, None))
    found += [
        Deed(name, sb.Speed(sb.SpeedTarget(one.speed_mps)), "cross")
        for name, one in begins.items()
        if name != board.ego and _walks_across(course, name)
    ]
    for happening in events(board):
        for named in happening.event.actions:
            whole = isinstance(named.action, _WORLD)
            for actor in ("",) if whole else happening.actors:
                if whole or actor in course.spots:
                    found.append(_deed(course, actor, named.action, happening))
    return tuple(found)


_WORLD = (sb.SetEnvironment | sb.AddEntity | sb.DeleteEntity | sb.SetValue | sb.ModifyValue | sb.SetSignal
          | sb.SetSignalController | sb.UserCommand)  # fmt: skip


def _deed(course: _Course, actor: str, action: sb.Action, happening: Happening | None) -> Deed:
    if isinstance(action, sb.LaneChange):
        return Deed(actor, action, _lane_word(course, actor, action), happening)
    if isinstance(action, sb.Speed):
        before, after = course.speeds[actor], _target(course, action.target)
        course.speeds[actor] = before if after is None else after
        word = speed_word(before, after)
        if word == "accelerate" and before < ALIKE_MPS and _heads_across(course, actor):
            word = "cross"
        return Deed(actor, action, word, happening, after)
    if isinstance(action, sb.SpeedProfile) and not action.entity and action.entries:
        before, after = course.speeds[actor], action.entries[-1].speed_mps
        course.speeds[actor] = after
        return Deed(actor, action, speed_word(before, after), happening, after)
    if isinstance(action, sb.LaneOffset | sb.LateralDistance):
        return Deed(actor, action, "swerve" if isinstance(action, sb.LaneOffset) else "", happening)
    if isinstance(action, sb.LongitudinalDistance):
        return Deed(actor, action, "follow" if action.continuous else "", happening)
    if isinstance(action, sb.FollowTrajectory):
        return Deed(actor, action, "cross" if _crosses(course, actor, action) else "", happening)
    if isinstance(action, sb.LightState):
        return Deed(actor, action, "signal" if "ndicator" in action.light and action.mode != "off" else "", happening)
    return Deed(actor, action, "", happening)


def speed_word(before_mps: float, after_mps: float | None) -> str:
    """What a change of speed is called; '' for none or an unknown one."""
    if after_mps is None or abs(after_mps - before_mps) < ALIKE_MPS:
        return ""
    if abs(after_mps) < ALIKE_MPS:
        return "stop"
    if after_mps < 0.0:
        return "reverse"
    return "accelerate" if after_mps > before_mps else "brake"


def _target(course: _Course, target: sb.SpeedTarget) -> float | None:
    if not target.entity or target.kind == "absolute":
        return target.value
    other = course.speeds.get(target.entity)
    if other is None:
        return None
    return other + target.value if target.kind == "delta" else other * target.value


def _lane_word(course: _Course, actor: str, action: sb.LaneChange) -> str:
    """A lane change, a cut-in or a cut-out, by the lanes of the actor and of the ego."""
    before = course.lanes[actor]
    of = action.entity
    if of and of in course.spots:
        after = beside(course.lanes[of], action.lane * (1 if course.forward(of) else -1))
    elif _leaves_road(course, actor):
        return ""  # the number of a lane says nothing of a lane on another road
    else:
        after = action.lane
    course.lanes[actor] = after
    if after == before:
        return ""
    same_road = course.spots[actor].road == course.spots[course.ego].road
    if actor != course.ego and same_road and course.forward(actor) == course.forward(course.ego):
        if after == course.lanes[course.ego]:
            return "cut_in"
        if before == course.lanes[course.ego]:
            return "cut_out"
    return "lane_change_left" if (after > before) == course.forward(actor) else "lane_change_right"


def _leaves_road(course: _Course, name: str) -> bool:
    """Whether the road of somebody soon leads to another one."""
    spot, network = course.spots[name], course.ground.network
    road = None if network is None else network.roads.get(spot.road)
    if road is None:
        return False
    along = course.forward(name)
    left, link = (road.length - spot.s_m, road.successor) if along else (spot.s_m, road.predecessor)
    return link is not None and left < SHORT_M


def _heads_across(course: _Course, name: str) -> bool:
    """Whether somebody on foot or wheels of their own heads across the way of the ego."""
    kind, spot, ego = course.kinds[name], course.spots[name], course.spots[course.ego]
    small = kind in PEDESTRIANS or kind in (ActorClass.BICYCLE, ActorClass.ANIMAL)
    return small and abs(math.sin(spot.yaw_rad - ego.yaw_rad)) > 0.7


def _walks_across(course: _Course, name: str) -> bool:
    return name in course.present and abs(course.speeds[name]) > ALIKE_MPS and _heads_across(course, name)


def _crosses(course: _Course, name: str, action: sb.FollowTrajectory) -> bool:
    """Whether a trajectory leads across the road: sideways more than 3 m, of somebody who is no car."""
    if course.kinds[name] not in PEDESTRIANS and course.kinds[name] not in (ActorClass.BICYCLE, ActorClass.ANIMAL):
        return False
    corners = list(_corners(course, action.trajectory.shape))
    if len(corners) < 2:
        return False
    yaw = course.spots[course.ego].yaw_rad
    side = [-math.sin(yaw) * spot.x_m + math.cos(yaw) * spot.y_m for spot in corners]
    return max(side) - min(side) > ACROSS_M


def _corners(course: _Course, shape: sb.Shape) -> Iterator[Spot]:
    places = [vertex.position for vertex in shape.vertices] if isinstance(shape, sb.Polyline) else []
    places = [point.position for point in shape.points] if isinstance(shape, sb.Nurbs) else places
    for place in places:
        spot = spot_of(place, course.ground, course.spots)
        if spot is not None:
            yield spot
