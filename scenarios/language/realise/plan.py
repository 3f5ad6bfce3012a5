"""The stage planned from a whole description: road, lanes, the ego's lane and task, length and duration."""

from collections.abc import Mapping

from scenarios.language.realise.ledger import Ledger, Span, closed
from scenarios.language.realise.places import is_behind
from scenarios.language.realise.roads import KindOfRoad, kind_of_road
from scenarios.language.realise.stage import Stage
from scenarios.language.slots import Slots
from scenarios.roads.archetypes import archetype

TURNS = {"turn_left": "left", "turn_right": "right", "exit": "straight", "enter_roundabout": "straight"}
_LANES: Mapping[str, tuple[int, int]] = {
    "motorway": (2, 4), "ramp": (2, 4), "urban": (1, 2), "work_zone": (2, 3), "rural": (1, 1), "residential": (1, 1),
}  # fmt: skip
_LONGEST_M = {"motorway": 5000.0, "rural": 5000.0, "urban": 3000.0, "residential": 1500.0, "work_zone": 2000.0}
_STANDING = frozenset({"stopped", "standing", "stands", "stationary", "waiting", "waits", "halted"})
MAX_DURATION_S = 40.0
RAMP_APPROACH_M = 250.0


def set_stage(slots: Slots, ledger: Ledger) -> Stage:
    """The road with everything on it that does not move, sized for what shall happen."""
    kind, made = kind_of_road(slots, ledger)
    if kind == "rural" and (slots.road.lanes_per_direction or 1) > 1:
        made = KindOfRoad("motorway", made.speed_mps, {"speed_limit_mps": 27.78})
        reason = "our country road has one lane per direction; a divided road with its limit stands for it"
        ledger.assume("road.archetype", "motorway", reason)
    if kind == "residential" and (slots.road.lanes_per_direction or 1) > 1:
        made = KindOfRoad("urban", made.speed_mps, {"speed_limit_mps": 8.33})
        ledger.assume("road.archetype", "urban", "our residential street has one lane per direction")
    speed = ego_speed(slots, made, ledger)
    lanes, own = _lanes(slots, made.archetype, ledger)
    duration = _duration(slots, speed)
    before = 45.0 + _reach(slots, behind=True)
    ahead = _reach(slots, behind=False) + speed.high * duration + 120.0
    parameters: dict[str, float | bool | str | int] = {
        item.name: item.default for item in archetype(made.archetype).parameters if item.default is not None
    } | dict(made.parameters)
    route, at, lateral = f"main.{own}", before, 0.0
    if made.archetype in ("crossroads", "t_junction", "roundabout"):
        arm = min(500.0, before + max(30.0, 4.5 * speed.middle, _nearest_m(slots)))
        parameters |= {
            "arm_length_m": round(arm, 1),
            "exit_length_m": round(min(500.0, max(60.0 + 6 * speed.high, ahead - arm)), 1),
        }
        at = min(before, arm - 25.0)
        route = _junction_route(slots, made.archetype)
        if made.archetype == "crossroads":
            parameters["signals"] = _signals(slots, ledger)
        if made.archetype == "t_junction":
            parameters["control"] = "stop" if "stop_sign" in slots.road.features else "yield"
    elif made.archetype == "ramp":
        parameters |= {
            "lanes": lanes, "approach_m": RAMP_APPROACH_M, "merge_length_m": 200.0,
            "exit_length_m": round(min(2000.0, max(200.0, ahead)), 0),
        }  # fmt: skip
        at = max(at, 110.0)
    else:
        length = min(_LONGEST_M[made.archetype], max(240.0, before + ahead))
        parameters["length_m"] = round(length, 0)
        if made.archetype in ("motorway", "urban", "work_zone"):
            parameters["lanes"] = lanes
    _shape(slots, made.archetype, parameters, at, own, ledger)
    if kind == "ramp" and "merge" in slots.ego.manoeuvre:
        # The task is the main lane; the ego begins beside it, on the acceleration lane, and has to come over.
        route, at, lateral = "main.1", RAMP_APPROACH_M + 15.0, -float(parameters["lane_width_m"])
        ledger.assume("ego.at", f"{at:g} m", "the ego begins at the head of the acceleration lane")
    goal_lane = _goal_lane(slots, own, lanes, made.archetype)
    if goal_lane != own:
        lateral = (own - goal_lane) * float(parameters["lane_width_m"])
        route = f"main.{goal_lane}"
    return Stage(kind, made.archetype, parameters, lanes, own, route, round(at, 1), round(lateral, 3), speed, duration)


