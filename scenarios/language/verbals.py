"""Verb groups by their part: finite, infinitive, participle; whose deed it is."""

from scenarios.language.clauses import CONTROL, Frame, Walk
from scenarios.language.deeds import DENIAL, manoeuvres
from scenarios.language.lookahead import another_verb_follows, chunk_before, subject_here
from scenarios.language.phrases import Chunk, VerbGroup


def on_verb(walk: Walk, chunk: Chunk) -> None:
    """A verb group by its part in the clause."""
    group = chunk.group
    assert group is not None
    prep, walk.prep = walk.prep, None
    before = chunk_before(walk)
    real_before = walk.chunk(-1)
    now = walk.frame.event
    bare = (
        group.verb.form == "base"
        and len(group.items) == 1
        and now is not None
        and (now.concept in ("let", "force") or now.lemma in ("make", "have", "see", "let"))
        and bool(now.objects)
        and before is not None
        and before.kind == "np"
    )
    if group.infinitive or bare:
        infinitive(walk, chunk, group)
        return
    if not group.finite or reads_as_participle(walk, group, before):
        participle(walk, chunk, group, before, prep)
        return
    finite(walk, chunk, group, before, real_before)


def reads_as_participle(walk: Walk, group: VerbGroup, before: Chunk | None) -> bool:
    """A past form right behind a noun is a participle where a finite verb still follows."""
    if group.modal or group.denied or len(group.items) > 1 or group.verb.form not in ("past", "part"):
        return False
    forms = {entry.form for entry in group.verb.meanings if entry.category == "verb" and entry.value == group.concept}
    if "part" not in forms:
        return False
    if before is None or (before.kind == "punct" and not walk.frame.had_verb and not walk.frame.subject):
        return True
    if walk.frame.kind == "rel" and not walk.frame.had_verb:
        return False
    by = walk.chunk(1)
    if (by is not None and by.kind == "prep" and by.value == "by") or (by is not None and by.item.lemma == "by"):
        return True
    if group.concept == "hide":
        return True
    if before.kind == "np" and not walk.frame.had_verb:
        for later in walk.chunks[walk.at + 1 :]:
            if later.kind in ("sub", "rel") or (later.kind == "punct" and later.value in ";:"):
                return False
            if later.kind == "np" and walk.chunks[walk.chunks.index(later) - 1].kind in ("conj", "punct"):
                return False
            if later.kind == "conj":
                return False
            if later.kind == "verb" and later.group is not None and later.group.finite:
                return True
    return False


def infinitive(walk: Walk, chunk: Chunk, group: VerbGroup) -> None:
    """`to brake`: the deed of the subject, or of whom it was asked."""
    event = walk.frame.event
    subject = walk.frame.subject
    kind = walk.frame.kind
    if event is not None:
        subject = event.subject
        if (event.concept in CONTROL | {"force", "let"} or event.lemma in ("make", "have", "see")) and event.patients():
            subject = event.patients()
        elif event.concept == "be" and event.objects:
            subject = event.objects
        elif (
            event.concept == "stand"
            and walk.last is not None
            and walk.last[1]
            and walk.last[0].items
            and (far := walk.chunk(-2)) is not None
            and far.item.value == "for"
        ):
            subject = walk.last[1]
        elif event.existential:
            subject = walk.last_actor
    new = walk.open_event(chunk, subject, kind)
    waits = event is not None and event.concept == "stand" and subject == event.subject
    if waits and subject and not subject[0].is_ego and new.concept in ("cross", "run", "enter", "move", "yield"):
        new.frame = "instead"
    if (
        event is not None
        and event.concept == "let"
        and group.verb.lemma in ("pass", "overtake", "go by", "pass by", "get past", "go past", "get by")
    ):
        new.frame = "instead"
    if event is not None and event.denied and event.concept in ("be", "begin", "let", "force"):
        new.denied = event.denied
    if event is not None and event.concept == "prevent":
        new.denied = "cannot"


