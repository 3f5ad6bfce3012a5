"""What a verb becomes in the slots of the one who does it: manoeuvre, positions, denial."""

from dataclasses import dataclass, field

from scenarios.language.cast import LIVING, MOTOR, RIDDEN, THINGS, WALKING, Actor
from scenarios.language.phrases import NounPhrase, VerbGroup
from scenarios.language.quantities import Quantity
from scenarios.language.tagging import Item

NOUN_DEEDS = frozenset({"deed", "turn", "uturn", "lanechange", "overtaking", "collision"})
PERSON_CROSSING = ("into", "across", "onto", "out", "front")
EGO_STOPS = frozenset({"stop", "brake", "yield", "stand", "halted"})
DENIAL = {
    "brake": "no braking", "stop": "no stop", "yield": "no yield", "signal": "no signal",
    "accelerate": "no acceleration",
    "turn": "no turn", "u_turn": "no turn", "lane_change": "no lane change", "pull": "no lane change",
    "overtake": "no overtaking", "collide": "no collision",
    "cut_in": "no lane change", "halted": "no stop", "indicate": "no signal",
}  # fmt: skip
MOVES = frozenset({"move", "approach", "come_up_behind", "slow_move", "emerge", "run"})


@dataclass(slots=True)
class Place:
    """Where to, where from or where: a preposition with its noun phrase, a position or side on its own."""

    prep: str
    lemma: str
    phrase: NounPhrase | None
    actors: list[Actor]
    value: str = ""
    items: list[Item] = field(default_factory=lambda: [])


@dataclass(slots=True, eq=False)
class Event:
    """One deed with those who take part in it.

    Attributes:
        frame: main, rel, part, trigger, sub, before or question.
        places: adjuncts in the order of the text.
    """

    concept: str
    lemma: str
    group: VerbGroup | None
    subject: list[Actor]
    frame: str = "main"
    objects: list[Actor] = field(default_factory=list)
    things: list[NounPhrase] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    speeds: list[Quantity] = field(default_factory=list)
    manner: list[str] = field(default_factory=list)
    noun: NounPhrase | None = None
    denied: str = ""
    agent: list[Actor] | None = None
    passive: bool = False
    emitted: bool = False
    done: list[tuple[Actor, str]] = field(default_factory=list)
    trigger: object | None = None
    existential: bool = False
    ego_trigger: bool = False
    text_first: int = 0
    scene: str = ""

    def doers(self) -> list[Actor]:
        """Who does it: the agent in the passive."""
        if self.lemma in ("blow", "blow across", "blow off") and (self.passive or not self.subject):
            return self.subject or self.objects
        if self.passive and self.concept in ("open", "stuck", "stand", "stop", "fall") and not self.agent:
            return self.subject
        if self.passive:
            return self.agent or []
        return self.subject

    def patients(self) -> list[Actor]:
        """To whom it is done."""
        return self.subject if self.passive else self.objects

    def thing(self, category: str, value: str = "") -> NounPhrase | None:
        """The object of that category."""
        for phrase in self.things:
            if phrase.category == category and (not value or phrase.value == value):
                return phrase
        return None

    def place(self, *preps: str) -> Place | None:
        """The first adjunct with one of these prepositions."""
        return next((place for place in self.places if place.prep in preps), None)


def side_of(word: str, keeps_left: bool) -> str:
    """Left or right for a side word."""
    if word in ("near", "far"):
        return "left" if (word == "near") == keeps_left else "right"
    return word if word in ("left", "right") else ""


def direction_of(event: Event) -> str:
    """Left or right of a turn, lane change or swerve."""
    if event.lemma in ("turn", "turn into", "turn off", "turn out"):
        beside = next((p for p in event.places if p.prep == "on" and p.value in ("left", "right")), None)
        if beside is not None:
            return beside.value
    for place in event.places:
        if place.prep in ("side", "to", "into", "towards") and place.value in ("left", "right"):
            return place.value
        if (
            place.phrase is not None
            and place.phrase.category in ("side", "turn")
            and place.prep in ("to", "into", "across")
        ):
            got = place.phrase.value if place.phrase.value in ("left", "right") else place.phrase.direction
            if got in ("left", "right"):
                return got
        if place.phrase is not None and place.phrase.category == "lane" and place.prep in ("into", "to", "across"):
            if place.phrase.value in ("left", "right"):
                return place.phrase.value
            if place.phrase.direction in ("left", "right"):
                return place.phrase.direction
    for phrase in [*event.things, *([event.noun] if event.noun else [])]:
        if phrase.direction in ("left", "right"):
            return phrase.direction
        if phrase.value in ("left", "right"):
            return phrase.value
        if phrase.head is not None:
            for word in ("left", "right"):
                if word in phrase.head.lemma.split():
                    return word
    return ""


