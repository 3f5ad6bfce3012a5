"""People: walkers of every age, someone in a wheelchair, a flagger; each in eight poses where they walk."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from driving_data.taxonomy import ActorMode, SemanticClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.assets.body import Body, Posture, Size
from generators.raytrace.assets.figure import Joints, Look, figure, reaching, walking, with_hand
from generators.raytrace.lettering import lettering
from generators.raytrace.materials import Color, MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.solids import cylinder, ellipsoid, prism, revolved, rounded_box, sheet, tube
from generators.raytrace.soup import (
    Point,
    Soup,
    concat,
    moved,
    pitch_rotation,
    placed,
    recolored,
    roll_rotation,
    scaled,
    turned,
)

NUM_POSES = 8
LEAST_SQUEEZE = 0.85

UPPER_COLORS = ("#20242c", "#3b4a63", "#7a1f24", "#d8d5cc", "#4d5b3c", "#8a8f96", "#c9892d", "#2e6f8e", "#161616",
                "#b9a58a", "#6d3b5e", "#e3e1da", "#1f4d3a", "#a33b2a", "#5b6c8c")  # fmt: skip
LOWER_COLORS = ("#1d2430", "#2a3a5a", "#15161a", "#4b4a48", "#8b7a5f", "#33383f", "#5a6f93", "#2f2a26")
HAIR_COLORS = ("#14100d", "#2b1d14", "#4a311d", "#7a5a34", "#b08d57", "#8c8a86", "#5a2d1a", "#c9c6c0")
SKIN_COLORS = ("#d6a284", "#c48d69", "#a8744f", "#85573a", "#5f3d26", "#3f291b")


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
        age: 'adult', 'child' or 'elderly'.
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
    if age == "elderly":
        hair_color = "#d6d4d0"
    style = appearance.choice("hair", actor)
    if f"hair.{actor}" not in appearance.draws and (rider or age == "child") and style in ("bald", "auto"):
        style = "short"
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
        extra = book.add(Surface("#e9ecee", semantic, roughness=0.3, reflectance=0.1, lidar_reflectivity=3.0))
    return Look(
        skin, hair, upper, cloth(book, pick("lower_color", LOWER_COLORS), semantic), shoes, extra, garment=garment,
        build=appearance.number("build", actor) * (0.92 if age == "child" else 1.0),
        head_scale=1.32 if age == "child" else 1.0, helmet=vest or rider, vest=vest,
        backpack=age == "child" and not vest and bool(rng.random() < 0.5),
        hair_style="short" if style == "auto" else style,
    )  # fmt: skip


def within_all(poses: Sequence[Soup], size_m: Size) -> tuple[Soup, ...]:
    """Poses of one person scaled alike by the first, which fills the height.

    In plan they are squeezed to the box, but never by more than `LEAST_SQUEEZE`: an arm held out, a flag or a paddle
    reaches beyond a narrow box.
    """
    first = poses[0].corners_m.reshape(-1, 3)
    ground = float(first[:, 2].min())
    even = size_m[2] / float(np.ptp(first[:, 2]))
    result: list[Soup] = []
    for pose in poses:
        own = pose.corners_m.reshape(-1, 3)
        low, high = own.min(axis=0), own.max(axis=0)
        middle = np.array([0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1]), ground])
        squeeze = np.minimum(1.0, np.array(size_m) / np.maximum((high - low) * even, 1e-6))
        squeeze[:2] = np.maximum(squeeze[:2], LEAST_SQUEEZE)
        result.append(moved(scaled(moved(pose, -middle), even * squeeze), (0.0, 0.0, -0.5 * size_m[2])))
    return tuple(result)


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


def walker(size_m: Size, look: Look, age: str, carry: str, book: MaterialBook) -> Body:
    """Eight poses of a walk, with steps as long as the box allows, and four with a telephone at the ear.

    Args:
        size_m: length, width, height; what is carried stands within it.
        look: clothes, skin and hair.
        age: 'adult', 'child' or 'elderly' (stooping, in shorter steps).
        carry: 'none', 'backpack', 'bag', 'umbrella', 'pushchair' or 'stick'.
        book: takes the materials of what is carried.
    """
    reach_m = 0.5 * (0.8 if carry == "pushchair" else size_m[0]) * 1.75 / size_m[2]
    stride_rad = float(np.clip((reach_m - 0.17) / 0.80, 0.22, 0.30 if age == "elderly" else 0.46))
    plain = replace(look, skin=0, hair=1, upper=2, lower=3, shoes=4, extra=5, build=round(look.build / 0.04) * 0.04,
                    backpack=look.backpack or carry == "backpack")  # fmt: skip
    steel = book.add(Surface("#8e9296", SemanticClass.PEDESTRIAN, roughness=0.4, reflectance=0.2))
    lookup = np.array([look.skin, look.hair, look.upper, look.lower, look.shoes, look.extra, steel])
    stride_rad = round(stride_rad / 0.03) * 0.03
    poses = within([recolored(pose, lookup) for pose in _walk(plain, stride_rad, age, carry)], size_m)
    calls = within([recolored(pose, lookup) for pose in _walk(plain, stride_rad, age, "telephone")[::2]], size_m)
    postures = () if carry in ("umbrella", "pushchair") else (Posture(ActorMode.PHONE, calls),)
    return Body(poses, stride_length_m(size_m), postures=postures)


@lru_cache(maxsize=128)
def _walk(look: Look, stride_rad: float, age: str, carry: str) -> tuple[Soup, ...]:
    phases = np.arange(NUM_POSES) * 2 * np.pi / NUM_POSES
    lean = 0.30 if age == "elderly" else (0.10 if carry == "pushchair" else 0.04)
    moments = [walking(float(phase), stride_rad, 0.8 if age != "elderly" else 0.5, lean) for phase in phases]
    return tuple(_carrying(joints, look, carry) for joints in moments)


METAL = 6  # the row of steel among the placeholders of a walk


def _carrying(joints: Joints, look: Look, carry: str) -> Soup:
    """The figure with what it carries; materials are the placeholders of `Look` and `METAL`."""
    dark = look.shoes
    if carry == "umbrella":
        joints = with_hand(joints, 1, (0.30, -0.12, 1.30))
        hand = joints.wrists_m[1] + np.array([0.04, 0.02, 0.0])
        top = hand + np.array([-0.06, 0.06, 0.86])
        rim = np.array([[0.60, -0.30], [0.56, -0.22], [0.42, -0.10], [0.22, -0.02], [0.001, 0.02]])
        ribs = np.arange(len(rim) - 1) * 0 + look.extra
        over = revolved(rim, ribs, 10, 0.3)
        under = revolved(rim[::-1] - np.array([0.0, 0.012]), dark, 10, 0.3)
        shaft = cylinder(hand - np.array([0, 0, 0.08]), top + np.array([0, 0, 0.06]), 0.012, METAL, 6)
        return concat([figure(joints, look), moved(over, top), moved(under, top), shaft])
    if carry == "pushchair":
        joints = with_hand(with_hand(joints, 0, (0.48, 0.17, 1.06)), 1, (0.48, -0.17, 1.06))
        return concat([figure(joints, look), _pushchair(look)])
    if carry == "stick":
        joints = with_hand(joints, 1, (0.42, -0.26, 0.92))
        hand = joints.wrists_m[1] + np.array([0.03, 0.0, 0.0])
        stick = tube(hand + np.array([[-0.09, 0, 0.01], [0.02, 0, 0.03], [0.10, 0, 0.02 - hand[2]]]), 0.016,
                     dark, 6)  # fmt: skip
        return concat([figure(joints, look), stick])
    if carry == "bag":
        wrist = joints.wrists_m[0]
        bag = rounded_box((0.30, 0.12, 0.26), wrist + np.array([0.0, 0.02, -0.30]), look.extra, 0.03)
        strap = tube(wrist + np.array([[-0.1, 0.02, -0.18], [0, 0.02, -0.04], [0.1, 0.02, -0.18]]), 0.01,
                     look.extra, 4)  # fmt: skip
        return concat([figure(joints, look), bag, strap])
    if carry == "telephone":
        joints = with_hand(joints, 1, joints.pelvis_m + np.array([0.07, -0.13, 0.56]), (0.3, -0.4, -1.0))
        phone = rounded_box((0.02, 0.075, 0.15), joints.wrists_m[1] + np.array([0.0, 0.02, 0.10]), dark, 0.008)
        return concat([figure(joints, look), phone])
    return figure(joints, look)


def _pushchair(look: Look) -> Soup:
    """A pushchair ahead of the walker: four wheels, a frame, a seat under a hood, a child's head in it."""
    parts: list[Soup] = []
    for y in (0.24, -0.24):
        parts += [
            tube(np.array([[0.46, 0.8 * y, 1.04], [0.85, y, 0.55], [1.22, y, 0.12]]), 0.016, METAL, 5),
            tube(np.array([[1.0, y, 0.40], [0.72, y, 0.12]]), 0.016, METAL, 5),
            cylinder((0.72, y - 0.02, 0.13), (0.72, y + 0.02, 0.13), 0.13, look.shoes, 14),
            cylinder((1.22, y - 0.02, 0.11), (1.22, y + 0.02, 0.11), 0.11, look.shoes, 14),
        ]
    parts += [
        tube(np.array([[0.46, 0.2, 1.04], [0.46, -0.2, 1.04]]), 0.02, look.shoes, 6),
        rounded_box((0.5, 0.40, 0.10), (1.02, 0, 0.42), look.extra, 0.04),
        moved(
            turned(rounded_box((0.08, 0.40, 0.5), (0, 0, 0), look.extra, 0.03), pitch_rotation(-0.45)), (0.76, 0, 0.64)
        ),
        ellipsoid((0.80, 0, 0.80), (0.30, 0.22, 0.20), look.extra, 6, 12),
        rounded_box((0.2, 0.36, 0.22), (1.22, 0, 0.33), look.extra, 0.04),
        ellipsoid((1.0, 0, 0.68), (0.09, 0.085, 0.1), look.skin, 6, 9),
        ellipsoid((0.97, 0, 0.52), (0.13, 0.13, 0.15), look.upper, 6, 9),
    ]
    return concat(parts)


