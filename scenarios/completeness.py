"""What a logical scenario still lacks before it can be drawn."""

from collections.abc import Iterable, Iterator

from driving_data.errors import nearest_name
from scenarios.leaf import Leaf, names_read
from scenarios.normal_form import Block, Blocks, Restricted, provided_by
from scenarios.types.manoeuvres import all_steps


def missing(blocks: Blocks) -> tuple[str, ...]:
    """Everything that is missing, in words."""
    slots = slots_always(blocks)
    found = [f"the scenario has no {kind}" for kind in ("road", "ego") if kind not in slots]
    found.extend(_missing(blocks, slots, provided_by(blocks)))
    return tuple(dict.fromkeys(found))


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


def _missing(blocks: Iterable[Block], slots: frozenset[str], names: frozenset[str]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Leaf):
            yield from _of_leaf(block, slots, names)
        elif isinstance(block, Restricted):
            yield from _missing(block.blocks, slots, names)
        else:
            for _, parts in block.options:
                yield from _missing(parts, slots | slots_always(parts), names | provided_by(parts))


def _of_leaf(leaf: Leaf, slots: frozenset[str], names: frozenset[str]) -> Iterator[str]:
    for actor in sorted(actors_named(leaf)):
        if actor != "ego" and f"actor {actor}" not in slots:
            known = [slot.removeprefix("actor ") for slot in sorted(slots) if slot.startswith("actor ")]
            yield f"{leaf.slot} names the actor {actor!r}, who is not there{_hint(actor, ['ego', *known])}"
    for name in sorted(names_read(leaf) - leaf.paths().keys()):
        if name not in names:
            yield f"{leaf.slot} reads {name!r}, which nothing gives{_hint(name, sorted(names))}"
    for needed in ("on", "at", "speed") if leaf.kind == "ego" else ():
        if needed not in dict(leaf.values):
            yield f"the ego has no {needed!r}"


def actors_named(leaf: Leaf) -> set[str]:
    """Other actors that a leaf speaks of."""
    found = {leaf.text("of")} | ({leaf.name} if leaf.kind == "do" else set())
    for step in all_steps(leaf):
        found.add(dict(step.texts).get("of", ""))
        found.add(step.when.actor if step.when else "")
    return found - {""}


def _hint(name: str, valid: list[str]) -> str:
    near = nearest_name(name, valid)
    return f"; did you mean {near!r}?" if near else ""


