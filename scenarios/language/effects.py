"""Events and adjuncts put into the cast: manoeuvres, positions, who hides whom, denials."""

from collections.abc import Callable

from scenarios.language.cast import LIVING, MOTOR, RIDDEN, Actor, Cast
from scenarios.language.deeds import AMBLES, DENIAL, MOVES, NOUN_DEEDS, Event, Place, lane_word, manoeuvres, side_of
from scenarios.language.phrases import NounPhrase
from scenarios.language.tagging import Item

FOLLOWS_BEHIND = frozenset({"follow", "come_up_behind"})


_PERFORMS = frozenset({"apply", "show", "give", "see", "involve", "simulate", "execute", "need", "require", "deploy"})
_FLINGS = frozenset({"fling", "throw", "swing", "push", "kick", "shove", "yank", "pull", "slam", "crack", "slide"})
_TOWARDS = frozenset(
    {"come", "drive", "ride", "travel", "head", "speed", "race", "hurtle", "move", "barrel", "come round", "thunder"}
)


def _comes_at_ego(place: Place, event: Event | None) -> bool:
    """`is coming towards us`."""
    to_ego = place.prep == "to" and any(actor.is_ego for actor in place.actors)
    if not to_ego or event is None:
        return False
    return event.concept in ("run", "slow_move") or (event.concept == "move" and event.lemma in _TOWARDS)


