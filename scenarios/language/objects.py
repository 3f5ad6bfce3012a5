"""Noun phrases that a verb acts on, predicates, and riders that are one with what they ride."""

from scenarios.language.adjuncts import note, owner_of
from scenarios.language.cast import MOTOR, Actor
from scenarios.language.clauses import INTRANSITIVE_NEXT_SUBJECT, TRANSITIVE, Walk
from scenarios.language.deeds import NOUN_DEEDS, Event
from scenarios.language.lookahead import subject_here, wanted
from scenarios.language.phrases import Chunk, NounPhrase


def object_here(walk: Walk, event: Event, before: Chunk | None, phrase: NounPhrase) -> bool:
    """Whether the noun phrase here is the object of the verb before it."""
    if before is None:
        return False
    if before.kind == "verb":
        if event.existential and phrase.category in ("actor", "pron", "ego", ""):
            return False
        if event.concept == "be" and phrase.category in ("actor", "pron", "") and not event.subject:
            return False
        if (
            event.concept in INTRANSITIVE_NEXT_SUBJECT
            and walk.frame.prefix
            and subject_here(walk)
            and phrase.category in ("actor", "ego", "pron")
        ):
            return event.concept in ("approach",) and True
        return event.concept in TRANSITIVE or phrase.category not in ("actor", "ego", "pron") or not subject_here(walk)
    if before.kind == "conj" and (event.objects or event.things) and not subject_here(walk):
        at = walk.at - 2
        return at >= 0 and walk.chunks[at].kind == "np" and (phrase.category == "actor") == bool(event.objects)
    if (
        before.kind in ("adv", "pos", "side")
        and event.concept in TRANSITIVE
        and not event.objects
        and not event.things
        and phrase.category in NOUN_DEEDS | {"actor", "ego", "pron", "lane", "part"}
    ):
        return not subject_here(walk) and before.kind != "side"
    return False


def take_object(walk: Walk, event: Event, phrase: NounPhrase, chunk: Chunk) -> None:
    """A noun phrase that a verb acts on."""
    actors = walk.resolver.resolve(phrase, wanted(walk), event.concept, "object")
    note(walk, phrase, actors, chunk)
    if (
        event.lemma in ("ride", "push", "cycle", "walk", "drive", "wheel", "use")
        and len(actors) == 1
        and len(event.subject) == 1
        and not event.passive
    ):
        if one_of(
            walk,
            event.subject[0],
            actors[0],
            phrase,
            "on" if event.lemma in ("ride", "drive", "use", "cycle") else "with",
        ):
            return
        if (
            event.lemma in ("push", "wheel")
            and actors[0] is walk.cast.actors[-1]
            and actors[0].kind in ("bicycle", "debris", "e_scooter", "motorcycle")
            and event.subject[0].kind in ("pedestrian", "child")
        ):
            walk.cast.actors.remove(actors[0])
            walk.cast.recent.remove(actors[0])
            return
    if (
        actors
        and phrase.head is not None
        and phrase.head.lemma == "traffic"
        and event.concept in ("direct", "signal", "stop", "force", "let", "follow", "hold", "block")
        and event.subject
        and event.subject[0].kind in ("pedestrian", "flagger")
    ):
        event.subject[0].kind = "flagger"
        event.concept = "direct"
        if actors[0] is walk.cast.actors[-1] and not actors[0].relation:
            walk.cast.actors.remove(actors[0])
            walk.cast.recent.remove(actors[0])
        walk.last = (phrase, [])
        return
    if (
        actors
        and event.lemma in ("tow", "pull", "haul", "carry", "drag")
        and actors[0].kind in ("trailer", "construction_vehicle", "debris", "bicycle")
        and actors[0] is walk.cast.actors[-1]
    ):
        actors[0].towed = True
        return
    if actors and event.lemma == "play" and actors[0].kind == "debris" and not phrase.dets:
        walk.cast.actors.remove(actors[0])
        walk.cast.recent.remove(actors[0])
        return
    if event.concept == "be" and phrase.category == "actor":
        predicate(walk, event, phrase, actors)
        return
    if (
        actors
        and event.concept == "have"
        and phrase.head is not None
        and phrase.head.lemma in ("tyre", "tire", "wheel", "bumper", "exhaust", "stuff", "luggage", "item")
        and actors[0] is walk.cast.actors[-1]
    ):
        walk.cast.actors.remove(actors[0])
        walk.cast.recent.remove(actors[0])
        walk.last = (phrase, [])
        return
    if actors:
        event.objects += actors
        walk.resolver.clause_objects = walk.resolver.clause_objects + actors
        if event.concept == "meta" and not event.subject:
            walk.frame.subject = walk.frame.topic = actors
        walk.last_actor = actors
    else:
        event.things.append(phrase)
        if phrase.owner is not None and event.concept in ("follow", "cut", "enter", "fall"):
            event.objects += owner_of(walk, phrase)
    walk.last = (phrase, actors)


