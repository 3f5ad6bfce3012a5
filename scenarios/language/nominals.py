"""Noun phrases by their part in the clause: subject, object, apposition, place, base of a comparison."""

from scenarios.language.adjuncts import attach, note, owner_of
from scenarios.language.cast import Actor
from scenarios.language.clauses import Frame, Walk
from scenarios.language.deeds import NOUN_DEEDS, Event, Place, lane_word
from scenarios.language.lookahead import (
    chunk_before,
    closing,
    coming_verb,
    finite_after,
    list_goes_on,
    subject_here,
    wanted,
)
from scenarios.language.objects import carried, object_here, take_object
from scenarios.language.phrases import Chunk, NounPhrase


def on_np(walk: Walk, chunk: Chunk) -> None:
    """A noun phrase by its part in the clause."""
    phrase = chunk.np
    assert phrase is not None
    _same_lane_again(walk, phrase)
    opening = walk.chunk(-1)
    if phrase.category == "place" and phrase.value != "road":
        walk.last_place = phrase.value
    if (
        phrase.denied
        and phrase.dets[0].lemma == "not a"
        and (opening is None or opening.kind in ("punct", "conj"))
        and phrase.category == "actor"
    ):
        walk.notes.append(("instead", None, chunk))
        return
    if phrase.denied or (walk.prep is not None and walk.prep.value == "without") or denied_too(walk, phrase):
        walk.denials.append((phrase, chunk))
        walk.prep = None
        walk.last = (phrase, [])
        return
    if contrast(walk, phrase) or compared(walk, phrase, chunk):
        return
    prep, walk.prep = walk.prep, None
    for_subject = prep is not None and prep.value == "for" and walk.chunk(1) is not None and walk.kind_at(1) == "verb"
    if prep is not None and not for_subject:
        prepositional(walk, prep, phrase, chunk)
        return
    if for_subject:
        actors = walk.resolver.resolve(phrase, wanted(walk))
        note(walk, phrase, actors, chunk)
        walk.last, walk.last_actor = (phrase, actors), actors or walk.last_actor
        walk.push(Frame("inf", actors))
        return
    bare(walk, phrase, chunk)


def _same_lane_again(walk: Walk, phrase: NounPhrase) -> None:
    """`in that lane` is the lane named before."""
    if phrase.category != "lane" or phrase.head is None:
        return
    told = walk.last_lane
    if phrase.value == "plain" and told is not None and any(d.lemma in ("that", "this") for d in phrase.dets):
        side = lane_word(told, None)
        if side in ("left", "right", "opposite"):
            phrase.head.value = side
        elif side == "ego":
            phrase.owner, phrase.dets = told.owner, [*phrase.dets, *(d for d in told.dets if d.category == "poss")]
    walk.last_lane = phrase


def denied_too(walk: Walk, phrase: NounPhrase) -> bool:
    """`without signs or cones`, `no pedestrians, cyclists or animals`: the denial goes through the list."""
    before, earlier = walk.chunk(-1), walk.chunk(-2)
    if not walk.denials or before is None or earlier is None or earlier.np is not walk.denials[-1][0] or phrase.dets:
        return False
    if before.kind == "conj":
        plain = phrase.category in ("denied", "part", "shoulder")
        return before.item.lemma in ("or", "nor") or (before.item.lemma == "and" and plain)
    if before.kind != "punct" or before.value not in ",/":
        return False
    for later in walk.chunks[walk.at + 1 : walk.at + 8]:
        if later.kind == "conj":
            return later.item.lemma in ("or", "nor")
        if later.kind not in ("np", "punct"):
            return False
    return False


def contrast(walk: Walk, phrase: NounPhrase) -> bool:
    """`a tram, not a bus`, `a tram rather than a bus`: what is corrected is no road user."""
    before = walk.chunk(-1)
    if before is not None and before.kind == "sub" and before.value == "instead":
        walk.frame = walk.outer.pop() if walk.frame.kind == "instead" and walk.outer else walk.frame
        walk.notes.append(("instead", None, walk.chunks[walk.at]))
        for item in phrase.items:
            item.use = item.use or "-"
        return True
    return False


