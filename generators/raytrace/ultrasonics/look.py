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

Cross echoes: `cross_range_m` gives the half path from one sensor over a point back to another.
"""

import numpy as np
from jaxtyping import Float, Float32

from driving_data.environment import Environment
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


def look(opened: Opened, moment: Moment, index: int) -> UltrasonicEchoes:
    """What one parking sensor of the rig hears of a tone that it sends at the start of the moment."""
    model = opened.rig.ultrasonics[index]
    pose = sensor_poses(moment, np.zeros(1), model.ego_from_ultrasonic)[0]
    placed = placed_at(opened, moment, np.zeros(1))
    local, solid, directivity = cone(model)
    traced = opened.traced
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
    cosine = -np.einsum("ni,ni->n", point[rows, 6:9].astype(np.float64), direction[rows].astype(np.float64))
    ranged = hits.distance_m[rows].astype(np.float64)
    who = hits.instance[rows]
    actor = np.where(who >= 0, placed.actor[np.maximum(who, 0)] if len(placed.actor) else -1, -1)
    strength = heard(model, ranged, cosine, solid[rows], directivity[rows])
    rng = frame_rng(opened.seed, moment.start.timestamp_ns, ULTRASONIC_DRAWS + index)
    clean, amplitude, number = first_echoes(model, ranged, strength, actor)
    noise = model.range_noise_m * rng.standard_normal(len(clean))
    read = read_range_m(clean, air_temperature_c(opened.scene.environment)) + noise
    return UltrasonicEchoes(
        model.name, moment.start.timestamp_ns, np.maximum(read, 0.0), amplitude, clean, number.astype(np.uint16)
    )  # fmt: skip


def heard(
    model: UltrasonicModel, range_m: Float[np.ndarray, "n"], cosine: Float[np.ndarray, "n"],
    solid_sr: Float[np.ndarray, "n"], directivity: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "n"]:  # fmt: skip
    """Echo of each hit relative to the threshold: covered area R^2 dOmega, spread 1 / R^2 on the way back and there."""
    absorbed_db = 2.0 * range_m * _ABSORPTION_DB_PER_M * np.sqrt(model.frequency_hz / _ABSORPTION_HZ)
    spread = solid_sr / np.maximum(range_m, 0.05) ** 2
    return directivity * facing(cosine) * spread * 10.0 ** (-0.1 * absorbed_db) / _THRESHOLD


def first_echoes(
    model: UltrasonicModel, range_m: Float[np.ndarray, "n"], strength: Float[np.ndarray, "n"], actor: np.ndarray
) -> tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k"], np.ndarray]:
    """The nearest echoes over the threshold after the blind zone: range, amplitude, actor index + 1.

    An echo is a run of hits over the threshold, each within a pulse of the one before; the loudest actor names it.
    """
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
        if model.min_range_m <= first <= model.max_range_m:
            part = slice(int(begin[rows[0]]), int(rows[-1]) + 1)
            who, index = np.unique(actor[part], return_inverse=True)
            loudest = int(who[np.argmax(np.bincount(index, weights=strength[part]))])
            found.append((first, peak, loudest + 1))
    found = found[:_MAX_ECHOES]
    ranges, peaks, numbers = (np.array([item[k] for item in found]) for k in range(3))
    return ranges.astype(np.float64), peaks.astype(np.float64), numbers.astype(np.int64)


def cross_range_m(
    sender_m: Float[np.ndarray, "3"], hearer_m: Float[np.ndarray, "3"], point_m: Float[np.ndarray, "*n 3"]
) -> Float[np.ndarray, "*n"]:
    """Half the way from one sensor over a point to another: the range at which the other hears the tone."""
    there = np.linalg.norm(point_m - sender_m, axis=-1)
    return np.asarray(0.5 * (there + np.linalg.norm(point_m - hearer_m, axis=-1)))
