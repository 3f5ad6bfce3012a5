"""The human figure: joints in space, and the body, clothes and hair around them.

Measures are those of an adult of 1.75 m (Drillis and Contini, 1966: limb lengths as shares of the stature); the
figure faces x, its left is y, the ground is z = 0. Builders pose the joints and scale the result.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from generators.raytrace.solids import ellipsoid, rounded_box, sheet, tube
from generators.raytrace.soup import Point, Soup, concat, moved, pitch_rotation, smooth, turned

STATURE_M = 1.75
THIGH_M, SHIN_M, ANKLE_M = 0.43, 0.42, 0.08
UPPER_ARM_M, FOREARM_M = 0.30, 0.27
HIP_HALF_M, SHOULDER_HALF_M, SHOULDER_M = 0.09, 0.178, 0.475
# Tip of the nose, eyes on the skin a third of the way up the brow, ears: from the middle of an adult's head.
_FACE = np.array(
    [[0.114, 0, -0.012], [0.084, 0.032, 0.02], [0.084, -0.032, 0.02], [0.0, 0.086, -0.01], [0.0, -0.086, -0.01]]
)


@dataclass(frozen=True, slots=True)
class Look:
    """Materials and cut of one person's clothes.

    Attributes:
        skin: material of skin.
        hair: material of hair or hat.
        upper: material of the upper garment.
        lower: material of trousers or skirt.
        shoes: material of shoes.
        extra: material of a bag, a helmet or the stripes of a vest.
        garment: 'trousers', 'shorts', 'skirt' or 'coat'.
        build: width of the body relative to the average.
        head_scale: size of the head relative to an adult's.
        helmet: whether the hair is a helmet.
        vest: whether the upper garment carries reflective stripes.
        backpack: whether there is one.
        hair_style: 'short', 'long', 'cap' or 'bald'.
    """

    skin: int
    hair: int
    upper: int
    lower: int
    shoes: int
    extra: int
    garment: str = "trousers"
    build: float = 1.0
    head_scale: float = 1.0
    helmet: bool = False
    vest: bool = False
    backpack: bool = False
    hair_style: str = "short"


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """Where the joints are; rows of pairs are left, then right.

    Attributes:
        pelvis_m: shape (3,).
        lean_rad: forward lean of the trunk.
        knees_m: shape (2, 3).
        ankles_m: shape (2, 3).
        elbows_m: shape (2, 3).
        wrists_m: shape (2, 3).
        toes_rad: pitch of the feet, positive with the toes down, shape (2,).
    """

    pelvis_m: np.ndarray
    lean_rad: float
    knees_m: np.ndarray
    ankles_m: np.ndarray
    elbows_m: np.ndarray
    wrists_m: np.ndarray
    toes_rad: np.ndarray


def hips_of(pelvis_m: np.ndarray) -> np.ndarray:
    """Left and right hip joint."""
    return pelvis_m + np.array([[0.0, HIP_HALF_M, 0.0], [0.0, -HIP_HALF_M, 0.0]])


def shoulders_of(pelvis_m: np.ndarray, lean_rad: float) -> np.ndarray:
    """Left and right shoulder joint."""
    top = pelvis_m + SHOULDER_M * np.array([np.sin(lean_rad), 0.0, np.cos(lean_rad)])
    return top + np.array([[0.0, SHOULDER_HALF_M, 0.0], [0.0, -SHOULDER_HALF_M, 0.0]])


def two_link(start_m: np.ndarray, end_m: np.ndarray, first_m: float, second_m: float, bend: np.ndarray) -> np.ndarray:
    """The middle joint of a limb of two links between two points, bent towards `bend`."""
    span = end_m - start_m
    distance = float(np.clip(np.linalg.norm(span), 1e-6, first_m + second_m - 1e-4))
    along = span / max(float(np.linalg.norm(span)), 1e-6)
    share = (first_m**2 - second_m**2 + distance**2) / (2 * distance)
    aside = bend - (bend @ along) * along
    aside = aside / max(float(np.linalg.norm(aside)), 1e-6)
    return start_m + share * along + np.sqrt(max(first_m**2 - share**2, 0.0)) * aside


def walking(phase: float, stride_rad: float, arm_swing: float = 0.8, lean_rad: float = 0.04) -> Joints:
    """One moment of a walk: thighs swing as sines, the knee bends while its leg comes forward."""
    phases = np.array([phase, phase + np.pi])
    thigh = stride_rad * np.sin(phases)
    knee = 0.06 + 1.35 * stride_rad * np.maximum(np.cos(phases + 0.3), 0.0) ** 1.5
    pelvis = np.array([0.0, 0.0, 0.93])
    hips = hips_of(pelvis)
    knees = hips + THIGH_M * _swing(thigh)
    ankles = knees + SHIN_M * _swing(thigh - knee)
    toes = np.clip(0.9 * (knee - thigh) - 0.1, -0.35, 0.7)
    shoulders = shoulders_of(pelvis, lean_rad)
    arm = -arm_swing * thigh
    outward = np.array([[0.0, 0.06, 0.0], [0.0, -0.06, 0.0]])
    elbows = shoulders + UPPER_ARM_M * _swing(arm - 0.05) + outward
    wrists = elbows + FOREARM_M * _swing(arm + 0.25 + 0.4 * np.maximum(arm, 0.0))
    lowest = float(np.min(ankles[:, 2] - 0.1 * np.abs(np.sin(toes)))) - ANKLE_M
    drop = np.array([0.0, 0.0, -lowest])
    return Joints(pelvis + drop, lean_rad, knees + drop, ankles + drop, elbows + drop, wrists + drop, toes)


def _swing(angle_rad: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(angle_rad), np.zeros(len(angle_rad)), -np.cos(angle_rad)], axis=-1)


def with_hand(joints: Joints, side: int, wrist_m: Point, bend: Point = (-0.3, 0.0, -1.0)) -> Joints:
    """The same pose with one hand (0 left, 1 right) somewhere else; its elbow bends towards `bend`."""
    shoulder = shoulders_of(joints.pelvis_m, joints.lean_rad)[side]
    wrist = np.asarray(wrist_m, dtype=np.float64)
    reach = wrist - shoulder
    far = float(np.linalg.norm(reach))
    wrist = shoulder + reach * min(1.0, (UPPER_ARM_M + FOREARM_M - 0.01) / max(far, 1e-6))
    outward = np.asarray(bend, dtype=np.float64) + np.array([0.0, 0.4 * (1 - 2 * side), 0.0])
    elbows, wrists = joints.elbows_m.copy(), joints.wrists_m.copy()
    elbows[side], wrists[side] = two_link(shoulder, wrist, UPPER_ARM_M, FOREARM_M, outward), wrist
    return replace(joints, elbows_m=elbows, wrists_m=wrists)


def reaching(pelvis_m: np.ndarray, lean_rad: float, ankles_m: np.ndarray, wrists_m: np.ndarray) -> Joints:
    """A pose given by feet and hands: riders, people who sit or hold something."""
    hips, shoulders = hips_of(pelvis_m), shoulders_of(pelvis_m, lean_rad)
    knees = np.array(
        [two_link(hips[i], ankles_m[i], THIGH_M, SHIN_M, np.array([1.0, 0.12 * (1 - 2 * i), 0.25])) for i in range(2)]
    )
    elbows = np.array(
        [two_link(shoulders[i], wrists_m[i], UPPER_ARM_M, FOREARM_M, np.array([-0.3, 0.5 * (1 - 2 * i), -1.0]))
         for i in range(2)]
    )  # fmt: skip
    return Joints(pelvis_m, lean_rad, knees, ankles_m, elbows, wrists_m, np.zeros(2))


def figure(joints: Joints, look: Look) -> Soup:
    """The body around the joints."""
    parts = [_trunk(joints, look), _head(joints, look)]
    hips, shoulders = hips_of(joints.pelvis_m), shoulders_of(joints.pelvis_m, joints.lean_rad)
    for side in range(2):
        parts += _leg(hips[side], joints.knees_m[side], joints.ankles_m[side], float(joints.toes_rad[side]), look)
        parts += _arm(shoulders[side], joints.elbows_m[side], joints.wrists_m[side], look)
    if look.garment in ("skirt", "coat"):
        parts.append(_skirt(joints, look))
    return replace(concat(parts), keypoints_m=keypoints_of(joints, look.head_scale))


def keypoints_of(joints: Joints, head_scale: float = 1.0) -> Float[np.ndarray, "17 3"]:
    """The seventeen COCO keypoints in the order of `KEYPOINTS`: nose, eyes and ears on the skin, joints inside."""
    head = _head_middle(joints, head_scale) + head_scale * _FACE @ pitch_rotation(0.35 * joints.lean_rad).T
    limbs = (
        shoulders_of(joints.pelvis_m, joints.lean_rad), joints.elbows_m, joints.wrists_m, hips_of(joints.pelvis_m),
        joints.knees_m, joints.ankles_m,
    )  # fmt: skip
    return np.concatenate([head, *limbs]).astype(np.float64)


@lru_cache(maxsize=128)
def _trunk_shape(look: Look) -> Soup:
    z = np.array([-0.13, -0.07, 0.03, 0.07, 0.17, 0.24, 0.30, 0.40, 0.475, 0.53, 0.57])
    deep = np.array([0.04, 0.105, 0.118, 0.118, 0.105, 0.11, 0.118, 0.122, 0.108, 0.075, 0.045]) * look.build
    wide = np.array([0.05, 0.155, 0.168, 0.163, 0.15, 0.155, 0.165, 0.182, 0.18, 0.115, 0.05]) * look.build
    rows = np.full(10, look.upper)
    rows[:2] = look.lower
    if look.vest:
        rows[[4, 6]] = look.extra
    sides = 12
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    angle[-1] = 0.0
    points = np.stack(
        [np.cos(angle)[:, None] * deep, np.sin(angle)[:, None] * wide, np.broadcast_to(z, (sides + 1, len(z)))], axis=-1
    )
    trunk = smooth(sheet(points, np.broadcast_to(rows, (sides, 10))), 1.0)
    parts = [trunk]
    if look.backpack:
        parts.append(rounded_box((0.15, 0.28, 0.38), (-0.17, 0, 0.33), look.extra, 0.05))
    return concat(parts)


def _trunk(joints: Joints, look: Look) -> Soup:
    return moved(turned(_trunk_shape(look), pitch_rotation(joints.lean_rad)), joints.pelvis_m)


@lru_cache(maxsize=128)
def _head_shape(look: Look) -> Soup:
    size = look.head_scale
    parts = [
        tube(np.array([[0, 0, -0.17], [0.012, 0, -0.05]]), 0.052, look.skin, 8, caps=False),
        ellipsoid((0.0, 0.0, 0.0), (0.094, 0.074, 0.118), look.skin, 8, 12),
        *_hair(look),
        ellipsoid((0.094, 0.0, -0.012), (0.02, 0.014, 0.024), look.skin, 3, 5),
        ellipsoid((0.0, 0.076, -0.01), (0.018, 0.01, 0.028), look.skin, 3, 5),
        ellipsoid((0.0, -0.076, -0.01), (0.018, 0.01, 0.028), look.skin, 3, 5),
    ]
    head = concat(parts)
    return Soup(head.corners_m * size, head.normals, head.uv_m, head.material)


def _hair(look: Look) -> list[Soup]:
    """Hair or what is worn over it; the face looks along x."""
    if look.helmet:
        brim = ellipsoid((0.04, 0, 0.02), (0.13, 0.11, 0.018), look.extra, 4, 12)
        return [ellipsoid((-0.008, 0, 0.05), (0.112, 0.096, 0.105), look.extra, 6, 12), brim]
    if look.hair_style == "bald":
        return [ellipsoid((-0.04, 0, -0.015), (0.078, 0.079, 0.05), look.hair, 6, 12)]
    short = ellipsoid((-0.022, 0, 0.028), (0.102, 0.083, 0.108), look.hair, 6, 12)
    if look.hair_style == "long":
        return [short, ellipsoid((-0.06, 0, -0.08), (0.065, 0.095, 0.16), look.hair, 6, 12)]
    if look.hair_style == "cap":
        return [ellipsoid((-0.012, 0, 0.045), (0.105, 0.086, 0.085), look.extra, 6, 12),
                ellipsoid((0.11, 0, 0.04), (0.07, 0.07, 0.012), look.extra, 4, 10)]  # fmt: skip
    return [short]


def _head(joints: Joints, look: Look) -> Soup:
    turn = pitch_rotation(0.35 * joints.lean_rad)
    return moved(turned(_head_shape(look), turn), _head_middle(joints, look.head_scale))


def _head_middle(joints: Joints, head_scale: float) -> np.ndarray:
    lean, upright = joints.lean_rad, 0.35 * joints.lean_rad
    top = joints.pelvis_m + 0.55 * np.array([np.sin(lean), 0.0, np.cos(lean)])
    return top + 0.152 * head_scale * np.array([np.sin(upright) + 0.1, 0.0, np.cos(upright)])


@lru_cache(maxsize=32)
def _shoe(material: int) -> Soup:
    return rounded_box((0.27, 0.1, 0.095), (0.065, 0, -0.033), material, 0.035)


def _leg(hip: np.ndarray, knee: np.ndarray, ankle: np.ndarray, toes: float, look: Look) -> list[Soup]:
    thick = look.build
    upper = tube(np.array([hip, 0.5 * (hip + knee), knee]), np.array([0.088, 0.078, 0.058]) * thick, look.lower, 8)
    shin_material = look.skin if look.garment in ("shorts", "skirt") else look.lower
    lower = tube(
        np.array([knee, 0.6 * knee + 0.4 * ankle, ankle]), np.array([0.058, 0.058, 0.044]) * thick, shin_material, 8
    )
    joint = ellipsoid(knee, np.full(3, 0.057) * thick, shin_material, 3, 6)
    return [upper, lower, joint, moved(turned(_shoe(look.shoes), pitch_rotation(toes)), ankle)]


def _arm(shoulder: np.ndarray, elbow: np.ndarray, wrist: np.ndarray, look: Look) -> list[Soup]:
    thick = look.build
    short = look.garment == "shorts"
    lower_material = look.skin if short else look.upper
    hand = wrist + 0.05 * (wrist - elbow) / max(float(np.linalg.norm(wrist - elbow)), 1e-6)
    return [
        ellipsoid(shoulder, np.array([0.064, 0.052, 0.064]) * thick, look.upper, 4, 7),
        tube(np.array([shoulder, elbow]), np.array([0.055, 0.046]) * thick, look.upper, 7),
        tube(np.array([elbow, wrist]), np.array([0.045, 0.032]) * thick, lower_material, 7),
        ellipsoid(elbow, np.full(3, 0.045) * thick, lower_material, 3, 6),
        ellipsoid(hand, (0.05, 0.03, 0.06), look.skin, 4, 6),
    ]


def _skirt(joints: Joints, look: Look) -> Soup:
    """From the waist to around both knees."""
    material = look.upper if look.garment == "coat" else look.lower
    knees = joints.knees_m
    middle = knees.mean(axis=0)
    reach = 0.5 * abs(float(knees[0, 0] - knees[1, 0])) + 0.12
    levels = [
        (joints.pelvis_m + np.array([0, 0, 0.12]), 0.122, 0.165),
        (joints.pelvis_m + np.array([0, 0, -0.05]), 0.14, 0.185),
        (0.5 * (joints.pelvis_m + middle), 0.5 * (0.14 + reach), 0.20),
        (middle + np.array([0, 0, 0.02]), reach, 0.20),
    ]
    angle = np.linspace(0, 2 * np.pi, 13)
    angle[-1] = 0.0
    rings = [
        center + np.column_stack([deep * look.build * np.cos(angle), wide * look.build * np.sin(angle), 0 * angle])
        for center, deep, wide in reversed(levels)
    ]
    outside = sheet(np.stack(rings, axis=1), material)
    inside = sheet(np.stack(rings[::-1], axis=1) * 1.0, material)
    return concat([smooth(outside, 1.2), smooth(inside, 1.2)])
