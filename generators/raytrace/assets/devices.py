"""Things put on the road: cones, drums, panels, barriers, arrow boards, containers; exactly filling their boxes."""

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.assets.body import Body, Size, solid
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Glow, Texture
from generators.raytrace.solids import bar, box, cylinder, ellipsoid, prism, quads, revolved, rounded_box, sheet, tube
from generators.raytrace.soup import Soup, concat, fitted, mirrored, turned


def _surface(book: MaterialBook, color: str, semantic: SemanticClass, bright: float = 0.5) -> int:
    return book.add(Surface(color, semantic, roughness=0.55, reflectance=0.04, lidar_reflectivity=bright, wettable=0.2))


def cone(size_m: Size, style: str, book: MaterialBook) -> Soup:
    """A traffic cone, a drum, or a striped panel on a foot ('cone', 'drum', 'panel'), with retroreflecting bands."""
    if style == "drum":
        return _drum(size_m, book)
    if style == "panel":
        return _panel(size_m, book)
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


def _drum(size_m: Size, book: MaterialBook) -> Soup:
    """A channelizing drum: a wide barrel with four bands on a rubber ring, a handle on top."""
    orange = _surface(book, "#dd4f10", SemanticClass.CONE, 0.8)
    white = _surface(book, "#ecebe6", SemanticClass.CONE, 2.5)
    black = _surface(book, "#1c1c1d", SemanticClass.CONE, 0.1)
    heights = np.array([0.06, 0.20, 0.34, 0.48, 0.62, 0.76, 0.90, 0.94, 0.941])
    radius = np.array([0.42, 0.41, 0.40, 0.39, 0.38, 0.37, 0.36, 0.30, 0.001])
    rows = np.array([orange, white, orange, white, orange, white, orange, orange])
    ring = revolved(np.array([[0.001, 0.0], [0.5, 0.0], [0.5, 0.05], [0.42, 0.07]]), black, 20)
    handle = tube(np.array([[0, -0.12, 0.93], [0, -0.1, 0.99], [0, 0.1, 0.99], [0, 0.12, 0.93]]), 0.02, orange, 6)
    body = revolved(np.column_stack([radius, heights]), rows, 20)
    return fitted(concat([body, ring, handle]), size_m)


def _panel(size_m: Size, book: MaterialBook) -> Soup:
    """A guide panel with slanting red and white stripes on a rubber foot, a lamp above."""
    length, width, turn = _along(size_m)
    red = _surface(book, "#c0171d", SemanticClass.CONE, 1.8)
    white = _surface(book, "#efeee9", SemanticClass.CONE, 2.2)
    black = _surface(book, "#1c1c1d", SemanticClass.CONE, 0.1)
    lamp = book.add(Surface("#e0a012", SemanticClass.CONE, roughness=0.2, emission=(1.8, 0.9, 0.05),
                            glow=Glow.FLASHING))  # fmt: skip
    low, high, half = 0.14, 0.88, 0.40
    parts = [rounded_box((1.0, 1.0, 0.09), (0, 0, 0.045), black, 0.03), box((0.12, 0.14, 0.2), (0, 0, 0.1), black),
             box((2 * half, 0.10, high - low), (0, 0, 0.5 * (low + high)), white)]  # fmt: skip
    step = (high - low) / 5
    for k in range(-1, 6):
        z = low + k * step
        stripe = np.array([[-half, z], [half, z + step], [half, z + 1.5 * step], [-half, z + 0.5 * step]])
        stripe[:, 1] = np.clip(stripe[:, 1], low, high)
        for y, order in ((0.056, slice(None)), (-0.056, slice(None, None, -1))):
            face = np.column_stack([stripe[:, 0], np.full(4, y), stripe[:, 1]])[::-1][order]
            parts.append(quads(face[None], red))
    parts.append(ellipsoid((0, 0, 0.935), (0.21, 0.12, 0.065), lamp, 6, 12))
    soup = fitted(concat(parts), (length, width, size_m[2]))
    return fitted(_turned_if(soup, turn), size_m)


