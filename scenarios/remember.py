"""A cache keyed by identity: deep frozen values are costly to hash, and the same one is asked for again and again."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")
MAX_KEPT = 16384


def by_identity(function: Callable[[Key], Result]) -> Callable[[Key], Result]:
    """Remembers the result of a pure function for each object (kept alive, so that its id stays its own)."""
    kept: dict[int, tuple[Key, Result]] = {}

    def remembered(key: Key) -> Result:
        entry = kept.get(id(key))
        if entry is not None and entry[0] is key:
            return entry[1]
        result = function(key)
        if len(kept) >= MAX_KEPT:
            kept.clear()
        kept[id(key)] = (key, result)
        return result

    return remembered