def lane_target(event: Event) -> str:
    """Lane that a movement leads into: left, right, ego, opposite, other; or `out` of the ego's lane."""
    for place in event.places:
        phrase = place.phrase
        if phrase is None:
            continue
        if place.prep == "out_of" or (place.prep == "from" and event.concept == "pull"):
            leaves = phrase.category == "lane" and phrase.value == "plain"
            if leaves:
                return "out"
        if place.prep in ("into", "to", "across", "in") and phrase.category in ("lane", "path"):
            if place.prep == "in" and event.concept not in ("pull", "cut", "merge", "swerve", "cut_in"):
                continue
            return lane_word(phrase, place)
    for phrase in event.things:
        if phrase.category == "lane":
            return lane_word(phrase, None)
    return ""


def lane_word(phrase: NounPhrase, place: "Place | None") -> str:
    """Which lane a noun phrase names: left, right, ego, opposite, adjacent, or just a lane."""
    if phrase.value in ("left", "right", "opposite", "adjacent", "turn", "centre"):
        return phrase.value
    if phrase.direction in ("left", "right"):
        return phrase.direction
    if phrase.mod("opposite") or any(
        m.category == "adj" and m.value in ("opposite", "relation:oncoming") for m in phrase.mods
    ):
        return "opposite"
    if any(m.value == "adjacent" for m in phrase.mods):
        return "adjacent"
    if place is not None and any(actor.is_ego for actor in place.actors):
        return "ego"
    if (phrase.owner is not None and phrase.owner.category == "ego") or any(
        d.category == "poss" and d.value == "ego" for d in phrase.dets
    ):
        return "ego"
    if any(m.value == "same" for m in phrase.mods):
        return "ego"
    if phrase.category == "path":
        return "path"
    return "lane"


def manoeuvres(event: Event, doer: Actor) -> list[str]:
    """Slot words of one deed for one doer; an empty list where the contract has none."""
    rule = _RULES.get(event.concept)
    words = rule(event, doer) if rule else []
    if event.concept in _GOES and doer.kind not in WALKING | THINGS | {"animal"} and not words:
        passed = any(place.prep == "past" and place.actors and doer not in place.actors for place in event.places)
        words = ["overtake"] if passed else words
    if event.concept in ("other", "swerve", "pull") and doer.kind in LIVING and _over_road(event) and not event.passive:
        words = ["cross"]
    if not doer.is_ego and "run_red_light" not in words and _passes_red(event):
        words = [*words, "run_red_light"]
    if doer.kind in THINGS:
        words = [word for word in words if word in ("cross", "follow")]
    return words


def _passes_red(event: Event) -> bool:
    for place in event.places:
        if (
            place.phrase is not None
            and place.phrase.category == "signal"
            and place.prep in ("against", "across", "on", "past", "into", "over")
        ):
            head = place.phrase.head
            red = head is not None and ("red" in head.lemma or any(m.lemma == "red" for m in place.phrase.mods))
            if red and event.concept in (
                "move", "run", "cross", "turn", "enter", "emerge", "overtake", "approach", "merge", "other",
                "slow_move", "accelerate",
            ):  # fmt: skip
                return place.prep != "on" or event.concept in ("cross", "run", "turn", "move", "enter")
    signal = next((p for p in event.things if p.category == "signal" and p.head is not None), None)
    return signal is not None and event.concept in ("run", "cross", "overtake", "other") and event.lemma in (
        "jump", "run", "shoot", "beat", "cross", "pass", "skip", "blow", "crash", "burst", "ride", "drive through",
    )  # fmt: skip


AMBLES = frozenset({"walk", "stroll", "wander", "amble", "march", "pace", "saunter", "trudge", "meander"})


