import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.geometry import SE3
from driving_data.sensors import DEVICES, LidarModel, lidar_device, lidar_from_table
from generators.raytrace.lidars.scan import (
    MID_40_WEDGES,
    RASTER_FIELD_RAD,
    Wedge,
    firings,
    refracted,
    through_wedges,
)


def angles(direction):
    direction = direction.astype(float)
    return np.arctan2(direction[:, 1], direction[:, 0]), np.arcsin(direction[:, 2])


def test_every_device_has_sorted_beams_and_as_many_rays_as_its_maker_says():
    counts = {"VLP-16": 300_000, "HDL-32E": 700_000, "HDL-64E": 1_330_000, "OS1-64": 655_360, "OS1-128": 1_310_720,
              "Pandar64": 1_152_000, "Pandar128": 2_304_000, "Mid-40": 100_000, "RS-LiDAR-M1": 787_500}  # fmt: skip
    assert set(counts) == set(DEVICES)
    for name, per_second in counts.items():
        model = lidar_device(name, "top", SE3.identity())
        rays = firings(model)
        assert model.device == name and model.name == "top"
        assert len(rays.ring) * model.rate_hz == pytest.approx(per_second, rel=0.04)
        assert np.allclose(np.linalg.norm(rays.direction, axis=1), 1.0, atol=1e-6)
        assert rays.offset_s.min() >= 0.0 and rays.offset_s.max() < 1.0 / model.rate_hz
        assert int(np.prod(rays.grid)) == len(rays.ring)
        if not model.pattern:
            assert np.all(np.diff(model.elevation_rad) > 0)
    with pytest.raises(KeyError, match="HDL-99"):
        lidar_device("HDL-99", "top", SE3.identity())


def test_beams_of_named_devices():
    vlp = lidar_device("VLP-16", "top", SE3.identity())
    assert np.rad2deg(vlp.elevation_rad) == pytest.approx(np.arange(-15.0, 16.0, 2.0))
    # In order of elevation: -15 fires first, -13 third, ...; +1 second, +3 fourth.
    order = np.round(np.array(vlp.firing_offset_s) / 2.304e-6).astype(int)
    assert order.tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15]
    hdl = lidar_device("HDL-32E", "top", SE3.identity())
    fired = np.rad2deg(hdl.elevation_rad)[np.argsort(hdl.firing_offset_s)]
    assert fired[:6] == pytest.approx([-30.67, -9.33, -29.33, -8.0, -28.0, -6.67], abs=0.01)
    assert fired[-2:] == pytest.approx([-10.67, 10.67], abs=0.01)
    pandar = np.rad2deg(lidar_device("Pandar64", "top", SE3.identity()).elevation_rad)
    step = np.diff(pandar)
    assert np.sum(np.abs(step - 1.0 / 6.0) < 1e-9) == 48 and step.max() == pytest.approx(6.0)
    fine = np.rad2deg(lidar_device("Pandar128", "top", SE3.identity()).elevation_rad)
    assert len(fine) == 128 and fine[[0, -1]] == pytest.approx([-25.0, 14.5]) and np.sum(np.diff(fine) < 0.13) == 64
    ouster = lidar_device("OS1-64", "top", SE3.identity())
    assert np.rad2deg(sorted(set(ouster.azimuth_offset_rad))) == pytest.approx([-3.164, -1.055, 1.055, 3.164])


@given(st.integers(0, 1807), st.integers(0, 15))
def test_a_head_turns_on_while_its_beams_fire(firing, beam):
    model = replace(lidar_device("VLP-16", "top", SE3.identity()), azimuth_offset_rad=tuple(np.linspace(-0.1, 0.1, 16)))
    rays = firings(model)
    row = firing * 16 + beam
    t = firing / 18080.0 + model.firing_offset_s[beam]
    wanted = np.pi - 2 * np.pi * 10.0 * t + model.azimuth_offset_rad[beam]
    azimuth, elevation = angles(rays.direction[row : row + 1])
    assert np.angle(np.exp(1j * (azimuth[0] - wanted))) == pytest.approx(0.0, abs=1e-6)
    assert elevation[0] == pytest.approx(model.elevation_rad[beam], abs=1e-6)
    assert rays.offset_s[row] == pytest.approx(t, abs=1e-12)
    assert rays.ring[row] == beam and rays.firing[row] == firing


@given(st.floats(-0.7, 0.7), st.floats(1.1, 1.9))
def test_refraction_is_snells_law(tilt, index):
    normal = np.array([[-np.cos(tilt), -np.sin(tilt), 0.0]])
    inside = refracted(np.array([[1.0, 0.0, 0.0]]), normal, 1.0 / index)
    assert np.linalg.norm(inside) == pytest.approx(1.0)
    sine = np.sin(tilt) / index
    assert np.arccos(np.clip(-np.sum(inside * normal), -1, 1)) == pytest.approx(abs(np.arcsin(sine)), abs=1e-7)


def test_one_wedge_bends_by_its_angle_and_two_opposed_cancel():
    wedge = Wedge(np.deg2rad(18.0), 1.51, 0.0)
    bent = through_wedges(np.zeros(1), (wedge,))[0]
    # Tilted face: sin(18)/n inside, then out of the upright face.
    inside = np.deg2rad(18.0) - np.arcsin(np.sin(np.deg2rad(18.0)) / 1.51)
    assert np.arccos(bent[0]) == pytest.approx(np.arcsin(1.51 * np.sin(inside)), abs=1e-9)
    half_turn = Wedge(wedge.angle_rad, wedge.index, 0.5)
    across = through_wedges(np.ones(1), (wedge, half_turn))[0]
    assert np.rad2deg(np.arccos(across[0])) < 1.5


