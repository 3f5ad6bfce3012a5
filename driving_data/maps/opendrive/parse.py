"""OpenDRIVE text to a `Document`. Every fault of the file is found before `InputError` is raised."""

import json
from pathlib import Path
from typing import Any

from driving_data.errors import nearest_name
from driving_data.maps.opendrive.document import (
    Arc,
    Connection,
    Crossfall,
    Cubic,
    Document,
    Geometry,
    Junction,
    LaneHeight,
    LaneRecord,
    LaneSpeed,
    LateralShape,
    Line,
    ParamPoly3,
    Poly3,
    Road,
    RoadLink,
    RoadMark,
    RoadType,
    Section,
    Shape,
    Spiral,
)
from driving_data.maps.opendrive.elements import Faults, parse_xml, read_bytes
from driving_data.maps.opendrive.parse_furniture import parse_objects, parse_references, parse_signals, parse_tunnels

ROUTES_CODE = "roadloom.routes"
DIRECTION_CODE = "roadloom.direction"
_UNIT_MPS = {"m/s": 1.0, "km/h": 1.0 / 3.6, "kmh": 1.0 / 3.6, "kph": 1.0 / 3.6, "mph": 0.44704}
_NO_LIMIT = ("no limit", "undefined")
_SHAPES = ("line", "arc", "spiral", "poly3", "paramPoly3")


def parse_file(path: Path) -> tuple[Document, str]:
    """The document of a file, and its text.

    Raises:
        InputError: every fault of the file.
    """
    source = read_bytes(path)
    return parse_text(source, str(path)), source.decode("utf-8", errors="replace")


def parse_text(source: str | bytes, file: str = "") -> Document:
    """The document of a text.

    Raises:
        InputError: every fault of the text.
    """
    root = parse_xml(source.encode() if isinstance(source, str) else source, file, "OpenDRIVE")
    faults = Faults(file)
    header = root.find("header")
    document = Document(
        roads=tuple(_road(element, faults) for element in root.findall("road")),
        junctions=tuple(_junction(element, faults) for element in root.findall("junction")),
        name="" if header is None else header.get("name", ""),
        rev_minor=4 if header is None else faults.whole(header, "revMinor", 4),
        geo_reference="" if header is None else (header.findtext("geoReference") or "").strip(),
        routes=_routes(root, faults),
    )
    if not document.roads and not faults.items:
        faults.add(root, "no-roads", "", "at least one <road>")
    _check_references(document, faults)
    faults.raise_any()
    return document


def _routes(root: Any, faults: Faults) -> dict[str, tuple[str, ...]]:
    for element in root.findall("userData"):
        if element.get("code") == ROUTES_CODE:
            try:
                table = json.loads(element.get("value", ""))
                return {str(name): tuple(str(lane) for lane in lanes) for name, lanes in table.items()}
            except (ValueError, AttributeError, TypeError):
                faults.add(element, "bad-routes", "", "a JSON object of lists of lane ids")
    return {}


def _road(element: Any, faults: Faults) -> Road:
    length = faults.positive(element, "length")
    plan = element.find("planView")
    pieces = [] if plan is None else plan.findall("geometry")
    if not pieces:
        faults.add(element, "no-geometry", "", "a <planView> with at least one <geometry>")
    lanes = element.find("lanes")
    sections = [] if lanes is None else lanes.findall("laneSection")
    if not sections:
        faults.add(element, "no-lanes", "", "<lanes> with at least one <laneSection>")
    link = element.find("link")
    identity = faults.text(element, "id")
    return Road(
        id=identity,
        length=length,
        geometry=tuple(_ascending(pieces, [_geometry(piece, faults) for piece in pieces], faults)),
        sections=tuple(_ascending(sections, [_section(section, faults) for section in sections], faults)),
        name=element.get("name", ""),
        junction=element.get("junction", "-1"),
        rule=faults.choice(element, "rule", ("RHT", "LHT"), "RHT"),
        predecessor=None if link is None else _road_link(link.find("predecessor"), faults),
        successor=None if link is None else _road_link(link.find("successor"), faults),
        types=tuple(_road_type(kind, faults) for kind in element.findall("type")),
        elevation=_profile(element, "elevationProfile/elevation", faults),
        superelevation=_profile(element, "lateralProfile/superelevation", faults),
        crossfall=_crossfall(element, faults),
        shapes=_shapes(element, faults),
        lane_offset=_profile(element, "lanes/laneOffset", faults),
        signals=parse_signals(element, faults),
        signal_references=parse_references(element, faults),
        objects=parse_objects(element, length, faults),
        tunnels=parse_tunnels(element, faults),
        line=element.sourceline or 0,
    )


