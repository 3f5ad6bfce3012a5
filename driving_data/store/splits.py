"""Splits by family: all variants of a log or of a scenario lie in one split, whatever else is in the data set.

A family's split follows from its name alone, so that a growing data set never moves one from test to train.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

DEFAULT_RATIOS: Mapping[str, float] = {"train": 0.7, "val": 0.15, "test": 0.15}


@dataclass(frozen=True, slots=True)
class Relation:
    """What decides on the split of a segment: its family, and the segments that it was made from."""

    segment_id: str
    family: str
    parents: tuple[str, ...] = ()


def assign_splits(
    relations: Iterable[Relation],
    ratios: Mapping[str, float] = DEFAULT_RATIOS,
    *,
    salt: str = "",
    balanced: bool = False,
) -> dict[str, str]:
    """The split of each segment.

    Families that share a segment through `parents` are one: what was made from a real log stays with that log.

    Args:
        relations: the segments.
        ratios: share of families by split; shares add up to 1.
        salt: another salt gives another, equally fixed, division.
        balanced: hit the ratios as nearly as whole families allow, for small sets. The division then depends on
            which families there are; without it (the default) it depends on each family's name alone.

    Raises:
        ValueError: the shares do not add up to 1.
    """
    check_ratios(ratios)
    groups = family_groups(relations)
    names = sorted(set(groups.values()), key=lambda name: (_unit(name, salt), name))
    if balanced:
        split_of = dict(zip(names, _by_quota(len(names), ratios), strict=True))
    else:
        split_of = {name: _by_place(_unit(name, salt), ratios) for name in names}
    return {segment_id: split_of[group] for segment_id, group in groups.items()}


def check_ratios(ratios: Mapping[str, float]) -> None:
    """Raises ValueError unless the shares are not negative and add up to 1."""
    if not ratios or min(ratios.values()) < 0 or abs(sum(ratios.values()) - 1) > 1e-9:
        raise ValueError(f"shares of splits must be from 0 to 1 and add up to 1, not {dict(ratios)}")


def family_groups(relations: Iterable[Relation]) -> dict[str, str]:
    """The group of each segment: the alphabetically first of all families that hang together."""
    items = list(relations)
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    family = {item.segment_id: item.family or item.segment_id for item in items}
    for item in items:
        own = find(family[item.segment_id])
        for parent in item.parents:
            other = find(family.get(parent, parent))
            first, second = sorted((own, other))
            leader[second] = first
            own = first
    return {segment_id: find(name) for segment_id, name in family.items()}


def _unit(name: str, salt: str) -> float:
    """A number in [0, 1) that depends on the name only."""
    return int.from_bytes(hashlib.sha256(f"{salt}\x1f{name}".encode()).digest()[:6], "big") / 2**48


def _by_place(place: float, ratios: Mapping[str, float]) -> str:
    end = 0.0
    for split, share in ratios.items():
        end += share
        if place < end:
            return split
    return [split for split, share in ratios.items() if share > 0][-1]


def _by_quota(count: int, ratios: Mapping[str, float]) -> Sequence[str]:
    """Splits in order, with the largest remainders rounded up; every split gets one while there are enough."""
    exact = {split: share * count for split, share in ratios.items()}
    quota = {split: int(number) for split, number in exact.items()}
    by_remainder = sorted(ratios, key=lambda split: (quota[split] - exact[split], list(ratios).index(split)))
    for split in by_remainder[: count - sum(quota.values())]:
        quota[split] += 1
    wanting = [split for split, share in ratios.items() if share > 0 and quota[split] == 0]
    for split in wanting:
        richest = max(quota, key=lambda name: quota[name])
        if quota[richest] > 1:
            quota[richest] -= 1
            quota[split] += 1
    return [split for split, number in quota.items() for _ in range(number)]
