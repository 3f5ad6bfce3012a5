"""Quantities of a sentence: whose speed, which gap, what delay; limits and headways are none of them."""

from scenarios.language.adjuncts import adjunct_owner, owner_of
from scenarios.language.cast import Actor
from scenarios.language.clauses import Walk
from scenarios.language.deeds import Place
from scenarios.language.phrases import Chunk, NounPhrase
from scenarios.language.quantities import Quantity

_FASTER = {
    "faster": 1.0,
    "quicker": 1.0,
    "above": 1.0,
    "more": 1.0,
    "higher": 1.0,
    "slower": -1.0,
    "less": -1.0,
    "below": -1.0,
    "lower": -1.0,
    "under": -1.0,
    "over": 1.0,
}
_LIMIT = frozenset({"limit", "zone", "speed limit", "restriction", "area", "allowed", "permitted", "posted", "limited"})
_NOT_A_GAP = frozenset({"for", "over", "along", "about", "past", "during", "after", "above", "under", "per"})


def take_quantity(walker: Walk, chunk: Chunk, prep: Chunk | None) -> None:
    """Puts one quantity where it belongs."""
    quantity = chunk.item.qty
    if quantity is None:
        return
    measure = walker.measure
    if quantity.kind == "speed":
        _speed(walker, chunk, quantity, prep, measure)
    elif quantity.kind == "length":
        _length(walker, chunk, quantity, prep, measure)
    elif quantity.kind == "time":
        _time(walker, chunk, quantity, prep, measure)
    elif quantity.kind == "share":
        _share(walker, chunk, quantity)


def _next(walker: Walk, offset: int = 1) -> Chunk | None:
    return walker.chunks[walker.at + offset] if walker.at + offset < len(walker.chunks) else None


def _lemma(chunk: Chunk | None) -> str:
    return chunk.item.lemma if chunk is not None else ""


def _owners(walker: Walk, prep: Chunk | None, measure: NounPhrase | None, speed: bool) -> list[Actor]:
    if measure is not None and (measure.owner is not None or any(d.category == "poss" for d in measure.dets)):
        if measure.owner is not None:
            return owner_of(walker, measure)
        event = walker.frame.event
        if event is not None and event.subject:
            return event.doers() or event.subject
        before = walker.cast.subjects[-1] if walker.cast.subjects else []
        return walker.last_actor or before
    event = walker.frame.event
    if event is None:
        return walker.last_actor or walker.frame.subject
    if measure is not None and event.concept == "reveal" and event.objects and not speed:
        return event.objects
    if event.existential or event.concept == "meta":
        return walker.last_actor
    if event.passive and event.agent:
        return event.agent
    if speed:
        if event.concept in ("yield", "stand") and walker.last_actor and not walker.last_actor[0].is_ego:
            return walker.last_actor
        if event.concept == "have" and event.objects:
            return event.objects if not event.subject else event.subject
        return event.doers() or event.subject or walker.last_actor
    owners = adjunct_owner(walker, Place("at", "at", None, []))
    if owners:
        return owners
    if event.subject and all(a.is_ego for a in event.subject):
        others = event.objects or [a for p in event.places for a in p.actors if not a.is_ego]
        if others:
            return others
        latest = walker.cast.latest()
        return [latest] if latest else []
    return event.doers() or event.subject or walker.last_actor


def _speed(walker: Walk, chunk: Chunk, quantity: Quantity, prep: Chunk | None, measure: NounPhrase | None) -> None:
    behind = _next(walker)
    if (measure is not None and measure.value in ("limit", "decel", "width")) or _limit_near(walker):
        return
    earlier = walker.chunks[walker.at - 1] if walker.at else None
    if earlier is not None and earlier.item.lemma in ("exceed", "surpass"):
        return
    owners = _owners(walker, prep, measure, True)
    doing = walker.frame.event
    if doing is not None and doing in walker.dangling and not owners:
        doing.speeds.append(quantity)
        chunk.item.use = "speed"
        return
    if _lemma(behind) in ("faster", "slower", "quicker") and owners and _lemma(_next(walker, 2)) != "than":
        base = walker.cast.ego if not owners[0].is_ego else walker.cast.latest()
        if base is not None:
            sign = _FASTER[_lemma(behind)]
            walker.comparisons += [("plus", sign, quantity.value, owner, base) for owner in owners]
            chunk.item.use = "speed"
        return
    if behind is not None and _lemma(behind) in _FASTER and _lemma(_next(walker, 2)) == "than":
        walker.compare = ("plus", _FASTER[_lemma(behind)], quantity.value, owners)
        return
    event = walker.frame.event
    if event is not None and event.denied:
        return
    value = quantity.value
    if event is not None and event.concept in ("brake", "accelerate") and chunk.item.qty is not None:
        if prep is None and value[0] is not None and value[1] is not None and value[0] != value[1]:
            first = value[1] if event.concept == "brake" else value[0]
            value = (first, first)
        elif (prep is not None and prep.value in ("to", "by") and walker.said_from) or (
            prep is not None and prep.item.lemma == "by"
        ):
            return
    if (
        walker.frame.kind in ("trigger",)
        and event is not None
        and event.concept in ("approach", "brake", "accelerate", "other", "begin", "be")
    ) and event.concept != "be":
        walker.frame.deed = True
        arrives = event.concept == "approach" and prep is not None and prep.item.lemma == "at"
        if not arrives or any(owner.is_ego for owner in owners):
            return
    if prep is not None and prep.value == "from":
        walker.said_from = True
    for owner in owners:
        if owner.speed is None:
            owner.speed = value
            chunk.item.use = "speed"
        for member in owner.members:
            member.speed = member.speed or value
    chunk.item.use = chunk.item.use or ""


