"""What an actor shall do: a small tree of actions, sequences, parallels and triggers, every number fixed.

Places on the road are (route, s, d): metres along a named route of the road network and metres to its left.
A simulator says `Unsupported` to a node that it cannot play; it never leaves one out.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AtTime:
    """Fires when the scenario clock reaches `time_s`."""

    time_s: float


@dataclass(frozen=True, slots=True)
class DistanceBelow:
    """Fires when the box gap between this actor and `actor` falls below `distance_m`."""

    actor: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class TimeGapBelow:
    """Fires when the time that `actor` needs to reach this actor, at its present speed, falls below `time_s`."""

    actor: str
    time_s: float


@dataclass(frozen=True, slots=True)
class TimeToCollisionBelow:
    """Fires when the time to collision with `actor`, along the line between them, falls below `time_s`."""

    actor: str
    time_s: float


@dataclass(frozen=True, slots=True)
class AheadOf:
    """Fires when this actor's position along the road exceeds that of `actor` by `distance_m` (may be negative)."""

    actor: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class ReachS:
    """Fires when this actor has gone `s_m` along its route."""

    s_m: float


Trigger = AtTime | DistanceBelow | TimeGapBelow | TimeToCollisionBelow | AheadOf | ReachS


@dataclass(frozen=True, slots=True)
class KeepSpeed:
    """Drive at `speed_mps`, minding the traffic ahead if the driver does."""

    speed_mps: float


@dataclass(frozen=True, slots=True)
class ChangeSpeed:
    """Go to `speed_mps` at `rate_mps2` (a magnitude), whatever is ahead; done when the speed is reached."""

    speed_mps: float
    rate_mps2: float


@dataclass(frozen=True, slots=True)
class ChangeLane:
    """Move sideways onto `route` (a parallel lane) within `duration_s`, along a smooth quintic."""

    route: str
    duration_s: float
    offset_m: float = 0.0


@dataclass(frozen=True, slots=True)
class MoveSideways:
    """Move to `offset_m` left of the present route within `duration_s`."""

    offset_m: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class FollowPath:
    """Go along points (s, d) of `route` at `speed_mps`, lanes or not: pedestrians, animals, cyclists crossing."""

    route: str
    points_m: tuple[tuple[float, float], ...]
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for `duration_s` (stand, or keep going with the driver)."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Something of a vehicle breaks at once and stays broken.

    Attributes:
        part: 'brakes', 'tyre' or 'steering'.
        remaining: what is left of it, 0 to 1: of the braking force, of the tyre, of the steering angle.
        wheel: which tyre: 'front_left', 'front_right', 'rear_left', 'rear_right'; empty for other parts.
        actor: whose; empty for the actor whose behaviour this is.
    """

    part: str
    remaining: float = 0.0
    wheel: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class DropCargo:
    """Something falls off at the back and stays: `what` is a name of `scenarios.types.cargo.CARGO`."""

    what: str = "box"


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A door swings open, stays so for `duration_s` and shuts; `side` is 'left', 'right' or 'rear'."""

    side: str = "left"
    duration_s: float = 3.0


@dataclass(frozen=True, slots=True)
class FailSignal:
    """Traffic lights fail.

    Attributes:
        kind: a name of `scenarios.types.temporary.FAILURES`.
        signal: id of the light, or its beginning; empty for all of them.
        duration_s: for how long; None to the end.
    """

    kind: str
    signal: str = ""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class FaultSensor:
    """Something is wrong with sensors of the ego.

    Attributes:
        kind: a name of `scenarios.types.digital.FAULTS`.
        sensor: its name in the rig; empty for all of them.
        severity: 0 none to 1 nothing left.
        duration_s: for how long; None to the end.
    """

    kind: str
    sensor: str = ""
    severity: float = 0.5
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """The actor shows or does something that moves nothing.

    Attributes:
        what: a name of `scenarios.types.manoeuvres.SHOWN` (lamps, gestures) or of `types.traits.WORKING_MODES`.
        duration_s: for how long.
    """

    what: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class When:
    """Begin `then` once `trigger` fires."""

    trigger: Trigger
    then: "Behaviour"


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    steps: tuple["Behaviour", ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """At once; the branches claim different channels (speed, lateral position)."""

    branches: tuple["Behaviour", ...]


Happening = Failure | DropCargo | OpenDoor | FailSignal | FaultSensor | Show
Action = KeepSpeed | ChangeSpeed | ChangeLane | MoveSideways | FollowPath | Wait | Happening
Behaviour = Action | When | Sequence | Parallel
