"""A name and a description for a scenario that was read from a text."""

from scenarios.language.slots import Reading, Slots


def name_of(slots: Slots) -> str:
    """A short name made of who is there and where."""
    parts: list[str] = []
    for actor in slots.actors[:2]:
        deed = next(iter(actor.manoeuvre), next(iter(actor.relation), ""))
        parts.append("_".join(part for part in (actor.kind, deed) if part))
    if not parts:
        parts.append("_".join(("ego", *slots.ego.manoeuvre[:1])))
    parts += [part for part in (slots.road.kind, slots.light) if part]
    return "_".join(dict.fromkeys(parts))


def description_of(reading: Reading) -> str:
    """The text itself, in one line."""
    return " ".join(reading.text.split())
