"""A `Document` as OpenDRIVE 1.7 text. Numbers are written so that reading gives the same bits back."""

import json
import math
from collections.abc import Iterable
from xml.etree import ElementTree

from driving_data.maps.opendrive.document import (
    Arc,
    Cubic,
    Document,
    Geometry,
    Junction,
    LaneRecord,
    ObjectRecord,
    ParamPoly3,
    Poly3,
    Repeat,
    Road,
    RoadLink,
    Section,
    SignalRecord,
    Spiral,
    Validity,
)
from driving_data.maps.opendrive.parse import DIRECTION_CODE, ROUTES_CODE

_Element = ElementTree.Element


def write_opendrive(document: Document) -> str:
    """The document as OpenDRIVE 1.7 text, the same for equal documents (no date is written)."""
    root = ElementTree.Element("OpenDRIVE")
    header = _child(root, "header", revMajor=1, revMinor=7, name=document.name, version="1", vendor="Roadloom")
    if document.geo_reference:
        _child(header, "geoReference").text = document.geo_reference
    for road in document.roads:
        _road(root, road)
    for junction in document.junctions:
        _junction(root, junction)
    if document.routes:
        table = {name: list(lanes) for name, lanes in document.routes.items()}
        _child(root, "userData", code=ROUTES_CODE, value=json.dumps(table))
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _child(parent: _Element, tag: str, **attributes: "str | float | int") -> _Element:
    return ElementTree.SubElement(parent, tag, {name: _text(value) for name, value in attributes.items()})


def _text(value: "str | float | int") -> str:
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15 and repr(value) != "-0.0"
        return repr(int(value)) if whole else repr(value)
    return str(value)


def _road(root: _Element, road: Road) -> None:
    element = _child(root, "road", name=road.name, length=road.length, id=road.id, junction=road.junction)
    element.set("rule", road.rule)
    if road.predecessor is not None or road.successor is not None:
        link = _child(element, "link")
        _road_link(link, "predecessor", road.predecessor)
        _road_link(link, "successor", road.successor)
    for kind in road.types:
        record = _child(element, "type", s=kind.s, type=kind.type)
        if not math.isnan(kind.max_mps):
            _child(record, "speed", max=kind.max_mps, unit="m/s")
    plan = _child(element, "planView")
    for piece in road.geometry:
        _geometry(plan, piece)
    _profile(element, "elevationProfile", "elevation", road.elevation)
    _lateral(element, road)
    lanes = _child(element, "lanes")
    for record in road.lane_offset:
        _cubic(lanes, "laneOffset", "s", record)
    for section in road.sections:
        _section(lanes, section)
    if road.objects or road.tunnels:
        objects = _child(element, "objects")
        for item in road.objects:
            _object(objects, item)
        for tunnel in road.tunnels:
            _child(
                objects, "tunnel", s=tunnel.s, length=tunnel.length, name=tunnel.name, id=tunnel.id, type=tunnel.type
            )
    if road.signals or road.signal_references:
        signals = _child(element, "signals")
        for signal in road.signals:
            _signal(signals, signal)
        for reference in road.signal_references:
            used = _child(
                signals, "signalReference", s=reference.s, t=reference.t, id=reference.id,
                orientation=reference.orientation,
            )  # fmt: skip
            _validities(used, reference.validities)


def _road_link(parent: _Element, tag: str, link: RoadLink | None) -> None:
    if link is not None:
        element = _child(parent, tag, elementType=link.element_type, elementId=link.element_id)
        if link.contact_point:
            element.set("contactPoint", link.contact_point)


def _geometry(plan: _Element, piece: Geometry) -> None:
    element = _child(plan, "geometry", s=piece.s, x=piece.x, y=piece.y, hdg=piece.hdg, length=piece.length)
    shape = piece.shape
    if isinstance(shape, Arc):
        _child(element, "arc", curvature=shape.curvature)
    elif isinstance(shape, Spiral):
        _child(element, "spiral", curvStart=shape.curv_start, curvEnd=shape.curv_end)
    elif isinstance(shape, Poly3):
        _child(element, "poly3", a=shape.a, b=shape.b, c=shape.c, d=shape.d)
    elif isinstance(shape, ParamPoly3):
        names = [f"{letter}{axis}" for axis in "UV" for letter in "abcd"]
        values = dict(zip(names, (*shape.u, *shape.v), strict=True))
        _child(element, "paramPoly3", **values, pRange="normalized" if shape.normalized else "arcLength")
    else:
        _child(element, "line")


def _profile(road: _Element, group: str, tag: str, records: Iterable[Cubic]) -> None:
    records = tuple(records)
    if records:
        parent = _child(road, group)
        for record in records:
            _cubic(parent, tag, "s", record)


def _lateral(element: _Element, road: Road) -> None:
    """Bank, crossfall and shape of the surface; crossfall is of OpenDRIVE 1.4 and written as it was read."""
    if not (road.superelevation or road.crossfall or road.shapes):
        return
    lateral = _child(element, "lateralProfile")
    for record in road.superelevation:
        _cubic(lateral, "superelevation", "s", record)
    for fall in road.crossfall:
        _cubic(lateral, "crossfall", "s", fall.profile)
        lateral[-1].set("side", fall.side)
    for shape in road.shapes:
        _cubic(lateral, "shape", "t", shape.profile)
        lateral[-1].set("s", _text(shape.s))