def barrier(size_m: Size, style: str, book: MaterialBook) -> Body:
    """A barrier that exactly fills its box.

    Args:
        size_m: length, width, height; the longer side is the barrier's face.
        style: 'concrete', 'plastic' (water-filled), 'type_iii' (three boards), 'barricade' (two boards and lamps),
            'arrow_board' or 'cushion'.
        book: takes the materials.
    """
    if style == "concrete":
        return solid(_jersey(size_m, book), size_m)
    if style == "plastic":
        return solid(_plastic(size_m, book), size_m)
    if style == "arrow_board":
        return solid(_arrow_board(size_m, book), size_m)
    if style == "cushion":
        return solid(_cushion(size_m, book), size_m)
    return solid(_barricade(size_m, book, 3 if style == "type_iii" else 2), size_m)


def fitting_barrier(size: Size) -> str:
    """The barrier that suits a box: concrete where long and low, a cushion where wide, else by height."""
    long, short, height = max(size[0], size[1]), min(size[0], size[1]), size[2]
    if height > 2.0:
        return "arrow_board"
    if long > 2.2 * height and short > 1.2:
        return "cushion"
    if long > 2.2 * height and short > 0.3:
        return "concrete"
    if height > 1.25:
        return "type_iii"
    return "plastic" if short > 0.3 and long > 1.2 else "barricade"


def _plastic(size_m: Size, book: MaterialBook) -> Soup:
    """Water-filled segments, red and white in turn, with a waist and openings for forks."""
    length, width, turn = _along(size_m)
    height = size_m[2]
    red, white = (
        _surface(book, "#c9261f", SemanticClass.BARRIER, 0.6),
        _surface(book, "#e9e7e0", SemanticClass.BARRIER, 0.7),
    )
    dark = _surface(book, "#3a1512", SemanticClass.BARRIER, 0.2)
    count = max(2, round(length / 1.0))
    step = length / count
    parts: list[Soup] = []
    for k in range(count):
        x, color = -0.5 * length + (k + 0.5) * step, (red, white)[k % 2]
        parts += [
            rounded_box((0.97 * step, width, 0.42 * height), (x, 0, 0.21 * height), color, 0.06),
            rounded_box((0.97 * step, 0.55 * width, 0.62 * height), (x, 0, 0.65 * height), color, 0.06),
            rounded_box((0.97 * step, 0.7 * width, 0.1 * height), (x, 0, 0.95 * height), color, 0.03),
        ]
        for y in (0.25 * step, -0.25 * step):
            parts.append(box((0.2 * step, 1.004 * width, 0.1 * height), (x + y, 0, 0.06 * height), dark))
    return _turned_if(concat(parts), turn)


def _arrow_board(size_m: Size, book: MaterialBook) -> Soup:
    """A black panel of lamps that form an arrow to the right of those who see its face, on a trailer."""
    length, width, turn = _along(size_m)
    height = size_m[2]
    black = _surface(book, "#151617", SemanticClass.BARRIER, 0.2)
    orange = _surface(book, "#d9660f", SemanticClass.BARRIER, 0.6)
    tyre = _surface(book, "#17171a", SemanticClass.BARRIER, 0.1)
    lamp = book.add(Surface("#f0b92a", SemanticClass.BARRIER, roughness=0.2, emission=(4.0, 2.4, 0.25),
                            glow=Glow.FLASHING))  # fmt: skip
    # The face lies in the plane of the longer side; its lamps look towards +y before any turn, and back as well.
    low, middle = 0.50 * height, 0.74 * height
    parts = [
        box((length, 0.07, 0.5 * height), (0, 0, middle), black),
        box((length, 0.09, 0.03), (0, 0, low), orange), box((length, 0.09, 0.03), (0, 0, 0.985 * height), orange),
        *(box((0.07, 0.07, 0.75 * height), (x, 0, 0.37 * height), orange) for x in (-0.28 * length, 0.28 * length)),
        rounded_box((0.75 * length, 0.9 * width, 0.16 * height), (0, 0, 0.19 * height), orange, 0.04),
        *(cylinder((x, -0.11 * width, 0.11 * height), (x, 0.11 * width, 0.11 * height), 0.11 * height, tyre, 12)
          for x in (-0.42 * length, 0.42 * length)),
        *(cylinder((x, 0.38 * width * s, 0.0), (x, 0.38 * width * s, 0.2 * height), 0.03, orange, 6)
          for x in (-0.3 * length, 0.3 * length) for s in (1, -1)),
        box((0.05, width, 0.05), (0, 0, 0.12 * height), orange),
    ]  # fmt: skip
    dots = [(0.42 - 0.14 * k, 0.0) for k in range(6)] + [(0.42 - 0.11 * k, 0.105 * k) for k in range(1, 4)]
    dots += [(u, -v) for u, v in dots if v > 0]
    for u, v in dots:
        for face in (1, -1):
            x, z = -u * length * face, middle + 0.52 * v * height
            parts.append(cylinder((x, 0.03 * face, z), (x, 0.06 * face, z), 0.048 * height * 0.9, lamp, 8))
    return _turned_if(concat(parts), turn)


