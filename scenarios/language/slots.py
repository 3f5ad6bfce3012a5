"""What a sentence says, in slots: the closed structure between the words and the typed scenario.

Slots hold what is said and nothing else. What a scenario needs besides is assumed later and reported as assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Range = tuple[float | None, float | None]
SEVERAL = "several"

ROAD_KINDS = (
    "motorway", "rural", "urban", "residential", "intersection", "roundabout", "ramp", "tunnel", "bridge", "parking",
    "work_zone",
)  # fmt: skip
ROAD_FEATURES = (
    "crosswalk", "school_zone", "bus_stop", "lane_closure", "curve", "hill", "rail_crossing", "stop_sign",
    "give_way_sign", "speed_bump", "bike_lane", "bus_lane", "tram_tracks", "one_way", "dead_end", "lane_drop",
    "on_ramp", "off_ramp", "toll_plaza", "driveway", "pothole",
)  # fmt: skip
WEATHERS = ("clear", "overcast", "rain", "heavy_rain", "fog", "snow", "wind", "dust")
LIGHTS = ("day", "dawn", "dusk", "night")
SURFACES = ("wet", "icy", "snowy", "gravel")
EGO_MANOEUVRES = (
    "drive_straight", "follow", "lane_change_left", "lane_change_right", "turn_left", "turn_right", "u_turn", "merge",
    "overtake", "park", "exit", "stop", "enter_roundabout",
)  # fmt: skip
ACTOR_CLASSES = (
    "car", "van", "truck", "bus", "motorcycle", "bicycle", "e_scooter", "pedestrian", "child", "animal",
    "emergency_vehicle", "construction_vehicle", "flagger", "debris", "cone", "trailer", "tram",
)  # fmt: skip
RELATIONS = (
    "ahead", "behind", "left", "right", "left_lane", "right_lane", "same_lane", "oncoming", "opposite_lane",
    "crossing", "parked", "on_shoulder", "in_junction",
)  # fmt: skip
ACTOR_MANOEUVRES = (
    "cut_in", "cut_out", "brake", "stop", "accelerate", "cross", "run_red_light", "turn_left", "turn_right",
    "lane_change_left", "lane_change_right", "overtake", "merge", "reverse", "open_door", "swerve", "follow",
    "drive_slowly", "stand_still", "drop_cargo", "signal", "u_turn",
)  # fmt: skip
TRIGGER_KINDS = ("distance", "time", "ttc", "event")
NEGATIONS = (
    "no pedestrians", "no cyclists", "no animals", "no other vehicles", "no oncoming traffic", "no parked cars",
    "no lead vehicle", "no following vehicle", "no trains", "no street lights", "no lane markings", "no shoulder",
    "no sidewalk", "no crosswalk", "no signs", "no cones", "no barrier", "no rain", "no fog", "no snow", "no ice",
    "no v2x", "no lights", "no signal", "no braking", "no stop", "no yield", "no acceleration", "no turn",
    "no lane change", "no overtaking", "no collision",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoadSlots:
    """The road, as far as it is said; words of `ROAD_KINDS` and `ROAD_FEATURES`."""

    kind: str | None = None
    lanes_per_direction: int | None = None
    signalized: bool | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EgoSlots:
    """What the ego does, in the order of time, and how fast, in m/s."""

    manoeuvre: tuple[str, ...] = ()
    speed_mps: Range | None = None


@dataclass(frozen=True, slots=True)
class TriggerSlots:
    """What starts a manoeuvre: metres for a distance, seconds for a time and a ttc, no value for an event."""

    kind: str
    value: Range | None = None


@dataclass(frozen=True, slots=True)
class ActorSlots:
    """One group of road users that are described alike; `kind` is a word of `ACTOR_CLASSES`."""

    kind: str
    count: int | str = 1
    relation: tuple[str, ...] = ()
    manoeuvre: tuple[str, ...] = ()
    speed_mps: Range | None = None
    distance_m: Range | None = None
    occluded_by: str | None = None
    trigger: TriggerSlots | None = None


@dataclass(frozen=True, slots=True)
class V2xSlots:
    """A radio link of the ego: latency in milliseconds, share of messages lost (0 to 1)."""

    latency_ms: Range | None = None
    loss: Range | None = None


@dataclass(frozen=True, slots=True)
class Slots:
    """Everything that a description says."""

    road: RoadSlots = RoadSlots()
    weather: tuple[str, ...] = ()
    light: str | None = None
    surface: tuple[str, ...] = ()
    ego: EgoSlots = EgoSlots()
    actors: tuple[ActorSlots, ...] = ()
    v2x: V2xSlots | None = None
    negations: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """As the JSON document that `roadloom parse --json` prints under `slots`."""
        return {
            "road": {
                "kind": self.road.kind,
                "lanes_per_direction": self.road.lanes_per_direction,
                "signalized": self.road.signalized,
                "features": list(self.road.features),
            },
            "weather": list(self.weather),
            "light": self.light,
            "surface": list(self.surface),
            "ego": {"manoeuvre": list(self.ego.manoeuvre), "speed_mps": _plain_range(self.ego.speed_mps)},
            "actors": [_plain_actor(actor) for actor in self.actors],
            "v2x": None
            if self.v2x is None
            else {"latency_ms": _plain_range(self.v2x.latency_ms), "loss": _plain_range(self.v2x.loss)},
            "negations": list(self.negations),
        }

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> "Slots":
        """Reads what `to_plain` wrote; missing keys are unknown."""
        road, ego, v2x = data.get("road") or {}, data.get("ego") or {}, data.get("v2x")
        return Slots(
            road=RoadSlots(
                road.get("kind"), road.get("lanes_per_direction"), road.get("signalized"),
                tuple(road.get("features") or ()),
            ),
            weather=tuple(data.get("weather") or ()),
            light=data.get("light"),
            surface=tuple(data.get("surface") or ()),
            ego=EgoSlots(tuple(ego.get("manoeuvre") or ()), _range(ego.get("speed_mps"))),
            actors=tuple(_actor(actor) for actor in data.get("actors") or ()),
            v2x=None if v2x is None else V2xSlots(_range(v2x.get("latency_ms")), _range(v2x.get("loss"))),
            negations=tuple(data.get("negations") or ()),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrase:
    """How one piece of the text was read.

    Attributes:
        text: the words, verbatim.
        start: index of the first character in the input.
        end: index behind the last.
        path: the slot that they went to, as `actors[0].speed_mps`; empty where they carry no meaning of their own.
        value: what they became.
    """

    text: str
    start: int
    end: int
    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A description as read.

    Attributes:
        text: the input.
        slots: what it says.
        account: how each phrase was read, in text order.
        assumed: one line for every decision that the text did not make, as `path = value: reason`.
        not_understood: spans that carry meaning and are in no slot, verbatim, in text order.
    """

    text: str
    slots: Slots
    account: tuple[Phrase, ...] = ()
    assumed: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()


