"""Dense captions: one sentence per event, pairs of events in order, and sentences that are wrong on purpose.

Every caption carries a claim, a statement of `generators.labels.predicates`. A true caption's claim holds over its
span; a wrong one's does not, which is checked before it is written: a swap that happens to be true is left out. What is
swapped: who ('actor'), left and right ('direction'), what came first ('order'), a number ('number').
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from driving_data.labels import Caption
from generators.labels.predicates import View, holds
from generators.labels.predicates.grammar import quoted
from generators.labels.story.events import Happening
from generators.labels.story.words import SENTENCES, capital, sentence

MAX_APART_S = 4.0
NUMBER_SHIFT_KMPH = 20.0
LINKS = ("First {}, then {}.", "{}; after that, {}.", "{}, and only then {}.")
_OTHER_SIDE = {"left": "right", "right": "left"}


def captions_of(view: View, events: Sequence[Happening], seed: int) -> tuple[Caption, ...]:
    """Captions of events, true and wrong, by beginning; the seed chooses the wording."""
    found: list[Caption] = []
    for number, event in enumerate(events):
        if not holds(event.claim, view, event.start_ns(view), event.end_ns(view)):
            continue
        found.append(caption(view, event, variant(seed, number)))
        found += negatives(view, event, variant(seed, number + 1))
    found += _pairs(view, events, seed)
    return tuple(sorted(found, key=lambda c: (c.start_ns, not c.true, c.kind, c.text)))


def variant(seed: int, number: int) -> int:
    """Which wording: all come in turn, from a beginning that the seed gives."""
    return (seed + number) % 3


def caption(view: View, event: Happening, wording: int, wrong_in: str = "") -> Caption:
    """The caption of an event."""
    text = sentence(SENTENCES[event.kind][wording], view, event.actors, event.values, event.words)
    return Caption(event.start_ns(view), event.end_ns(view), text, event.kind, event.actors, not wrong_in, wrong_in,
                   event.claim)  # fmt: skip


def negatives(view: View, event: Happening, wording: int) -> Iterator[Caption]:
    """Sentences like that of the event, each wrong in one thing."""
    for wrong_in, swapped in (*_other_actor(view, event), *_other_side(event), *_other_number(event)):
        if not holds(swapped.claim, view, event.start_ns(view), event.end_ns(view)):
            made = caption(view, swapped, wording, wrong_in)
            if made.text != caption(view, event, wording).text:
                yield made


def renamed(claim: str, old: str, new: str) -> str:
    """A statement about somebody else."""
    marks = "(, )"
    text, name = f" {claim} ", quoted(old)
    for before in marks:
        for after in marks:
            text = text.replace(f"{before}{name}{after}", f"{before}{quoted(new)}{after}")
    return text.strip()


def _other_actor(view: View, event: Happening) -> Iterator[tuple[str, Happening]]:
    """The first actor of the same family who did not take part."""
    who = next((a for a in event.actors if a != view.ego and a in view.ids), None)
    if who is None:
        who = view.ego if view.ego in event.actors else None
    if who is None:
        return
    for other in view.ids:
        if other in event.actors or other == view.ego or view.is_static(other) is not view.is_static(who):
            continue
        swapped = renamed(event.claim, who, other)
        if not holds(swapped, view, event.start_ns(view), event.end_ns(view)):
            actors = tuple(other if a == who else a for a in event.actors)
            yield "actor", replace(event, actors=actors, claim=swapped)
            return


def _other_side(event: Happening) -> Iterator[tuple[str, Happening]]:
    words = {key: _OTHER_SIDE.get(word, word) for key, word in event.words.items()}
    if event.kind == "signal_change":
        yield (
            "direction",
            replace(event, words={"from": event.words["to"], "to": event.words["from"]}, claim=_exchanged(event)),
        )
    elif words != dict(event.words) and (claim := _mirrored(event)):
        yield "direction", replace(event, words=words, claim=claim)


def _exchanged(event: Happening) -> str:
    """The claim of a light that changes the other way."""
    before, after = event.words["from"], event.words["to"]
    return event.claim.replace(f"== {before}", "== #").replace(f"== {after}", f"== {before}").replace("#", after)


def _mirrored(event: Happening) -> str:
    """The claim with left and right exchanged; empty where it says nothing of sides."""
    if event.kind == "lane_change":
        old, new = event.words["side"], _OTHER_SIDE[event.words["side"]]
        return event.claim.replace(f"lane_{old}_of", f"lane_{new}_of")
    if event.kind == "turn":
        left = event.words["side"] == "left"
        return event.claim.replace(">= 45", "<= -45") if left else event.claim.replace("<= -45", ">= 45")
    if event.kind == "crossing":
        rises = event.words["to"] == "left"
        return event.claim.removesuffix("> 0 m" if rises else "< 0 m") + ("< 0 m" if rises else "> 0 m")
    return ""


def _other_number(event: Happening) -> Iterator[tuple[str, Happening]]:
    if "from_kmph" not in event.values:
        return
    old = round(event.values["from_kmph"])
    values = {**event.values, "from_kmph": event.values["from_kmph"] + NUMBER_SHIFT_KMPH}
    claim = event.claim
    for bound in (-1, 1):
        claim = claim.replace(f"= {old + bound:g} km/h", f"= {old + bound + NUMBER_SHIFT_KMPH:g} km/h", 1)
    yield "number", replace(event, values=values, claim=claim)


def _pairs(view: View, events: Sequence[Happening], seed: int) -> Iterator[Caption]:
    """Sentences about two events that share an actor and follow one another, and the same the other way round."""
    told = [e for e in events if e.kind not in ("braking", "start", "hand_signal", "door_open", "signal_change")]
    told += [e for e in events if e.kind == "signal_change"]
    for number, (one, two) in enumerate((x, y) for x in told for y in told):
        apart = float(view.seconds[two.first] - view.seconds[one.first])
        # That one and the same brakes and then stops is one thing, not two.
        related = one.kind != two.kind and one.actors != two.actors and bool(set(one.actors) & set(two.actors))
        if not related or not 0.0 < apart <= MAX_APART_S:
            continue
        start, end = one.start_ns(view), max(one.end_ns(view), two.end_ns(view))
        before, after = (f"onset({x}) < onset({y})" for x, y in ((one.core, two.core), (two.core, one.core)))
        if not holds(before, view, start, end) or holds(after, view, start, end):
            continue
        texts = [caption(view, event, 0).text.rstrip(".") for event in (one, two)]
        link = LINKS[variant(seed, number)]
        actors = tuple(dict.fromkeys((*one.actors, *two.actors)))
        yield Caption(start, end, joined(link, *texts), "sequence", actors, True, "",
                      before)  # fmt: skip
        yield Caption(start, end, joined(link, *reversed(texts)), "sequence", actors, False,
                      "order", after)  # fmt: skip


def joined(link: str, before: str, after: str) -> str:
    """Two sentences as one, in the order in which they are given."""
    one, two = (text[:1].lower() + text[1:] for text in (before, after))
    return capital(link.format(one, two))


__all__ = ["caption", "captions_of", "negatives", "renamed"]
