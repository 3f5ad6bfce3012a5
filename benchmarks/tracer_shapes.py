"""The bodies of the fixed street of the tracer's benchmark: grids, boxes, bodies of revolution, leaves."""

from dataclasses import dataclass, replace

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.solids import boxes, sheet, sheet_with_normals
from generators.raytrace.soup import Soup, concat, moved, turned

LENGTH_M = 240.0
CAR_SIZE_M = (4.5, 1.8, 1.5)


@dataclass(frozen=True, slots=True)
class Paints:
    """Rows of the materials."""

    road: int
    kerb: int
    pavement: int
    facade: int
    roof: int
    bark: int
    leaf: int
    metal: int
    cloth: int
    glass: int
    pane: int
    rubber: int
    bodies: tuple[int, ...]


def paints_of(book: MaterialBook) -> Paints:
    def add(color: str, kind: SemanticClass, **more: float | Texture | str) -> int:
        return book.add(replace(Surface(color, kind), **more))

    bodies = tuple(
        add(color, SemanticClass.CAR, roughness=0.25, reflectance=0.05)
        for color in ("#8c1c1c", "#d8d8d4", "#20242c", "#33527a", "#6d6f72")
    )
    return Paints(
        add("#4b4b4d", SemanticClass.ROAD, texture=Texture.ASPHALT, roughness=0.95, wettable=1.0),
        add("#8f8c86", SemanticClass.SIDEWALK, texture=Texture.CONCRETE),
        add("#9a958c", SemanticClass.SIDEWALK, texture=Texture.PAVING, texture_scale_m=0.5),
        add("#a5836b", SemanticClass.BUILDING, texture=Texture.FACADE, texture_scale_m=3.0, second="#26323c"),
        add("#6a4a40", SemanticClass.BUILDING, texture=Texture.ROOF),
        add("#5a4634", SemanticClass.VEGETATION, texture=Texture.BARK),
        add("#4c6b2f", SemanticClass.VEGETATION, texture=Texture.FOLIAGE, second="#2f4a1e", texture_scale_m=0.5),
        add("#777b80", SemanticClass.POLE, roughness=0.4, reflectance=0.2),
        add("#7a3b45", SemanticClass.PEDESTRIAN, texture=Texture.CLOTH),
        add("#10161c", SemanticClass.CAR, roughness=0.05, reflectance=0.06),
        add("#1c262e", SemanticClass.BUILDING, roughness=0.05, reflectance=0.06),
        add("#1a1a1a", SemanticClass.CAR, roughness=0.9),
        bodies,
    )


def ground(paints: Paints) -> Soup:
    """Road, kerbs and pavements as a fine grid with a crown."""
    x = np.linspace(-0.5 * LENGTH_M, 0.5 * LENGTH_M, 401)
    half = [1.0, 2.0, 3.0, 4.0, 5.5, 5.6, 5.8, 7.0, 8.5, 10.0, 12.0, 24.0]
    y = np.array([*(-value for value in reversed(half)), 0.0, *half])
    height = np.where(np.abs(y) >= 5.6, 0.14, -0.0006 * np.square(y))
    grid = np.stack(np.broadcast_arrays(x[:, None], y[None], height[None]), axis=-1)
    middle = 0.5 * np.abs(y[:-1] + y[1:])
    rows = np.where(middle < 5.5, paints.road, np.where(middle < 5.8, paints.kerb, paints.pavement))
    return sheet(grid, np.broadcast_to(rows, (len(x) - 1, len(rows))).copy())


def _revolved(profile_m: np.ndarray, sides: int, material: int) -> Soup:
    """A body of revolution about z through (radius, height) points, smooth."""
    angle = np.linspace(0.0, 2 * np.pi, sides + 1)
    radius, height = profile_m[:, 0], profile_m[:, 1]
    grid = np.stack(
        [np.outer(np.cos(angle), radius), np.outer(np.sin(angle), radius),
         np.broadcast_to(height, (sides + 1, len(height)))], axis=-1
    )  # fmt: skip
    slope = np.stack([np.gradient(height), -np.gradient(radius)], axis=-1)
    slope /= np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-9)
    normals = np.stack(
        [np.outer(np.cos(angle), slope[:, 0]), np.outer(np.sin(angle), slope[:, 0]),
         np.broadcast_to(slope[:, 1], (sides + 1, len(height)))], axis=-1
    )  # fmt: skip
    return sheet_with_normals(grid, normals, material)


def _ball(radius_m: float, sides: int, material: int) -> Soup:
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, sides // 2 + 1)
    return _revolved(radius_m * np.stack([np.cos(angle), np.sin(angle)], axis=-1), sides, material)