def _plain_range(given: Range | None) -> list[float | None] | None:
    return None if given is None else [None if end is None else round(end, 3) for end in given]


def _range(given: Any) -> Range | None:
    return None if given is None else (given[0], given[1])


def _plain_actor(actor: ActorSlots) -> dict[str, Any]:
    return {
        "class": actor.kind,
        "count": actor.count,
        "relation": list(actor.relation),
        "manoeuvre": list(actor.manoeuvre),
        "speed_mps": _plain_range(actor.speed_mps),
        "distance_m": _plain_range(actor.distance_m),
        "occluded_by": actor.occluded_by,
        "trigger": None
        if actor.trigger is None
        else {"kind": actor.trigger.kind, "value": _plain_range(actor.trigger.value)},
    }


def _actor(data: Mapping[str, Any]) -> ActorSlots:
    trigger = data.get("trigger")
    return ActorSlots(
        kind=data["class"],
        count=data.get("count", 1),
        relation=tuple(data.get("relation") or ()),
        manoeuvre=tuple(data.get("manoeuvre") or ()),
        speed_mps=_range(data.get("speed_mps")),
        distance_m=_range(data.get("distance_m")),
        occluded_by=data.get("occluded_by"),
        trigger=None if trigger is None else TriggerSlots(trigger["kind"], _range(trigger.get("value"))),
    )
