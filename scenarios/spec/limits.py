"""Values that are computed and can never lie where their field needs them, found before anything is drawn."""

from collections.abc import Iterator, Mapping

from scenarios.expressions import Bounds, Expression, Value
from scenarios.leaf import Leaf, Misfit
from scenarios.normal_form import value_bounds
from scenarios.spec.tables import fields_of
from scenarios.types.fields import limits_text

_DEPTH = 12


def beyond_limits(leaves: tuple[Leaf, ...]) -> Iterator[Misfit]:
    """Every computed value whose bounds lie wholly outside the limits of its field.

    Bounds are those of interval arithmetic over everything that the names in an expression may be, so that a value
    that is reported can truly never fit; one that may fit is left to the draw.
    """
    held: dict[str, list[Value]] = {}
    for leaf in leaves:
        for path, value in leaf.paths().items():
            held.setdefault(path, []).append(value)
    for leaf in dict.fromkeys(leaves):
        fields = fields_of(leaf)
        paths = leaf.paths()
        for name, field in fields.items():
            value = paths.get(leaf.path_of(name) if leaf.kind != "do" else f"{leaf.prefix}{name}")
            if not isinstance(value, Expression) or not field.dimension.numeric:
                continue
            bounds = value_bounds(value, lambda path: _box(held, path, 0))
            if isinstance(bounds, tuple) and (bounds[1] < field.low or bounds[0] > field.high):
                low, high = (f"{bound:.3g}" for bound in bounds)
                unit = f" {field.dimension.unit}" if field.dimension.unit else ""
                found = f"{value.term.text()!r} is {low}..{high}{unit}"
                yield Misfit(leaf.slot, name, "out-of-range", found, limits_text(field))


def _box(held: Mapping[str, list[Value]], path: str, depth: int) -> Bounds | None:
    """What the value at a path may be; None where options differ or it is not known."""
    values = held.get(path, [])
    if len(values) != 1 or depth > _DEPTH:
        return None
    return value_bounds(values[0], lambda inner: _box(held, inner, depth + 1), depth)
