"""Dimensions and units: what a number measures, and how it is written in a scenario file.

Numbers are kept in base units: metres, seconds, radians, and mm/h for precipitation (as `Environment` has it).
"""

import re
from dataclasses import dataclass

from driving_data.errors import nearest_name


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a value measures.

    Attributes:
        sort: 'number', 'count' (whole numbers), 'text' or 'flag'.
        m: exponent of length.
        s: exponent of time.
        rad: exponent of angle.
        mmph: exponent of precipitation.
    """

    sort: str = "number"
    m: int = 0
    s: int = 0
    rad: int = 0
    mmph: int = 0

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.sort in ("number", "count")

    @property
    def plain(self) -> bool:
        """Whether bare numbers are written: a ratio or a count."""
        return self.numeric and not (self.m or self.s or self.rad or self.mmph)

    def as_number(self) -> "Dimension":
        """The same dimension with counts taken as ratios."""
        return RATIO if self.sort == "count" else self

    def times(self, other: "Dimension", sign: int = 1) -> "Dimension":
        """Dimension of a product (`sign` 1) or of a quotient (`sign` -1)."""
        return Dimension(
            "number",
            self.m + sign * other.m,
            self.s + sign * other.s,
            self.rad + sign * other.rad,
            self.mmph + sign * other.mmph,
        )

    @property
    def words(self) -> str:
        """The dimension in words with an example, as 'a speed such as 30 km/h'."""
        return _WORDS.get(self, "a quantity")

    @property
    def unit(self) -> str:
        """The base unit as it is written; empty for ratios, counts, texts and flags."""
        return _BASE_UNITS.get(self, "")


RATIO = Dimension()
COUNT = Dimension("count")
TEXT = Dimension("text")
FLAG = Dimension("flag")
LENGTH = Dimension(m=1)
TIME = Dimension(s=1)
SPEED = Dimension(m=1, s=-1)
ACCELERATION = Dimension(m=1, s=-2)
JERK = Dimension(m=1, s=-3)
ANGLE = Dimension(rad=1)
ANGULAR_SPEED = Dimension(rad=1, s=-1)
FREQUENCY = Dimension(s=-1)
DENSITY = Dimension(m=-1)
CURVATURE = Dimension(m=-1, rad=1)
PRECIPITATION = Dimension(mmph=1)

_WORDS = {
    RATIO: "a number without unit such as 0.5",
    COUNT: "a whole number such as 3",
    TEXT: "a name",
    FLAG: "true or false",
    LENGTH: "a length such as 12 m",
    TIME: "a time such as 3 s",
    SPEED: "a speed such as 30 km/h or 8 m/s",
    ACCELERATION: "an acceleration such as 3 m/s2 or 0.3 g",
    JERK: "a jerk such as 2 m/s3",
    ANGLE: "an angle such as 5 deg",
    ANGULAR_SPEED: "a turning speed such as 10 deg/s",
    FREQUENCY: "a frequency such as 10 Hz",
    DENSITY: "a density such as 20 1/km",
    PRECIPITATION: "a precipitation rate such as 10 mm/h",
}

_DEG = 0.017453292519943295  # pi / 180
UNITS: dict[str, tuple[float, Dimension]] = {
    "m": (1.0, LENGTH), "km": (1000.0, LENGTH), "cm": (0.01, LENGTH), "mm": (0.001, LENGTH), "ft": (0.3048, LENGTH),
    "s": (1.0, TIME), "ms": (0.001, TIME), "min": (60.0, TIME), "h": (3600.0, TIME),
    "m/s": (1.0, SPEED), "km/h": (1 / 3.6, SPEED), "kph": (1 / 3.6, SPEED), "mph": (0.44704, SPEED),
    "m/s2": (1.0, ACCELERATION), "m/s^2": (1.0, ACCELERATION), "g": (9.80665, ACCELERATION),
    "m/s3": (1.0, JERK), "m/s^3": (1.0, JERK),
    "rad": (1.0, ANGLE), "deg": (_DEG, ANGLE), "rad/s": (1.0, ANGULAR_SPEED), "deg/s": (_DEG, ANGULAR_SPEED),
    "Hz": (1.0, FREQUENCY), "1/s": (1.0, FREQUENCY), "1/m": (1.0, DENSITY), "1/km": (0.001, DENSITY),
    "mm/h": (1.0, PRECIPITATION), "%": (0.01, RATIO),
}  # fmt: skip
_BASE_UNITS = {
    LENGTH: "m", TIME: "s", SPEED: "m/s", ACCELERATION: "m/s2", JERK: "m/s3", ANGLE: "rad", ANGULAR_SPEED: "rad/s",
    FREQUENCY: "Hz", DENSITY: "1/m", PRECIPITATION: "mm/h",
}  # fmt: skip

# Keys that end so take bare numbers in that unit, and are the same key as without the ending.
SUFFIXES: dict[str, str] = {
    "_mps2": "m/s2", "_mps": "m/s", "_kmh": "km/h", "_mmph": "mm/h", "_deg": "deg", "_rad": "rad", "_hz": "Hz",
    "_1pm": "1/m", "_m": "m", "_s": "s", "_km": "km", "_kph": "km/h", "_mph": "mph", "_ms": "ms", "_percent": "%",
}  # fmt: skip

UNIT_PATTERN = re.compile("|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True)))


def split_suffix(key: str) -> tuple[str, str]:
    """A key without the unit that it names, and that unit ('' for none): `length_m` is (`length`, 'm')."""
    for suffix, unit in SUFFIXES.items():
        if key.endswith(suffix) and len(key) > len(suffix):
            return key[: -len(suffix)], unit
    return key, ""


def nearest_unit(text: str) -> str | None:
    """The unit whose spelling is closest to `text`."""
    return nearest_name(text, UNITS)


def format_number(value: float | int) -> str:
    """The shortest text that reads back as the same number; whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


# Units that people write where the base unit would show a long fraction, as 25 deg for 0.4363323129985824 rad.
_NICE = {ANGLE: ("deg",), SPEED: ("km/h",), ANGULAR_SPEED: ("deg/s",), DENSITY: ("1/km",)}


def to_base(number: float, unit: str) -> float:
    """A number of a unit in the base unit of its dimension."""
    return number / 3.6 if unit in ("km/h", "kph") else number * UNITS[unit][0]


def written_numbers(values: tuple[float | int, ...], dimension: Dimension) -> tuple[tuple[str, ...], str]:
    """Texts of numbers in one unit, and that unit: the base unit, unless another one gives shorter exact texts."""
    texts, unit = tuple(format_number(value) for value in values), dimension.unit
    for other in _NICE.get(dimension, ()):
        shorter = tuple(format_number(round(value / to_base(1.0, other), 6)) for value in values)
        exact = all(to_base(float(text), other) == value for text, value in zip(shorter, values, strict=True))
        if exact and sum(map(len, shorter)) < sum(map(len, texts)):
            texts, unit = shorter, other
    return texts, unit


def format_quantity(value: float | int, dimension: Dimension) -> str:
    """A number with a unit, so that it reads back as the same number."""
    texts, unit = written_numbers((value,), dimension)
    return f"{texts[0]} {unit}".rstrip()