def _into_road(event: Event) -> bool:
    for place in event.places:
        category = place.phrase.category if place.phrase else ""
        if place.prep in ("into", "across", "past") and category in (
            "place",
            "feature",
            "lane",
            "path",
            "surface",
            "signal",
            "side",
            "start",
            "pron",
            "",
        ):
            return place.prep != "past" and (place.phrase is None or place.phrase.value not in ("parking",))
        if (
            place.prep == "pos"
            and place.value == "ahead"
            and place.phrase is not None
            and event.concept in ("run", "emerge")
            and event.lemma not in AMBLES
        ):
            return True
        idle = place.lemma == "between" and event.lemma in AMBLES and "out" not in event.manner
        if (place.prep in ("behind_out", "between") and not idle) or (
            place.lemma.startswith("out ") and category not in ("place",)
        ):
            return True
        if place.prep == "out_of" and category in ("side", "place", "denied", "opaque", "actor", "feature"):
            return True
    return (
        any(word in ("out", "across", "off the kerb", "right across") for word in event.manner)
        or " out" in f" {event.lemma}"
    )


def _from_side(event: Event) -> bool:
    """Whether it comes from a driveway, side road or space."""
    return any(
        p.prep in ("out_of", "from") and p.phrase is not None and p.phrase.category in ("place", "feature", "space")
        for p in event.places
    )


def _over_road(event: Event) -> bool:
    return any(
        p.prep in ("into", "across")
        and p.phrase is not None
        and p.phrase.category in ("place", "feature", "lane", "path")
        for p in event.places
    )


def _lands_ahead(event: Event) -> bool:
    """`barges in front of the ego`."""
    return any(p.prep == "pos" and p.value == "ahead" and any(a.is_ego for a in p.actors) for p in event.places)