def bare(walk: Walk, phrase: NounPhrase, chunk: Chunk) -> None:
    """A noun phrase without preposition: subject, object, apposition or a topic of its own."""
    event = walk.frame.event
    if walk.at == 0 and phrase.category == "side" and walk.kind_at(1) == "punct" and walk.kind_at(2) == "np":
        walk.front.append(Place("on", "on", phrase, []))
        walk.last = (phrase, [])
        return
    actorish = phrase.category in ("actor", "ego", "pron", "") or phrase.value in ("one", "ones")
    if phrase.category in NOUN_DEEDS | {"start"} and _time_over(walk):
        walk.frame.deed = walk.frame.deed or phrase.category in NOUN_DEEDS
        for item in phrase.items:
            item.use = item.use or "-"
        walk.to_main()
        return
    if event is not None and phrase.category in ("pron", ""):
        walk.on_event(event)
    before = chunk_before(walk)
    if actorish and apposition(walk, phrase, chunk):
        return
    if phrase.number == 1 and phrase.head is None and _one_each(walk):
        return
    if (
        not actorish
        and phrase.number is not None
        and phrase.category in ("space", "place", "part")
        and before is not None
        and before.kind == "np"
        and walk.frame.subject
        and not walk.frame.had_verb
    ):
        return
    aside = walk.chunk(1)
    if (
        phrase.det in ("both", "each")
        and phrase.head is None
        and walk.frame.subject
        and not walk.frame.had_verb
        and aside is not None
        and aside.group is not None
        and not aside.group.finite
    ):
        both = walk.resolver.resolve(phrase, (), "", "subject")
        walk.push(Frame("part", both))
        walk.last, walk.last_actor = (phrase, both), both
        return
    if phrase.value == "debris" and load_named(walk, phrase, chunk):
        return
    if event is not None and object_here(walk, event, before, phrase):
        take_object(walk, event, phrase, chunk)
        return
    coming = coming_verb(walk)
    if phrase.value == "it" and _ego_near(walk):
        walk.resolver.perceived = True
    actors = (
        walk.resolver.resolve(
            phrase,
            wanted(walk),
            coming.concept if coming else "",
            "subject",
            bool(coming and (coming.modal or coming.denied == "cannot")),
        )
        if actorish
        else []
    )
    note(walk, phrase, actors, chunk)
    if walk.frame.word == "because" and actors and not walk.frame.had_verb and _unseen(walk, actors):
        walk.last, walk.last_actor = (phrase, actors), actors
        return
    if walk.same_deed is not None and actors:
        _same_deed(walk, phrase, actors)
        return
    if listed(walk, before, phrase, actors):
        return
    if event is not None and event.existential and not event.subject and actors:
        event.subject = actors
        walk.frame.subject = walk.frame.topic = actors
        walk.last, walk.last_actor = (phrase, actors), actors
        return
    if (
        not actorish
        and event is not None
        and phrase.category
        in ("place", "feature", "light", "weather", "surface", "signal", "denied", "start", "opaque", "space")
        and not subject_here(walk)
    ):
        event.things.append(phrase) if before is not None and before.kind == "verb" else None
        walk.last = (phrase, actors)
        return
    if (
        phrase.category == "part"
        and before is not None
        and before.kind == "conj"
        and walk.last is not None
        and walk.last[0].category == "part"
    ):
        walk.last = (phrase, [])
        if event is not None and event.concept in ("have", "hold", "illuminate", "signal", "open"):
            event.things.append(phrase)
        return
    if phrase.category == "part" and subject_here(walk):
        owners = owner_of(walk, phrase) or walk.last_actor
        walk.start(owners, phrase)
        walk.subject_part = phrase
        walk.last = (phrase, [])
        walk.last_actor = owners or walk.last_actor
        return
    if phrase.pronoun is not None and phrase.pronoun.value == "nothing":
        walk.emptied.append(phrase)
        walk.start([], phrase)
        return
    if not actorish and phrase.category in ("measure", "qty"):
        walk.last = (phrase, actors)
        owners = owner_of(walk, phrase) if phrase.owner is not None and event is None else []
        if owners:
            walk.start(owners, phrase)
            walk.last_actor = owners
            return
        if subject_here(walk):
            walk.start([], phrase)
            walk.frame.topic = walk.last_actor
        return
    if (
        phrase.category in NOUN_DEEDS - {"collision"}
        and event is None
        and walk.frame.subject
        and not walk.frame.had_verb
        and not subject_here(walk)
        and not phrase.dets
    ):
        walk.last = (phrase, actors)
        new = Event("begin", "begin", None, walk.frame.subject, walk.frame.kind, things=[phrase])
        walk.frame.event, walk.frame.had_verb = new, True
        walk.events.append(new)
        return
    if not actorish and not subject_here(walk) and walk.frame.subject and not walk.frame.had_verb:
        walk.last = (phrase, actors)
        if phrase.category == "lane" and walk.last_actor:
            attach(walk, Place("in", "in", phrase, owner_of(walk, phrase)))
        return
    if (
        not actorish
        and event is not None
        and phrase.category
        in ("lane", "part", "turn", "uturn", "lanechange", "overtaking", "deed", "side", "collision")
        and not subject_here(walk)
    ):
        event.things.append(phrase)
        walk.last = (phrase, actors)
        return
    if phrase.category in ("turn", "uturn", "lanechange", "overtaking") and subject_here(walk):
        for owner in owner_of(walk, phrase):
            coming = coming_verb(walk)
            word = {"uturn": "u_turn", "overtaking": "overtake"}.get(phrase.category, "")
            word = word or (f"{phrase.category.replace('lanechange', 'lane_change')}_{phrase.direction}" if
            phrase.direction else "")  # fmt: skip
            if owner.is_ego and coming is not None and coming.concept in ("block", "be", "prevent", "other") and word:
                owner.does(word)
    inverted = (
        event is not None
        and not event.subject
        and not event.existential
        and event.concept
        in (
            "move",
            "be",
            "stand",
            "approach",
            "emerge",
            "run",
            "follow",
            "come_up_behind",
            "park",
            "slow_move",
            "other",
        )
        and actors
        and event.group is not None
        and (event.group.finite)
    )
    if inverted and event is not None and before is not None and before.kind in ("verb", "adv"):
        event.subject = actors
        walk.frame.subject = walk.frame.topic = actors
        walk.last, walk.last_actor = (phrase, actors), actors
        walk.cast.subjects.append(actors)
        return
    walk.start(actors, phrase)
    walk.last = (phrase, actors)
    if actors:
        walk.last_actor = actors
    if phrase.value == "trailer" and phrase.owner is not None and phrase.owner.category == "actor":
        owners = owner_of(walk, phrase)
        if owners:
            walk.last, walk.last_actor = (phrase, owners), owners


