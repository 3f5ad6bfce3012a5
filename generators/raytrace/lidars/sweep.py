"""A spinning lidar: one ray per beam and firing, each from where the sensor and the actors are at that moment.

The echo of a surface at range R is P = rho cos(theta) e^{-2 alpha R} (R_ref / R)^2, where alpha is the extinction of
the air; echoes below the detector's noise are lost. Points are motion-compensated to the sweep's timestamp.
Firing k of a turn of K looks at azimuth pi - 2 pi k / K (from the rear, clockwise seen from above) and happens k / K
of a turn after the timestamp.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.sensors import LidarModel, LidarSweep
from driving_data.taxonomy import SemanticClass
from generators.effects.atmosphere import lidar_extinction_per_m, rain_range_noise_m
from generators.raytrace import surface_kernels
from generators.raytrace.tracer import Placed, TracedScene, bands_of, for_each, trace

_CHUNK = 16384
_DARK_TARGET = 0.1
_SOFTNESS = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Firings:
    """The rays of one turn, firing after firing, beams from the lowest ring up within each.

    Attributes:
        direction: in the lidar frame, shape (n, 3).
        ring: beam of each ray.
        firing: firing of each ray, 0 to K - 1.
    """

    direction: Float32[np.ndarray, "n 3"]
    ring: Int32[np.ndarray, "n"]
    firing: Int32[np.ndarray, "n"]


def firings(model: LidarModel) -> Firings:
    """Works out the rays of a lidar once."""
    azimuth = np.pi - 2 * np.pi * np.arange(model.num_azimuths) / model.num_azimuths
    elevation = np.array(model.elevation_rad)
    flat = np.cos(elevation)[None]
    direction = np.stack(
        [
            np.cos(azimuth)[:, None] * flat,
            np.sin(azimuth)[:, None] * flat,
            np.broadcast_to(np.sin(elevation)[None], (len(azimuth), len(elevation))),
        ],
        axis=-1,
    )
    beams = len(elevation)
    return Firings(
        np.ascontiguousarray(direction.reshape(-1, 3), dtype=np.float32),
        np.tile(np.arange(beams, dtype=np.int32), model.num_azimuths),
        np.repeat(np.arange(model.num_azimuths, dtype=np.int32), beams),
    )


def firing_fractions(model: LidarModel, interval_s: float) -> Float[np.ndarray, "K"]:
    """When each firing happens, as a fraction of the interval between the two world states; 0 if that is empty."""
    if interval_s <= 0.0:
        return np.zeros(1)
    return np.arange(model.num_azimuths) / (model.num_azimuths * model.rate_hz * interval_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Echoes:
    distance: np.ndarray
    cosine: np.ndarray
    material: np.ndarray
    instance: np.ndarray


def _echoes(
    traced: TracedScene, placed: Placed, world_from_lidar: SE3, turn: Firings, max_range_m: float, threads: int
) -> _Echoes:
    n = len(turn.ring)
    out = _Echoes(np.empty(n, np.float32), np.zeros(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32))
    still = world_from_lidar.shape[0] == 1
    rotation = world_from_lidar.rotation.astype(np.float32)
    place = (world_from_lidar.translation_m - traced.origin_m).astype(np.float32)
    attributes = surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals)

    def shoot(part: slice) -> None:
        slot = np.zeros(part.stop - part.start, np.int32) if still else turn.firing[part]
        direction = np.matmul(rotation[slot], turn.direction[part][..., None])[..., 0]
        origin = place[slot]
        limit = np.full(len(slot), max_range_m, np.float32)
        hits = trace(traced, placed, origin, direction, slot, limit)
        point = np.zeros((len(slot), surface_kernels.POINT), np.float32)
        surface_kernels.surface(
            traced.geometry, attributes, placed.instances, origin, direction, slot, hits.distance_m, hits.triangle,
            hits.instance, hits.barycentric, 1e-3, point, out.material[part],
        )  # fmt: skip
        out.distance[part], out.instance[part] = hits.distance_m, hits.instance
        out.cosine[part] = -np.sum(point[:, 6:9] * direction, axis=-1)

    for_each(shoot, bands_of(n, _CHUNK), threads)
    return out


def sweep(
    traced: TracedScene,
    placed: Placed,
    world_from_lidar: SE3,
    model: LidarModel,
    turn: Firings,
    timestamp_ns: int,
    environment: Environment,
    rng: np.random.Generator,
    threads: int,
) -> LidarSweep:
    """One turn.

    Args:
        traced: the scene.
        placed: the actors, with one time slot per firing (or one in all, for a still world).
        world_from_lidar: pose of the sensor at each of these slots; the first is the pose at `timestamp_ns`.
        model: the lidar.
        turn: its rays.
        timestamp_ns: start of the turn, and the time to which points are compensated.
        environment: weather.
        rng: noise.
        threads: how many bands are worked on at once; the result does not depend on it.
    """
    echoes = _echoes(traced, placed, world_from_lidar, turn, model.max_range_m, threads)
    n = len(turn.ring)
    jitter, luck = rng.standard_normal(n, dtype=np.float32), rng.random(n, dtype=np.float32)
    rho = traced.scene.materials.lidar_reflectivity[np.maximum(echoes.material, 0)]
    hit = echoes.material >= 0
    distance = np.where(hit, echoes.distance, 1.0).astype(np.float64)
    echo = rho * echoes.cosine * np.exp(-2.0 * lidar_extinction_per_m(environment) * distance)
    kept = hit & (distance >= model.min_range_m) & (luck < detection_chance(echo, distance, model.max_range_m))
    noise = np.hypot(model.range_noise_m, rain_range_noise_m(environment, distance))
    distance = np.maximum(distance + noise * jitter, 0.5 * model.min_range_m)[kept]
    firing = turn.firing[kept]
    slot = np.zeros_like(firing) if world_from_lidar.shape[0] == 1 else firing
    lidar_from_then = world_from_lidar[0].inverse() @ world_from_lidar
    points = lidar_from_then[slot].apply(distance[:, None] * turn.direction[kept].astype(np.float64))
    who = echoes.instance[kept]
    number = np.zeros(len(who), np.uint16)
    number[who >= 0] = placed.actor[who[who >= 0]] + 1
    semantic = traced.scene.materials.semantic[echoes.material[kept]]
    return LidarSweep(
        lidar=model.name,
        timestamp_ns=timestamp_ns,
        world_from_lidar=world_from_lidar[0],
        points_m=points.astype(np.float32),
        intensity=np.clip(echo[kept], 0.0, 1.0).astype(np.float32),
        ring=turn.ring[kept].astype(np.int64),
        offset_ns=np.round(slot * (1e9 / (model.num_azimuths * model.rate_hz))).astype(np.int64),
        semantic=np.where(semantic == SemanticClass.SKY, np.uint8(0), semantic).astype(np.uint8),
        instance=number,
    )


def detection_chance(
    echo: Float[np.ndarray, "n"], distance_m: Float[np.ndarray, "n"], max_range_m: float
) -> Float[np.ndarray, "n"]:
    """Chance that an echo stands out of the noise: half for a dark target (10 %), met squarely, at twice the range.

    Near the threshold chance decides: a logistic law on the logarithm of the power echo / R^2.
    """
    power = np.maximum(echo, 1e-9) / np.square(distance_m)
    threshold = _DARK_TARGET / np.square(2.0 * max_range_m)
    ratio = np.clip(np.log(threshold / power) / _SOFTNESS, -60.0, 60.0)
    return 1.0 / (1.0 + np.exp(ratio))
