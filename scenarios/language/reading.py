"""English in, slots out, with the account of how each phrase was read."""

import re
from collections.abc import Callable
from functools import partial

from scenarios.language.account import account_of, not_understood, settle_quantities
from scenarios.language.adjuncts import owner_of
from scenarios.language.amounts import apply_comparisons, in_phrase, take_quantity
from scenarios.language.cast import Actor, Cast
from scenarios.language.choices import assumed_of
from scenarios.language.clauses import Walk
from scenarios.language.conditions import apply_link, apply_links, numbered
from scenarios.language.corrections import corrected
from scenarios.language.deeds import Event, Place
from scenarios.language.denials import denial_of, nobody, said_denials
from scenarios.language.effects import Effects
from scenarios.language.lexicon import Entry
from scenarios.language.phrases import Chunk, NounPhrase, chunks_of
from scenarios.language.quantities import Quantity
from scenarios.language.setting import Setting, read_setting, road_of, v2x_of
from scenarios.language.slots import SEVERAL, EgoSlots, Reading, Slots, TriggerSlots
from scenarios.language.spelling import repair
from scenarios.language.tagging import Item, items_of, settle
from scenarios.language.tokens import Token, tokenize
from scenarios.language.walk import read_sentence

_KEEPS_LEFT = re.compile(
    r"(?:(,?\s*(as|where|since|because)\s+)|(?<!\w\s))(traffic|vehicles|cars|one|everyone)\s+(?:\w+\s+)?(keeps?"
    r"|drives?|driving|runs?|is|are|moves?)?\s*(?:on\s+)?(?:to\s+)?the\s+left(?!\w|\s+(lane|side of|hand lane))"
    r"|(,?\s*(as|where|since|because)\s+)?traffic keeps?\s+left(\s+here)?|left[- ]hand traffic|keeps?\s+left"
    r"|keep(ing)? (to the )?left|drives? on the left|left-hand drive country",
    re.IGNORECASE,
)
_RADIO_DOWN = re.compile(
    r"(v2\w|radio|dsrc|link|connection|connectivity|communication|cooperative awareness|unit|channel|obu|rsu)\b[^.;"
    r",]{0,30}?\b(unavailable|not available|fail(s|ed|ing)?|"
    r"is lost|was lost|is down|are down|goes down|went down|offline|jammed|disabled|switched off|turned off"
    r"|out of (order|range|service|action)|is broken|is dead|has broken|"
    r"drops? out|does not work|doesn't work|not working|is off|is out|breaks? down|missing|has dropped"
    r"|not function\w*|not equipped|inoperative|interrupted|absent)"
    r"|(lost|lacks?|loses|failed|broken|dead|missing|without|no working|out of) (its |the |any |a )?(v2\w|c-v2x"
    r"|dsrc|radio)",
    re.IGNORECASE,
)
_UNIT_WORDS = frozenset(
    {"target", "object", "actor", "v", "unit", "vehicle", "car", "veh", "driver", "truck", "motorist", "no", "tv"}
)


def read(text: str) -> Reading:
    """Reads an English description of a driving scene.

    Args:
        text: one or more sentences; misspelt words are repaired where the lexicon knows what was meant.

    Returns:
        The slots of the contract with the account, the choices made between readings, and what was not understood.
    """
    return _Reader(text).read()


