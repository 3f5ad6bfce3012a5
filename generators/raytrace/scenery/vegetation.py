"""Trees, bushes and hedges: trunks with branches, crowns of lumpy masses wrapped in leaves."""

from dataclasses import dataclass

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.solids import ellipsoid, sheet, tube
from generators.raytrace.soup import Soup, blurred_normals, concat, flat, smooth

LEAVES = {
    "summer": ((0.045, 0.08, 0.022), (0.058, 0.092, 0.026), (0.036, 0.068, 0.024)),
    "spring": ((0.075, 0.13, 0.034), (0.09, 0.14, 0.04), (0.06, 0.115, 0.036)),
    "autumn": ((0.26, 0.12, 0.018), (0.30, 0.17, 0.02), (0.17, 0.075, 0.018)),
    "winter": ((0.09, 0.075, 0.05), (0.08, 0.07, 0.05), (0.10, 0.08, 0.05)),
}
NEEDLES = (0.022, 0.05, 0.022)


@dataclass(frozen=True, slots=True)
class Foliage:
    """Rows of the materials of one species."""

    leaf: tuple[int, int, int]
    deep: int
    bark: int


def foliage(book: MaterialBook, appearance: Appearance, variant: int, needles: bool = False) -> Foliage:
    """Leaves and bark of one variant of the season."""
    color = NEEDLES if needles else LEAVES[appearance.choice("season")][variant % 3]
    deep = (0.55 * color[0], 0.55 * color[1], 0.55 * color[2])

    def leaves(albedo: tuple[float, float, float]) -> int:
        return book.add(
            Surface(albedo, SemanticClass.VEGETATION, second=(1.25 * albedo[0], 1.15 * albedo[1], albedo[2]),
                    roughness=0.8, reflectance=0.03, texture=Texture.FOLIAGE, texture_scale_m=1.0,
                    lidar_reflectivity=0.5, wettable=0.3)
        )  # fmt: skip

    bark = book.add(
        Surface((0.09, 0.07, 0.052), SemanticClass.VEGETATION, texture=Texture.BARK, texture_scale_m=0.3,
                lidar_reflectivity=0.3, wettable=0.6)
    )  # fmt: skip
    tones = [(f * color[0], f * color[1], f * color[2]) for f in (0.78, 1.0, 1.28)]
    return Foliage((leaves(tones[0]), leaves(tones[1]), leaves(tones[2])), leaves(deep), bark)


def broadleaf(rng: np.random.Generator, look: Foliage, detail: int, bare: bool, slim: float = 1.0) -> Soup:
    """A broad-leaved tree of about 8 m; `detail` 0 to 2, `slim` below 1 for upright crowns."""
    tall, spread = 8.0, 2.5 * slim
    lean = rng.uniform(-0.25, 0.25, 2)
    fork = 2.3 if slim == 1.0 else 1.6
    trunk = np.array([[0, 0, -0.3], [0.3 * lean[0], 0.3 * lean[1], 1.2], [lean[0], lean[1], fork + 0.4],
                      [1.4 * lean[0], 1.4 * lean[1], 0.7 * tall]])  # fmt: skip
    parts = [tube(trunk, np.array([0.24, 0.17, 0.14, 0.03]), look.bark, 8 if detail else 5, caps=False)]
    count = (5, 8, 10)[detail]
    angle = np.arange(count) * 2.4 + rng.uniform(0, 6)
    share = (np.arange(count) + 0.5) / count
    height = fork + 1.0 + (tall - fork - 1.9) * share
    reach = spread * np.sqrt(np.clip(1 - (2 * share - 0.85) ** 2 / 1.4, 0.05, 1)) * rng.uniform(0.5, 0.72, count)
    centers = np.column_stack([1.2 * lean[0] + reach * np.cos(angle), 1.2 * lean[1] + reach * np.sin(angle), height])
    radii = (1.32 - 0.35 * share) * rng.uniform(0.85, 1.15, count) * (0.72 + 0.28 * slim) * (1.4, 1.14, 1.04)[detail]
    start = np.column_stack([np.full(count, lean[0]), np.full(count, lean[1]), np.maximum(fork, height - 2.0)])
    for i in range(count if (bare or detail) else 0):
        middle = 0.5 * (start[i] + centers[i]) + [0, 0, 0.2]
        parts.append(
            tube(np.array([start[i], middle, centers[i]]), np.array([0.07, 0.05, 0.015]), look.bark, 4, caps=False)
        )
        if bare:
            parts += _twigs(rng, centers[i], float(radii[i]), look.bark)
    if not bare:
        parts.append(_crown(rng, centers, radii, look, detail))
    return concat(parts)