def _run(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return ["drive"]
    if any(phrase.category == "signal" for phrase in event.things) or event.thing("feature", "stop_sign"):
        return ["run_red_light"] if any(p.category == "signal" for p in event.things) else []
    if doer.kind in MOTOR and _lands_ahead(event):
        return ["cut_in"]
    if event.concept == "run" and doer.kind in (
        "car",
        "van",
        "truck",
        "bus",
        "motorcycle",
        "tram",
        "emergency_vehicle",
        "construction_vehicle",
    ):
        if event.lemma in (
            "pop",
            "dart",
            "shoot",
            "dash",
            "nose",
            "pull",
            "roll",
            "leap",
            "jump",
            "burst",
            "charge",
            "barge",
            "step",
        ) and any(
            place.prep in ("out_of", "from", "behind_out")
            and place.phrase is not None
            and place.phrase.category in ("place", "feature", "space", "side")
            for place in event.places
        ):
            return ["merge"]
        target = lane_target(event)
        if target == "ego":
            return ["cut_in"]
        return []
    if doer.kind in RIDDEN and _from_side(event) and not _over_road(event):
        return ["merge"]
    follows = any(place.prep == "after" for place in event.places)
    crossed = ["cross"] if _into_road(event) else []
    return (["follow"] if follows else []) + crossed


def _emerge(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return ["drive"]
    if doer.kind in LIVING or doer.kind in ("bicycle", "e_scooter") or doer.kind in THINGS:
        if event.lemma in (
            "appear",
            "show up",
            "turn up",
            "materialise",
            "materialize",
            "come into view",
            "loom",
            "loom up",
            "get out",
            "climb out",
            "get off",
            "alight",
            "disembark",
            "come into sight",
        ):
            return []
        side = any(
            p.phrase is not None and p.phrase.category in ("place", "feature")
            for p in event.places
            if p.prep in ("from", "out_of", "of")
        )
        return ["merge"] if side and doer.kind in ("bicycle", "e_scooter") else ["cross"]
    if event.lemma in ("appear", "come into view", "show up", "loom", "loom up", "come into sight"):
        return []
    if any(
        p.phrase is not None and p.phrase.category in ("place", "feature", "space")
        for p in event.places
        if p.prep in ("from", "out_of", "of")
    ):
        return ["merge"]
    return []


_STARTS = frozenset({"start", "begin", "starts to", "begins to", "started to", "began to"})


def _goes_aside(event: Event) -> str:
    """`goes left` at a junction: a turn."""
    if event.lemma not in ("go", "head", "bear") or lane_target(event):
        return ""
    side = event.thing("side")
    bare = next((p for p in event.places if p.prep == "side" and p.value in ("left", "right")), None)
    return side.value if side is not None and side.value in ("left", "right") else (bare.value if bare else "")


def _move(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        if "straight_on" in event.manner:
            return ["straight"]
        side = lane_target(event)
        if _goes_aside(event):
            return [f"turn_{_goes_aside(event)}"]
        if (
            side in ("left", "right")
            and event.lemma in ("move", "go", "come", "get", "cross over", "drive")
            and event.place("to", "into", "across")
        ):
            return [f"lane_change_{side}"]
        if event.lemma == "move" and event.place("side", "to") and direction_of(event):
            return [f"lane_change_{direction_of(event)}"]
        return ["drive"]
    out: list[str] = [f"turn_{_goes_aside(event)}"] if _goes_aside(event) else []
    began = event.group is not None and event.group.began and any(i.lemma in _STARTS for i in event.group.items)
    leaves = event.lemma in ("move off", "set off", "start off", "drive off", "pull away", "get going", "take off")
    if (
        doer.kind in MOTOR | RIDDEN and (leaves or (began and event.lemma in ("move", "roll", "drive")))
    ) and not event.place("from", "out_of"):
        out.append("accelerate")
    if any(
        word in ("slowly", "at walking pace", "at a crawl", "very slowly", "at a walking pace") for word in event.manner
    ):
        out.append("drive_slowly")
    target = lane_target(event)
    if target and event.lemma in (
        "move",
        "come",
        "go",
        "cross over",
        "drive",
        "cruise",
        "roll",
        "travel",
        "press on",
        "ride",
    ):
        to_place = next(
            (
                p
                for p in event.places
                if p.prep in ("into", "out_of", "to", "across") and p.phrase and p.phrase.category in ("lane", "path")
            ),
            None,
        )
        if to_place is not None:
            return out + _shift(event, doer, target)
    if doer.kind in LIVING | THINGS | {"bicycle", "e_scooter"}:
        crossing_path = any(
            p.prep in ("across",) and p.phrase and p.phrase.category in ("place", "path", "feature", "lane")
            for p in event.places
        )
        onto = any(
            p.prep == "into" and p.phrase and p.phrase.category in ("place", "path", "lane", "feature")
            for p in event.places
        )
        if (crossing_path or onto) and (doer.kind in LIVING | THINGS or crossing_path):
            out.append("cross")
        if any(p.prep in ("behind_out",) for p in event.places) and doer.kind in LIVING:
            out.append("cross")
    elif event.lemma in (
        "come",
        "go",
        "drive",
        "move",
        "roll",
        "come round",
        "pull away",
        "speed",
        "ride",
        "race",
        "shoot",
    ):
        crossing_path = any(p.prep == "across" and p.phrase and p.phrase.category in ("path",) for p in event.places)
        if crossing_path:
            out.append("cross")
        elif any(
            p.prep == "out_of"
            and p.phrase
            and (
                p.phrase.category == "feature"
                or (
                    p.phrase.category == "place"
                    and p.phrase.value in ("road", "parking", "work_zone", "urban", "residential", "rural")
                )
            )
            for p in event.places
        ) and not event.place("side"):
            out.append("merge")
    if event.lemma in ("pull away", "pull off") and any(
        p.prep in ("from",) and p.phrase and p.phrase.category in ("side", "feature", "space") for p in event.places
    ):
        out.append("merge")
    return out


def _shift(event: Event, doer: Actor, target: str) -> list[str]:
    """A sideways movement by where it leads."""
    if target == "out":
        way = direction_of(event)
        return [f"lane_change_{way}"] if way and not doer.relation else ["cut_out"]
    if target in ("left", "right"):
        return [f"lane_change_{target}"]
    if target in ("ego", "path"):
        return ["cut_in"] if not doer.is_ego else []
    side = direction_of(event)
    if side:
        return [f"lane_change_{side}"]
    ahead = any(p.prep == "pos" and p.value == "ahead" for p in event.places)
    return ["cut_in"] if ahead and not doer.is_ego else []


def _pull(event: Event, doer: Actor) -> list[str]:
    target = lane_target(event)
    if doer.is_ego:
        if target in ("left", "right"):
            return [f"lane_change_{target}"]
        if any(p.phrase is not None and p.phrase.category == "shoulder" for p in event.places):
            return ["stop"]
        side = direction_of(event)
        if side and (target in ("lane", "adjacent", "", "turn")):
            return [f"lane_change_{side}"]
        return []
    if target:
        return _shift(event, doer, target)
    if any(p.prep == "pos" and p.value == "ahead" for p in event.places):
        return ["cut_in"]
    side = direction_of(event)
    if side and event.lemma in (
        "move over",
        "shift",
        "pull",
        "switch",
        "slide over",
        "steer",
        "get over",
        "ease",
        "slide",
        "drift",
        "edge",
    ):
        into_side = any(
            p.phrase is not None and p.phrase.category in ("side", "shoulder") and p.prep in ("into", "to")
            for p in event.places
        )
        if not any(p.phrase is not None and p.phrase.category == "shoulder" for p in event.places):
            return [f"lane_change_{side}"] if into_side or event.place("side") else []
    if event.lemma in ("pull", "nose", "edge", "ease") and any(
        p.prep in ("out_of", "from")
        and p.phrase
        and p.phrase.category in ("place", "feature", "space", "side", "shoulder")
        for p in event.places
    ):
        return ["merge"]
    return []


def _cut(event: Event, doer: Actor) -> list[str]:
    for place in event.places:
        if place.prep == "pos" and place.value == "ahead":
            return ["cut_in"]
        if place.prep in ("into", "across", "to") and place.phrase and place.phrase.category in ("lane", "path"):
            return ["cut_in"]
        if place.prep == "out_of" or place.prep == "across":
            return ["cut_out"] if place.prep == "out_of" else ["cut_in"]
    return ["cut_out"] if "out" in event.manner else ["cut_in"]


def _turn(event: Event, doer: Actor) -> list[str]:
    if (event.noun is not None and event.noun.category == "uturn") or event.thing("uturn"):
        return ["u_turn"]
    if doer.is_ego and (event.thing("exit") or event.thing("place", "off_ramp") or event.thing("place", "ramp")):
        return ["exit"]
    if (
        event.lemma in ("make", "take", "bear", "hang")
        and event.noun is None
        and not (event.thing("turn") or event.thing("side"))
        and event.lemma != "bear"
    ):
        return []
    side = direction_of(event)
    if event.lemma in ("swing", "hook", "turn") and not side and not doer.is_ego and _lands_ahead(event):
        return ["cut_in"]
    if event.thing("turn") or event.thing("side") or event.noun is not None or event.lemma not in ("make", "take"):
        return [f"turn_{side}"] if side else []
    return []


def _lane_change(event: Event, doer: Actor) -> list[str]:
    target = lane_target(event)
    if target == "ego" and not doer.is_ego:
        return ["cut_in"]
    side = target if target in ("left", "right") else direction_of(event)
    if not doer.is_ego and _lands_ahead(event):
        return ["cut_in"]
    if side:
        return [f"lane_change_{side}"]
    if target == "out":
        return ["cut_out"]
    if any(p.prep == "pos" and p.value == "ahead" and p.phrase is not None for p in event.places) and not doer.is_ego:
        return ["cut_in"]
    return []


def _stop_actor(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return ["stop"]
    if event.passive and not event.agent and event.lemma in ("stop", "halt", "pull up", "pull over", "draw up"):
        return ["stand_still"]
    return ["brake", "stop"] if event.lemma.startswith(("decelerate", "slow", "brake")) else ["stop"]


def _enter(event: Event, doer: Actor) -> list[str]:
    target = next(
        (
            p
            for p in [*event.things, *(q.phrase for q in event.places if q.phrase)]
            if p.category in ("place", "lane", "feature", "space", "side", "denied")
        ),
        None,
    )
    if doer.is_ego:
        if (target is not None and target.value == "roundabout") or (target is None and event.scene == "roundabout"):
            return ["enter_roundabout"]
        if target is not None and target.category == "lane" and target.value in ("left", "right"):
            return [f"lane_change_{target.value}"]
        side = direction_of(event)
        if event.lemma == "turn into" and side:
            return [f"turn_{side}"]
        if (
            target is not None
            and target.value in ("motorway", "highway")
            and event.lemma in ("enter", "get onto", "come onto")
        ):
            return ["merge"]
        if target is not None and target.category == "space":
            return ["park"]
        return ["drive"]
    if target is not None and target.category == "lane":
        word = lane_word(target, None)
        return (
            ["cut_in"]
            if word == "ego" or (word == "lane" and event.objects)
            else ([f"lane_change_{word}"] if word in ("left", "right") else [])
        )
    if (
        target is not None
        and target.value in ("motorway", "highway")
        and event.lemma in ("enter", "get onto", "come onto", "drive onto")
    ):
        return ["merge"]
    if (
        target is not None
        and target.category == "place"
        and doer.kind in MOTOR | RIDDEN
        and _from_side(event)
        and target.value not in ("parking", "intersection", "roundabout", "tunnel", "bridge")
    ):
        return ["merge"]
    if (
        doer.kind in LIVING | THINGS
        and target is not None
        and (
            target.value in ("road", "urban", "crosswalk", "rural", "motorway", "highway", "residential")
            or target.category == "feature"
        )
    ):
        return ["cross"]
    if event.lemma == "turn into" and direction_of(event):
        return [f"turn_{direction_of(event)}"]
    return []


def _exit(event: Event, doer: Actor) -> list[str]:
    lane = event.thing("lane")
    if doer.is_ego:
        if lane is not None:
            side = direction_of(event)
            return [f"lane_change_{side}"] if side and not lane.direction and lane.value == "plain" else []
        place = next(
            (
                p
                for p in [*event.things, *(q.phrase for q in event.places if q.phrase)]
                if p.category in ("place", "feature")
            ),
            None,
        )
        if place is not None and place.value in (
            "tunnel",
            "bridge",
            "intersection",
            "work_zone",
            "urban",
            "rural",
            "residential",
        ):
            return ["drive"]
        return ["exit"]
    if lane is not None and lane.value == "plain":
        return ["cut_out"]
    exits = next(
        (
            p
            for p in event.things
            if p.category in ("feature", "space") or (p.category == "place" and p.value in ("parking", "work_zone"))
        ),
        None,
    )
    if exits is not None and exits.value in ("driveway", "bus_stop", "parking", "work_zone", "space"):
        return ["merge"]
    return []


def _signal(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return []
    if event.lemma in ("raise", "display", "brandish", "hold out", "stretch out", "extend"):
        return ["signal"] if event.thing("part", "signal") or event.thing("part", "arm") else []
    return ["signal"]


def _merge(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        purpose = lane_target(event)
        if event.lemma.startswith("pull") and purpose in ("left", "right"):
            return [f"lane_change_{purpose}"]
        return ["merge"]
    if event.lemma == "pull out" and any(
        p.prep == "out_of" and p.phrase and p.phrase.category == "lane" for p in event.places
    ):
        return ["cut_out"]
    if (
        event.lemma.startswith("pull out")
        and lane_target(event) in ("ego",)
        and not any(
            p.phrase is not None and p.phrase.category in ("place", "feature", "space", "side") for p in event.places
        )
    ):
        return ["cut_in"]
    if event.lemma == "pull out" and lane_target(event) in ("left", "right"):
        return [f"lane_change_{lane_target(event)}"]
    if event.lemma == "join" and any(p.category == "place" and p.value == "roundabout" for p in event.things):
        return ["merge"]
    return ["merge"]


def _change(event: Event, doer: Actor) -> list[str]:
    target, side = lane_target(event), direction_of(event)
    if target or (side and event.place("side", "to")):
        return _lane_change(event, doer)
    return []


def _cross(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return ["drive"]
    line = event.thing("denied")
    if line is not None and line.value == "lane_markings":
        return []
    if lane_target(event) == "ego" and doer.kind not in LIVING and event.lemma == "cross":
        return ["cross"]
    return ["cross"]


def _open(event: Event, doer: Actor) -> list[str]:
    if event.thing("part", "door") is not None or event.lemma == "door":
        return ["open_door"]
    return []


def _drop(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return []
    if event.thing("part", "load") or any(actor.kind == "debris" for actor in event.objects):
        return ["drop_cargo"]
    if any(phrase.category in ("surface", "weather", "word") for phrase in event.things):
        return ["drop_cargo"]
    return []


def _swerve(event: Event, doer: Actor) -> list[str]:
    target = lane_target(event)
    if doer.is_ego:
        return [f"lane_change_{target}"] if target in ("left", "right") else []
    return ["swerve"]


def _overtake(event: Event, doer: Actor) -> list[str]:
    passed_place = any(
        phrase.category
        in ("place", "feature", "signal", "opaque", "denied", "word", "start", "shoulder", "side", "exit", "space")
        for phrase in event.things
    )
    if passed_place and not event.objects:
        return ["drive"] if doer.is_ego else []
    if (
        doer.is_ego
        and event.lemma
        in ("pass", "drive past", "go past", "drive by", "go by", "pass by", "travel past", "cruise past")
        and (event.frame == "trigger" or (event.frame == "sub" and not event.objects))
    ):
        return ["drive"]
    if doer.kind in WALKING | THINGS | {"animal"}:
        return []
    if (
        event.lemma == "pass"
        and any(p.prep in ("across", "under", "along") and p.phrase is not None for p in event.places)
        and not event.objects
    ):
        return ["drive"] if doer.is_ego else []
    return ["overtake"]


def _stand(event: Event, doer: Actor) -> list[str]:
    return ["stop"] if doer.is_ego else ["stand_still"]


def _brake(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego:
        return ["stop"]
    halts = any(p.prep in ("to", "into") and p.phrase is not None and p.phrase.value == "stop" for p in event.places)
    return ["brake", "stop"] if halts else ["brake"]


def _hold(event: Event, doer: Actor) -> list[str]:
    return ["signal"] if event.thing("part", "signal") is not None and not doer.is_ego else []


def _reverse(event: Event, doer: Actor) -> list[str]:
    jammed = event.lemma == "back up" and doer.many and event.group is not None
    if jammed and event.group is not None and event.group.verb.form in ("part", "past"):
        return ["stand_still"]
    return [] if doer.is_ego else ["reverse"]


def _follow(event: Event, doer: Actor) -> list[str]:
    into = any(p.prep in ("into", "across") and p.phrase and p.phrase.category in ("place", "feature", "lane", "path")
    for p in event.places)  # fmt: skip
    if into and doer.kind in LIVING:
        return ["follow", "cross"]
    if not event.patients() and not event.objects:
        if event.things:
            return ["drive"] if doer.is_ego else []
        return ["follow"]
    return ["follow"]


def _park(event: Event, doer: Actor) -> list[str]:
    return ["park"] if doer.is_ego else []


def _fall(event: Event, doer: Actor) -> list[str]:
    return []


def _stuck(event: Event, doer: Actor) -> list[str]:
    """`is stranded` is a state; `jackknifes` a doing without a word."""
    state = event.passive or (event.group is not None and event.group.verb.form == "part")
    return (["stop"] if doer.is_ego else ["stand_still"]) if state or event.group is None else []


def _be(event: Event, doer: Actor) -> list[str]:
    if doer.is_ego and event.lemma in ("stay", "keep", "remain", "maintain", "keep on"):
        lanes = [
            p
            for p in [*event.things, *(q.phrase for q in event.places if q.phrase)]
            if p.category in ("lane", "path") or p.value in ("motorway", "highway")
        ]
        return ["straight"] if lanes else []
    return []


_GOES = frozenset({"move", "run", "slow_move", "accelerate", "emerge", "other", "pull", "swerve"})
_RULES = {
    "be": _be,
    "move": _move, "approach": lambda e, d: ["drive"] if d.is_ego else [], "come_up_behind": lambda e,
    d: ["drive"] if d.is_ego else [],
    "slow_move": lambda e, d: ["drive"] if d.is_ego else ["drive_slowly"], "brake": _brake, "stop": _stop_actor,
    "stand": _stand,
    "stuck": _stuck, "halted": lambda e, d: ["stop"],
    "accelerate": lambda e, d: [] if d.is_ego else ["accelerate"], "yield": lambda e, d: ["stop"] if d.is_ego else [],
    "cross": _cross, "run": _run, "emerge": _emerge, "turn": _turn, "u_turn": lambda e, d: ["u_turn"], "cut": _cut,
    "cut_in": lambda e, d: [] if d.is_ego else ["cut_in"], "cut_out": lambda e, d: [] if d.is_ego else ["cut_out"],
    "pull": _pull, "merge": _merge,
    "change": _change, "lane_change": _lane_change, "overtake": _overtake, "follow": _follow, "reverse": _reverse,
    "open": _open, "swerve": _swerve, "signal": _signal, "illuminate": _hold, "hold": _hold, "have": _hold,
    "drop": _drop, "fall": _fall,
    "park": _park, "exit": _exit, "enter": _enter, "direct": lambda e, d: ["signal"] if d.kind == "flagger" else [],
    "reveal": lambda e, d: ["signal"] if d.kind == "flagger" else [],
    "run_red_light": lambda e, d: ["run_red_light"],
}  # fmt: skip