def ego_speed(slots: Slots, made: KindOfRoad, ledger: Ledger) -> Span:
    """The ego's speed at the start."""
    if slots.ego.speed_mps is not None:
        return closed(slots.ego.speed_mps, "ego.speed_mps", "m/s", ledger)
    others_stand = any({"stand_still"}.intersection(a.manoeuvre) or "parked" in a.relation for a in slots.actors)
    stands = _STANDING.intersection(ledger.text.lower().replace(",", " ").replace(".", " ").split())
    if slots.ego.manoeuvre[:1] == ("stop",) and stands and not others_stand:
        ledger.assume("ego.speed_mps", "0 m/s", "the ego stands at the beginning")
        return Span(0.0, 0.0)
    found = Span(*made.speed_mps)
    ledger.assume("ego.speed_mps", found.text("m/s"), f"usual on such a road ({made.archetype})")
    return found


def _lanes(slots: Slots, name: str, ledger: Ledger) -> tuple[int, int]:
    """Lanes per direction, and the ego's own."""
    low, high = _LANES.get(name, (1, 1))
    left, right = _neighbours(slots)
    said = slots.road.lanes_per_direction
    wanted = said if said is not None else max(low, 1 + left + right)
    lanes = min(max(wanted, low), high)
    own = min(1 + right, lanes)
    if said is None and high > 1:
        ledger.assume("road.lanes_per_direction", lanes, "as many as the description needs")
    elif said is not None and lanes != said:
        reason = f"our {name} has {low} to {high} lanes per direction; {lanes} are built"
        ledger.assume("road.lanes_per_direction", lanes, reason)
        ledger.miss("road.lanes_per_direction", said, reason)
    if lanes > 1:
        ledger.assume("ego.lane", own, "counted from the right; it leaves room for the neighbours that are spoken of")
    return lanes, own


def _neighbours(slots: Slots) -> tuple[int, int]:
    """How many lanes are needed to the left and to the right of the ego."""
    left = right = 0
    for actor in slots.actors:
        here = set(actor.relation)
        if here & {"oncoming", "opposite_lane", "parked", "on_shoulder", "crossing"}:
            continue
        vehicle = actor.kind not in ("pedestrian", "child", "animal", "flagger", "cone", "debris")
        sideways = {"cut_in", "cut_out", "lane_change_left", "lane_change_right", "overtake"} & set(actor.manoeuvre)
        left = max(left, int("left_lane" in here or ("left" in here and vehicle)))
        right = max(right, int("right_lane" in here or ("right" in here and vehicle)))
        if sideways and not here & {"left_lane", "right_lane", "left", "right"}:
            if "lane_change_right" in sideways and not sideways & {"cut_in"}:
                right = max(right, 1)
            else:
                left = max(left, 1)
    place = 0
    for deed in slots.ego.manoeuvre:
        place += {"lane_change_left": 1, "overtake": 0, "lane_change_right": -1}.get(deed, 0)
        left, right = max(left, place), max(right, -place)
    return min(left, 3), min(right, 3)


def _goal_lane(slots: Slots, own: int, lanes: int, name: str) -> int:
    """The lane in which the ego's task ends."""
    if name not in _LANES:
        return own
    change = slots.ego.manoeuvre.count("lane_change_left") - slots.ego.manoeuvre.count("lane_change_right")
    return min(max(own + change, 1), lanes)


def _junction_route(slots: Slots, name: str) -> str:
    turn = next((TURNS[deed] for deed in slots.ego.manoeuvre if deed in TURNS), "straight")
    if name != "t_junction":
        return f"main.{turn}"
    signs = {"stop_sign", "give_way_sign"}.intersection(slots.road.features)
    if signs and (turn != "straight" or "stop" in slots.ego.manoeuvre or not slots.actors):
        return f"minor.{'left' if turn == 'left' else 'right'}"
    return "main.right" if turn == "right" else "minor.left" if turn == "left" else "main.straight"


