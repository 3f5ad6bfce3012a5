"""The storyboard of a scenario as plain data: entities, what they do at the start, and what happens when.

The words are those of ASAM OpenSCENARIO XML 1.3, with every number fixed and every reference a name. A storyboard says
nothing about how it is played; `scenarios.openscenario` makes one from a file, a simulator plays it. Units are SI,
angles in radians, positions of entities those of their reference point (the middle of the rear axle of vehicles).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from driving_data.environment import Environment
from driving_data.taxonomy import ActorClass, SignalState

# The goal of an ego without one of its own: what its speed covers in this share of the time that it has, so that
# whoever keeps the speed arrives.
GOAL_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Orientation:
    """Heading, pitch and roll, `relative` to the road or an entity, else of the world; None where unsaid."""

    h_rad: float | None = None
    p_rad: float | None = None
    r_rad: float | None = None
    relative: bool = True


@dataclass(frozen=True, slots=True)
class WorldPosition:
    """A point of the world; what is None follows the road."""

    x_m: float
    y_m: float
    z_m: float | None = None
    h_rad: float | None = None
    p_rad: float | None = None
    r_rad: float | None = None


@dataclass(frozen=True, slots=True)
class LanePosition:
    """`s_m` along a road, `offset_m` to the left of the middle of a lane."""

    road: str
    lane: int
    s_m: float
    offset_m: float = 0.0
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class RoadPosition:
    """`s_m` along a road and `t_m` to its left."""

    road: str
    s_m: float
    t_m: float
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class RelativeLanePosition:
    """Lanes and metres from an entity: `ds_m` along the reference line, or along the lane where `along_lane`."""

    entity: str
    d_lane: int
    ds_m: float
    offset_m: float = 0.0
    along_lane: bool = False
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class RelativeRoadPosition:
    """Metres along the road and across it from an entity."""

    entity: str
    ds_m: float
    dt_m: float
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class RelativeObjectPosition:
    """Metres from an entity in its own axes."""

    entity: str
    dx_m: float
    dy_m: float
    dz_m: float = 0.0
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class RelativeWorldPosition:
    """Metres from an entity in the axes of the world."""

    entity: str
    dx_m: float
    dy_m: float
    dz_m: float = 0.0
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class Waypoint:
    """One place that a route passes; `strategy` is as in the standard ('shortest', 'fastest', 'random', ...)."""

    position: "Position"
    strategy: str = "shortest"


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """A route through waypoints."""

    name: str
    waypoints: tuple[Waypoint, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class RoutePosition:
    """A place on a route: `path_s_m` along it and `offset_m` from the middle of `lane` (None for the route's own).

    Where `t_m` is given it counts from the centre of the road instead of a lane. `of_entity` takes the progress of
    an entity on its own route.
    """

    route: RouteSpec
    path_s_m: float = 0.0
    offset_m: float = 0.0
    t_m: float | None = None
    lane: int | None = None
    of_entity: str = ""
    orientation: Orientation = Orientation()


@dataclass(frozen=True, slots=True)
class TrajectoryPosition:
    """A place `s_m` along a trajectory and `t_m` to its left."""

    trajectory: "TrajectorySpec"
    s_m: float
    t_m: float = 0.0
    orientation: Orientation = Orientation()


Position = (
    WorldPosition
    | LanePosition
    | RoadPosition
    | RelativeLanePosition
    | RelativeRoadPosition
    | RelativeObjectPosition
    | RelativeWorldPosition
    | RoutePosition
    | TrajectoryPosition
)


@dataclass(frozen=True, slots=True)
class Vertex:
    """A corner of a polyline, with the time at which it is passed, if the trajectory has times."""

    position: Position
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Polyline:
    """Straight lines through corners."""

    vertices: tuple[Vertex, ...]


@dataclass(frozen=True, slots=True)
class Clothoid:
    """A piece whose curvature changes evenly with its length."""

    start: Position
    curvature_1pm: float
    curvature_prime_1pm2: float
    length_m: float
    start_time_s: float | None = None
    stop_time_s: float | None = None


@dataclass(frozen=True, slots=True)
class ClothoidPiece:
    """One piece of a clothoid spline; without a start it goes on where the one before ends."""

    curvature_start_1pm: float
    curvature_end_1pm: float
    length_m: float
    start: Position | None = None
    h_offset_rad: float = 0.0
    start_time_s: float | None = None


@dataclass(frozen=True, slots=True)
class ClothoidSpline:
    """Clothoids one after another."""

    pieces: tuple[ClothoidPiece, ...]
    end_time_s: float | None = None


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A control point of a NURBS curve."""

    position: Position
    time_s: float | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Nurbs:
    """A non-uniform rational B-spline."""

    order: int
    points: tuple[ControlPoint, ...]
    knots: tuple[float, ...]


Shape = Polyline | Clothoid | ClothoidSpline | Nurbs


@dataclass(frozen=True, slots=True)
class TrajectorySpec:
    """A path in the plane, with or without times."""

    name: str
    shape: Shape
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How a value goes over to another: step, linear, sinusoidal or cubic, over a time, a distance or at a rate."""

    shape: str = "step"
    dimension: str = "time"
    value: float = 0.0
    following: str = "position"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an action may ask of an entity, None for no limit: speed, acceleration, deceleration and their rates."""

    max_speed_mps: float | None = None
    max_acceleration_mps2: float | None = None
    max_deceleration_mps2: float | None = None
    max_acceleration_rate_mps3: float | None = None
    max_deceleration_rate_mps3: float | None = None


@dataclass(frozen=True, slots=True)
class Teleport:
    """Put the entity somewhere else at once."""

    position: Position


@dataclass(frozen=True, slots=True)
class SpeedTarget:
    """A speed: its own, or relative to that of `entity` by a 'delta' or a 'factor', sampled once or `continuous`."""

    value: float
    entity: str = ""
    kind: str = "absolute"
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class Speed:
    """Go over to another speed."""

    target: SpeedTarget
    dynamics: Dynamics = Dynamics()


@dataclass(frozen=True, slots=True)
class SpeedProfileEntry:
    """A speed to be reached after `time_s` from the entry before; None: as fast as the limits allow."""

    speed_mps: float
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class SpeedProfile:
    """Go through a series of speeds, relative to those of `entity` where one is named."""

    entries: tuple[SpeedProfileEntry, ...]
    following: str = "position"
    limits: Limits = Limits()
    entity: str = ""


@dataclass(frozen=True, slots=True)
class LongitudinalDistance:
    """Keep a distance (or a time gap) to an entity."""

    entity: str
    distance_m: float | None = None
    time_gap_s: float | None = None
    continuous: bool = False
    freespace: bool = False
    coordinates: str = "entity"
    displacement: str = "any"
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class LaneChange:
    """Go to another lane: the lane `lane`, or that many lanes beside `entity`; ends `offset_m` from its middle."""

    lane: int
    entity: str = ""
    offset_m: float = 0.0
    dynamics: Dynamics = Dynamics()


@dataclass(frozen=True, slots=True)
class LaneOffset:
    """Move sideways inside the lane, to an offset of its own or relative to `entity`."""

    offset_m: float
    entity: str = ""
    continuous: bool = False
    shape: str = "step"
    max_acceleration_mps2: float | None = None


@dataclass(frozen=True, slots=True)
class LateralDistance:
    """Keep a distance sideways to an entity."""

    entity: str
    distance_m: float = 0.0
    continuous: bool = False
    freespace: bool = False
    coordinates: str = "entity"
    displacement: str = "any"
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class AssignRoute:
    """Follow a route from now on."""

    route: RouteSpec


@dataclass(frozen=True, slots=True)
class AcquirePosition:
    """Find a way to a place and follow it."""

    position: Position


@dataclass(frozen=True, slots=True)
class RandomRoute:
    """Choose the way at each junction by chance."""


@dataclass(frozen=True, slots=True)
class FollowTrajectory:
    """Go along a trajectory; `timing` none, 'relative' or 'absolute', with times stretched by `scale`, shifted."""

    trajectory: TrajectorySpec
    timing: str = "none"
    scale: float = 1.0
    shift_s: float = 0.0
    following: str = "position"
    initial_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Synchronize:
    """Be at `target` when `master` is at `master_target`, with a final speed and perhaps a steady end."""

    master: str
    master_target: Position
    target: Position
    tolerance_m: float = 0.0
    master_tolerance_m: float = 0.0
    final_speed: SpeedTarget | None = None
    steady_s: float | None = None
    steady_m: float | None = None


@dataclass(frozen=True, slots=True)
class ControllerSwitch:
    """Assign or activate a controller; None leaves a domain as it is."""

    controller: str = ""
    lateral: bool | None = None
    longitudinal: bool | None = None
    lighting: bool | None = None
    animation: bool | None = None


@dataclass(frozen=True, slots=True)
class OverrideControls:
    """Override pedals, wheel and gear: value by name for those that are active."""

    values: Mapping[str, float] = field(default_factory=lambda: {})
    released: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visibility:
    """Who sees the entity from now on."""

    graphics: bool
    sensors: bool
    traffic: bool


@dataclass(frozen=True, slots=True)
class LightState:
    """Switch a light: `light` by its name in the standard, `mode` on, off or flashing."""

    light: str
    mode: str
    transition_s: float = 0.0
    on_s: float = 0.5
    off_s: float = 0.5


@dataclass(frozen=True, slots=True)
class ConnectTrailer:
    """Couple a trailer to the entity; '' uncouples."""

    trailer: str


@dataclass(frozen=True, slots=True)
class SetEnvironment:
    """Change the weather and the light."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class AddEntity:
    """Bring an entity into the world."""

    entity: str
    position: Position


@dataclass(frozen=True, slots=True)
class DeleteEntity:
    """Take an entity out of the world."""

    entity: str


@dataclass(frozen=True, slots=True)
class SetValue:
    """Set a parameter or variable."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ModifyValue:
    """Change a number: `rule` 'add' or 'multiply'."""

    name: str
    rule: str
    value: float


@dataclass(frozen=True, slots=True)
class SetSignal:
    """Show a state on a traffic signal."""

    signal: str
    state: str


@dataclass(frozen=True, slots=True)
class SetSignalController:
    """Bring a signal controller into one of its phases."""

    controller: str
    phase: str


@dataclass(frozen=True, slots=True)
class UserCommand:
    """A command of one's own, for who drives the simulator; it changes nothing here but is written down."""

    kind: str
    content: str = ""


PrivateAction = (
    Teleport
    | Speed
    | SpeedProfile
    | LongitudinalDistance
    | LaneChange
    | LaneOffset
    | LateralDistance
    | AssignRoute
    | AcquirePosition
    | RandomRoute
    | FollowTrajectory
    | Synchronize
    | ControllerSwitch
    | OverrideControls
    | Visibility
    | LightState
    | ConnectTrailer
)
GlobalAction = (
    SetEnvironment | AddEntity | DeleteEntity | SetValue | ModifyValue | SetSignal | SetSignalController | UserCommand
)
Action = PrivateAction | GlobalAction


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rule of the standard ('greaterThan', 'lessOrEqual', 'equalTo', ...) and the value to compare with."""

    rule: str
    value: float


@dataclass(frozen=True, slots=True)
class OnTime:
    """The time since the start."""

    than: Comparison


@dataclass(frozen=True, slots=True)
class OnElement:
    """A storyboard element reached a state or made a transition."""

    kind: str
    element: str
    state: str


@dataclass(frozen=True, slots=True)
class OnValue:
    """A parameter or variable, compared as a number where both are numbers, else as text."""

    name: str
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class OnSignal:
    """A traffic signal shows a state."""

    signal: str
    state: str


@dataclass(frozen=True, slots=True)
class OnSignalController:
    """A signal controller is in a phase."""

    controller: str
    phase: str


@dataclass(frozen=True, slots=True)
class OnUserValue:
    """A value that somebody outside sets; here it never does."""

    name: str
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class OnTimeOfDay:
    """The date and time of the environment, in seconds since 1970."""

    than: Comparison


ByValue = OnTime | OnElement | OnValue | OnSignal | OnSignalController | OnUserValue | OnTimeOfDay


@dataclass(frozen=True, slots=True)
class Reaches:
    """An entity is within `tolerance_m` of a place."""

    position: Position
    tolerance_m: float
    angle_tolerance_rad: float | None = None


@dataclass(frozen=True, slots=True)
class Headway:
    """Time to where another entity is now."""

    entity: str
    than: Comparison
    freespace: bool = False
    coordinates: str = "entity"
    distance_kind: str = "longitudinal"


@dataclass(frozen=True, slots=True)
class Collides:
    """An entity touches another one, or any of a type ('vehicle', 'pedestrian', 'miscellaneous')."""

    entity: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class TimeToCollision:
    """Time to a collision with an entity or a place."""

    than: Comparison
    entity: str = ""
    position: Position | None = None
    freespace: bool = False
    coordinates: str = "entity"
    distance_kind: str = "longitudinal"


@dataclass(frozen=True, slots=True)
class DistanceTo:
    """Distance to a place."""

    position: Position
    than: Comparison
    freespace: bool = False
    coordinates: str = "entity"
    distance_kind: str = "euclidianDistance"


@dataclass(frozen=True, slots=True)
class RelativeDistance:
    """Distance to another entity."""

    entity: str
    than: Comparison
    freespace: bool = False
    coordinates: str = "entity"
    distance_kind: str = "euclidianDistance"


@dataclass(frozen=True, slots=True)
class HasSpeed:
    """Speed, or its part in a direction ('longitudinal', 'lateral', 'vertical', '')."""

    than: Comparison
    direction: str = ""


@dataclass(frozen=True, slots=True)
class HasRelativeSpeed:
    """Speed less that of another entity."""

    entity: str
    than: Comparison
    direction: str = ""


@dataclass(frozen=True, slots=True)
class HasAcceleration:
    """Acceleration, or its part in a direction."""

    than: Comparison
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Travelled:
    """Way since the start is at least `distance_m`."""

    distance_m: float


@dataclass(frozen=True, slots=True)
class StandsStill:
    """Has stood for longer than `duration_s`."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class AtEndOfRoad:
    """Has been at the end of its road for longer than `duration_s`."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class OffRoad:
    """Has been beside every road for longer than `duration_s`."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Clearance:
    """Nobody in the lanes `lane_from` to `lane_to` (relative), from `backward_m` behind to `forward_m` ahead."""

    lane_from: int | None = None
    lane_to: int | None = None
    backward_m: float = 0.0
    forward_m: float = 0.0
    freespace: bool = False
    opposite_lanes: bool = False
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HasAngle:
    """Heading, pitch or roll within a tolerance of an angle, in a coordinate system."""

    kind: str
    angle_rad: float
    tolerance_rad: float
    coordinates: str = "world"
    entity: str = ""


ByEntity = (
    Reaches
    | Headway
    | Collides
    | TimeToCollision
    | DistanceTo
    | RelativeDistance
    | HasSpeed
    | HasRelativeSpeed
    | HasAcceleration
    | Travelled
    | StandsStill
    | AtEndOfRoad
    | OffRoad
    | Clearance
    | HasAngle
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: what must hold, on which edge, how long ago; `entities` and `rule` for conditions of entities."""

    name: str
    what: ByValue | ByEntity
    edge: str = "none"
    delay_s: float = 0.0
    entities: tuple[str, ...] = ()
    rule: str = "any"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Fires where all conditions of one of its groups hold; without groups never."""

    groups: tuple[tuple[Condition, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class NamedAction:
    """An action with its name in the file; `actor` for who does it whatever the group says."""

    name: str
    action: Action


@dataclass(frozen=True, slots=True)
class Event:
    """Actions that begin together when the trigger fires."""

    name: str
    actions: tuple[NamedAction, ...]
    start: Trigger | None = None
    priority: str = "parallel"
    max_executions: int = 1


@dataclass(frozen=True, slots=True)
class Maneuver:
    """Events of one manoeuvre."""

    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class ManeuverGroup:
    """Manoeuvres of the same actors."""

    name: str
    actors: tuple[str, ...]
    maneuvers: tuple[Maneuver, ...]
    max_executions: int = 1
    triggering_entities: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Groups that may run between a start and a stop trigger."""

    name: str
    groups: tuple[ManeuverGroup, ...]
    start: Trigger | None = None
    stop: Trigger | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Acts that belong together."""

    name: str
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class InitAction:
    """What is done at the start; `entity` is '' for actions on the world."""

    entity: str
    action: Action


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something in the scenario.

    Attributes:
        name: unique.
        kind: class.
        category: 'vehicle', 'pedestrian' or 'miscellaneous'.
        size_m: length, width, height of the bounding box.
        center_m: middle of the bounding box from the reference point, x forward, y left, z up.
        max_speed_mps: performance, as are the next two.
        max_acceleration_mps2: a magnitude.
        max_deceleration_mps2: a magnitude.
        front_axle_m: x of the front axle; None without axles.
        rear_axle_m: x of the rear axle.
        hitch_m: x of the trailer hitch; None without one.
        coupler_m: x of the coupler of a trailer; None without one.
        trailer: entity that is coupled at the start, or ''.
        controllers: names of the controllers of the entity.
        properties: name and value of its properties.
    """

    name: str
    kind: ActorClass
    category: str
    size_m: tuple[float, float, float]
    center_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    max_speed_mps: float | None = None
    max_acceleration_mps2: float | None = None
    max_deceleration_mps2: float | None = None
    front_axle_m: float | None = None
    rear_axle_m: float = 0.0
    hitch_m: float | None = None
    coupler_m: float | None = None
    trailer: str = ""
    controllers: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class SignalPhase:
    """A phase of a signal controller: its length and the state of each signal, as text of the file."""

    name: str
    duration_s: float
    states: Mapping[str, str] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class SignalController:
    """Phases that follow one another for ever; `delay_s` after the controller `reference`, if there is one."""

    name: str
    phases: tuple[SignalPhase, ...]
    delay_s: float = 0.0
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Everything that a scenario file tells, resolved.

    Attributes:
        entities: in the order of the file; trailers behind who draws them.
        ego: name of the entity whose policy is studied.
        init: actions at the start, world first, in order.
        stories: the tree.
        stop: when the scenario ends; None for never.
        values: parameters and variables with their values at the start, as text.
        signals: signal controllers.
        time_of_day_s: date and time at the start, in seconds since 1970; None where it is not said.
    """

    entities: tuple[Entity, ...]
    ego: str
    init: tuple[InitAction, ...] = ()
    stories: tuple[Story, ...] = ()
    stop: Trigger | None = None
    values: Mapping[str, str] = field(default_factory=lambda: {})
    signals: tuple[SignalController, ...] = ()
    time_of_day_s: float | None = None


def signal_state(text: str) -> SignalState:
    """What a lamp text of a file means: a colour, or lamps top down as `off;on;off`."""
    words = [word.strip().lower() for word in text.split(";")]
    colours = (SignalState.RED, SignalState.YELLOW, SignalState.GREEN)
    if len(words) > 1:
        lit = [colour for word, colour in zip(words, colours, strict=False) if word in ("on", "true")]
        if len(lit) == 2 and lit[0] == SignalState.RED:
            return SignalState.RED_YELLOW
        return lit[0] if lit else SignalState.OFF
    named = {"red": 0, "yellow": 1, "amber": 1, "green": 2}
    for word, index in named.items():
        if word in words[0]:
            return colours[index]
    return SignalState.OFF