def stride_length_m(size_m: Size) -> float:
    """Distance of one full cycle (two steps) of a walk: 0.8 of the stature."""
    return 0.8 * size_m[2]


def flagger(size_m: Size, look: Look, book: MaterialBook) -> Body:
    """Someone in a high-visibility vest and a helmet who holds up a stop paddle, or does what the mode says.

    The paddle reads STOP on red (also without a mode) or SLOW on orange; waving on sweeps a flag from the side across
    the breast in 1.6 s; directing left or right stretches that arm of the flagger's own out, with a baton.
    """
    semantic = SemanticClass.PEDESTRIAN
    paint = {
        "red": Surface("#b3131a", semantic, roughness=0.4, reflectance=0.04, lidar_reflectivity=1.5),
        "orange": Surface("#f07a12", semantic, roughness=0.4, reflectance=0.04, lidar_reflectivity=1.5),
        "white": Surface("#eeeeea", semantic, roughness=0.4, reflectance=0.04, lidar_reflectivity=1.8),
        "black": Surface("#141414", semantic, roughness=0.5),
        "pole": Surface("#8e9296", semantic, roughness=0.4, reflectance=0.2),
        "baton": Surface("#ff3a1a", semantic, roughness=0.3, emission=(1.4, 0.25, 0.05)),
    }
    rows = {name: book.add(surface) for name, surface in paint.items()}
    stop, slow = (
        _paddle("STOP", rows["red"], rows["white"], rows["white"], rows["pole"], 8),
        _paddle("SLOW", rows["orange"], rows["black"], rows["black"], rows["pole"], 4),
    )
    base = _standing()
    held = with_hand(base, 1, (0.30, -0.27, 1.16))
    up = held.wrists_m[1] + np.array([0.05, 0.0, 0.0])
    showing = [concat([figure(held, look), moved(each, up)]) for each in (stop, slow)]
    waves = [_waving(base, look, rows, float(share)) for share in (0.0, 0.35, 0.8, 1.0, 0.8, 0.35)]
    aside = [_pointing(base, look, rows, side) for side in (0, 1)]
    poses = within_all([*showing, *waves, *aside], size_m)
    return Body(
        (poses[0],),
        postures=(
            Posture(ActorMode.SIGN_STOP, (poses[0],), 1.0),
            Posture(ActorMode.SIGN_SLOW, (poses[1],), 1.0),
            Posture(ActorMode.WAVE_ON, poses[2:8], 1.6),
            Posture(ActorMode.DIRECT_LEFT, (poses[8],), 1.0),
            Posture(ActorMode.DIRECT_RIGHT, (poses[9],), 1.0),
        ),
    )


