"""How well slots agree: pairs of (path, value), actors paired one to one so that most pairs match.

Written from the contract's definition, not from its scorer. Ranges are equal when both ends are within a tenth.
"""

import itertools
import json
from typing import Any

Pair = tuple[str, Any]


def pairs_of(value: Any, path: str = "") -> list[Pair]:
    """A plain value as pairs: lists of words give a pair a word, null and empty nothing."""
    if value is None or value == []:
        return []
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in pairs_of(inner, f"{path}.{key}".strip("."))]
    if _is_range(value):
        return [(path, ("range", value[0], value[1]))]
    if isinstance(value, list):
        return [(path, word) for word in dict.fromkeys(value)]
    return [(path, json.dumps(value))]


def _is_range(value: Any) -> bool:
    ends = value if isinstance(value, list) and len(value) == 2 else ["x"]
    return all(end is None or (isinstance(end, int | float) and not isinstance(end, bool)) for end in ends)


def same(one: Any, two: Any) -> bool:
    """Equal, or ranges with both ends within a tenth."""
    if isinstance(one, tuple) and isinstance(two, tuple):
        return all(
            (a is None) == (b is None) and (a is None or abs(a - b) <= 0.1 * abs(a) + 1e-9)
            for a, b in zip(one[1:], two[1:], strict=True)
        )
    return one == two


def hits(gold: list[Pair], got: list[Pair]) -> int:
    """Pairs of both, each counted once."""
    left, count = list(got), 0
    for path, value in gold:
        found = next((pair for pair in left if pair[0] == path and same(value, pair[1])), None)
        if found is not None:
            left.remove(found)
            count += 1
    return count


def best_actor_hits(gold: list[list[Pair]], got: list[list[Pair]]) -> int:
    """The most pairs that any one-to-one pairing of actors matches; tried out, so for few actors."""
    short, long = sorted((gold, got), key=len)
    gain = [[hits(one, two) for two in long] for one in short]
    orders = itertools.permutations(range(len(long)), len(short))
    return max((sum(gain[i][j] for i, j in enumerate(order)) for order in orders), default=0)


def counts(gold: dict[str, Any], got: dict[str, Any]) -> tuple[int, int, int]:
    """(matching pairs, pairs of the label, pairs of the reading)."""
    rest = [pairs_of({key: value for key, value in slots.items() if key != "actors"}) for slots in (gold, got)]
    for slots, pairs in zip((gold, got), rest, strict=True):
        if slots.get("v2x") is not None:
            pairs.append(("v2x", "present"))
    actors = [[pairs_of(actor) for actor in slots["actors"]] for slots in (gold, got)]
    matching = hits(*rest) + best_actor_hits(*actors)
    return matching, *(len(pairs) + sum(map(len, cast)) for pairs, cast in zip(rest, actors, strict=True))


def structure(slots: dict[str, Any]) -> Any:
    """What must agree exactly: actors with class, manoeuvres and relations, road kind, light, weather."""
    actors = sorted((a["class"], tuple(sorted(a["manoeuvre"])), tuple(sorted(a["relation"]))) for a in slots["actors"])
    return actors, slots["road"]["kind"], slots["light"], sorted(slots["weather"])


def score(cases: list[tuple[dict[str, Any], dict[str, Any]]]) -> tuple[float, float]:
    """(F1 over all pairs, share of cases with exact structure)."""
    totals = [counts(gold, got) for gold, got in cases]
    matching, labelled, read = (sum(column) for column in zip(*totals, strict=True))
    exact = sum(structure(gold) == structure(got) for gold, got in cases) / len(cases)
    return 2 * matching / (labelled + read), exact
