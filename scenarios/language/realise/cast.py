"""Everybody on the stage: groups of the slots become actor leaves, behaviours and signals."""

from collections.abc import Sequence
from dataclasses import replace

from scenarios.language.realise.doings import WALKING, Doer, steps_of
from scenarios.language.realise.ledger import Ledger, Span, closed
from scenarios.language.realise.names import names_of, variant_of
from scenarios.language.realise.places import LOOSE, SMALL, Placed, Placer, crosses_road, label_of, length_of
from scenarios.language.realise.stage import Spot, Stage
from scenarios.language.slots import SEVERAL, ActorSlots, Slots
from scenarios.leaf import Leaf
from scenarios.types.actors import DRIVEN, actor_of, class_of
from scenarios.types.manoeuvres import do
from scenarios.types.scenery import LANE_USES
from scenarios.types.signals import signal

MAX_MEMBERS = 8
_SEVERAL = {"cone": 6, "debris": 3, "tram": 2}
_USUAL_SPEEDS = {"bicycle": Span(4.0, 6.0), "e_scooter": Span(4.0, 6.0), "construction_vehicle": Span(3.0, 6.0)}


def cast(slots: Slots, stage: Stage, ledger: Ledger) -> list[Leaf]:
    """Leaves of every actor and of what it does."""
    groups = with_occluders(slots.actors, ledger)
    counts = [0 if in_taper(group, slots, stage) else _count(i, group, ledger) for i, group in enumerate(groups)]
    named = names_of(groups, counts, ledger.account)
    placed = _placed(replace(slots, actors=groups), stage, ledger, named)
    leaves: list[Leaf] = tracks(placed)
    for one in placed:
        own, speed = _leaf(one, groups, stage, ledger)
        leaves.append(own)
        if steps := steps_of(Doer(stage, one, placed, speed, ledger)):
            leaves.append(do(one.name, *steps))
    return leaves


def tracks(placed: Sequence[Placed]) -> list[Leaf]:
    """The rails of every tram: lanes are kept for it where it begins."""
    routes = sorted({one.spot.route for one in placed if label_of(one.actor.kind) == "tram"})
    return [LANE_USES.make(f"rails_{i}", None, kind="tram", on=route) for i, route in enumerate(routes, 1)]


def with_occluders(actors: tuple[ActorSlots, ...], ledger: Ledger) -> tuple[ActorSlots, ...]:
    """The groups, and one more for each thing that hides somebody and is not described itself."""
    found = list(actors)
    for i, group in enumerate(actors):
        kind = group.occluded_by
        if kind is None or any(j != i and other.kind == kind for j, other in enumerate(found)):
            continue
        parked = class_of(label_of(kind)) in DRIVEN
        crosses = "crossing" in group.relation or "cross" in group.manoeuvre
        side = tuple(word for word in ("left", "right") if word in group.relation)
        relation = ("parked", *side) if parked and crosses else ("same_lane", "ahead")
        found.append(ActorSlots(kind, relation=relation))
        ledger.assume(f"actors[{len(found) - 1}]", f"a {kind}", f"it hides actors[{i}] and is not described itself")
    return tuple(found)


def _count(index: int, group: ActorSlots, ledger: Ledger) -> int:
    path = f"actors[{index}].count"
    if group.count == SEVERAL:
        count = _SEVERAL.get(group.kind, 3)
        ledger.assume(path, count, "several")
        return count
    assert isinstance(group.count, int)
    if group.count > MAX_MEMBERS:
        ledger.miss(path, group.count, f"{MAX_MEMBERS} of them are placed one by one; traffic streams hold more")
    return min(group.count, MAX_MEMBERS)


def _placed(slots: Slots, stage: Stage, ledger: Ledger, named: Sequence[Sequence[str]]) -> list[Placed]:
    """Everybody placed, hidden ones after or before those that hide them."""
    placer = Placer(stage, slots, ledger)
    hiders = _hiders(slots.actors)
    late = {i: j for i, j in hiders.items() if not _waits_at_edge(slots.actors[i], stage)}
    order = sorted(
        range(len(slots.actors)), key=lambda i: (i in late, i in hiders.values() and i not in late.values(), i)
    )
    found: dict[int, list[Placed]] = {}
    for i in order:
        group = slots.actors[i]
        found[i] = []
        for member, name in enumerate(named[i]):
            near: Placed | None = None
            hidden = next((k for k, j in hiders.items() if j == i and k not in late and k in found), None)
            if member == 0 and hidden is not None and _may_move(group):
                near = next(iter(found[hidden]), None)
            elif member == 0 and i in late and late[i] in found:
                near = next(iter(found[late[i]]), None)
            if (one := placer.place(i, group, name, member, near)) is not None:
                found[i].append(one)
    return [one for i in sorted(found) for one in found[i]]