def _cubic(parent: _Element, tag: str, start: str, record: Cubic) -> None:
    element = _child(parent, tag)
    element.set(start, _text(record.s))
    for name, value in zip("abcd", (record.a, record.b, record.c, record.d), strict=True):
        element.set(name, _text(value))


def _section(lanes: _Element, section: Section) -> None:
    element = _child(lanes, "laneSection", s=section.s)
    for side, sign in (("left", 1), ("center", 0), ("right", -1)):
        members = [lane for lane in section.lanes if (lane.id > 0) - (lane.id < 0) == sign]
        if members:
            parent = _child(element, side)
            for lane in sorted(members, key=lambda lane: -lane.id):
                _lane(parent, lane)


def _lane(parent: _Element, lane: LaneRecord) -> None:
    element = _child(parent, "lane", id=lane.id, type=lane.type, level="true" if lane.level else "false")
    if lane.predecessors or lane.successors:
        link = _child(element, "link")
        for tag, ids in (("predecessor", lane.predecessors), ("successor", lane.successors)):
            for lane_id in ids:
                _child(link, tag, id=lane_id)
    for record in lane.borders:
        _cubic(element, "border", "sOffset", record)
    for record in lane.widths:
        _cubic(element, "width", "sOffset", record)
    for mark in lane.marks:
        written = _child(element, "roadMark", sOffset=mark.s_offset, type=mark.type, weight="standard")
        written.set("color", mark.color)
        written.set("width", _text(mark.width))
        if mark.lane_change:
            written.set("laneChange", mark.lane_change)
    for speed in lane.speeds:
        limit = "no limit" if math.isnan(speed.max_mps) else speed.max_mps
        _child(element, "speed", sOffset=speed.s_offset, max=limit, unit="m/s")
    for height in lane.heights:
        _child(element, "height", sOffset=height.s_offset, inner=height.inner, outer=height.outer)
    if lane.direction == "reversed":
        _child(element, "userData", code=DIRECTION_CODE, value="reversed")


def _validities(parent: _Element, validities: Iterable[Validity]) -> None:
    for validity in validities:
        _child(parent, "validity", fromLane=validity.from_lane, toLane=validity.to_lane)


def _signal(parent: _Element, signal: SignalRecord) -> None:
    element = _child(
        parent, "signal", s=signal.s, t=signal.t, id=signal.id, name=signal.name,
        dynamic="yes" if signal.dynamic else "no", orientation=signal.orientation, zOffset=signal.z_offset,
        country=signal.country, type=signal.type, subtype=signal.subtype, hOffset=signal.h_offset,
        height=signal.height, width=signal.width,
    )  # fmt: skip
    if not math.isnan(signal.value):
        element.set("value", _text(signal.value))
        if signal.unit:
            element.set("unit", signal.unit)
    _validities(element, signal.validities)


def _object(parent: _Element, item: ObjectRecord) -> None:
    element = _child(
        parent, "object", type=item.type, subtype=item.subtype, id=item.id, name=item.name, s=item.s, t=item.t,
        zOffset=item.z_offset, hdg=item.hdg, orientation=item.orientation, height=item.height,
    )  # fmt: skip
    if item.radius > 0.0:
        element.set("radius", _text(item.radius))
    else:
        element.set("length", _text(item.length))
        element.set("width", _text(item.width))
    for repeat in item.repeats:
        _repeat(element, repeat)
    if item.outlines:
        outlines = _child(element, "outlines")
        for k, corners in enumerate(item.outlines):
            outline = _child(outlines, "outline", id=k, closed="true")
            for number, c in enumerate(corners):
                if c.on_road:
                    _child(outline, "cornerRoad", id=number, s=c.first, t=c.second, dz=c.z, height=c.height)
                else:
                    _child(outline, "cornerLocal", id=number, u=c.first, v=c.second, z=c.z, height=c.height)


def _repeat(parent: _Element, repeat: Repeat) -> None:
    element = _child(
        parent, "repeat", s=repeat.s, length=repeat.length, distance=repeat.distance, tStart=repeat.t_start,
        tEnd=repeat.t_end, zOffsetStart=repeat.z_start, zOffsetEnd=repeat.z_end,
    )  # fmt: skip
    optional = {
        "heightStart": repeat.height_start, "heightEnd": repeat.height_end, "widthStart": repeat.width_start,
        "widthEnd": repeat.width_end, "lengthStart": repeat.length_start, "lengthEnd": repeat.length_end,
    }  # fmt: skip
    for name, value in optional.items():
        if not math.isnan(value):
            element.set(name, _text(value))


def _junction(root: _Element, junction: Junction) -> None:
    element = _child(root, "junction", name=junction.name, id=junction.id, type=junction.type)
    for connection in junction.connections:
        record = _child(element, "connection", id=connection.id, incomingRoad=connection.incoming_road)
        record.set("linkedRoad" if connection.linked else "connectingRoad", connection.connecting_road)
        record.set("contactPoint", connection.contact_point)
        for source, target in connection.lane_links:
            record.append(ElementTree.Element("laneLink", {"from": str(source), "to": str(target)}))
