"""What a parking sensor hears of its own tone, and of its neighbours'.

Sound runs at c = 331.3 m/s sqrt(1 + T / 273.15 C) (L. Kinsler et al., Fundamentals of Acoustics); the unit reckons with
20 C, so that its ranges are wrong by c(20) / c(T). In the cone 3,200 rays are traced; a hit that covers the solid
angle w at range R sends back

    a = D(off axis) F(theta) (w R^2) / R^4 10^(-0.1 absorption 2 R) / threshold

D is the two-way directivity (a sixteenth at the edge of the cone) and F = 0.001 cos(theta) + e^{-(theta / 12 deg)^2},
rough and mirroring: at 48 kHz the wave (7 mm) is longer than most roughness, so that tilted faces vanish and round
posts stay faint. Absorption is 1.3 dB/m at 48 kHz, 20 C and half humidity (ISO 9613-1), with the square root of the
frequency around there. Hits within one pulse (5 cm of range) add up to an envelope; where it exceeds the threshold
there is an echo, at the first hit at which it reaches half of its peak. The threshold is one that a post of 75 mm
diameter just passes at 3 m (ISO 17386 asks for such a post). Echoes before the end of the blind zone drown in the
ringing.

Cross echoes: sensors within a metre of each other hear each other's tones, whose range is half of the way from the
sender over the hit to the hearer; the facet must mirror one towards the other (its normal against the bisector). They
send one after the other, so that the hearer knows whose tone it is (`UltrasonicEchoes.sender`), and the hearer's own
membrane does not ring. That the hit sees the hearer is taken for granted.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.sensors import UltrasonicEchoes, UltrasonicModel
from generators.raytrace import surface_kernels
from generators.raytrace.cameras.develop import frame_rng
from generators.raytrace.moment import ULTRASONIC_DRAWS, Moment, Opened, placed_at, sensor_poses
from generators.raytrace.tracer import trace

ASSUMED_C = 20.0
_RINGS, _SPOKES = 40, 80
_PULSE_M = 0.05
_FLAT, _MIRROR_RAD = 0.001, 0.209
_ABSORPTION_DB_PER_M, _ABSORPTION_HZ = 1.3, 48.0e3
_THRESHOLD = 2.0e-5
_MAX_ECHOES = 5
_NEIGHBOUR_M = 1.0


def speed_of_sound_mps(celsius: float) -> float:
    """Speed of sound in dry air."""
    return float(331.3 * np.sqrt(1.0 + celsius / 273.15))


def air_temperature_c(environment: Environment) -> float:
    """A temperature that fits the weather: 0 C in snow, 8 C at night, 12 C in rain, else 18 C (our choice)."""
    if environment.snow_mmph > 0.0:
        return 0.0
    if environment.light() == "night":
        return 8.0
    return 12.0 if environment.rain_mmph > 0.0 else 18.0


def read_range_m(true_m: Float[np.ndarray, "n"], celsius: float) -> Float[np.ndarray, "n"]:
    """What a unit that reckons with 20 C reads at another temperature: R c(20) / c(T)."""
    return true_m * (speed_of_sound_mps(ASSUMED_C) / speed_of_sound_mps(celsius))


def cone(model: UltrasonicModel) -> tuple[Float32[np.ndarray, "n 3"], Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Directions in the sensor frame, the solid angle of each, and the two-way directivity.

    Rings of equal solid angle; the tone falls off as a Gaussian to a quarter (-12 dB both ways) at the cone's edge.
    """
    cosine = 1.0 - (np.arange(_RINGS) + 0.5) / _RINGS * (1.0 - np.cos(0.5 * model.cone_rad))
    turn = 2.0 * np.pi * (np.arange(_SPOKES)[None] + 0.5 * (np.arange(_RINGS)[:, None] % 2)) / _SPOKES
    sine = np.sqrt(1.0 - cosine**2)[:, None]
    direction = np.stack(
        [np.broadcast_to(cosine[:, None], turn.shape), sine * np.cos(turn), sine * np.sin(turn)], axis=-1
    )
    n = _RINGS * _SPOKES
    solid = np.full(n, 2.0 * np.pi * (1.0 - np.cos(0.5 * model.cone_rad)) / n)
    off = np.arccos(np.repeat(cosine, _SPOKES)) / (0.5 * model.cone_rad)
    return np.ascontiguousarray(direction.reshape(-1, 3), dtype=np.float32), solid, np.exp(-np.log(16.0) * off**2)


