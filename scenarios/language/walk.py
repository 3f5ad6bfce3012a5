"""The walk over a sentence: every chunk in turn to the room that knows its kind."""

from collections.abc import Callable

from scenarios.language.adjuncts import attach, owner_of
from scenarios.language.cast import Actor
from scenarios.language.clauses import TRIGGERS, Frame, Walk
from scenarios.language.deeds import NOUN_DEEDS, Place, manoeuvres
from scenarios.language.lookahead import (
    finite_after,
    joined_before,
    lead_time,
    subject_here,
)
from scenarios.language.nominals import on_np
from scenarios.language.phrases import Chunk
from scenarios.language.verbals import (
    on_there,
    on_verb,
)


def read_sentence(walk: Walk, chunks: list[Chunk]) -> None:
    """Reads one sentence."""
    walk.chunks = chunks
    walk.frame = Frame("main")
    walk.outer = []
    walk.resolver.colon_group = None
    walk.prep = None
    walk.last = None
    walk.last_actor = []
    walk.pending = []
    walk.dangling = []
    walk.measure, walk.compare, walk.said_from = None, None, False
    walk.front_used = []
    walk.gap_told = False
    walk.front, walk.front_gap, walk.subject_part, walk.subject_phrase = [], None, None, None
    walk.at = 0
    while walk.at < len(chunks):
        handler = _HANDLERS.get(chunks[walk.at].kind)
        if handler is not None:
            handler(walk, chunks[walk.at])
        walk.at += 1
    walk.close()
    latest = walk.cast.latest()
    if walk.front_gap is not None and latest is not None and walk.gap_told:
        latest.distance = latest.distance or walk.front_gap
    for frame in walk.pending:
        walk.links.append((frame, None, "dangling"))


def _on_prep(walk: Walk, chunk: Chunk) -> None:
    if chunk.value == "without":
        walk.prep = chunk
        return
    walk.prep = chunk


def _on_pos(walk: Walk, chunk: Chunk) -> None:
    following = walk.chunk(1)
    whose = chunk.value == "behind" or (chunk.value == "ahead" and chunk.item.lemma.endswith(" of"))
    if whose and following is not None and following.kind == "rel":
        walk.prep = chunk
        return
    if (
        following is not None
        and following.kind == "np"
        and following.np is not None
        and following.np.category in ("actor", "ego", "pron", "place", "feature", "opaque", "lane", "")
    ) and (
        following.np.category in ("actor", "ego", "pron", "opaque", "")
        or chunk.item.lemma.endswith(" of")
        or (chunk.value == "behind" and following.np.category in ("feature", "place"))
    ):
        saved = walk.at
        walk.at += 1
        is_subject = (
            subject_here(walk)
            and not chunk.item.lemma.endswith(" of")
            and not _after_comma(walk)
            and ((walk.frame.event is None and not walk.frame.subject) or (walk.frame.prefix and walk.frame.had_verb))
        )
        walk.at = saved
        if not is_subject:
            walk.prep = chunk
            return
    attach(walk, Place("pos", chunk.item.lemma, None, [], chunk.value))


def _after_comma(walk: Walk) -> bool:
    """Whether the comma that ends this clause has the subject of the next one right behind it."""
    if not walk.frame.prefix or not walk.frame.had_verb:
        return False
    rest = walk.chunks[walk.at + 1 :]
    comma = next((k for k, chunk in enumerate(rest) if chunk.kind == "punct"), len(rest))
    follows = rest[comma + 1 : comma + 3]
    return len(follows) == 2 and follows[0].kind == "np" and follows[1].kind == "verb"


def _on_side(walk: Walk, chunk: Chunk) -> None:
    attach(walk, Place("side", chunk.item.lemma, None, [], chunk.value))


def _on_adv(walk: Walk, chunk: Chunk) -> None:
    event = walk.frame.event
    if chunk.item.lemma == "inside" and walk.last_place in ("roundabout", "intersection"):
        for actor in walk.last_actor:
            actor.relate("in_junction")
        return
    if event is not None:
        event.manner.append("straight_on" if chunk.value == "straight_on" else chunk.item.lemma)
    elif walk.last_actor and chunk.item.lemma in ("slowly", "very slowly"):
        walk.notes.append(("manner", walk.last_actor[0], chunk))


