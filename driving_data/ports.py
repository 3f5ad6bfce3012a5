"""The ports by which rooms meet.

What a simulator, a generator, a check, a policy, a search, a reader, an exporter and an executor must do, and
nothing more. Each room re-exports its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.environment import Environment
from driving_data.localization import Localization
from driving_data.maps.lane_map import LaneMap
from driving_data.messages import Message
from driving_data.rollout import Actors, FaultSpan, Rollout, WorldState
from driving_data.segment import Calibrated, Raw, Segment, Validated
from driving_data.sensors import SensorFrames, SensorRig
from driving_data.verdict import Verdict


class Happening(IntEnum):
    """What may befall the ego; the value is the column of `Observation.happened`, the lower-case name the event."""

    COLLISION = 0
    OFF_ROAD = 1
    SIGNAL_VIOLATION = 2
    GOAL_REACHED = 3


NUM_HAPPENINGS = len(Happening)


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What policies see of B worlds at one moment. Actors are padded to A; `valid` says who exists.

    Attributes:
        time_s: since the start, shape (B,).
        position_m: box centres in `world`, shape (B, A, 3).
        yaw_rad: shape (B, A).
        velocity_mps: in `world`, shape (B, A, 3).
        acceleration_mps2: along the actor's x axis, shape (B, A).
        yaw_rate_radps: shape (B, A).
        size_m: length, width, height, shape (B, A, 3).
        kind: `ActorClass` numbers, shape (B, A).
        valid: shape (B, A).
        ego_index: which actor is the ego, shape (B,).
        rear_axle_to_center_m: of the ego, shape (B,).
        wheelbase_m: of the ego, shape (B,).
        steering_rad: present road-wheel angle of the ego, shape (B,).
        route_m: points of the ego's route from beside the ego onwards, equally spaced, shape (B, P, 3).
        route_spacing_m: distance between these points.
        route_speed_limit_mps: limit at each point, shape (B, P).
        route_lateral_m: ego's rear axle left of the route, shape (B,).
        route_remaining_m: distance left to the goal, shape (B,).
        target_speed_mps: speed that the scenario asks of the ego, shape (B,).
        signal_distance_m: front bumper to the next stop line on the route; inf without one; shape (B,).
        signal_state: `SignalState` of that signal, shape (B,).
        road_friction: shape (B,).
        done: world has ended, shape (B,).
        frames: sensor frames of each world, where a renderer is attached.
        lane_maps: the road of each world, as a map service would give it; None where there is none.
        happened: how often each `Happening` befell the ego since the start, columns in their order, shape (B, 4); no
            rows where the simulator does not say.
        routes: name of the ego's route in `LaneMap.routes` of each world; empty where it has no name.
        messages: radio messages that reached the ego of each world since the last observation, in order of arrival;
            empty where no world has radio.
        localization: what the egos measure of their own motion; None where no world has such sensors.
        sensor_faults: what is wrong with sensors of each ego now; empty where no world has such faults.
    """

    time_s: Float[np.ndarray, "B"]
    position_m: Float[np.ndarray, "B A 3"]
    yaw_rad: Float[np.ndarray, "B A"]
    velocity_mps: Float[np.ndarray, "B A 3"]
    acceleration_mps2: Float[np.ndarray, "B A"]
    yaw_rate_radps: Float[np.ndarray, "B A"]
    size_m: Float[np.ndarray, "B A 3"]
    kind: Int[np.ndarray, "B A"]
    valid: Bool[np.ndarray, "B A"]
    ego_index: Int[np.ndarray, "B"]
    rear_axle_to_center_m: Float[np.ndarray, "B"]
    wheelbase_m: Float[np.ndarray, "B"]
    steering_rad: Float[np.ndarray, "B"]
    route_m: Float[np.ndarray, "B P 3"]
    route_spacing_m: float
    route_speed_limit_mps: Float[np.ndarray, "B P"]
    route_lateral_m: Float[np.ndarray, "B"]
    route_remaining_m: Float[np.ndarray, "B"]
    target_speed_mps: Float[np.ndarray, "B"]
    signal_distance_m: Float[np.ndarray, "B"]
    signal_state: Int[np.ndarray, "B"]
    road_friction: Float[np.ndarray, "B"]
    done: Bool[np.ndarray, "B"]
    frames: tuple[SensorFrames | None, ...] = ()
    lane_maps: tuple[LaneMap | None, ...] = ()
    routes: tuple[str, ...] = ()
    happened: Int[np.ndarray, "H 4"] = field(default_factory=lambda: np.zeros((0, NUM_HAPPENINGS), dtype=np.int64))
    messages: tuple[tuple[Message, ...], ...] = ()
    localization: Localization | None = None
    sensor_faults: tuple[tuple[FaultSpan, ...], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """What the egos of B worlds shall do until the next step.

    Attributes:
        acceleration_mps2: longitudinal acceleration, shape (B,).
        steering_rad: road-wheel angle, left positive, shape (B,).
    """

    acceleration_mps2: Float[np.ndarray, "B"]
    steering_rad: Float[np.ndarray, "B"]


@dataclass(frozen=True, slots=True, eq=False)
class SceneDescription:
    """What a picture needs beyond the moving state.

    Attributes:
        lane_map: the road; None for logs without one (a generator then shows ground only).
        actors: who is there.
        ego_index: whose sensors look; the ego's own body is not shown to them.
        environment: weather and light.
        signal_ids: order of `WorldState.signal_state`.
        appearance: draws of the randomization, by name, as plain numbers and strings.
    """

    lane_map: LaneMap | None
    actors: Actors
    ego_index: int
    environment: Environment
    signal_ids: tuple[str, ...] = ()
    appearance: Mapping[str, Any] = field(default_factory=lambda: {})


@runtime_checkable
class Session(Protocol):
    """B running worlds."""

    def reset(self) -> Observation:
        """Starts every world again from its scenario and seed."""
        ...

    def step(self, control: Control) -> Observation:
        """Advances every world by one step."""
        ...

    def run(self, num_steps: int, policy_kernel: str) -> Observation:
        """Advances by `num_steps` with a built-in ego driver, without returning to Python in between.

        Raises:
            Unsupported: no built-in driver has that name; the message lists those there are.
        """
        ...

    def rollouts(self) -> tuple[Rollout, ...]:
        """What happened so far, one rollout per world."""
        ...

    def close(self) -> None:
        """Ends the session; a second call does nothing."""
        ...


@runtime_checkable
class Simulator(Protocol):
    """Opens worlds. `scenarios` are `scenarios.concrete.ConcreteScenario`; one world is the batch of one."""

    def open(self, scenarios: Sequence[Any], seeds: Sequence[int]) -> Session:
        """Opens a batch of worlds.

        Raises:
            Unsupported: a scenario asks for something that this simulator cannot do.
        """
        ...


@runtime_checkable
class Renderer(Protocol):
    """Makes pictures of one scene."""

    def render(self, start: WorldState, end: WorldState) -> SensorFrames:
        """What the rig sees between two moments; equal moments give a still world."""
        ...

    def close(self) -> None:
        """Frees what was loaded; a second call does nothing."""
        ...


@runtime_checkable
class Generator(Protocol):
    """Opens scenes for rendering."""

    @property
    def name(self) -> str:
        """Registered name, as it stands in provenance."""
        ...

    @property
    def version(self) -> str:
        """Version of the pictures: changes whenever a byte of them may."""
        ...

    def open(self, scene: SceneDescription, rig: SensorRig, seed: int) -> Renderer:
        """Prepares a scene."""
        ...


@runtime_checkable
class Check(Protocol):
    """Doubts one segment."""

    @property
    def name(self) -> str:
        """Registered name."""
        ...

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """The verdict; `applicable=False` where the segment lacks what the check needs."""
        ...


@runtime_checkable
class SetCheck(Protocol):
    """Doubts a set of segments against a reference set."""

    @property
    def name(self) -> str:
        """Registered name."""
        ...

    def judge(self, segments: Sequence[Segment[Raw]], reference: Sequence[Segment[Raw]]) -> Verdict:
        """The verdict on the set."""
        ...


@runtime_checkable
class Policy(Protocol):
    """Drives the egos of B worlds."""

    @property
    def name(self) -> str:
        """Name in reports."""
        ...

    def reset(self, num_worlds: int) -> None:
        """Forgets; called before each batch of episodes."""
        ...

    def act(self, observation: Observation) -> Control:
        """What to do now."""
        ...


@runtime_checkable
class Search(Protocol):
    """Looks for scenarios in which a policy fails."""

    def ask(self, count: int) -> Sequence[Any]:
        """Scenarios to try next."""
        ...

    def tell(self, results: Sequence[Any]) -> None:
        """What came of them, in the order of `ask`."""
        ...


@runtime_checkable
class LogReader(Protocol):
    """Reads one kind of real log."""

    @property
    def name(self) -> str:
        """Format name, as `argoverse2_sensor`."""
        ...

    def recognises(self, path: Path) -> bool:
        """Whether the path looks like this format."""
        ...

    def read(self, path: Path) -> Iterator[Segment[Raw]]:
        """Segments of the log.

        Raises:
            InputError: the log is damaged or lacks something.
        """
        ...


@runtime_checkable
class Exporter(Protocol):
    """Writes segments in a public format."""

    @property
    def name(self) -> str:
        """Format name, as `nuscenes`."""
        ...

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new data set below `directory` (which must not exist or be empty) and returns its root."""
        ...


Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that did not give a result: its key, why, and after how many tries."""

    key: str
    reason: str
    tries: int


@runtime_checkable
class Executor(Protocol):
    """Runs independent tasks, keyed by content; a crashed worker costs its own task only."""

    def map(
        self,
        function: Callable[[Item], Result],
        tasks: Mapping[str, Item],
        *,
        done: Callable[[str], None] | None = None,
    ) -> Mapping[str, Result | TaskFailure]:
        """Results by key, in the order of the tasks; `done` is called with each key as it ends."""
        ...


__all__ = [
    "Calibrated",
    "Check",
    "Control",
    "Executor",
    "Exporter",
    "Generator",
    "Happening",
    "LogReader",
    "Observation",
    "Policy",
    "Raw",
    "Renderer",
    "SceneDescription",
    "Search",
    "SensorFrames",
    "SensorRig",
    "Session",
    "SetCheck",
    "Simulator",
    "TaskFailure",
    "WorldState",
]
