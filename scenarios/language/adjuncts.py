"""Whose place, side, lane or speed a phrase states: that of the noun before it or of the deed."""

from scenarios.language.cast import Actor
from scenarios.language.clauses import Walk
from scenarios.language.deeds import Place
from scenarios.language.phrases import Chunk, NounPhrase
from scenarios.language.tagging import Item

_LOOSE = frozenset({"relation:parked", "state:stand_still"})


def owner_of(walk: Walk, phrase: NounPhrase) -> list[Actor]:
    """Whose lane, path, side or speed it is."""
    if phrase.owner is not None:
        owners = walk.resolver.resolve(phrase.owner, (), "", "object")
        if phrase.owner.category == "actor" and phrase.owner.mods:
            walk.on_phrase(phrase.owner, owners, walk.chunks[min(walk.at, len(walk.chunks) - 1)])
        return owners
    for det in phrase.dets:
        if det.category == "poss":
            return possessor(walk, det, phrase)
    return []


def possessor(walk: Walk, det: Item, phrase: NounPhrase) -> list[Actor]:
    """Who `its`, `their` or `our` is, by what is owned."""
    if det.value == "ego":
        return [walk.cast.ego]
    if det.value == "its":
        subject = walk.frame.event.subject if walk.frame.event else walk.frame.subject
        if phrase.category in ("lane", "path") and subject and not subject[0].is_ego:
            if walk.last is not None and walk.last[1] == [walk.cast.ego]:
                return [walk.cast.ego]
            told = [group for group in walk.cast.subjects if any(a.is_ego for a in group)]
            return [walk.cast.ego] if told or not walk.cast.subjects else subject
        if phrase.category in ("side",) or (phrase.category == "measure" and subject and not subject[0].is_ego):
            return [walk.cast.ego]
        if phrase.category == "measure" and subject and subject[0].is_ego:
            other = walk.cast.latest()
            return [other] if other else subject
        return subject
    if det.value in ("their", "person"):
        return walk.frame.event.subject if walk.frame.event else walk.frame.subject
    return []


def attach(walk: Walk, place: Place) -> None:
    """Gives an adjunct to the noun phrase before it or to the event."""
    event = walk.frame.event
    here = walk.chunk(0)
    lead = walk.chunk(-1) if place.phrase is not None else None
    if place.phrase is not None and place.phrase.value in walk.lane_sides and place.phrase.det == "def":
        place.phrase.mods.append(walk.lane_sides[place.phrase.value])
    if here is not None and not place.items:
        place.items = [here.np.head] if here.np is not None and here.np.head is not None else [here.item]
        if lead is not None and lead.kind in ("prep", "pos"):
            place.items.insert(0, lead.item)
    behind = walk.chunk(-1) if place.phrase is None else walk.chunk(-2)
    if walk.last is not None and walk.last[0].denied and behind is not None and behind.np is walk.last[0]:
        return
    target = adjunct_owner(walk, place)
    if target is not None:
        for actor in target:
            walk.on_place(actor, place, None)
        return
    if event is not None:
        event.places.append(place)


def adjunct_owner(walk: Walk, place: Place) -> list[Actor] | None:
    """Road users that an adjunct describes directly; None where it belongs to the event."""
    event = walk.frame.event
    offset = -1 if place.phrase is None else -2
    before = walk.chunk(offset)
    while before is not None and (before.kind == "qty" or (before.kind == "adj" and before.value in _LOOSE)):
        offset -= 1
        before = walk.chunk(offset)
    renamed = (
        before is not None
        and before.value == ","
        and [told for kind, told, _ in walk.notes[-3:] if kind == "same" and told is not None]
    )
    if renamed:
        return [told for told in renamed if not told.is_ego] or None
    if event is None:
        bare = walk.last is not None and not walk.last[1] and before is not None and before.np is walk.last[0]
        ahead = walk.chunk(offset - 1)
        if (
            bare
            and walk.last is not None
            and walk.last[0].category in ("feature", "place", "denied", "opaque", "signal")
            and place.prep != "pos"
            and (ahead is None or ahead.kind not in ("prep", "pos"))
        ):
            if place.phrase is not None and place.phrase.category == "side" and place.phrase.head is not None:
                walk.lane_sides[walk.last[0].value] = place.phrase.head
            return []
        if (
            not walk.last_actor
            and not walk.frame.subject
            and place.prep in ("from", "pos", "on", "in", "side", "at")
            and (place.prep != "pos" or place.value in ("ahead", "behind", "oncoming"))
        ):
            walk.front.append(place)
        elif place.prep == "pos" and place.actors == [walk.cast.ego] and not walk.frame.subject and not walk.last_actor:
            walk.front.append(place)
            return []
        return walk.last_actor or None
    if walk.last_prep in ("behind_out", "between") and not event.existential:
        beside = (
            place.prep == "on" and place.phrase is not None and place.phrase.category in ("side", "shoulder", "lane")
        )
        adjacent = walk.last is not None and before is not None and before.np is walk.last[0]
        if not beside or not adjacent or walk.last is None or not walk.last[1]:
            return None
        hiding = event.concept in ("run", "emerge", "cross", "merge", "follow")
        return [*walk.last[1], *event.doers()] if hiding else walk.last[1]
    if event.existential or event.concept == "meta" or (event.concept == "be" and not event.passive):
        if (
            event.concept == "be"
            and not event.existential
            and walk.last is not None
            and walk.last[1]
            and before is not None
            and before.np is walk.last[0]
            and walk.last[1] != event.subject
            and not walk.last[1][0].is_ego
        ):
            return walk.last[1]
        return walk.last_actor if event.existential or event.concept == "meta" else None
    if (
        before is not None
        and before.np is not None
        and walk.last is not None
        and before.np is walk.last[0]
        and walk.last[1]
        and not walk.last[1][0].is_ego
    ):
        moving = place.prep in ("into", "to", "out_of", "across", "after", "past") or (
            place.prep == "side" and event.concept not in ("follow", "approach")
        )
        if not moving and event.concept not in ("open", "drop"):
            return walk.last[1]
    if (
        event.subject == [walk.cast.ego]
        and not event.passive
        and place.prep in ("pos", "in", "on", "side", "from")
        and event.objects
    ) and (place.prep == "pos" or (place.phrase is not None and place.phrase.category in ("lane", "shoulder"))):
        return event.objects
    return None


def note(walk: Walk, phrase: NounPhrase, actors: list[Actor], chunk: Chunk) -> None:
    """Remembers a noun phrase for the account and puts its modifiers where they belong."""
    walk.notes.append(("np", actors[0] if actors else None, chunk))
    walk.on_phrase(phrase, actors, chunk)
    if any(actor.is_ego for actor in actors) and walk.frame.kind == "trigger":
        walk.frame.mentions_ego = True