def _cushion(size_m: Size, book: MaterialBook) -> Soup:
    """A crash cushion: bays between rails, a striped nose."""
    length, width, turn = _along(size_m)
    height = size_m[2]
    yellow, black = (
        _surface(book, "#e0b31a", SemanticClass.BARRIER, 1.5),
        _surface(book, "#1c1c1d", SemanticClass.BARRIER),
    )
    grey = _surface(book, "#8d9196", SemanticClass.BARRIER)
    parts: list[Soup] = []
    for k in range(6):
        x = -0.5 * length + (k + 0.5) * length / 6
        wide = width * (0.97 - 0.06 * k)
        parts.append(rounded_box((0.9 * length / 6, wide, 0.9 * height), (x, 0, 0.5 * height), yellow, 0.06))
        parts.append(box((0.06, wide * 1.02, 0.95 * height), (x + 0.5 * length / 6, 0, 0.5 * height), grey))
    for z in (0.2, 0.45, 0.7):
        parts.append(box((0.03, 0.6 * width, 0.1 * height), (0.5 * length, 0, z * height), black))
    parts.append(box((length, width, 0.04), (0, 0, 0.02), grey))
    return _turned_if(concat(parts), turn)


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


def _barricade(size_m: Size, book: MaterialBook, boards: int) -> Soup:
    length, width, turn = _along(size_m)
    height = size_m[2]
    red, white = (
        _surface(book, "#b3161b", SemanticClass.BARRIER, 1.5),
        _surface(book, "#e8e7e2", SemanticClass.BARRIER, 2.0),
    )
    dark = _surface(book, "#d8d8d4" if boards == 3 else "#26282b", SemanticClass.BARRIER, 0.2)
    lamp = book.add(
        Surface("#c77a10", SemanticClass.BARRIER, roughness=0.2, emission=(1.6, 0.8, 0.05), glow=Glow.NIGHT)
    )
    parts: list[Soup] = []
    rows = ((0.28, 0.15), (0.53, 0.15), (0.78, 0.15)) if boards == 3 else ((0.40, 0.22), (0.70, 0.20))
    for low, tall in rows:
        parts.append(box((length, 0.03, tall * height), (0, 0, (low + 0.5 * tall) * height), white))
        for y in (0.018, -0.018):
            parts.append(_slanted(length, low * height, tall * height, y, red))
    for x in (-0.38 * length, 0.38 * length):
        parts += [
            bar((x, 0, 0.03), (x, 0, 0.95 * height), 0.05, 0.05, dark),
            rounded_box((0.08, width, 0.06), (x, 0, 0.03), dark, 0.02),
            cylinder((x, -0.035, 0.96 * height), (x, 0.035, 0.96 * height), 0.04 * height, lamp, 10),
        ]
    return fitted(_turned_if(concat(parts), turn), size_m)


def _slanted(length: float, low: float, tall: float, y: float, material: int) -> Soup:
    """Stripes that lean by 45 degrees across a board in the plane of that y, seen from its side."""
    parts: list[Soup] = []
    pitch = 2.0 * tall
    for start in np.arange(-0.5 * length - tall, 0.5 * length, pitch):
        outline = np.array([[start, low], [start + 0.5 * pitch, low], [start + 0.5 * pitch + tall, low + tall],
                            [start + tall, low + tall]])  # fmt: skip
        outline[:, 0] = np.clip(outline[:, 0], -0.5 * length, 0.5 * length)
        face = np.column_stack([outline[:, 0], np.full(4, y), outline[:, 1]])
        parts.append(quads((face if y < 0 else face[::-1])[None], material))
    return concat(parts)


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