def _hiders(actors: Sequence[ActorSlots]) -> dict[int, int]:
    """Who hides whom: hidden group to hiding group, without rings."""
    found: dict[int, int] = {}
    for i, group in enumerate(actors):
        for j, other in enumerate(actors):
            if (
                i != j
                and other.kind == group.occluded_by
                and found.get(j) != i
                and j not in found
                and i not in found.values()
            ):
                found[i] = j
                break
    return found


def _waits_at_edge(group: ActorSlots, stage: Stage) -> bool:
    """Whether a hidden one waits beside the road, so that what hides it is put before it."""
    return crosses_road(group) and (group.kind in SMALL or not stage.junction)


def _may_move(group: ActorSlots) -> bool:
    """Whether one who hides another may be put where it hides: nothing else is said of its place."""
    elsewhere = {
        "oncoming",
        "opposite_lane",
        "left_lane",
        "right_lane",
        "same_lane",
        "behind",
        "crossing",
        "in_junction",
    }
    return group.distance_m is None and not elsewhere.intersection(group.relation)


def _leaf(one: Placed, groups: Sequence[ActorSlots], stage: Stage, ledger: Ledger) -> tuple[Leaf, Span]:
    """The actor's leaf and the range of its speed at the start."""
    text, span = _speed(one, stage, ledger)
    label = label_of(one.actor.kind)
    if label != one.actor.kind:
        ledger.miss(f"{one.path}.class", one.actor.kind, f"no class of ours; a {label} stands for it")
    values: dict[str, str | float] = {"kind": label, "on": one.spot.route, "speed": text}
    if variant := variant_of(one.index, groups, ledger.account, length_of(one.actor.kind)):
        values["variant"] = variant
    if one.spot.lateral_m:
        values["lateral"] = f"{one.spot.lateral_m:.4g} m"
    if one.heading_deg:
        values["heading"] = f"{one.heading_deg:g} deg"
    driver = _driver(one, span)
    walks_over = one.role == "crossing" and one.actor.kind not in SMALL
    if one.at:
        return actor_of(one.name, {"driver": driver}, {**values, "at": one.at}), span
    assert one.gap is not None
    if walks_over:
        # Its way across is written with its own place, which only an absolute one has: that of the middle of its box.
        middle = 0.5 * (4.6 + length_of(one.actor.kind))
        place = Span(one.gap.low + middle, one.gap.high + middle).text("m")
        return actor_of(one.name, {"driver": driver}, {**values, "at": f"ego.at + {place}"}), span
    if one.relation == "behind" and one.spot.route == "ramp":
        values["on"] = "main.1"
    texts = {"relation": one.relation, "of": one.anchor, "driver": driver}
    return actor_of(one.name, texts, {**values, "by": one.gap.text("m")}), span


def _driver(one: Placed, speed: Span) -> str:
    """Scripted ones mind nothing; those who only drive mind the traffic; empty leaves it to the class."""
    if class_of(label_of(one.actor.kind)) not in DRIVEN:
        return ""
    if speed.high < 0.3:
        waits_at_line = one.role == "arm" and bool(one.actor.manoeuvre)
        return "none" if one.actor.manoeuvre and not waits_at_line else ""
    scripted = {"overtake", "cut_out", "merge", "run_red_light", "swerve"}.intersection(one.actor.manoeuvre)
    return "none" if scripted or one.role in ("wrong_way", "arm", "inside") else ""


