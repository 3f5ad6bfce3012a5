"""The words of descriptions: one English phrase for each word of the slots, such as the reader reads back."""

from collections.abc import Mapping

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

ROADS: Mapping[str, str] = {
    "motorway": "a motorway", "rural": "a country road", "urban": "an urban street",
    "residential": "a residential street", "intersection": "an intersection", "roundabout": "a roundabout",
    "ramp": "a ramp", "tunnel": "a tunnel", "bridge": "a bridge", "parking": "a car park",
    "work_zone": "a work zone",
}  # fmt: skip
# In a tunnel, at an intersection, on a road.
PLACE: Mapping[str, str] = {
    "intersection": "at", "roundabout": "at", "tunnel": "in", "parking": "in", "work_zone": "in",
}  # fmt: skip
FEATURES: Mapping[str, str] = {
    "crosswalk": "a crosswalk", "school_zone": "a school zone", "bus_stop": "a bus stop",
    "lane_closure": "a closed lane", "curve": "a bend", "hill": "a hill", "rail_crossing": "a level crossing",
    "stop_sign": "a stop sign", "give_way_sign": "a give way sign", "speed_bump": "a speed bump",
    "bike_lane": "a bike lane", "bus_lane": "a bus lane", "tram_tracks": "tram tracks", "dead_end": "a dead end",
    "lane_drop": "a lane drop", "on_ramp": "an on-ramp", "off_ramp": "an off-ramp", "toll_plaza": "a toll plaza",
    "driveway": "a driveway", "pothole": "a pothole", "one_way": "a one-way sign",
}  # fmt: skip
WEATHER: Mapping[str, str] = {
    "clear": "in clear weather", "overcast": "under an overcast sky", "rain": "in rain", "heavy_rain": "in heavy rain",
    "fog": "in fog", "snow": "in snowfall", "wind": "in strong wind", "dust": "in a dust storm",
}  # fmt: skip
LIGHT: Mapping[str, str] = {"day": "by day", "dawn": "at dawn", "dusk": "at dusk", "night": "at night"}
SURFACE: Mapping[str, str] = {"wet": "wet", "icy": "icy", "snowy": "covered with snow", "gravel": "made of gravel"}

# Singular and plural of each class, without an article.
NOUNS: Mapping[str, tuple[str, str]] = {
    "car": ("car", "cars"), "van": ("van", "vans"), "truck": ("truck", "trucks"), "bus": ("bus", "buses"),
    "motorcycle": ("motorcycle", "motorcycles"), "bicycle": ("cyclist", "cyclists"),
    "e_scooter": ("e-scooter", "e-scooters"), "pedestrian": ("pedestrian", "pedestrians"),
    "child": ("child", "children"), "animal": ("animal", "animals"),
    "emergency_vehicle": ("emergency vehicle", "emergency vehicles"),
    "construction_vehicle": ("construction vehicle", "construction vehicles"), "flagger": ("flagger", "flaggers"),
    "debris": ("object", "objects"), "cone": ("cone", "cones"), "trailer": ("trailer", "trailers"),
    "tram": ("tram", "trams"),
}  # fmt: skip

# What the ego does: third person, and what stands behind the speed.
EGO_DEEDS: Mapping[str, str] = {
    "drive_straight": "drives", "follow": "follows {other}", "lane_change_left": "changes to the left lane",
    "lane_change_right": "changes to the right lane", "turn_left": "turns left", "turn_right": "turns right",
    "u_turn": "makes a U-turn", "merge": "merges", "overtake": "overtakes", "park": "parks", "exit": "takes the exit",
    "stop": "stops", "enter_roundabout": "enters the roundabout",
}  # fmt: skip
# What others do: singular and plural.
DEEDS: Mapping[str, tuple[str, str]] = {
    "cut_in": ("cuts in", "cut in"), "cut_out": ("cuts out", "cut out"), "brake": ("brakes", "brake"),
    "stop": ("stops", "stop"), "accelerate": ("accelerates", "accelerate"), "cross": ("crosses", "cross"),
    "run_red_light": ("runs the red light", "run the red light"), "turn_left": ("turns left", "turn left"),
    "turn_right": ("turns right", "turn right"),
    "lane_change_left": ("changes lanes to the left", "change lanes to the left"),
    "lane_change_right": ("changes lanes to the right", "change lanes to the right"),
    "overtake": ("overtakes", "overtake"), "merge": ("merges", "merge"), "reverse": ("reverses", "reverse"),
    "open_door": ("opens a door", "open a door"), "swerve": ("swerves", "swerve"),
    "follow": ("follows", "follow"), "drive_slowly": ("drives slowly", "drive slowly"),
    "stand_still": ("stands still", "stand still"), "drop_cargo": ("loses its cargo", "lose their cargo"),
    "signal": ("signals", "signal"), "u_turn": ("makes a U-turn", "make a U-turn"),
}  # fmt: skip
DENIALS: Mapping[str, str] = {
    "no pedestrians": "There are no pedestrians.", "no cyclists": "There are no cyclists.",
    "no animals": "There are no animals.", "no other vehicles": "There are no other vehicles.",
    "no oncoming traffic": "There is no oncoming traffic.", "no parked cars": "There are no parked cars.",
    "no lead vehicle": "There is no lead vehicle.", "no following vehicle": "There is no following vehicle.",
    "no trains": "There are no trains.", "no street lights": "There are no street lights.",
    "no lane markings": "There are no lane markings.", "no shoulder": "There is no shoulder.",
    "no sidewalk": "There is no sidewalk.", "no crosswalk": "There is no crosswalk.", "no signs": "There are no signs.",
    "no cones": "There are no cones.", "no barrier": "There is no barrier.", "no rain": "There is no rain.",
    "no fog": "There is no fog.", "no snow": "There is no snow.", "no ice": "There is no ice.",
    "no v2x": "There is no V2X.", "no lights": "It has no lights.", "no signal": "It does not signal.",
    "no braking": "It does not brake.", "no stop": "It does not stop.", "no yield": "It does not yield.",
    "no acceleration": "It does not accelerate.", "no turn": "It does not turn.",
    "no lane change": "The ego cannot change lanes.", "no overtaking": "The ego cannot overtake.",
    "no collision": "There is no collision.",
}  # fmt: skip


def with_article(noun: str) -> str:
    """A noun with 'a' or 'an'; said, not spelt: 'an e-scooter', 'a U-turn'."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def counted(kind: str, count: int | str, adjective: str = "", seen: int = 0) -> str:
    """'a parked car', 'another car', 'two oncoming cars', 'several further cars'.

    Args:
        kind: class of the slots.
        count: how many.
        adjective: before the noun.
        seen: how many groups of the class were told of before; 'other' might mean those.
    """
    one, many = NOUNS[kind]
    if count == 1:
        noun = f"{adjective} {one}".strip()
        return f"another {noun}" if seen else with_article(noun)
    number = str(count) if isinstance(count, str) else (NUMBERS[count] if count < len(NUMBERS) else str(count))
    return " ".join(part for part in (number, "further" if seen else "", adjective, many) if part)


def listed(parts: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
