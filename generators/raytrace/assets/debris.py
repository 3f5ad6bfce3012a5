"""Things lost on the road, each exactly filling its box."""

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.assets.body import Size
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.solids import bar, box, cylinder, ellipsoid, revolved, rounded_box, tube
from generators.raytrace.soup import (
    Soup,
    concat,
    fitted,
    moved,
    pitch_rotation,
    roll_rotation,
    smooth,
    turned,
    yaw_rotation,
)

SEMANTIC = SemanticClass.OTHER_DYNAMIC


def debris(size_m: Size, style: str, book: MaterialBook, rng: np.random.Generator) -> Soup:
    """Lost load of a style, its details drawn by `rng`.

    Styles are 'box', 'tyre', 'ladder', 'plank', 'pallet', 'sofa', 'load' (several things), 'branch', 'rock',
    'mattress' and 'mixed' (a heap of planks and stones).
    """
    length, width, _ = size_m
    turn = width > length and style in ("ladder", "plank", "pallet", "sofa", "branch", "mattress")
    size = (width, length, size_m[2]) if turn else size_m
    made = _MAKERS[style](size, book, rng)
    return fitted(turned(made, yaw_rotation(0.5 * np.pi)) if turn else made, size_m)


def _plain(book: MaterialBook, color: str, bright: float = 0.4) -> int:
    return book.add(Surface(color, SEMANTIC, roughness=0.75, lidar_reflectivity=bright, wettable=0.4))


def _wood(book: MaterialBook, color: str = "#b08a52") -> int:
    return book.add(Surface(color, SEMANTIC, texture=Texture.BARK, texture_scale_m=0.6, roughness=0.8))


