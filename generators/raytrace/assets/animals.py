"""Four-legged animals: deer, dog and boar, in eight poses of a walk."""

from dataclasses import dataclass

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.assets.people import NUM_POSES, within
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Texture
from generators.raytrace.solids import ellipsoid, sheet, tube
from generators.raytrace.soup import Soup, concat, moved, smooth

Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Breed:
    """Measures of an animal with a trunk of unit length.

    Attributes:
        leg: height of the hip above the ground.
        deep: half depth of the trunk.
        wide: half width of the trunk.
        neck: end of the neck, forward and up from the shoulder.
        head: length of the head.
        tail: end of the tail, backward and up from the croup.
        antlers: whether it bears antlers.
        coat: colour of the back.
        belly: colour of belly and tail.
        patches: colour of big patches on the trunk; '' for none.
        mane: colour of mane and tail; '' for none.
        face: colour of head and legs where it differs.
        socks: colour of the lower legs where it differs.
        horns: '', 'short' or 'tusks'.
        bushy: whether the tail is thick.
        snout: length of the muzzle, relative.
        ears: size of the ears, relative; above 1 they stand upright, below 0 they hang.
        heavy: thickness of the legs, relative.
    """

    leg: float
    deep: float
    wide: float
    neck: tuple[float, float]
    head: float
    tail: tuple[float, float]
    antlers: bool
    coat: str
    belly: str
    patches: str = ""
    mane: str = ""
    face: str = ""
    socks: str = ""
    horns: str = ""
    bushy: bool = False
    snout: float = 0.85
    ears: float = 1.0
    heavy: float = 1.0


BREEDS = {
    "deer": Breed(0.82, 0.19, 0.13, (0.30, 0.50), 0.30, (0.08, -0.10), True, "#7a5633", "#c9b08c"),
    "moose": Breed(0.88, 0.26, 0.17, (0.28, 0.22), 0.44, (0.06, -0.10), True, "#3d2e22", "#57463a"),
    "dog": Breed(0.56, 0.21, 0.14, (0.14, 0.30), 0.36, (0.22, 0.26), False, "#a9763c", "#e4cfa4", ears=-1.0, heavy=1.2),
    "boar": Breed(0.40, 0.29, 0.20, (0.16, -0.03), 0.42, (0.10, -0.10), False, "#33291f", "#42382f", horns="tusks"),
    "cat": Breed(0.46, 0.17, 0.13, (0.07, 0.20), 0.36, (0.22, 0.50), False, "#55514d", "#e8e4de", snout=0.38, ears=1.15,
                 heavy=1.25, socks="#e8e4de"),
    "fox": Breed(0.42, 0.145, 0.11, (0.16, 0.14), 0.30, (0.52, -0.06), False, "#c4581a", "#f0e6d6",
                 bushy=True, ears=1.6, socks="#241810"),
    "cow": Breed(0.56, 0.30, 0.22, (0.22, 0.12), 0.40, (0.05, -0.38), False, "#ece8df", "#ece8df", patches="#1a1715",
                 horns="short", snout=1.0, heavy=1.4),
    "horse": Breed(0.80, 0.22, 0.15, (0.30, 0.50), 0.42, (0.10, -0.42), False, "#5c3317", "#5c3317",
                   mane="#120c08", snout=1.1, heavy=1.15),
    "sheep": Breed(0.40, 0.30, 0.23, (0.14, 0.10), 0.27, (0.06, -0.14), False, "#dcd6c6", "#dcd6c6", face="#2a2522",
                   heavy=0.9),
}  # fmt: skip


# Tips of ears that hang, stand out, stand upright.
_EAR_TIPS = {-1: np.array([-0.05, 0.85, -0.6]), 1: np.array([-0.25, 0.8, 0.95]), 2: np.array([-0.25, 0.42, 0.95])}


