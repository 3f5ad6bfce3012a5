"""Signals and objects of OpenDRIVE text."""

from typing import Any

from driving_data.maps.opendrive.document import (
    Corner,
    ObjectRecord,
    Repeat,
    SignalRecord,
    SignalReference,
    Tunnel,
    Validity,
)
from driving_data.maps.opendrive.elements import Faults

_ORIENTATIONS = ("+", "-", "none")


def parse_signals(road: Any, faults: Faults) -> tuple[SignalRecord, ...]:
    """The signals that stand at a road."""
    return tuple(_signal(element, faults) for element in road.findall("signals/signal"))


def parse_references(road: Any, faults: Faults) -> tuple[SignalReference, ...]:
    """Signals of other roads that count on this road."""
    return tuple(
        SignalReference(
            faults.text(element, "id"),
            faults.number(element, "s", 0.0),
            faults.number(element, "t", 0.0),
            faults.choice(element, "orientation", _ORIENTATIONS, "+"),
            _validities(element, faults),
            element.sourceline or 0,
        )
        for element in road.findall("signals/signalReference")
    )


def parse_objects(road: Any, road_length_m: float, faults: Faults) -> tuple[ObjectRecord, ...]:
    """The objects beside and on a road."""
    return tuple(_object(element, road_length_m, faults) for element in road.findall("objects/object"))


def parse_tunnels(road: Any, faults: Faults) -> tuple[Tunnel, ...]:
    """The tunnels of a road."""
    return tuple(
        Tunnel(
            id=element.get("id", ""),
            s=faults.number(element, "s"),
            length=faults.number(element, "length"),
            name=element.get("name", ""),
            type=faults.choice(element, "type", ("standard", "underpass"), "standard"),
            line=element.sourceline or 0,
        )
        for element in road.findall("objects/tunnel")
    )


def _validities(element: Any, faults: Faults) -> tuple[Validity, ...]:
    return tuple(
        Validity(faults.whole(child, "fromLane"), faults.whole(child, "toLane"))
        for child in element.findall("validity")
    )


def _signal(element: Any, faults: Faults) -> SignalRecord:
    return SignalRecord(
        id=faults.text(element, "id"),
        s=faults.number(element, "s"),
        t=faults.number(element, "t"),
        name=element.get("name", ""),
        dynamic=faults.choice(element, "dynamic", ("yes", "no"), "no") == "yes",
        orientation=faults.choice(element, "orientation", _ORIENTATIONS, "+"),
        z_offset=faults.number(element, "zOffset", 0.0),
        country=element.get("country", ""),
        type=element.get("type", "-1"),
        subtype=element.get("subtype", "-1"),
        value=faults.number(element, "value", float("nan")),
        unit=element.get("unit", ""),
        height=faults.number(element, "height", 0.0),
        width=faults.number(element, "width", 0.0),
        h_offset=faults.number(element, "hOffset", 0.0),
        validities=_validities(element, faults),
        line=element.sourceline or 0,
    )


def _object(element: Any, road_length_m: float, faults: Faults) -> ObjectRecord:
    outlines = [*element.findall("outline"), *element.findall("outlines/outline")]
    corners = tuple(tuple(_corner(corner, faults) for corner in outline if _is_corner(corner)) for outline in outlines)
    s, t, z = faults.number(element, "s"), faults.number(element, "t"), faults.number(element, "zOffset", 0.0)
    return ObjectRecord(
        id=element.get("id", ""),
        type=element.get("type", "none"),
        s=s,
        t=t,
        name=element.get("name", ""),
        subtype=element.get("subtype", ""),
        z_offset=z,
        hdg=faults.number(element, "hdg", 0.0),
        orientation=faults.choice(element, "orientation", _ORIENTATIONS, "none"),
        length=faults.number(element, "length", 0.0),
        width=faults.number(element, "width", 0.0),
        height=faults.number(element, "height", 0.0),
        radius=faults.number(element, "radius", 0.0),
        outlines=tuple(outline for outline in corners if len(outline) >= 3),
        repeats=tuple(_repeat(child, (s, t, z), road_length_m, faults) for child in element.findall("repeat")),
        line=element.sourceline or 0,
    )


def _is_corner(element: Any) -> bool:
    return element.tag in ("cornerLocal", "cornerRoad")


def _corner(element: Any, faults: Faults) -> Corner:
    height = faults.number(element, "height", 0.0)
    if element.tag == "cornerRoad":
        z = faults.number(element, "dz", 0.0)
        return Corner(faults.number(element, "s"), faults.number(element, "t"), z, height, on_road=True)
    return Corner(faults.number(element, "u"), faults.number(element, "v"), faults.number(element, "z", 0.0), height)


def _repeat(element: Any, place: tuple[float, float, float], road_length_m: float, faults: Faults) -> Repeat:
    """A repetition; what it does not say is as at the place (s, t, zOffset) of the object."""
    object_s_m, object_t_m, object_z_m = place
    s = faults.number(element, "s", object_s_m)
    length = faults.number(element, "length", 0.0)
    distance = faults.number(element, "distance", 0.0)
    if distance < 0.0:
        faults.add(element, "bad-number", f"distance={distance:g}", "a distance of at least 0 m")
    none = float("nan")
    return Repeat(
        s=s,
        length=min(length, max(0.0, road_length_m - s)),
        distance=max(distance, 0.0),
        t_start=faults.number(element, "tStart", object_t_m),
        t_end=faults.number(element, "tEnd", object_t_m),
        z_start=faults.number(element, "zOffsetStart", object_z_m),
        z_end=faults.number(element, "zOffsetEnd", object_z_m),
        height_start=faults.number(element, "heightStart", none),
        height_end=faults.number(element, "heightEnd", none),
        width_start=faults.number(element, "widthStart", none),
        width_end=faults.number(element, "widthEnd", none),
        length_start=faults.number(element, "lengthStart", none),
        length_end=faults.number(element, "lengthEnd", none),
    )