def _on_adj(walk: Walk, chunk: Chunk) -> None:
    """An adjective outside a noun phrase: predicate, or behind its noun."""
    event = walk.frame.event
    before = walk.chunk(-1)
    if walk.compare is not None or (before is not None and before.kind == "qty" and chunk.item.lemma == "slower"):
        return
    owners = walk.last_actor
    denied = False
    if event is not None and event.concept == "be":
        owners = event.subject if event.subject else (walk.last_actor if event.existential else [])
        denied = bool(event.denied)
        if event.existential:
            owners = walk.last_actor
    elif event is not None and event.objects:
        owners = event.objects
    elif event is not None:
        owners = walk.last[1] if walk.last is not None and walk.last[1] else event.subject
    elif walk.last is not None and not walk.last[1] and walk.frame.subject == []:
        owners = []
    if denied and chunk.value.startswith(("state", "relation")):
        return
    if event is not None and event.concept == "be" and event.thing("part") is not None:
        return
    for actor in owners:
        walk.notes.append(("adj", actor, chunk))


def _on_qty(walk: Walk, chunk: Chunk) -> None:
    prep, walk.prep = walk.prep, None
    walk.on_quantity(chunk, prep)
    walk.measure = None
    frame, behind = walk.frame, walk.chunk(1)
    timed = chunk.value == "time" and frame.kind == "trigger" and frame.prefix and frame.word == "after"
    if timed and not frame.had_verb and not frame.subject and behind is not None and behind.kind == "np":
        walk.to_main()


def _on_ratio(walk: Walk, chunk: Chunk) -> None:
    event = walk.frame.event
    owners = (event.doers() or event.subject) if event is not None else walk.last_actor
    if event is not None and (event.existential or event.agent):
        owners = event.agent or walk.last_actor
    walk.compare = ("times", float(chunk.value), (None, None), list(owners))


def _on_sub(walk: Walk, chunk: Chunk) -> None:
    word = chunk.value
    if chunk.value == "instead":
        walk.push(Frame("instead", walk.frame.event.subject if walk.frame.event else walk.frame.subject, word=word))
        return
    if walk.frame.kind in ("rel", "part", "inf"):
        while walk.outer and walk.frame.kind in ("rel", "part", "inf"):
            walk.leave()
    if walk.frame.kind in ("trigger", "sub", "before", "comp") and walk.frame.had_verb:
        walk.to_main()
    kind = "trigger" if word in TRIGGERS else ("before" if word == "before" else "sub")
    if word == "whereupon":
        walk.whereupon(chunk)
        return
    prefix = not walk.frame.had_verb and not (walk.frame.subject and walk.frame.topic and walk.last_actor)
    prefix = prefix or joined_before(walk)
    if not walk.frame.had_verb and walk.last is not None and walk.last[1] and not prefix:
        prefix = False
    frame = Frame(kind, prefix=prefix, word=word)
    frame.items.append(chunk.item)
    lead = lead_time(walk)
    frame.lead = lead
    walk.push(frame)
    walk.last_actor = walk.last_actor if not prefix else []


def _on_rel(walk: Walk, chunk: Chunk) -> None:
    subject = walk.last_actor
    if walk.last is not None and walk.last[1]:
        subject = walk.last[1]
    elif (
        walk.last is not None
        and not walk.last[1]
        and walk.last[0].category not in ("lane", "side", "place", "feature", "shoulder", "part", "measure", "signal")
    ):
        subject = walk.last_actor
    opened = walk.frame.subject
    if chunk.item.lemma == "who" and subject == [walk.cast.ego] and opened and not opened[0].is_ego:
        subject = opened
    if walk.last is not None and walk.last[0].category in ("path", "lane", "side") and (walk.last[0].owner is not None):
        subject = owner_of(walk, walk.last[0]) or subject
    behind = walk.chunk(1)
    if walk.prep is not None and walk.prep.value in ("behind_out", "behind", "between", "ahead") and behind is not None:
        place = Place("pos" if walk.prep.kind == "pos" else walk.prep.value, walk.prep.item.lemma, None, list(subject),
        walk.prep.value)  # fmt: skip
        walk.prep = None
        if place.prep == "pos" and _behind_which(walk, subject, behind, place.value):
            return
        walk.end_event()
        walk.to_main()
        walk.frame = Frame("main")
        walk.front.append(place)
        return
    if behind is not None and behind.kind == "np":
        walk.push(Frame("sub", [], word="object", topic=list(subject)))
        return
    walk.push(Frame("rel", list(subject)))


