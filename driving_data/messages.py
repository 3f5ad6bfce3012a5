"""Radio messages between vehicles, people and the roadside (V2X): what was said, by whom, when it was received.

The contents follow what the standards carry, in our units: SAE J2735 (BSM, SPaT, MAP, PSM) and ETSI EN 302 637-2
(CAM), EN 302 637-3 (DENM), TS 103 300-3 (VAM). A message says what its sender knew at `generated_ns`; at
`received_ns` that may be old.
"""

from dataclasses import dataclass
from enum import IntEnum

from driving_data.taxonomy import ActorClass, SignalState


class MessageKind(IntEnum):
    """What a message is for; the lower-case name is written."""

    AWARENESS = 0
    SIGNALS = 1
    HAZARD = 2
    ROAD_USER = 3


class HazardCause(IntEnum):
    """What a hazard message warns of."""

    COLLISION = 0
    HARD_BRAKING = 1
    STOPPED_VEHICLE = 2
    ROAD_WORKS = 3
    SLIPPERY_ROAD = 4


@dataclass(frozen=True, slots=True)
class UserState:
    """A road user says where it is: BSM and CAM of vehicles, PSM and VAM of people and cyclists.

    Attributes:
        user_class: what it is.
        position_m: box centre in `world`.
        heading_rad: from east, counter-clockwise.
        speed_mps: along its heading; negative backwards.
        acceleration_mps2: along its heading.
        yaw_rate_radps: left positive.
        size_m: length, width, height.
        brakes: whether the brakes are applied.
    """

    user_class: ActorClass
    position_m: tuple[float, float, float]
    heading_rad: float
    speed_mps: float
    acceleration_mps2: float
    yaw_rate_radps: float
    size_m: tuple[float, float, float]
    brakes: bool = False


@dataclass(frozen=True, slots=True)
class SignalTiming:
    """What one traffic light shows and will show (SPaT), with the lanes that it is for (MAP).

    Attributes:
        signal_id: id in the lane map.
        lane_ids: lanes that it controls, by their ids in the lane map.
        state: what it shows at `generated_ns`.
        seconds_left: from `generated_ns` until it shows something else; None where it never will.
        next_state: what it shows then; None where it never changes.
    """

    signal_id: str
    lane_ids: tuple[str, ...]
    state: SignalState
    seconds_left: float | None = None
    next_state: SignalState | None = None


@dataclass(frozen=True, slots=True)
class SignalPhases:
    """All traffic lights of one intersection.

    Attributes:
        intersection: junction of the lane map, or the id of a light that stands alone.
        signals: what each of them shows.
    """

    intersection: str
    signals: tuple[SignalTiming, ...]


@dataclass(frozen=True, slots=True)
class Hazard:
    """A warning (DENM, or the event flags of a BSM).

    Attributes:
        cause: what it warns of.
        detected_ns: when the sender first knew.
        position_m: where it is, in `world`.
        heading_rad: of the traffic that it concerns; NaN for all.
        reach_m: how far around it matters.
    """

    cause: HazardCause
    detected_ns: int
    position_m: tuple[float, float, float]
    heading_rad: float
    reach_m: float


@dataclass(frozen=True, slots=True)
class Message:
    """One message as one station received it.

    Attributes:
        kind: what it is for.
        sender: actor id, or `rsu.<name>` of a roadside unit.
        receiver: actor id.
        sequence: number of the message among all of this kind by this sender; a gap tells of a loss.
        generated_ns: when its contents were true.
        received_ns: when it arrived, at least `generated_ns`.
        content: what it says; its type goes with `kind`.
    """

    kind: MessageKind
    sender: str
    receiver: str
    sequence: int
    generated_ns: int
    received_ns: int
    content: UserState | SignalPhases | Hazard

    @property
    def age_ns(self) -> int:
        """How old it was when it arrived."""
        return self.received_ns - self.generated_ns
