"""Tunnels of OpenDRIVE files: read, written, laid out along the road."""

import numpy as np
import pytest
from shapely import Point, Polygon

from driving_data.errors import InputError
from driving_data.maps.opendrive import parse_text, read_opendrive, write_opendrive
from scenarios.concrete import RoadChoice
from scenarios.roads import build_road
from scenarios.roads.archetypes import archetype


def test_tunnels_of_a_public_file(shared_data):
    lane_map = read_opendrive(shared_data / "openscenario" / "esmini" / "xodr" / "tunnels.xodr")
    tunnels = [area for area in lane_map.areas if area.kind == "tunnel"]
    assert len(tunnels) == 4
    edges = [np.split(area.polygon_m, 2) for area in tunnels]
    middles = [0.5 * (left + right[::-1]) for left, right in edges]
    lengths = [np.linalg.norm(np.diff(middle, axis=0), axis=-1).sum() for middle in middles]
    assert lengths[1] == pytest.approx(8.0, abs=0.5) and lengths[2] == pytest.approx(150.0, rel=0.05)


def test_the_archetype_is_written_and_read_back_equal():
    document = archetype("tunnel").document({"curvature_1pm": 0.005})
    text = write_opendrive(document)
    assert '<tunnel s="200' in text
    assert parse_text(text).roads[0].tunnels == document.roads[0].tunnels


def test_its_roof_follows_a_bend():
    lane_map = build_road(RoadChoice("tunnel", {"curvature_1pm": 0.01, "tunnel_s_m": 100.0, "tunnel_length_m": 150.0}))
    roof = Polygon(next(a for a in lane_map.areas if a.kind == "tunnel").polygon_m[:, :2])
    for s, under in ((95.0, False), (105.0, True), (245.0, True), (255.0, False)):
        angle = 0.01 * s
        assert roof.contains(Point(100.0 * np.sin(angle), 100.0 * (1.0 - np.cos(angle)))) is under


def test_a_tunnel_that_leaves_its_road_is_refused():
    with pytest.raises(InputError, match="tunnel_length_m"):
        archetype("tunnel").document({"tunnel_s_m": 500.0})


def test_every_public_file_is_read(shared_data):
    files = sorted(shared_data.rglob("*.xodr"))
    assert len(files) >= 30
    for file in files:
        lane_map = read_opendrive(file)
        assert lane_map.lanes, file
        for lane in lane_map.lanes:
            assert np.isfinite(lane.centerline_m).all() and np.isfinite(lane.left_m).all(), (file, lane.id)