def predicate(walk: Walk, event: Event, phrase: NounPhrase, actors: list[Actor]) -> None:
    """`the lead vehicle is a truck`: one road user, told twice."""
    fresh = [actor for actor in actors if actor.order == len(walk.cast.actors) - 1 and not actor.relation]
    if len(event.subject) == 1 and fresh and fresh[0] not in event.subject:
        actor, told = event.subject[0], fresh[0]
        walk.cast.actors.remove(told)
        walk.cast.recent.remove(told)
        if not actor.is_ego:
            actor.kind, actor.lemma = told.kind, told.lemma
            actor.relate(*phrase.mod("relation:"))
            actor.does(*phrase.mod("state:"))
        walk.notes.append(("same", None, walk.chunks[walk.at]))
        walk.last, walk.last_actor = (phrase, [actor]), [actor]


def carried(walk: Walk, prep: Chunk, phrase: NounPhrase, actors: list[Actor]) -> bool:
    """`a man in a wheelchair`, `a boy on a bicycle`: rider and vehicle are one."""
    if (
        walk.last is None
        or len(walk.last[1]) != 1
        or len(actors) != 1
        or prep.kind != "prep"
        or prep.value not in ("in", "on", "with")
    ):
        return False
    rider, ridden = walk.last[1][0], actors[0]
    before = walk.chunk(-2)
    if (
        rider.is_ego
        or ridden.is_ego
        or before is None
        or (
            before.np is not walk.last[0]
            and not (before.group is not None and before.group.verb.lemma in ("ride", "cycle", "sit"))
        )
    ):
        return False
    return one_of(walk, rider, ridden, phrase, prep.value)


def one_of(walk: Walk, rider: Actor, ridden: Actor, phrase: NounPhrase, prep: str) -> bool:
    """Makes rider and ridden one road user, where they are."""
    fresh = ridden is walk.cast.actors[-1] and ridden is not rider and not ridden.manoeuvre
    drives = rider.lemma in (
        "driver",
        "motorist",
        "trucker",
        "farmer",
        "cop",
        "police officer",
        "learner",
        "drunk driver",
    )
    if not fresh or not (rider.kind in ("pedestrian", "child") or drives):
        return False
    head = phrase.head.lemma if phrase.head is not None else ""
    if (drives and ridden.kind in MOTOR and prep in ("in", "on")) or (
        ridden.kind in ("bicycle", "e_scooter", "motorcycle") and prep in ("on", "in")
    ):
        rider.kind, rider.lemma = ridden.kind, ridden.lemma
    elif not (
        ridden.kind == "pedestrian"
        and any(
            word in head
            for word in ("wheelchair", "stroller", "pram", "pushchair", "scooter", "frame", "walker", "crutch", "cane")
        )
    ):
        return False
    walk.cast.actors.remove(ridden)
    walk.cast.recent.remove(ridden)
    walk.cast.touch(rider)
    if phrase.head is not None:
        phrase.head.mark(rider, "class", rider.kind)
    walk.last_actor = [rider]
    walk.last = (phrase, [rider])
    return True
