"""Units of OpenSCENARIO DSL: those of the standard library, and those that a file declares."""

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.openscenario.dsl import tree


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes:
        exponents: of the base units s, m, kg, rad, K, ..., without zeros, sorted by name.
        factor: base units in one of it.
        word: how our own scenario files spell it; empty where they have no word for it.
    """

    exponents: tuple[tuple[str, int], ...]
    factor: float
    word: str = ""


def _unit(factor: float, word: str, **exponents: int) -> Unit:
    return Unit(tuple(sorted(exponents.items())), factor, word)


_SECOND, _METRE, _MPS = _unit(1.0, "s", s=1), _unit(1.0, "m", m=1), _unit(1.0, "m/s", m=1, s=-1)
_KMH, _MPH = _unit(1 / 3.6, "km/h", m=1, s=-1), _unit(0.44704, "mph", m=1, s=-1)
_RADIAN, _DEGREE = _unit(1.0, "rad", rad=1), _unit(0.017453292519943295, "deg", rad=1)
_KMH_PER_SECOND = _unit(1 / 3.6, "", m=1, s=-2)
STANDARD: Mapping[str, Unit] = {
    "s": _SECOND, "sec": _SECOND, "second": _SECOND, "ms": _unit(0.001, "ms", s=1),
    "millisecond": _unit(0.001, "ms", s=1), "min": _unit(60.0, "min", s=1), "minute": _unit(60.0, "min", s=1),
    "h": _unit(3600.0, "h", s=1), "hour": _unit(3600.0, "h", s=1),
    "m": _METRE, "meter": _METRE, "mm": _unit(0.001, "mm", m=1), "cm": _unit(0.01, "cm", m=1),
    "km": _unit(1000.0, "km", m=1), "kilometer": _unit(1000.0, "km", m=1), "foot": _unit(0.3048, "ft", m=1),
    "feet": _unit(0.3048, "ft", m=1), "mile": _unit(1609.344, "", m=1), "mi": _unit(1609.344, "", m=1),
    "mps": _MPS, "meter_per_second": _MPS, "kph": _KMH, "kmph": _KMH, "kmh": _KMH, "kilometer_per_hour": _KMH,
    "mph": _MPH, "miph": _MPH, "mile_per_hour": _MPH,
    "mps2": _unit(1.0, "m/s2", m=1, s=-2), "mpss": _unit(1.0, "m/s2", m=1, s=-2),
    "mpsps": _unit(1.0, "m/s2", m=1, s=-2), "meter_per_sec_sqr": _unit(1.0, "m/s2", m=1, s=-2),
    "kphps": _KMH_PER_SECOND, "kmphps": _KMH_PER_SECOND,
    "rad": _RADIAN, "radian": _RADIAN, "deg": _DEGREE, "degree": _DEGREE,
    "hz": _unit(1.0, "Hz", s=-1), "kg": _unit(1.0, "", kg=1), "ton": _unit(1000.0, "", kg=1),
}  # fmt: skip
# What a file declares an acceleration unit as; ScenarioRunner's example writes s: -1 for one that it calls m/s per s.
_BASE_WORDS: Mapping[tuple[tuple[str, int], ...], str] = {
    (("s", 1),): "s", (("m", 1),): "m", (("m", 1), ("s", -1)): "m/s", (("m", 1), ("s", -2)): "m/s2",
    (("rad", 1),): "rad", (("s", -1),): "Hz", (): "",
}  # fmt: skip


def declared(unit: tree.UnitDeclaration, quantities: Mapping[str, tree.Quantity]) -> Unit:
    """A unit that a file declares; one whose dimension contradicts its quantity is of the quantity's dimension."""
    known = STANDARD.get(unit.name)
    quantity = quantities.get(unit.quantity)
    exponents = _sorted(quantity.exponents if quantity is not None else unit.exponents)
    if known is not None and known.exponents == exponents:
        return known
    return Unit(exponents, unit.factor)


def base_word(exponents: tuple[tuple[str, int], ...]) -> str | None:
    """The base unit of a dimension as our own files spell it; None where they have no word for it."""
    return _BASE_WORDS.get(_sorted(exponents))


def combined(
    one: tuple[tuple[str, int], ...], two: tuple[tuple[str, int], ...], sign: int
) -> tuple[tuple[str, int], ...]:
    """Dimension of a product (sign 1) or a quotient (sign -1)."""
    total = dict(one)
    for name, power in two:
        total[name] = total.get(name, 0) + sign * power
    return _sorted(tuple(total.items()))


def _sorted(exponents: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, power) for name, power in exponents if power))
