"""One turn of a lidar: a pulse per beam and firing, each from where the sensor and the actors are at that moment.

The echo of a surface at range R has the power P = rho cos(theta) e^{-2 alpha R} / R^2, where alpha is the extinction of
the air; retroreflectors (rho above 1) send light back whatever the angle up to 50 degrees. A beam of finite divergence
is traced as seven sub-rays, the middle and a hexagon, weighted as a Gaussian beam whose 1/e^2 full angle is the
divergence. They are traced only where the surfaces around a ray differ (`edges`): elsewhere all seven meet the same
plane, and where that is met at a graze, seven ranges would look like several surfaces. Their echoes add up to a
waveform (`waveform_kernels`); its strongest and its last peak are the hard echoes, to which the air adds its own
(`scatter`). What the detector notices (`detector`) is kept: the strongest, and with two returns the last, numbered in
`LidarSweep.echo`.

Points are motion-compensated to the sweep's timestamp: each is where its pulse met it in `world`, seen from where the
lidar was at the timestamp. `driving_data.sensors.raw_points_m` undoes that.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.sensors import LidarModel, LidarSweep
from driving_data.taxonomy import SemanticClass
from generators.effects.atmosphere import lidar_extinction_per_m, rain_range_noise_m
from generators.effects.fog_return import LIGHT_MPS
from generators.raytrace import surface_kernels
from generators.raytrace.lidars import waveform_kernels
from generators.raytrace.lidars.detector import noticed, threshold
from generators.raytrace.lidars.scan import Firings
from generators.raytrace.lidars.scatter import Plume, air_echoes
from generators.raytrace.lidars.wet import wet_factor
from generators.raytrace.tracer import Placed, TracedScene, bands_of, for_each, trace

_CHUNK = 16384
_RETRO_COSINE = 0.64
# A Gaussian beam cut at 0.4 of its radius: power inside, of each sixth outside, and where that sixth lies on average.
MIDDLE_WEIGHT, RING_WEIGHT, RING_RADIUS = 0.273857, 0.121024, 0.765660
_BEND = 0.01
_PULSE_SIGMAS = 2.3548200450309493


@dataclass(frozen=True, slots=True, eq=False)
class Beams:
    """Where the rays of a turn begin and point, in `world` (origins relative to the tracer's)."""

    origin_m: Float[np.ndarray, "n 3"]
    direction: Float32[np.ndarray, "n 3"]
    slot: Int32[np.ndarray, "n"]


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """What rays met: echo is rho cos(theta) without the air, material -1 for nothing.

    Attributes:
        distance_m: inf for nothing, shape (n,).
        echo: shape (n,).
        material: shape (n,).
        instance: row of `Placed.actor`, -1 for the street, shape (n,).
    """

    distance_m: Float32[np.ndarray, "n"]
    echo: Float32[np.ndarray, "n"]
    material: Int32[np.ndarray, "n"]
    instance: Int32[np.ndarray, "n"]


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """Echoes that a turn kept, before they become points.

    Attributes:
        ray: row of the turn's rays, shape (N,).
        range_m: measured, shape (N,).
        clean_range_m: without noise and bias, shape (N,).
        echo: power times R^2, shape (N,).
        order: 0 the strongest, 1 the last, shape (N,).
        material: -1 for the air, shape (N,).
        instance: row of `Placed.actor`, shape (N,).
    """

    ray: np.ndarray
    range_m: Float[np.ndarray, "N"]
    clean_range_m: Float[np.ndarray, "N"]
    echo: Float[np.ndarray, "N"]
    order: np.ndarray
    material: np.ndarray
    instance: np.ndarray


def beams_of(traced: TracedScene, world_from_lidar: SE3, turn: Firings) -> Beams:
    """Rays in `world`: origins at the very time of each pulse, between the poses of two slots."""
    rotation = world_from_lidar.rotation.astype(np.float32)
    place = world_from_lidar.translation_m - traced.origin_m
    if len(place) == 1:
        slot = np.zeros(len(turn.ring), np.int32)
        return Beams(np.broadcast_to(place, (len(slot), 3)), _turned(rotation, turn.direction, slot), slot)
    after = np.minimum(turn.firing + 1, len(place) - 1)
    before = after - 1
    span = turn.slot_s[after] - turn.slot_s[before]
    share = ((turn.offset_s - turn.slot_s[before]) / span)[:, None]
    origin = place[before] + share * (place[after] - place[before])
    return Beams(origin, _turned(rotation, turn.direction, turn.firing), turn.firing)


def _turned(rotation: np.ndarray, direction: np.ndarray, slot: np.ndarray) -> np.ndarray:
    if len(rotation) == 1:
        return np.ascontiguousarray(direction @ rotation[0].T)
    return np.matmul(rotation[slot], direction[..., None])[..., 0]


def meet(traced: TracedScene, placed: Placed, beams: Beams, max_range_m: float, threads: int) -> Surfaces:
    """The first surface of each ray."""
    n = len(beams.slot)
    cosine = np.zeros(n, np.float32)
    out = Surfaces(np.empty(n, np.float32), np.zeros(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32))
    attributes = surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals)

    def shoot(part: slice) -> None:
        origin = np.ascontiguousarray(beams.origin_m[part], dtype=np.float32)
        direction, slot = beams.direction[part], beams.slot[part]
        limit = np.full(len(slot), max_range_m, np.float32)
        hits = trace(traced, placed, origin, direction, slot, limit)
        point = np.zeros((len(slot), surface_kernels.POINT), np.float32)
        surface_kernels.surface(
            traced.geometry, attributes, placed.instances, origin, direction, slot, hits.distance_m, hits.triangle,
            hits.instance, hits.barycentric, 1e-3, point, out.material[part],
        )  # fmt: skip
        out.distance_m[part], out.instance[part] = hits.distance_m, hits.instance
        cosine[part] = -np.sum(point[:, 6:9] * direction, axis=-1)

    for_each(shoot, bands_of(n, _CHUNK), threads)
    materials, wetness = traced.scene.materials, traced.scene.environment.road_wetness
    rho = materials.lidar_reflectivity[np.maximum(out.material, 0)]
    retro = (rho > 1.0) & (cosine > _RETRO_COSINE)
    if wetness > 0.0:
        factor = wet_factor(cosine, materials.wettable[np.maximum(out.material, 0)], wetness)
        rho = np.where(retro, rho, rho * factor.astype(np.float32))
    out.echo[:] = np.where(out.material >= 0, rho * np.where(retro, np.float32(1.0), cosine), np.float32(0.0))
    return out


