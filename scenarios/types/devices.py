"""What a work zone puts on the road: devices that taper a lane off and run along it, flaggers, workers.

A zone with `from` and `to` on a lane closes that lane: devices lead across it over the taper before `from` (from its
right edge to its left one, the other way round for the leftmost lane) and along it to `to`, 0.3 m inside.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import pi
from typing import Any

from driving_data.taxonomy import ActorClass
from scenarios.concrete import Actor, Feature, Place
from scenarios.leaf import IllTyped
from scenarios.types.actors import SIZES_M
from scenarios.types.layout import Layout
from scenarios.types.leaf_type import rows_of
from scenarios.types.temporary import WORK_ZONES
from scenarios.types.traits import VARIANTS

INSIDE_M, MAX_DEVICES = 0.3, 400
# device: class, size, whether only one stands there, at the end of the taper
_DEVICES: Mapping[str, tuple[ActorClass, tuple[float, float, float], bool]] = {
    "cones": (ActorClass.CONE, SIZES_M[ActorClass.CONE], False),
    "barrels": (ActorClass.CONE, (0.6, 0.6, 1.0), False),
    "beacons": (ActorClass.CONE, (0.3, 0.3, 1.1), False),
    "guide_panels": (ActorClass.CONE, (0.1, 0.25, 1.0), False),
    "barriers": (ActorClass.BARRIER, SIZES_M[ActorClass.BARRIER], False),
    "crash_cushion": (ActorClass.BARRIER, (5.0, 2.0, 1.0), True),
    "arrow_board": (ActorClass.BARRIER, (0.6, 2.2, 3.0), True),
}


def stands(feature: Feature) -> bool:
    """Whether a feature is a work zone of which it is said where it begins and ends."""
    return feature.kind == "work_zones" and {"from", "to"} <= feature.values.keys()


def devices_of(features: tuple[Feature, ...], layout: Layout) -> Iterator[Actor]:
    """Everything that the work zones of a scenario put on the road.

    Raises:
        IllTyped: a zone ends before it begins, has no room on its route, or needs too many devices.
    """
    for feature in features:
        if stands(feature):
            given: dict[str, Any] = {name: field.default for name, field in WORK_ZONES.fields.items()}
            for i, actor in enumerate(_zone(feature.name, given | dict(feature.values), layout)):
                yield replace(actor, id=f"{feature.name}_{i}")


def _zone(name: str, values: Mapping[str, Any], layout: Layout) -> Iterator[Actor]:
    route = str(values["on"] or f"main.{max(int(values['closed_lane']), 1)}")
    begin, end = float(values["from"]), float(values["to"])
    if not 0.0 <= begin < end <= layout.length_m(route):
        raise IllTyped(f"work_zones {name}: from {begin:g} m to {end:g} m does not lie on the route {route!r}")
    phases = rows_of(values, "phases")
    now = phases[0] if phases else {}
    right, left = _edges(route, begin, layout)
    if now.get("activity") != "open" and int(now.get("closed_lane", values["closed_lane"])) > 0:
        yield from _devices(name, values, route, (left, right) if _leftmost(route, layout) else (right, left))
    start = max(begin - float(values["taper"]), 0.0)
    gesture = {"gesture": now["gesture"]} if now.get("gesture", "none") != "none" else {}
    for i in range(int(values["flaggers"])):
        place = Place(route, max(start - 2.0 - 3.0 * i, 0.0), right - 0.6, pi)
        yield Actor("", ActorClass.FLAGGER, SIZES_M[ActorClass.FLAGGER], place, traits=gesture)
    count = int(values["workers"])
    for i in range(count):
        place = Place(route, begin + (i + 1) * (end - begin) / (count + 1), 0.3 * (-1) ** i, 0.7 * i)
        size = VARIANTS[ActorClass.PEDESTRIAN]["worker"]
        yield Actor("", ActorClass.PEDESTRIAN, size, place, traits={"variant": "worker"})


def _devices(name: str, values: Mapping[str, Any], route: str, edges: tuple[float, float]) -> Iterator[Actor]:
    device = str(values["devices"])
    if device == "none":
        return
    kind, size, single = _DEVICES[device]
    begin, end, taper = float(values["from"]), float(values["to"]), float(values["taper"])
    start, spacing = max(begin - taper, 0.0), max(float(values["spacing"]), size[0] + 0.1)
    count = 1 if single else int((end - start) / spacing) + 1
    if count > MAX_DEVICES:
        raise IllTyped(f"work_zones {name}: {count} devices; at most {MAX_DEVICES} are set out")
    for i in range(count):
        s = begin if single else start + i * spacing
        across = 1.0 if s >= begin else (s - start) / (begin - start)
        d = 0.5 * sum(edges) if single else edges[0] + across * (edges[1] - edges[0])
        yield Actor("", kind, size, Place(route, s, d), traits={"variant": device})


def _edges(route: str, s_m: float, layout: Layout) -> tuple[float, float]:
    """Where devices stand at the right and the left edge of a lane, left of its middle."""
    path = layout.path(route)
    row = min(int(s_m / path.length_m * (len(path.s_m) - 1)), len(path.s_m) - 1)
    return INSIDE_M - float(path.right_width_m[row]), float(path.left_width_m[row]) - INSIDE_M


def _leftmost(route: str, layout: Layout) -> bool:
    stem, _, number = route.rpartition(".")
    return number.isdigit() and number != "1" and f"{stem}.{int(number) + 1}" not in layout.lane_map.routes
