"""The infrared that reaches a thermal camera: rays, temperatures, and the air on the way.

The radiance that arrives is t (e B(T) + (1 - e) L) + (1 - t) B(T_air): what a surface of emissivity e at temperature T
sends and mirrors (L: of the sky, or of the ground, where the mirror image points), weakened on its way by t =
exp(-beta d), and what the air adds. The camera tells it as the temperature of a black body of the same radiance. Four
rays share a pixel. It does not need light.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Int32

from driving_data.geometry import SE3
from driving_data.rollout import WorldState
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.raytrace.cameras.rays import PixelRays
from generators.raytrace.moment import Moment, Opened
from generators.raytrace.thermal.bodies import warmed
from generators.raytrace.thermal.climate import Climate, climate_of
from generators.raytrace.thermal.radiance import Band
from generators.raytrace.thermal.surfaces import Surfaces, surfaces_of
from generators.raytrace.tracer import Hits, Placed, TracedScene, bands_of, for_each, place, trace

_SUBPIXELS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))
_CHUNK = 16384
_OFFSET_M = 0.01
_PEOPLE = (int(SemanticClass.PEDESTRIAN), int(SemanticClass.RIDER))


@dataclass(frozen=True, slots=True, eq=False)
class Warmth:
    """Everything that decides temperatures at one moment.

    Attributes:
        climate: air and sky.
        surfaces: materials after a day of weather.
        running: whether each actor's engine runs, shape (A,).
        speed_mps: of each actor, shape (A,).
        sun: direction to the sun.
        ground_w: what the ground sends up, for mirrors.
        band: wavelengths.
    """

    climate: Climate
    surfaces: Surfaces
    running: np.ndarray
    speed_mps: Float[np.ndarray, "A"]
    sun: Float[np.ndarray, "3"]
    ground_w: float
    band: Band


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    """A bundle of rays."""

    origin: Float32[np.ndarray, "n 3"]
    direction: Float32[np.ndarray, "n 3"]
    slot: Int32[np.ndarray, "n"]


def warmth_of(opened: Opened, state: WorldState, band: Band) -> Warmth:
    """Temperatures of a scene at a moment: an engine runs where lights burn or something moves."""
    environment = opened.scene.environment
    climate = climate_of(environment, opened.scene.appearance)
    surfaces = surfaces_of(opened.traced.scene.materials, climate)
    speed = np.linalg.norm(np.nan_to_num(state.velocity_mps), axis=-1)
    running = (state.lights > 0) | (speed > 0.3)
    ground = climate.air_k + 0.5 * float(np.mean(surfaces.diffuse_k - surfaces.loss_k))
    ground_w = float(band.radiance(np.array(ground)))
    return Warmth(climate, surfaces, running, speed, environment.sun_direction(), ground_w, band)


def apparent_k(
    opened: Opened, moment: Moment, placed: Placed, poses: SE3, rays: PixelRays, warmth: Warmth
) -> Float[np.ndarray, "H W"]:
    """Apparent temperature of every pixel, without noise; that of the air where the lens sees nothing."""
    model = rays.model
    height, width = model.height_px, model.width_px
    total = np.zeros(height * width)
    rotations = poses.rotation.astype(np.float32)
    origins = (poses.translation_m - opened.traced.origin_m).astype(np.float32)
    still = replace(moment.start, valid=np.zeros_like(moment.start.valid))
    street = place(opened.traced, still, still, np.zeros(1), opened.scene.ego_index)
    straight, along_u, along_v = (part.reshape(-1, 3) for part in (rays.direction, rays.along_u, rays.along_v))

    def part_of(pixels: slice) -> None:
        number = np.arange(pixels.start, pixels.stop)
        slot = (number // width if poses.shape[0] > 1 else np.zeros_like(number)).astype(np.int32)
        for du, dv in _SUBPIXELS:
            local = straight[pixels] + np.float32(du) * along_u[pixels] + np.float32(dv) * along_v[pixels]
            local /= np.linalg.norm(local, axis=-1, keepdims=True)
            direction = np.ascontiguousarray(np.matmul(rotations[slot], local[..., None])[..., 0])
            bundle = _Rays(np.ascontiguousarray(origins[slot]), direction, slot)
            total[pixels] += _radiance(opened, placed, street, bundle, warmth) / len(_SUBPIXELS)

    for_each(part_of, bands_of(height * width, _CHUNK), opened.threads)
    seen = warmth.band.temperature(total).reshape(height, width)
    return seen if rays.seen is None else np.where(rays.seen, seen, warmth.climate.air_k)


def _radiance(opened: Opened, placed: Placed, street: Placed, rays: _Rays, warmth: Warmth) -> Float[np.ndarray, "n"]:
    """What arrives along rays, W/(m^2 sr)."""
    climate, band = warmth.climate, warmth.band
    hits = trace(opened.traced, placed, rays.origin, rays.direction, rays.slot)
    met = hits.triangle >= 0
    out = climate.sky_radiance(rays.direction[:, 2].astype(np.float64), band)
    if not met.any():
        return out
    one = _Rays(rays.origin[met], rays.direction[met], rays.slot[met])
    hit = Hits(hits.distance_m[met], hits.triangle[met], hits.instance[met], hits.barycentric[met])
    material = opened.traced.material[hit.triangle]
    normal = _normals(opened.traced, placed, one, hit)
    point = one.origin + hit.distance_m[:, None] * one.direction
    sunlit = _sunlit(opened, placed, street, one, hit, point, normal, warmth)
    surface = warmth.surfaces.temperature_k(climate.air_k, material, sunlit, normal[:, 2])
    surface = _actors(opened, placed, one, hit, point, surface, warmth)
    emissivity = warmth.surfaces.emissivity[material]
    mirrored = one.direction - 2.0 * np.sum(one.direction * normal, axis=-1, keepdims=True) * normal
    sky = climate.sky_radiance(mirrored[:, 2], band)
    around = np.where(mirrored[:, 2] > 0.0, sky, warmth.ground_w)
    sent = emissivity * band.radiance(surface) + (1.0 - emissivity) * around
    through = np.exp(-climate.extinction_per_m * hit.distance_m.astype(np.float64))
    out[met] = sent * through + float(band.radiance(np.array(climate.air_k))) * (1.0 - through)
    return out


def _normals(traced: TracedScene, placed: Placed, rays: _Rays, hit: Hits) -> Float[np.ndarray, "n 3"]:
    """Unit shading normals towards the viewer, in `world` axes."""
    u, v = hit.barycentric[:, :1].astype(np.float64), hit.barycentric[:, 1:].astype(np.float64)
    corners = traced.normals[hit.triangle]
    normal = (1.0 - u - v) * corners[:, 0] + u * corners[:, 1] + v * corners[:, 2]
    mine = hit.instance >= 0
    if mine.any():
        table = placed.instances.actor_from_world[rays.slot[mine], hit.instance[mine]].reshape(-1, 3, 4)
        normal[mine] = np.einsum("nij,ni->nj", table[:, :, :3], normal[mine])
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    away = np.sum(normal * rays.direction, axis=-1) > 0.0
    return np.where(away[:, None], -normal, normal)


def _sunlit(
    opened: Opened, placed: Placed, street: Placed, rays: _Rays, hit: Hits, point: np.ndarray, normal: np.ndarray,
    warmth: Warmth,
) -> Float[np.ndarray, "n"]:  # fmt: skip
    """Direct sun on surfaces relative to level ground in the open.

    By day a ray to the sun decides; the street does not cool at once where a vehicle's shadow passes, so only what
    stands still shades it. After sunset the day's sun is taken to have been there everywhere that faces up.
    """
    sine = float(warmth.sun[2])
    facing = normal @ warmth.sun
    if sine < 0.03:
        return np.clip(normal[:, 2], 0.0, 1.0)
    relative = np.clip(facing / max(sine, 0.25), 0.0, 2.5)
    origin = (point + _OFFSET_M * normal).astype(np.float32)
    towards = np.broadcast_to(warmth.sun.astype(np.float32), origin.shape).copy()
    shaded = np.zeros(len(relative), bool)
    for which, actors in ((hit.instance >= 0, placed), (hit.instance < 0, street)):
        asked = np.flatnonzero(which & (relative > 0.0))
        if len(asked):
            slot = rays.slot[asked] if actors is placed else np.zeros(len(asked), np.int32)
            met = trace(opened.traced, actors, origin[asked], towards[asked], slot, any_hit=True)
            shaded[asked] = met.triangle >= 0
    return np.where(shaded, 0.0, relative)


def _actors(
    opened: Opened, placed: Placed, rays: _Rays, hit: Hits, point: np.ndarray, surface_k: np.ndarray, warmth: Warmth
) -> Float[np.ndarray, "n"]:
    """The temperatures again, with what is warm about actors."""
    out, scene = surface_k.copy(), opened.scene
    semantic = opened.traced.scene.materials.semantic
    for which in np.unique(hit.instance[hit.instance >= 0]):
        mine = np.flatnonzero(hit.instance == which)
        actor = int(placed.actor[which])
        table = placed.instances.actor_from_world[rays.slot[mine], which].reshape(-1, 3, 4).astype(np.float64)
        local = np.einsum("nij,nj->ni", table[:, :, :3], point[mine].astype(np.float64)) + table[:, :, 3]
        is_person = np.isin(semantic[opened.traced.material[hit.triangle[mine]]], _PEOPLE)
        out[mine] = warmed(
            ActorClass(scene.actors.kind_of(actor)), scene.actors.size_m[actor], local, is_person, surface_k[mine],
            warmth.climate.air_k, bool(warmth.running[actor]), float(warmth.speed_mps[actor]),
        )  # fmt: skip
    return out
