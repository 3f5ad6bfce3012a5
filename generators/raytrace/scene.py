"""What the tracer sees: one static mesh, one mesh per asset, rigid placements, materials and lamps.

`build.py` makes it from a `SceneDescription`; `tracer.py` renders it. Coordinates are `world` for the static mesh
and the actor's own frame (box centre, x forward, y left, z up) for assets. Colours are linear RGB.
"""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from jaxtyping import Float, Float32, Int, Int32, UInt8

from driving_data.environment import Environment


class Texture(IntEnum):
    """A procedural pattern that multiplies the albedo; evaluated from uv (metres) at the hit."""

    NONE = 0
    ASPHALT = 1
    CONCRETE = 2
    GRASS = 3
    FACADE = 4
    BRICK = 5
    FOLIAGE = 6
    BARK = 7
    PAVING = 8
    DIRT = 9
    ROOF = 10
    FUR = 11
    CLOTH = 12
    STRIPES = 13


class Glow(IntEnum):
    """When a material's emission is lit."""

    ALWAYS = 0
    NIGHT = 1
    LOW_BEAM = 2
    BRAKE = 3
    LEFT_INDICATOR = 4
    RIGHT_INDICATOR = 5
    EMERGENCY = 6
    SIGNAL_RED = 7
    SIGNAL_YELLOW = 8
    SIGNAL_GREEN = 9
    REVERSE = 10
    EMERGENCY_AFTER = 11
    FLASHING = 12


class Joint(IntEnum):
    """How a part moves against what carries it."""

    ROLLS = 0
    STEERED = 1
    WORKS = 2
    TURNS = 3
    OPENS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Materials:
    """Surfaces, as columns over M materials.

    Attributes:
        albedo: diffuse colour, linear RGB, shape (M, 3).
        second: second colour of the texture (window panes of a facade, the other stripe), shape (M, 3).
        roughness: 0 mirror to 1 matt, shape (M,).
        reflectance: specular reflectance at normal incidence, shape (M,).
        emission: radiance when lit, relative to a white wall in full sun = 1, shape (M, 3).
        glow: `Glow` numbers: when the emission is lit, shape (M,).
        signal: index of the traffic signal whose state lights it; -1 for none, shape (M,).
        texture: `Texture` numbers, shape (M,).
        texture_scale_m: size of one period of the pattern, shape (M,).
        semantic: `SemanticClass` numbers, shape (M,).
        lidar_reflectivity: diffuse reflectivity at 905 nm, 0 to 1 (retroreflectors above 1), shape (M,).
        wettable: how much rain darkens it and makes it shine, 0 to 1, shape (M,).
    """

    albedo: Float32[np.ndarray, "M 3"]
    second: Float32[np.ndarray, "M 3"]
    roughness: Float32[np.ndarray, "M"]
    reflectance: Float32[np.ndarray, "M"]
    emission: Float32[np.ndarray, "M 3"]
    glow: Int32[np.ndarray, "M"]
    signal: Int32[np.ndarray, "M"]
    texture: Int32[np.ndarray, "M"]
    texture_scale_m: Float32[np.ndarray, "M"]
    semantic: UInt8[np.ndarray, "M"]
    lidar_reflectivity: Float32[np.ndarray, "M"]
    wettable: Float32[np.ndarray, "M"]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles.

    Attributes:
        vertices_m: shape (V, 3).
        triangles: vertex indices, counter-clockwise seen from outside, shape (F, 3).
        material: row of `Materials`, shape (F,).
        uv_m: texture coordinates in metres at the three corners, shape (F, 3, 2).
        normals: shading normals at the three corners (equal to the face normal where flat), shape (F, 3, 3).
        keypoints_m: COCO keypoints of the person in it, in the order of `KEYPOINTS`, shape (17, 3); None without one.
    """

    vertices_m: Float32[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "F 3"]
    material: Int32[np.ndarray, "F"]
    uv_m: Float32[np.ndarray, "F 3 2"]
    normals: Float32[np.ndarray, "F 3 3"]
    keypoints_m: "Float[np.ndarray, '17 3'] | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Lamps:
    """Fixed lamps in `world`, of streets and tunnels; those of vehicles come from the actors' state.

    Attributes:
        position_m: shape (L, 3).
        direction: main direction, unit, shape (L, 3).
        color: intensity in linear RGB at one metre, shape (L, 3).
        cos_cone: cosine of the half angle of the cone; -1 for all round, shape (L,).
        by_day: factor on the colour by day, 0 for lamps that burn at night alone, shape (L,); None for none by day.
    """

    position_m: Float[np.ndarray, "L 3"]
    direction: Float[np.ndarray, "L 3"]
    color: Float[np.ndarray, "L 3"]
    cos_cone: Float[np.ndarray, "L"]
    by_day: Float[np.ndarray, "L"] | None = None

    def levels(self, night: bool) -> Float[np.ndarray, "L"]:
        """Factor on the colour of each lamp, by night (1) or by day."""
        if night:
            return np.ones(len(self.color))
        return np.zeros(len(self.color)) if self.by_day is None else self.by_day


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Rigid parts of actors that move by themselves: wheels, doors, arms of machines; columns over P parts.

    The frame of a part has its origin at the pivot and, at angle 0, the axes of the actor. Carriers stand before
    what they carry.

    Attributes:
        actor: index of the actor, shape (P,).
        asset: its mesh, shape (P,).
        joint: `Joint` numbers, shape (P,).
        parent: the part that carries it; -1 for the actor itself, shape (P,).
        pivot_m: its origin in the frame of what carries it, shape (P, 3).
        axis: unit axis of its turn, shape (P, 3).
        rest_rad: angle at rest, shape (P,).
        swing_rad: how far it swings out at work, or opens, shape (P,).
        period_s: time of one swing or turn, shape (P,).
        phase: where in its swing it is at time 0, as a share of the period, shape (P,).
        radius_m: of a wheel, shape (P,).
        name: what it is called in labels, P of them.
    """

    actor: Int[np.ndarray, "P"]
    asset: Int[np.ndarray, "P"]
    joint: Int[np.ndarray, "P"]
    parent: Int[np.ndarray, "P"]
    pivot_m: Float[np.ndarray, "P 3"]
    axis: Float[np.ndarray, "P 3"]
    rest_rad: Float[np.ndarray, "P"]
    swing_rad: Float[np.ndarray, "P"]
    period_s: Float[np.ndarray, "P"]
    phase: Float[np.ndarray, "P"]
    radius_m: Float[np.ndarray, "P"]
    name: tuple[str, ...]