class _Reader:
    """One text under way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = repair(tokenize(text))
        for kept in _KEEPS_LEFT.finditer(text):
            if not re.search(r"traffic|vehicles|cars", kept.group(), re.IGNORECASE):
                continue
            self.tokens = [t for t in self.tokens if not kept.start() <= t.start < kept.end()]
        self.items = corrected(settle(_units(_possessives(items_of(self.tokens)), self.tokens)))
        self.cast = Cast()
        self.effects = Effects(self.cast)
        self.walker = Walk(self.cast)
        self.effects.keeps_left = bool(_KEEPS_LEFT.search(text))
        self.skipped: set[int] = set()
        self.modifiers: set[int] = set()
        self.owned: dict[int, str] = {}
        self.loss_free = False
        self.signal_denied = False
        walker = self.walker
        walker.on_event = self.effects.emit
        walker.on_quantity = lambda chunk, prep: take_quantity(walker, chunk, prep)
        walker.on_phrase = self._phrase
        walker.on_place = self.effects.place
        walker.radio = any(item.category == "radio" for item in self.items)

    def read(self) -> Reading:
        for sentence in _sentences(self.items, self.tokens):
            sentence = _without_preamble(sentence)
            chunks = chunks_of(sentence)
            self._premark(chunks)
            read_sentence(self.walker, chunks)
            for event in self.walker.events:
                if not event.emitted:
                    event.emitted = True
                    self.effects.emit(event)
            self._finish_sentence(chunks)
        apply_comparisons(self.walker)
        slots = self._slots()
        settle_quantities(self.items, slots, self._present())
        return Reading(
            self.text,
            slots,
            account_of(self.text, self.tokens, self.items, slots, self._present()),
            assumed_of(slots, self.items, self._present(), self.text),
            not_understood(self.text, self.tokens, self.items),
        )

    # ---- per sentence

    def _premark(self, chunks: list[Chunk]) -> None:
        """Whose ramp or car park it is, which places only describe a road user."""
        for chunk in chunks:
            phrase = chunk.np
            if phrase is None:
                continue
            if phrase.category in ("actor",):
                self.modifiers |= {
                    id(m)
                    for m in phrase.mods
                    if m.category in ("place", "feature", "signal", "light", "weather", "surface", "radio")
                }
            if phrase.denied:
                self.skipped |= {id(m) for m in phrase.items}

    def _finish_sentence(self, chunks: list[Chunk]) -> None:
        walker = self.walker
        timed: list[tuple[int, int, Callable[[], None]]] = [
            (self._at(event), 1, partial(self._moment, kind, quantity, event))
            for kind, quantity, event in walker.moments
        ]
        timed += [(at, 0, partial(apply_link, walker, link)) for at, link in numbered(walker)]
        walker.moments = []
        for _, _, give in sorted(timed, key=lambda row: row[:2]):
            give()
        apply_links(walker)
        self._notes()
        self._denials(chunks)
        for phrase in walker.emptied:
            lemma = phrase.pronoun.lemma if phrase.pronoun is not None else ""
            word = nobody(phrase, chunks)
            if word:
                self.effects.deny(word)
                phrase.items[-1].mark(None, "negations", word)
            elif any(c.kind == "verb" and c.group is not None and c.group.concept == "warn" for c in chunks):
                continue
            elif (
                "else" in lemma
                or any(c.np is not None and c.np.category == "place" for c in chunks)
                or any(c.item.lemma in ("around", "ahead") for c in chunks)
            ):
                self.effects.deny("no other vehicles")
                phrase.items[-1].mark(None, "negations", "no other vehicles")
        walker.emptied = []
        walker.resolver.last_it = None
        self._places_owned()
        walker.events = []

    def _at(self, event: Event | int | None) -> int:
        if isinstance(event, int):
            return event
        return self.walker.events.index(event) if event in self.walker.events else len(self.walker.events)  # type: ignore[arg-type]

    def _moment(self, kind: str, quantity: Quantity, event: Event | int | None) -> None:
        events = self.walker.events
        if isinstance(event, int):
            event = events[event] if event < len(events) else None
        at = events.index(event) if event in events else -1  # type: ignore[arg-type]
        order = [*events[at::-1], *events[at + 1 :]] if at >= 0 else events
        if at >= 0 and not events[at].done and at + 1 < len(events):
            order = [*events[at:], *events[:at][::-1]]
        for candidate in order:
            for actor, word in candidate.done:
                if not actor.is_ego and word and actor.trigger is None:
                    actor.trigger = TriggerSlots(kind, quantity.value)
                    return

    def _notes(self) -> None:
        for kind, actor, chunk in self.walker.notes:
            if kind == "adj" and actor is not None:
                self._adjective(actor, chunk.item)
            elif kind == "manner" and actor is not None and not actor.is_ego:
                actor.does("drive_slowly")
            elif kind == "instead" and chunk.np is not None:
                self.skipped |= {id(item) for item in chunk.np.items}
        self.walker.notes = []

    def _adjective(self, actor: Actor, item: Item) -> None:
        head, _, value = item.value.partition(":")
        if actor.is_ego:
            if (head == "state" and value == "stand_still") or value == "parked":
                actor.does("stop")
            return
        if head == "relation":
            actor.relate(value)
            for other in self.cast.actors:
                if value == "parked" and other.like is actor:
                    other.relate(value)
            if value == "crossing" and item.lemma != "cross":
                actor.does("cross")
        elif head == "state":
            actor.does(value)
        elif item.value == "unlit":
            self.effects.deny("no lights")
        if value:
            item.mark(actor, "relation" if head == "relation" else "manoeuvre", value)

    def _phrase(self, phrase: NounPhrase, actors: list[Actor], chunk: Chunk) -> None:
        """Modifiers of a noun phrase go to its road users at once."""
        for actor in actors:
            for item in phrase.mods:
                if item.category == "adj" and item.value.startswith(("relation:", "state:")):
                    self._adjective(actor, item)
                elif item.category == "adj" and item.value == "unlit":
                    self.effects.deny("no lights")
                    item.mark(None, "negations", "no lights")
                elif item.category == "adj" and item.value.startswith("dir:") and phrase.category == "actor":
                    actor.relate(item.value[4:])
                    item.mark(actor, "relation", item.value[4:])
                elif item.category == "adj" and item.lemma in ("nearside", "near side", "offside"):
                    actor.relate("left" if (item.lemma != "offside") == self.effects.keeps_left else "right")
                elif item.category == "lane":
                    if item.value in ("left", "right"):
                        actor.relate(f"{item.value}_lane")
                    elif item.value == "opposite":
                        actor.relate("opposite_lane")
                elif item.category == "shoulder":
                    actor.relate("on_shoulder")
            if phrase.head is not None and phrase.head.category == "actor" and not actor.is_ego:
                phrase.head.mark(actor, "class", actor.kind)
            for item in phrase.items:
                if item.category == "num" or (
                    item.category == "det" and item.value in ("several", "pair", "trio", "dozen")
                ):
                    item.mark(actor, "count", str(actor.count))
        if phrase.category == "part":
            self._part(phrase)
        if phrase.category in ("place", "denied", "feature") and any(item.value == "unlit" for item in phrase.mods):
            self.effects.deny("no street lights")
        in_phrase(self.walker, phrase, actors, chunk)

    def _part(self, phrase: NounPhrase) -> None:
        """Sirens, indicators and paddles that are on make their owner signal."""
        walker = self.walker
        if phrase.value not in ("signal", "high_beam"):
            return
        event = walker.frame.event
        owners = owner_of(walker, phrase) if phrase.owner is not None else []
        if not owners and event is not None and event.concept in ("hold", "have", "illuminate", "signal"):
            return
        if not owners:
            owners = walker.last_actor or (event.subject if event is not None else [])
            before = walker.chunk(-2)
            told = (
                walker.last[1] if walker.last is not None and before is not None and before.np is walker.last[0] else []
            )
            doers = [a for a in (event.doers() if event is not None else []) if not a.is_ego]
            if told and not told[0].is_ego:
                owners = told
            elif doers and all(a.is_ego for a in owners):
                owners = doers
        if event is not None and event.denied:
            self.effects.deny("no signal")
            return
        window = " ".join(token.norm for token in self.tokens[phrase.items[-1].last : phrase.items[-1].last + 3])
        if window.startswith(("off", "is off", "are off", "switched off", "turned off", "not ")):
            return
        for owner in owners:
            if not owner.is_ego and phrase.value == "signal":
                owner.does("signal")
                if event is not None and owner in event.doers():
                    event.done.append((owner, "signal"))
                if phrase.head is not None:
                    phrase.head.mark(owner, "manoeuvre", "signal")

    def _denials(self, chunks: list[Chunk]) -> None:
        for phrase, chunk in self.walker.denials:
            at = chunks.index(chunk)
            following = ""
            for later in chunks[at + 1 : at + 5]:
                if later.kind == "pos" and later.value in ("ahead", "behind", "oncoming"):
                    following = later.value
                    break
                if (
                    later.kind == "np"
                    and later.np is not None
                    and later.np.category == "lane"
                    and later.np.value == "opposite"
                ):
                    following = "oncoming"
                if later.kind == "punct":
                    break
            word = denial_of(phrase, following)
            if phrase.category == "measure" and phrase.value == "loss":
                self.loss_free = True
                word = ""
            if phrase.category == "signal" and phrase.value == "traffic_light":
                self.skipped |= {id(item) for item in phrase.items}
                self.signal_denied = True
                continue
            self.effects.deny(word)
            for item in phrase.items:
                if word:
                    item.mark(None, "negations", word)
                self.skipped.add(id(item))
        self.walker.denials = []

    def _places_owned(self) -> None:
        """Ramps that only another road user takes, car parks that it comes out of."""
        for event in self.walker.events:
            doers = event.doers() or event.subject
            others = bool(doers) and not any(a.is_ego for a in doers)
            for phrase in [*event.things, *(place.phrase for place in event.places if place.phrase is not None)]:
                head = phrase.head
                if head is None or head.category != "place":
                    continue
                if head.value in ("on_ramp", "off_ramp", "ramp") and id(head) not in self.owned:
                    moving = event.concept in (
                        "merge",
                        "exit",
                        "enter",
                        "turn",
                        "pull",
                        "move",
                        "approach",
                        "emerge",
                        "cut_in",
                        "accelerate",
                        "lane_change",
                        "run",
                        "come_up_behind",
                        "cut",
                    )
                    place = next((p for p in event.places if p.phrase is phrase), None)
                    moving = moving and (
                        place is None
                        or place.prep in ("from", "to", "into", "out_of", "along", "across", "by", "at", "past")
                    )
                    if (
                        others
                        and moving
                        and not any(p.actors and p.actors[0].is_ego for p in event.places if p.phrase is phrase)
                    ):
                        self.owned[id(head)] = "actor"
                elif (
                    head.value == "parking"
                    and others
                    and any(p.phrase is phrase and p.prep in ("from", "out_of", "of") for p in event.places)
                    and event.concept in ("merge", "exit", "emerge", "pull", "reverse", "move", "enter", "turn")
                ):
                    self.owned[id(head)] = "actor_source"

    # ---- the whole

    def _present(self) -> list[Actor]:
        """Those that get an entry: not the loads and trailers that only belong to somebody."""
        return [
            actor
            for actor in self.cast.actors
            if not actor.gone
            and not (actor.towed and not actor.manoeuvre and not actor.relation)
            and not (actor.boarded and not actor.manoeuvre and not actor.relation)
        ]

    def _slots(self) -> Slots:
        for head in self.effects.ramps:
            if not {"exit", "merge"} & set(self.cast.ego.manoeuvre):
                self.owned[id(head)] = "actor"
        setting = read_setting(self.items, self.tokens, self.skipped, self.modifiers, self.owned)
        self._settle_setting(setting)
        actors = self._present()
        oncoming = any("oncoming" in a.relation or "opposite_lane" in a.relation for a in actors)
        shared = any(item.qty is not None and item.qty.kind == "share" for item in self.items)
        setting.v2x = setting.v2x or (shared and any(t.norm in ("message", "messages", "packets") for t in self.tokens))
        if setting.v2x and not shared and _RADIO_DOWN.search(self.text):
            self.effects.deny("no v2x")
        no_radio = "no v2x" in self.effects.negations
        for word in said_denials(self.text):
            self.effects.deny(word)
        for word in setting.denied:
            self.effects.deny(word)
        if setting.empty:
            self.effects.deny("no other vehicles")
        for word in self.effects.features:
            setting.feature(word)
        v2x = v2x_of(setting, self.items, no_radio)
        if v2x is not None and self.loss_free and v2x.loss is None:
            v2x = type(v2x)(v2x.latency_ms, (0.0, 0.0))
        return Slots(
            road=road_of(setting, self.items, oncoming),
            weather=tuple(setting.weather),
            light=setting.light,
            surface=tuple(setting.surface),
            ego=self._ego(),
            actors=tuple(actor.slots() for actor in actors),
            v2x=v2x,
            negations=tuple(self.effects.negations),
        )

    def _settle_setting(self, setting: Setting) -> None:
        if self.signal_denied and setting.signalized is None:
            setting.signalized = False
        if setting.signalized is None and any("run_red_light" in a.manoeuvre for a in self.cast.actors):
            setting.signalized = True

    def _ego(self) -> EgoSlots:
        ego = self.cast.ego
        manoeuvre = list(ego.manoeuvre)
        moving = ego.speed is not None and (ego.speed[1] is None or ego.speed[1] > 0)
        if self.effects.straight:
            manoeuvre.insert(0, "drive_straight") if "drive_straight" not in manoeuvre else None
        if not manoeuvre and (self.effects.drives or moving):
            manoeuvre = ["drive_straight"]
        return EgoSlots(tuple(manoeuvre), ego.speed)


def _possessives(items: list[Item]) -> list[Item]:
    """`'s` behind a noun owns what follows, unless a verb form says that it is "is"."""
    for at, item in enumerate(items):
        if item.lemma == "'s" and at:
            following = items[at + 1] if at + 1 < len(items) else None
            verbal = (
                following is not None
                and any(e.category == "verb" and e.form in ("ing",) for e in following.meanings)
                and not any(e.category not in ("verb", "adj") for e in following.meanings)
            )
            noun_before = items[at - 1].category not in ("pron", "there", "rel")
            if (
                noun_before
                and not verbal
                and following is not None
                and following.category not in ("det", "adv", "modal", "punct")
            ):
                item.category, item.value, item.meanings = "possessive", "", ()
    return items


def _units(items: list[Item], tokens: list[Token]) -> list[Item]:
    """`V1`, `Unit 2`, `Vehicle B` are names; the one that is introduced as the subject vehicle is the ego."""
    merged: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        following = items[at + 1] if at + 1 < len(items) else None
        first = tokens[item.first]
        named = first.norm in _UNIT_WORDS and item.last - item.first == 1
        name = ""
        if named and following is not None and following.last - following.first == 1:
            text = tokens[following.first].text
            adjoining = tokens[following.first].start - first.end <= 1
            if (
                following.category == "num"
                and text.isdigit()
                and adjoining
                and (
                    first.norm
                    in ("v", "unit", "vehicle", "veh", "car", "tv", "truck", "driver", "target", "object", "actor")
                )
            ):
                after = items[at + 2] if at + 2 < len(items) else None
                if after is None or (after.category != "actor" and after.lemma != "lane"):
                    name = text
            elif (
                len(text) == 1
                and text.isupper()
                and text not in "I"
                and first.norm in ("vehicle", "car", "unit", "driver", "truck")
                and (text != "A" or first.text[0].isupper())
            ):
                name = text
        if name:
            new = Item(
                "actor",
                "truck" if first.norm == "truck" else "car",
                "one",
                f"unit:{name}",
                item.first,
                following.last if following else item.last,
            )
            merged.append(new)
            at += 2
            continue
        merged.append(item)
        at += 1
    _ego_names(merged)
    return merged


def _ego_names(items: list[Item]) -> None:
    for at, item in enumerate(items):
        if item.category == "actor" and item.lemma.startswith("unit:"):
            for near in range(at + 1, min(at + 6, len(items))):
                other = items[near]
                if other.category == "ego":
                    name = item.lemma
                    for every in items:
                        if every.lemma == name and every.category == "actor":
                            every.take(Entry("ego", "ego", "one", "ego"))
                    break
                if other.category not in ("punct", "det", "aux", "adj", "prep", "word") or (
                    other.value in (".", ",") and near > at + 1
                ):
                    break
        if item.category == "ego" and at + 2 < len(items) and items[at + 1].value in ("(", ","):
            other = items[at + 2]
            if other.lemma.startswith("unit:") and at + 3 < len(items) and items[at + 3].value in (")", ","):
                name = other.lemma
                for every in items:
                    if every.lemma == name:
                        every.take(Entry("ego", "ego", "one", "ego"))


def _sentences(items: list[Item], tokens: list[Token]) -> list[list[Item]]:
    sentences: list[list[Item]] = [[]]
    for item in items:
        if item.category == "punct" and item.value in (".", "!", "?", ";", "•"):
            sentences.append([])
        else:
            sentences[-1].append(item)
    _ = tokens
    return [sentence for sentence in sentences if sentence]


_ASKING = frozenset({
    "want", "need", "like", "would like", "think", "see", "know", "test", "simulate", "check", "evaluate", "wonder",
    "look for", "be looking for", "set up", "create",
    "make", "give", "show", "build", "have", "generate", "imagine", "set", "run", "add", "put", "consider", "model",
    "look", "say", "get", "plan",
})  # fmt: skip


def _without_preamble(items: list[Item]) -> list[Item]:
    """Drops "I want", "could you please set up", "we need to test": the writer speaks, not the ego."""
    for at, item in enumerate(items[:7]):
        if item.category == "pron" and item.value == "ego" and item.lemma in ("i", "we", "you", "us", "me"):
            verbs = [
                k
                for k in range(at + 1, min(at + 7, len(items)))
                if items[k].category == "verb"
                or any(e.category == "verb" and e.value in ("begin", "meta") for e in items[k].meanings)
                or items[k].lemma in ("wants to", "want to", "would like to", "need to", "plans to")
            ]
            if not verbs:
                continue
            first = items[verbs[0]]
            text = first.lemma
            if text in _ASKING or (any(e.lemma in _ASKING for e in first.meanings) and text not in ("drive",)):
                driving = [
                    k
                    for k in range(at + 1, min(at + 5, len(items)))
                    if items[k].category == "verb"
                    and items[k].value
                    in (
                        "move",
                        "turn",
                        "overtake",
                        "merge",
                        "lane_change",
                        "park",
                        "exit",
                        "stop",
                        "approach",
                        "enter",
                        "follow",
                        "brake",
                        "pull",
                        "yield",
                    )
                ]
                if (
                    text
                    in ("want", "need", "want to", "need to", "wants to", "would like to", "like", "plan", "plans to")
                    and driving
                    and driving[0] <= verbs[0] + 2
                ):
                    return items
                for dropped in items[: verbs[0] + 1]:
                    dropped.use = dropped.use or "-"
                rest = items[verbs[0] + 1 :]
                while rest and (
                    rest[0].category in ("to", "prep", "adv", "comp")
                    or (rest[0].category == "verb" and rest[0].value == "meta")
                    or (
                        rest[0].category == "pron"
                        and rest[0].value == "ego"
                        and len(rest) > 1
                        and rest[1].category not in ("aux", "verb", "modal")
                    )
                ):
                    rest[0].use = "-"
                    rest = rest[1:]
                return rest
    return items


_ = SEVERAL, Place