def edges(
    surfaces: Surfaces, grid: tuple[int, int, int], elevation_rad: Float[np.ndarray, "b"]
) -> Bool[np.ndarray, "n"]:
    """Rays whose beam may meet more than one surface: another actor or a bend or step of 1 / R beside them.

    Along a straight scan line over a plane 1 / R is nearly linear in the angle; what departs from that by more than
    1 % of the larger value, or has a neighbour of another actor or of none, is an edge. Without rows all are.
    """
    along, across, _ = grid
    if across < 3 or along < 3:
        return np.ones(len(surfaces.echo), dtype=bool)
    with np.errstate(divide="ignore"):
        near = (1.0 / surfaces.distance_m).reshape(grid)
    who = np.where(surfaces.material < 0, -2, surfaces.instance).reshape(grid)
    found = np.zeros(grid, dtype=bool)
    before, after = np.roll(near, 1, axis=0), np.roll(near, -1, axis=0)
    _mark(found, near, before, after, np.float32(0.5))
    found |= (np.roll(who, 1, axis=0) != who) | (np.roll(who, -1, axis=0) != who)
    gap = np.diff(elevation_rad) if len(elevation_rad) == across else np.ones(across - 1)
    weight = (gap[1:] / (gap[1:] + gap[:-1])).astype(np.float32)[None, :, None]
    inner = found[:, 1:-1]
    _mark(inner, near[:, 1:-1], near[:, :-2], near[:, 2:], weight)
    step = who[:, 1:] != who[:, :-1]
    found[:, 1:] |= step
    found[:, :-1] |= step
    return found.reshape(-1)


def _mark(
    found: np.ndarray, near: np.ndarray, before: np.ndarray, after: np.ndarray, weight: "np.ndarray | np.float32"
) -> None:
    size = np.maximum(np.maximum(before, after), near)
    found |= np.abs(near - (weight * before + (np.float32(1.0) - weight) * after)) > np.float32(_BEND) * size


