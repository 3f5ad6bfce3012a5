"""Names of actors: the noun that the text uses where it is known, else the class."""

import re
from collections.abc import Sequence

from scenarios.language.slots import ActorSlots, Phrase
from scenarios.types.actors import KINDS, RESERVED, class_of
from scenarios.types.traits import VARIANTS

_WORD = re.compile(r"[a-z]+")
_NO_NAMES = frozenset({"the", "a", "an", "it", "which", "that", "them", "they", "one", "another", "other", "others",
                       "second", "former", "latter", "vehicle", "driver", "object", "lead", "leading", "first", "third",
                       "oncoming"})  # fmt: skip


def names_of(actors: Sequence[ActorSlots], counts: Sequence[int], account: Sequence[Phrase]) -> list[list[str]]:
    """A name for each member of each group, all different and legal in a scenario file."""
    stems = [_stem(i, actors, account) for i in range(len(actors))]
    taken: set[str] = set()
    found: list[list[str]] = []
    for stem, count in zip(stems, counts, strict=True):
        alone = count == 1 and stem not in taken and stems.count(stem) == 1
        found.append([stem] if alone else [_free(f"{stem}", taken) for _ in range(count)])
        taken.update(found[-1])
    return found


def _free(stem: str, taken: set[str]) -> str:
    number = 1
    while f"{stem}_{number}" in taken:
        number += 1
    taken.add(f"{stem}_{number}")
    return f"{stem}_{number}"


def _stem(index: int, actors: Sequence[ActorSlots], account: Sequence[Phrase]) -> str:
    kind = actors[index].kind
    words = _WORD.findall(noun_of(index, actors, account).lower())
    usable = words and len(words) <= 4 and words[-1] not in _NO_NAMES and words[-1] not in RESERVED
    return words[-1] if usable else kind


def noun_of(index: int, actors: Sequence[ActorSlots], account: Sequence[Phrase]) -> str:
    """The words that introduced a group; empty where the account does not tell them from others."""
    for phrase in account:
        if phrase.path in (f"actors[{index}].class", f"actors[{index}]"):
            return phrase.text
    kind = actors[index].kind
    same = [i for i, actor in enumerate(actors) if actor.kind == kind]
    said = [phrase.text for phrase in account if phrase.path == "actors" and phrase.value == kind]
    return said[same.index(index)] if said and (len(said) == len(same) or len(same) == 1) else ""


def variant_of(index: int, actors: Sequence[ActorSlots], account: Sequence[Phrase], longest_m: float) -> str:
    """The variant of its class that the noun of a group names, as 'moose'; empty where it names none.

    `longest_m`: variants beyond this are left out, for places are kept for no more.
    """
    label = actors[index].kind
    words = _WORD.findall(noun_of(index, actors, account).lower().replace("-", " "))
    if label not in KINDS or not words:
        return ""
    sizes = VARIANTS.get(class_of(label), {})
    for name in ("_".join(words[-2:]), words[-1]):
        for singular in (name, name.removesuffix("s"), name.removesuffix("es")):
            if singular in sizes and sizes[singular][0] <= longest_m and singular != label:
                return singular
    return ""
