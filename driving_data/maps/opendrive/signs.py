"""What signal and object codes of OpenDRIVE files mean here.

Codes of signs are those of the German catalogue (which CARLA, VTD and most example files use whatever the country),
read with their subtypes; `OpenDRIVE` codes 1000001 and up are traffic lights.
"""

import math
import re

from driving_data.maps.opendrive.document import ObjectRecord, SignalRecord

PEDESTRIAN_LIGHTS = frozenset({"1000002", "1000007"})
_LIGHT_PREFIX = "10000"
_SIGNS = {
    "101": "warning", "102": "crossroads_ahead", "123": "work_zone", "131": "signals_ahead", "133": "pedestrians",
    "136": "children", "142": "animals", "138": "cyclists", "103": "curve", "105": "double_curve", "120": "narrowing",
    "121": "narrowing", "125": "two_way", "205": "yield", "206": "stop", "208": "yield_oncoming",
    "209": "direction", "211": "direction", "214": "direction", "215": "roundabout", "220": "one_way",
    "222": "keep_right", "250": "closed", "260": "closed", "267": "no_entry", "274": "speed_limit",
    "274.1": "zone_limit", "276": "no_overtaking", "278": "speed_limit_end", "282": "limits_end",
    "283": "no_stopping", "286": "no_parking", "293": "crosswalk", "294": "stop_line", "341": "yield_line",
    "297": "arrow",
    "301": "priority", "306": "priority", "310": "town", "314": "parking", "325": "residential", "330": "motorway",
    "350": "crosswalk_sign", "605": "work_zone_beacon", "600": "work_zone_barrier", "615": "work_zone_arrow",
    "501": "lanes_shift", "1000011": "arrow_light",
}  # fmt: skip
_SIGN_WORDS = {
    "speed": "speed_limit",
    "stop": "stop",
    "yield": "yield",
    "crosswalk": "crosswalk",
    "construction": "work_zone",
}
_AREAS = {
    "crosswalk": "crosswalk", "parkingSpace": "parking", "trafficIsland": "island", "roadMark": "road_mark",
    "patch": "patch", "roadSurface": "drivable",
}  # fmt: skip
_OBJECT_WORDS = {
    "lamp": "street_lamp", "streetlight": "street_lamp", "guardrail": "guard_rail", "guard_rail": "guard_rail",
    "guide-post": "bollard", "delineator": "bollard", "bollard": "bollard", "hedge": "bush", "bush": "bush",
    "fence": "fence", "railing": "fence", "cone": "cone", "lighttower": "light_tower", "light_tower": "light_tower",
}  # fmt: skip
_OBJECTS = {
    "tree": "tree", "vegetation": "tree", "building": "building", "pole": "pole", "streetLamp": "street_lamp",
    "barrier": "barrier", "gantry": "gantry", "soundBarrier": "barrier", "railing": "fence", "obstacle": "obstacle",
    "rail-pole": "pole", "guide-post": "bollard", "wind": "windsock",
}  # fmt: skip


def is_light(record: SignalRecord) -> bool:
    """Whether a signal is a traffic light rather than a sign."""
    return record.dynamic or record.type.startswith(_LIGHT_PREFIX)


def sign_kind(record: SignalRecord) -> tuple[str, float]:
    """Kind of a sign and the number on its plate (km/h or mph as printed; NaN without one)."""
    kind = _SIGNS.get(f"{record.type}.{record.subtype}") or _SIGNS.get(record.type)
    if kind is None:
        words = record.name.lower()
        kind = next((known for word, known in _SIGN_WORDS.items() if word in words), "other")
    value = record.value if kind in ("speed_limit", "zone_limit", "speed_limit_end") else math.nan
    if kind == "speed_limit" and not value > 0.0 and record.subtype.isdigit():
        # Subtypes 50 to 63 of sign 274 are 5 to 130 km/h in tens; others write the number itself.
        code = int(record.subtype)
        value = 10.0 * (code - 50) if 51 <= code <= 63 else float(code)
    return kind, float(value) if value > 0.0 else math.nan


def plate_of(record: ObjectRecord) -> SignalRecord | None:
    """The speed limit sign that an object is: older CARLA towns name such objects `Speed_30` (miles per hour)."""
    match = re.match(r"Speed_(\d+)$", record.name)
    if match is None:
        return None
    return SignalRecord(
        record.id, record.s, record.t, record.name, orientation=record.orientation, z_offset=record.z_offset + 2.0,
        type="274", value=float(match.group(1)), unit="mph", height=0.6, width=0.6, line=record.line,
    )  # fmt: skip


def area_kind(record: ObjectRecord) -> str | None:
    """Kind of area on the ground; None for what stands."""
    if record.type == "roadMark" and "stop" in f"{record.name} {record.subtype}".lower():
        return "stop_line"
    if record.type in ("", "none") and "crosswalk" in record.name.lower():
        return "crosswalk"
    return _AREAS.get(record.type)


def object_kind(record: ObjectRecord) -> str:
    """Kind of a standing object: a word of its name or subtype, else its type."""
    words = f"{record.subtype} {record.name} {record.type}".lower().replace(" ", "")
    for word, kind in _OBJECT_WORDS.items():
        if word in words:
            return kind
    return _OBJECTS.get(record.type, record.type.lower() or "obstacle")
