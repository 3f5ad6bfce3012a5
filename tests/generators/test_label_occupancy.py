"""Occupancy: kernels against slow twins, a golden scene whose voxels are known, masks, flow."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.geometry import SE3
from driving_data.labels import OCCUPANCY_CLASSES, OCCUPANCY_FREE
from driving_data.ports import SceneDescription
from generators.labels import occupancy_kernels as kernels
from generators.labels.look import Look
from generators.labels.occupancy import inside_grid, occupancy, to_voxels, voxel_centers
from generators.labels.scene_flow import at_timestamp
from generators.labels.solids import Solids, inner_cells_m, inside
from tests.effort import examples
from tests.generators.street import CAR_SIZE, ROAD, WALL, StreetGenerator, box, joined, plane, rig, rollout

CAR = OCCUPANCY_CLASSES.index("car")
MANMADE = OCCUPANCY_CLASSES.index("manmade")
DRIVEABLE = OCCUPANCY_CLASSES.index("driveable_surface")


def clipped_area(triangle, cell):
    """Area of the part of a triangle inside a voxel, by cutting it at the six planes (Sutherland and Hodgman)."""
    ring = [np.array(p, dtype=np.float64) for p in triangle]
    for axis in range(3):
        for sign, bound in ((1.0, cell[axis]), (-1.0, -(cell[axis] + 1.0))):
            kept = []
            for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True):
                da, db = sign * a[axis] - bound, sign * b[axis] - bound
                if da >= 0:
                    kept.append(a)
                if (da >= 0) != (db >= 0):
                    kept.append(a + da / (da - db) * (b - a))
            ring = kept
            if not ring:
                return 0.0
    return sum(0.5 * np.linalg.norm(np.cross(p - ring[0], q - ring[0])) for p, q in itertools.pairwise(ring[1:]))


@given(st.lists(st.floats(-1.5, 6.5), min_size=9, max_size=9))
@settings(max_examples=examples(60))
def test_a_triangle_fills_the_voxels_that_it_is_cut_by(numbers):
    triangle = np.array(numbers).reshape(1, 3, 3)
    weight = np.zeros((5, 5, 5, 1), np.float32)
    kernels.voxelize(triangle, np.zeros(1, np.int64), weight)
    for cell in np.ndindex(5, 5, 5):
        area = clipped_area(triangle[0], cell)
        if area > 1e-6:
            assert weight[cell][0] > 0, cell
        elif weight[cell][0] > 0:
            # Touched at most: a voxel a hair larger must be cut or met by an edge.
            low, high = triangle[0].min(axis=0), triangle[0].max(axis=0)
            assert np.all(high >= np.array(cell) - 1e-6) and np.all(low <= np.array(cell) + 1 + 1e-6)


def crossed_slowly(origin, target, size):
    """Voxels around the middles between all crossings of grid planes."""
    way = target - origin
    cuts = [0.0, 1.0]
    for axis in range(3):
        if abs(way[axis]) > 1e-12:
            cuts += [(k - origin[axis]) / way[axis] for k in range(size + 1)]
    cuts = sorted(c for c in cuts if 0 <= c <= 1)
    cells = set()
    for a, b in itertools.pairwise(cuts):
        if b - a > 1e-7:
            cell = np.floor(origin + 0.5 * (a + b) * way).astype(int)
            if np.all((cell >= 0) & (cell < size)):
                cells.add(tuple(cell.tolist()))
    return cells


@given(st.lists(st.integers(-300, 900), min_size=6, max_size=6))
@settings(max_examples=examples(100))
def test_a_ray_marks_every_voxel_between_its_ends(numbers):
    # Never along a face of the grid: there either side would do.
    origin, target = (np.array(part) / 100.0 + 0.003 for part in (numbers[:3], numbers[3:]))
    mask = np.zeros((6, 6, 6), dtype=bool)
    kernels.march(origin[None], target[None], mask)
    wanted, got = crossed_slowly(origin, target, 6), {tuple(c) for c in np.argwhere(mask).tolist()}
    assert wanted <= got
    # What is more is touched at an edge or a corner only.
    for cell in got - wanted:
        far = np.array([crossed_length(origin, target, np.array(cell))])
        assert far[0] < 1e-6


def crossed_length(origin, target, cell):
    """Length of the part of a segment inside a voxel."""
    way, start, end = target - origin, 0.0, 1.0
    for axis in range(3):
        if abs(way[axis]) < 1e-12:
            if not cell[axis] <= origin[axis] <= cell[axis] + 1:
                return 0.0
            continue
        a, b = sorted(((cell[axis] - origin[axis]) / way[axis], (cell[axis] + 1 - origin[axis]) / way[axis]))
        start, end = max(start, a), min(end, b)
    return max(end - start, 0.0) * np.linalg.norm(way)


def test_the_inside_of_a_closed_box_is_solid_and_of_an_open_one_is_not():
    cells = inner_cells_m(box((0, 0, 0), (2.0, 1.0, 1.0), 0))
    assert np.abs(cells).max(axis=0).tolist() == pytest.approx([0.9, 0.4, 0.4], abs=0.11)
    assert 16 * 7 * 7 <= len(cells) <= 20 * 10 * 10
    surface = np.zeros((7, 7, 7), dtype=bool)
    surface[1:6, 1:6, 1], surface[1:6, 1:6, 5] = True, True
    surface[1, 1:6, 1:6], surface[5, 1:6, 1:6], surface[1:6, 1, 1:6], surface[1:6, 5, 1:6] = True, True, True, True
    assert inside(surface).sum() == 27
    pierced = surface.copy()
    pierced[3, 1, 3] = False  # a hole in one side: five directions of most cells and six of the others still meet it
    assert inside(pierced).sum() == 27 - 3
    roofless = surface.copy()
    roofless[1:6, 1:6, 5] = False
    roofless[1, 1:6, 5] = False
    assert not inside(roofless).any()


def looked(ride, static=None, step=0, lidar=True, turn=True):
    sensors = rig(320, 180, lidar=lidar)
    sensors = replace(sensors, lidars=tuple(replace(each, range_noise_m=0.0) for each in sensors.lidars))
    scene = SceneDescription(None, ride.actors, 0, ride.environment, ())
    renderer = StreetGenerator(static=static).open(scene, sensors, 3)
    start, end = ride.state_at(step), ride.state_at(step + 1 if turn else step)
    frames = renderer.render(start, end)
    look = Look(step, tuple(enumerate(frames.frames)), frames.sweeps, None, renderer.inspect(start, end))
    return look, occupancy(ride, look, Solids())


@pytest.fixture(scope="module")
def street():
    """Car 3 stands behind car 1, seen from the ego."""
    ride = rollout(6)
    place = ride.world_from_actor.translation_m.copy()
    place[:, 3, :2] = [22.0, -1.8]
    ride = replace(ride, world_from_actor=replace(ride.world_from_actor, translation_m=place))
    return ride, *looked(ride)


def at(made, ride, point):
    """Voxel of a point in world."""
    ego = ride.world_from_ego()[made.step]
    return tuple(np.floor(to_voxels(ego, np.array([point]))[0]).astype(int).tolist())


def test_a_known_street_fills_known_voxels(street):
    ride, _, made = street
    # The road is one voxel thick; the air above it and the ground below are free.
    ground = at(made, ride, (5.0, 0.0, 0.0))
    assert made.semantics[ground] == DRIVEABLE and made.actor[ground] == 0
    assert made.semantics[ground[0], ground[1], ground[2] + 1] == OCCUPANCY_FREE
    assert made.semantics[ground[0], ground[1], 0] == OCCUPANCY_FREE
    # The middle of the car ahead is solid and its own; so is the car behind it, which nobody sees.
    for actor in (1, 3):
        middle = at(made, ride, ride.world_from_actor.translation_m[0, actor])
        assert made.semantics[middle] == CAR and made.actor[middle] == actor + 1
    # Walls are boxes of 9 x 6 x 8 m: their insides are filled although no ray gets there.
    inner = at(made, ride, (16.0, 14.0, 3.0))
    assert made.semantics[inner] == MANMADE and not made.mask_camera[inner] and not made.mask_lidar[inner]
    gap = at(made, ride, (10.0, 14.0, 3.0))
    assert made.semantics[gap] == OCCUPANCY_FREE


def test_a_car_fills_as_many_voxels_as_its_box_has_room_for(street):
    *_, made = street
    low = np.prod(np.array(CAR_SIZE) / 0.4)
    high = np.prod(np.array(CAR_SIZE) / 0.4 + 2)
    assert low * 0.9 < (made.actor == 2).sum() < high


def test_lidar_points_lie_in_occupied_voxels(street):
    ride, look, made = street
    voxels = to_voxels(ride.world_from_ego()[0], at_timestamp(look.sweeps[0], ride, 0))
    cells = np.floor(voxels[inside_grid(voxels)]).astype(int)
    filled = made.semantics[tuple(cells.T)] != OCCUPANCY_FREE
    assert len(cells) > 3000 and filled.mean() > 0.99


def test_masks_hold_the_air_before_a_wall_and_nothing_behind_it():
    ride = rollout(1, speed_mps=0.0)
    wall = joined([plane(-60, 60, -60, 60, ROAD), box((10.0, 0.0, 2.0), (1.0, 30.0, 6.0), WALL)])
    _, made = looked(ride, wall)
    for mask in (made.mask_lidar, made.mask_camera):
        before, behind = at(made, ride, (7.0, 0.0, 1.5)), at(made, ride, (14.0, 0.0, 1.5))
        assert mask[before] and made.semantics[before] == OCCUPANCY_FREE
        assert not mask[behind] and made.semantics[behind] == OCCUPANCY_FREE
        assert mask[at(made, ride, (9.55, 0.0, 1.5))]
    behind_ego = at(made, ride, (-8.0, 0.0, 1.0))
    assert made.mask_lidar[behind_ego] and not made.mask_camera[behind_ego]


def test_flow_is_the_velocity_of_the_part_that_fills_the_voxel():
    ride = rollout(3, speed_mps=6.0)
    turning = replace(ride, yaw_rate_radps=np.where(np.arange(3) == 1, 0.5, ride.yaw_rate_radps))
    _, made = looked(turning)
    cells = np.argwhere(made.actor == 2)
    arm = ride.world_from_ego()[0].apply(voxel_centers(cells)) - ride.world_from_actor.translation_m[0, 1]
    wanted = np.stack([6.0 - 0.5 * arm[:, 1], 0.5 * arm[:, 0]], axis=-1)
    assert np.allclose(made.flow_mps[tuple(cells.T)], wanted, atol=1e-4)
    assert not made.flow_mps[made.actor == 0].any()
    oncoming = made.flow_mps[made.actor == 3]
    assert np.allclose(oncoming, [-0.6 * 6.0, 0.0], atol=1e-4)


def test_flow_is_in_the_axes_of_the_ego():
    ride = rollout(2, speed_mps=6.0)
    yaw = np.broadcast_to([0.5 * np.pi, 0.0], (ride.num_steps, 2))
    place = ride.world_from_actor.translation_m.copy()
    place[:, 0] = [14.0, -12.0, 0.75]
    _, made = looked(replace(ride, world_from_actor=SE3.from_yaw(yaw, place)), turn=False)
    assert np.allclose(made.flow_mps[made.actor == 2], [0.0, -6.0], atol=1e-4)


def test_without_sensors_nothing_is_observed_and_everything_is_there():
    ride = rollout(2)
    look, made = looked(ride, lidar=False)
    bare = occupancy(ride, replace(look, frames=(), sweeps=()), Solids())
    assert np.array_equal(bare.semantics, made.semantics)
    assert not bare.mask_lidar.any() and not bare.mask_camera.any() and made.mask_camera.any()
    with pytest.raises(ValueError, match="geometry"):
        occupancy(ride, replace(look, inspection=None), Solids())
