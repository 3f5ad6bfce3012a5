"""What happened: T moments of A actors, with a mask. From a simulator or from a real log, the same type.

Time comes first, then actors, coordinates last. Where `valid` is False every float is NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8, UInt16

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import LaneMap
from driving_data.messages import Message
from driving_data.taxonomy import ActorClass


@dataclass(frozen=True, slots=True, eq=False)
class Actors:
    """Who is there: what does not change during a rollout.

    Attributes:
        ids: unique names, A of them.
        kind: `ActorClass` of each, shape (A,).
        size_m: length, width, height of the box, shape (A, 3).
        rear_axle_to_center_m: distance from the rear axle forward to the box centre, shape (A,); 0 where unknown.
    """

    ids: tuple[str, ...]
    kind: Int[np.ndarray, "A"]
    size_m: Float[np.ndarray, "A 3"]
    rear_axle_to_center_m: Float[np.ndarray, "A"]

    def __len__(self) -> int:
        return len(self.ids)

    def kind_of(self, index: int) -> ActorClass:
        """The class of one actor."""
        return ActorClass(int(self.kind[index]))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a moment.

    Attributes:
        timestamp_ns: when.
        kind: 'collision', 'off_road', 'trigger', 'signal_violation', 'goal_reached', 'spawn', 'despawn', ...
        actor_ids: who took part.
        data: plain data: impact speed, name of the trigger, ...
    """

    timestamp_ns: int
    kind: str
    actor_ids: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """Something is wrong with a sensor of the ego for a while; the world knows it, the sensor's data show it.

    Attributes:
        sensor: its name in the rig; empty for all of them.
        kind: 'dropout', 'frozen', 'noise', 'dirt', ...: a name of `scenarios.types.digital.FAULTS`.
        severity: 0 none to 1 nothing left.
        start_ns: since when.
        end_ns: until when, that moment not included; None for to the end.
    """

    sensor: str
    kind: str
    severity: float
    start_ns: int
    end_ns: int | None = None

    def is_active(self, timestamp_ns: int) -> bool:
        """Whether it is there at a moment."""
        return self.start_ns <= timestamp_ns and (self.end_ns is None or timestamp_ns < self.end_ns)


@dataclass(frozen=True, slots=True, eq=False)
class SignalStates:
    """What the traffic lights showed: `SignalState` numbers of S signals, shape (T, S)."""

    ids: tuple[str, ...]
    state: Int[np.ndarray, "T S"]


@dataclass(frozen=True, slots=True, eq=False)
class Rollout:
    """What happened.

    Attributes:
        timestamps_ns: strictly increasing, shape (T,), int64.
        actors: who is there.
        ego_index: which actor is the ego.
        world_from_actor: poses of box centres, batch shape (T, A).
        velocity_mps: in `world`, shape (T, A, 3).
        acceleration_mps2: in `world`, shape (T, A, 3).
        yaw_rate_radps: shape (T, A).
        steering_rad: road-wheel angle, shape (T, A); NaN where unknown.
        lights: `Light` bits, shape (T, A), uint8.
        valid: whether the actor exists at that moment, shape (T, A).
        signals: states of the traffic lights.
        events: collisions, triggers and the rest, in time order.
        lane_map: the road; None where the log has none.
        environment: weather and light.
        messages: radio messages that the ego received, in order of arrival.
        modes: `ActorMode` bits, shape (T, A), uint16; None where the log does not say.
        sensor_faults: what was wrong with sensors of the ego and when, as far as it has begun.
    """

    timestamps_ns: Int[np.ndarray, "T"]
    actors: Actors
    ego_index: int
    world_from_actor: SE3
    velocity_mps: Float[np.ndarray, "T A 3"]
    acceleration_mps2: Float[np.ndarray, "T A 3"]
    yaw_rate_radps: Float[np.ndarray, "T A"]
    steering_rad: Float[np.ndarray, "T A"]
    lights: UInt8[np.ndarray, "T A"]
    valid: Bool[np.ndarray, "T A"]
    signals: SignalStates
    events: tuple[Event, ...]
    lane_map: LaneMap | None
    environment: Environment
    messages: tuple[Message, ...] = ()
    modes: UInt16[np.ndarray, "T A"] | None = None
    sensor_faults: tuple[FaultSpan, ...] = ()

    def faults_at(self, timestamp_ns: int, sensor: str) -> tuple[FaultSpan, ...]:
        """What is wrong with a sensor at a moment."""
        return tuple(x for x in self.sensor_faults if x.sensor in ("", sensor) and x.is_active(timestamp_ns))

    @property
    def num_steps(self) -> int:
        """T, the number of moments."""
        return len(self.timestamps_ns)

    @property
    def num_actors(self) -> int:
        """A, the number of actors."""
        return len(self.actors)

    def seconds(self) -> Float[np.ndarray, "T"]:
        """Time since the first moment."""
        return (self.timestamps_ns - self.timestamps_ns[0]) * 1e-9

    def world_from_ego(self) -> SE3:
        """Poses of the ego frame (rear axle on the ground), batch shape (T,)."""
        return ego_frame(self.world_from_actor[:, self.ego_index], self.actors, self.ego_index)

    def state_at(self, index: int) -> "WorldState":
        """The world at one of the rollout's own moments."""
        return WorldState(
            timestamp_ns=int(self.timestamps_ns[index]),
            world_from_actor=self.world_from_actor[index],
            velocity_mps=self.velocity_mps[index],
            yaw_rate_radps=self.yaw_rate_radps[index],
            steering_rad=self.steering_rad[index],
            lights=self.lights[index],
            valid=self.valid[index],
            signal_state=self.signals.state[index],
            modes=None if self.modes is None else self.modes[index],
        )


@dataclass(frozen=True, slots=True, eq=False)
class WorldState:
    """One moment of a rollout; fields as there, without the time axis."""

    timestamp_ns: int
    world_from_actor: SE3
    velocity_mps: Float[np.ndarray, "A 3"]
    yaw_rate_radps: Float[np.ndarray, "A"]
    steering_rad: Float[np.ndarray, "A"]
    lights: UInt8[np.ndarray, "A"]
    valid: Bool[np.ndarray, "A"]
    signal_state: Int[np.ndarray, "S"]
    modes: UInt16[np.ndarray, "A"] | None = None


def ego_frame(world_from_actor: SE3, actors: Actors, index: int) -> SE3:
    """The `ego` frame (rear axle on the ground) of an actor from the pose of its box centre."""
    offset = np.array([-actors.rear_axle_to_center_m[index], 0.0, -0.5 * actors.size_m[index, 2]])
    return SE3(world_from_actor.rotation, world_from_actor.translation_m + world_from_actor.rotate(offset))
