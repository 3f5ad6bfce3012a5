"""Layers 1 and 2: what the road is like and what stands beside it, where the road leaf alone does not say.

Peak friction of tyre and road by surface: asphalt 0.9 dry and 0.6 wet, gravel 0.6, packed snow 0.2, ice 0.1
(Wong, Theory of Ground Vehicles, table 1.3); earth 0.65 of the same table; leaves, oil and mud taken as 0.4.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.leaf import Leaf
from scenarios.types.fields import Field, Given
from scenarios.types.leaf_type import Drawn, LeafType, only_texts
from scenarios.units import COUNT, FLAG, LENGTH, RATIO, SPEED, TEXT

ALONG: Mapping[str, Field] = {
    "on": Field(TEXT, "route"),
    "from": Field(LENGTH, "where it begins on the route", None, -1e5, 1e5),
    "to": Field(LENGTH, "where it ends; else with the route", None, -1e5, 1e5),
}
SIDES = ("left", "right", "both", "middle")

FRICTIONS = {"asphalt": 0.9, "concrete": 0.9, "paving": 0.8, "cobblestone": 0.7, "gravel": 0.6, "dirt": 0.65,
             "sand": 0.5, "grass": 0.5, "steel": 0.6}  # fmt: skip
_SURFACE_TYPES = {
    "asphalt": "Uniform",
    "concrete": "Uniform",
    "steel": "Uniform",
    "paving": "Segmented",
    "cobblestone": "Segmented",
    "gravel": "Loose",
    "dirt": "Loose",
    "sand": "Loose",
    "grass": "Loose",
}
# condition: OpenLABEL name, highest friction, water on the road (None: what the weather says)
CONDITIONS: Mapping[str, tuple[str, float, float | None]] = {
    "dry": ("", 1.2, None),
    "wet": ("SurfaceConditionWet", 0.6, 0.5),
    "standing_water": ("SurfaceConditionStandingWater", 0.45, 0.9),
    "flooded": ("SurfaceConditionFlooded", 0.3, 1.0),
    "icy": ("SurfaceConditionIcy", 0.1, None),
    "snow": ("SurfaceConditionSnow", 0.2, None),
    "mirage": ("SurfaceConditionMirage", 1.2, None),
    "contamination": ("SurfaceConditionContamination", 0.4, None),
}
DAMAGES = {"none": "", "crack": "SurfaceFeatureCrack", "pothole": "SurfaceFeaturePothole", "rut": "SurfaceFeatureRut",
           "swell": "SurfaceFeatureSwell"}  # fmt: skip


def _surface_tags(values: Drawn) -> Iterable[str]:
    kind, condition = str(values.get("kind", "asphalt")), str(values.get("condition", "dry"))
    yield f"SurfaceType{_SURFACE_TYPES[kind]}"
    yield from filter(None, (CONDITIONS[condition][0], DAMAGES[str(values.get("damage", "none"))]))
    yield f"surface:{kind}"
    if condition != "dry":
        yield f"surface:{condition}"


SURFACE = LeafType(
    "surface", 1, "what the road is paved with, in which condition",
    {
        "kind": Field(TEXT, "paving", "asphalt", names=tuple(FRICTIONS)),
        "condition": Field(TEXT, "what lies on it; else what the weather makes of it", "dry", names=tuple(CONDITIONS)),
        "friction": Field(RATIO, "peak friction with a tyre; else by paving, condition, weather", None, 0.02, 1.2),
        "damage": Field(TEXT, "what is broken", "none", names=tuple(DAMAGES)),
        "damage_share": Field(RATIO, "share of the surface that is broken", 0.1, 0.0, 1.0),
        "damage_depth": Field(LENGTH, "depth of potholes, ruts and swells", 0.05, 0.0, 0.5),
    },
    presets={
        "wet": {"condition": "wet"}, "icy": {"condition": "icy"}, "snowy": {"condition": "snow"},
        "gravel": {"kind": "gravel"}, "pothole": {"damage": "pothole"},
        "black_ice": {"condition": "icy", "friction": "0.05..0.12"},
    },
    tags=_surface_tags, played=frozenset({"friction", "condition", "kind"}),
)  # fmt: skip


def surface_friction(kind: str, condition: str) -> float:
    """Peak friction of a paving in a condition (see the module's sources)."""
    return min(FRICTIONS[kind], CONDITIONS[condition][1])


INTERSECTIONS = {"crossroad": "IntersectionCrossroad", "t_junction": "IntersectionTJunction",
                 "y_junction": "IntersectionYJunction", "staggered": "IntersectionStaggered",
                 "grade_separated": "IntersectionGradeSeperated"}  # fmt: skip
ROUNDABOUTS = {"roundabout": "Normal", "compact_roundabout": "Compact", "double_roundabout": "Double",
               "large_roundabout": "Large", "mini_roundabout": "Mini"}  # fmt: skip


def _junction_tags(values: Drawn) -> Iterable[str]:
    kind, control = str(values["kind"]), str(values.get("control", "priority"))
    signal = "Signal" if control == "signals" else "Nosignal"
    yield INTERSECTIONS[kind] if kind in INTERSECTIONS else f"Roundabout{ROUNDABOUTS[kind]}{signal}"
    yield f"junction:{kind}"


JUNCTION = LeafType(
    "junction", 1, "what kind of junction the road has, and who goes first there",
    {
        "kind": Field(TEXT, "shape", None, names=(*INTERSECTIONS, *ROUNDABOUTS)),
        "control": Field(TEXT, "what rules it", "priority",
                         names=("signals", "priority", "stop", "all_way_stop", "yield", "right_before_left", "none")),
        "arms": Field(COUNT, "roads that meet", None, 3, 8),
    },
    required=("kind",), tags=_junction_tags,
)  # fmt: skip

_LANE_USES = {"traffic": "LaneTypeTraffic", "bus": "LaneTypeBus", "cycle": "LaneTypeCycle", "tram": "LaneTypeTram",
              "emergency": "LaneTypeEmergency", "special": "LaneTypeSpecial", "entry": "RoadTypeSlip",
              "exit": "RoadTypeSlip", "ending": "LaneTypeTraffic", "parking": "RoadTypeParking",
              "shared": "RoadTypeShared"}  # fmt: skip
LANE_USES = LeafType(
    "lane_uses", 1, "what a lane is kept for: buses, cycles, trams, entries and exits",
    {
        "kind": Field(TEXT, "use", None, names=tuple(_LANE_USES)),
        "width": Field(LENGTH, "width", None, 0.5, 10.0),
        **ALONG,
    },
    several=True, required=("kind",),
    presets={"bike_lane": {"kind": "cycle"}, "bus_lane": {"kind": "bus"}, "tram_tracks": {"kind": "tram"},
             "lane_drop": {"kind": "ending"}, "on_ramp": {"kind": "entry"}, "off_ramp": {"kind": "exit"}},
    tags=lambda values: (_LANE_USES[str(values["kind"])], f"lane:{values['kind']}"),
)  # fmt: skip

MARKING_KINDS = ("none", "solid", "broken", "double_solid", "solid_broken", "broken_solid", "botts_dots", "zigzag",
                 "hatching", "stop_line", "yield_line", "arrow")  # fmt: skip
MARKING_STATES = ("clear", "faded", "covered", "missing", "temporary", "contradictory")


def _marking_tags(values: Drawn) -> Iterable[str]:
    state = str(values.get("state", "clear"))
    yield "LaneSpecificationMarking"
    if state == "temporary":
        yield "EdgeTemporaryLineMarkers"
    elif values.get("side") in ("left", "right", "both") and state == "clear":
        yield "EdgeLineMarkers"
    yield f"marking:{state}"


MARKINGS = LeafType(
    "markings", 1, "how lanes are marked, and in which state the paint is",
    {
        "kind": Field(TEXT, "pattern", "broken", names=MARKING_KINDS),
        "state": Field(TEXT, "faded, covered (taped over), temporary (yellow), ...", "clear", names=MARKING_STATES),
        "color": Field(TEXT, "colour", "white", names=("white", "yellow", "blue", "red", "orange")),
        "side": Field(TEXT, "of the lane or road", "both", names=SIDES),
        "width": Field(LENGTH, "width of the line", 0.12, 0.02, 1.0),
        "contrast": Field(RATIO, "how well it stands out, 1 as new", 1.0, 0.0, 1.0),
        **ALONG,
    },
    several=True,
    presets={"faded": {"state": "faded", "contrast": "0.1..0.5"}, "covered": {"state": "covered"},
             "temporary": {"state": "temporary", "color": "yellow"}, "missing": {"state": "missing", "kind": "none"}},
    tags=_marking_tags,
)  # fmt: skip

# meaning: purpose of the sign (Vienna Convention on Road Signs and Signals: danger, regulation, information)
SIGN_MEANINGS: Mapping[str, str] = {
    "stop": "regulatory", "give_way": "regulatory", "speed_limit": "regulatory", "speed_limit_end": "regulatory",
    "no_entry": "regulatory", "no_overtaking": "regulatory", "one_way": "regulatory", "no_stopping": "regulatory",
    "turn_only": "regulatory", "roundabout": "regulatory", "bus_only": "regulatory", "keep_right": "regulatory",
    "keep_left": "regulatory", "road_closed": "regulatory",
    "work_zone": "warning", "children": "warning", "animals": "warning", "curve": "warning", "slippery": "warning",
    "narrowing": "warning", "rail_crossing": "warning", "traffic_lights": "warning", "queue": "warning",
    "bump": "warning", "hill": "warning", "pedestrians": "warning", "cyclists": "warning", "crosswind": "warning",
    "priority": "information", "dead_end": "information", "motorway": "information", "exit": "information",
    "parking": "information", "crosswalk": "information", "direction": "information", "bus_stop": "information",
    "detour": "information", "residential": "information", "toll": "information", "lane_ends": "information",
}  # fmt: skip


def _sign_tags(values: Drawn) -> Iterable[str]:
    purpose = str(values.get("purpose") or SIGN_MEANINGS[str(values["meaning"])])
    look = "Variable" if values.get("variable") else "Uniform"
    temporary = bool(values.get("temporary"))
    yield f"{purpose.capitalize()}Signs{look}{'Temporary' if temporary else 'FullTime'}"
    if temporary:
        yield "TemporaryStructureRoadSignage"
    yield f"sign:{values['meaning']}"


SIGNS = LeafType(
    "signs", 2, "traffic signs: regulatory, warning or information",
    {
        "meaning": Field(TEXT, "what it says", None, names=tuple(SIGN_MEANINGS)),
        "purpose": Field(TEXT, "else by its meaning", None, names=("regulatory", "warning", "information")),
        "variable": Field(FLAG, "shown by lamps, may change", False),
        "temporary": Field(FLAG, "set up for a while", False),
        "state": Field(TEXT, "how it can be seen", "clear",
                       names=("clear", "faded", "covered", "occluded", "bent", "missing")),
        "speed": Field(SPEED, "number on the plate of a speed limit", None, 0.0, 60.0),
        "side": Field(TEXT, "of the road", "right", names=SIDES),
        "on": Field(TEXT, "route"),
        "at": Field(LENGTH, "distance along the route", None, -1e5, 1e5),
    },
    several=True, required=("meaning",),
    presets={"stop_sign": {"meaning": "stop"}, "give_way_sign": {"meaning": "give_way"},
             "dead_end": {"meaning": "dead_end"}, "one_way": {"meaning": "one_way"}},
    tags=_sign_tags,
    objections=lambda leaf: _speed_only_on_limits(leaf),
)  # fmt: skip


def _speed_only_on_limits(leaf: Leaf) -> Iterable[str]:
    meanings = set(only_texts(leaf, "meaning"))
    if "speed" in dict(leaf.values) and meanings and not meanings & {"speed_limit", "speed_limit_end", "curve", "exit"}:
        yield f"a sign {' or '.join(sorted(meanings))} shows no speed"


_ZONES = {"school": "ZoneSchool", "geofenced": "ZoneGeoFenced", "traffic_management": "ZoneTrafficManagement",
          "region": "ZoneRegion", "interference": "ZoneInterference"}  # fmt: skip
ZONES = LeafType(
    "zones", 2, "areas with rules or conditions of their own",
    {
        "kind": Field(TEXT, "what it is", None, names=tuple(_ZONES)),
        "speed_limit": Field(SPEED, "limit inside", None, 0.0, 60.0),
        **ALONG,
    },
    several=True, required=("kind",), presets={"school_zone": {"kind": "school"}},
    tags=lambda values: (_ZONES[str(values["kind"])], f"zone:{values['kind']}"),
)  # fmt: skip

_STRUCTURES = {
    "bridge": "SpecialStructureBridge", "tunnel": "SpecialStructureTunnel",
    "pedestrian_crossing": "SpecialStructurePedestrianCrossing", "rail_crossing": "SpecialStructureRailCrossing",
    "toll_plaza": "SpecialStructureTollPlaza", "access_gate": "SpecialStructureAutoAccess",
    "building": "FixedStructureBuilding", "street_light": "FixedStructureStreetlight",
    "bus_stop": "FixedStructureStreetFurniture", "street_furniture": "FixedStructureStreetFurniture",
    "vegetation": "FixedStructureVegetation", "solid_barrier": "EdgeSolidBarriers",
    "grass_shoulder": "EdgeShoulderGrass", "no_edge": "EdgeNone", "driveway": "", "speed_bump": "",
}  # fmt: skip
STRUCTURES = LeafType(
    "structures", 2, "bridges, tunnels, crossings, buildings, lamps and whatever stands fast",
    {
        "kind": Field(TEXT, "what it is", None, names=tuple(_STRUCTURES)),
        "side": Field(TEXT, "of the road", "both", names=SIDES),
        "height": Field(LENGTH, "height, or clearance below a bridge or in a tunnel", None, 0.0, 200.0),
        "width": Field(LENGTH, "width", None, 0.0, 200.0),
        **ALONG,
    },
    several=True, required=("kind",),
    presets={"crosswalk": {"kind": "pedestrian_crossing"}, "bus_stop": {"kind": "bus_stop"},
             "rail_crossing": {"kind": "rail_crossing"}, "toll_plaza": {"kind": "toll_plaza"},
             "driveway": {"kind": "driveway"}, "speed_bump": {"kind": "speed_bump"}, "tunnel": {"kind": "tunnel"},
             "bridge": {"kind": "bridge"}},
    tags=lambda values: (*filter(None, (_STRUCTURES[str(values["kind"])],)), f"structure:{values['kind']}"),
)  # fmt: skip


def surface(preset: str | None = None, **values: Given) -> Leaf:
    """What the road is paved with, as `surface("icy")` or `surface(kind="gravel", damage="rut")`."""
    return SURFACE.make("", preset, **values)


def junction(**values: Given) -> Leaf:
    """What kind of junction the road has, as `junction(kind="mini_roundabout")`."""
    return JUNCTION.make("", None, **values)


def lane_use(name: str, preset: str | None = None, **values: Given) -> Leaf:
    """What a lane is kept for, as `lane_use("track", "tram_tracks", on="main.1")`."""
    return LANE_USES.make(name, preset, **values)


def marking(name: str, preset: str | None = None, **values: Given) -> Leaf:
    """How a lane is marked, as `marking("old", "faded", on="main.1")`."""
    return MARKINGS.make(name, preset, **values)


def sign(name: str, preset: str | None = None, **values: Given) -> Leaf:
    """A traffic sign, as `sign("limit", meaning="speed_limit", speed="30 km/h", on="main.1", at="40 m")`."""
    return SIGNS.make(name, preset, **values)


def zone(name: str, preset: str | None = None, **values: Given) -> Leaf:
    """An area with rules of its own, as `zone("school", "school_zone")`."""
    return ZONES.make(name, preset, **values)


def structure(name: str, preset: str | None = None, **values: Given) -> Leaf:
    """Something that stands fast, as `structure("bridge", kind="bridge", from_="80 m", to="120 m")`."""
    return STRUCTURES.make(name, preset, **values)


def surface_parts(values: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Friction and water on the road as a drawn surface has them; None where the weather decides."""
    kind, condition = str(values.get("kind", "asphalt")), str(values.get("condition", "dry"))
    wetness = CONDITIONS[condition][2]
    if values.get("friction") is not None:
        return float(values["friction"]), wetness
    friction = surface_friction(kind, condition)
    return (None if friction >= FRICTIONS["asphalt"] else friction), wetness
