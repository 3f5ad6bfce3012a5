"""What stands further on in the sentence: is this noun phrase a subject, does a list go on."""

from scenarios.language.clauses import Walk
from scenarios.language.phrases import Chunk, VerbGroup
from scenarios.language.quantities import Quantity


def chunk_before(walk: Walk) -> Chunk | None:
    """The chunk before this one, adverbs of order skipped."""
    at = walk.at - 1
    while at >= 0 and walk.chunks[at].kind == "adv" and walk.chunks[at].value == "then":
        at -= 1
    return walk.chunks[at] if at >= 0 else None


def subject_here(walk: Walk) -> bool:
    """Whether the noun phrase here is the subject of a finite verb further on."""
    at, relative, inserted, listed = walk.at + 1, False, False, False
    comma_first = False
    while at < len(walk.chunks):
        chunk = walk.chunks[at]
        before = walk.chunks[at - 1]
        if chunk.kind == "verb" and chunk.group is not None:
            if not chunk.group.finite:
                inserted, at = True, at + 1
                continue
            if relative:
                relative, inserted, at = False, True, at + 1
                continue
            base = (
                chunk.group.verb.form == "base"
                and chunk.group.concept not in ("be", "have", "do")
                and not chunk.group.modal
                and not chunk.group.denied
                and len(chunk.group.items) == 1
            )
            if base and not plural_here(walk) and not listed and chunk.group.verb.value not in ("fail",):
                return False
            if before.kind == "conj" or (before.kind == "adv" and walk.chunks[at - 2].kind in ("conj",)):
                return False
            joined = before.kind == "punct" or (before.kind == "adv" and walk.chunks[at - 2].kind == "punct")
            return not (joined and not inserted and comma_first)
        if chunk.kind in ("rel", "where"):
            relative, inserted = True, True
        elif chunk.kind in ("sub", "comp", "there") or (chunk.kind == "punct" and chunk.value in (":", ";")):
            return False
        elif chunk.kind == "punct":
            comma_first = comma_first or not inserted
            if chunk.value in "()":
                inserted = True
        elif chunk.kind == "conj":
            following = walk.chunks[at + 1] if at + 1 < len(walk.chunks) else None
            if following is None or following.kind not in ("np", "adj", "prep"):
                return False
            listed = True
        elif chunk.kind == "np":
            if before.kind not in ("prep", "pos", "verb", "conj", "punct", "sub"):
                return False
            if before.kind == "punct":
                inserted = True
        elif chunk.kind in ("pos", "prep", "qty", "side", "adj"):
            inserted = True
        elif chunk.kind == "adv" and chunk.value == "then":
            pass
        at += 1
    return False


def plural_here(walk: Walk) -> bool:
    """Whether the noun phrase here is plural."""
    phrase = walk.chunks[walk.at].np
    if phrase is None:
        return False
    if phrase.pronoun is not None:
        return phrase.pronoun.value in (
            "they",
            "latter",
            "former",
            "both_them",
            "two_of_them",
            "three_of_them",
            "others",
            "ego",
            "all_them",
        )
    head = phrase.head
    if head is None:
        return phrase.number != 1
    return (
        head.form in ("many", "either")
        or (phrase.number or 1) > 1
        or phrase.det in ("several", "pair", "both", "trio", "dozen")
    )


def wanted(walk: Walk) -> tuple[str, ...]:
    """Relations stated right behind the noun phrase."""
    chunk, second, third = walk.chunk(1), walk.chunk(2), walk.chunk(3)
    if (
        chunk is not None
        and chunk.kind == "pos"
        and chunk.value in ("ahead", "behind", "oncoming")
        and (
            second is None
            or second.kind != "np"
            or second.np is None
            or second.np.category == "ego"
            or (second.np.pronoun is not None)
        )
    ):
        return (chunk.value,)
    if (
        chunk is not None
        and second is not None
        and chunk.kind == "prep"
        and second.np is not None
        and chunk.value in ("in", "on", "from")
    ):
        phrase = second.np
        if phrase.category == "lane" and (phrase.value in ("left", "right") or phrase.direction in ("left", "right")):
            return (f"{phrase.value if phrase.value in ('left', 'right') else phrase.direction}_lane",)
    _ = third
    return ()


def coming_verb(walk: Walk) -> VerbGroup | None:
    """The verb group that follows in this clause."""
    for chunk in walk.chunks[walk.at + 1 : walk.at + 8]:
        if chunk.kind == "verb":
            return chunk.group
        if chunk.kind in ("sub", "np"):
            return None
    return None


def closing(walk: Walk, sign: str) -> int:
    """Index of the sign that ends a bracket or apposition; 0 where none does."""
    for at in range(walk.at + 1, min(walk.at + 9, len(walk.chunks))):
        chunk = walk.chunks[at]
        if chunk.kind == "punct":
            return at if chunk.value == sign else 0
        if chunk.kind == "conj" or (chunk.kind == "verb" and chunk.group is not None and chunk.group.finite):
            return 0
    return 0


def finite_after(walk: Walk, at: int) -> bool:
    """Whether a finite verb follows at once."""
    for chunk in walk.chunks[at + 1 : at + 3]:
        if chunk.kind == "verb":
            return chunk.group is not None and chunk.group.finite
        if chunk.kind not in ("adv",):
            return False
    return False


def list_goes_on(walk: Walk) -> bool:
    """Whether a comma here is one of a list."""
    for chunk in walk.chunks[walk.at + 1 : walk.at + 8]:
        if chunk.kind == "conj":
            return True
        if chunk.kind in ("verb", "sub") or (chunk.kind == "punct" and chunk.value != ","):
            return False
    return False


def another_verb_follows(walk: Walk) -> bool:
    """Whether a finite verb comes later in the sentence."""
    return any(c.kind == "verb" and c.group is not None and c.group.finite for c in walk.chunks[walk.at + 1 :])


def joined_before(walk: Walk) -> bool:
    """`and, 3 s after ..., he runs`: the clause belongs to what follows."""
    at = walk.at - 1
    if at >= 0 and walk.chunks[at].kind == "qty":
        at -= 1
    while at >= 0 and (
        walk.chunks[at].kind == "punct" or (walk.chunks[at].kind == "adv" and walk.chunks[at].value == "then")
    ):
        at -= 1
    return at >= 0 and walk.chunks[at].kind == "conj"


def lead_time(walk: Walk) -> Quantity | None:
    """`3 s after ...`: the time that stands before the conjunction."""
    before = walk.chunk(-1)
    if before is not None and before.kind == "qty" and before.item.qty is not None and before.item.qty.kind == "time":
        return before.item.qty
    return None
