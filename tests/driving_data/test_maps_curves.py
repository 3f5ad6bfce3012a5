"""Plan-view pieces against closed forms."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import fresnel

from driving_data.maps.opendrive.build import Pose, chain, chain_ending, fillet, length_of, tangent_m, turn_parts
from driving_data.maps.opendrive.curves import end_pose, local_pose, reference_line
from driving_data.maps.opendrive.document import Arc, Geometry, Line, ParamPoly3, Poly3, Spiral

CURVATURES = st.floats(1e-4, 0.2).flatmap(lambda k: st.sampled_from([k, -k]))


@given(CURVATURES, st.floats(0.1, 60.0))
def test_an_arc_stays_on_its_circle(curvature, length):
    s = np.linspace(0.0, length, 20)
    u, v, heading, bend = local_pose(Arc(curvature), length, s)
    np.testing.assert_allclose(np.hypot(u, v - 1.0 / curvature), 1.0 / abs(curvature), rtol=1e-9)
    np.testing.assert_allclose(heading, s * curvature)
    np.testing.assert_allclose(bend, curvature)


@given(st.floats(0.001, 0.2), st.floats(1.0, 80.0), st.booleans())
def test_a_clothoid_agrees_with_fresnel_integrals(curvature, length, to_left):
    sign = 1.0 if to_left else -1.0
    s = np.linspace(0.0, length, 15)
    u, v, heading, _ = local_pose(Spiral(0.0, sign * curvature), length, s)
    scale = math.sqrt(math.pi * length / curvature)
    sine, cosine = fresnel(s / scale)
    np.testing.assert_allclose(u, scale * cosine, atol=1e-9)
    np.testing.assert_allclose(v, sign * scale * sine, atol=1e-9)
    np.testing.assert_allclose(heading, sign * curvature * s**2 / (2.0 * length), atol=1e-12)


@given(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(0.5, 60.0))
def test_any_spiral_is_the_integral_of_its_heading(start, end, length):
    u, v, heading, bend = local_pose(Spiral(start, end), length, np.array([length]))

    def angle(s):
        return s * (start + 0.5 * (end - start) / length * s)

    assert u[0] == pytest.approx(quad(lambda s: math.cos(angle(s)), 0.0, length, epsabs=1e-11, limit=200)[0], abs=1e-8)
    assert v[0] == pytest.approx(quad(lambda s: math.sin(angle(s)), 0.0, length, epsabs=1e-11, limit=200)[0], abs=1e-8)
    assert heading[0] == pytest.approx(0.5 * (start + end) * length)
    assert bend[0] == pytest.approx(end)


@pytest.mark.parametrize("normalized", [True, False])
def test_param_poly3_takes_its_parameter_from_its_range(normalized):
    length = 20.0
    top = 1.0 if normalized else length
    shape = ParamPoly3((0.0, 3.0, 0.5, 0.1), (0.0, 0.0, 0.7, -0.02), normalized)
    s = np.linspace(0.0, length, 9)
    p = s / length * top
    u, v, heading, bend = local_pose(shape, length, s)
    np.testing.assert_allclose(u, 3.0 * p + 0.5 * p**2 + 0.1 * p**3)
    np.testing.assert_allclose(v, 0.7 * p**2 - 0.02 * p**3)
    du, dv = 3.0 + p + 0.3 * p**2, 1.4 * p - 0.06 * p**2
    np.testing.assert_allclose(heading, np.arctan2(dv, du))
    expected = (du * (1.4 - 0.12 * p) - dv * (1.0 + 0.6 * p)) / np.hypot(du, dv) ** 3
    np.testing.assert_allclose(bend, expected)


@given(st.floats(-0.5, 0.5), st.floats(-0.02, 0.02), st.floats(-5e-4, 5e-4), st.floats(1.0, 30.0))
def test_poly3_is_walked_by_arc_length(b, c, d, length):
    u, v, heading, _ = local_pose(Poly3(0.0, b, c, d), length, np.array([length]))
    travelled = quad(lambda x: math.hypot(1.0, b + 2.0 * c * x + 3.0 * d * x * x), 0.0, u[0])[0]
    assert travelled == pytest.approx(length, abs=1e-7)
    assert v[0] == pytest.approx(u[0] * (b + u[0] * (c + u[0] * d)), abs=1e-9)
    assert math.tan(heading[0]) == pytest.approx(b + 2.0 * c * u[0] + 3.0 * d * u[0] ** 2, abs=1e-9)


def test_the_reference_line_goes_straight_on_beyond_its_end():
    points, heading, _ = reference_line(
        [Geometry(0.0, 1.0, 2.0, math.pi / 2, 10.0, Line())], np.array([-3.0, 4.0, 15.0])
    )
    np.testing.assert_allclose(points, [[1.0, -1.0], [1.0, 6.0], [1.0, 17.0]], atol=1e-12)
    np.testing.assert_allclose(heading, math.pi / 2)


@given(st.lists(st.tuples(CURVATURES, CURVATURES, st.floats(0.5, 30.0)), min_size=1, max_size=6))
def test_chains_have_neither_gaps_nor_kinks(parts):
    pieces = chain(Pose(3.0, -2.0, 0.4), [(Spiral(a, b), length) for a, b, length in parts])
    for before, after in pairwise(pieces):
        assert end_pose(before) == pytest.approx((after.x, after.y, after.hdg), abs=1e-9)
        assert after.s == pytest.approx(before.s + before.length)
    end = Pose(-7.0, 5.0, 2.0)
    moved = chain_ending(end, [(piece.shape, piece.length) for piece in pieces])
    assert end_pose(moved[-1]) == pytest.approx((end.x, end.y, end.heading), abs=1e-9)
    assert length_of(moved) == pytest.approx(length_of(pieces))


@given(st.floats(0.2, 2.6), st.booleans(), st.floats(5.0, 40.0), st.floats(5.0, 40.0))
def test_a_fillet_ends_where_it_should_without_a_jump_of_curvature(angle, to_left, ahead, behind):
    turn = angle if to_left else -angle
    start = Pose(2.0, 1.0, 0.3)
    corner = start.ahead(ahead)
    end = Pose(corner.x, corner.y, start.heading + turn).ahead(behind)
    pieces = chain(start, fillet(start, end))
    x, y, heading = end_pose(pieces[-1])
    assert (x, y) == pytest.approx((end.x, end.y), abs=1e-7)
    assert heading == pytest.approx(end.heading, abs=1e-9)
    s = np.linspace(0.0, length_of(pieces), 4000)
    _, _, curvature = reference_line(pieces, s)
    largest = 2.0 * angle / (0.5 * min(ahead, behind) * angle)
    assert np.max(np.abs(np.diff(curvature))) < largest


def test_the_tangent_of_a_turn_without_clothoids_is_that_of_a_circle():
    assert tangent_m(math.pi / 2, 9.0, 0.0) == pytest.approx(9.0)
    assert tangent_m(math.pi / 3, 9.0, 0.0) == pytest.approx(9.0 * math.tan(math.pi / 6))
    assert sum(length for _, length in turn_parts(1.0, 10.0, 0.0)) == pytest.approx(10.0)


def test_a_fillet_refuses_lines_that_do_not_meet():
    with pytest.raises(ValueError, match="do not meet"):
        fillet(Pose(0.0, 0.0, 0.0), Pose(-5.0, 5.0, math.pi / 2))
    with pytest.raises(ValueError, match="parallel"):
        fillet(Pose(0.0, 0.0, 0.0), Pose(5.0, 5.0, 0.0))
