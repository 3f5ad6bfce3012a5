"""Compiles the kernels ahead of need, in two halves that two processes can do side by side.

The types are those of a real render, so that a later render finds everything in numba's cache.
"""

from collections.abc import Callable, Mapping

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.rollout import WorldState
from driving_data.sensors import CameraModel, LidarModel
from generators.labels import occupancy_kernels
from generators.raytrace import lamp_light, path_kernels, shading_kernels, shading_light, surface_kernels
from generators.raytrace.cameras import develop, motion_kernels, raster_kernels
from generators.raytrace.cameras.exposure import exposure_for
from generators.raytrace.cameras.rays import pixel_rays
from generators.raytrace.cameras.settings import Development
from generators.raytrace.events import changes
from generators.raytrace.lidars.scan import firings
from generators.raytrace.lidars.sweep import sweep
from generators.raytrace.scene import Lamps, Materials, Mesh, MeshScene
from generators.raytrace.tracer import place, prepare


def warm_up(family: str) -> None:
    """Compiles one half: 'geometry' (hierarchies, rays, lidar) or 'shading' (surfaces, light, sky, developing).

    'paths' is for pictures of high quality alone; who asks for none need not wait for it.

    Raises:
        KeyError: there is no such half.
    """
    FAMILIES[family]()


def _geometry() -> None:
    scene = _triangle()
    traced = prepare(scene)
    state = WorldState(
        0, SE3.identity(1), np.zeros((1, 3)), np.zeros(1), np.zeros(1), np.zeros(1, np.uint8), np.ones(1, dtype=bool),
        np.zeros(0, np.int64),
    )  # fmt: skip
    placed = place(traced, state, state, np.zeros(1), ego_index=-1)
    model = LidarModel("warm", (-0.5, -0.4, -0.3), 8, SE3.identity(), divergence_rad=0.01)
    rng = develop.frame_rng(0, 0, 0)
    sweep(traced, placed, SE3.identity(1), model, firings(model), 0, Environment(), rng, threads=1)
    occupancy_kernels.voxelize(np.zeros((0, 3, 3)), np.zeros(0, np.int64), np.zeros((1, 1, 1, 1), np.float32))
    occupancy_kernels.march(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((1, 1, 1), dtype=bool))


def _shading() -> None:
    scene, environment = _triangle(), Environment()
    sky = shading_light.sky_row(environment, 0)
    lighting = shading_kernels.Lighting(
        shading_light.light_row(environment, sky, scene.lamps, False),
        lamp_light.lamp_rows(scene.lamps, False, [], np.zeros(3), np.zeros(3)),
        sky,
        lamp_light.cover_rows(None, False, np.zeros(3)),
    )
    m = scene.materials
    lit = shading_light.glow_table(m, np.zeros(0, np.uint8), np.zeros(0, np.int64), 0, False)
    looks = surface_kernels.Looks(
        m.albedo, m.second, m.roughness, m.reflectance, m.emission, m.texture, m.texture_scale_m, m.wettable, lit,
        np.zeros(3, np.float32),
    )  # fmt: skip
    row, rows3 = np.zeros(0, np.float32), np.zeros((0, 3), np.float32)
    number, seeds = np.zeros(0, np.int32), np.zeros(0, np.int64)
    point = np.zeros((0, surface_kernels.POINT), np.float32)
    finish = np.zeros((0, surface_kernels.FINISH), np.float32)
    surface_kernels.finish(looks, point, number, number, finish)
    shading_kernels.key_rays(lighting, point, number, rows3, rows3, row, number)
    shading_kernels.ambient_rays(point, number, np.zeros((0, 2), np.float32), 4.0, rows3, rows3, row)
    shading_kernels.mirror_rays(point, number, finish, rows3, seeds, row, rows3, rows3)
    shading_kernels.light(lighting, point, number, finish, rows3, row, number, row, row, row, rows3, rows3)
    raster_kernels.smooth_ambient(0, 0, 0, 0, point, number, row, row, row)
    raster_kernels.edges(0, 0, 0, 0, point, number, number, row, np.zeros(0, dtype=bool))
    poses, carried = np.zeros((1, 0, 12), np.float32), np.zeros((1, 12), np.float32)
    motion_kernels.carry(point, number, number, number, poses, carried, rows3)
    turns = np.zeros((1, 3, 3), np.float32)
    motion_kernels.seen_normals(point, number, number, turns, rows3)
    raster_kernels.between(seeds, rows3, rows3, rows3, 0.1, 0.1, turns, number, rows3)
    raster_kernels.reuse(
        0, 0, seeds, 1, 1, point, number, number, point, number, number, row, rows3, rows3, np.zeros(0, dtype=bool)
    )
    raster_kernels.merge(seeds, np.zeros((0, 3, 3), np.float32), 1.0, rows3)
    _develop()
    _events()


def _events() -> None:
    levels = np.zeros((2, 1, 1))
    pixels = changes.PixelThresholds(np.ones((1, 1)), np.ones((1, 1)))
    changes.changes_between(levels, np.zeros(2), pixels, 0.0, np.zeros((1, 1)))


def _develop() -> None:
    settings = Development()
    model = CameraModel("warm", 8, 8, 8.0, 8.0, 4.0, 4.0, SE3.identity())
    body = develop.body_of(pixel_rays(model), settings.chip, 0, 0)
    taken = exposure_for(1.0, model, settings.chip, settings.control)
    develop.develop(np.zeros((8, 8), np.uint16), taken, body, settings)


def _paths() -> None:
    lighting = shading_kernels.Lighting(
        np.zeros(shading_kernels.LIGHT, np.float32),
        np.zeros((0, shading_kernels.LAMP), np.float32),
        shading_light.uniform_sky(0.0),
        lamp_light.cover_rows(None, False, np.zeros(3)),
    )
    row, rows3, number = np.zeros(0, np.float32), np.zeros((0, 3), np.float32), np.zeros(0, np.int32)
    point = np.zeros((0, surface_kernels.POINT), np.float32)
    finish = np.zeros((0, surface_kernels.FINISH), np.float32)
    draws = np.zeros((0, path_kernels.DRAWS), np.float32)
    path_kernels.step(
        lighting, True, point, number, finish, rows3, row, draws, rows3, rows3, rows3, rows3, row, rows3, rows3, rows3
    )


def _triangle() -> MeshScene:
    """One triangle on the ground, as street and as body."""
    corners = np.array([[-9, -9, 0], [9, -9, 0], [0, 9, 0]], np.float32)
    up = np.broadcast_to(np.array([0, 0, 1], np.float32), (1, 3, 3)).copy()
    mesh = Mesh(corners, np.array([[0, 1, 2]], np.int32), np.zeros(1, np.int32), np.zeros((1, 3, 2), np.float32), up)
    one, color, index = np.ones(1, np.float32), np.ones((1, 3), np.float32), np.zeros(1, np.int32)
    materials = Materials(
        color, color, one, one, color, index, index, index, one, np.ones(1, np.uint8), one, one
    )  # fmt: skip
    lamps = Lamps(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    return MeshScene(mesh, (mesh,), np.zeros((1, 1), np.int64), np.full(1, np.inf), materials, lamps, Environment())


FAMILIES: Mapping[str, Callable[[], None]] = {"geometry": _geometry, "shading": _shading, "paths": _paths}
