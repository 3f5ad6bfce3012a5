"""Signs, lights, lamps, trees and rails beside archetypes, as OpenDRIVE records.

Sizes: signs 0.6 m (0.75 m on motorways) with the lower edge 2.1 m above the road; lights 0.9 m high from 2.5 m.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from driving_data.maps.opendrive.document import Corner, ObjectRecord, Repeat, SignalRecord, Validity

SIGN_BOTTOM_M = 2.1
SIGN_SIZE_M = 0.6
LAMP_SPACING_M = 30.0
CODES = {
    "stop": "206", "yield": "205", "speed_limit": "274", "speed_limit_end": "278", "work_zone": "123",
    "priority": "306", "roundabout": "215", "stop_line": "294", "yield_line": "341", "crosswalk_sign": "350",
    "residential": "325", "motorway": "330", "narrowing": "121",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Post:
    """A sign and the pole that it hangs on."""

    sign: SignalRecord
    pole: ObjectRecord


def sign_post(
    name: str, kind: str, s_m: float, t_m: float, orientation: str, kmh: float = math.nan, size_m: float = SIGN_SIZE_M
) -> Post:
    """A sign on its pole; '+' faces traffic along s, '-' traffic against it. `kmh` is the number on the plate."""
    sign = SignalRecord(
        name, s_m, t_m, kind, orientation=orientation, z_offset=SIGN_BOTTOM_M, country="DE", type=CODES[kind],
        value=kmh, unit="" if math.isnan(kmh) else "km/h", height=size_m, width=size_m,
    )  # fmt: skip
    # The plate hangs in front of the pole, on the side of the drivers.
    behind = 0.05 if orientation == "+" else -0.05
    return Post(sign, pole(f"pole.{name}", s_m + behind, t_m, SIGN_BOTTOM_M + size_m + 0.05))


def pole(name: str, s_m: float, t_m: float, height_m: float, radius_m: float = 0.038) -> ObjectRecord:
    """A post."""
    return ObjectRecord(name, "pole", s_m, t_m, "sign_pole", radius=radius_m, height=height_m)


def light(name: str, s_m: float, t_m: float, lane: int, orientation: str = "+") -> SignalRecord:
    """A traffic light with three lamps for one lane."""
    return SignalRecord(
        name, s_m, t_m, "traffic_light", True, orientation, 2.5, type="1000001", height=0.9, width=0.32,
        validities=(Validity(lane, lane),),
    )  # fmt: skip


def line_across(name: str, kind: str, s_m: float, lane: int) -> SignalRecord:
    """A painted line, 'stop_line' or 'yield_line', across the lane of traffic along s."""
    return SignalRecord(
        name, s_m, 0.0, kind, orientation="+", country="DE", type=CODES[kind], validities=(Validity(lane, lane),)
    )


def crosswalk(name: str, s_m: float, right_t_m: float, left_t_m: float, depth_m: float = 3.0) -> ObjectRecord:
    """A zebra crossing centred at `s_m`, from `right_t_m` to `left_t_m`."""
    half, middle = 0.5 * depth_m, 0.5 * (right_t_m + left_t_m)
    side = 0.5 * (left_t_m - right_t_m)
    corners = tuple(Corner(u, v) for u, v in ((half, side), (-half, side), (-half, -side), (half, -side)))
    return ObjectRecord(
        name, "crosswalk", s_m, middle, "crosswalk", length=depth_m, width=2.0 * side, outlines=(corners,)
    )


def lamps(
    name: str, start_m: float, end_m: float, t_m: float, spacing_m: float = LAMP_SPACING_M
) -> ObjectRecord | None:
    """Street lamps in a row, arms towards the road; None where there is no room for one."""
    length = math.floor((end_m - start_m) / spacing_m) * spacing_m
    if end_m <= start_m:
        return None
    repeats = (Repeat(start_m, length, spacing_m, t_m, t_m),)
    turn = -0.5 * math.pi if t_m > 0.0 else 0.5 * math.pi
    return ObjectRecord(
        name, "pole", start_m, t_m, "street_lamp", subtype="streetLamp", hdg=turn, radius=0.1, height=7.0,
        repeats=repeats,
    )  # fmt: skip


def trees(name: str, start_m: float, end_m: float, t_m: float, spacing_m: float) -> ObjectRecord | None:
    """An avenue; None where there is no room for a tree."""
    if end_m <= start_m:
        return None
    length = math.floor((end_m - start_m) / spacing_m) * spacing_m
    repeats = (Repeat(start_m, length, spacing_m, t_m, t_m),)
    return ObjectRecord(name, "tree", start_m, t_m, "tree", radius=1.8, height=7.0, repeats=repeats)


def guard_rail(name: str, start_m: float, end_m: float, t_m: float, end_t_m: float | None = None) -> ObjectRecord:
    """A continuous guard rail, straight from `t_m` to `end_t_m` where that is given."""
    repeats = (Repeat(start_m, end_m - start_m, 0.0, t_m, t_m if end_t_m is None else end_t_m),)
    return ObjectRecord(
        name, "barrier", start_m, t_m, "guard_rail", subtype="guardRail", length=end_m - start_m, width=0.3,
        height=0.75, repeats=repeats,
    )  # fmt: skip


def delineators(name: str, start_m: float, end_m: float, t_m: float, spacing_m: float = 50.0) -> ObjectRecord | None:
    """Marker posts beside a country road; None where there is no room for one."""
    if end_m <= start_m:
        return None
    length = math.floor((end_m - start_m) / spacing_m) * spacing_m
    repeats = (Repeat(start_m, length, spacing_m, t_m, t_m),)
    return ObjectRecord(name, "pole", start_m, t_m, "delineator", radius=0.06, height=1.0, repeats=repeats)


def island(name: str, outline_xy: Sequence[tuple[float, float]]) -> ObjectRecord:
    """A raised island whose corners are given from the start of its road: (ahead, left)."""
    corners = tuple(Corner(float(u), float(v)) for u, v in outline_xy)
    return ObjectRecord(name, "trafficIsland", 0.0, 0.0, "island", outlines=(corners,))


def present(items: Iterable[ObjectRecord | None]) -> tuple[ObjectRecord, ...]:
    """The objects for which there was room."""
    return tuple(item for item in items if item is not None)


def kmh(speed_mps: float) -> float:
    """Speed as printed on a plate: km/h, rounded to tens (fives below 30)."""
    step = 10.0 if speed_mps * 3.6 > 27.0 else 5.0
    return step * round(speed_mps * 3.6 / step)
