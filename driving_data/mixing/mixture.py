"""Mixtures: an endless stream of samples whose composition is exact and which any worker can begin anywhere.

The stream is a pure function of the seed and the place in it. Places are dealt in blocks; in each block every
component has exactly its share, in an order that a Philox generator, keyed by seed and block, shuffles. Within a
component, strata (slices that rules weight or cap) follow one another by the floor of a share, which never exceeds
it; within a stratum every sample comes once before any comes again. So the whole state is one integer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.mixing.samples import Entry, Sample, SampleSource

_LARGEST_DENOMINATOR = 1000
_MIN_BLOCK = 1000
_MAX_BLOCK = 1_000_000
_CAP_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class SliceWeight:
    """Samples with `tag` are drawn `factor` times as often as others of their component (of every one if None)."""

    tag: str
    factor: float
    component: str | None = None


@dataclass(frozen=True, slots=True)
class SliceCap:
    """Of all samples with `tag`, at most the share `max_share` comes from `component`: night at most half synthetic."""

    tag: str
    component: str
    max_share: float


SliceRule = SliceWeight | SliceCap


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a mixture: its name, its share of all samples, and where its samples come from."""

    name: str
    ratio: float
    source: SampleSource = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draw:
    """What stands at one place of the stream.

    Attributes:
        index: the place.
        component: number of the component.
        segment: number of the segment in its source.
        sample: number of the sample in the segment.
        epoch: how often this sample came before.
    """

    index: int
    component: int
    segment: int
    sample: int
    epoch: int


@dataclass(frozen=True, slots=True)
class _Stratum:
    """Samples of one component that every rule treats alike: (segment, sample) pairs, and their share of it."""

    items: np.ndarray = field(repr=False)
    tags: frozenset[str]
    share: Fraction


