"""Lenses: projection and its inverse undo each other; OpenCV agrees; what a lens cannot see has no ray."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.geometry import SE3
from driving_data.sensors import CameraModel
from driving_data.taxonomy import SemanticClass
from generators.raytrace.cameras import lenses
from generators.raytrace.cameras.geometry import amodal_box_px, directions, pixel_grid, project
from generators.raytrace.cameras.rays import pixel_rays
from tests.generators.street import CAMERA_AXES, rig, rollout
from tests.generators.test_camera import pictures

BROWN = (-0.28, 0.07, 0.0008, -0.0005, 0.01)
KANNALA = (0.03, -0.01, 0.002, -0.001)
LENSES = {
    "pinhole": {},
    "brown": {"distortion": BROWN},
    "barrel": {"distortion": (-0.32, 0.12)},
    "pincushion": {"distortion": (0.2, 0.03, -0.001, 0.002, 0.0)},
    "fisheye": {"distortion": KANNALA, "model": "fisheye"},
    "fisheye_plain": {"model": "fisheye"},
    "f_theta": {"model": "f_theta"},
    "f_theta_bent": {"distortion": (1.02, -0.03, 0.01, -0.006), "model": "f_theta"},
}
# cv2.projectPoints and cv2.fisheye.projectPoints of OpenCV 5.0.0 for fx 400, fy 405, cx 321.5, cy 243.
POINTS = np.array([
    [1.644, 2.859, 9.692], [-2.763, -3.731, 8.302], [-5.508, 1.837, 11.983], [-5.802, -2.595, 11.885],
    [3.759, 2.905, 10.113], [4.953, 0.332, 9.903], [1.28, -1.602, 10.131], [2.754, -0.619, 8.334],
    [0.523, -3.773, 6.811], [5.221, -3.006, 10.329], [3.79, 1.365, 9.152], [-5.967, 1.178, 7.861],
])  # fmt: skip
OPENCV = {
    "brown": [
        [387.2121091, 358.78346581], [199.06928716, 75.796738333], [148.816447327, 301.372654829],
        [140.617529378, 161.205880598], [461.484846771, 352.640265807], [508.261275342, 255.759930492],
        [371.436841836, 179.722573527], [449.477115381, 213.907742942], [349.65276455, 37.007458739],
        [505.88184658, 135.585408052], [478.540518235, 300.343341799], [60.076530911, 295.425146594],
    ],
    "fisheye": [
        [387.102793348, 358.51269222], [199.249372624, 75.856114957], [149.312012028, 301.145098144],
        [140.986961798, 161.254614648], [461.250602905, 352.350943125], [508.068422355, 255.662018004],
        [371.423170083, 179.737007848], [449.342254055, 213.906487037], [349.705924585, 36.974731591],
        [505.934244987, 135.484302397], [478.303454291, 300.179993152], [60.176309768, 295.235176543],
    ],
}  # fmt: skip


def lens(width=160, height=96, focal=100.0, **more):
    return CameraModel("c", width, height, focal, 1.02 * focal, 0.51 * width, 0.49 * height,
                       SE3(CAMERA_AXES, np.array([1.6, 0.0, 1.5])), **more)  # fmt: skip


@pytest.mark.parametrize("name", LENSES)
def test_every_pixel_is_brought_back_to_a_millionth(name):
    model = lens(**LENSES[name])
    rays = directions(model, pixel_grid(model))
    assert np.isfinite(rays).all() and np.allclose(np.linalg.norm(rays, axis=-1), 1.0)
    pixel, front = project(model, 7.0 * rays)
    assert front.all() and np.abs(pixel - pixel_grid(model)).max() < 1e-6


@pytest.mark.parametrize("name", ["fisheye", "fisheye_plain", "f_theta", "f_theta_bent"])
def test_a_lens_of_more_than_a_half_turn_sees_behind_itself(name):
    model = lens(320, 320, 90.0, **LENSES[name])
    rays = directions(model, pixel_grid(model))
    seen = np.isfinite(rays[..., 0])
    assert (rays[seen][:, 2] < -0.1).sum() > 500
    pixel, front = project(model, 7.0 * rays[seen])
    assert front.all() and np.abs(pixel - pixel_grid(model)[seen]).max() < 1e-6


@pytest.mark.parametrize("name", OPENCV)
def test_opencv_projects_to_the_same_pixels(name):
    model = replace(lens(**LENSES[name]), fx_px=400.0, fy_px=405.0, cx_px=321.5, cy_px=243.0)
    pixel, front = project(model, POINTS)
    assert front.all() and np.abs(pixel - np.array(OPENCV[name])).max() < 1e-6


def test_an_f_theta_lens_is_its_polynomial():
    model = lens(**LENSES["f_theta_bent"])
    for angle in (0.3, 1.2, 1.9):
        wanted = 1.02 * angle - 0.03 * angle**2 + 0.01 * angle**3 - 0.006 * angle**4
        pixel, _ = project(model, 5.0 * np.array([[np.sin(angle), 0.0, np.cos(angle)]]))
        assert pixel[0, 0] == pytest.approx(model.cx_px + model.fx_px * wanted, abs=1e-9)


@given(st.floats(-0.3, 0.2), st.floats(-0.01, 0.01), st.floats(0, 159.9), st.floats(0, 95.9))
@settings(deadline=None, max_examples=60)
def test_any_moderate_brown_lens_is_undone(k1, p1, u, v):
    model = lens(distortion=(k1, 0.05, p1, -0.5 * p1, 0.0))
    pixel, _ = project(model, 3.0 * directions(model, np.array([[u, v]])))
    assert np.abs(pixel - [u, v]).max() < 1e-6


@given(st.floats(-0.02, 0.05), st.floats(-0.01, 0.01), st.floats(0, 319.9), st.floats(0, 319.9))
@settings(deadline=None, max_examples=60)
def test_any_fisheye_is_undone_or_sees_nothing(k1, k2, u, v):
    model = lens(320, 320, 80.0, distortion=(k1, k2, 0.0, 0.0), model="fisheye")
    ray = directions(model, np.array([[u, v]]))
    if np.isnan(ray).any():
        field = lenses.profile(model)
        edge = float(field.distance(np.array(field.limit)))
        assert np.hypot((u - model.cx_px) / model.fx_px, (v - model.cy_px) / model.fy_px) > edge - 1e-9
    else:
        assert np.abs(project(model, 3.0 * ray)[0] - [u, v]).max() < 1e-6


def test_a_formula_that_turns_back_ends_the_field():
    """r (1 - 0.3 r^2) rises until r = 1.054, where it is 0.703: beyond 0.703 focal lengths no light arrives."""
    model = lens(distortion=(-0.3, 0.0))
    limit = 1.0 / np.sqrt(0.9)
    edge = model.cx_px + model.fx_px * limit * (1.0 - 0.3 * limit**2)
    inside = directions(model, np.array([[edge - 0.01, model.cy_px], [edge + 0.01, model.cy_px]]))
    assert np.isfinite(inside[0]).all() and np.isnan(inside[1]).all()
    # A point well outside the field would fold back into the picture; it is not seen.
    assert not project(model, np.array([[1.6, 0.0, 1.0]]))[1][0]


def test_pixels_outside_the_lens_have_no_ray_and_no_label():
    model = replace(lens(160, 160, 60.0, model="f_theta"), max_angle_rad=float(np.deg2rad(70.0)))
    rays = pixel_rays(model)
    radius = np.hypot(*((pixel_grid(model) - [model.cx_px, model.cy_px]) / [model.fx_px, model.fy_px]).T).T
    assert np.array_equal(rays.seen, radius <= np.deg2rad(70.0))
    ride = rollout(3)
    _, seen = pictures(ride, replace(rig(lidar=False), cameras=(model,)))
    frame = seen.frames[0]
    dark = ~rays.seen
    assert np.all(np.isinf(frame.depth_m[dark])) and not frame.instance[dark].any()
    assert np.all(frame.semantic[dark] == SemanticClass.UNLABELED)
    assert np.median(frame.rgb[dark]) < 10 < 40 < np.median(frame.rgb[rays.seen])  # a little stray light is left


def test_a_box_half_outside_the_field_is_cut_at_its_end():
    model = replace(lens(160, 160, 60.0, model="f_theta"), max_angle_rad=float(np.deg2rad(45.0)))
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
    box = amodal_box_px(model, signs * [4.0, 0.5, 0.5] + [6.0, 0.0, 5.0])
    assert box[2] == pytest.approx(model.cx_px + 60.0 * np.deg2rad(45.0), abs=0.1)


def test_an_unknown_lens_says_which_there_are():
    with pytest.raises(InputError, match="did you mean 'fisheye'"):
        directions(lens(model="fishey"), np.zeros((1, 2)))