def _ego_near(walk: Walk) -> bool:
    """`when the ego is 10 m away it turns`: away from the one whom `it` means."""
    event, before = walk.frame.event, walk.chunk(-1)
    away = before is not None and (before.kind == "adv" or before.value == ",")
    told = event is not None and event.concept == "be" and event.subject == [walk.cast.ego]
    gap = any(chunk.kind == "qty" and chunk.value == "length" for chunk in walk.chunks[max(0, walk.at - 3) : walk.at])
    return walk.frame.kind == "trigger" and walk.frame.prefix and told and away and gap


def _time_over(walk: Walk) -> bool:
    """Whether `after the start` is all that the clause says, and its main clause begins at once."""
    frame, behind = walk.frame, walk.chunk(1)
    return (
        frame.kind == "trigger"
        and frame.prefix
        and not frame.had_verb
        and not frame.subject
        and behind is not None
        and behind.kind == "np"
    )


def _same_deed(walk: Walk, phrase: NounPhrase, actors: list[Actor]) -> None:
    """Opens the deed that `so does` repeats."""
    told, walk.same_deed = walk.same_deed, None
    assert told is not None and told.group is not None
    walk.start(actors, phrase)
    walk.last, walk.last_actor = (phrase, actors), actors
    new = walk.open_event(Chunk("verb", told.group.verb, group=told.group), actors)
    new.things, new.denied = list(told.things), told.denied


