import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.raytrace.bvh import brute_force, build_boxes, build_hierarchy
from generators.raytrace.scene import Mesh
from tests.effort import examples
from tests.generators.street import box, joined, plane, sphere


def leaves(bounds, child, order):
    """(box, primitives) of every leaf, by walking the tree."""
    found, todo = [], [(0, 0), (0, 1)]
    while todo:
        node, side = todo.pop()
        what = child[node, side]
        if what >= 0:
            todo += [(what, 0), (what, 1)]
        else:
            first, count = (-1 - what) >> 3, (-1 - what) & 7
            found.append((bounds[node, 6 * side : 6 * side + 6], order[first : first + count]))
    return found


@given(st.integers(0, 300), st.integers(0, 2**32 - 1), st.sampled_from(["spread", "same", "line"]))
@settings(deadline=None, max_examples=examples(40))
def test_every_primitive_lies_in_exactly_one_leaf_that_holds_it(count, seed, layout):
    rng = np.random.default_rng(seed)
    center = rng.normal(0, 50, (count, 3))
    if layout == "same":
        center[:] = 3.0
    if layout == "line":
        center[:, 1:] = 0.0
    half = rng.random((count, 3))
    bounds, child, order = build_boxes(center - half, center + half)
    found = leaves(bounds, child, order)
    assert sorted(np.concatenate([which for _, which in found])) == list(range(count))
    for box_of_leaf, which in found:
        assert len(which) <= 4
        assert np.all(box_of_leaf[:3] <= (center - half)[which]) and np.all(box_of_leaf[3:] >= (center + half)[which])


def test_meshes_lie_one_behind_the_other():
    meshes = [plane(-5, 5, -5, 5, 0), box((0, 0, 1), (1, 1, 1), 1), sphere((0, 0, 0), 1.0, 6, 2)]
    made = build_hierarchy(meshes, np.array([1.0, 2.0, 3.0]))
    assert made.root.tolist()[0] == 0 and len(set(made.root.tolist())) == 3
    for index, mesh in enumerate(meshes):
        rows = np.flatnonzero(made.mesh == index)
        assert sorted(made.source[rows]) == list(range(len(mesh.triangles)))
        first = mesh.vertices_m[mesh.triangles[made.source[rows], 0]] - (np.array([1.0, 2, 3]) if index == 0 else 0)
        assert np.allclose(made.triangle[rows, :3], first, atol=1e-6)


def test_no_triangles_at_all():
    nothing = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros(0, np.int32),
                   np.zeros((0, 3, 2), np.float32), np.zeros((0, 3, 3), np.float32))  # fmt: skip
    made = build_hierarchy([nothing], np.zeros(3))
    assert len(made.triangle) == 0 and len(made.child) == 1


def test_the_reference_knows_a_plane_and_a_sphere():
    corners = plane(-50, 50, -50, 50, 0)
    down = np.array([[0.6, 0.0, -0.8], [0.0, 0.0, 1.0]])
    t, row = brute_force(corners.vertices_m[corners.triangles], np.array([[0.0, 0, 2]] * 2), down)
    assert t[0] == pytest.approx(2 / 0.8) and np.isinf(t[1]) and row[1] == -1
    ball = sphere((10, 0, 0), 2.0, 60, 0)
    t, _ = brute_force(ball.vertices_m[ball.triangles], np.zeros((1, 3)), np.array([[1.0, 0, 0]]))
    assert t[0] == pytest.approx(8.0, abs=0.02)
    assert joined([corners, ball]).triangles.max() == len(corners.vertices_m) + len(ball.vertices_m) - 1
