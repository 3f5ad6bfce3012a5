"""Which road: the kind that is said, or one that the rest of the description needs, as an archetype of ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.language.realise.ledger import Ledger
from scenarios.language.slots import Slots

_WALKERS = frozenset({"pedestrian", "child", "e_scooter"})
_VEHICLES = frozenset({"car", "van", "truck", "bus", "motorcycle", "emergency_vehicle", "construction_vehicle", "tram"})


@dataclass(frozen=True, slots=True)
class KindOfRoad:
    """How a road kind is built here.

    Attributes:
        archetype: of `scenarios.roads`.
        speed_mps: what drivers do there, as a range.
        parameters: besides lanes and length.
        note: what our archetype is short of; empty where it is the thing itself.
    """

    archetype: str
    speed_mps: tuple[float, float]
    parameters: Mapping[str, float | bool | str]
    note: str = ""


KINDS: Mapping[str, KindOfRoad] = {
    "motorway": KindOfRoad("motorway", (27.0, 33.0), {}),
    "rural": KindOfRoad("rural", (19.0, 25.0), {"speed_limit_mps": 25.0}),
    "urban": KindOfRoad("urban", (11.0, 14.0), {}),
    "residential": KindOfRoad("residential", (6.0, 8.5), {}),
    "intersection": KindOfRoad("crossroads", (10.0, 13.9), {}),
    "t_junction": KindOfRoad("t_junction", (8.0, 12.0), {}),
    "roundabout": KindOfRoad("roundabout", (7.5, 10.5), {}),
    "ramp": KindOfRoad("ramp", (21.0, 26.0), {}),
    "work_zone": KindOfRoad("work_zone", (8.5, 12.0), {}),
    "tunnel": KindOfRoad("motorway", (20.0, 25.0), {"speed_limit_mps": 22.22},
                         "there is no tunnel to build; a motorway with its limit stands for it"),
    "bridge": KindOfRoad("rural", (19.0, 25.0), {"speed_limit_mps": 25.0},
                         "there is no bridge to build; a country road stands for it"),
    "parking": KindOfRoad("residential", (2.5, 5.0), {"speed_limit_mps": 5.5},
                          "there is no car park to build; a street with parking lanes stands for it"),
}  # fmt: skip

# Features that say which kind of road is meant, the strongest first.
_BY_FEATURE: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"on_ramp", "off_ramp"}), "ramp"),
    (frozenset({"toll_plaza", "lane_drop"}), "motorway"),
    (frozenset({"stop_sign", "give_way_sign"}), "t_junction"),
    (frozenset({"school_zone", "speed_bump", "driveway", "dead_end"}), "residential"),
    (frozenset({"crosswalk", "bus_stop", "bike_lane", "bus_lane", "tram_tracks", "one_way"}), "urban"),
    (frozenset({"hill", "rail_crossing", "curve"}), "rural"),
)


def kind_of_road(slots: Slots, ledger: Ledger) -> tuple[str, KindOfRoad]:
    """The kind of road to build, and how; what is guessed or short of the words goes into the ledger."""
    said = slots.road.kind
    name, reason = _kind(slots)
    found = KINDS[name]
    if said is None:
        ledger.assume("road.kind", "intersection" if name == "t_junction" else name, reason)
    elif name != said:
        ledger.assume("road.archetype", found.archetype, reason)
    if found.note:
        ledger.assume("road.archetype", found.archetype, found.note)
        ledger.miss("road.kind", said or name, found.note)
    return name, found


def _kind(slots: Slots) -> tuple[str, str]:
    kind = slots.road.kind
    signs = {"stop_sign", "give_way_sign"}.intersection(slots.road.features)
    if kind == "intersection" and signs and not slots.road.signalized:
        return "t_junction", f"{' and '.join(sorted(signs))} stand where a minor road ends"
    if kind in ("urban", "residential", "rural") and _wants_junction(slots):
        return "intersection", f"traffic lights, cross traffic and turns of the {kind} road need its crossroads"
    if kind is not None:
        return kind, "said"
    if slots.road.signalized or _wants_junction(slots):
        return "intersection", "traffic lights, cross traffic or a turn need a junction"
    return _by_deeds(slots) or _by_company(slots)


def _wants_junction(slots: Slots) -> bool:
    crossing_vehicle = any(
        "in_junction" in actor.relation
        or "run_red_light" in actor.manoeuvre
        or ("crossing" in actor.relation and actor.kind in _VEHICLES)
        for actor in slots.actors
    )
    turning = bool({"turn_left", "turn_right"}.intersection(slots.ego.manoeuvre))
    return bool(slots.road.signalized) or turning or crossing_vehicle


def _by_deeds(slots: Slots) -> tuple[str, str] | None:
    deeds = {*slots.ego.manoeuvre, *(deed for actor in slots.actors for deed in actor.manoeuvre)}
    if "enter_roundabout" in deeds:
        return "roundabout", "the ego enters a roundabout"
    for features, kind in _BY_FEATURE:
        if found := sorted(features.intersection(slots.road.features)):
            return kind, f"{found[0]} belongs to such a road"
    if "lane_closure" in slots.road.features:
        return "work_zone", "a lane is closed"
    if "merge" in slots.ego.manoeuvre:
        return "ramp", "the ego merges"
    if "park" in slots.ego.manoeuvre:
        return "residential", "the ego parks"
    kinds = {actor.kind for actor in slots.actors}
    if kinds & {"flagger", "cone"}:
        return "work_zone", "devices and people of works are there"
    return None


def _by_company(slots: Slots) -> tuple[str, str]:
    kinds = {actor.kind for actor in slots.actors}
    relations = {relation for actor in slots.actors for relation in actor.relation}
    speeds = [end for end in slots.ego.speed_mps or () if end is not None]
    speed = max(speeds) if speeds else None
    if (slots.road.lanes_per_direction or 1) >= 2:
        slow = speed is not None and speed <= 19.0
        return ("urban", "several lanes and a town's speed") if slow else ("motorway", "several lanes per direction")
    if speed is not None and speed > 26.0:
        return "motorway", "the speed of the ego"
    if "animal" in kinds:
        return "rural", "animals are met in the country"
    if "tram" in kinds:
        return "urban", "trams run in town"
    if kinds & _WALKERS or "parked" in relations:
        return "urban", "people on foot and parked vehicles are met in town"
    if speed is not None:
        return ("rural", "the speed of the ego") if speed > 15.0 else ("urban", "the speed of the ego")
    if relations & {"left_lane", "right_lane"} or {"cut_in", "cut_out"} & {
        m for a in slots.actors for m in a.manoeuvre
    }:
        return "motorway", "neighbouring lanes are spoken of"
    if relations & {"oncoming", "opposite_lane"} or "overtake" in slots.ego.manoeuvre:
        return "rural", "oncoming traffic or overtaking on one carriageway"
    return "urban", "nothing is said of the road"