def _box(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    """A cardboard box with tape and lifted flaps."""
    card, tape, dark = _plain(book, "#b98a54"), _plain(book, "#dcc79a"), _plain(book, "#8a6238")
    parts = [box((1.0, 1.0, 0.86), (0, 0, 0.43), card), box((1.005, 0.14, 0.87), (0, 0, 0.432), tape)]
    for side in (1, -1):
        flap = turned(box((1.0, 0.44, 0.02), (0, -0.22, 0.0), dark), roll_rotation(-0.5))
        flap = moved(flap, (0, 0.5, 0.87))
        if side < 0:
            flap = turned(flap, yaw_rotation(np.pi))
        parts.append(flap)
    parts.append(box((0.30, 1.004, 0.22), (0.25, 0, 0.22), tape))
    return fitted(concat(parts), size)


def _tyre(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    """A tyre on its side: a wide ring with tread blocks and an open middle."""
    rubber, tread = _plain(book, "#1d1d1f", 0.08), _plain(book, "#2c2c2e", 0.08)
    profile = np.array([[0.19, 0.03], [0.29, 0.0], [0.33, 0.04], [0.34, 0.1], [0.33, 0.17], [0.29, 0.21], [0.19, 0.18],
                        [0.17, 0.16], [0.20, 0.1], [0.17, 0.05], [0.19, 0.03]])  # fmt: skip
    parts = [revolved(profile, rubber, 24, 0.9)]
    for angle in np.arange(24) * np.pi / 12:
        block = box((0.012, 0.045, 0.13), (0.342, 0.0, 0.105), tread)
        parts.append(turned(block, yaw_rotation(float(angle))))
    return concat(parts)


def _ladder(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    metal = book.add(Surface("#c9ccce", SEMANTIC, roughness=0.35, reflectance=0.3, lidar_reflectivity=0.6))
    length, width, height = size
    y = 0.5 * width - 0.03
    parts = [box((length, 0.05, height), (0, side * y, 0.5 * height), metal) for side in (1, -1)]
    for x in np.arange(-0.5 * length + 0.18, 0.5 * length - 0.1, 0.29):
        parts.append(box((0.045, width - 0.04, 0.4 * height), (float(x), 0, 0.55 * height), metal))
    return concat(parts)


def _plank(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    light, dark = _wood(book, "#c49a5e"), _wood(book, "#9a7443")
    length, width, height = size
    count = 3 if width > 0.4 else 1
    parts: list[Soup] = []
    for k in range(count):
        board = box(
            (0.94 * length, 0.6 * width / count + 0.02, 0.45 * height), (0, 0, 0.3 * height), (light, dark)[k % 2]
        )
        yaw = (0.0, 0.09, -0.13)[k] if count > 1 else 0.0
        parts.append(
            moved(turned(board, yaw_rotation(yaw)), (0.0, (k - 0.5 * (count - 1)) * width / count, 0.2 * height * k))
        )
    return concat(parts)


def _pallet(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    light, dark = _wood(book, "#c8a468"), _wood(book, "#8d6c3d")
    parts: list[Soup] = []
    for y in np.linspace(-0.45, 0.45, 7):
        parts.append(box((1.2, 0.095, 0.022), (0, 0.8 * float(y), 0.133), light))
    for x in (-0.55, 0.0, 0.55):
        parts += [box((0.1, 0.8, 0.02), (x, 0, 0.112), light), box((0.1, 0.8, 0.02), (x, 0, 0.01), light)]
        parts += [box((0.1, 0.12, 0.085), (x, y, 0.06), dark) for y in (-0.34, 0.0, 0.34)]
    return concat(parts)


def _sofa(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    cloth = book.add(Surface("#7d2f34", SEMANTIC, texture=Texture.CLOTH, texture_scale_m=0.1, roughness=0.9))
    pale = book.add(Surface("#9a454a", SEMANTIC, texture=Texture.CLOTH, texture_scale_m=0.1, roughness=0.9))
    dark = _plain(book, "#2a2220")
    parts = [
        rounded_box((1.9, 0.85, 0.3), (0, 0, 0.25), cloth, 0.05),
        rounded_box((1.9, 0.24, 0.6), (0, 0.31, 0.5), cloth, 0.08),
    ]
    for side in (1, -1):
        parts.append(rounded_box((0.22, 0.85, 0.48), (side * 0.84, 0, 0.37), cloth, 0.09))
        parts.append(rounded_box((0.70, 0.60, 0.17), (side * 0.36, -0.1, 0.46), pale, 0.06))
        parts.append(rounded_box((0.68, 0.16, 0.36), (side * 0.36, 0.16, 0.64), pale, 0.07))
        parts += [cylinder((side * 0.85, y, 0.0), (side * 0.85, y, 0.12), 0.035, dark, 6) for y in (0.34, -0.34)]
    return concat(parts)


def _load(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    """Boxes, planks, a barrel and sacks that fell off together."""
    parts: list[Soup] = []
    for place, yaw, size_m in (((-0.6, 0.2, 0.0), 0.4, (0.6, 0.5, 0.45)), ((0.1, -0.35, 0.0), -0.5, (0.5, 0.45, 0.4)),
                               ((-0.35, 0.05, 0.43), 1.0, (0.5, 0.4, 0.35))):  # fmt: skip
        lying = turned(_box(size_m, book, rng), yaw_rotation(yaw))
        parts.append(moved(lying, (place[0], place[1], place[2] + 0.5 * size_m[2])))
    blue, white = _plain(book, "#2456a0"), _plain(book, "#d9d5c8")
    barrel = concat([cylinder((0, 0, 0), (0.85, 0, 0), 0.28, blue, 14),
                     *(cylinder((x, 0, 0), (x + 0.04, 0, 0), 0.295, blue, 14) for x in (0.02, 0.28, 0.54, 0.8))]
    )  # fmt: skip
    parts.append(moved(turned(barrel, yaw_rotation(0.8)), (0.4, 0.2, 0.295)))
    parts.append(ellipsoid((0.75, -0.5, 0.13), (0.36, 0.24, 0.14), white, 6, 10))
    parts.append(ellipsoid((-0.1, 0.65, 0.12), (0.34, 0.22, 0.13), white, 6, 10))
    wood = _wood(book)
    for yaw, x, y in ((0.5, 0.2, -0.1), (-0.9, -0.4, -0.4), (1.7, 0.7, 0.1)):
        plank = turned(box((1.6, 0.14, 0.04), (0, 0, 0), wood), pitch_rotation(-0.08))
        parts.append(moved(turned(plank, yaw_rotation(yaw)), (x, y, 0.12)))
    return concat(parts)


def _branch(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    bark = book.add(Surface("#5d4a35", SEMANTIC, texture=Texture.BARK, texture_scale_m=0.2))
    leaf = book.add(Surface("#4c6b2c", SEMANTIC, texture=Texture.FOLIAGE, texture_scale_m=0.3))
    stem = np.array([[-1.2, 0.1, 0.06], [-0.3, -0.05, 0.12], [0.5, 0.05, 0.1], [1.2, 0.0, 0.16]])
    parts = [tube(stem, np.array([0.06, 0.05, 0.035, 0.015]), bark, 6)]
    for _ in range(14):
        root = stem[1] + rng.uniform(0.0, 1.0) * (stem[3] - stem[1])
        tip = root + np.array([rng.uniform(0.1, 0.45), rng.uniform(-0.4, 0.4), rng.uniform(0.0, 0.2)])
        parts.append(tube(np.array([root, tip]), np.array([0.014, 0.006]), bark, 4))
        parts.append(ellipsoid(tip, (0.14, 0.1, 0.05), leaf, 4, 6))
    return concat(parts)


def _rock(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    stone = book.add(Surface("#8a867d", SEMANTIC, texture=Texture.CONCRETE, texture_scale_m=0.4))
    return _stone(rng, stone)


def _mattress(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    white, seam = _plain(book, "#dedacf"), _plain(book, "#7d90ab")
    parts = [rounded_box((2.0, 0.9, 0.2), (0, 0, 0.1), white, 0.05), box((2.004, 0.904, 0.015), (0, 0, 0.1), seam)]
    parts += [box((0.01, 0.86, 0.205), (float(x), 0, 0.1), seam) for x in np.linspace(-0.85, 0.85, 9)]
    return concat(parts)


def _mixed(size: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    wood, stone = _wood(book), book.add(Surface("#77736b", SEMANTIC, texture=Texture.CONCRETE, texture_scale_m=0.4))
    parts: list[Soup] = []
    for _ in range(5):
        yaw, reach = rng.uniform(0, np.pi), rng.uniform(0.3, 0.5)
        direction = reach * np.array([np.cos(yaw), np.sin(yaw), 0.0])
        low = np.array([*rng.uniform(-0.1, 0.1, 2), rng.uniform(0.02, 0.1)])
        parts.append(bar(low - direction, low + direction + [0, 0, 0.06], 0.12, 0.03, wood))
    for _ in range(5):
        size_m = rng.uniform(0.06, 0.13)
        place = np.array([*rng.uniform(-0.35, 0.35, 2), 0.6 * size_m])
        lump = _stone(rng, stone)
        parts.append(Soup(lump.corners_m * size_m + place, lump.normals, lump.uv_m, lump.material))
    return concat(parts)


def _stone(rng: np.random.Generator, material: int) -> Soup:
    ball = ellipsoid((0, 0, 0), (1, 1, 1), material, 6, 9)
    shift = 0.2 * np.sin(ball.corners_m @ rng.normal(size=(3, 3)) * 1.6 + rng.uniform(0, 6, 3))
    return smooth(Soup(ball.corners_m + shift, ball.normals, ball.uv_m, ball.material), 0.5)


_MAKERS = {
    "box": _box, "tyre": _tyre, "ladder": _ladder, "plank": _plank, "pallet": _pallet, "sofa": _sofa, "load": _load,
    "branch": _branch, "rock": _rock, "mattress": _mattress, "mixed": _mixed,
}  # fmt: skip