def _behind_which(walk: Walk, subject: list[Actor], behind: Chunk, where: str) -> bool:
    """`the bus behind which the ego waits`, `behind which a boy hides`: a clause inside the one under way."""
    if behind.np is None:
        return False
    coming = next((chunk.group.concept for chunk in walk.chunks[walk.at + 2 :] if chunk.group is not None), "")
    while walk.outer and walk.frame.kind in ("rel", "part", "inf"):
        walk.leave()
    walk.push(Frame("sub", [], word="object", topic=[]))
    if behind.np.category == "ego":
        for actor in subject:
            actor.relate("ahead" if where == "behind" else "behind")
    elif where == "behind" and coming in ("hide", "emerge", "run", "cross"):
        walk.front.append(Place("behind_out", "from behind", None, list(subject), "behind"))
    return True


def _on_where(walk: Walk, chunk: Chunk) -> None:
    if walk.last is not None and walk.last[0].category in ("lane", "shoulder"):
        walk.lane_of_next = walk.last[0]
    walk.end_event()
    walk.to_main()
    walk.frame = Frame("main")


def _on_comp(walk: Walk, chunk: Chunk) -> None:
    walk.end_event()
    event = walk.frame.event
    walk.resolver.perceived = (
        event is not None and event.concept in ("meta", "warn") and event.subject == [walk.cast.ego]
    )
    if walk.frame.kind in ("trigger", "sub") and walk.frame.prefix:
        walk.frame.event = None
        walk.frame.had_verb = False
        return
    walk.frame = Frame("main") if not walk.outer else walk.frame
    walk.frame.event = None
    _ = event


def _on_modal(walk: Walk, chunk: Chunk) -> None:
    """`wants to overtake but cannot`: the deed told before is denied."""
    behind = walk.chunk(1)
    event = walk.frame.event or (walk.events[-1] if walk.events else None)
    if chunk.value not in ("cannot", "fails") or event is None:
        return
    if behind is None or behind.kind in ("punct", "sub", "conj"):
        event.denied = chunk.value
        for doer in event.doers():
            for word in manoeuvres(event, doer):
                if word in doer.manoeuvre:
                    doer.manoeuvre.remove(word)


def _on_ditto(walk: Walk, chunk: Chunk) -> None:
    """`the ego stops, and so does the car behind`: the same deed of another subject."""
    earlier = next((event for event in reversed(walk.events) if event.group is not None), None)
    behind = walk.chunk(1)
    if earlier is None or earlier.group is None or behind is None or behind.kind != "np":
        return
    walk.same_deed = earlier
    walk.end_event()
    walk.to_main()
    walk.frame = Frame("main")


def _on_word(walk: Walk, chunk: Chunk) -> None:
    """An unknown word or a clock time: the preposition before it was its own."""
    walk.prep = None


def _on_punct(walk: Walk, chunk: Chunk) -> None:
    if walk.prep is not None and walk.kind_at(-1) in ("prep", "pos"):
        walk.prep = None
    if chunk.value in (":", "–", "—"):
        walk.close_soft()
    elif (
        chunk.value == ","
        and walk.frame.prefix
        and walk.frame.kind in ("trigger", "sub", "before")
        and not walk.frame.had_verb
        and not walk.frame.subject
    ):
        before = walk.chunk(-1)
        if before is not None and before.kind in ("np", "qty", "adv"):
            walk.frame.deed = walk.frame.deed or (before.np is not None and before.np.category in NOUN_DEEDS)
            walk.to_main()
    elif (
        chunk.value == ","
        and walk.frame.word == "because"
        and not walk.frame.prefix
        and not walk.frame.had_verb
        and walk.frame.items[0].lemma.endswith((" of", " to"))
        and finite_after(walk, walk.at)
    ) or (chunk.value == "," and walk.frame.kind == "instead"):
        walk.leave()


_HANDLERS: dict[str, Callable[[Walk, Chunk], None]] = {
    "np": on_np,
    "verb": on_verb,
    "there": on_there,
    "prep": _on_prep,
    "pos": _on_pos,
    "side": _on_side,
    "adv": _on_adv,
    "adj": _on_adj,
    "qty": _on_qty,
    "ratio": _on_ratio,
    "sub": _on_sub,
    "rel": _on_rel,
    "where": _on_where,
    "comp": _on_comp,
    "punct": _on_punct,
    "word": _on_word,
    "modal": _on_modal,
    "ditto": _on_ditto,
    "clock": _on_word,
}