def _twigs(rng: np.random.Generator, center: np.ndarray, radius: float, bark: int) -> list[Soup]:
    directions = rng.normal(size=(7, 3)) + np.array([0, 0, 0.5])
    directions *= 1.3 * radius / np.linalg.norm(directions, axis=-1, keepdims=True)
    return [tube(np.array([center, center + d]), np.array([0.022, 0.006]), bark, 3, caps=False) for d in directions]


def _crown(rng: np.random.Generator, centers: np.ndarray, radii: np.ndarray, look: Foliage, detail: int) -> Soup:
    """Lumpy masses, wrapped in single leaf clusters that break the outline; all shaded like one round crown."""
    rings, sides = ((4, 6), (4, 7), (5, 8))[detail]
    masses = concat([ellipsoid((0, 0, 0), (0.86 * r, 0.86 * r, 0.74 * r), look.deep, rings, sides) for r in radii])
    per = len(masses) // len(radii)
    owner = np.repeat(np.arange(len(radii)), per)
    corners = masses.corners_m * (1 + 0.16 * np.sin(5.0 * masses.corners_m + centers[owner][:, None] * 3.0))
    masses = Soup(
        corners + centers[owner][:, None], masses.normals, masses.uv_m + centers[owner][:, None, :2], masses.material
    )
    amount = (16, 40, 84)[detail] * len(radii)
    size = (0.8, 0.55, 0.38)[detail]
    leaves = leaf_cards(rng, centers, radii, amount, size, look.leaf)
    middle = centers.mean(axis=0, keepdims=True) - [[0, 0, 0.8]]
    return blurred_normals(concat([masses, leaves]), middle, 0.55)


def leaf_cards(
    rng: np.random.Generator, centers: np.ndarray, radii: np.ndarray, amount: int, size_m: float,
    materials: tuple[int, int, int],
) -> Soup:  # fmt: skip
    """Pointed leaf clusters scattered over spheres, tilted at random about the outward direction."""
    which = rng.integers(len(radii), size=amount)
    out = rng.normal(size=(amount, 3))
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    place = centers[which] + out * (radii[which] * rng.uniform(0.72, 1.08, amount))[:, None] * [1, 1, 0.88]
    facing = out + 0.7 * rng.normal(size=(amount, 3))
    facing /= np.linalg.norm(facing, axis=-1, keepdims=True)
    side = np.cross(facing, rng.normal(size=(amount, 3)))
    side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-6)
    up = np.cross(facing, side)
    scale = size_m * rng.uniform(0.6, 1.15, amount)[:, None]
    a, b = place - scale * (0.55 * side), place + scale * (0.5 * side - 0.35 * up)
    c, d = place + scale * (0.6 * side + 0.45 * up), place + scale * (0.62 * up - 0.25 * side)
    corners = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    uv = np.concatenate([corners[..., :1] + corners[..., 1:2], corners[..., 2:]], axis=-1)
    tone = np.array(materials)[rng.integers(3, size=amount)]
    return flat(corners, np.concatenate([tone, tone]), uv)


def far_tree(rng: np.random.Generator, look: Foliage, kind: str) -> Soup:
    """A tree or bush that stays small in the picture: a few lumpy masses."""
    if kind == "conifer":
        angle = np.linspace(0, 2 * np.pi, 7)
        cones: list[Soup] = []
        for low, high, reach in ((0.9, 5.5, 2.0), (3.6, 8.9, 1.4)):
            edge = np.column_stack([reach * np.cos(angle), reach * np.sin(angle), np.full(7, low)])
            edge[-1] = edge[0]
            cones.append(sheet(np.stack([edge, np.tile([0.0, 0.0, high], (7, 1))], axis=1), look.leaf[1]))
        return blurred_normals(concat(cones), np.array([[0.0, 0.0, 1.0]]), 0.5)
    masses = {"broadleaf": (((0.9, 0.4, 4.4), 1.9), ((-0.9, -0.3, 4.9), 1.9), ((0.1, -0.2, 6.4), 1.7)),
              "slender": (((0.2, 0.1, 3.6), 1.3), ((-0.1, 0.1, 5.2), 1.25), ((0.1, -0.1, 6.8), 1.0)),
              "bush": (((0.2, 0.1, 0.5), 0.75), ((-0.3, -0.1, 0.5), 0.6))}[kind]  # fmt: skip
    parts: list[Soup] = []
    for center, radius in masses:
        ball = ellipsoid((0, 0, 0), (radius, radius, 0.85 * radius), look.leaf[1], 4, 6)
        corners = ball.corners_m * (1 + 0.22 * np.sin(4.0 * ball.corners_m + rng.uniform(0, 6, 3))) + np.array(center)
        parts.append(Soup(corners, ball.normals, ball.uv_m + rng.uniform(0, 9, 2), ball.material))
    centers, radii = np.array([center for center, _ in masses]), np.array([radius for _, radius in masses])
    parts.append(leaf_cards(rng, centers, radii, 6 * len(masses), 0.55 * float(radii[0]), look.leaf))
    if kind != "bush":
        parts.append(tube(np.array([[0, 0, -0.3], [0, 0, 4.5]]), np.array([0.2, 0.1]), look.bark, 3, caps=False))
    return blurred_normals(concat(parts), np.array([[0.0, 0.0, float(masses[0][0][2]) - 0.5]]), 0.4)


