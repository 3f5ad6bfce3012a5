"""Where each actor begins: relations to the ego become routes, gaps and lateral places that do not overlap."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from scenarios.language.realise.ledger import Ledger, Span, closed
from scenarios.language.realise.stage import Spot, Stage
from scenarios.language.slots import ActorSlots, Slots
from scenarios.types.actors import KINDS

WALKERS = frozenset({"pedestrian", "child", "animal", "flagger"})
LOOSE = frozenset({"cone", "debris"})
SMALL = WALKERS | LOOSE | {"bicycle", "e_scooter"}
LENGTHS_M = {"car": 4.5, "van": 5.9, "truck": 9.5, "bus": 13.0, "tram": 30.0, "trailer": 13.6, "motorcycle": 2.2,
             "emergency_vehicle": 8.5, "construction_vehicle": 9.6, "animal": 2.6}  # fmt: skip
CLEAR_M = 3.0


def label_of(kind: str) -> str:
    """The class of ours that stands for a class of the slots."""
    return kind if kind in KINDS else "bus"


def length_of(kind: str) -> float:
    """Its usual length."""
    return LENGTHS_M.get(kind, 1.8)


def width_of(kind: str) -> float:
    """Its usual width."""
    return 1.0 if kind in SMALL or kind == "motorcycle" else 2.6


@dataclass(frozen=True, slots=True)
class Placed:
    """One actor with a place.

    Attributes:
        index: group in the slots.
        name: its id.
        actor: what is said of it.
        role: 'lane', 'oncoming', 'wrong_way', 'crossing', 'arm', 'kerb', 'edge', 'inside' or 'ramp'.
        spot: its row.
        lane: number of its lane in the ego's direction; 0 where it is in none.
        gap: to the ego, along the road; None where `at` says.
        relation: 'ahead_of' or 'behind', of `anchor`.
        anchor: whom the gap is measured from.
        at: an expression for the place on its route; empty where the gap says.
        heading_deg: relative to its route.
        side: 'left' or 'right' of the ego.
    """

    index: int
    name: str
    actor: ActorSlots
    role: str
    spot: Spot
    lane: int = 0
    gap: Span | None = None
    relation: str = "ahead_of"
    anchor: str = "ego"
    at: str = ""
    heading_deg: float = 0.0
    side: str = "right"

    @property
    def path(self) -> str:
        """Its slot."""
        return f"actors[{self.index}]"


@dataclass(frozen=True, slots=True)
class Box:
    """A stretch of the road that an actor may take: metres ahead of the ego's front, and to the left of its lane."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def meets(self, other: "Box", clear_m: float) -> bool:
        """Whether two come within `clear_m` along the road, or overlap across it."""
        along = self.x_low < other.x_high + clear_m and other.x_low < self.x_high + clear_m
        return along and self.y_low < other.y_high and other.y_low < self.y_high