_SEES = frozenset(
    {"see", "spot", "notice", "detect", "perceive", "make out", "observe", "identify", "look at", "sense"}
)
_CAUSE = (" of", " to")


def _unseen(walk: Walk, actors: list[Actor]) -> bool:
    """`whom the ego cannot see because of a parked van`: the van hides him."""
    told = walk.events[-1] if walk.events else None
    if told is None or not told.denied or told.lemma not in _SEES or not walk.frame.items[0].lemma.endswith(_CAUSE):
        return False
    for actor in told.objects:
        if not actor.is_ego and actor not in actors:
            actor.occluded_by = actors[0]
    return True


def _one_each(walk: Walk) -> bool:
    """`one in each lane`: every member, none singled out."""
    behind, place = walk.chunk(1), walk.chunk(2)
    each = place is not None and place.np is not None and (place.np.det == "each" or place.np.mod("adjacent"))
    return behind is not None and behind.kind in ("prep", "pos") and bool(each)


def _opens_clause(walk: Walk) -> bool:
    """`and from behind it a boy comes`: the place stands before the subject of a new clause."""
    before, behind = walk.chunk(-2), walk.chunk(1)
    if before is None or before.kind not in ("conj", "punct") or behind is None or behind.kind != "np":
        return False
    walk.at += 1
    found = subject_here(walk)
    walk.at -= 1
    return found


def load_named(walk: Walk, phrase: NounPhrase, chunk: Chunk) -> bool:
    """`the truck's load, a mattress, falls off`: the load is named as an object; the deed stays the lorry's."""
    before = walk.chunk(-1)
    if before is None or before.value not in (",", "(") or walk.last is None or walk.last[0].value != "load":
        return False
    actors = walk.resolver.resolve(phrase, (), "", "subject")
    note(walk, phrase, actors, chunk)
    return True


def apposition(walk: Walk, phrase: NounPhrase, chunk: Chunk) -> bool:
    """`the VUT, a small car,` and `V2 (a pickup)` name one road user twice."""
    before, behind = walk.chunk(-1), walk.chunk(1)
    topic = walk.frame.topic
    if (
        before is not None
        and before.value == ":"
        and len(topic) == 1
        and topic[0].lemma.startswith("unit:")
        and phrase.category == "actor"
        and phrase.det in ("indef", "")
        and phrase.head is not None
    ):
        topic[0].kind, topic[0].lemma = phrase.value, phrase.head.lemma
        walk.resolver.aliases.update({topic[0].lemma: topic[0]})
        topic[0].relate(*phrase.mod("relation:"))
        topic[0].does(*phrase.mod("state:"))
        walk.frame.subject = walk.last_actor = topic
        walk.last = (phrase, topic)
        return True
    if before is None or before.kind != "punct" or walk.last is None or not walk.last[1] or len(walk.last[1]) != 1:
        return False
    earlier = walk.chunk(-2)
    if earlier is None or earlier.np is None or earlier.np is not walk.last[0]:
        return False
    bracket = before.value == "("
    closes = closing(walk, ")" if bracket else ",")
    named = walk.last[1][0].lemma.startswith("unit:") and phrase.det == "indef"
    if (
        before.value not in ("(", ",", "–", "—", "-")
        or not (closes or named)
        or phrase.category not in ("actor", "ego")
    ):
        return False
    target = walk.last[1][0]
    unit = target.lemma.startswith("unit:") and phrase.det == "indef"
    if not bracket and not unit and (phrase.det not in ("indef", "def") or not finite_after(walk, closes)):
        return False
    if phrase.category == "actor" and phrase.head is not None:
        if phrase.head.lemma.startswith("unit:"):
            walk.resolver.aliases[phrase.head.lemma] = target
        elif not target.is_ego:
            if (
                target.lemma.startswith("unit:")
                or target.lemma in ("vehicle", "target vehicle", "object", "obstacle", "animal", "driver", "car")
                or target.kind == phrase.value
            ):
                target.kind, target.lemma = phrase.value, phrase.head.lemma
            target.relate(*phrase.mod("relation:"))
            target.does(*phrase.mod("state:"))
    walk.notes.append(("same", target, chunk))
    _ = behind
    return True