def animal(kind: str, size_m: Size, book: MaterialBook) -> tuple[Soup, ...]:
    """Eight poses of a walk; the height fills the box exactly, length and width never exceed it."""
    breed = BREEDS[kind]
    coat = book.add(Surface(breed.coat, SemanticClass.ANIMAL, texture=Texture.FUR, texture_scale_m=0.08,
                            lidar_reflectivity=0.45, wettable=0.4))  # fmt: skip
    belly = book.add(Surface(breed.belly, SemanticClass.ANIMAL, texture=Texture.FUR, texture_scale_m=0.08,
                             lidar_reflectivity=0.5, wettable=0.4))  # fmt: skip
    dark = book.add(Surface("#1c1712", SemanticClass.ANIMAL, roughness=0.5))
    horn = book.add(Surface("#a08c6a", SemanticClass.ANIMAL, roughness=0.6))

    def tint(color: str) -> int:
        return book.add(Surface(color, SemanticClass.ANIMAL, texture=Texture.FUR, texture_scale_m=0.08,
                                lidar_reflectivity=0.4, wettable=0.4)) if color else coat  # fmt: skip

    face, mane, socks = tint(breed.face), tint(breed.mane), tint(breed.socks or breed.face)
    pieces = [_trunk(breed, coat, belly), _head(breed, face, dark, horn), _tail(breed, mane, belly)]
    if breed.patches:
        pieces.append(_patches(breed, tint(breed.patches)))
    if breed.mane and breed.neck[1] > 0.4:
        pieces.append(_mane(breed, mane))
    body = concat(pieces)
    poses = [
        concat([body, *_legs(breed, float(phase), coat, socks, dark)])
        for phase in np.arange(NUM_POSES) * 2 * np.pi / NUM_POSES
    ]
    points = np.concatenate([pose.corners_m.reshape(-1, 3) for pose in poses])
    low, high = points.min(axis=0), points.max(axis=0)
    stretch = size_m[0] / size_m[2] * (high[2] - low[2]) / (high[0] - low[0])
    centered = [moved(pose, (-0.5 * (low[0] + high[0]), 0.0, 0.0)) for pose in poses]
    grown = [Soup(pose.corners_m * [stretch, 1.0, 1.0], pose.normals, pose.uv_m, pose.material) for pose in centered]
    return within(grown, size_m)


def _trunk(breed: Breed, coat: int, belly: int) -> Soup:
    x = np.array([-0.52, -0.48, -0.36, -0.15, 0.1, 0.3, 0.44, 0.50])
    share = np.array([0.05, 0.62, 1.0, 0.86, 0.92, 1.08, 0.75, 0.1])
    middle = breed.leg + np.array([0.06, 0.05, 0.02, 0.03, 0.01, 0.0, 0.04, 0.06])
    angle = np.linspace(0, 2 * np.pi, 13)
    angle[-1] = 0.0
    points = np.stack(
        [
            np.broadcast_to(x[:, None], (8, 13)),
            np.outer(share * breed.wide, np.cos(angle)),
            middle[:, None] + np.outer(share * breed.deep, np.sin(angle)),
        ],
        axis=-1,
    )
    cells = np.full((7, 12), coat)
    cells[:, 7:11] = belly
    return smooth(sheet(points[::-1], cells[::-1]), 1.3)


def _head(breed: Breed, coat: int, dark: int, horn: int) -> Soup:
    root = np.array([0.40, 0.0, breed.leg + 0.06])
    top = root + np.array([breed.neck[0], 0.0, breed.neck[1]])
    neck = np.array([root - [0.08, 0, 0.02], 0.5 * (root + top) + [0.02, 0, -0.02], top])
    nose = top + breed.head * breed.snout * np.array([0.94, 0.0, -0.42])
    slim = 0.42 * breed.head
    parts = [
        tube(neck, np.array([0.95 * breed.deep, 0.62 * breed.deep, 0.44 * breed.deep]), coat, 9),
        ellipsoid(top + np.array([0.06 * breed.head, 0, 0]), (0.5 * slim, 0.42 * slim, 0.46 * slim), coat, 6, 9),
        tube(np.array([top, 0.5 * (top + nose), nose]), np.array([0.42, 0.32, 0.22]) * slim, coat, 8),
        ellipsoid(nose, np.full(3, 0.2 * slim), dark, 4, 6),
    ]
    for y in (1, -1):
        ear = np.array(
            [
                top + np.array([-0.02, 0.3 * slim * y, 0.3 * slim]),
                top + breed.ears * slim * np.array([-0.25, 0.8 * y if breed.ears <= 1.0 else 0.42 * y, 0.95]),
            ]
        )
        parts.append(tube(ear, np.array([0.26 * abs(breed.ears), 0.05]) * slim, coat, 5, 0.5))
        parts.append(
            ellipsoid(top + np.array([0.3 * slim, 0.36 * slim * y, 0.1 * slim]), np.full(3, 0.09 * slim), dark, 3, 5)
        )
        if breed.horns == "short":
            horn_path = top + slim * np.array([[0.0, 0.35 * y, 0.4], [0.0, 0.85 * y, 0.6], [0.12, 0.95 * y, 1.0]])
            parts.append(tube(horn_path, np.array([0.028, 0.022, 0.006]), horn, 6))
        if breed.horns == "tusks":
            root = 0.3 * top + 0.7 * nose
            tusk = root + slim * np.array([[0.1, 0.22 * y, -0.1], [0.25, 0.42 * y, 0.1], [0.22, 0.44 * y, 0.4]])
            parts.append(tube(tusk, np.array([0.02, 0.016, 0.004]), horn, 5))
        if breed.antlers:
            beam = top + np.array(
                [[0, 0.04 * y, 0.06], [-0.12, 0.16 * y, 0.22], [-0.06, 0.26 * y, 0.40], [0.08, 0.27 * y, 0.52]]
            )
            parts.append(tube(beam, np.array([0.02, 0.017, 0.014, 0.006]), horn, 5))
            for joint, tip in ((1, [0.10, 0.02 * y, 0.12]), (2, [-0.1, 0.06 * y, 0.12]), (2, [0.13, 0.0, 0.08])):
                parts.append(tube(np.array([beam[joint], beam[joint] + tip]), np.array([0.013, 0.005]), horn, 4))
    return concat(parts)