def _limit_near(walker: Walk) -> bool:
    around = walker.chunks[max(0, walker.at - 3) : walker.at + 2]
    return any(
        c.item.value == "limit"
        or c.item.lemma in _LIMIT
        or (c.np is not None and c.np.value == "limit")
        or c.item.lemma in ("restrict", "limited")
        for c in around
    )


def _gap_cue(walker: Walk, prep: Chunk | None, measure: NounPhrase | None) -> bool | None:
    """True for a gap to the ego, None where it is a distance to something else or no distance."""
    behind, second = _next(walker), _next(walker, 2)
    if measure is not None and measure.value == "gap" and (behind is None or behind.value in ("across", "along", "on",
    "in", "over", "through", "at", "when", "while")):  # fmt: skip
        return True
    if measure is not None and measure.value in ("sight", "width", "headway", "decel", "limit"):
        return None
    if (
        prep is not None
        and prep.value in _NOT_A_GAP
        and prep.kind == "prep"
        and prep.item.lemma not in ("at", "by", "over", "about")
    ):
        return None
    if prep is not None and prep.item.lemma in ("for", "along", "over", "after"):
        return None
    doing = walker.frame.event
    if prep is not None and prep.item.lemma == "by" and doing is not None and doing.concept in ("reverse", "swerve"):
        return None
    at = 1
    if (
        behind is not None
        and behind.kind in ("adv", "adj")
        and behind.item.lemma
        in (
            "away",
            "further",
            "down",
            "up",
            "apart",
            "back",
            "off",
            "farther",
            "directly",
            "distant",
            "immediately",
            "straight",
            "further up",
            "long",
            "wide",
            "high",
            "tall",
            "nearby",
        )
    ):
        if behind.item.lemma in ("long", "wide", "high", "tall", "apart"):
            return None
        at = 2
        behind, second = second, _next(walker, 3)
    if behind is None:
        return True
    if behind.np is not None and behind.np.value in ("sight", "width", "headway", "limit", "decel"):
        return None
    if behind.kind == "pos" and behind.value in ("ahead", "behind", "oncoming", "beside"):
        if second is not None and second.np is not None and second.kind == "np":
            if second.np.category in ("actor", "pron"):
                return None if _other_actor(walker, second.np, behind) else True
            if second.np.category in (
                "place",
                "feature",
                "signal",
                "opaque",
                "shoulder",
                "denied",
                "collision",
            ) and behind.item.lemma.endswith((" of", "behind", "next to", "beside")):
                return None
        return True
    if (
        behind.kind in ("prep", "sub")
        and second is not None
        and second.np is not None
        and behind.value
        in (
            "from",
            "of",
            "to",
            "before",
            "after",
            "past",
            "out_of",
            "into",
            "on",
            "when",
            "under",
            "across",
            "along",
            "in",
        )
    ):
        if second.np.category in ("ego", "side"):
            return True
        if second.np.category in ("actor", "pron"):
            return True if not _other_actor(walker, second.np, behind) else None
        if behind.value in ("before", "after", "past", "from", "out_of", "across", "into") or (
            behind.value == "to" and measure is None and at == 1
        ):
            return None
    return True


