"""Road leaves: an archetype with its parameters, or an OpenDRIVE file with named routes.

Parameters are those of `scenarios.roads`, without the unit at the end of their names (`length`, not `length_m`), so
that they are written with units and read in expressions as `road.length`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from driving_data.errors import InputError
from driving_data.maps.lane_map import LaneKind, MarkingKind
from driving_data.plain import canonical_text
from scenarios.concrete import RoadChoice
from scenarios.expressions import Expression
from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.remember import by_identity
from scenarios.space import Choice, Const, IntRange
from scenarios.types.fields import Field, Get, Given, as_values
from scenarios.types.layout import Layout, layout_of
from scenarios.types.lookup import known
from scenarios.units import COUNT, DENSITY, FLAG, LENGTH, RATIO, SPEED, TEXT, Dimension, split_suffix

if TYPE_CHECKING:
    from scenarios.roads import Archetype, Parameter

NAMES = ("motorway", "rural", "urban", "residential", "crossroads", "t_junction", "roundabout", "ramp", "work_zone",
         "parking", "shared_space", "tunnel", "urban_grid")  # fmt: skip
MAX_LISTED = 64
_UNPAINTED = frozenset({MarkingKind.NONE, MarkingKind.KERB, MarkingKind.GRASS})

_DIMENSIONS: Mapping[str, Dimension] = {"m": LENGTH, "mps": SPEED, "1pm": DENSITY, "m/m": RATIO, "": RATIO}
_OPENLABEL: Mapping[str, tuple[str, ...]] = {
    "motorway": ("RoadTypeMotorway", "MotorwayUnmanaged", "TransverseDivided", "TransverseBarriers",
                 "EdgeSolidBarriers", "LaneTypeEmergency"),
    "rural": ("RoadTypeRadial", "TransverseUndivided"),
    "urban": ("RoadTypeDistributor", "TransversePavements"),
    "residential": ("RoadTypeMinor", "TransversePavements", "TransverseLanesTogether"),
    "crossroads": ("RoadTypeDistributor", "IntersectionCrossroad"),
    "t_junction": ("RoadTypeDistributor", "IntersectionTJunction"),
    "urban_grid": ("RoadTypeDistributor", "IntersectionCrossroad", "TransversePavements"),
    "roundabout": ("RoadTypeDistributor", "JunctionRoundabout", "RoundaboutNormalNosignal"),
    "ramp": ("RoadTypeMotorway", "RoadTypeSlip"),
    "parking": ("RoadTypeParking", "TransverseLanesTogether"),
    "shared_space": ("RoadTypeShared", "TransverseLanesTogether", "EdgeNone"),
    "tunnel": ("RoadTypeRadial", "TransverseUndivided", "SpecialStructureTunnel"),
    "work_zone": ("RoadTypeDistributor", "TemporaryStructureRoadWorks", "TemporaryStructureRoadSignage"),
}  # fmt: skip
_ANYWHERE = ("LaneTypeTraffic", "LaneSpecificationLaneCount", "LaneSpecificationDimensions")
_OBJECT_TAGS = (("tree", "FixedStructureVegetation"), ("building", "FixedStructureBuilding"),
                ("street_lamp", "FixedStructureStreetlight"))  # fmt: skip
_LANE_TAGS = (
    (LaneKind.BICYCLE, "LaneTypeCycle"), (LaneKind.BUS, "LaneTypeBus"),
    (LaneKind.SHOULDER, "EdgeShoulderPavedOrGravel"), (LaneKind.ENTRY, "RoadTypeSlip"),
    (LaneKind.EXIT, "RoadTypeSlip"), (LaneKind.SIDEWALK, "TransversePavements"), (LaneKind.PARKING, "RoadTypeParking"),
)  # fmt: skip
STRAIGHT_PER_M, LEVEL = 1e-6, 0.005


def road(archetype: str, **parameters: Given) -> Leaf:
    """A road leaf of an archetype, as `road("motorway", lanes=3, length="800 m")`.

    Raises:
        IllTyped: no archetype has that name, or a parameter does not fit.
    """
    known("road archetype", archetype, NAMES)
    schema = road_schema(archetype)
    # Defaults are written out: expressions may read them, and a changed default changes no scenario that was kept.
    given = {name: field.default for name, field in schema.items()}
    given |= {name if name in schema else split_suffix(name)[0]: value for name, value in parameters.items()}
    return make_leaf("road", texts={"archetype": archetype}, values=as_values(f"road {archetype}", schema, given))


def road_file(file: str, sha256: str, routes: Mapping[str, tuple[str, ...]]) -> Leaf:
    """A road leaf of an OpenDRIVE file; `routes` name sequences of lane ids."""
    named = {f"route:{name}": " ".join(lanes) for name, lanes in routes.items()}
    return make_leaf("road", texts={"file": file, "sha256": sha256, **named})


@lru_cache(maxsize=32)
def road_schema(archetype: str) -> Mapping[str, Field]:
    """Parameters of an archetype by their names in scenarios."""
    return {split_suffix(p.name)[0]: _field(p) for p in _archetype(archetype).parameters}


def _archetype(name: str) -> "Archetype":
    from scenarios.roads import archetype  # loads the OpenDRIVE reader, lxml and scipy

    return archetype(name)


def _field(parameter: "Parameter") -> Field:
    if parameter.kind == "flag":
        return Field(FLAG, parameter.doc, parameter.default)
    if parameter.kind == "choice":
        return Field(
            TEXT, f"{parameter.doc}: {', '.join(parameter.choices)}", parameter.default, names=parameter.choices
        )
    low = parameter.minimum if parameter.minimum is not None else float("-inf")
    high = parameter.maximum if parameter.maximum is not None else float("inf")
    dimension = COUNT if parameter.kind == "count" else _DIMENSIONS[parameter.unit]
    return Field(dimension, parameter.doc, parameter.default, low, high)


def road_choice(leaf: Leaf, get: Get) -> RoadChoice:
    """The road with every parameter fixed."""
    if leaf.text("file"):
        routes = {key[6:]: tuple(lanes.split()) for key, lanes in leaf.texts if key.startswith("route:")}
        return RoadChoice(file=leaf.text("file"), sha256=leaf.text("sha256"), routes=routes)
    archetype = leaf.text("archetype")
    if not leaf.values:
        return RoadChoice(archetype)
    full = _full_names(archetype)
    return RoadChoice(archetype, {full[name]: get(leaf.path_of(name)) for name, _ in leaf.values})


@lru_cache(maxsize=32)
def _full_names(archetype: str) -> Mapping[str, str]:
    return {split_suffix(p.name)[0]: p.name for p in _archetype(archetype).parameters}


def road_routes(leaf: Leaf) -> tuple[str, ...] | None:
    """Routes that the road has whatever its parameters come out as; None where that cannot be listed."""
    listed = _variants(leaf)
    if listed is None:
        return tuple(key[6:] for key, _ in leaf.texts if key.startswith("route:")) if leaf.text("file") else None
    found = [_routes(leaf.text("archetype"), text, _Held(parameters)) for text, parameters in listed]
    return tuple(route for route in found[0] if all(route in other for other in found[1:]))


def road_lights(leaf: Leaf) -> tuple[str, ...] | None:
    """Approaches and ids of traffic lights that the road always has; None where that cannot be listed."""
    listed = _variants(leaf)
    if listed is None:
        return None
    found = [_lights(leaf.text("archetype"), text, _Held(parameters)) for text, parameters in listed]
    return tuple(light for light in found[0] if all(light in other for other in found[1:]))


def _variants(leaf: Leaf) -> list[tuple[str, dict[str, Any]]] | None:
    """The combinations of counts, flags and choices that decide which routes there are; ranges at their ends."""
    if not leaf.text("archetype"):
        return None
    full = _full_names(leaf.text("archetype")) if leaf.values else {}
    listed: list[dict[str, Any]] = [{}]
    for name, value in leaf.values:
        if isinstance(value, Expression):
            return None
        if isinstance(value, Const):
            options = [value.value]
        elif isinstance(value, Choice) and all(isinstance(option, Const) for option, _ in value.options):
            options = [option.value for option, _ in value.options if isinstance(option, Const)]
        elif isinstance(value, IntRange):
            options = list(range(value.low, value.high + 1))
        else:
            options = [value.quantile(0.5)]
        listed = [{**one, full[name]: option} for one in listed for option in options]
        if len(listed) > MAX_LISTED:
            return None
    return [(canonical_text(one), one) for one in listed]


class _Held:
    """Carries parameters past a cache key: the text beside them is the identity."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@lru_cache(maxsize=256)