def listed(walk: Walk, before: Chunk | None, phrase: NounPhrase, actors: list[Actor]) -> bool:
    """`a tram and two e-scooters cross`: the second joins the first as subject."""
    if not actors or walk.frame.had_verb or not walk.frame.subject or before is None:
        return False
    if before.kind not in ("conj", "punct") or (before.kind == "punct" and before.value not in (",", "/")):
        return False
    if before.kind == "conj" and before.value == "but":
        return False
    if before.kind == "punct" and not list_goes_on(walk):
        return False
    if walk.frame.subject == [walk.cast.ego] or actors == [walk.cast.ego]:
        coming = coming_verb(walk)
        if coming is None:
            return False
    new = [actor for actor in actors if actor not in walk.frame.subject]
    for place in walk.front_used:
        for actor in new:
            walk.on_place(actor, place, None)
    walk.frame.subject = walk.frame.topic = [*walk.frame.subject, *new]
    walk.last, walk.last_actor = (phrase, actors), actors
    return True


def prepositional(walk: Walk, prep: Chunk, phrase: NounPhrase, chunk: Chunk) -> None:
    """A noun phrase behind a preposition."""
    actors: list[Actor] = []
    event = walk.frame.event
    if phrase.category in ("actor", "ego", "pron", "") or phrase.value in ("one",):
        in_place = (
            phrase.pronoun is not None
            and phrase.pronoun.value == "it"
            and prep.value in ("in", "on", "at", "into", "along", "through")
            and prep.kind == "prep"
        )
        if not in_place:
            told = walk.chunk(-2)
            beside = told is not None and walk.last is not None and told.np is walk.last[0] and prep.kind == "pos"
            if beside and event is not None and walk.last is not None and walk.last[1] not in ([], event.subject):
                walk.resolver.clause_subject = walk.last[1]
            if event is not None and event.frame == "part" and event.subject:
                walk.resolver.clause_subject = event.subject
            if event is None and walk.frame.subject:
                walk.resolver.clause_subject = walk.frame.subject
            if walk.last is not None and walk.last[1] and event is None:
                walk.resolver.clause_subject = walk.last[1]
            actors = walk.resolver.resolve(phrase, wanted(walk), "", "object", prep=prep.value)
        if prep.value in ("in", "on") and in_place and walk.last_place in ("roundabout", "intersection"):
            attach(walk, Place("in", "in", phrase, [], "it"))
            return
    if actors and carried(walk, prep, phrase, actors):
        return
    opener = walk.last[0].pronoun if walk.last is not None else None
    counted = walk.last is not None and walk.last[0].head is None and walk.last[0].number is not None
    counted = counted and walk.last is not None and not walk.last[1]
    chosen = opener is not None and opener.value in ("first_one", "one_of_them")
    if (
        (prep.value == "of" and (chosen or counted) and actors[:1] and walk.last is not None)
        and actors[0].many
        and not actors[0].members
    ):
        note(walk, phrase, actors, chunk)
        member = walk.cast.split(actors[0], int(walk.last[0].number or 1))
        walk.frame.subject = walk.frame.topic = [member]
        walk.last, walk.last_actor = (phrase, [actors[0], member]), [actors[0], member]
        return
    note(walk, phrase, actors, chunk)
    if walk.next_gap is not None and actors and not actors[0].is_ego:
        actors[0].distance, walk.next_gap = actors[0].distance or walk.next_gap, None
    earlier, walk.last_prep = walk.last_prep, prep.value
    if prep.value == "by" and event is not None and event.passive and (actors or phrase.category in ("opaque", "word")):
        event.agent = (event.agent or []) + actors
        walk.last, walk.last_actor = (phrase, actors), actors or walk.last_actor
        if not actors:
            event.things.append(phrase)
        return
    if prep.item.lemma == "including" and actors == [walk.cast.ego] and walk.frame.subject and event is None:
        walk.frame.subject = [*walk.frame.subject, walk.cast.ego]
        return
    hauled = prep.item.lemma == "carrying" and actors and actors[0].kind in ("debris", "trailer", "bicycle", "car")
    if (
        prep.value == "with"
        and actors
        and (actors[0].kind == "trailer" or hauled)
        and actors[0] is walk.cast.actors[-1]
    ):
        actors[0].towed = True
        return
    if (
        prep.value == "with"
        and actors
        and not actors[0].is_ego
        and (
            event is None
            or event.concept in ("move", "be", "stand", "meta", "follow", "approach", "have", "other")
            or not event.group
        )
    ):
        walk.last, walk.last_actor = (phrase, actors), actors
        return
    if prep.value == "with" and actors and not actors[0].is_ego:
        whole = walk.last_actor[0] if walk.last_actor else None
        if prep.item.lemma == "including" and whole is not None and not whole.is_ego and actors[0] is not whole:
            actors[0].relate(*whole.relation)
        walk.last, walk.last_actor = (phrase, actors), actors
        return
    if prep.value in ("behind_out", "between") and actors and _opens_clause(walk):
        walk.end_event()
        walk.to_main()
        walk.frame = Frame("main")
        walk.front.append(Place(prep.value, prep.item.lemma, phrase, actors, prep.value))
        walk.last, walk.last_actor = None, []
        return
    place = Place(
        prep.value if prep.kind == "prep" else "pos",
        prep.item.lemma,
        phrase,
        actors or owner_of(walk, phrase),
        prep.value,
    )
    walk.last_prep = earlier
    attach(walk, place)
    walk.last_prep = prep.value
    if phrase.category == "side":
        place.value = phrase.value
    if not actors and phrase.of is not None and phrase.of.category == "actor" and place.actors:
        walk.last, walk.last_actor = (phrase, place.actors), place.actors
        return
    walk.last = (phrase, actors)
    if actors and not actors[0].is_ego:
        walk.last_actor = actors if prep.kind != "pos" else walk.last_actor


def compared(walk: Walk, phrase: NounPhrase, chunk: Chunk) -> bool:
    """The base of a comparison: `the ego` behind "twice as fast as", `its speed` behind "twice"."""
    if walk.compare is None or phrase.category not in ("actor", "ego", "pron", "measure"):
        return False
    kind, factor, value, owners = walk.compare
    walk.compare, walk.prep = None, None
    saved = walk.resolver.clause_subject
    walk.resolver.clause_subject = owners
    if phrase.category == "measure":
        bases = owner_of(walk, phrase)
        if not bases and phrase.of is None and any(d.lemma in ("that", "this") for d in phrase.dets):
            latest = walk.cast.latest(None, tuple(owners))
            bases = [walk.cast.ego] if walk.cast.ego not in owners else ([latest] if latest is not None else [])
        if not bases and phrase.of is not None:
            bases = walk.resolver.resolve(phrase.of, (), "", "object")
    else:
        bases = walk.resolver.resolve(phrase, (), "", "object")
    walk.resolver.clause_subject = saved
    walk.last, walk.last_actor = (phrase, bases), bases or walk.last_actor
    for base in bases[:1]:
        walk.comparisons += [(kind, factor, value, owner, base) for owner in owners]
    return True