def _other_actor(walker: Walk, phrase: NounPhrase, pos: Chunk) -> bool:
    """Whether the gap is measured to another road user."""
    if phrase.category == "pron" and phrase.pronoun is not None and phrase.pronoun.value == "ego":
        return False
    _ = pos
    actors = walker.resolver.peek(phrase)
    owners = walker.frame.event.subject if walker.frame.event is not None else walker.last_actor
    if any(a.is_ego for a in owners):
        return False
    if not actors:
        return phrase.category == "actor"
    return not any(a.is_ego for a in actors)


def _length(walker: Walk, chunk: Chunk, quantity: Quantity, prep: Chunk | None, measure: NounPhrase | None) -> None:
    cue = _gap_cue(walker, prep, measure)
    if (
        cue
        and walker.frame.event is None
        and not walker.last_actor
        and not walker.frame.subject
        and walker.frame.kind == "main"
    ):
        walker.front_gap = quantity.value
        walker.gap_told = measure is not None and measure.value == "gap"
        chunk.item.use = "distance"
        return
    doing = walker.frame.event
    told = (
        doing is not None
        and doing.subject
        and not doing.subject[0].is_ego
        and doing.concept not in ("be", "approach", "have", "begin", "other", "fall")
    )
    if cue and _inserted(walker):
        for owner in walker.frame.subject:
            owner.distance = owner.distance or quantity.value
        chunk.item.use = "distance"
        return
    if walker.frame.kind in ("trigger", "before") and not (told and cue and _is_position(_next(walker))):
        walker.frame.numbers.append((quantity, "gap" if cue else "", measure))
        if cue:
            chunk.item.use = "trigger"
        return
    if not cue:
        return
    before = walker.chunks[walker.at - 1] if walker.at else None
    if (
        before is not None
        and before.np is not None
        and before.np.category in ("place", "feature", "surface")
        and prep is None
        and not _is_position(_next(walker))
    ):
        return
    event = walker.frame.event
    if (
        event is not None
        and prep is None
        and measure is None
        and event.concept in ("move", "slow_move", "reverse")
        and not _is_position(_next(walker))
        and not (event.subject and event.subject[0].is_ego is False and walker.last_actor != event.subject)
    ) and _lemma(_next(walker)) not in ("away", "further", "down", "up", "back", "off"):
        return
    owners = _owners(walker, prep, measure, False)
    following = _next(walker, 2)
    if (
        all(o.is_ego for o in owners)
        and _is_position(_next(walker))
        and following is not None
        and following.np is not None
        and following.np.category == "actor"
    ):
        walker.next_gap = quantity.value
        chunk.item.use = "distance"
        return
    for owner in owners:
        if not owner.is_ego and owner.distance is None:
            owner.distance = quantity.value
            chunk.item.use = "distance"


def _inserted(walker: Walk) -> bool:
    """`when the van ahead, 35 m in front, brakes`: the gap is told of the van between commas."""
    frame, before, behind = walker.frame, walker.chunks[walker.at - 1 : walker.at], walker.chunks[walker.at + 2 :]
    commas = before != [] and before[0].value == "," and behind[:1] != [] and behind[0].value == ","
    doer = len(frame.subject) > 0 and not any(actor.is_ego for actor in frame.subject)
    verb_next = len(behind) > 1 and behind[1].kind == "verb"
    return commas and doer and verb_next and frame.event is None and _is_position(_next(walker))


def _is_position(chunk: Chunk | None) -> bool:
    return chunk is not None and (
        chunk.kind == "pos" or chunk.item.lemma in ("away", "to", "from", "further", "further ahead")
    )


def _time(walker: Walk, chunk: Chunk, quantity: Quantity, prep: Chunk | None, measure: NounPhrase | None) -> None:
    behind, second = _next(walker), _next(walker, 2)
    kind = ""
    before = walker.chunks[walker.at - 1] if walker.at else None
    if (
        (measure is not None and measure.value == "ttc")
        or (behind is not None and behind.np is not None and behind.np.value == "ttc")
        or any(c.np is not None and c.np.value == "ttc" for c in walker.chunks[max(0, walker.at - 6) : walker.at])
    ):
        kind = "ttc"
    elif (measure is not None and measure.value in ("headway", "latency", "gap", "sight", "width")) or (
        behind is not None and behind.np is not None and behind.np.value in ("headway", "gap", "latency")
    ):
        return
    elif (
        (behind is not None and behind.kind == "sub" and behind.value == "before")
        or (
            behind is not None
            and behind.kind in ("prep", "np", "verb", "adv")
            and behind.item.lemma in ("to", "until", "from", "ahead of")
            and second is not None
            and second.np is not None
            and second.np.category == "collision"
        )
        or (behind is not None and behind.item.lemma in ("away",) and walker.frame.kind == "trigger")
    ):
        kind = "ttc"
    elif behind is not None and behind.kind == "sub" and behind.value in ("after", "once", "when"):
        return
    elif (
        (
            behind is not None
            and behind.item.lemma
            in (
                "later",
                "later on",
                "afterwards",
                "thereafter",
                "after that",
                "into",
                "in",
                "afterward",
                "from",
                "after",
            )
        )
        or (walker.frame.kind == "trigger" and walker.frame.word in ("after", "once") and not walker.frame.had_verb)
        or (prep is not None and prep.item.lemma in ("at", "after"))
        or (before is not None and before.item.lemma in ("=", "t"))
        or (prep is not None and prep.value == "with" and behind is not None and behind.item.lemma == "delay")
    ):
        kind = "time"
    if not kind:
        return
    chunk.item.use = "trigger"
    if walker.frame.kind in ("trigger", "before"):
        walker.frame.numbers.append((quantity, kind, measure))
        return
    walker.moment(kind, quantity)


