import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from driving_data.geometry import SE3, box_corners, interpolate, overlap_depth_m, points_in_boxes, wrap_angle

FINITE = st.floats(-100, 100, allow_nan=False)


@st.composite
def poses(draw, shape=None):
    shape = draw(st.sampled_from([(), (1,), (3, 1, 2)])) if shape is None else shape
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    quaternion = rng.normal(size=(*shape, 4))
    return SE3.from_quaternion(quaternion, rng.uniform(-50, 50, size=(*shape, 3)))


@given(poses())
def test_inverse_undoes(pose):
    identity = (pose @ pose.inverse()).matrix()
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(4), identity.shape), atol=1e-9)


@given(poses((3,)), poses((3,)), poses((3,)))
def test_composition_is_associative(a, b, c):
    np.testing.assert_allclose(((a @ b) @ c).matrix(), (a @ (b @ c)).matrix(), atol=1e-9)


@given(poses((2,)), poses((2,)), hnp.arrays(np.float64, (2, 3), elements=FINITE))
def test_composition_applies_in_turn(a, b, points):
    np.testing.assert_allclose((a @ b).apply(points), a.apply(b.apply(points)), atol=1e-8)


@given(poses())
def test_quaternions_round_trip(pose):
    again = SE3.from_quaternion(pose.quaternion_wxyz(), pose.translation_m)
    np.testing.assert_allclose(again.rotation, pose.rotation, atol=1e-9)
    assert np.all(pose.quaternion_wxyz()[..., 0] >= 0)


@given(poses((2,)), poses((2,)))
def test_interpolation_meets_its_ends(a, b):
    np.testing.assert_allclose(interpolate(a, b, np.zeros(2)).matrix(), a.matrix(), atol=1e-7)
    np.testing.assert_allclose(interpolate(a, b, np.ones(2)).matrix(), b.matrix(), atol=1e-7)


def test_zero_quaternion_is_refused():
    with pytest.raises(ValueError, match="length zero"):
        SE3.from_quaternion(np.zeros(4), np.zeros(3))


def test_yaw_turns_left():
    pose = SE3.from_yaw(np.array(np.pi / 2), np.array([1.0, 0, 0]))
    np.testing.assert_allclose(pose.apply(np.array([2.0, 0, 0])), [1, 2, 0], atol=1e-12)
    assert pose.yaw_rad() == pytest.approx(np.pi / 2)


def test_rpy_pitch_turns_the_nose_down():
    pose = SE3.from_rpy(np.array([0.0, 0.3, 0.0]), np.zeros(3))
    assert pose.apply(np.array([1.0, 0, 0]))[2] < 0


def test_corners_lie_in_their_own_box():
    pose = SE3.from_yaw(np.array([0.3]), np.array([[5.0, 2, 1]]))
    size = np.array([[4.0, 2, 1.5]])
    corners = box_corners(pose, size)[0]
    assert points_in_boxes(corners, pose, size, margin_m=1e-9).all()
    assert not points_in_boxes(corners, pose, size, margin_m=-1e-6).any()


@pytest.mark.parametrize(("gap", "expected"), [(5.0, -1.0), (4.0, 0.0), (3.5, 0.5)])
def test_overlap_of_boxes_in_line(gap, expected):
    depth = overlap_depth_m(
        np.zeros(2), np.array(0.0), np.array([4.0, 2.0]), np.array([gap, 0.0]), np.array(0.0), np.array([4.0, 2.0])
    )
    assert depth == pytest.approx(expected)


@given(st.floats(-1e3, 1e3))
def test_wrapped_angles_are_the_same_angle(angle):
    wrapped = wrap_angle(np.array(angle))
    assert -np.pi <= wrapped < np.pi
    assert np.cos(wrapped) == pytest.approx(np.cos(angle), abs=1e-9)
