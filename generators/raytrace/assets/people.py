"""People: walkers of every age, someone in a wheelchair, a flagger; each in eight poses where they walk."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.assets.figure import Look, figure, reaching, walking
from generators.raytrace.materials import Color, MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.solids import cylinder, prism, revolved, rounded_box, tube
from generators.raytrace.soup import Point, Soup, concat, moved, recolored, roll_rotation, scaled, turned

NUM_POSES = 8
Size = tuple[float, float, float]

UPPER_COLORS = ("#20242c", "#3b4a63", "#7a1f24", "#d8d5cc", "#4d5b3c", "#8a8f96", "#c9892d", "#2e6f8e", "#161616",
                "#b9a58a", "#6d3b5e", "#e3e1da", "#1f4d3a", "#a33b2a", "#5b6c8c")  # fmt: skip
LOWER_COLORS = ("#1d2430", "#2a3a5a", "#15161a", "#4b4a48", "#8b7a5f", "#33383f", "#5a6f93", "#2f2a26")
HAIR_COLORS = ("#14100d", "#2b1d14", "#4a311d", "#7a5a34", "#b08d57", "#8c8a86", "#5a2d1a", "#c9c6c0")
SKIN_COLORS = ("#f0c9ac", "#e0ac88", "#c68a62", "#9a6440", "#6e4429", "#4a2d1c")


def cloth(book: MaterialBook, color: Color, semantic: SemanticClass, bright: float = 0.35) -> int:
    """A woven material."""
    return book.add(
        Surface(color, semantic, roughness=0.9, reflectance=0.02, texture=Texture.CLOTH, texture_scale_m=0.12,
                lidar_reflectivity=bright, wettable=0.5)
    )  # fmt: skip


def person_look(
    book: MaterialBook,
    appearance: Appearance,
    actor: str,
    semantic: SemanticClass,
    age: str,
    *,
    vest: bool = False,
    rider: bool = False,
) -> Look:
    """Clothes, skin and hair of one actor, from its draws.

    Args:
        book: takes the materials.
        appearance: the draws.
        actor: id of the actor.
        semantic: class of all its surfaces.
        age: 'adult' or 'child'.
        vest: a high-visibility vest and a helmet, as workers wear.
        rider: a helmet, and nothing that hangs down.
    """

    def pick(key: str, palette: Sequence[str]) -> str:
        share = min(max(appearance.number(key, actor), 0.0), 1.0)
        return palette[min(int(share * len(palette)), len(palette) - 1)]

    rng = appearance.rng(f"person.{actor}")
    skin = book.add(Surface(pick("skin_tone", SKIN_COLORS), semantic, roughness=0.6, reflectance=0.03,
                            lidar_reflectivity=0.5, wettable=0.2))  # fmt: skip
    hair_color = pick("hair_color", HAIR_COLORS[:5] if age == "child" else HAIR_COLORS)
    hair = book.add(Surface(hair_color, semantic, roughness=0.6, reflectance=0.04,
                            texture=Texture.FUR, texture_scale_m=0.05, wettable=0.4))  # fmt: skip
    shoes = book.add(Surface(("#161616", "#3a2a1e", "#d8d6d0")[int(rng.integers(3))], semantic, roughness=0.5,
                             reflectance=0.04))  # fmt: skip
    garment = appearance.choice("garment", actor)
    if (vest or rider) and garment in ("skirt", "coat"):
        garment = "trousers"
    upper = cloth(book, pick("upper_color", UPPER_COLORS), semantic)
    extra = cloth(book, UPPER_COLORS[int(rng.integers(len(UPPER_COLORS)))], semantic)
    if vest:
        upper = cloth(book, (0.62, 0.83, 0.03), semantic, 0.8)
        extra = book.add(Surface("#d6d8da", semantic, roughness=0.3, reflectance=0.1, lidar_reflectivity=3.0))
    return Look(
        skin, hair, upper, cloth(book, pick("lower_color", LOWER_COLORS), semantic), shoes, extra, garment=garment,
        build=appearance.number("build", actor) * (0.92 if age == "child" else 1.0),
        head_scale=1.32 if age == "child" else 1.0, helmet=vest or rider, vest=vest,
        backpack=not vest and bool(rng.random() < (0.5 if age == "child" else 0.25)),
    )  # fmt: skip


def within(poses: Sequence[Soup], size_m: Size) -> tuple[Soup, ...]:
    """Poses scaled to stand exactly in the height of the box, and never wider or longer than it."""
    tall = size_m[2]
    points = [pose.corners_m.reshape(-1, 3) for pose in poses]
    even = tall / float(np.max([part[:, 2].max() - part[:, 2].min() for part in points]))
    reach = np.max([np.abs(part[:, :2]).max(axis=0) for part in points], axis=0) * even
    squeeze = np.minimum(0.5 * np.array(size_m[:2]) / np.maximum(reach, 1e-6), 1.0)
    result: list[Soup] = []
    for pose, part in zip(poses, points, strict=True):
        low, high = float(part[:, 2].min()), float(part[:, 2].max())
        lifted = moved(pose, (0.0, 0.0, -0.5 * (low + high)))
        result.append(scaled(lifted, (even * squeeze[0], even * squeeze[1], tall / (high - low))))
    return tuple(result)


def walker(size_m: Size, look: Look) -> tuple[Soup, ...]:
    """Eight poses of a walk, with steps as long as the box allows."""
    reach_m = 0.5 * size_m[0] * 1.75 / size_m[2]
    stride_rad = float(np.clip((reach_m - 0.17) / 0.80, 0.22, 0.46))
    plain = replace(look, skin=0, hair=1, upper=2, lower=3, shoes=4, extra=5, build=round(look.build / 0.04) * 0.04)
    lookup = np.array([look.skin, look.hair, look.upper, look.lower, look.shoes, look.extra])
    poses = _walk(plain, round(stride_rad / 0.03) * 0.03)
    return within([recolored(pose, lookup) for pose in poses], size_m)


@lru_cache(maxsize=96)
def _walk(look: Look, stride_rad: float) -> tuple[Soup, ...]:
    phases = np.arange(NUM_POSES) * 2 * np.pi / NUM_POSES
    return tuple(figure(walking(float(phase), stride_rad), look) for phase in phases)


def stride_length_m(size_m: Size) -> float:
    """Distance of one full cycle (two steps) of a walk: 0.8 of the stature."""
    return 0.8 * size_m[2]


def flagger(size_m: Size, look: Look, book: MaterialBook) -> tuple[Soup, ...]:
    """Someone in a high-visibility vest who holds up a stop paddle."""
    semantic = SemanticClass.PEDESTRIAN
    red = book.add(Surface("#a31217", semantic, roughness=0.4, reflectance=0.04, lidar_reflectivity=1.5))
    white = book.add(Surface("#e6e6e2", semantic, roughness=0.4, reflectance=0.04, lidar_reflectivity=1.8))
    pole = book.add(Surface("#8e9296", semantic, roughness=0.4, reflectance=0.2))
    pelvis = np.array([0.0, 0.0, 0.93])
    ankles = np.array([[-0.02, 0.13, 0.08], [0.04, -0.13, 0.08]])
    wrists = np.array([[0.05, 0.30, 0.92], [0.27, -0.28, 1.2]])
    body = figure(reaching(pelvis, 0.02, ankles, wrists), look)
    turn = np.arange(8) * np.pi / 4 + np.pi / 8
    octagon = np.column_stack([np.cos(turn), np.sin(turn)])
    upright = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    paddle = concat(
        [
            turned(prism(0.23 * octagon, -0.012, 0.012, white), upright),
            turned(prism(0.205 * octagon, -0.016, 0.016, red), upright),
            turned(prism(np.array([[-0.13, -0.035], [0.13, -0.035], [0.13, 0.035], [-0.13, 0.035]]), -0.019, 0.019,
                         white), upright),
        ]
    )  # fmt: skip
    hand = wrists[1] + np.array([0.05, 0.0, 0.0])
    staff = cylinder(hand - np.array([0, 0, 0.5]), hand + np.array([0, 0, 0.32]), 0.016, pole, 6)
    held = concat([staff, moved(paddle, hand + np.array([0.0, 0.0, 0.32]))])
    return within([concat([body, held])], size_m)


def wheelchair_user(size_m: Size, look: Look, book: MaterialBook) -> tuple[Soup, ...]:
    """Someone who sits in a wheelchair, hands at the rims."""
    semantic = SemanticClass.PEDESTRIAN
    steel = book.add(Surface("#9aa0a6", semantic, roughness=0.25, reflectance=0.5))
    rubber = book.add(Surface("#17171a", semantic, roughness=0.9, reflectance=0.02))
    seat = book.add(Surface("#23262b", semantic, roughness=0.8, reflectance=0.03))
    pelvis = np.array([-0.12, 0.0, 0.60])
    ankles = np.array([[0.42, 0.1, 0.19], [0.42, -0.1, 0.19]])
    wrists = np.array([[0.03, 0.33, 0.62], [0.03, -0.33, 0.62]])
    parts = [figure(reaching(pelvis, -0.06, ankles, wrists), look)]
    side_frame = np.array([[-0.34, 0.75, 0.95], [-0.3, 0.75, 0.45], [0.2, 0.75, 0.47], [0.44, 0.6, 0.14]])
    for y in (0.3, -0.3):
        parts += [_spoked(0.3, rubber, steel, (-0.1, y, 0.3)), _spoked(0.09, rubber, steel, (0.38, 0.8 * y, 0.09))]
        parts += [
            tube(side_frame * np.array([1.0, y, 1.0]), 0.014, steel, 5),
            tube(np.array([[-0.34, 0.75 * y, 0.95], [-0.46, 0.75 * y, 0.95]]), 0.018, rubber, 5),
            rounded_box((0.34, 0.05, 0.04), (-0.1, 0.85 * y, 0.72), seat, 0.015),
        ]  # fmt: skip
    parts += [
        rounded_box((0.46, 0.44, 0.06), (-0.06, 0, 0.48), seat, 0.02),
        rounded_box((0.05, 0.42, 0.45), (-0.30, 0, 0.75), seat, 0.02),
        rounded_box((0.18, 0.34, 0.02), (0.46, 0, 0.11), seat, 0.008),
    ]
    return within([concat(parts)], size_m)


def _spoked(radius: float, rubber: int, steel: int, center: Point) -> Soup:
    """A thin wheel about the y axis."""
    profile = np.array([[radius - 0.03, -0.014], [radius, -0.01], [radius, 0.01], [radius - 0.03, 0.014],
                        [radius - 0.03, -0.014]])  # fmt: skip
    parts = [revolved(profile, rubber, 16)]
    for angle in np.arange(5) * np.pi / 5:
        end = (radius - 0.02) * np.array([np.cos(angle), np.sin(angle), 0.0])
        parts.append(tube(np.array([-end, end]), 0.004, steel, 3, caps=False))
    return moved(turned(concat(parts), roll_rotation(-0.5 * np.pi)), center)


def thin_wheel(radius_m: float, rubber: int, steel: int, center_m: Point) -> Soup:
    """A spoked wheel about the y axis, as of a bicycle."""
    return _spoked(radius_m, rubber, steel, center_m)
