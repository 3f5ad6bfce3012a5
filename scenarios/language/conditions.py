"""Triggers: the stated condition that starts a manoeuvre, from subordinate clauses, delays and times to collision."""

from scenarios.language.clauses import Frame, Walk
from scenarios.language.deeds import Event
from scenarios.language.slots import TriggerSlots

Link = tuple[Frame, Event | None, str]
_STATES = frozenset({"stand", "be", "move", "slow_move", "other", "follow", "have", "approach"})


def trigger_of(frame: Frame) -> TriggerSlots | None:
    """What a subordinate clause states; a number beats an event."""
    if frame.lead is not None:
        kind = "ttc" if frame.kind == "before" else "time"
        return TriggerSlots(kind, frame.lead.value)
    for quantity, context, _ in frame.numbers:
        if quantity.kind == "length" and context == "gap":
            return TriggerSlots("distance", quantity.value)
        if quantity.kind == "time" and context in ("ttc", "time"):
            return TriggerSlots(context, quantity.value)
    if frame.kind != "trigger":
        return None
    if frame.had_verb or frame.deed or (frame.subject and frame.word != "after"):
        return TriggerSlots("event")
    return None


def apply_links(walker: Walk) -> None:
    """Gives the triggers of one sentence to the road users whose deeds they start."""
    for link in walker.links:
        apply_link(walker, link)
    walker.links = []


def apply_link(walker: Walk, link: Link) -> None:
    """Gives one trigger to the road users whose deeds it starts."""
    frame, event, where = link
    trigger = trigger_of(frame)
    if trigger is None or event is None:
        return
    if where == "prefix":
        _prefix(walker, event, trigger)
    else:
        _behind(walker, frame, event, trigger)
    for actor in walker.cast.actors:
        if actor.trigger is trigger and frame.items:
            frame.items[0].mark(actor, "trigger.kind", trigger.kind)


def numbered(walker: Walk) -> list[tuple[int, Link]]:
    """Links whose trigger is a number, with the place of their deed; a number beats an event."""
    found: list[tuple[int, Link]] = []
    for link in walker.links:
        trigger = trigger_of(link[0])
        if trigger is not None and trigger.kind != "event" and link[1] in walker.events:
            found.append((walker.events.index(link[1]), link))  # type: ignore[arg-type]
    return found


def _give(event: Event, trigger: TriggerSlots) -> bool:
    doers = [actor for actor, word in event.done if not actor.is_ego and word]
    for actor in dict.fromkeys(doers):
        if actor.trigger is None:
            actor.trigger = trigger
    return bool(doers)


def _prefix(walker: Walk, event: Event, trigger: TriggerSlots) -> None:
    at = walker.events.index(event)
    for later in walker.events[at:]:
        if later.frame in ("trigger", "sub", "before"):
            continue
        ego = any(actor.is_ego for actor in later.doers()) and later.frame == "main" and later is event
        if ego and (later.done or later.concept not in ("meta", "be", "have", "other")):
            return
        if later.frame in ("rel",) and later.concept in _STATES:
            continue
        if _give(later, trigger):
            return


def _behind(walker: Walk, frame: Frame, event: Event, trigger: TriggerSlots) -> None:
    if trigger.kind == "event" and frame.word == "when" and _introduces(walker, frame, event):
        return
    if any(actor.is_ego for actor in event.doers()):
        return
    if trigger.kind == "event" and frame.word in ("when", "if") and event.concept in _STATES:
        return
    if _give(event, trigger):
        return
    at = walker.events.index(event)
    for earlier in reversed(walker.events[:at]):
        if any(actor.is_ego for actor in earlier.doers()) or earlier.frame in ("trigger",):
            return
        if _give(earlier, trigger):
            return


def _introduces(walker: Walk, frame: Frame, event: Event) -> bool:
    """`X is driving along when a child runs out`: the clause tells the main event."""
    group = event.group
    state = group is not None and (group.progressive or event.concept in _STATES)
    inner = frame.subject
    fresh = (
        bool(inner)
        and not inner[0].is_ego
        and inner[0].order >= max((a.order for a in event.doers()), default=-1)
        and inner[0] not in event.doers()
    )
    return bool(state and fresh)
