"""Road, weather, light and surface as slots: from ranges and from drawn numbers alike."""

from collections.abc import Mapping, Sequence
from math import degrees, radians
from typing import Any

from scenarios.language.slots import Range, RoadSlots

KIND_OF: Mapping[str, str] = {
    "crossroads": "intersection", "t_junction": "intersection", "shared_space": "residential",
    "urban_grid": "urban",
}  # fmt: skip
JUNCTIONS = ("crossroads", "t_junction", "roundabout", "urban_grid")
_STRUCTURES = ("tunnel", "bridge")
# Kind of leaf and its telling value: feature.
_FEATURES: Mapping[tuple[str, str], str] = {
    ("structures", "pedestrian_crossing"): "crosswalk", ("zones", "school"): "school_zone",
    ("structures", "bus_stop"): "bus_stop", ("structures", "rail_crossing"): "rail_crossing",
    ("structures", "toll_plaza"): "toll_plaza", ("structures", "driveway"): "driveway",
    ("structures", "speed_bump"): "speed_bump", ("signs", "stop"): "stop_sign",
    ("signs", "give_way"): "give_way_sign", ("signs", "one_way"): "one_way", ("signs", "dead_end"): "dead_end",
    ("lane_uses", "cycle"): "bike_lane", ("lane_uses", "bus"): "bus_lane", ("lane_uses", "tram"): "tram_tracks",
    ("lane_uses", "ending"): "lane_drop", ("lane_uses", "entry"): "on_ramp", ("lane_uses", "exit"): "off_ramp",
    ("work_zones", "lane_closure"): "lane_closure", ("surface", "pothole"): "pothole",
}  # fmt: skip
# A stretch of fog, rain or wind counts from these on: fog below 1 km of sight (as `Environment.weather`), heavy rain
# from 10 mm/h, wind from 8 m/s (as the tag WeatherWind).
FOG_M, HEAVY_MMPH, WIND_MPS = 1000.0, 10.0, 8.0
TWILIGHT_RAD = radians(6.0)
OVERCAST, CLEAR = 0.75, 0.3


def road_slots(archetype: str, fixed: Mapping[str, Any], told: Sequence[tuple[str, str]]) -> RoadSlots:
    """The road.

    Args:
        archetype: of `scenarios.roads`; empty for a file.
        fixed: its parameters that are certain, without units in their names.
        told: kind and telling value of every leaf of the scenery.
    """
    kind = KIND_OF.get(archetype, archetype) or None
    structure = next((value for leaf, value in told if leaf == "structures" and value in _STRUCTURES), None)
    features = [_FEATURES[one] for one in told if one in _FEATURES]
    if fixed.get("crosswalk_s") is not None:
        features.append("crosswalk")
    if abs(float(fixed.get("curvature") or 0.0)) > 1e-5:
        features.append("curve")
    if fixed.get("crest") or abs(float(fixed.get("grade") or 0.0)) > 0.02:
        features.append("hill")
    if archetype == "work_zone":
        features.append("lane_closure")
    control = fixed.get("control")
    if archetype == "t_junction" and control != "signals":
        features.append("stop_sign" if control == "stop" else "give_way_sign")
    if archetype == "crossroads" and control in ("stop", "all_way_stop"):
        features.append("stop_sign")
    signalized = _signalized(archetype, fixed)
    lanes = fixed.get("lanes")
    return RoadSlots(structure or kind, int(lanes) if lanes is not None else None,
                     bool(signalized) if signalized is not None else None,
                     tuple(dict.fromkeys(features)))  # fmt: skip


def _signalized(archetype: str, fixed: Mapping[str, Any]) -> bool | None:
    """Whether lights govern its junctions, as far as the road says."""
    control = fixed.get("control")
    if archetype == "t_junction":
        return control == "signals"
    if archetype in ("crossroads", "urban_grid") and control is not None:
        return control == "signals"
    return fixed.get("signals") if archetype == "crossroads" else None


def weather_words(
    rain_mmph: Range, snow_mmph: Range, sight_m: Range, wind_mps: Range, clouds: Range | None, dust: bool
) -> tuple[str, ...]:
    """The words that hold for every number in these ranges."""
    words: list[str] = []
    if _low(rain_mmph) > 0:
        words.append("heavy_rain" if _low(rain_mmph) >= HEAVY_MMPH else "rain")
    if _low(snow_mmph) > 0:
        words.append("snow")
    if dust:
        words.append("dust")
    elif _high(sight_m) < FOG_M:
        words.append("fog")
    if clouds is not None and not words and _high(rain_mmph) == _high(snow_mmph) == 0.0 and _low(sight_m) >= FOG_M:
        if _high(clouds) <= CLEAR + 1e-9:
            words.append("clear")
        elif _low(clouds) >= OVERCAST - 1e-9:
            words.append("overcast")
    if _low(wind_mps) >= WIND_MPS:
        words.append("wind")
    return tuple(words)


def light_word(elevation_rad: Range, azimuth_rad: Range) -> str | None:
    """The word that holds for every sun in these ranges; dawn in the east, dusk in the west."""
    low, high = _low(elevation_rad), _high(elevation_rad)
    if high < -TWILIGHT_RAD:
        return "night"
    if low >= TWILIGHT_RAD:
        return "day"
    if low >= -TWILIGHT_RAD and high < TWILIGHT_RAD:
        west = [degrees(end) % 360.0 >= 180.0 for end in azimuth_rad if end is not None]
        if len(set(west)) == 1:
            return "dusk" if west[0] else "dawn"
    return None


def surface_words(kind: str, condition: str, wetness: Range | None, rain: bool) -> tuple[str, ...]:
    """What the road is like, where something is said of the road itself."""
    words = ["gravel"] if kind == "gravel" else []
    found = {"wet": "wet", "standing_water": "wet", "flooded": "wet", "icy": "icy", "snow": "snowy"}.get(condition)
    if found:
        words.append(found)
    elif wetness is not None and _low(wetness) >= 0.2 and not rain:
        words.append("wet")
    return tuple(words)


def _low(given: Range) -> float:
    assert given[0] is not None
    return given[0]


def _high(given: Range) -> float:
    assert given[1] is not None
    return given[1]


SLOW_MPS = 4.0


def speed_range(low_mps: float, high_mps: float) -> Range:
    """A range of speeds as it is told: to 0.1 km/h, on foot to 0.01 m/s."""
    return told_speed(low_mps, high_mps), told_speed(high_mps, high_mps)


def told_speed(speed_mps: float, high_mps: float) -> float:
    """A speed rounded as it is told, by the upper end of its range."""
    return round(speed_mps, 2) if high_mps < SLOW_MPS else round(speed_mps * 3.6, 1) / 3.6