def tree(rng: np.random.Generator, paints: Paints, count: int) -> Soup:
    """A trunk and a crown of `count` small square leaves in all directions."""
    height = rng.uniform(5.0, 8.0)
    trunk = _revolved(np.array([[0.18, 0.0], [0.14, 0.4 * height], [0.08, 0.7 * height]]), 10, paints.bark)
    center = rng.normal(size=(count, 3))
    center *= rng.uniform(0.6, 1.0, (count, 1)) / np.linalg.norm(center, axis=-1, keepdims=True)
    center = center * [0.24 * height, 0.24 * height, 0.28 * height] + [0.0, 0.0, 0.7 * height]
    turn = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0]
    leaf = np.array([[-0.16, -0.16], [0.16, -0.16], [0.16, 0.16], [-0.16, 0.16]])
    corners = center[:, None] + np.einsum("qc,nci->nqi", leaf, turn[:, :2])
    faces = corners[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 3)
    grid = np.repeat(leaf[None], count, axis=0)[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 2)
    normals = np.repeat(np.repeat(turn[:, 2], 2, axis=0)[:, None], 3, axis=1)
    crown = Soup(faces, normals, grid, np.full(2 * count, paints.leaf, dtype=np.int64))
    return concat([trunk, crown])


def house(rng: np.random.Generator, paints: Paints) -> Soup:
    """A block whose front (towards -y) has rows of windows with frames and sills, and a roof."""
    width, depth, storeys = 14.0, 9.0, int(rng.integers(3, 6))
    height = 3.0 * storeys
    parts = [boxes(np.array([[width, depth, height]]), np.array([[0.0, 0.0, 0.5 * height]]), paints.facade)]
    x, z = np.meshgrid(np.arange(8) * 1.7 - 5.95, np.arange(storeys) * 3.0 + 1.6, indexing="ij")
    place = np.stack([x.ravel(), np.full(x.size, -0.5 * depth), z.ravel()], axis=-1)
    parts.append(boxes(np.tile([1.0, 0.2, 1.5], (x.size, 1)), place, paints.facade))
    parts.append(boxes(np.tile([0.9, 0.24, 1.4], (x.size, 1)), place, paints.pane))
    parts.append(boxes(np.tile([1.2, 0.4, 0.1], (x.size, 1)), place - [0.0, 0.0, 0.8], paints.kerb))
    parts.append(boxes(np.array([[width + 0.6, depth + 0.6, 0.4]]), np.array([[0.0, 0.0, height + 0.2]]), paints.roof))
    return concat(parts)


def post(paints: Paints) -> Soup:
    """A lamp post."""
    return _revolved(
        np.array([[0.14, 0.0], [0.1, 0.4], [0.07, 6.5], [0.3, 6.5], [0.3, 6.7], [0.02, 6.8]]), 16, paints.metal
    )


def person(paints: Paints) -> Soup:
    profile = np.array([[0.02, 0.0], [0.1, 0.05], [0.12, 0.5], [0.2, 0.9], [0.17, 1.1], [0.23, 1.4], [0.08, 1.5]])
    return concat([_revolved(profile, 24, paints.cloth), moved(_ball(0.12, 20, paints.cloth), (0.0, 0.0, 1.63))])


def car(paints: Paints, body: int) -> Soup:
    """About 3,000 triangles in the box of a car: a lofted body with glass, and four wheels."""
    length, width, height = CAR_SIZE_M
    along = np.linspace(-0.5, 0.5, 41)
    around = np.linspace(0.0, 2 * np.pi, 33)
    bulge = np.power(np.clip(1.0 - np.power(np.abs(2 * along), 4.0), 0.0, 1.0), 0.25)
    cabin = np.clip((0.26 - np.abs(along + 0.05)) / 0.1, 0.0, 1.0)
    top = (0.52 + 0.46 * cabin) * height
    shape = np.stack([np.cos(around), np.sin(around)], axis=-1)
    shape = np.sign(shape) * np.power(np.abs(shape), 0.5)
    y = 0.5 * width * bulge[:, None] * shape[None, :, 0] * (1.0 - 0.2 * cabin[:, None] * (shape[None, :, 1] > 0.3))
    low, high = 0.18 * height, top * (0.6 + 0.4 * bulge)
    z = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * shape[None, :, 1]
    grid = np.stack([np.broadcast_to(length * along[:, None], y.shape), -y, z - 0.5 * height], axis=-1)
    centre_z = 0.25 * (z[:-1, :-1] + z[1:, :-1] + z[1:, 1:] + z[:-1, 1:])
    rows = np.where((centre_z > 0.56 * height) & (centre_z < 0.9 * height), paints.glass, body)
    wheel = _revolved(np.array([[0.05, -0.1], [0.3, -0.1], [0.32, 0.0], [0.3, 0.1], [0.05, 0.1]]), 20, paints.rubber)
    upright = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    wheels = [
        moved(turned(wheel, upright), (x * length, s * 0.43 * width, 0.32 - 0.5 * height))
        for x in (-0.3, 0.3) for s in (-1, 1)
    ]  # fmt: skip
    return concat([sheet(grid, rows), *wheels])
