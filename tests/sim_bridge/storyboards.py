"""Small roads and storyboards with known answers, and a player that writes everything down."""

from dataclasses import dataclass, field
from functools import cache

from driving_data.environment import Environment
from driving_data.maps.opendrive import parse_text
from driving_data.taxonomy import ActorClass
from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.engine import Engine
from sim_bridge.embedded.storyboard.network import RoadNetwork

STEP_S = 0.05
LANE_M = 3.5
_LANE = '<lane id="{0}" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane>'


def road_text(shape: str = "<line/>", length: float = 2000.0) -> str:
    """One road, `1`, from the origin to the east: lanes 1, -1 and -2 of 3.5 m."""
    return f"""<OpenDRIVE><header revMajor="1" revMinor="6"/><road id="1" length="{length}" junction="-1" name="">
<planView><geometry s="0" x="0" y="0" hdg="0" length="{length}">{shape}</geometry></planView><lanes><laneSection s="0">
<left>{_LANE.format(1)}</left><center><lane id="0" type="none"/></center>
<right>{_LANE.format(-1)}{_LANE.format(-2)}</right></laneSection></lanes></road></OpenDRIVE>"""


@cache
def network(text: str) -> RoadNetwork:
    """The network of a text."""
    return RoadNetwork.of(parse_text(text))


def car(name: str, **changes) -> sb.Entity:
    """A car of 4 m whose reference point lies 1.5 m behind its middle, without limits."""
    about = {"center_m": (1.5, 0.0, 0.75), "front_axle_m": 3.0} | changes
    return sb.Entity(name, ActorClass.CAR, "vehicle", (4.0, 2.0, 1.5), **about)


def put(name: str, lane: int, s: float, speed: float) -> tuple[sb.InitAction, ...]:
    """A place and a speed at the start."""
    place = sb.Teleport(sb.LanePosition("1", lane, s))
    return sb.InitAction(name, place), sb.InitAction(name, sb.Speed(sb.SpeedTarget(speed)))


def when(what, edge: str = "none", delay_s: float = 0.0, by: tuple[str, ...] = (), rule: str = "any") -> sb.Trigger:
    """A trigger of one condition."""
    return sb.Trigger(((sb.Condition("c", what, edge, delay_s, by, rule),),))


def after(time_s: float) -> sb.Trigger:
    """A trigger that fires in the first step that begins at a time or later."""
    return when(sb.OnTime(sb.Comparison("greaterOrEqual", time_s - 1e-6)))


def event(name: str, *actions, start: sb.Trigger | None = None, **changes) -> sb.Event:
    """An event; its actions are called `name0`, `name1`, ..."""
    named = tuple(sb.NamedAction(f"{name}{k}", action) for k, action in enumerate(actions))
    return sb.Event(name, named, start, **changes)


def story(actor: str, *events: sb.Event, stop: sb.Trigger | None = None, executions: int = 1) -> sb.Story:
    """A story with one act and one manoeuvre of one actor."""
    group = sb.ManeuverGroup(f"group_{actor}", (actor,), (sb.Maneuver("maneuver", events),), executions)
    return sb.Story(f"story_{actor}", (sb.Act(f"act_{actor}", (group,), None, stop),))


@dataclass(slots=True)
class Played:
    """What happened: time stamps, and of every entity what it was at each.

    Attributes:
        engine: as it was at the end.
        times: in seconds, from 0.
        rows: x, y, heading, speed, lane and s of the reference point by entity; None while it was not there.
    """

    engine: Engine
    times: list[float] = field(default_factory=lambda: [])
    rows: dict[str, list[tuple[float, float, float, float, int, float] | None]] = field(default_factory=lambda: {})
    values: list[dict[str, str]] = field(default_factory=lambda: [])

    def at(self, name: str, time_s: float) -> tuple[float, float, float, float, int, float]:
        """What an entity was at a time."""
        row = self.rows[name][round(time_s / STEP_S)]
        assert row is not None
        return row

    def since(self, name: str, value: str) -> float:
        """Time at which a variable first has a value; infinite where it never has."""
        found = [time for time, values in zip(self.times, self.values, strict=True) if values.get(name) == value]
        return found[0] if found else float("inf")


def play(board: sb.Storyboard, seconds: float, text: str = "") -> Played:
    """Plays a storyboard for some seconds."""
    engine = Engine.of(board, network(text or road_text()), Environment())
    engine.begin()
    played = Played(engine)
    for k in range(round(seconds / STEP_S) + 1):
        if k > 0 and not engine.step(STEP_S):
            break
        played.times.append(engine.stage.time)
        played.values.append(dict(engine.stage.values))
        for name, body in engine.stage.bodies.items():
            place = body.place
            row = (place.x, place.y, place.heading, body.speed, place.lane, place.s) if body.active else None
            played.rows.setdefault(name, []).append(row)
    return played