def _standing() -> Joints:
    pelvis = np.array([0.0, 0.0, 0.93])
    ankles = np.array([[-0.02, 0.13, 0.08], [0.04, -0.13, 0.08]])
    wrists = np.array([[0.05, 0.30, 0.92], [0.05, -0.30, 0.92]])
    return reaching(pelvis, 0.02, ankles, wrists)


def _paddle(text: str, fill: int, edge: int, letters: int, pole: int, corners: int) -> Soup:
    """A paddle on a staff held at its grip (the origin): an octagon, or a square on its tip, to be read from +x."""
    turn = np.arange(corners) * 2 * np.pi / corners + (np.pi / 8 if corners == 8 else 0.0)
    outline = np.column_stack([np.cos(turn), np.sin(turn)])
    upright = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    radius = 0.30 if corners == 8 else 0.36
    middle = (0.0, 0.0, 0.88 - radius)
    parts = [
        moved(turned(prism(radius * outline, -0.012, 0.012, edge), upright), middle),
        moved(turned(prism(0.9 * radius * outline, -0.016, 0.016, fill), upright), middle),
        cylinder((0, 0, -0.75), (0, 0, 0.3), 0.017, pole, 6),
    ]
    words = lettering(text, 0.17, letters, 0.02)
    parts += [placed(words, middle, 0.0), placed(words, middle, np.pi)]
    return concat(parts)