def participle(walk: Walk, chunk: Chunk, group: VerbGroup, before: Chunk | None, prep: Chunk | None) -> None:
    """`braking hard`, `hidden by a van`: the deed of the noun before it or of the subject."""
    walk.as_participle = True
    event = walk.frame.event
    outer = next((f.event for f in reversed(walk.outer) if f.event is not None), None)
    if prep is not None and prep.value == "from" and outer is not None and outer.concept == "prevent":
        walk.leave()
        event = walk.frame.event
    if prep is not None and event is not None and event.concept in ("prevent", "avoid", "stop"):
        subject = event.patients() if event.concept == "prevent" and event.patients() else event.subject
        new = walk.open_event(chunk, subject)
        new.denied = "cannot"
        if group.verb.lemma in ("do", "do so"):
            wished = next((e for e in reversed(walk.events[:-2]) if e.doers() == subject and e.concept in DENIAL), None)
            new.concept = wished.concept if wished is not None else new.concept
            for word in manoeuvres(wished, walk.cast.ego) if wished is not None and subject == [walk.cast.ego] else ():
                if word in walk.cast.ego.manoeuvre:
                    walk.cast.ego.manoeuvre.remove(word)
        return
    if (
        event is not None
        and event.concept in ("prevent", "avoid", "fail")
        and not (event.concept == "fail" and event.passive)
        and before is not None
        and before.kind in ("verb", "np", "prep")
    ):
        subject = event.objects or event.patients() if event.concept == "prevent" else event.subject
        new = walk.open_event(chunk, subject or [walk.cast.ego])
        new.denied = "cannot"
        return
    if walk.frame.kind == "instead" and not walk.frame.had_verb:
        walk.open_event(chunk, walk.frame.subject).frame = "instead"
        return
    if group.denied:
        subject = event.subject if event is not None else (walk.frame.subject or walk.last_actor)
        walk.open_event(chunk, subject)
        return
    if (
        walk.frame.kind in ("trigger", "sub", "before", "instead")
        and not walk.frame.subject
        and not walk.frame.had_verb
    ):
        subject = (
            walk.frame.resumed.event.subject
            if walk.frame.resumed is not None and walk.frame.resumed.event is not None
            else []
        )
        new = walk.open_event(chunk, subject, "" if subject else "dangling")
        new.frame = walk.frame.kind
        if not subject:
            walk.dangling.append(new)
        return
    if before is None or (event is None and not walk.frame.subject and not walk.last_actor):
        new = walk.open_event(chunk, walk.frame.subject, "" if walk.frame.subject else "dangling")
        new.frame = "part"
        if not new.subject:
            walk.dangling.append(new)
        return
    reduced_relative(walk, chunk, group, before)


def reduced_relative(walk: Walk, chunk: Chunk, group: VerbGroup, before: Chunk) -> None:
    """A participle that describes the noun phrase before it."""
    event = walk.frame.event
    adverbial = before.kind == "punct" and (
        walk.frame.had_verb or (walk.frame.kind == "main" and walk.outer == [] and event is not None)
    )
    if before.kind == "conj" and event is not None:
        if group.concept in ("hide", "stand") and group.verb.form in ("part", "past") and _new_subject(walk):
            walk.end_event()
            walk.to_main()
            walk.frame = Frame("main")
            walk.resolver.clause_subject = []
            walk.dangling.append(walk.open_event(chunk, [], "dangling"))
            return
        walk.open_event(chunk, event.subject)
        return
    if adverbial and event is not None:
        subject = event.doers() or event.subject
        told = walk.chunk(-2)
        if (
            told is not None
            and told.np is not None
            and walk.last is not None
            and told.np is walk.last[0]
            and event.concept in ("prevent", "force", "let")
            and walk.last[1]
            and group.verb.form == "ing"
        ):
            walk.push(Frame("part", walk.last[1]))
            walk.open_event(chunk, walk.last[1])
            return
        if group.verb.form == "part" or group.verb.form == "past":
            subject = walk.last[1] if walk.last is not None and walk.last[1] and not walk.last[1][0].is_ego else subject
        if walk.frame.kind == "rel" and walk.outer and walk.outer[-1].had_verb and walk.outer[-1].event is not None:
            subject = event.subject
        walk.open_event(chunk, subject)
        return
    subject = walk.last_actor
    if event is not None:
        adjacent = (
            walk.last is not None
            and walk.last[1]
            and walk.chunk(-1) is not None
            and (
                ((now := walk.chunk(-1)) is not None and now.np is walk.last[0])
                or walk.kind_at(-1) in ("pos", "side", "qty", "adj", "np", "adv")
            )
        )
        actor_last = walk.last_actor if walk.last_actor else event.subject
        subject = actor_last if adjacent or event.objects or event.existential or event.agent else event.subject
        if walk.last is not None and walk.last[1] and walk.last[1][0].is_ego and adjacent and not event.passive:
            subject = event.subject
        beside = walk.last[1] if walk.last is not None and adjacent and walk.chunk(-1) is not None else []
        if beside and not beside[0].is_ego and (
            all(a.is_ego for a in event.subject) or (group.concept in ("close", "block") and beside[0].kind == "cone")
        ):  # fmt: skip
            subject = beside
    main = walk.frame
    walk.push(Frame("part", subject))
    new = walk.open_event(chunk, subject)
    if main.kind in ("trigger", "sub", "before"):
        new.frame = main.kind