def facing(cosine: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Share of the sound that a facet sends straight back."""
    theta = np.arccos(np.clip(cosine, 0.0, 1.0))
    return _FLAT * np.clip(cosine, 0.0, 1.0) + np.exp(-((theta / _MIRROR_RAD) ** 2))


@dataclass(frozen=True, slots=True, eq=False)
class Sounded:
    """What the tone of one sensor meets.

    Attributes:
        sender_m: where it is sent from, in `world`.
        point_m: hits, in `world`, shape (n, 3).
        normal: towards the sender, shape (n, 3).
        range_m: shape (n,).
        solid_sr: solid angle that each hit covers, shape (n,).
        sent: one-way directivity towards each hit, shape (n,).
        actor: -1 for the street, shape (n,).
    """

    sender_m: Float[np.ndarray, "3"]
    point_m: Float[np.ndarray, "n 3"]
    normal: Float[np.ndarray, "n 3"]
    range_m: Float[np.ndarray, "n"]
    solid_sr: Float[np.ndarray, "n"]
    sent: Float[np.ndarray, "n"]
    actor: np.ndarray


def sound(opened: Opened, moment: Moment, index: int) -> Sounded:
    """Sends the tone of one sensor of the rig into the scene at the start of the moment."""
    model = opened.rig.ultrasonics[index]
    pose = sensor_poses(moment, np.zeros(1), model.ego_from_ultrasonic)[0]
    placed, traced = placed_at(opened, moment, np.zeros(1)), opened.traced
    local, solid, directivity = cone(model)
    direction = np.ascontiguousarray(local @ pose.rotation.astype(np.float32).T)
    place = (pose.translation_m - traced.origin_m).astype(np.float32)
    origin = np.ascontiguousarray(np.broadcast_to(place, direction.shape))
    slot = np.zeros(len(direction), np.int32)
    hits = trace(traced, placed, origin, direction, slot, np.full(len(slot), model.max_range_m, np.float32))
    point = np.zeros((len(slot), surface_kernels.POINT), np.float32)
    material = np.empty(len(slot), np.int32)
    surface_kernels.surface(
        traced.geometry, surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals), placed.instances,
        origin, direction, slot, hits.distance_m, hits.triangle, hits.instance, hits.barycentric, 1e-3, point,
        material,
    )  # fmt: skip
    rows = np.flatnonzero(material >= 0)
    ranged = hits.distance_m[rows].astype(np.float64)
    who = hits.instance[rows]
    actor = np.where(who >= 0, placed.actor[np.maximum(who, 0)] if len(placed.actor) else -1, -1)
    return Sounded(
        pose.translation_m, pose.translation_m + ranged[:, None] * direction[rows].astype(np.float64),
        point[rows, 6:9].astype(np.float64), ranged, solid[rows], np.sqrt(directivity[rows]), actor,
    )  # fmt: skip


def look(opened: Opened, moment: Moment, index: int) -> UltrasonicEchoes:
    """What one parking sensor of the rig hears at the start of the moment: its own tone and its neighbours'."""
    sensors = opened.rig.ultrasonics
    model = sensors[index]
    pose = sensor_poses(moment, np.zeros(1), model.ego_from_ultrasonic)[0]
    rng = frame_rng(opened.seed, moment.start.timestamp_ns, ULTRASONIC_DRAWS + index)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    names: list[str] = []
    here = model.ego_from_ultrasonic.translation_m
    for k in (index, *(k for k in range(len(sensors)) if k != index)):
        there = sensors[k].ego_from_ultrasonic.translation_m
        if np.linalg.norm(there - here) <= _NEIGHBOUR_M:
            found = _echoes_of(model, pose, sound(opened, moment, k), 0.0 if k != index else model.min_range_m)
            parts.append(found)
            names += [sensors[k].name] * len(found[0])
    clean, amplitude, number = (np.concatenate([part[k] for part in parts]) for k in range(3))
    noise = model.range_noise_m * rng.standard_normal(len(clean))
    read = read_range_m(clean, air_temperature_c(opened.scene.environment)) + noise
    order = np.argsort(clean, kind="stable")
    return UltrasonicEchoes(
        model.name, moment.start.timestamp_ns, np.maximum(read, 0.0)[order], amplitude[order], clean[order],
        number[order].astype(np.uint16), tuple(names[int(k)] for k in order),
    )  # fmt: skip


def _echoes_of(
    hearer: UltrasonicModel, pose: SE3, tone: Sounded, blind_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Echoes of a tone at a sensor that sits at `pose`, perhaps its sender."""
    back = pose.translation_m - tone.point_m
    back_m = np.maximum(np.linalg.norm(back, axis=-1), 1e-6)
    back = back / back_m[:, None]
    there = (tone.sender_m - tone.point_m) / np.maximum(tone.range_m, 1e-6)[:, None]
    middle = back + there
    middle /= np.maximum(np.linalg.norm(middle, axis=-1, keepdims=True), 1e-9)
    cosine = np.einsum("ni,ni->n", tone.normal, middle)
    off = np.arccos(np.clip(-back @ pose.rotation[:, 0], -1.0, 1.0)) / (0.5 * hearer.cone_rad)
    gain = tone.sent * np.exp(-np.log(4.0) * off**2) * (off <= 1.0)
    strength = heard(hearer, 0.5 * (tone.range_m + back_m), back_m, cosine, tone.solid_sr, gain)
    return first_echoes(hearer, 0.5 * (tone.range_m + back_m), strength, tone.actor, blind_m)


def heard(
    model: UltrasonicModel, range_m: Float[np.ndarray, "n"], back_m: Float[np.ndarray, "n"],
    cosine: Float[np.ndarray, "n"], solid_sr: Float[np.ndarray, "n"], directivity: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "n"]:  # fmt: skip
    """Echo of each hit relative to the threshold; `range_m` is half of the whole way, `back_m` the way back.

    A hit covers w R^2 at R from the sender, and the sound spreads as 1 / R^2 on the way there and back.
    """
    absorbed_db = 2.0 * range_m * _ABSORPTION_DB_PER_M * np.sqrt(model.frequency_hz / _ABSORPTION_HZ)
    spread = solid_sr / np.maximum(back_m, 0.05) ** 2
    return directivity * facing(cosine) * spread * 10.0 ** (-0.1 * absorbed_db) / _THRESHOLD


def first_echoes(
    model: UltrasonicModel,
    range_m: Float[np.ndarray, "n"],
    strength: Float[np.ndarray, "n"],
    actor: np.ndarray,
    blind_m: float | None = None,
) -> tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k"], np.ndarray]:
    """The nearest echoes over the threshold: range, amplitude, actor index + 1.

    Those before the end of the blind zone (the model's unless told) are lost.

    An echo is a run of hits over the threshold, each within a pulse of the one before; the loudest actor names it.
    """
    begin_m = model.min_range_m if blind_m is None else blind_m
    order = np.argsort(range_m, kind="stable")
    range_m, strength, actor = range_m[order], strength[order], actor[order]
    # The envelope at each hit: everything within one pulse before it.
    begin = np.searchsorted(range_m, range_m - _PULSE_M, side="left")
    total = np.concatenate([[0.0], np.cumsum(strength)])
    envelope = total[1:] - total[begin]
    loud = np.flatnonzero(envelope >= 1.0)
    group = np.cumsum(np.diff(range_m[loud], prepend=0.0) > _PULSE_M)
    found: list[tuple[float, float, int]] = []
    for k in np.unique(group):
        rows = loud[group == k]
        peak = float(envelope[rows].max())
        first = float(range_m[rows[np.argmax(envelope[rows] >= 0.5 * peak)]])
        if begin_m <= first <= model.max_range_m:
            part = slice(int(begin[rows[0]]), int(rows[-1]) + 1)
            who, index = np.unique(actor[part], return_inverse=True)
            loudest = int(who[np.argmax(np.bincount(index, weights=strength[part]))])
            found.append((first, peak, loudest + 1))
    found = found[:_MAX_ECHOES]
    ranges, peaks, numbers = (np.array([item[k] for item in found]) for k in range(3))
    return ranges.astype(np.float64), peaks.astype(np.float64), numbers.astype(np.int64)