def test_the_rosette_fills_a_circle_of_38_degrees_and_never_repeats():
    model = lidar_device("Mid-40", "front", SE3.identity())
    one, two = firings(model, 0.0), firings(model, 0.1)
    off = np.rad2deg(np.arccos(one.direction[:, 0]))
    assert off.max() == pytest.approx(19.2, abs=0.6) and off.min() < 1.0
    assert not np.allclose(one.direction, two.direction, atol=1e-2)
    # It goes on where it ended: the first ray of the second frame is one step after the last of the first.
    step = through_wedges(np.array([0.1 - 1e-5, 0.1]), MID_40_WEDGES)
    assert np.allclose(one.direction[-1], step[0], atol=1e-6) and np.allclose(two.direction[0], step[1], atol=1e-6)

    # Coverage grows with time: the share of cells of one degree that ten frames touch, against one.
    def touched(frames):
        cells = np.concatenate([np.floor(np.rad2deg(np.stack(angles(f.direction), 1))) for f in frames])
        return len(np.unique(cells, axis=0))

    assert touched([firings(model, 0.1 * k) for k in range(10)]) > 1.4 * touched([one])


def test_the_raster_draws_lines_forth_and_back_beside_each_other():
    rays = firings(lidar_device("RS-LiDAR-M1", "front", SE3.identity()))
    azimuth, elevation = angles(rays.direction)
    assert np.rad2deg([azimuth.max(), elevation.max()]) == pytest.approx([60.0, 12.5], abs=0.2)
    assert pytest.approx(np.deg2rad([24.0, 25.0])) == RASTER_FIELD_RAD
    beam = rays.ring == 2
    time = rays.offset_s[beam].reshape(126, 125)
    assert np.all(np.diff(time[0]) > 0) and np.all(np.diff(time[1]) < 0) and time[1].min() > time[0].max()
    assert np.all(np.abs(azimuth[beam]) <= np.deg2rad(12.0))
    slot_s = 0.1 / len(rays.slot_s)
    assert np.all(
        (rays.offset_s - rays.slot_s[rays.firing] >= -1e-9) & (rays.offset_s - rays.slot_s[rays.firing] < slot_s)
    )


def test_unknown_patterns_are_refused():
    with pytest.raises(KeyError, match="spiral"):
        firings(LidarModel("x", (0.0,), 10, SE3.identity(), pattern="spiral"))


def table(**changes):
    return {
        "row_elevations_rad": [0.1, 0.0, -0.3], "row_azimuth_offsets_rad": [0.01, 0.0, -0.02],
        "column_azimuths_rad": [1.0, 0.9], "spinning_frequency_hz": 20.0, "spinning_direction": "cw", "n_rows": 3,
        "n_columns": 2,
    } | changes  # fmt: skip


def test_a_beam_table_becomes_a_lidar_lowest_beam_first(tmp_path):
    path = tmp_path / "unit_7.json"
    path.write_text(json.dumps(table()))
    model = lidar_from_table(path, "top", SE3.identity())
    assert model.elevation_rad == (-0.3, 0.0, 0.1) and model.azimuth_offset_rad == (-0.02, 0.0, 0.01)
    assert (model.num_azimuths, model.rate_hz, model.start_azimuth_rad, model.device) == (2, 20.0, 1.0, "unit_7")
    azimuth, _ = angles(firings(model).direction)
    assert azimuth[:3] == pytest.approx([1.0 - 0.02, 1.0, 1.0 + 0.01], abs=1e-6)


def test_every_fault_of_a_beam_table_is_told(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(table(n_rows=4, spinning_direction="ccw")))
    with pytest.raises(InputError) as caught:
        lidar_from_table(path, "top", SE3.identity())
    assert [fault.path for fault in caught.value.faults] == [
        "row_elevations_rad", "row_azimuth_offsets_rad", "spinning_direction",
    ]  # fmt: skip
    path.write_text("{}")
    with pytest.raises(InputError) as caught:
        lidar_from_table(path, "top", SE3.identity())
    assert len(caught.value.faults) == 7


def test_published_tables_of_real_units_are_read(shared_data):
    folder = shared_data / "splats" / "lidar_models"
    waymo = lidar_from_table(folder / "row-offset-spinning-lidar-model-parameters-waymo.json", "TOP", SE3.identity())
    assert len(waymo.elevation_rad) == 64 and waymo.num_azimuths == 2650
    assert np.rad2deg(waymo.elevation_rad)[[0, -1]] == pytest.approx([-17.72, 2.205], abs=0.01)
    azimuth, _ = angles(firings(waymo).direction[::64])
    plain = json.loads((folder / "row-offset-spinning-lidar-model-parameters-waymo.json").read_text())
    wrong = np.angle(np.exp(1j * (azimuth - np.array(plain["column_azimuths_rad"]))))
    assert np.abs(wrong).max() < 2 * np.pi / 2650
    pandar = lidar_from_table(folder / "row-offset-spinning-lidar-model-parameters.json", "top", SE3.identity())
    ours = lidar_device("Pandar128", "top", SE3.identity())
    # The nominal beams of the data sheet are those of a real unit within its tolerance.
    assert np.abs(np.rad2deg(np.array(pandar.elevation_rad) - np.array(ours.elevation_rad))).max() < 1.0
