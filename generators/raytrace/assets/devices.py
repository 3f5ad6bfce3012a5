"""Things put or lost on the road: cones, barriers, debris and other objects, exactly filling their boxes."""

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Glow, Texture
from generators.raytrace.solids import bar, box, cylinder, ellipsoid, prism, revolved, rounded_box, sheet
from generators.raytrace.soup import Soup, concat, fitted, mirrored, moved, roll_rotation, smooth, turned

Size = tuple[float, float, float]


def _surface(book: MaterialBook, color: str, semantic: SemanticClass, bright: float = 0.5) -> int:
    return book.add(Surface(color, semantic, roughness=0.55, reflectance=0.04, lidar_reflectivity=bright, wettable=0.2))


def cone(size_m: Size, book: MaterialBook) -> Soup:
    """A traffic cone with two retroreflecting bands; a tall one is a marker post."""
    orange = _surface(book, "#d9480f", SemanticClass.CONE, 0.8)
    white = _surface(book, "#ecebe6", SemanticClass.CONE, 2.5)
    black = _surface(book, "#1c1c1d", SemanticClass.CONE, 0.1)
    heights = np.array([0.05, 0.30, 0.48, 0.62, 0.80, 0.985, 1.0, 1.0])
    radius = 0.36 * (1 - heights) + 0.045
    radius[-1] = 0.001
    rows = np.array([orange, white, orange, white, orange, orange, black])
    body = revolved(np.column_stack([radius, heights]), rows, 16)
    base = rounded_box((1.0, 1.0, 0.06), (0, 0, 0.03), orange, 0.02)
    return fitted(concat([body, base]), size_m)


def barrier(size_m: Size, book: MaterialBook) -> Soup:
    """A concrete barrier where long and low, else a barricade of striped boards with a lamp."""
    length, width, height = size_m
    if max(length, width) > 2.2 * height and min(length, width) > 0.3:
        return _jersey(size_m, book)
    return _barricade(size_m, book)


def _along(size_m: Size) -> tuple[float, float, bool]:
    turn = size_m[1] > size_m[0]
    return (size_m[1], size_m[0], True) if turn else (size_m[0], size_m[1], False)


def _turned_if(soup: Soup, turn: bool) -> Soup:
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return turned(soup, quarter) if turn else soup


def _jersey(size_m: Size, book: MaterialBook) -> Soup:
    length, width, turn = _along(size_m)
    concrete = book.add(Surface("#a7a49c", SemanticClass.BARRIER, texture=Texture.CONCRETE, texture_scale_m=1.5,
                                lidar_reflectivity=0.45, wettable=0.6))  # fmt: skip
    reflector = _surface(book, "#d9920f", SemanticClass.BARRIER, 2.5)
    y = np.array([0.5, 0.5, 0.27, 0.17, 0.15, 0.0]) * width
    z = np.array([0.0, 0.10, 0.36, 0.94, 1.0, 1.0]) * size_m[2]
    profile = np.column_stack([np.concatenate([y, -y[-2::-1]]), np.concatenate([z, z[-2::-1]])])
    ends = np.array([0.5, -0.5]) * length
    points = np.stack([np.column_stack([np.full(len(profile), x), profile]) for x in ends])
    sides = sheet(points, concrete)
    outline = profile[:-1] if np.allclose(profile[0], profile[-1]) else profile
    cap = _flat_cap(outline, concrete, 0.5 * length)
    lights = [box((0.1, 0.03, 0.1), (x, 0.16 * width, 0.85 * size_m[2]), reflector)
              for x in np.arange(-0.5 * length + 0.5, 0.5 * length, 2.0)]  # fmt: skip
    lights += [mirrored(light) for light in lights]
    return fitted(_turned_if(concat([sides, cap, *lights]), turn), size_m)


def _flat_cap(outline: np.ndarray, material: int, x: float) -> Soup:
    """Both ends of a symmetric profile, as horizontal slices."""
    half = len(outline) // 2 + 1
    left, right = outline[:half], outline[::-1][:half]
    columns = np.stack(
        [
            np.column_stack([np.full(half, x), right[:, 0], right[:, 1]]),
            np.column_stack([np.full(half, x), left[:, 0], left[:, 1]]),
        ]
    )
    back = columns.copy()
    back[..., 0] = -x
    return concat([sheet(columns, material), sheet(back[::-1], material)])