def sub_directions(direction: Float32[np.ndarray, "m 3"], divergence_rad: float) -> Float32[np.ndarray, "m 6 3"]:
    """The hexagon of sub-rays around each direction."""
    other = np.where(np.abs(direction[:, 2:]) < 0.9, np.array([[0.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]]))
    left = np.cross(other, direction)
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    up = np.cross(direction, left)
    angle = 2.0 * np.pi * np.arange(6) / 6.0
    reach = np.tan(0.5 * divergence_rad * RING_RADIUS)
    around = np.cos(angle)[:, None] * left[:, None] + np.sin(angle)[:, None] * up[:, None]
    rays = direction[:, None] + reach * around
    return (rays / np.linalg.norm(rays, axis=-1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Hard:
    """Hard echoes: the strongest and the last of each ray (two columns)."""

    distance: np.ndarray
    power: np.ndarray
    material: np.ndarray
    instance: np.ndarray


def _hard_echoes(
    traced: TracedScene, placed: Placed, beams: Beams, first: Surfaces, model: LidarModel, alpha: float,
    split: np.ndarray, threads: int,
) -> _Hard:  # fmt: skip
    n = len(first.echo)
    hard = _Hard(
        np.full((n, 2), np.inf), np.zeros((n, 2)), np.full((n, 2), -1, np.int32), np.full((n, 2), -1, np.int32)
    )
    hard.distance[:, 0] = first.distance_m
    hard.power[:, 0] = _power(first.echo, first.distance_m, alpha)
    hard.material[:, 0], hard.instance[:, 0] = first.material, first.instance
    rows = np.flatnonzero(split)
    if model.divergence_rad <= 0.0 or len(rows) == 0:
        return hard
    around = Beams(
        np.repeat(beams.origin_m[rows], 6, axis=0),
        sub_directions(beams.direction[rows], model.divergence_rad).reshape(-1, 3),
        np.repeat(beams.slot[rows], 6),
    )
    ring = meet(traced, placed, around, model.max_range_m, threads)

    def seven(middle: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.concatenate([middle[rows, None], others.reshape(-1, 6)], axis=1)

    distance = seven(first.distance_m, ring.distance_m).astype(np.float64)
    power = _power(seven(first.echo, ring.echo), distance, alpha)
    power *= np.array([MIDDLE_WEIGHT] + [RING_WEIGHT] * 6)
    sigma = 0.5 * LIGHT_MPS * model.pulse_s / _PULSE_SIGMAS
    place, much, ray = np.empty((len(rows), 2)), np.empty((len(rows), 2)), np.empty((len(rows), 2), np.int32)

    def climb(part: slice) -> None:
        waveform_kernels.peaks(distance[part], power[part], sigma, threshold(model), place[part], much[part], ray[part])

    for_each(climb, bands_of(len(rows), _CHUNK // 4), threads)
    hard.distance[rows], hard.power[rows] = place, much
    index = np.arange(len(rows))[:, None]
    for column, one, more in ((hard.material, first.material, ring.material),
                              (hard.instance, first.instance, ring.instance)):  # fmt: skip
        column[rows] = np.where(ray >= 0, seven(one, more)[index, np.maximum(ray, 0)], -1)
    return hard


def _power(echo: np.ndarray, distance_m: np.ndarray, alpha: float) -> np.ndarray:
    there = np.where(np.isfinite(distance_m), distance_m, 1.0).astype(np.float64)
    return np.where(np.isfinite(distance_m), np.maximum(echo, 0.0) * np.exp(-2.0 * alpha * there) / there**2, 0.0)


def returns_of(
    traced: TracedScene, placed: Placed, world_from_lidar: SE3, model: LidarModel, turn: Firings,
    environment: Environment, clouds: tuple[Plume, ...], rng: np.random.Generator, threads: int,
    split_all: bool = False,
) -> tuple[Returns, Beams]:  # fmt: skip
    """Every echo that a turn keeps, in order of firing, the strongest first; arguments as of `sweep`.

    `split_all` traces sub-rays in every beam, not only at edges: slower, and the twin that edges are tested against.
    """
    beams = beams_of(traced, world_from_lidar, turn)
    first = meet(traced, placed, beams, model.max_range_m, threads)
    n = len(first.echo)
    split = np.ones(n, dtype=bool)
    if not split_all and model.divergence_rad > 0.0:
        split = edges(first, turn.grid, np.array(model.elevation_rad))
    alpha = lidar_extinction_per_m(environment)
    hard = _hard_echoes(traced, placed, beams, first, model, alpha, split, threads)
    bias = model.range_bias_m * rng.standard_normal(len(model.elevation_rad))
    noise, jitter = rng.standard_normal((n, 3), dtype=np.float32), rng.standard_normal((n, 2), dtype=np.float32)
    nearest = np.minimum(hard.distance[:, 0], hard.distance[:, 1])
    air = air_echoes(environment, model, nearest, beams.origin_m + traced.origin_m, beams.direction, clouds, rng)
    distance = np.concatenate([hard.distance, air.distance_m[:, None]], axis=1)
    power = np.concatenate([hard.power * air.left[:, None], air.power[:, None]], axis=1)
    seen = noticed(power, noise, model) & (distance >= model.min_range_m) & (distance <= model.max_range_m)
    strongest = np.argmax(np.where(seen, power, -1.0), axis=1)
    last = np.argmax(np.where(seen, distance, -1.0), axis=1)
    rows = np.arange(n)
    some = seen[rows, strongest]
    other = some & (last != strongest) & (model.returns > 1)
    ray = np.concatenate([rows[some], rows[other]])
    column = np.concatenate([strongest[some], last[other]])
    order = np.concatenate([np.zeros(int(some.sum()), np.uint8), np.ones(int(other.sum()), np.uint8)])
    fired = np.argsort(ray, kind="stable")
    ray, column, order = ray[fired], column[fired], order[fired]
    clean = distance[ray, column]
    spread = np.hypot(model.range_noise_m, rain_range_noise_m(environment, clean))
    ranged = np.maximum(clean + bias[turn.ring[ray]] + spread * jitter[ray, order], 0.5 * model.min_range_m)
    solid = column < 2
    pick = np.minimum(column, 1)
    return Returns(
        ray, ranged, clean, power[ray, column] * clean**2, order,
        np.where(solid, hard.material[ray, pick], -1), np.where(solid, hard.instance[ray, pick], -1),
    ), beams  # fmt: skip


def sweep(
    traced: TracedScene, placed: Placed, world_from_lidar: SE3, model: LidarModel, turn: Firings, timestamp_ns: int,
    environment: Environment, rng: np.random.Generator, threads: int, clouds: tuple[Plume, ...] = (),
) -> LidarSweep:  # fmt: skip
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
        clouds: spray and dust.
    """
    kept, beams = returns_of(
        traced, placed, world_from_lidar, model, turn, environment, clouds, rng, threads
    )  # fmt: skip
    origin = beams.origin_m[kept.ray] + traced.origin_m
    met = origin + kept.range_m[:, None] * beams.direction[kept.ray].astype(np.float64)
    number = np.zeros(len(kept.ray), np.uint16)
    actor = kept.instance >= 0
    number[actor] = placed.actor[kept.instance[actor]] + 1
    semantic = np.where(kept.material >= 0, traced.scene.materials.semantic[np.maximum(kept.material, 0)], np.uint8(0))
    still = world_from_lidar.shape[0] == 1
    offset = np.zeros(len(kept.ray)) if still else turn.offset_s[kept.ray]
    return LidarSweep(
        lidar=model.name,
        timestamp_ns=timestamp_ns,
        world_from_lidar=world_from_lidar[0],
        points_m=world_from_lidar[0].inverse().apply(met).astype(np.float32),
        intensity=np.clip(kept.echo, 0.0, 1.0).astype(np.float32),
        ring=turn.ring[kept.ray].astype(np.int64),
        offset_ns=np.round(offset * 1e9).astype(np.int64),
        semantic=np.where(semantic == SemanticClass.SKY, np.uint8(0), semantic).astype(np.uint8),
        instance=number,
        echo=kept.order,
        scatter=kept.material < 0,
    )
