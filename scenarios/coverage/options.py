"""What an option of a choice is called: by what sets it apart from the other options."""

from scenarios.leaf import Leaf
from scenarios.normal_form import ChoiceOf, leaves_of

MAX_LENGTH = 40


def option_labels(choice: ChoiceOf) -> tuple[str, ...]:
    """A label for each option, all different: the words that only some options have, else a number."""
    words = [_words(parts) for _, parts in choice.options]
    shared = set.intersection(*(set(each) for each in words))
    found: list[str] = []
    for number, each in enumerate(words):
        own = [word for word in each if word not in shared]
        label = ", ".join(own)[:MAX_LENGTH].rstrip(", ") or ("none of them" if not each else f"option {number}")
        found.append(f"{label} ({number})" if label in found else label)
    return tuple(found)


def choice_title(choice: ChoiceOf) -> str:
    """What a choice is about: the slots that its options bind, as `choice of weather`."""
    slots = dict.fromkeys(leaf.slot for _, parts in choice.options for leaf in leaves_of(parts) if leaf.kind != "about")
    title = f"choice of {', '.join(slots)}"
    return title if len(title) <= MAX_LENGTH else f"{title[: MAX_LENGTH - 2].rstrip(', ')} …"


def _words(parts: tuple[object, ...]) -> list[str]:
    """What the leaves of an option say, in order, each once."""
    found: list[str] = []
    for leaf in leaves_of(parts):  # type: ignore[arg-type]
        found.extend(_of_leaf(leaf))
    return list(dict.fromkeys(found))


def _of_leaf(leaf: Leaf) -> list[str]:
    if leaf.kind == "do":
        return [f"{leaf.name} {step.action}" for step in leaf.steps]
    texts = [text for name, text in leaf.texts if name in ("archetype", "name", "rig", "preset", "file")]
    values = [f"{leaf.path_of(name)} {value.text()}" for name, value in leaf.values]
    return texts + ([leaf.name] if leaf.kind == "actor" else []) + values