def _patches(breed: Breed, material: int) -> Soup:
    """Big dark patches that lie a little over the trunk."""
    places = ((-0.30, 0.5, 0.30), (0.10, 1.25, 0.26), (0.34, 0.35, 0.20), (-0.05, 2.6, 0.28), (-0.38, 2.3, 0.22),
              (0.33, 2.75, 0.18))  # fmt: skip
    parts: list[Soup] = []
    for x, turn, size in places:
        middle = np.array([x, 0.62 * breed.wide * np.cos(turn), breed.leg + 0.03 + 0.55 * breed.deep * np.sin(turn)])
        parts.append(ellipsoid(middle, (size, 0.50 * breed.wide, 0.56 * breed.deep), material, 8, 12))
    return concat(parts)


def _mane(breed: Breed, material: int) -> Soup:
    """Long hair along the top of the neck, and a forelock."""
    root = np.array([0.34, 0.0, breed.leg + 0.9 * breed.deep])
    top = np.array([0.40 + breed.neck[0], 0.0, breed.leg + 0.06 + breed.neck[1]])
    crest = np.array([root, 0.5 * (root + top) + [-0.06, 0, 0.05], top + np.array([-0.03, 0, 0.09]),
                      top + np.array([0.08, 0, 0.06])])  # fmt: skip
    return tube(crest, np.array([0.05, 0.085, 0.075, 0.02]), material, 7, 0.5)


def _tail(breed: Breed, coat: int, belly: int) -> Soup:
    root = np.array([-0.49, 0.0, breed.leg + 0.10])
    tip = root + np.array([-breed.tail[0], 0.0, breed.tail[1]])
    middle = 0.5 * (root + tip) + [0, 0, 0.03]
    if breed.bushy:
        brush = tube(
            np.array([root, middle, 0.3 * root + 0.7 * tip, tip]), np.array([0.03, 0.085, 0.075, 0.012]), coat, 8
        )
        return concat([brush, ellipsoid(0.12 * root + 0.88 * tip, (0.09, 0.05, 0.05), belly, 5, 8)])
    thick = np.array([0.05, 0.065, 0.03]) if breed.mane else np.array([0.04, 0.035, 0.015])
    return tube(np.array([root, middle, tip]), thick, coat, 6)


def _legs(breed: Breed, phase: float, coat: int, socks: int, dark: int) -> list[Soup]:
    parts: list[Soup] = []
    places = ((0.36, 1, 0.0), (0.36, -1, np.pi), (-0.38, 1, 0.5 * np.pi), (-0.38, -1, 1.5 * np.pi))
    for x, side, shift in places:
        swing = 0.38 * np.sin(phase + shift)
        lift = max(0.0, float(np.cos(phase + shift)))
        half = 0.5 * breed.leg
        hip = np.array([x, side * 0.62 * breed.wide, breed.leg])
        bend = -0.15 if x > 0 else 0.18
        knee = hip + half * np.array([np.sin(swing - bend), 0.0, -np.cos(swing - bend)])
        below = swing + bend - 0.7 * lift
        foot = knee + half * np.array([np.sin(below), 0.0, -np.cos(below)])
        foot[2] = max(float(foot[2]), 0.02)
        thigh = 0.62 * breed.deep if x < 0 else 0.5 * breed.deep
        parts.append(
            tube(
                np.array([hip, 0.4 * hip + 0.6 * knee, knee]),
                np.array([thigh, 0.5 * thigh, 0.036 * breed.heavy]),
                coat,
                7,
            )
        )
        parts.append(tube(np.array([knee, foot]), np.array([0.036, 0.024]) * breed.heavy, socks, 6))
        parts.append(
            tube(
                np.array([foot + np.array([0, 0, 0.0]), foot + np.array([0.03, 0, -0.02])]),
                np.array([0.032, 0.036]) * breed.heavy,
                dark,
                6,
            )
        )
    return parts