class Effects:
    """Writes what events say into the cast."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.negations: list[str] = []
        self.keeps_left = False
        self.straight = False
        self.drives = False
        self.v2x_warns = False
        self.features: list[str] = []
        self.ramps: list[Item] = []

    def deny(self, word: str) -> None:
        """Adds a negation once."""
        if word and word not in self.negations:
            self.negations.append(word)

    # ---- deeds

    def emit(self, event: Event) -> None:
        """One event; may be called again when more adjuncts have come."""
        if event.frame == "instead":
            if event.group is not None and event.group.infinitive:
                self._positions(event)
            return
        if event.lemma in ("board", "get in", "get on", "pay"):
            for actor in event.subject:
                actor.boarded = actor.lemma == "passenger"
        self._lighten(event)
        if event.lemma in ("circulate", "circle") and not event.denied:
            for doer in event.doers():
                doer.relate("in_junction")
        if event.denied:
            self._denied(event)
            return
        special = getattr(self, f"_do_{event.concept}", None)
        if special is not None:
            self._special(event, special)
        for doer in event.doers():
            if (
                doer.lemma in ("driver", "motorist")
                and event.concept in ("run", "cross", "emerge")
                and event.lemma not in ("emerge", "drive out", "pull out", "run")
            ):
                doer.kind = "pedestrian"
            words = manoeuvres(event, doer)
            self._account(event, doer, words)
            if doer.is_ego:
                self._ego(event, words)
            else:
                doer.does(*words)
                event.done += [(doer, word) for word in words if (doer, word) not in event.done]
        self._positions(event)

    def _special(self, event: Event, special: Callable[[Event], None]) -> None:
        """Runs an effect of one concept and notes what its verb changed."""
        before = {id(a): (list(a.relation), a.occluded_by, list(a.manoeuvre)) for a in self.cast.actors}
        denied = list(self.negations)
        special(event)
        if event.group is None:
            return
        verb = event.group.verb
        for actor in self.cast.actors:
            relation, hidden, deeds = before[id(actor)]
            for word in (w for w in actor.relation if w not in relation):
                verb.mark(actor, "relation", word)
            for word in (w for w in actor.manoeuvre if w not in deeds):
                verb.mark(actor, "manoeuvre", word)
            if actor.occluded_by is not hidden and actor.occluded_by is not None:
                verb.mark(actor, "occluded_by", actor.occluded_by.kind)
        for word in (w for w in self.negations if w not in denied):
            verb.mark(None, "negations", word)

    def _lighten(self, event: Event) -> None:
        """`begins a left turn`, `makes a lane change`: the noun is the deed."""
        if event.lemma in _FLINGS and event.thing("part", "door"):
            event.concept = "open"
        if event.lemma in _PERFORMS and event.things and any(p.category in NOUN_DEEDS for p in event.things):
            event.concept = "begin"
        if event.concept not in ("begin", "other", "turn", "have", "merge", "be", "force") or (
            event.concept == "be" and not event.existential
        ):
            return
        for phrase in event.things:
            word = {"turn": "turn", "uturn": "u_turn", "lanechange": "lane_change", "overtaking": "overtake"}.get(
                phrase.category, ""
            )
            if phrase.category == "deed":
                word = phrase.value
            if word and not (event.concept == "turn" and word != "u_turn" and word == "turn"):
                event.concept, event.noun = word, phrase

    def _account(self, event: Event, doer: Actor, words: list[str]) -> None:
        """Notes which words of the text gave a deed."""
        told = [event.group.verb] if event.group is not None else []
        told += [event.noun.head] if event.noun is not None and event.noun.head is not None else []
        if any(word.endswith(("left", "right")) for word in words):
            told += [p.head for p in event.things if p.category in ("side", "lane", "turn") and p.head is not None]
            told += [i for p in event.places
                if p.prep in ("side", "to", "into")
                for i in p.items if i.category in ("side",
            "lane", "turn")]  # fmt: skip
        if {"open_door", "signal", "drop_cargo"} & set(words):
            told += [p.head for p in event.things if p.category == "part" and p.head is not None]
        for item in told:
            for word in words:
                item.mark(doer, "manoeuvre", {"drive": "drive_straight", "straight": "drive_straight"}.get(word, word))

    def _ego(self, event: Event, words: list[str]) -> None:
        for word in words:
            if word == "drive":
                self.drives = self.drives or event.lemma != "clear"
            elif word == "straight":
                self.straight = True
            else:
                self.cast.ego.does(word)
            event.done.append((self.cast.ego, word))

    def _denied(self, event: Event) -> None:
        concept = event.concept
        ego = any(actor.is_ego for actor in event.doers())
        if concept in ("run", "approach", "exit") and event.things:
            return
        word = DENIAL.get(concept, "")
        if concept == "pull" and not (event.place("into", "to", "side", "out_of") or event.thing("lane")):
            word = "" if event.lemma != "move over" else "no lane change"
        if concept in ("move", "enter") and any(
            p.category == "lane" for p in [*event.things, *(q.phrase for q in event.places if q.phrase)]
        ):
            word = "no lane change"
        if concept in ("turn", "lane_change", "begin") and (event.thing("overtaking") or event.thing("lanechange")):
            word = "no overtaking" if event.thing("overtaking") else "no lane change"
        if concept in ("let", "give"):
            word = "no yield"
        if concept == "move" and event.lemma in ("move", "go", "get", "drive") and event.place("around", "past"):
            word = "no overtaking"
        if (concept == "signal" and event.lemma == "signal") or concept == "signal":
            word = "no signal"
        if concept in ("illuminate", "have", "lit", "hold"):
            word = (
                "no lights"
                if event.thing("part", "lights") or concept == "lit"
                else ("no signal" if event.thing("part", "signal") else "")
            )
        if concept in ("hide", "reveal", "other", "meta", "be"):
            word = ""
        if concept == "prevent" or concept == "avoid":
            word = ""
        if word:
            self.deny(word)
            for item in event.group.items if event.group is not None else ():
                if item.category in ("verb", "modal"):
                    item.mark(None, "negations", word)
        elif (event.denied == "fails" and concept in ("hide", "open")) or ego:
            pass
        self._positions(event)

    # ---- special effects of single concepts

    def _do_follow(self, event: Event) -> None:
        if any("cross" in manoeuvres(event, doer) for doer in event.doers()):
            for target in event.objects:
                target.does(*(["cross"] if target.kind in LIVING | {"debris"} else []))
        for doer in event.doers():
            for target in event.patients():
                if doer.is_ego and not target.is_ego:
                    target.relate("ahead")
                elif target.is_ego:
                    doer.relate("behind")

    def _do_come_up_behind(self, event: Event) -> None:
        targets = event.patients() + [a for p in event.places for a in p.actors]
        for doer in event.doers():
            if doer.is_ego:
                for target in targets:
                    target.relate("ahead")
            elif any(t.is_ego for t in targets) or not targets:
                doer.relate("behind")

    def _do_approach(self, event: Event) -> None:
        behind = any((p.prep == "pos" and p.value == "behind") or p.prep == "behind_out" for p in event.places)
        for doer in event.doers():
            if doer.is_ego and behind:
                for target in event.objects:
                    target.relate("ahead")

    def _do_hide(self, event: Event) -> None:
        hiders = event.agent if event.passive else event.subject
        for hidden in event.patients():
            if hiders and not hidden.is_ego and hiders[0] is not hidden and not hiders[0].is_ego:
                hidden.occluded_by = hiders[0]

    def _do_block(self, event: Event) -> None:
        self._close_lane(event)

    def _do_close(self, event: Event) -> None:
        self._close_lane(event)

    def _close_lane(self, event: Event) -> None:
        for phrase in event.things:
            if phrase.category != "lane":
                continue
            if event.concept == "close":
                self._feature("lane_closure")
            word = lane_word(phrase, None)
            owner_ego = any(a.is_ego for p in event.places for a in p.actors)
            for doer in event.doers():
                if word == "ego" or (word == "lane" and owner_ego):
                    doer.relate("same_lane")
                elif word in ("left", "right"):
                    doer.relate(f"{word}_lane")
                elif word == "opposite":
                    doer.relate("opposite_lane")
                elif word == "lane" and phrase.det == "" and any(d.value == "its" for d in phrase.dets):
                    doer.relate("same_lane")

    def _feature(self, word: str) -> None:
        if word not in self.features:
            self.features.append(word)

    def _do_reveal(self, event: Event) -> None:
        for shown in event.objects:
            for doer in event.doers():
                if "ahead" in doer.relation and not doer.manoeuvre and not doer.is_ego:
                    doer.does("cut_out")
                if not doer.is_ego and shown is not doer and not shown.is_ego and doer.kind not in ("debris",):
                    shown.occluded_by = shown.occluded_by or doer

    def _do_collide(self, event: Event) -> None:
        if event.lemma in ("rear end", "shunt", "rear ended") and any(a.is_ego for a in event.patients()):
            for doer in event.doers():
                doer.relate("behind")

    def _do_cut_in(self, event: Event) -> None:
        if "in front of" in event.lemma and any(a.is_ego for a in event.objects):
            for doer in event.doers():
                doer.relate("ahead")

    def _do_fall(self, event: Event) -> None:
        """A load that falls from a lorry is the lorry's doing."""
        if event.thing("part", "load"):
            for actor in event.subject:
                if not actor.is_ego:
                    actor.does("drop_cargo")
                    event.done.append((actor, "drop_cargo"))
        faller = event.subject[0].kind if event.subject else ""
        if faller and faller != "debris":
            return
        for place in event.places:
            if place.prep in ("from", "out_of", "on", "pos") or "off" in place.lemma:
                for actor in place.actors:
                    if not actor.is_ego and actor.kind in MOTOR | {"trailer"} | RIDDEN:
                        actor.does("drop_cargo")
                        event.done.append((actor, "drop_cargo"))
        owner = [a for a in event.objects if not a.is_ego]
        for actor in owner:
            if actor.kind in MOTOR:
                actor.does("drop_cargo")

    def _do_prevent(self, event: Event) -> None:
        for phrase in event.things:
            if phrase.category == "lanechange":
                self.deny("no lane change")
            elif phrase.category == "overtaking":
                self.deny("no overtaking")
            elif phrase.category == "turn":
                self.deny("no turn")
            elif phrase.category == "collision":
                self.deny("no collision")
            elif phrase.category == "deed":
                self.deny({"merge": "", "brake": "no braking", "stop": "no stop"}.get(phrase.value, ""))

    def _do_avoid(self, event: Event) -> None:
        if event.thing("collision"):
            self.deny("no collision")

    def _do_fail(self, event: Event) -> None:
        for phrase in event.things:
            if phrase.category == "denied" and phrase.value == "priority":
                self.deny("no yield")
            if phrase.category == "signal":
                for doer in event.doers():
                    if not doer.is_ego and event.lemma in ("ignore", "disregard", "disobey", "violate", "fail"):
                        doer.does("run_red_light")
                        event.done.append((doer, "run_red_light"))

    # ---- positions

    def _positions(self, event: Event) -> None:
        owners = [a for a in event.doers() if not a.is_ego] or [a for a in event.subject if not a.is_ego]
        for phrase in event.things if event.lemma == "line" else ():
            for owner in owners if phrase.category in ("side", "lane", "feature") else ():
                self.place(owner, Place("on", "on", phrase, []), event)
        for place in event.places:
            if place.prep == "pos" and place.value == "ahead" and event.concept in ("overtake",) and not place.phrase:
                continue
            for owner in owners:
                self.place(owner, place, event)
            if not owners and any(a.is_ego for a in event.doers()):
                self._ego_place(place, event)

    def _ego_place(self, place: Place, event: Event | None) -> None:
        """What the ego is behind is ahead of it."""
        if (
            place.prep in ("pos",)
            and place.value == "behind"
            and place.phrase is not None
            and (event is None or event.concept != "hide")
        ):
            for actor in place.actors:
                if not actor.is_ego:
                    actor.relate("ahead")
        if (
            place.prep == "pos"
            and place.value == "ahead"
            and place.phrase is not None
            and (event is None or event.concept not in ("turn",))
        ):
            for actor in place.actors:
                if not actor.is_ego and "cross" not in actor.manoeuvre:
                    actor.relate("behind")

    def place(self, actor: Actor, place: Place, event: Event | None = None) -> None:
        """One adjunct of one road user."""
        before, hidden = list(actor.relation), actor.occluded_by
        self._place(actor, place, event)
        told = [("relation", word) for word in actor.relation if word not in before]
        if actor.occluded_by is not hidden and actor.occluded_by is not None:
            told.append(("occluded_by", actor.occluded_by.kind))
        for key, word in told:
            for item in place.items[-1:] if key == "relation" and len(place.items) < 2 else place.items:
                if item.category != "actor":
                    item.mark(actor, key, word)

    def _place(self, actor: Actor, place: Place, event: Event | None) -> None:
        if actor.is_ego:
            self._ego_place(place, event)
            return
        phrase = place.phrase
        if (
            phrase is not None
            and phrase.value in ("on_ramp", "off_ramp", "ramp")
            and event is None
            and place.prep in ("from", "out_of", "on")
            and phrase.head is not None
        ):
            self.ramps.append(phrase.head)
        others = [other for other in place.actors if not other.is_ego and other is not actor]
        if actor in place.actors and place.prep in ("pos", "behind_out"):
            return
        if (
            place.prep == "between"
            and "from" not in place.lemma
            and "out" not in place.lemma
            and (
                event is None
                or event.lemma in AMBLES
                or event.concept not in ("run", "emerge", "cross", "merge", "pull", "move")
            )
        ):
            return
        if place.prep in ("behind_out", "between") or (
            place.prep == "pos"
            and place.value == "behind"
            and others
            and event is not None
            and event.concept in ("hide", "emerge")
        ):
            if others:
                if event is None or event.concept not in ("stand",) or place.prep == "behind_out":
                    actor.occluded_by = others[0]
                return
            if place.prep == "behind_out" and (phrase is None or any(a.is_ego for a in place.actors)):
                actor.relate("ahead" if "front" in place.lemma else "behind")
            return
        if place.prep == "pos":
            self._position(actor, place, others, event)
        elif place.prep == "side" or (phrase is not None and phrase.category == "side"):
            self._side(actor, place, event, others)
        elif phrase is not None and phrase.category in ("lane", "path"):
            self._lane(actor, place, phrase, event)
        elif phrase is not None and phrase.value in ("bus_lane", "bike_lane") and phrase.direction in ("left", "right"):
            actor.relate(f"{phrase.direction}_lane" if place.prep in ("in", "on", "along", "from") else "")
        elif (
            phrase is not None
            and phrase.value == "lane_closure"
            and phrase.head is not None
            and place.prep in ("in", "on")
        ):
            sides = [word for word in ("left", "right") if word in phrase.head.lemma.split()]
            actor.relate(*[f"{word}_lane" for word in sides])
        elif phrase is not None and phrase.category == "shoulder":
            if (
                place.prep in ("on", "from", "into", "at", "along", "to", "in", "out_of", "with", "pos", "across")
                and not others
                and not any(d.category == "poss" for d in phrase.dets)
            ):
                actor.relate(side_of(phrase.direction, self.keeps_left), "on_shoulder")
        elif phrase is not None and _comes_at_ego(place, event):
            actor.relate("oncoming" if actor.kind not in ("debris", "cone") else "")
        elif (
            phrase is not None
            and (phrase.value in ("roundabout", "intersection") or place.value == "it")
            and place.prep in ("in", "on")
        ):
            self._junction(actor, place, phrase, event)
        elif (
            (
                phrase is not None
                and phrase.category in ("denied", "place", "feature", "opaque")
                and phrase.direction
                and place.prep in ("on", "from", "at", "out_of")
            )
            and phrase.direction in ("left", "right")
            and (event is None or event.concept not in ("turn",))
        ) and (phrase.category != "feature" or phrase.value in ("driveway", "bus_stop")):
            actor.relate(side_of(phrase.direction, self.keeps_left))

    def _junction(self, actor: Actor, place: Place, phrase: NounPhrase, event: Event | None) -> None:
        if (
            phrase.value == "roundabout"
            or place.value == "it"
            or place.prep == "in"
            or (place.prep == "on" and phrase.value == "roundabout")
        ) and (
            event is None
            or event.concept in ("be", "stand", "move", "stuck", "stop", "slow_move", "other")
            or event.existential
        ):
            actor.relate("in_junction")

    def _position(self, actor: Actor, place: Place, others: list[Actor], event: Event | None) -> None:
        phrase = place.phrase
        if (
            phrase is not None
            and phrase.category not in ("actor", "ego", "pron", "lane", "path", "side", "collision")
            and not place.actors
        ):
            return
        if place.value == "oncoming":
            if event is None or event.concept not in ("overtake", "pull", "swerve", "lane_change"):
                actor.relate("oncoming")
            return
        if others and phrase is not None:
            return
        if place.value in ("ahead", "behind"):
            actor.relate(place.value)

    def _side(self, actor: Actor, place: Place, event: Event | None, others: list[Actor]) -> None:
        phrase = place.phrase
        value = phrase.value if phrase is not None else place.value
        if others:
            return
        if value in ("opposite",) and place.prep in ("from", "in", "on", "to"):
            lemma = phrase.head.lemma if phrase is not None and phrase.head is not None else ""
            if "side" not in lemma:
                actor.relate("oncoming")
            return
        if value == "rear" and place.prep in ("from", "at", "to"):
            actor.relate("behind")
            return
        if value == "front" and place.prep in ("from",):
            actor.relate("oncoming")
            return
        side = side_of(phrase.direction or value if phrase is not None else value, self.keeps_left)
        if not side and phrase is not None and phrase.value == "side":
            side = side_of(phrase.direction, self.keeps_left)
        if not side:
            return
        concept = event.concept if event is not None else ""
        if place.prep in ("from", "on", "at", "in", "out_of", "along", "with", "by"):
            if concept in ("signal",) or (place.prep == "on" and concept == "illuminate"):
                return
            if place.prep == "on" and event is not None and event.lemma in ("turn into", "turn off"):
                return
            actor.relate(side)
        elif place.prep in ("to", "pos"):
            owned = any(a.is_ego for a in place.actors) or (
                phrase is not None and phrase.of is not None and phrase.of.category == "ego"
            )
            if (
                owned
                or concept in ("be", "stand", "", "cross", "run", "other", "emerge", "approach", "hide")
                or (event is not None and event.existential)
            ):
                actor.relate(side)

    def _lane(self, actor: Actor, place: Place, phrase: NounPhrase, event: Event | None) -> None:
        word = lane_word(phrase, place)
        concept = event.concept if event is not None else ""
        if any(other is not actor and not other.is_ego for other in place.actors):
            return
        target = place.prep in ("into", "to", "out_of", "across") or (
            place.prep == "in" and concept in ("pull", "cut", "cut_in", "swerve", "lane_change")
        )
        if place.prep == "from" and concept in ("prevent",):
            return
        if target:
            if (
                place.prep == "into"
                and concept in ("run", "fall", "move")
                and actor.kind in LIVING | {"debris"}
                and word == "ego"
                and concept == "fall"
            ):
                actor.relate("same_lane")
            return
        if word in ("left", "right"):
            if place.prep in ("in", "on", "from", "at", "along", "with", "over", "pos"):
                actor.relate(f"{word}_lane")
        elif word == "ego" and phrase.category == "lane":
            actor.relate("same_lane")
        elif word == "opposite":
            actor.relate("opposite_lane")
            if concept in ("approach",) or (event is not None and event.lemma in ("come",)):
                actor.relate("oncoming")
        elif word == "adjacent" and phrase.direction in ("left", "right"):
            actor.relate(f"{phrase.direction}_lane")
        elif phrase.category == "path" and word == "ego" and place.prep == "in":
            actor.relate("ahead")


_ = MOVES
