"""The concrete scenario: every number fixed. What a simulator plays and a provenance record repeats.

A concrete scenario is plain data: `driving_data.plain.to_plain` writes it, `ConcreteScenario.from_plain` reads it
back, and `digest` of its canonical text is its identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driving_data.environment import Environment
from driving_data.plain import digest, from_plain, to_plain
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.behaviour import Behaviour
from scenarios.habits import Habits, Walking
from scenarios.storyboard import Storyboard


@dataclass(frozen=True, slots=True)
class RoadChoice:
    """Which road: an archetype with its parameters, or an OpenDRIVE file.

    Attributes:
        archetype: registered name in `scenarios.roads`, as `motorway`; empty for a file.
        parameters: numbers, strings and booleans that the archetype takes.
        file: path of an OpenDRIVE file; empty for an archetype.
        sha256: of the file's bytes, so that a changed file is noticed; empty for an archetype.
        routes: for a file: named lane sequences by lane id; archetypes name their own.
    """

    archetype: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {})
    file: str = ""
    sha256: str = ""
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the road: `s_m` along `route`, `d_m` to its left, heading relative to the route.

    The reference point of the actor is its box centre.
    """

    route: str
    s_m: float
    d_m: float = 0.0
    heading_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class Driver:
    """How a driven actor minds the road: the Intelligent Driver Model along its route.

    Attributes:
        kind: 'idm' (minds leaders, signals and conflicts), 'none' (only its behaviour moves it), 'imitation' (a network
            learned from logs follows) or 'walker' (a person who waits at kerbs for a gap).
        desired_speed_mps: free-flow speed.
        time_headway_s: desired time gap.
        min_gap_m: standstill gap.
        max_acceleration_mps2: comfortable acceleration.
        comfortable_deceleration_mps2: comfortable braking, a magnitude.
        minds_signals: stops at red.
        minds_conflicts: gives way to crossing traffic where it must.
        reaction_time_s: delay before it reacts.
        habits: lane changes, gaps, attention and the rest; None for the plain car follower.
        walking: of a walker; None for the usual one.
    """

    kind: str = "idm"
    desired_speed_mps: float = 13.9
    time_headway_s: float = 1.5
    min_gap_m: float = 2.0
    max_acceleration_mps2: float = 1.5
    comfortable_deceleration_mps2: float = 2.0
    minds_signals: bool = True
    minds_conflicts: bool = True
    reaction_time_s: float = 0.0
    habits: Habits | None = None
    walking: Walking | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """One other actor.

    Attributes:
        id: unique; not 'ego'.
        kind: class.
        size_m: length, width, height.
        start: where it begins.
        speed_mps: speed at the beginning, along its heading.
        driver: how it minds the road.
        behaviour: what it shall do besides; None for nothing (parked, or traffic).
        traits: what distinguishes it within its class, by the names of `scenarios.types.traits.TRAITS`.
    """

    id: str
    kind: ActorClass
    size_m: tuple[float, float, float]
    start: Place
    speed_mps: float = 0.0
    driver: Driver = Driver(kind="none")
    behaviour: Behaviour | None = None
    traits: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class Ego:
    """The ego and its task: drive `start.route` to `goal_s_m`.

    Attributes:
        start: where it begins.
        speed_mps: speed at the beginning.
        target_speed_mps: speed asked of it where the road allows.
        goal_s_m: distance along its route at which it has arrived.
        kind: class.
        size_m: length, width, height.
        wheelbase_m: distance between axles.
        rear_axle_to_center_m: from the rear axle forward to the box centre.
        task: what is asked of the policy, in order, by the names of `scenarios.types.actors.TASKS`; empty for the
            route alone.
    """

    start: Place
    speed_mps: float
    target_speed_mps: float
    goal_s_m: float
    kind: ActorClass = ActorClass.CAR
    size_m: tuple[float, float, float] = (4.6, 1.85, 1.5)
    wheelbase_m: float = 2.8
    rear_axle_to_center_m: float = 1.35
    task: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """Something of the operational design domain besides road, weather, light and actors, every number fixed.

    Attributes:
        kind: key of `scenarios.types.catalogue.LEAF_TYPES`; 'weather' and 'light' for what `Environment` has no
            field for, 'action' for what an actor does without moving.
        name: which one, where there may be several; actor and step of an action, as `van[0]`.
        values: its drawn values in base units.
    """

    kind: str
    name: str = ""
    values: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class SignalProgram:
    """A fixed-time programme of one traffic light.

    Attributes:
        signal_id: id in the lane map.
        phases: state and duration in seconds, repeated for ever.
        offset_s: how far into the cycle time zero is.
    """

    signal_id: str
    phases: tuple[tuple[SignalState, float], ...]
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ConcreteScenario:
    """Every number fixed.

    Attributes:
        name: name of the logical scenario that it was drawn from.
        road: which road.
        environment: weather and light.
        ego: the ego and its task.
        actors: everyone else, work-zone devices included.
        rig: the ego's sensors.
        signals: programmes of the traffic lights; one without a programme is dark.
        duration_s: length.
        step_s: simulation step.
        seed: the seed that it was drawn with.
        index: which draw of that seed.
        tags: OpenLABEL names and `key:value` slices, as `road:motorway`, `actor:pedestrian`, `manoeuvre:cut_in`.
        description: one sentence.
        draws: the numbers drawn, by path in the logical scenario.
        features: what else the operational design domain says, as surface, signs, work zones, radio links.
        storyboard: what a scenario file of another language tells, which is then played instead of actors; else None.
    """

    name: str
    road: RoadChoice
    environment: Environment
    ego: Ego
    actors: tuple[Actor, ...]
    rig: SensorRig
    signals: tuple[SignalProgram, ...] = ()
    duration_s: float = 10.0
    step_s: float = 0.1
    seed: int = 0
    index: int = 0
    tags: tuple[str, ...] = ()
    description: str = ""
    draws: Mapping[str, Any] = field(default_factory=lambda: {})
    features: tuple[Feature, ...] = ()
    storyboard: Storyboard | None = None

    def digest(self) -> str:
        """sha256 of the canonical text: the scenario's identity."""
        return digest(self)

    def to_plain(self) -> dict[str, Any]:
        """As plain data, for JSON and provenance."""
        return to_plain(self)

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> "ConcreteScenario":
        """Reads back what `to_plain` wrote.

        Raises:
            ValueError: the data do not fit; the message names the path.
        """
        return from_plain(ConcreteScenario, data)