def _waving(base: Joints, look: Look, rows: dict[str, int], share: float) -> Soup:
    """The right arm with a flag on its way from out at the side (0) to across the breast (1)."""
    angle = -1.5 + 2.1 * share
    wrist = np.array([0.0, -0.178, 1.36]) + 0.5 * np.array([np.cos(angle), np.sin(angle), 0.05 - 0.15 * share])
    posed = with_hand(base, 1, wrist)
    hand = posed.wrists_m[1]
    along = np.array([np.cos(angle), np.sin(angle), 0.55])
    along /= np.linalg.norm(along)
    tip = hand + 0.62 * along
    back = np.array([0.0, 0.0, -0.42])
    cloth_m = np.stack([np.stack([tip - 0.44 * along, tip]), np.stack([tip - 0.44 * along + back, tip + 0.9 * back])])
    face = sheet(cloth_m, rows["orange"])
    return concat([figure(posed, look), cylinder(hand - 0.1 * along, tip, 0.014, rows["pole"], 6), face,
                   sheet(cloth_m[::-1] + np.array([0.004, 0.004, 0.0]), rows["orange"])])  # fmt: skip


def _pointing(base: Joints, look: Look, rows: dict[str, int], side: int) -> Soup:
    """One arm stretched out level with a baton in its hand; the other hand at the breast, palm out."""
    out = 1.0 - 2.0 * side
    posed = with_hand(base, side, (0.05, 0.75 * out, 1.42))
    posed = with_hand(posed, 1 - side, (0.30, -0.12 * out, 1.32))
    hand = posed.wrists_m[side]
    baton = cylinder(hand, hand + np.array([0.02, 0.45 * out, 0.03]), 0.026, rows["baton"], 8)
    return concat([figure(posed, look), baton])


def wheelchair_user(size_m: Size, look: Look, book: MaterialBook) -> Body:
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
    return Body(within([concat(parts)], size_m))


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