def _barricade(size_m: Size, book: MaterialBook) -> Soup:
    length, width, turn = _along(size_m)
    height = size_m[2]
    red = _surface(book, "#b3161b", SemanticClass.BARRIER, 1.5)
    white = _surface(book, "#e8e7e2", SemanticClass.BARRIER, 2.0)
    dark = _surface(book, "#26282b", SemanticClass.BARRIER, 0.2)
    lamp = book.add(
        Surface("#c77a10", SemanticClass.BARRIER, roughness=0.2, emission=(1.6, 0.8, 0.05), glow=Glow.NIGHT)
    )
    parts: list[Soup] = []
    count = max(3, round(length / 0.25))
    step = length / count
    for low, tall in ((0.50, 0.22), (0.80, 0.20)):
        for i in range(count):
            x = -0.5 * length + (i + 0.5) * step
            parts.append(box((step, 0.03, tall * height), (x, 0, (low + 0.5 * tall) * height - 0.1 * height),
                             red if i % 2 == 0 else white))  # fmt: skip
    for x in (-0.4 * length, 0.4 * length):
        parts += [
            bar((x, 0, 0.03), (x, 0, 0.9 * height), 0.05, 0.05, dark),
            rounded_box((0.16, width, 0.07), (x, 0, 0.035), dark, 0.02),
            cylinder((x, 0, 0.9 * height), (x, 0, height), 0.07, lamp, 10),
        ]
    return fitted(_turned_if(concat(parts), turn), size_m)


def debris(size_m: Size, book: MaterialBook, rng: np.random.Generator) -> Soup:
    """Lost load: a burst tyre, planks or a broken crate with stones, drawn by `rng`."""
    semantic = SemanticClass.OTHER_DYNAMIC
    rubber = _surface(book, "#1b1b1c", semantic, 0.1)
    wood = book.add(Surface("#8a6a42", semantic, texture=Texture.BARK, texture_scale_m=0.3))
    stone = book.add(Surface("#77736b", semantic, texture=Texture.CONCRETE, texture_scale_m=0.4))
    card = _surface(book, "#a98255", semantic, 0.5)
    parts: list[Soup] = []
    if rng.random() < 0.4:
        angle = np.linspace(0, 2 * np.pi, 9)
        profile = np.column_stack([0.3 + 0.09 * np.cos(angle), 0.1 + 0.09 * np.sin(angle)])
        parts.append(revolved(profile, rubber, 16))
    for _ in range(3):
        yaw, reach = rng.uniform(0, np.pi), rng.uniform(0.3, 0.5)
        direction = reach * np.array([np.cos(yaw), np.sin(yaw), 0.0])
        low = np.array([*rng.uniform(-0.1, 0.1, 2), rng.uniform(0.02, 0.1)])
        parts.append(bar(low - direction, low + direction + [0, 0, 0.06], 0.12, 0.03, wood))
    if rng.random() < 0.6:
        parts.append(moved(turned(box((0.4, 0.3, 0.25), (0, 0, 0.13), card), roll_rotation(0.12)), (0.1, 0.15, 0.02)))
    for _ in range(3):
        parts.append(_stone(rng, stone))
    return fitted(concat(parts), size_m)


def _stone(rng: np.random.Generator, material: int) -> Soup:
    ball = ellipsoid((0, 0, 0), (1, 1, 1), material, 4, 7)
    shift = 0.22 * np.sin(ball.corners_m @ rng.normal(size=(3, 3)) * 2.0 + rng.uniform(0, 6, 3))
    lumpy = smooth(Soup(ball.corners_m + shift, ball.normals, ball.uv_m, ball.material), 0.9)
    size = rng.uniform(0.06, 0.13)
    place = np.array([*rng.uniform(-0.35, 0.35, 2), 0.6 * size])
    return Soup(lumpy.corners_m * size + place, lumpy.normals, lumpy.uv_m, lumpy.material)


def other(size_m: Size, book: MaterialBook) -> Soup:
    """Anything else: a waste container on castors."""
    semantic = SemanticClass.OTHER_DYNAMIC
    green = _surface(book, "#2f4a3a", semantic)
    dark = _surface(book, "#1b1b1c", semantic, 0.1)
    outline = np.array([[-0.42, -0.40], [0.42, -0.40], [0.42, 0.40], [-0.42, 0.40]])
    lower = np.column_stack([outline * 0.85, np.full(4, 0.12)])
    upper = np.column_stack([outline, np.full(4, 0.88)])
    ring = np.stack([lower, upper], axis=1)
    parts = [
        sheet(np.concatenate([ring, ring[:1]]), green),
        prism(outline * 0.84, 0.10, 0.13, dark),
        rounded_box((1.0, 0.94, 0.14), (0, 0, 0.93), green, 0.05),
        rounded_box((0.06, 0.8, 0.06), (-0.47, 0, 0.84), dark, 0.02),
    ]
    for x in (-0.3, 0.3):
        for y in (-0.3, 0.3):
            parts.append(ellipsoid((x, y, 0.07), (0.07, 0.03, 0.07), dark, 5, 8))
    return fitted(concat(parts), size_m)