def no_parts() -> Parts:
    """Nothing moves by itself."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Parts(whole, whole, whole, whole, np.zeros((0, 3)), np.zeros((0, 3)), real, real, real, real, real, ())


@dataclass(frozen=True, slots=True, eq=False)
class Postures:
    """Bodies that an actor shows instead of its gait while a mode holds; of several the first row counts.

    Attributes:
        actor: index of the actor, shape (Q,).
        mode: the `ActorMode` bit, shape (Q,).
        first: its first mesh, shape (Q,).
        count: number of meshes, shape (Q,).
        period_s: time in which it goes through them; 0 where the gait says which, shape (Q,).
    """

    actor: Int[np.ndarray, "Q"]
    mode: Int[np.ndarray, "Q"]
    first: Int[np.ndarray, "Q"]
    count: Int[np.ndarray, "Q"]
    period_s: Float[np.ndarray, "Q"]


def no_postures() -> Postures:
    """Modes change no body."""
    whole = np.zeros(0, dtype=np.int64)
    return Postures(whole, whole, whole, whole, np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class MeshScene:
    """Everything that can be hit, and what lights it.

    Attributes:
        static: the street, in `world`.
        assets: meshes in actor frames.
        asset_frames: asset of each actor in each of K poses of its gait (K = 1 for rigid bodies repeated), shape
            (A, K); -1 where the actor has no body (the ego).
        stride_m: distance in which an actor goes through its K poses; inf for rigid bodies, shape (A,).
        materials: surfaces of all meshes.
        lamps: street lamps.
        environment: weather and light.
        parts: what moves by itself on actors; the meshes of `asset_frames` are without them.
        postures: bodies that modes ask for.
        undrawn: what of the scene description is shown as a plain box, or not at all, in words.
        covers: pieces of tunnels, rows as `scenery.tunnels` explains them, in `world`; None for none.
    """

    static: Mesh
    assets: tuple[Mesh, ...]
    asset_frames: Int[np.ndarray, "A K"]
    stride_m: Float[np.ndarray, "A"]
    materials: Materials
    lamps: Lamps
    environment: Environment
    parts: Parts = field(default_factory=no_parts)
    postures: Postures = field(default_factory=no_postures)
    undrawn: tuple[str, ...] = ()
    covers: Float[np.ndarray, "C 14"] | None = None