def _new_subject(walk: Walk) -> bool:
    """Whether a noun phrase further on, with no preposition before it, begins the clause."""
    at = walk.at
    for later in range(at + 1, min(at + 8, len(walk.chunks))):
        if walk.chunks[later].kind == "np" and walk.chunks[later - 1].kind == "np":
            walk.at = later
            found = subject_here(walk)
            walk.at = at
            return found
        if walk.chunks[later].kind not in ("np", "pos", "prep", "punct", "adv"):
            return False
    return False


def finite(walk: Walk, chunk: Chunk, group: VerbGroup, before: Chunk | None, real: Chunk | None) -> None:
    """A finite verb: a new deed of the subject of this clause or of the one outside."""
    frame = walk.frame
    if frame.kind == "rel" and not frame.had_verb:
        walk.open_event(chunk, frame.subject)
        existential(walk, chunk)
        return
    if frame.kind in ("rel", "part", "inf") and walk.outer:
        outer = next((f for f in reversed(walk.outer) if f.kind not in ("rel", "part", "inf")), walk.outer[0])
        joined = before is not None and before.kind == "conj"
        if not outer.had_verb or (not joined and outer.event is not None) or (frame.kind == "part" and joined):
            stays = joined and frame.kind == "rel" and not outer.had_verb and not another_verb_follows(walk)
            if not stays:
                while walk.frame is not outer:
                    walk.leave()
                frame = walk.frame
    if frame.word == "object" and frame.had_verb:
        walk.to_main()
        frame = walk.frame
    if (
        frame.kind in ("before", "sub", "trigger")
        and not frame.prefix
        and frame.had_verb
        and frame.resumed is not None
        and frame.resumed.event is not None
        and before is not None
        and before.kind == "punct"
    ):
        walk.to_main()
        frame = walk.frame
    near = frame.event is not None and frame.event.concept == "be" and frame.event.subject == [walk.cast.ego]
    joined = before is not None and before.kind == "conj" and group.concept not in ("be", "have", "stand")
    if near and joined and frame.kind == "trigger" and not frame.prefix:
        walk.to_main()
        frame = walk.frame
    if frame.prefix and frame.had_verb and before is not None and before.kind == "punct" and not False:
        walk.to_main()
        frame = walk.frame
    subject = frame.subject
    event = frame.event
    if event is not None:
        subject = event.subject
        if (
            before is not None
            and before.kind == "np"
            and walk.last is not None
            and before.np is walk.last[0]
            and walk.last[1]
            and event.concept in ("warn", "meta", "reveal", "let", "force")
        ):
            subject = walk.last[1]
    if (
        not subject
        and frame.kind == "main"
        and walk.last_actor
        and before is not None
        and before.kind in ("np", "pos", "punct", "qty", "side")
    ):
        subject = frame.topic or ([] if walk.last is not None and not walk.last[1] else walk.last_actor)
    if event is None and not subject and frame.resumed is not None and frame.kind in ("trigger", "sub"):
        subject = frame.resumed.subject if before is None or before.kind != "np" else []
    if (
        event is None
        and not subject
        and walk.at
        and before is not None
        and before.kind in ("conj",)
        and walk.cast.subjects
    ):
        subject = walk.cast.subjects[-1]
    if (
        (event is None and not subject and before is None)
        or (before is not None and before.kind == "punct" and not frame.subject and event is None and walk.last is None)
    ) and (
        walk.chunk(-1) is not None
        and walk.kind_at(-1) == "adv"
        and walk.cast.subjects
        and group.verb.form in ("s", "past")
    ):
        subject = walk.cast.subjects[-1]
    walk.end_event()
    walk.open_event(chunk, list(subject))
    existential(walk, chunk)


def existential(walk: Walk, chunk: Chunk) -> None:
    """A verb of the writer such as "put" makes its object exist."""
    event = walk.frame.event
    if event is not None and event.concept == "meta" and not event.subject:
        event.existential = True


def on_there(walk: Walk, chunk: Chunk) -> None:
    """`there is`: what follows exists."""
    if walk.frame.had_verb:
        if (walk.frame.kind in ("trigger", "sub", "before") and walk.frame.prefix) or walk.frame.kind in (
            "rel",
            "part",
            "inf",
        ):
            walk.to_main()
        walk.end_event()
        walk.frame = Frame("main") if not walk.outer else walk.frame
    group = VerbGroup([chunk.item], chunk.item, "be", True)
    event = walk.open_event(Chunk("verb", chunk.item, group=group), [])
    event.existential = True
