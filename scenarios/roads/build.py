"""A `RoadChoice` into a `LaneMap`: archetypes through the OpenDRIVE text that they make, files as they are."""

import hashlib
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from threading import Lock

from driving_data.errors import Fault, InputError
from driving_data.maps.lane_map import LaneMap
from driving_data.maps.opendrive.assemble import assemble, check_routes
from driving_data.maps.opendrive.elements import read_bytes
from driving_data.maps.opendrive.parse import parse_text
from driving_data.maps.opendrive.write import write_opendrive
from driving_data.plain import digest
from scenarios.concrete import RoadChoice
from scenarios.roads.archetypes import archetype

MAX_CACHED = 64
_cache: "OrderedDict[str, LaneMap]" = OrderedDict()
_lock = Lock()


def build_road(road: RoadChoice) -> LaneMap:
    """The lane map of a road, with its routes and its OpenDRIVE text; equal choices give the same object.

    An archetype is written as OpenDRIVE and read back, so that what is simulated is the file that is written.
    A file is known by the sha256 of its bytes, not by its name.

    Raises:
        InputError: the archetype, a parameter, the file, its hash or a route is wrong; every fault is named.
    """
    if bool(road.archetype) == bool(road.file):
        found = f"archetype={road.archetype!r}, file={road.file!r}"
        raise InputError([Fault("", 0, 0, "road", "bad-road", found, "either an archetype or a file")])
    source = read_bytes(Path(road.file)) if road.file else b""
    if road.file:
        _check_hash(road, source)
    key = digest([road, hashlib.sha256(source).hexdigest()])
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    made = _from_file(road, source) if road.file else _from_archetype(road)
    with _lock:
        kept = _cache.setdefault(key, made)
        if len(_cache) > MAX_CACHED:
            _cache.popitem(last=False)
        return kept


def road_text(road: RoadChoice) -> str:
    """The OpenDRIVE text of a road.

    Raises:
        InputError: as `build_road`.
    """
    return build_road(road).opendrive or ""


def _check_hash(road: RoadChoice, source: bytes) -> None:
    found = hashlib.sha256(source).hexdigest()
    if road.sha256 and found != road.sha256.lower():
        raise InputError([Fault(road.file, 0, 0, "road.sha256", "changed-file", f"sha256 {found}", road.sha256)])


def _from_archetype(road: RoadChoice) -> LaneMap:
    if road.routes:
        found = ", ".join(road.routes)
        raise InputError([Fault("", 0, 0, "road.routes", "bad-road", found, "no routes beside an archetype's own")])
    text = write_opendrive(archetype(road.archetype).document(road.parameters))
    return assemble(parse_text(text), text, "", road.archetype)


def _from_file(road: RoadChoice, source: bytes) -> LaneMap:
    if road.parameters:
        found = ", ".join(road.parameters)
        raise InputError([Fault("", 0, 0, "road.parameters", "bad-road", found, "no parameters for a file")])
    if road.routes:
        lane_map = build_road(replace(road, routes={}))  # lanes are sampled once, however many routes there are
    else:
        text = source.decode("utf-8", errors="replace")
        lane_map = assemble(parse_text(source, road.file), text, road.file, Path(road.file).stem)
    named = replace(lane_map, routes={**lane_map.routes, **road.routes})
    check_routes(named, road.file)
    return named