EGO_BOX = Box(-4.6, 0.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Rows:
    """Which stretches are taken, by the name of who takes them."""

    taken: dict[str, Box] = field(default_factory=lambda: {"ego": EGO_BOX})

    def free(
        self, name: str, gap: Span, box_of: Callable[[Span], Box], clear_m: float, limit: Span, but: str
    ) -> Span | None:
        """The gap itself, or the next larger one that is free; None where the road is full.

        Args:
            name: who takes it.
            gap: the gap wanted.
            box_of: what is taken with a gap.
            clear_m: room to be left before and behind.
            limit: where on the road, as for `Box.x_low` and `x_high`.
            but: whose stretch does not count.
        """
        for shift in range(400):
            tried = Span(gap.low + shift, gap.high + shift)
            box = box_of(tried)
            if box.x_low < limit.low or box.x_high > limit.high:
                return None
            if not any(box.meets(other, clear_m) for owner, other in self.taken.items() if owner != but):
                self.taken[name] = box
                return tried
        return None


@dataclass(frozen=True, slots=True)
class Placer:
    """Places one group after the other."""

    stage: Stage
    slots: Slots
    ledger: Ledger
    rows: Rows = field(default_factory=Rows)
    queues: dict[str, list[tuple[str, float]]] = field(default_factory=lambda: {})

    def place(self, index: int, actor: ActorSlots, name: str, member: int, near: Placed | None = None) -> Placed | None:
        """The place of one member of a group, None where the road is full.

        `near` is the one whom it hides, or behind whom it is hidden.
        """
        role, spot, lane, side = self.row(index, actor, member)
        made = Placed(index, name, actor, role, spot, lane, side=side)
        if role in ("arm", "inside"):
            return self._at_junction(made)
        if near is not None:
            return self._beside(made, near)
        return self._along(made, member)

    def row(self, index: int, actor: ActorSlots, member: int) -> tuple[str, Spot, int, str]:
        """Role, row, lane and side of an actor."""
        here, stage = set(actor.relation), self.stage
        side = "left" if here & {"left", "left_lane"} else "right"
        own = stage.lane(stage.ego_lane) or Spot(stage.own_route)
        crosses = crosses_road(actor)
        if crosses and not (stage.junction and actor.kind not in SMALL):
            return "crossing", self._edge(actor, side, member), 0, side
        if crosses:
            return "arm", Spot(_arm_route(actor, stage, side)), 0, side
        if "parked" in here or ("merge" in actor.manoeuvre and not here & {"left_lane", "right_lane", "same_lane"}):
            if stage.has("ramp") and "parked" not in here:
                return "ramp", Spot("ramp"), 0, "right"
            if stage.junction and "parked" not in here:
                return "arm", Spot(_arm_route(actor, stage, side)), 0, side
            return "kerb", stage.kerb(side), 0, side
        if "in_junction" in here:
            return self._inside(index, actor, side)
        if here & {"oncoming", "opposite_lane"}:
            return self._oncoming(index, actor, own, side)
        if "on_shoulder" in here:
            return ("edge", self._edge(actor, side, member), 0, side) if actor.kind in SMALL else (
                "kerb", stage.kerb(side), 0, side)  # fmt: skip
        return self._in_lane(index, actor, own, side, member)

    def _edge(self, actor: ActorSlots, side: str, member: int) -> Spot:
        edge = self.stage.edge(side)
        out = -1.0 if side == "right" else 1.0
        if actor.kind not in SMALL:
            return Spot(edge.route, edge.lateral_m + out * 4.0)
        return Spot(edge.route, edge.lateral_m + out * 0.35 * (member % 3))

    def _inside(self, index: int, actor: ActorSlots, side: str) -> tuple[str, Spot, int, str]:
        stage = self.stage
        if not stage.junction:
            self.ledger.miss(f"actors[{index}].relation", "in_junction", "this road has no junction; it is put ahead")
            return "lane", Spot(stage.own_route), stage.ego_lane, side
        if actor.kind in WALKERS | LOOSE:
            return "inside", Spot("main.straight"), 0, side
        route = "oncoming.left" if stage.archetype == "t_junction" else "from_left.straight"
        return "inside", Spot(route), 0, side

    def _oncoming(self, index: int, actor: ActorSlots, own: Spot, side: str) -> tuple[str, Spot, int, str]:
        if "same_lane" in actor.relation:
            return "wrong_way", own, self.stage.ego_lane, side
        lane = self.stage.oncoming()
        if lane is not None:
            return "oncoming", lane, 0, "left"
        self.ledger.assume(f"actors[{index}].relation", "oncoming", "the road is one-way; it comes the wrong way")
        number = self.stage.ego_lane + 1 if "left_lane" in actor.relation else self.stage.ego_lane
        return "wrong_way", self.stage.lane(number) or own, self.stage.ego_lane, side

    def _in_lane(self, index: int, actor: ActorSlots, own: Spot, side: str, member: int) -> tuple[str, Spot, int, str]:
        here, stage = set(actor.relation), self.stage
        beside = here & {"left", "right", "left_lane", "right_lane"}
        closed_lane = stage.lane(stage.closed_lane)
        if actor.kind == "construction_vehicle" and closed_lane is not None and not here:
            self.ledger.assume(f"actors[{index}].lane", closed_lane.route, "it works in the closed lane")
            return "lane", closed_lane, stage.closed_lane, side
        if actor.kind in WALKERS and not here & {"same_lane", "left_lane", "right_lane"}:
            return "edge", self._edge(actor, side, member), 0, side
        if not beside:
            if sideways_only(actor) and not here & {"same_lane", "ahead", "behind"}:
                step = -1 if stage.lane(stage.ego_lane + 1) is None and stage.ego_lane > 1 else 1
                side = "left" if step > 0 else "right"
                if (found := stage.lane(stage.ego_lane + step)) is not None:
                    self.ledger.assume(f"actors[{index}].lane", found.route, "no side is said")
                    return "lane", found, stage.ego_lane + step, side
            return "lane", own, stage.ego_lane, side
        step = 1 if side == "left" else -1
        found = stage.lane(stage.ego_lane + step)
        if found is not None:
            return "lane", found, stage.ego_lane + step, side
        if "left_lane" in here or "right_lane" in here:
            reason = "the road has no such lane; it is put beside the ego's"
            self.ledger.assume(f"actors[{index}].relation", f"{side}_lane", reason)
            if side == "left" and not stage.junction:
                return "lane", Spot(own.route, stage.lane_width_m), 0, side
        if actor.kind in SMALL:
            return "edge", self._edge(actor, side, member), 0, side
        return "kerb", stage.kerb(side), 0, side

    def _along(self, made: Placed, member: int) -> Placed | None:
        actor, behind = made.actor, is_behind(made.actor)
        given = actor.distance_m
        if given is not None:
            gap = closed(given, f"{made.path}.distance_m", "m", self.ledger)
        else:
            gap = self._usual_gap(made, behind)
        made = _with(made, relation="behind" if behind else "ahead_of", heading_deg=self._heading(made))
        free = self._free(made, gap, EGO_BOX, "")
        if free is None:
            return None
        if member == 0 and given is None:
            self.ledger.assume(f"{made.path}.distance_m", free.text("m"), "no distance is said")
        elif member == 0 and abs(free.low - gap.low) > 1e-9:
            reason = "the place itself is taken by another that is described before it"
            self.ledger.assume(f"{made.path}.distance_m", free.text("m"), reason)
        return _with(made, gap=free)

    def _free(self, made: Placed, gap: Span, anchor: Box, but: str) -> Span | None:
        """A free gap from a box; None, and a line in the ledger, where the road has no room."""
        stage, route = self.stage, made.spot.route
        long, wide = length_of(made.actor.kind), width_of(made.actor.kind)
        turned = abs(made.heading_deg) == 90.0
        reach = max(long, wide) if turned else wide
        sign = -1.0 if route.startswith("oncoming") else 1.0
        y = (stage.offset_m(route) if route != stage.own_route else 0.0) + sign * made.spot.lateral_m

        def box_of(tried: Span) -> Box:
            ahead = made.relation == "ahead_of"
            low = anchor.x_high + tried.low if ahead else anchor.x_low - tried.high - long
            high = anchor.x_high + tried.high + long if ahead else anchor.x_low - tried.low
            return Box(low, high, y - 0.5 * reach, y + 0.5 * reach)

        if anchor is EGO_BOX and gap.low < 0.5:
            gap = Span(0.5, max(gap.high, 0.5))
            self.ledger.assume(
                f"{made.path}.distance_m", gap.text("m"), "boxes that touch would be a crash at the start"
            )
        clear = CLEAR_M if long > 2.0 and made.role != "edge" else 0.4
        limit = self._limit(route)
        wanted = box_of(gap)
        if wanted.x_high > limit.high or wanted.x_low < limit.low:
            over = max(wanted.x_high - limit.high, limit.low - wanted.x_low)
            gap = Span(max(gap.low - over, 0.5), max(gap.high - over, 0.5))
            self.ledger.miss(f"{made.path}.distance_m", gap.text("m"), "the road ends there; that is as far as it goes")
        free = self.rows.free(made.name, gap, box_of, 0.4 if but else clear, limit, but)
        if free is None:
            self.ledger.miss(f"{made.path}.count", made.name, "the road has no room left for it")
        return free

    def _limit(self, route: str) -> Span:
        """How far the road goes behind the ego's front and ahead of it, beside a route."""
        stage = self.stage
        layout, front = stage.layout, 2.3
        beside, direction = layout.carried(stage.ego_route, stage.ego_at_m, route)
        length = layout.length_m(route)
        back, ahead = (beside, length - beside) if direction > 0 else (length - beside, beside)
        return Span(-(back + front - 3.0), ahead - front - 3.0)

    def _heading(self, made: Placed) -> float:
        if made.role == "wrong_way":
            return 180.0
        if made.role == "crossing":
            return 90.0 if made.side == "right" else -90.0
        if made.actor.kind == "flagger":
            return 180.0
        return 0.0

    def _usual_gap(self, made: Placed, behind: bool) -> Span:
        """A gap where none is said, from the speed of the ego: time gaps that drivers keep and hazards need."""
        stage, actor, speed = self.stage, made.actor, max(self.stage.ego_speed.middle, 4.0)
        fires = trigger_distance(actor)
        if made.role == "crossing":
            return Span(max(3.5 * speed, fires + 4.0), max(4.8 * speed, fires + 12.0))
        if made.role in ("oncoming", "wrong_way"):
            meet = self._hazard_s() if made.role == "oncoming" else 4.0
            closing = speed + speed_hint(actor, speed)
            return Span(max(0.85 * meet * closing, fires + 5.0), max(meet * closing, fires + 15.0))
        works = stage.closure_m
        if works is not None and not behind and actor.kind in ("construction_vehicle", "flagger"):
            begin = works - stage.ego_at_m - 4.6
            return Span(begin + 14.0, begin + 30.0) if actor.kind != "flagger" else Span(begin - 26.0, begin - 14.0)
        if behind:
            return Span(max(0.7 * speed, 5.0, fires + 3.0), max(1.4 * speed, 12.0, fires + 8.0))
        if made.role in ("kerb", "edge"):
            return Span(2.0 * speed, 3.0 * speed)
        if made.lane and made.lane != self.stage.ego_lane and "ahead" not in actor.relation:
            return Span(max(2.0, fires + 3.0), max(10.0, fires + 8.0))
        stands = "stand_still" in actor.manoeuvre[:1] or actor.kind in LOOSE
        low, high = (3.5, 5.0) if stands else (1.4, 2.4)
        return Span(max(low * speed, 12.0, fires + 5.0), max(high * speed, 20.0, fires + 15.0))

    def _hazard_s(self) -> float:
        """When the ego meets what it would have to go around: somebody who crosses, stands or is slow; else 4 s."""
        speed = max(self.stage.ego_speed.middle, 4.0)
        for other in self.slots.actors:
            if {"oncoming", "opposite_lane"}.intersection(other.relation):
                continue
            if other.distance_m is not None:
                return max(sum(e for e in other.distance_m if e is not None) / len(other.distance_m) / speed, 1.5)
            if "crossing" in other.relation or "cross" in other.manoeuvre:
                return 4.2
        return 4.0

    def _at_junction(self, made: Placed) -> Placed | None:
        """A place on the arm of a junction or inside it; the second on an arm queues behind the first."""
        stage, long = self.stage, length_of(made.actor.kind)
        stem = f"{made.role} {made.spot.route.split('.')[0]}"
        queue = self.queues.setdefault(stem, [])
        queue.append((made.name, long))
        if made.role == "inside" and made.actor.kind in WALKERS | LOOSE:
            turned = 90.0 if "cross" in made.actor.manoeuvre else 0.0
            place = 2.0 + 3.2 * len(queue)
            return _with(made, at=f"road.arm_length + {place:g}..{place + 1:g} m", heading_deg=turned)
        if len(queue) > 1:
            used = sum(length + 9.0 for _, length in queue)
            if used > stage.stop_line_m - 5.0:
                queue.pop()
                self.ledger.miss(f"{made.path}.count", made.name, "the road has no room left for it")
                return None
            before, its_length = queue[-2]
            middle = 0.5 * (long + its_length)
            return _with(made, at=f"{before}.at - {middle + 4:g}..{middle + 8:g} m")
        if made.role == "inside":
            return _with(made, at="road.arm_length + 5..8 m")
        rest = min(self._followers(made), stage.stop_line_m - 12.0)
        if "stand_still" in made.actor.manoeuvre[:1] or made.actor.trigger is not None:
            back = 3.0 + 0.5 * long
            return _with(made, at=f"road.arm_length - {back:g}..{back + 1:g} m")
        arrival = "(road.arm_length - ego.at) / ego.speed" if stage.ego_speed.low > 2.0 else "5 s"
        at = f"max({3.0 + rest:g} m, road.arm_length - {made.name}.speed * ({arrival} + -0.4..1.2 s))"
        self.ledger.assume(f"{made.path}.at", "with the ego", "it reaches the junction about when the ego does")
        return _with(made, at=at)

    def _followers(self, made: Placed) -> float:
        """Room behind the first on an arm for all who may queue there."""
        groups = [actor for actor in self.slots.actors if crosses_road(actor) or "in_junction" in actor.relation
                  or "merge" in actor.manoeuvre]  # fmt: skip
        counts = [3 if isinstance(actor.count, str) else min(actor.count, 8) for actor in groups]
        lengths = [length_of(actor.kind) + 9.0 for actor in groups]
        total = sum(count * length for count, length in zip(counts, lengths, strict=True))
        return max(total - length_of(made.actor.kind) - 9.0, 0.0)

    def _beside(self, made: Placed, near: Placed) -> Placed | None:
        """One who hides `near` stands before it; one who is hidden by `near` lies beyond it."""
        box = self.rows.taken.get(near.name)
        if box is None or near.gap is None:
            return self._along(made, 0)
        hides = near.actor.occluded_by == made.actor.kind and near.index != made.index
        if hides:
            spot = self.stage.kerb(near.side) if made.role in ("kerb", "edge", "lane", "crossing") else made.spot
            made = _with(made, role="kerb", spot=spot, side=near.side, relation="behind")
            gap = Span(0.8, 2.0)
        elif made.role == "crossing":
            made, gap = _with(made, heading_deg=self._heading(made)), Span(0.8, 2.0)
        else:
            speed = max(self.stage.ego_speed.middle, 4.0)
            moving = "stand_still" not in near.actor.manoeuvre and "parked" not in near.actor.relation
            gap = Span(2.6 * speed, 3.6 * speed) if moving else Span(1.0, 3.0)
            made = _with(made, heading_deg=self._heading(made))
        free = self._free(made, gap, box, near.name)
        return None if free is None else _with(made, gap=free, anchor=near.name)


def _with(made: Placed, **changes: Any) -> Placed:
    return replace(made, **changes)


def crosses_road(actor: ActorSlots) -> bool:
    """Whether it comes from one side of the road to go over to the other."""
    elsewhere = {"oncoming", "opposite_lane", "parked", "same_lane", "left_lane", "right_lane", "in_junction"}
    return "crossing" in actor.relation or ("cross" in actor.manoeuvre and not elsewhere.intersection(actor.relation))


def sideways_only(actor: ActorSlots) -> bool:
    """Whether it must begin in another lane than the ego's."""
    return "cut_in" in actor.manoeuvre


def is_behind(actor: ActorSlots) -> bool:
    """Whether it begins behind the ego: said, or because it comes to overtake or to follow."""
    here = set(actor.relation)
    if "behind" in here:
        return True
    if "ahead" in here or here & {"crossing", "oncoming", "opposite_lane", "parked", "on_shoulder", "in_junction"}:
        return False
    return bool({"overtake", "follow"}.intersection(actor.manoeuvre))


def trigger_distance(actor: ActorSlots) -> float:
    """The stated distance at which something begins; 0 without one."""
    if actor.trigger is None or actor.trigger.kind != "distance" or actor.trigger.value is None:
        return 0.0
    return max(end for end in actor.trigger.value if end is not None)


def speed_hint(actor: ActorSlots, usual: float) -> float:
    """A speed to reckon with: the stated one, or the usual one."""
    if actor.speed_mps is None:
        return usual
    ends = [end for end in actor.speed_mps if end is not None]
    return sum(ends) / len(ends)


def _arm_route(actor: ActorSlots, stage: Stage, side: str) -> str:
    turn = next((word for word in ("left", "right") if f"turn_{word}" in actor.manoeuvre), "straight")
    if "merge" in actor.manoeuvre and turn == "straight":
        turn = "right" if side == "right" else "left"
    if stage.archetype == "t_junction":
        return f"minor.{'right' if turn == 'right' else 'left'}" if side == "right" else "oncoming.left"
    return f"from_{side}.{turn}"
