"""The normal form of a logical scenario: a product of independent blocks, in canonical order.

A block is a leaf, a choice among products (`ChoiceOf`) or blocks under a restriction (`Restricted`). Equal measures
built in different ways have the same normal form: choices are distributed and factored into independent parts again
(exact fractions), a restriction holds exactly the blocks that its conditions read, directly or through expressions.
One corner is left as it stands: choices that are pairwise independent but not jointly so are kept as one block.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce

from driving_data.errors import nearest_name
from driving_data.plain import canonical_text
from scenarios.expressions import Apply, Bounds, Expression, Value, bounds_of
from scenarios.leaf import IllTyped, Leaf, leaf_key, names_read
from scenarios.space import Choice, Const
from scenarios.units import FLAG, TEXT

MAX_TERMS = 4096
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ChoiceOf:
    """One of several products, by weight; the weights sum to 1."""

    options: "tuple[tuple[Fraction, tuple[Leaf | Restricted, ...]], ...]"


@dataclass(frozen=True, slots=True)
class Restricted:
    """Blocks under conditions: draws that break one are drawn again."""

    where: tuple[Expression, ...]
    blocks: "tuple[Block, ...]"


Block = Leaf | ChoiceOf | Restricted
Atom = Leaf | Restricted
Blocks = tuple[Block, ...]


@lru_cache(maxsize=8192)
def key_of(block: Block) -> str:
    """Canonical text of a block."""
    if isinstance(block, Leaf):
        return leaf_key(block)
    if isinstance(block, Restricted):
        return canonical_text({"where": [c.text() for c in block.where], "blocks": [key_of(b) for b in block.blocks]})
    return canonical_text({"choice": [[str(weight), [key_of(b) for b in parts]] for weight, parts in block.options]})


def leaves_of(blocks: Iterable[Block]) -> Iterator[Leaf]:
    """Every leaf of the blocks, of every option."""
    for block in blocks:
        if isinstance(block, Leaf):
            yield block
        elif isinstance(block, Restricted):
            yield from leaves_of(block.blocks)
        else:
            for _, parts in block.options:
                yield from leaves_of(parts)


def provided(block: Block) -> frozenset[str]:
    """Paths that the block always has, whichever option is taken."""
    if isinstance(block, Leaf):
        return frozenset(block.paths())
    if isinstance(block, Restricted):
        return frozenset().union(*(provided(inner) for inner in block.blocks))
    return reduce(frozenset.intersection, (provided_by(parts) for _, parts in block.options))


def provided_by(blocks: Iterable[Block]) -> frozenset[str]:
    """Paths that a product always has."""
    return frozenset().union(*(provided(block) for block in blocks))


def slots_of(block: Block) -> frozenset[str]:
    """Slots that the block binds in any option."""
    return frozenset(leaf.slot for leaf in leaves_of([block]))


def read_by(block: Block) -> set[str]:
    """Paths that expressions and conditions of the block read."""
    names = {name for leaf in leaves_of([block]) for name in names_read(leaf)}
    return names | {name for condition in _conditions(block) for name in condition.names()}


def _conditions(block: Block) -> Iterator[Expression]:
    if isinstance(block, Restricted):
        yield from block.where
        for inner in block.blocks:
            yield from _conditions(inner)
    elif isinstance(block, ChoiceOf):
        for _, parts in block.options:
            for part in parts:
                yield from _conditions(part)


def assemble(blocks: Iterable[Block], conditions: Iterable[Expression] = ()) -> Blocks:
    """The product of blocks under conditions, in normal form.

    Raises:
        IllTyped: a slot is bound twice, or a condition reads what is not always there or can never hold.
    """
    wanted = [conjunct for condition in conditions for conjunct in _conjuncts(condition)]
    pool: list[Block] = []
    for block in blocks:
        if isinstance(block, Restricted):
            wanted.extend(block.where)
            pool.extend(block.blocks)
        else:
            pool.append(block)
    _refuse_double_slots(pool)
    groups = _groups(pool, wanted)
    bound = {index for members, _ in groups for index in members}
    free = [block for index, block in enumerate(pool) if index not in bound]
    for members, conds in groups:
        unique = {condition.text(): condition for condition in conds}
        inner = tuple(sorted((pool[index] for index in members), key=key_of))
        free.append(Restricted(tuple(unique[text] for text in sorted(unique)), inner))
    return tuple(sorted(free, key=key_of))


def _conjuncts(condition: Expression) -> list[Expression]:
    term = condition.term
    if isinstance(term, Apply) and term.name == "and":
        return [part for child in term.terms for part in _conjuncts(Expression(child, FLAG))]
    return [condition]


def _refuse_double_slots(pool: Sequence[Block]) -> None:
    seen: set[str] = set()
    for block in pool:
        slots = slots_of(block)
        if twice := sorted(slots & seen):
            raise IllTyped(f"{', '.join(twice)} bound twice; a product binds everything once, `|` chooses between two")
        seen |= slots


def _groups(pool: list[Block], conditions: list[Expression]) -> list[tuple[set[int], list[Expression]]]:
    """Blocks that each condition ties together; groups that share a block are one."""
    groups: list[tuple[set[int], list[Expression]]] = []
    always = provided_by(pool)
    for condition in conditions:
        verdict = bounds_of(condition.term, lambda path: _box(pool, path))
        if verdict == frozenset([False]):
            raise IllTyped(f"the condition {condition.text()!r} can never hold within these ranges")
        if not condition.names():
            if verdict != frozenset([True]):
                raise IllTyped(f"the condition {condition.text()!r} reads no value of the scenario")
            continue
        for name in condition.names():
            if name not in always:
                near = nearest_name(name, sorted(always))
                hint = f"; did you mean {near!r}?" if near else ""
                raise IllTyped(f"the condition {condition.text()!r} reads {name!r}, which is not in every option{hint}")
        members, conds = _closure(pool, set(condition.names())), [condition]
        for other in [group for group in groups if group[0] & members]:
            groups.remove(other)
            members, conds = members | other[0], [*other[1], *conds]
        groups.append((members, conds))
    return groups


def _closure(pool: list[Block], names: set[str]) -> set[int]:
    """Indices of the blocks that have these names, and of those that their expressions read, and so on."""
    members: set[int] = set()
    while True:
        found = {
            index for index, block in enumerate(pool)
            if index not in members and any(names & leaf.paths().keys() for leaf in leaves_of([block]))
        }  # fmt: skip
        if not found:
            return members
        members |= found
        names = {name for index in found for name in read_by(pool[index])}


def _box(
    pool: Sequence[Block], path: str, depth: int = 0, known: dict[str, Bounds | None] | None = None
) -> Bounds | None:  # fmt: skip
    """What the value at a path may be, whichever options are taken; None where nothing is known.

    `known` holds what was found for this pool; a value that is computed from itself is unknown.
    """
    found = {} if known is None else known
    if path in found:
        return found[path]
    found[path] = None
    found[path] = _box_of(pool, path, depth, found)
    return found[path]


def _box_of(pool: Sequence[Block], path: str, depth: int, known: dict[str, Bounds | None]) -> Bounds | None:
    for block in pool:
        if isinstance(block, Leaf) and path in block.paths():
            return value_bounds(block.paths()[path], lambda inner: _box(pool, inner, depth + 1, known), depth)
        if isinstance(block, ChoiceOf) and path in provided(block) and depth < MAX_DEPTH:
            others = [other for other in pool if other is not block]
            return _hull([_box([*parts, *others], path, depth + 1) for _, parts in block.options])
        if isinstance(block, Restricted) and path in provided(block) and depth < MAX_DEPTH:
            return _box([*block.blocks, *(other for other in pool if other is not block)], path, depth + 1)
    return None


def _hull(found: Sequence[Bounds | None]) -> Bounds | None:
    """Bounds that hold all of several."""
    intervals = [item for item in found if isinstance(item, tuple)]
    names = [item for item in found if isinstance(item, frozenset)]
    if len(intervals) == len(found):
        return min(low for low, _ in intervals), max(high for _, high in intervals)
    return frozenset[object]().union(*names) if len(names) == len(found) else None


def value_bounds(value: Value, box: "object", depth: int = 0) -> Bounds | None:
    """What a value may be: an interval of numbers or a set of texts and flags; None where unknown."""
    if isinstance(value, Expression):
        return bounds_of(value.term, box) if depth < MAX_DEPTH else None  # type: ignore[arg-type]
    if value.dimension.numeric:
        return value.bounds()
    if isinstance(value, Const):
        return frozenset([value.value])
    if isinstance(value, Choice) and value.dimension in (TEXT, FLAG):
        return frozenset(option.value for option, _ in value.options if isinstance(option, Const))
    return None


Terms = dict[frozenset[Atom], Fraction]


def expand(blocks: Iterable[Block]) -> Terms:
    """The product as a choice among products of leaves and restrictions, with the weight of each."""
    terms: Terms = {frozenset(): Fraction(1)}
    for block in blocks:
        options = block.options if isinstance(block, ChoiceOf) else ((Fraction(1), (block,)),)
        if len(terms) * len(options) > MAX_TERMS:
            raise IllTyped(f"more than {MAX_TERMS} alternatives; restrict or split the choices")
        terms = _cross(terms, options)
    return terms


def _cross(terms: Terms, options: Sequence[tuple[Fraction, tuple[Atom, ...]]]) -> Terms:
    crossed: Terms = {}
    for atoms, weight in terms.items():
        for share, parts in options:
            joined = atoms | frozenset(parts)
            crossed[joined] = crossed.get(joined, Fraction(0)) + weight * share
    return crossed


def mix(options: Iterable[tuple[Fraction, Blocks]]) -> Blocks:
    """A choice among products, in normal form; the weights sum to 1."""
    terms: Terms = {}
    for share, blocks in options:
        for atoms, weight in expand(blocks).items():
            terms[atoms] = terms.get(atoms, Fraction(0)) + share * weight
    return assemble(_factor(terms))


def _factor(terms: Terms) -> list[Block]:
    """Independent blocks whose product is the choice."""
    universe = sorted(frozenset[Atom]().union(*terms), key=key_of)
    share = {atom: sum((w for atoms, w in terms.items() if atom in atoms), Fraction(0)) for atom in universe}
    common: list[Block] = [atom for atom in universe if share[atom] == 1]
    varying = [atom for atom in universe if share[atom] != 1]
    parts = _components(varying, terms, share)
    choices = [_marginal(part, terms) for part in parts]
    if not _same_measure(choices, varying, terms):
        choices = [_marginal(varying, terms)]
    return [*common, *choices]


def _components(varying: list[Atom], terms: Terms, share: dict[Atom, Fraction]) -> list[list[Atom]]:
    """Atoms grouped so that atoms of different groups are pairwise independent."""
    groups: list[list[Atom]] = []
    for atom in varying:
        tied = [group for group in groups if any(_depend(atom, other, terms, share) for other in group)]
        groups = [group for group in groups if group not in tied]
        groups.append([atom, *(other for group in tied for other in group)])
    return groups


def _depend(one: Atom, two: Atom, terms: Terms, share: dict[Atom, Fraction]) -> bool:
    both = sum((weight for atoms, weight in terms.items() if one in atoms and two in atoms), Fraction(0))
    return both != share[one] * share[two]


def _marginal(part: Iterable[Atom], terms: Terms) -> ChoiceOf:
    """The choice that the terms make among the atoms of one part."""
    inside, found = frozenset(part), dict[frozenset[Atom], Fraction]()
    for atoms, weight in terms.items():
        found[atoms & inside] = found.get(atoms & inside, Fraction(0)) + weight
    options = [(weight, tuple(sorted(atoms, key=key_of))) for atoms, weight in found.items()]
    return ChoiceOf(tuple(sorted(options, key=lambda option: [key_of(atom) for atom in option[1]])))


def _same_measure(choices: list[ChoiceOf], varying: list[Atom], terms: Terms) -> bool:
    count = reduce(lambda total, choice: total * len(choice.options), choices, 1)
    inside = frozenset(varying)
    projected = {atoms & inside: weight for atoms, weight in terms.items()}
    return count == len(projected) and expand(choices) == projected
