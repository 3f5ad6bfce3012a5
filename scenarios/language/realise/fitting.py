"""Leaves made to fit: what the rules of the leaves refuse is taken out and named, never the whole description.

The rules know roads and actors better than this module: a task that the road has no place for, a step that a class
cannot do, a structure that does not stand there. Each refusal goes into the ledger in the words of the rule.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from driving_data.errors import Fault, InputError
from scenarios.algebra import LogicalScenario, Rejected, scenario
from scenarios.language.realise.ledger import Ledger
from scenarios.leaf import IllTyped, Leaf, Misfit
from scenarios.space import Const
from scenarios.types.actors import tasks_of
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.rules import misfits
from scenarios.units import TEXT

MAX_REPAIRS = 40


def fitted(leaves: Sequence[Leaf], ledger: Ledger) -> LogicalScenario:
    """The product of the leaves without what does not fit; every piece that is left out is named.

    Raises:
        InputError: something does not fit that cannot be left out.
    """
    kept = list(leaves)
    for _ in range(MAX_REPAIRS):
        found = next((m for one, two in combinations(kept, 2) for m in misfits(one, two)), None)
        found = found or next(iter(_problems(kept)), None)
        if found is not None:
            kept = _without(kept, found, ledger)
            continue
        whole = scenario(*kept)
        crowded = _without_room(whole)
        if not crowded:
            return whole
        # Only building the road tells that two long vehicles meet in a bend.
        ledger.miss(crowded, "present", "the road has no room for it beside the others")
        kept = [leaf for leaf in kept if leaf.name != crowded or leaf.kind not in ("actor", "do")]
    raise _refusal("the parts of the description do not fit together")


def _without_room(whole: LogicalScenario) -> str:
    """The actor for whom a draw finds no room; empty where everyone has some."""
    try:
        whole.sample(0)
    except Rejected as error:
        return error.actor
    return ""


def _problems(leaves: Sequence[Leaf]) -> tuple[Misfit, ...]:
    try:
        return scenario(*leaves).problems()
    except IllTyped as error:
        raise _refusal(str(error)) from error


def _refusal(found: str) -> InputError:
    return InputError([Fault("", 0, 0, "", "ill-typed", found, "a description whose parts fit together")])


def _without(leaves: list[Leaf], misfit: Misfit, ledger: Ledger) -> list[Leaf]:
    """The leaves without the piece that a misfit blames."""
    reason = str(misfit).removeprefix(f"{misfit.slot}.{misfit.field}: ").removeprefix(f"{misfit.slot}: ")
    at = next((i for i, leaf in enumerate(leaves) if leaf.slot == misfit.slot), None)
    if at is None:
        raise _refusal(str(misfit))
    leaf, rest = leaves[at], [*leaves[:at], *leaves[at + 1 :]]
    if leaf.kind == "ego" and leaf.text("task"):
        tasks = tasks_of(leaf.text("task"))
        blamed = next((task for task in tasks if task in misfit.found), tasks[-1])
        ledger.miss(f"ego.manoeuvre[{tasks.index(blamed)}]", blamed, reason)
        left = " then ".join(task for i, task in enumerate(tasks) if i != tasks.index(blamed))
        texts = tuple((name, left if name == "task" else text) for name, text in leaf.texts if name != "task" or left)
        return [*rest, replace(leaf, texts=texts)]
    if leaf.kind == "do":
        number = misfit.field.removeprefix("[").partition("]")[0]
        index = int(number) if number.isdigit() else len(leaf.steps) - 1
        ledger.miss(f"{leaf.name}.do[{index}]", leaf.steps[index].action, reason)
        steps = tuple(step for i, step in enumerate(leaf.steps) if i != index)
        return [*rest, replace(leaf, steps=steps)] if steps else rest
    if leaf.kind == "actor" and dict(leaf.values)["kind"] == Const("tram", TEXT):
        ledger.miss(f"{leaf.name}.kind", "tram", f"{reason}; a bus stands for it")
        values = tuple((name, Const("bus", TEXT) if name == "kind" else value) for name, value in leaf.values)
        return [*rest, replace(leaf, values=values)]
    if leaf.kind in LEAF_TYPES or leaf.kind == "signals":
        ledger.miss(leaf.slot.replace(" ", "."), "left out", reason)
        return rest
    raise _refusal(str(misfit))
