"""What a logical scenario still lacks before it can be drawn."""

from collections.abc import Iterable, Iterator

from driving_data.errors import nearest_name
from scenarios.expressions import Expression
from scenarios.leaf import Leaf, Misfit
from scenarios.normal_form import Block, Blocks, Restricted, leaves_of, provided_by
from scenarios.types.leaf_type import only_texts
from scenarios.types.rules import lane_beside_missing, steps_with_paths


def missing(blocks: Blocks) -> tuple[Misfit, ...]:
    """Everything that is missing."""
    slots = slots_always(blocks)
    found = [
        Misfit(kind, "", "missing-section", f"the scenario has no {kind}", f"the section {kind!r}")
        for kind in ("road", "ego") if kind not in slots and "storyboard" not in slots
    ]  # fmt: skip
    found.extend(_missing(blocks, slots, provided_by(blocks)))
    found.extend(_trams_without_tracks(tuple(leaves_of(blocks))))
    found.extend(_lane_changes_into_nothing(tuple(_always(blocks))))
    return tuple(dict.fromkeys(found))


def _always(blocks: Iterable[Block]) -> Iterator[Leaf]:
    """Leaves that every draw has."""
    for block in blocks:
        if isinstance(block, Leaf):
            yield block
        elif isinstance(block, Restricted):
            yield from _always(block.blocks)


def _lane_changes_into_nothing(leaves: tuple[Leaf, ...]) -> Iterator[Misfit]:
    """Changes to a lane beside the actor's own that this road does not have."""
    roads = [leaf for leaf in leaves if leaf.kind == "road"]
    actors = {leaf.name: leaf for leaf in leaves if leaf.kind == "actor"}
    for leaf in leaves:
        if leaf.kind == "do" and roads and leaf.name in actors:
            yield from lane_beside_missing(roads[0], actors[leaf.name], leaf)


def _trams_without_tracks(leaves: tuple[Leaf, ...]) -> Iterator[Misfit]:
    """Trams of a scenario that says of no lane that it has tracks; a road from a file may have them by itself."""
    tracks = any(leaf.kind == "lane_uses" and "tram" in only_texts(leaf, "kind") for leaf in leaves)
    if tracks or any(leaf.kind == "road" and leaf.text("file") for leaf in leaves):
        return
    for leaf in leaves:
        if leaf.kind in ("actor", "traffic") and "tram" in only_texts(leaf, "kind"):
            expected = "lane_uses of the kind tram, on the route that the tram takes"
            yield Misfit(leaf.slot, "kind", "tram-without-tracks", "a tram and no tracks", expected)


def slots_always(blocks: Iterable[Block]) -> frozenset[str]:
    """Slots that every option binds."""
    found: frozenset[str] = frozenset()
    for block in blocks:
        if isinstance(block, Leaf):
            found |= {block.slot}
        elif isinstance(block, Restricted):
            found |= slots_always(block.blocks)
        else:
            found |= frozenset.intersection(*(slots_always(parts) for _, parts in block.options))
    return found


def _missing(blocks: Iterable[Block], slots: frozenset[str], names: frozenset[str]) -> Iterator[Misfit]:
    for block in blocks:
        if isinstance(block, Leaf):
            yield from _of_leaf(block, slots, names)
        elif isinstance(block, Restricted):
            yield from _missing(block.blocks, slots, names)
        else:
            for _, parts in block.options:
                yield from _missing(parts, slots | slots_always(parts), names | provided_by(parts))


def _of_leaf(leaf: Leaf, slots: frozenset[str], names: frozenset[str]) -> Iterator[Misfit]:
    if leaf.kind == "role":
        yield Misfit(leaf.slot, "", "unbound-role", f"the role {leaf.name!r} is open", "an actor, by bind")
    known = ["ego", *(slot.removeprefix("actor ") for slot in sorted(slots) if slot.startswith("actor "))]
    for field, actor in actors_named(leaf):
        if actor not in known:
            expected = f"one of {', '.join(known)}"
            yield Misfit(leaf.slot, field, "unknown-actor", f"no actor {actor!r}", expected, nearest_name(actor, known))
    for path, value in leaf.paths().items():
        for name in value.names() if isinstance(value, Expression) else ():
            if name not in names and name not in leaf.paths():
                field = path.removeprefix(leaf.prefix).removeprefix(".")
                near = nearest_name(name, sorted(names))
                yield Misfit(
                    leaf.slot, field, "unknown-name", f"nothing gives {name!r}", "a value of this scenario", near
                )
    for needed in ("on", "at", "speed") if leaf.kind == "ego" else ():
        if needed not in dict(leaf.values):
            yield Misfit("ego", "", "missing-key", f"the ego has no {needed!r}", f"the key {needed!r}")


def actors_named(leaf: Leaf) -> list[tuple[str, str]]:
    """Other actors that a leaf speaks of, each with the field that does."""
    found = [("of", leaf.text("of"))] if leaf.text("of") else []
    if leaf.kind == "do":
        found.append(("", leaf.name))
        for path, step in steps_with_paths(leaf):
            if of := dict(step.texts).get("of"):
                found.append((f"{path}.of", of))
            if step.when is not None and step.when.actor:
                found.append((f"{path}.when", step.when.actor))
    return found