def _ascending(elements: list[Any], values: list[Any], faults: Faults) -> list[Any]:
    for element, before, after in zip(elements[1:], values[:-1], values[1:], strict=True):
        if after.s < before.s - 1e-6:
            faults.add(
                element, "not-ascending", f"s={after.s:g}", f"s of at least {before.s:g}, that of its forerunner"
            )
    return values


def _geometry(element: Any, faults: Faults) -> Geometry:
    length = faults.number(element, "length")
    if length < 0.0:
        faults.add(element, "bad-number", f"length={length:g}", "a length of at least 0 m")
    return Geometry(
        s=faults.number(element, "s"),
        x=faults.number(element, "x"),
        y=faults.number(element, "y"),
        hdg=faults.number(element, "hdg"),
        length=max(length, 1e-9),
        shape=_shape(element, faults),
        line=element.sourceline or 0,
    )


def _shape(element: Any, faults: Faults) -> Shape:
    known = [child for child in element if child.tag in _SHAPES]
    if not known:
        other = [str(child.tag) for child in element if child.tag != "userData"]
        nearest = nearest_name(other[0], _SHAPES) if other else None
        faults.add(element, "unknown-geometry", ", ".join(other), f"one of {', '.join(_SHAPES)}", nearest)
        return Line()
    child = known[0]
    if child.tag == "arc":
        return Arc(faults.number(child, "curvature"))
    if child.tag == "spiral":
        return Spiral(faults.number(child, "curvStart"), faults.number(child, "curvEnd"))
    if child.tag == "poly3":
        a, b, c, d = (faults.number(child, name) for name in "abcd")
        return Poly3(a, b, c, d)
    if child.tag == "paramPoly3":
        ua, ub, uc, ud = (faults.number(child, f"{name}U") for name in "abcd")
        va, vb, vc, vd = (faults.number(child, f"{name}V") for name in "abcd")
        kind = faults.choice(child, "pRange", ("arcLength", "normalized"), "normalized")
        return ParamPoly3((ua, ub, uc, ud), (va, vb, vc, vd), kind == "normalized")
    return Line()


def _profile(road: Any, path: str, faults: Faults) -> tuple[Cubic, ...]:
    return tuple(sorted((_cubic(element, "s", faults) for element in road.findall(path)), key=lambda record: record.s))


def _crossfall(road: Any, faults: Faults) -> tuple[Crossfall, ...]:
    found = [
        Crossfall(faults.choice(element, "side", ("left", "right", "both"), "both"), _cubic(element, "s", faults))
        for element in road.findall("lateralProfile/crossfall")
    ]
    return tuple(sorted(found, key=lambda record: record.profile.s))


def _shapes(road: Any, faults: Faults) -> tuple[LateralShape, ...]:
    found = [
        LateralShape(faults.number(element, "s"), _cubic(element, "t", faults))
        for element in road.findall("lateralProfile/shape")
    ]
    return tuple(sorted(found, key=lambda record: (record.s, record.profile.s)))


def _cubic(element: Any, start: str, faults: Faults) -> Cubic:
    a, b, c, d = (faults.number(element, name, 0.0) for name in "abcd")
    return Cubic(faults.number(element, start), a, b, c, d)


def _road_type(element: Any, faults: Faults) -> RoadType:
    speed = element.find("speed")
    limit = float("nan") if speed is None else _speed(speed, faults)
    return RoadType(faults.number(element, "s"), element.get("type", "unknown"), limit)


def _speed(element: Any, faults: Faults) -> float:
    if element.get("max", "").strip() in _NO_LIMIT:
        return float("nan")
    unit = faults.choice(element, "unit", _UNIT_MPS, "m/s")
    value = faults.number(element, "max")
    return value * _UNIT_MPS[unit] if value > 0.0 else float("nan")


def _road_link(element: Any, faults: Faults) -> RoadLink | None:
    if element is None:
        return None
    return RoadLink(
        faults.choice(element, "elementType", ("road", "junction"), "road"),
        faults.text(element, "elementId"),
        faults.choice(element, "contactPoint", ("start", "end"), ""),
        element.sourceline or 0,
    )


def _section(element: Any, faults: Faults) -> Section:
    lanes = tuple(
        _lane(lane, faults) for side in ("left", "center", "right") for lane in element.findall(f"{side}/lane")
    )
    ids = [lane.id for lane in lanes]
    for repeated in sorted({lane_id for lane_id in ids if ids.count(lane_id) > 1}):
        faults.add(element, "duplicate-lane", f"lane id {repeated}", "lane ids that occur once in a section")
    for sign in (1, -1):
        side = sorted(abs(lane_id) for lane_id in set(ids) if lane_id * sign > 0)
        if side != list(range(1, len(side) + 1)):
            faults.add(element, "lane-gap", f"lane ids {[sign * i for i in side]}", "ids that count up from the centre")
    return Section(faults.number(element, "s"), lanes, element.sourceline or 0)