@dataclass(frozen=True)
class Mixture:
    """Samples of several components in exact shares.

    Attributes:
        components: the parts; their ratios add up to 1 (and are multiples of some 1/n, n up to 1000).
        seed: the seed of the order.
        rules: weights and caps of slices.

    Raises:
        InputError: with every fault: ratios that do not add up, a part without samples, a cap that cannot hold.
    """

    components: tuple[Component, ...]
    seed: int = 0
    rules: tuple[SliceRule, ...] = ()

    def __post_init__(self) -> None:
        faults = _faults(self.components, self.rules)
        if faults:
            raise InputError(faults)
        # Caps that cannot hold are found here, not at the first draw.
        _ = self._strata

    @staticmethod
    def of(
        ratio: Mapping[str, float], sources: Mapping[str, SampleSource], seed: int = 0, rules: Sequence[SliceRule] = ()
    ) -> "Mixture":
        """A mixture by name; components with the share 0 are left out."""
        missing = [name for name, share in ratio.items() if share > 0 and name not in sources]
        if missing:
            expected = f"one of {', '.join(sorted(sources)) or 'no component at all'}"
            raise InputError([_fault(f"ratio.{name}", "no such component has samples", expected) for name in missing])
        parts = tuple(Component(name, share, sources[name]) for name, share in ratio.items() if share > 0)
        return Mixture(parts, seed, tuple(rules))

    @cached_property
    def _ratios(self) -> tuple[Fraction, ...]:
        return tuple(_fraction(component.ratio) for component in self.components)

    @cached_property
    def block_size(self) -> int:
        """Samples in a block: in every whole block the shares are exact."""
        unit = math.lcm(*(ratio.denominator for ratio in self._ratios))
        return unit * max(1, -(-_MIN_BLOCK // unit))

    @cached_property
    def _strata(self) -> tuple[tuple[_Stratum, ...], ...]:
        return _stratify(self.components, self._ratios, self.rules)

    def __len__(self) -> int:
        """Different samples."""
        return sum(len(stratum.items) for strata in self._strata for stratum in strata)

    def draw(self, index: int) -> Draw:
        """What stands at a place of the stream: a pure function of the mixture and the place."""
        block, place = divmod(index, self.block_size)
        order = _block_order(self.seed, block, tuple(int(ratio * self.block_size) for ratio in self._ratios))
        component, rank = order[place]
        number = block * int(self._ratios[component] * self.block_size) + int(rank)
        stratum, occurrence = _place_in_strata(self._strata[component], number)
        items = self._strata[component][stratum].items
        epoch, position = divmod(occurrence, len(items))
        order_of_epoch = _epoch_order(self.seed, int(component), stratum, epoch, len(items))
        segment, sample = items[order_of_epoch[position]]
        return Draw(index, int(component), int(segment), int(sample), epoch)

    def sample(self, index: int) -> Sample:
        """The sample at a place of the stream."""
        draw = self.draw(index)
        sample = self.components[draw.component].source.sample(draw.segment, draw.sample)
        return {**sample, "index": np.array(index, np.int64)}

    def entry(self, draw: Draw) -> Entry:
        """The segment that a draw comes from."""
        return self.components[draw.component].source.entries[draw.segment]

    def report(self, num_samples: int, start: int = 0) -> "MixtureReport":
        """What the places from `start` on hold, without reading a sample."""
        return _report(self, num_samples, start)


@dataclass(frozen=True, slots=True)
class ComponentReport:
    """One component in a stretch of the stream: draws, different samples among them, repeats, epochs begun, size."""

    name: str
    draws: int
    unique: int
    repeated: int
    epochs: int
    available: int


@dataclass(frozen=True, slots=True)
class MixtureReport:
    """A stretch of the stream: its components, and for each slice the draws by component."""

    num_samples: int
    components: tuple[ComponentReport, ...]
    slices: Mapping[str, Mapping[str, int]]


def _fault(path: str, found: str, expected: str) -> Fault:
    return Fault("", 0, 0, path, "wrong-mixture", found, expected)


def _fraction(ratio: float) -> Fraction:
    return Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR)


def _faults(components: Sequence[Component], rules: Sequence[SliceRule]) -> list[Fault]:
    faults: list[Fault] = []
    names = [component.name for component in components]
    if len(set(names)) != len(names):
        faults.append(_fault("components", f"{names}", "different names"))
    if not components or any(c.ratio <= 0 for c in components) or sum(_fraction(c.ratio) for c in components) != 1:
        found = {c.name: c.ratio for c in components}
        faults.append(
            _fault("ratio", f"{found}", "shares above 0, multiples of 1/n with n up to 1000, that add up to 1")
        )
    elif math.lcm(*(_fraction(c.ratio).denominator for c in components)) > _MAX_BLOCK:
        faults.append(_fault("ratio", "no common denominator up to a million", "rounder shares"))
    for component in components:
        if not sum(entry.num_samples for entry in component.source.entries if entry.weight > 0):
            faults.append(_fault(f"components.{component.name}", "no sample", "at least one validated segment"))
    for rule in rules:
        if rule.component is not None and rule.component not in names:
            faults.append(_fault("rules", f"component {rule.component!r}", f"one of {', '.join(names)}"))
        if isinstance(rule, SliceWeight) and not rule.factor > 0:
            faults.append(_fault("rules", f"factor {rule.factor}", "a factor above 0"))
        if isinstance(rule, SliceCap) and not 0 <= rule.max_share <= 1:
            faults.append(_fault("rules", f"share {rule.max_share}", "a share from 0 to 1"))
    return faults


@lru_cache(maxsize=32)
def _block_order(seed: int, block: int, quotas: tuple[int, ...]) -> np.ndarray:
    """Component and rank within the component of each place of a block, shape (block, 2)."""
    component = np.repeat(np.arange(len(quotas)), quotas)
    _generator(seed, 0, block, 0).shuffle(component)
    rank = np.empty(len(component), np.int64)
    for number, quota in enumerate(quotas):
        rank[component == number] = np.arange(quota)
    return np.column_stack([component, rank])


@lru_cache(maxsize=256)
def _epoch_order(seed: int, component: int, stratum: int, epoch: int, size: int) -> np.ndarray:
    """The order in which the samples of a stratum come in one epoch."""
    return _generator(seed, 1 + component, epoch, stratum).permutation(size)


def _generator(seed: int, stream: int, number: int, part: int) -> np.random.Generator:
    """A generator of its own for each use: nothing depends on what was drawn before."""
    words = np.random.SeedSequence([seed, stream, number, part]).generate_state(2, np.uint64)
    return np.random.Generator(np.random.Philox(key=words))


def _place_in_strata(strata: Sequence[_Stratum], number: int) -> tuple[int, int]:
    """Stratum of the draw of that number within a component, and how many draws of the stratum came before.

    Of the first n draws, floor(s n) go to the first stratum; the rest are dealt to the others in the same way.
    """
    left = Fraction(1)
    for index, stratum in enumerate(strata[:-1]):
        share = stratum.share / left
        before, after = math.floor(share * number), math.floor(share * (number + 1))
        if after > before:
            return index, before
        number -= before
        left -= stratum.share
    return len(strata) - 1, number


def _stratify(
    components: Sequence[Component], ratios: Sequence[Fraction], rules: Sequence[SliceRule]
) -> tuple[tuple[_Stratum, ...], ...]:
    """Strata of every component, with shares after weights and caps; capped ones first, so that they round down."""
    groups = [_groups(component, rules) for component in components]
    shares: list[list[float]] = []
    for component, strata in zip(components, groups, strict=True):
        masses = [_mass(component, tags, weight, items, rules) for (tags, weight), items in strata]
        shares.append([mass / sum(masses) for mass in masses])
    caps = [rule for rule in rules if isinstance(rule, SliceCap)]
    _apply_caps(caps, components, [float(ratio) for ratio in ratios], groups, shares)
    out: list[tuple[_Stratum, ...]] = []
    for component, strata, masses in zip(components, groups, shares, strict=True):
        exact = [Fraction(mass).limit_denominator(10**9) for mass in masses]
        total = sum(exact, Fraction(0))
        made = [
            _Stratum(items, tags, share / total)
            for ((tags, _), items), share in zip(strata, exact, strict=True)
            if share > 0
        ]
        capped = {cap.tag for cap in caps if cap.component == component.name}
        out.append(tuple(sorted(made, key=lambda stratum: not stratum.tags & capped)))
    return tuple(out)


_Group = tuple[tuple[frozenset[str], float], np.ndarray]


def _groups(component: Component, rules: Sequence[SliceRule]) -> list[_Group]:
    """Samples of a component by the tags that rules name and by the weight of their segment, in a fixed order."""
    named = {rule.tag for rule in rules}
    items: dict[tuple[frozenset[str], float], list[tuple[int, int]]] = {}
    for number, entry in enumerate(component.source.entries):
        if entry.weight > 0:
            key = (entry.tags & named, entry.weight)
            items.setdefault(key, []).extend((number, sample) for sample in range(entry.num_samples))
    ordered = sorted(items.items(), key=lambda item: (sorted(item[0][0]), item[0][1]))
    return [(key, np.array(pairs, np.int64)) for key, pairs in ordered if pairs]


def _mass(
    component: Component, tags: frozenset[str], weight: float, items: np.ndarray, rules: Sequence[SliceRule]
) -> float:
    mass = weight * len(items)
    for rule in rules:
        if isinstance(rule, SliceWeight) and rule.tag in tags and rule.component in (None, component.name):
            mass *= rule.factor
    return mass


def _apply_caps(
    caps: Sequence[SliceCap], components: Sequence[Component], ratios: Sequence[float],
    groups: Sequence[Sequence[_Group]], shares: list[list[float]],
) -> None:  # fmt: skip
    """Lowers the shares of capped strata, and raises the others of the component, until every cap holds.

    Raises:
        InputError: a component has nothing but what is capped.
    """
    names = [component.name for component in components]
    for _ in range(_CAP_ROUNDS):
        changed = False
        for cap in caps:
            own = names.index(cap.component)
            inside = [cap.tag in tags for (tags, _), _ in groups[own]]
            mine = sum(share for share, there in zip(shares[own], inside, strict=True) if there)
            others = sum(
                ratios[c] * share
                for c in range(len(components)) if c != own
                for share, ((tags, _), _) in zip(shares[c], groups[c], strict=True) if cap.tag in tags
            )  # fmt: skip
            allowed = 1.0 if cap.max_share >= 1 else cap.max_share / (1 - cap.max_share) * others / ratios[own]
            if mine > allowed * (1 + 1e-12):
                _rescale(shares[own], inside, allowed, cap)
                changed = True
        if not changed:
            return
    found = "caps that push one another up again"
    raise InputError([_fault("rules", found, "caps that can hold at the same time")])


def _rescale(shares: list[float], inside: Sequence[bool], allowed: float, cap: SliceCap) -> None:
    outside = sum(share for share, there in zip(shares, inside, strict=True) if not there)
    if outside <= 0:
        found = f"every sample of {cap.component!r} has the tag {cap.tag!r}"
        raise InputError([_fault("rules", found, f"samples without it, or a share of {cap.max_share} or less")])
    within = 1 - outside
    for index, there in enumerate(inside):
        # A hair below the cap, so that the rounding to fractions cannot lift it above.
        shares[index] *= allowed * (1 - 1e-8) / within if there else (1 - allowed * (1 - 1e-8)) / outside


def _report(mixture: Mixture, num_samples: int, start: int) -> MixtureReport:
    draws = [mixture.draw(index) for index in range(start, start + num_samples)]
    parts: list[ComponentReport] = []
    for number, component in enumerate(mixture.components):
        mine = [draw for draw in draws if draw.component == number]
        unique = len({(draw.segment, draw.sample) for draw in mine})
        available = sum(entry.num_samples for entry in component.source.entries)
        epochs = 1 + max((draw.epoch for draw in mine), default=-1)
        parts.append(ComponentReport(component.name, len(mine), unique, len(mine) - unique, epochs, available))
    slices: dict[str, dict[str, int]] = {}
    for draw in draws:
        name = mixture.components[draw.component].name
        for tag in mixture.entry(draw).tags:
            row = slices.setdefault(tag, dict.fromkeys((part.name for part in mixture.components), 0))
            row[name] += 1
    return MixtureReport(num_samples, tuple(parts), {tag: slices[tag] for tag in sorted(slices)})
