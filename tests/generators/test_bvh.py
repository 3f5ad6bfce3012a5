import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from generators.raytrace.bvh import MAX_LEAF, brute_force, build_boxes, build_hierarchy, build_wide
from generators.raytrace.scene import Mesh
from generators.raytrace.simd_kernels import lowest, lowest_twin, slabs, slabs_twin
from tests.effort import examples
from tests.generators.street import box, joined, plane, sphere

twin = njit(slabs_twin)


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
        assert len(which) <= MAX_LEAF
        assert np.all(box_of_leaf[:3] <= (center - half)[which]) and np.all(box_of_leaf[3:] >= (center + half)[which])


def wide_leaves(wide, kids):
    """(box, code) of every leaf of a wide hierarchy, by walking it; inner boxes must hold what is below them."""
    found, todo = [], [(0, np.full(3, -np.inf), np.full(3, np.inf))]
    while todo:
        node, low, high = todo.pop()
        boxes = wide[node].reshape(2, 3, 8)
        for k in np.flatnonzero(kids[node] != -1):
            lo, hi = boxes[0, :, k], boxes[1, :, k]
            assert np.all(lo >= low) and np.all(hi <= high)
            if kids[node, k] >= 0:
                todo.append((int(kids[node, k]), lo, hi))
            else:
                found.append((np.concatenate([lo, hi]), int(kids[node, k])))
        assert np.all(boxes[0][:, kids[node] == -1] > boxes[1][:, kids[node] == -1]), "no ray enters what is not there"
    return found


@given(st.integers(0, 400), st.integers(0, 2**32 - 1), st.sampled_from([1, 4]))
@settings(deadline=None, max_examples=40)
def test_a_wide_hierarchy_has_the_leaves_of_the_binary_one(count, seed, max_leaf):
    rng = np.random.default_rng(seed)
    center, half = rng.normal(0, 50, (count, 3)), rng.random((count, 3))
    bounds, child, order = build_boxes(center - half, center + half, max_leaf)
    wide, kids, same = build_wide(center - half, center + half, max_leaf)
    assert np.array_equal(order, same)
    binary = [(box, which) for box, which in leaves(bounds, child, order) if len(which)]
    found = wide_leaves(wide, kids)
    assert sorted(tuple(box) for box, _ in found) == sorted(tuple(box) for box, _ in binary)
    primitives = [order[(-1 - code) >> 3 :][: (-1 - code) & 7] for _, code in found]
    assert sorted(np.concatenate([[], *primitives]).tolist()) == list(range(count))
    assert all(len(which) <= max_leaf for which in primitives)
    if count > 64 and max_leaf == 1:
        assert len(kids) < len(child) / 2, "nodes are full enough to be worth it"


@njit
def both_ways(bounds, rays, limit, masks, near):
    for i in range(len(rays)):
        o, inverse, near_x, near_y, near_z = rays[i, :3], rays[i, 3:], np.uint64(0), np.uint64(8), np.uint64(16)
        if inverse[0] < 0:
            near_x = np.uint64(24)
        if inverse[1] < 0:
            near_y = np.uint64(32)
        if inverse[2] < 0:
            near_z = np.uint64(40)
        masks[i, 0] = slabs(bounds, np.uint64(i % len(bounds)), near_x, near_y, near_z, o[0], o[1], o[2], inverse[0],
                            inverse[1], inverse[2], limit[i], near[i, 0])  # fmt: skip
        masks[i, 1] = twin(bounds, np.uint64(i % len(bounds)), near_x, near_y, near_z, o[0], o[1], o[2], inverse[0],
                           inverse[1], inverse[2], limit[i], near[i, 1])  # fmt: skip


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_eight_boxes_at_once_are_eight_boxes_one_by_one(seed):
    rng = np.random.default_rng(seed)
    lo = rng.normal(-2, 2, (20, 3, 8))
    boxes = np.stack([lo, lo + rng.random((20, 3, 8)) * 6], axis=1).astype(np.float32).reshape(20, 48)
    boxes.reshape(20, 2, 3, 8)[:, 0, :, 6:], boxes.reshape(20, 2, 3, 8)[:, 1, :, 6:] = 3e38, -3e38
    direction = rng.normal(size=(200, 3))
    direction[::5, 0] = 1e-30
    with np.errstate(divide="ignore"):
        inverse = np.clip(1.0 / direction, -1e30, 1e30)
    rays = np.concatenate([rng.normal(0, 2, (200, 3)), inverse], axis=1).astype(np.float32)
    masks, near = np.zeros((200, 2), np.uint32), np.zeros((200, 2, 8), np.float32)
    both_ways(boxes, rays, rng.choice([0.5, 4.0, 1e5], 200).astype(np.float32), masks, near)
    assert np.array_equal(masks[:, 0], masks[:, 1]) and np.array_equal(near[:, 0], near[:, 1])
    assert masks.max() < 64 and len(np.unique(masks)) > 5


@given(st.integers(1, 2**32 - 1))
def test_the_lowest_bit(mask):
    assert lowest(np.uint32(mask)) == lowest_twin(np.uint32(mask)) == (mask & -mask).bit_length() - 1


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