def _share(walker: Walk, chunk: Chunk, quantity: Quantity) -> None:
    behind = _next(walker)
    if (
        behind is not None
        and _lemma(behind) in _FASTER
        and _lemma(_next(walker, 2)) == "than"
        and quantity.value[0] is not None
    ):
        sign = _FASTER[_lemma(behind)]
        walker.compare = ("times", 1 + sign * quantity.value[0], quantity.value, _owners(walker, None, None, True))


def apply_comparisons(walker: Walk) -> None:
    """Works out `twice its speed` where the base is stated."""
    for kind, factor, value, owner, base in walker.comparisons:
        if owner is base or base.speed is None or owner.speed is not None:
            continue
        low, high = base.speed
        if kind == "times":
            owner.speed = (_scaled(low, factor), _scaled(high, factor))
        else:
            owner.speed = (_shifted(low, factor, value[0]), _shifted(high, factor, value[1]))


def _scaled(end: float | None, factor: float) -> float | None:
    return None if end is None else end * factor


def _shifted(end: float | None, sign: float, delta: float | None) -> float | None:
    return None if end is None or delta is None else max(0.0, end + sign * delta)


def in_phrase(walker: Walk, phrase: NounPhrase, actors: list[Actor], chunk: Chunk) -> None:
    """Quantities inside a noun phrase: `a 40 km/h cyclist`, `a 20 m gap`, `a 2 s headway`."""
    inner = [m for m in phrase.mods if m.category == "qty" and m.qty is not None]
    if phrase.category == "measure":
        walker.measure = phrase
    elif phrase.category in ("actor", "ego"):
        walker.measure = None
    if phrase.value == "speed" and not inner and any(m.value == "same" for m in phrase.mods):
        owners = _owners(walker, None, None, True)
        base = walker.cast.latest() if any(a.is_ego for a in owners) else walker.cast.ego
        if base is not None:
            walker.comparisons += [("times", 1.0, (None, None), owner, base) for owner in owners]
    for item in inner:
        quantity = item.qty
        assert quantity is not None
        if phrase.category in ("actor", "ego") and quantity.kind == "speed":
            for actor in actors:
                actor.speed = actor.speed or quantity.value
            item.use = "speed"
        elif phrase.value == "gap" and quantity.kind == "length":
            _gap_phrase(walker, phrase, item, quantity)
        elif phrase.value == "ttc" and quantity.kind == "time":
            item.use = "trigger"
            if walker.frame.kind in ("trigger", "before"):
                walker.frame.numbers.append((quantity, "ttc", phrase))
            else:
                walker.moment("ttc", quantity)
        elif (
            phrase.value == "latency"
            and quantity.kind == "time"
            and phrase.head is not None
            and phrase.head.lemma == "delay"
            and not walker.radio
        ):
            walker.moment("time", quantity)
        elif phrase.value == "speed" and quantity.kind == "speed":
            for owner in _owners(walker, None, phrase, True):
                owner.speed = owner.speed or quantity.value
            item.use = "speed"
    _ = chunk


def _gap_phrase(walker: Walk, phrase: NounPhrase, item: object, quantity: Quantity) -> None:
    if walker.frame.kind in ("trigger", "before"):
        walker.frame.numbers.append((quantity, "gap", phrase))
        return
    owners = [a for a in _owners(walker, None, None, False) if not a.is_ego]
    if not owners:
        latest = walker.cast.latest()
        owners = [latest] if latest else []
    for owner in owners:
        owner.distance = owner.distance or quantity.value