def _routes(archetype: str, text: str, held: _Held) -> tuple[str, ...]:
    try:
        return _archetype(archetype).route_names(held.parameters)
    except InputError as error:
        raise IllTyped(str(error)) from error


@lru_cache(maxsize=256)
def _lights(archetype: str, text: str, held: _Held) -> tuple[str, ...]:
    ids = _archetype(archetype).signal_ids(held.parameters)
    if not ids:
        return ()
    layout = layout_of(RoadChoice(archetype, held.parameters))
    lit = {lane for signal in layout.lane_map.signals for lane in signal.lane_ids}
    stems = {route.split(".")[0] for route, lanes in layout.lane_map.routes.items() if lit.intersection(lanes)}
    return (*sorted(stems), *ids)


def road_tags(choice: RoadChoice, layout: Layout) -> tuple[str, ...]:
    """OpenLABEL names and slices of the road."""
    curved = abs(float(choice.parameters.get("curvature_1pm", 0.0) or 0.0)) > STRAIGHT_PER_M
    return (
        *_OPENLABEL.get(choice.archetype, ()),
        "HorizontalCurves" if curved else "HorizontalStraights",
        *map_tags(layout),
        f"road:{choice.archetype or 'file'}",
    )


@by_identity
def map_tags(layout: Layout) -> tuple[str, ...]:
    """OpenLABEL names of what the lane map shows."""
    lane_map = layout.lane_map
    kinds = {lane.kind for lane in lane_map.lanes}
    tags = [*_ANYWHERE, *(tag for kind, tag in _LANE_TAGS if kind in kinds)]
    if any({lane.left_marking.kind, lane.right_marking.kind} - _UNPAINTED for lane in lane_map.lanes):
        tags += ["LaneSpecificationMarking", "EdgeLineMarkers"]
    if any(area.kind == "crosswalk" for area in lane_map.areas):
        tags.append("SpecialStructurePedestrianCrossing")
    if lane_map.signs:
        tags.append("RegulatorySignsUniformFullTime")
    objects = {item.kind for item in lane_map.objects}
    tags.extend(tag for kind, tag in _OBJECT_TAGS if kind in objects)
    tags.append("TravelDirectionLeft" if lane_map.left_hand_traffic else "TravelDirectionRight")
    return (*tags, *_slopes(layout))


def _slopes(layout: Layout) -> tuple[str, ...]:
    """Slopes along the first route, as one drives it."""
    if not layout.lane_map.routes:
        return ()
    path = layout.path("main.1" if "main.1" in layout.lane_map.routes else next(iter(layout.lane_map.routes)))
    rise = np.diff(path.points_m[:, 2]) / np.maximum(np.diff(path.s_m), 1e-9)
    up, down = bool((rise > LEVEL).any()), bool((rise < -LEVEL).any())
    return tuple(
        name for name, there in (("LongitudinalUpSlope", up), ("LongitudinalDownSlope", down),
                                 ("LongitudinalLevelPlane", not up and not down)) if there
    )  # fmt: skip