def _signals(slots: Slots, ledger: Ledger) -> bool:
    if slots.road.signalized is not None:
        return slots.road.signalized
    lit = any("run_red_light" in actor.manoeuvre for actor in slots.actors)
    reason = "a red light is run" if lit else "nothing is said of traffic lights; the ego's road has priority"
    ledger.assume("road.signalized", lit, reason)
    return lit


def _shape(
    slots: Slots, name: str, parameters: dict[str, float | bool | str | int], at_m: float, own: int, ledger: Ledger
) -> None:
    """Bends, hills, crossings and closures that the archetype can be built with."""
    features = slots.road.features
    if "curve" in features and "curvature_1pm" in parameters:
        sharp = {"motorway": 0.0018, "rural": 0.006, "work_zone": 0.005}.get(name, 0.01)
        # Over the whole road it turns by a right angle at most, so that the road does not meet itself.
        parameters["curvature_1pm"] = round(min(sharp, 1.5 / float(parameters["length_m"])), 5)
        ledger.assume("road.curvature", f"{parameters['curvature_1pm']} 1/m", "a bend to the left, for no side is said")
    if "hill" in features and name == "rural":
        parameters["crest_m"] = 6.0
        ledger.assume("road.crest", "6 m", "a hill half way; no height is said")
    if "crosswalk" in features and name in ("urban", "residential"):
        place = round(at_m + 55.0, 1)
        parameters["crosswalk_s_m"] = place
        ledger.assume("road.crosswalk_s", f"{place:g} m", "55 m ahead of the ego; no distance is said")
    if "crosswalk" in features and "crosswalks" in parameters:
        parameters["crosswalks"] = True
    elif "no crosswalk" in slots.negations and "crosswalks" in parameters:
        parameters["crosswalks"] = False
    if "one_way" in features and name == "work_zone":
        parameters["oncoming"] = 0
    if name == "work_zone":
        start = min(at_m + 110.0, float(parameters["length_m"]) - 150.0)
        own_closed = any(a.kind == "cone" and "same_lane" in a.relation for a in slots.actors)
        parameters |= {
            "closure_start_m": round(max(start, 70.0), 1), "closure_end_m": round(max(start, 70.0) + 80.0, 1),
            "closed_lane": own if own_closed else (1 if own != 1 else 2),
        }  # fmt: skip
        ledger.assume("road.closed_lane", parameters["closed_lane"], "cones stand in the ego's lane"
                      if own_closed else "the lane beside the ego's")  # fmt: skip


def _duration(slots: Slots, speed: Span) -> float:
    """Long enough for the ego to meet what is furthest ahead and for every stated moment to come."""
    needed = 12.0
    for actor in slots.actors:
        if actor.distance_m is not None and "behind" not in actor.relation:
            far = max(end for end in actor.distance_m if end is not None)
            needed = max(needed, far / max(speed.low, 3.0) + 5.0)
        trigger = actor.trigger
        if trigger is not None and trigger.kind == "time" and trigger.value is not None:
            needed = max(needed, max(end for end in trigger.value if end is not None) * 1.4 + 6.0)
    return float(min(round(needed), MAX_DURATION_S))


def _reach(slots: Slots, behind: bool) -> float:
    """How much road the actors need ahead of the ego, or behind it."""
    reach = 0.0
    for actor in slots.actors:
        if is_behind(actor) != behind:
            continue
        far = max((end for end in actor.distance_m or () if end is not None), default=0.0)
        count = 5 if isinstance(actor.count, str) else min(actor.count, 12)
        reach = max(reach, 1.5 * far) + count * (36.0 if behind else 14.0)
    return min(reach, 300.0 if behind else 3000.0)


def _nearest_m(slots: Slots) -> float:
    """Junctions lie at least as far ahead as the nearest stated distance of one who is in or crosses them."""
    far = [
        max(end for end in actor.distance_m if end is not None)
        for actor in slots.actors
        if actor.distance_m is not None and {"crossing", "in_junction"}.intersection(actor.relation)
    ]
    return min(max(far, default=0.0), 300.0)