def _speed(one: Placed, stage: Stage, ledger: Ledger) -> tuple[str, Span]:
    """Speed at the start, as text and as a range."""
    group, path = one.actor, f"{one.path}.speed_mps"
    if group.kind in LOOSE or _starts_still(one):
        if group.speed_mps is not None and group.kind in LOOSE:
            ledger.miss(path, group.kind, "it does not move by itself")
        return "0 m/s", Span(0.0, 0.0)
    if group.speed_mps is not None:
        span = closed(group.speed_mps, path, "m/s", ledger)
        return span.text("m/s"), span
    low, high, reason = _usual(one)
    ego = stage.ego_speed
    if group.kind in _USUAL_SPEEDS or ego.low < 2.0:
        span = _USUAL_SPEEDS.get(
            group.kind,
            WALKING.get(
                group.kind,
                Span(5.0, 8.0) if one.relation == "behind" else Span(max(2.0, low * 6.0), max(4.0, high * 8.0)),
            ),
        )
        ledger.assume(path, span.text("m/s"), f"usual for a {group.kind}")
        return span.text("m/s"), span
    span = Span(low * ego.low, min(high * ego.high, 89.0))
    text = f"ego.speed * {low:g}..{high:g}" if high * ego.high <= 89.0 else span.text("m/s")
    ledger.assume(path, text, reason)
    return text, span


def _starts_still(one: Placed) -> bool:
    group = one.actor
    if one.role in ("kerb", "edge", "crossing"):
        return True
    first = group.manoeuvre[:1]
    if group.kind in ("pedestrian", "child", "flagger", "animal") and group.speed_mps is None:
        return True
    if one.role == "arm" and group.trigger is not None:
        return True
    return first == ("stand_still",) or "parked" in group.relation or group.kind == "trailer"


def _usual(one: Placed) -> tuple[float, float, str]:
    """A usual speed as multiples of the ego's, and why."""
    deeds, group = set(one.actor.manoeuvre), one.actor
    if "drive_slowly" in deeds:
        return 0.3, 0.5, "slow, measured by the ego"
    if "overtake" in deeds and one.lane:
        return 1.2, 1.4, "it has to be faster than the ego to pass"
    if group.kind == "emergency_vehicle" and one.relation == "behind":
        return 1.2, 1.5, "an emergency vehicle from behind is in a hurry"
    if one.role == "inside":
        return 0.5, 0.8, "slow inside a junction"
    if one.role in ("oncoming", "wrong_way", "arm"):
        return 0.85, 1.1, "about as fast as the ego"
    closes = group.trigger is not None and group.trigger.kind in ("ttc", "distance")
    if one.relation == "behind":
        return (1.2, 1.4, "its trigger needs it to close in") if closes else (1.0, 1.05, "it follows the ego")
    if closes:
        return 0.55, 0.75, "its trigger needs the ego to close in"
    if "cut_in" in deeds:
        return 0.95, 1.1, "about as fast as the ego"
    return 0.85, 1.0, "not faster than the ego"


def signals(slots: Slots, stage: Stage, ledger: Ledger) -> list[Leaf]:
    """Programmes of the traffic lights, so that who runs a red light has one."""
    if not stage.parameters.get("signals"):
        return []
    runners = [a for a in slots.actors if "run_red_light" in a.manoeuvre]
    ego_waits = "stop" in slots.ego.manoeuvre and not runners
    along = [
        a
        for a in runners
        if {"oncoming", "ahead", "behind", "same_lane"} & set(a.relation) and "crossing" not in a.relation
    ]
    green, red = (
        [("green", "30 s"), ("yellow", "3 s"), ("red", "25 s")],
        [("red", "25 s"), ("green", "20 s"), ("yellow", "3 s")],
    )
    main_red = ego_waits or (bool(along) and len(along) == len(runners) and bool(runners))
    ledger.assume("signals.main", "red" if main_red else "green",
                  "the ego has to stop" if ego_waits else "so that the red light is the other's")  # fmt: skip
    own, side = (red, green) if main_red else (green, red)
    return [signal(name, phases) for name, phases in (("main", own), ("oncoming", own), ("from_left", side),
                                                      ("from_right", side))]  # fmt: skip


def in_taper(group: ActorSlots, slots: Slots, stage: Stage) -> bool:
    """Whether a group is nothing but the cones that close a lane; they are set out in a row."""
    several = group.kind == "cone" and group.count == SEVERAL and group.distance_m is None
    return several and not set(group.relation) - {"same_lane", "ahead"} and taper(slots, stage) is not None


def taper(slots: Slots, stage: Stage) -> Spot | None:
    """The row along which cones close a lane; None where none does."""
    wanted = stage.archetype == "work_zone" or "lane_closure" in slots.road.features
    number = int(stage.parameters.get("closed_lane", 0)) or (1 if stage.ego_lane != 1 else min(2, stage.lanes))
    return stage.lane(number) if wanted and stage.lanes > 1 else None
