"""Which labels are made: boxes always, the others where they are asked for, since each costs time."""

from collections.abc import Iterable

from driving_data.errors import Fault, InputError, nearest_name

ALL = "all"
BOXES = "boxes"
# In the order in which they are made; names are those of the fields of `Labels`.
ON_REQUEST = ("surfaces", "parts", "keypoints", "illumination", "occupancy", "map_elements", "controls", "conditions")


def chosen_labels(names: Iterable[str], further: Iterable[str] = ()) -> frozenset[str]:
    """The labels on request among `names`; 'all' stands for all of them, 'boxes' (always made) for none.

    Args:
        names: what is asked for.
        further: names of labels that others make, which are let through.

    Raises:
        InputError: no label has one of the names; every such name is told.
    """
    asked = tuple(names)
    known = (ALL, BOXES, *ON_REQUEST, *further)
    faults = [
        Fault("", 0, 0, f"labels[{index}]", "unknown-name", repr(name), f"one of {', '.join(known)}",
              nearest_name(name, known))
        for index, name in enumerate(asked)
        if name not in known
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return frozenset(ON_REQUEST) if ALL in asked else frozenset(asked) - {BOXES}


__all__ = ["ALL", "BOXES", "ON_REQUEST", "chosen_labels"]