def conifer(rng: np.random.Generator, look: Foliage, detail: int) -> Soup:
    """A spruce of about 9 m: drooping whorls with ragged edges."""
    parts = [tube(np.array([[0, 0, -0.3], [0, 0, 8.5]]), np.array([0.17, 0.03]), look.bark, 5, caps=False)]
    layers, sides = ((6, 9), (9, 12), (12, 16))[detail]
    centers: list[np.ndarray] = []
    for i in range(layers):
        share = i / layers
        base, reach = 0.9 + 7.6 * share, (1 - share) ** 0.85 * 2.1 + 0.25
        drop = 0.21 * reach + (0.35, 0.1, 0.0)[detail]
        angle = np.linspace(0, 2 * np.pi, sides + 1) + rng.uniform(0, 6)
        ragged = rng.uniform(0.72, 1.1, sides + 1)
        ragged[-1] = ragged[0]
        edge = np.column_stack([reach * ragged * np.cos(angle), reach * ragged * np.sin(angle),
                                base - ragged * drop])  # fmt: skip
        middle = np.column_stack(
            [0.5 * reach * np.cos(angle), 0.5 * reach * np.sin(angle), np.full(sides + 1, base + 0.25)]
        )
        top = np.broadcast_to(np.array([0.0, 0.0, base + 0.55 + 0.5 * (1 - share)]), edge.shape)
        under = np.broadcast_to(np.array([0.0, 0.0, base + 0.1]), edge.shape)
        parts.append(sheet(np.stack([edge, middle, top], axis=1), look.leaf[1]))
        parts.append(sheet(np.stack([under, edge], axis=1), look.deep))
        centers.append(np.array([0, 0, base - 0.3]))
    return blurred_normals(concat(parts), np.array(centers), 0.5)


def bush(rng: np.random.Generator, look: Foliage, detail: int) -> Soup:
    """A round bush of about 1.3 m."""
    count = 4
    angle = np.arange(count) * 1.7 + rng.uniform(0, 6)
    centers = np.column_stack([0.45 * np.cos(angle), 0.45 * np.sin(angle), rng.uniform(0.4, 0.7, count)])
    radii = rng.uniform(0.5, 0.7, count)
    masses = [ellipsoid(center, (0.85 * r, 0.85 * r, 0.8 * r), look.deep, 4, 7)
              for center, r in zip(centers, radii, strict=True)]  # fmt: skip
    leaves = leaf_cards(rng, centers, radii, (30, 70, 120)[detail], (0.4, 0.3, 0.24)[detail], look.leaf)
    return blurred_normals(concat([*masses, leaves]), np.array([[0.0, 0.0, 0.1]]), 0.55)


def hedge(rng: np.random.Generator, look: Foliage, length_m: float, height_m: float, detail: int) -> Soup:
    """A clipped hedge along x from the origin, half a metre thick, with leaves that stick out."""
    count = max(2, int(length_m / 0.8))
    x = np.linspace(0, length_m, count + 1)
    half = np.array([[-0.28, -0.2], [-0.3, 0.5 * height_m], [-0.24, height_m]])
    profile = np.concatenate([half, half[::-1] * np.array([-1.0, 1.0])])
    bump = rng.normal(0, 0.035, (count + 1, 6))
    points = np.stack(
        [np.broadcast_to(x[:, None], (count + 1, 6)), profile[None, :, 0] + bump, profile[None, :, 1] + bump], axis=-1
    )
    body = smooth(sheet(points[:, ::-1], look.deep), 1.0)
    amount = int(length_m * (6, 14, 26)[detail])
    centers = np.column_stack([rng.uniform(0.1, length_m - 0.1, amount), rng.uniform(-0.05, 0.05, amount),
                               rng.uniform(0.25, max(height_m - 0.25, 0.3), amount)])  # fmt: skip
    leaves = leaf_cards(rng, centers, np.full(amount, 0.29), amount, 0.24, look.leaf)
    return concat([body, leaves])