def _lane(element: Any, faults: Faults) -> LaneRecord:
    link = element.find("link")
    reversed_by_us = any(
        data.get("code") == DIRECTION_CODE and data.get("value") == "reversed" for data in element.findall("userData")
    )
    speeds = [LaneSpeed(faults.number(s, "sOffset", 0.0), _speed(s, faults)) for s in element.findall("speed")]
    heights = [
        LaneHeight(faults.number(h, "sOffset", 0.0), faults.number(h, "inner", 0.0), faults.number(h, "outer", 0.0))
        for h in element.findall("height")
    ]
    return LaneRecord(
        id=faults.whole(element, "id"),
        type=element.get("type", "none"),
        widths=_by_offset(_cubic(w, "sOffset", faults) for w in element.findall("width")),
        borders=_by_offset(_cubic(b, "sOffset", faults) for b in element.findall("border")),
        marks=tuple(sorted((_mark(m, faults) for m in element.findall("roadMark")), key=lambda mark: mark.s_offset)),
        speeds=tuple(sorted(speeds, key=lambda speed: speed.s_offset)),
        heights=tuple(sorted(heights, key=lambda height: height.s_offset)),
        predecessors=_lane_links(link, "predecessor", faults),
        successors=_lane_links(link, "successor", faults),
        direction="reversed" if reversed_by_us else element.get("direction", "standard"),
        level=element.get("level", "false") in ("true", "1"),
        line=element.sourceline or 0,
    )


def _by_offset(records: Any) -> tuple[Cubic, ...]:
    return tuple(sorted(records, key=lambda record: record.s))


def _lane_links(link: Any, name: str, faults: Faults) -> tuple[int, ...]:
    return () if link is None else tuple(faults.whole(element, "id") for element in link.findall(name))


def _mark(element: Any, faults: Faults) -> RoadMark:
    return RoadMark(
        faults.number(element, "sOffset", 0.0),
        element.get("type", "none"),
        element.get("color", "standard"),
        faults.number(element, "width", 0.12),
        element.get("laneChange", ""),
    )


def _junction(element: Any, faults: Faults) -> Junction:
    kind = element.get("type", "default")
    return Junction(
        faults.text(element, "id"),
        tuple(_connection(child, faults) for child in element.findall("connection") if child.get("incomingRoad")),
        element.get("name", ""),
        kind,
        element.sourceline or 0,
    )


def _connection(element: Any, faults: Faults) -> Connection:
    linked = element.get("linkedRoad")
    links = tuple((faults.whole(link, "from"), faults.whole(link, "to")) for link in element.findall("laneLink"))
    return Connection(
        element.get("id", ""),
        faults.text(element, "incomingRoad"),
        linked if linked is not None else faults.text(element, "connectingRoad"),
        faults.choice(element, "contactPoint", ("start", "end"), "start"),
        links,
        linked is not None,
        element.sourceline or 0,
    )


def _check_references(document: Document, faults: Faults) -> None:
    """Ids that occur twice, and links to roads and junctions that do not exist."""
    roads = [road.id for road in document.roads]
    junctions = {junction.id for junction in document.junctions}
    for k, road in enumerate(document.roads):
        path = f"OpenDRIVE.road[{road.id}]"
        if road.id in roads[:k]:
            faults.at_line(road.line, path, "duplicate-road", f"id={road.id!r}", "an id that no other road has")
        for name, link in (("predecessor", road.predecessor), ("successor", road.successor)):
            known = junctions if link is not None and link.element_type == "junction" else set(roads)
            if link is not None and link.element_id not in known:
                faults.at_line(
                    link.line, f"{path}.link.{name}", f"unknown-{link.element_type}", repr(link.element_id),
                    f"the id of a {link.element_type} of the file", nearest_name(link.element_id, sorted(known)),
                )  # fmt: skip
    for junction in document.junctions:
        for connection in junction.connections:
            for name in (connection.incoming_road, connection.connecting_road):
                if name not in roads:
                    path = f"OpenDRIVE.junction[{junction.id}].connection[{connection.id}]"
                    expected, nearest = "the id of a road of the file", nearest_name(name, roads)
                    faults.at_line(connection.line, path, "unknown-road", repr(name), expected, nearest)
