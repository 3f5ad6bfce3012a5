"""Every reflection in a radar's field of view, exact: what it would measure without cells, noise and threshold.

About 19,200 rays cover the field of view; each hit stands for the area that its ray covers. The range rate is
(v_object - v_sensor) . d: both velocities from the world state, with the yaw rates of both and the lever arms of the
hit on its actor and of the radar on the ego.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from driving_data.geometry import SE3
from driving_data.sensors import RadarModel, RadarOrigin
from driving_data.taxonomy import SemanticClass
from generators.raytrace import surface_kernels
from generators.raytrace.cameras.develop import frame_rng
from generators.raytrace.moment import RADAR_DRAWS, Moment, Opened, placed_at, sensor_poses
from generators.raytrace.motion import rigid_velocity_mps
from generators.raytrace.radars import sections
from generators.raytrace.radars.ghosts import (
    ROAD_GAMMA,
    WET_ROAD_GAMMA,
    Reflector,
    ghosts_in,
    upright_reflectors,
)
from generators.raytrace.radars.law import mean_snr, pattern
from generators.raytrace.tracer import Placed, TracedScene, bands_of, for_each, trace

NUM_RAYS = 19_200
_CHUNK = 8192
_ON_MIRROR_M = 0.3
_CLEAR_M = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class RadarRays:
    """Rays over the field of view.

    Attributes:
        direction: unit, in the radar frame, shape (n, 3).
        solid_sr: solid angle that each covers, shape (n,).
        gain: two-way antenna pattern, shape (n,).
    """

    direction: Float32[np.ndarray, "n 3"]
    solid_sr: Float[np.ndarray, "n"]
    gain: Float[np.ndarray, "n"]


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """Reflections as they are, without cells, noise and threshold.

    Attributes:
        position_m: in the radar frame, range times direction, shape (n, 3).
        range_m: shape (n,).
        range_rate_mps: shape (n,).
        rcs_m2: mean cross-section, shape (n,).
        snr: mean signal-to-noise ratio, shape (n,).
        actor: index of the actor that reflects, or whose ghost it is; -1 for the street; shape (n,).
        origin: `RadarOrigin` numbers, shape (n,).
    """

    position_m: Float[np.ndarray, "n 3"]
    range_m: Float[np.ndarray, "n"]
    range_rate_mps: Float[np.ndarray, "n"]
    rcs_m2: Float[np.ndarray, "n"]
    snr: Float[np.ndarray, "n"]
    actor: np.ndarray
    origin: np.ndarray


def joined(parts: tuple[Echoes, ...]) -> Echoes:
    """Several one after the other."""
    return Echoes(*(np.concatenate([getattr(part, name) for part in parts]) for name in Echoes.__dataclass_fields__))


def radar_rays(model: RadarModel, num_rays: int = NUM_RAYS) -> RadarRays:
    """A grid of about so many rays with square cells."""
    wide, high = model.horizontal_fov_rad, model.vertical_fov_rad
    columns = max(1, round(np.sqrt(num_rays * wide / high)))
    rows = max(1, num_rays // columns)
    azimuth = (0.5 - (np.arange(columns) + 0.5) / columns) * wide
    elevation = (0.5 - (np.arange(rows) + 0.5) / rows) * high
    azimuth, elevation = (each.reshape(-1) for each in np.meshgrid(azimuth, elevation))
    flat = np.cos(elevation)
    direction = np.stack([np.cos(azimuth) * flat, np.sin(azimuth) * flat, np.sin(elevation)], axis=-1)
    return RadarRays(
        np.ascontiguousarray(direction, dtype=np.float32),
        flat * (wide / columns) * (high / rows),
        pattern(model, azimuth, elevation),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Hits:
    """Hits in `world`, those of one radar at one moment."""

    point_m: np.ndarray
    normal: np.ndarray
    cosine: np.ndarray
    range_m: np.ndarray
    direction: np.ndarray
    semantic: np.ndarray
    actor: np.ndarray
    area_m2: np.ndarray
    gain: np.ndarray


def _hits(traced: TracedScene, placed: Placed, pose: SE3, rays: RadarRays, limit_m: float, threads: int) -> _Hits:
    n = len(rays.solid_sr)
    direction = np.ascontiguousarray(rays.direction @ pose.rotation.astype(np.float32).T)
    start = (pose.translation_m - traced.origin_m).astype(np.float32)
    origin = np.ascontiguousarray(np.broadcast_to(start, (n, 3)))
    point = np.zeros((n, surface_kernels.POINT), np.float32)
    material, distance, instance = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32)
    attributes = surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals)

    def shoot(part: slice) -> None:
        slot = np.zeros(part.stop - part.start, np.int32)
        limit = np.full(len(slot), limit_m, np.float32)
        found = trace(traced, placed, origin[part], direction[part], slot, limit)
        surface_kernels.surface(
            traced.geometry, attributes, placed.instances, origin[part], direction[part], slot, found.distance_m,
            found.triangle, found.instance, found.barycentric, 1e-3, point[part], material[part],
        )  # fmt: skip
        distance[part], instance[part] = found.distance_m, found.instance

    for_each(shoot, bands_of(n, _CHUNK), threads)
    hit = np.flatnonzero(material >= 0)
    ranged, ray = distance[hit].astype(np.float64), direction[hit].astype(np.float64)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    normal = point[hit, 6:9].astype(np.float64)
    who = instance[hit]
    actor = np.where(who >= 0, placed.actor[np.maximum(who, 0)] if len(placed.actor) else -1, -1).astype(np.int64)
    return _Hits(
        pose.translation_m + ranged[:, None] * ray, normal, -np.sum(normal * ray, axis=-1), ranged, ray,
        traced.scene.materials.semantic[material[hit]], actor, ranged**2 * rays.solid_sr[hit], rays.gain[hit],
    )  # fmt: skip


def _sections(opened: Opened, moment: Moment, hits: _Hits) -> np.ndarray:
    """Cross-section of what each ray met: scenery by area, actors by class, aspect and visible share."""
    flashing = sections.flash(hits.cosine)
    gamma = sections.gamma_table()[hits.semantic]
    rcs = hits.area_m2 * (gamma[:, 0] + gamma[:, 1] * flashing)
    rows = np.flatnonzero(hits.actor >= 0)
    if len(rows) == 0:
        return rcs
    seen, group = np.unique(hits.actor[rows], return_inverse=True)
    area = np.bincount(group, weights=hits.area_m2[rows])
    share = np.bincount(group, weights=hits.area_m2[rows] * flashing[rows]) / area
    view = np.stack([np.bincount(group, weights=hits.direction[rows, k]) for k in range(3)], axis=-1)
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    poses = moment.start.world_from_actor[seen]
    actors = opened.scene.actors
    outline = sections.box_area_m2(poses.inverse().rotate(view), actors.size_m[seen])
    total = sections.actor_rcs_m2(actors.kind[seen]) * np.minimum(1.0, area / outline) * sections.aspect(share)
    weight = hits.area_m2[rows] * (0.5 + 4.0 * flashing[rows])
    rcs[rows] = total[group] * weight / np.bincount(group, weights=weight)[group]
    return rcs


def clean_returns(opened: Opened, moment: Moment, index: int, rays: RadarRays, ghosts: bool = True) -> Echoes:
    """Every reflection that one radar of the rig meets at the start of a moment, exact and without threshold.

    Args:
        opened: scene and rig.
        moment: when.
        index: which radar.
        rays: its rays.
        ghosts: with mirror images of actors.
    """
    model, environment = opened.rig.radars[index], opened.scene.environment
    pose = sensor_poses(moment, np.zeros(1), model.ego_from_radar)[0]
    placed = placed_at(opened, moment, np.zeros(1))
    hits = _hits(opened.traced, placed, pose, rays, model.max_range_m, opened.threads)
    rcs = _sections(opened, moment, hits)
    sensor_mps = _sensor_velocity(opened, moment, pose)
    velocity = rigid_velocity_mps(moment.start, hits.actor, hits.point_m)
    ground = np.isin(hits.semantic, [int(kind) for kind in sections.GROUND])
    origin = np.where(hits.actor >= 0, RadarOrigin.TARGET, np.where(ground, RadarOrigin.CLUTTER, RadarOrigin.STATIC))
    solid = Echoes(
        pose.inverse().rotate(hits.range_m[:, None] * hits.direction),
        hits.range_m,
        np.sum((velocity - sensor_mps) * hits.direction, axis=-1),
        rcs,
        mean_snr(model, rcs, hits.range_m, environment.rain_mmph) * hits.gain,
        hits.actor,
        origin.astype(np.uint8),
    )
    if not ghosts:
        return solid
    return joined((solid, *_ghost_echoes(opened, moment, model, pose, placed, hits, rcs, sensor_mps)))


def radar_rng(opened: Opened, moment: Moment, index: int) -> np.random.Generator:
    """The random stream of one look of one radar."""
    return frame_rng(opened.seed, moment.start.timestamp_ns, RADAR_DRAWS + index)


def _sensor_velocity(opened: Opened, moment: Moment, pose: SE3) -> np.ndarray:
    ego = np.array([opened.scene.ego_index])
    return rigid_velocity_mps(moment.start, ego, pose.translation_m[None])[0]


def _ghost_echoes(
    opened: Opened, moment: Moment, model: RadarModel, pose: SE3, placed: Placed, hits: _Hits, rcs: np.ndarray,
    sensor_mps: np.ndarray,
) -> list[Echoes]:  # fmt: skip
    actor, target, total, seen = _targets(opened, moment, model, pose, placed, hits, rcs)
    if len(actor) == 0:
        return []
    velocity = rigid_velocity_mps(moment.start, actor, target)
    street = hits.actor < 0
    mirrors = [
        *upright_reflectors(hits.point_m[street], hits.normal[street], hits.semantic[street], hits.area_m2[street])
    ]
    road = hits.semantic == SemanticClass.ROAD
    if model.elevation_resolution_rad > 0.0 and road.any():
        wet = opened.scene.environment.road_wetness
        gamma = ROAD_GAMMA + (WET_ROAD_GAMMA - ROAD_GAMMA) * wet
        level = float(np.median(hits.point_m[road, 2]))
        mirrors.append(Reflector(np.array([0.0, 0.0, 1.0]), level, gamma, upright=False))
    made: list[Echoes] = []
    for mirror in mirrors:
        chosen = _mirrored_in(opened.traced, placed, mirror, pose.translation_m, target, actor)
        if not mirror.upright:
            chosen &= seen
        if chosen.any():
            made.append(_ghosts(opened, model, pose, mirror, target[chosen], velocity[chosen], total[chosen],
                                actor[chosen], seen[chosen], sensor_mps))  # fmt: skip
    return made


def _targets(
    opened: Opened, moment: Moment, model: RadarModel, pose: SE3, placed: Placed, hits: _Hits, rcs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Who may have ghosts: actor, place, cross-section, and whether the radar sees it straight.

    Seen ones stand where their reflections do, with what is seen of them; hidden ones at their middle, with the mean
    section of their class: only the way that bounces twice shows them.
    """
    rows = np.flatnonzero(hits.actor >= 0)
    actor, group = np.unique(hits.actor[rows], return_inverse=True)
    weight = rcs[rows]
    total = np.bincount(group, weights=weight, minlength=len(actor))
    sums = [np.bincount(group, weights=weight * hits.point_m[rows, k], minlength=len(actor)) for k in range(3)]
    target = np.stack(sums, axis=-1) / np.maximum(total, 1e-300)[:, None]
    middle = moment.start.world_from_actor.translation_m
    near = np.linalg.norm(np.nan_to_num(middle[placed.actor]) - pose.translation_m, axis=-1) < model.max_range_m
    hidden = np.setdiff1d(placed.actor[near].astype(np.int64), actor)
    mean = sections.actor_rcs_m2(opened.scene.actors.kind[hidden])
    seen = np.concatenate([np.ones(len(actor), dtype=bool), np.zeros(len(hidden), dtype=bool)])
    return (
        np.concatenate([actor, hidden]),
        np.concatenate([target, middle[hidden]]),
        np.concatenate([total, mean]),
        seen,
    )


def _ghosts(
    opened: Opened, model: RadarModel, pose: SE3, mirror: Reflector, target: np.ndarray, velocity: np.ndarray,
    total: np.ndarray, actor: np.ndarray, seen: np.ndarray, sensor_mps: np.ndarray,
) -> Echoes:  # fmt: skip
    found = ghosts_in(mirror, pose.translation_m, sensor_mps, target, velocity)
    direction = pose.inverse().rotate(found.direction.reshape(-1, 3))
    ranged = found.range_m.reshape(-1)
    azimuth, elevation = np.arctan2(direction[:, 1], direction[:, 0]), np.arcsin(np.clip(direction[:, 2], -1.0, 1.0))
    inside = (np.abs(azimuth) <= 0.5 * model.horizontal_fov_rad) & (ranged <= model.max_range_m)
    inside &= np.abs(elevation) <= 0.5 * model.vertical_fov_rad
    inside &= (seen[:, None] | np.array([False, False, True])).reshape(-1)
    weak = (total[:, None] * found.loss).reshape(-1)
    # The radar equation with both ways of the path, written as a target at the fourth root of their product.
    path = found.spread.reshape(-1) ** 0.25
    snr = mean_snr(model, weak, path, opened.scene.environment.rain_mmph) * pattern(model, azimuth, elevation)
    whole = Echoes(
        ranged[:, None] * direction, ranged, found.range_rate_mps.reshape(-1), weak, snr, np.repeat(actor, 3),
        np.full(len(ranged), RadarOrigin.GHOST, np.uint8),
    )  # fmt: skip
    return Echoes(*(getattr(whole, name)[inside] for name in Echoes.__dataclass_fields__))


def _mirrored_in(
    traced: TracedScene, placed: Placed, mirror: Reflector, sensor_m: np.ndarray, target_m: np.ndarray,
    actor: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Which targets the radar can see in a mirror: same side, mirror hit first, and from there the target first."""
    side, ours = target_m @ mirror.normal - mirror.offset_m, float(sensor_m @ mirror.normal - mirror.offset_m)
    good = (side * ours > 0.0) & (np.abs(side) > 0.2) & (abs(ours) > 0.2)
    rows = np.flatnonzero(good)
    if len(rows) == 0 or not mirror.upright:
        return good
    way = mirror.mirrored(target_m[rows]) - sensor_m
    length = np.linalg.norm(way, axis=-1)
    share = abs(ours) / (np.abs(side[rows]) + abs(ours))
    bounce = sensor_m + share[:, None] * way
    first = _first(traced, placed, np.broadcast_to(sensor_m, way.shape), way / length[:, None], share * length + 1.0)
    hits_mirror = (first[1] < 0) & (np.abs(first[0] - share * length) < _ON_MIRROR_M)
    # The second leg begins a little before the mirror, on the radar's side of it.
    begin = bounce + np.sign(ours) * _CLEAR_M * mirror.normal
    onward = target_m[rows] - begin
    far = np.linalg.norm(onward, axis=-1)
    second = _first(traced, placed, begin, onward / far[:, None], far + 1.0)
    meets = np.where(second[1] >= 0, placed.actor[np.maximum(second[1], 0)] == actor[rows], second[0] >= far)
    good[rows] = hits_mirror & meets
    return good


def _first(
    traced: TracedScene, placed: Placed, origin_m: np.ndarray, direction: np.ndarray, limit_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance (inf for none) and instance of what single rays meet."""
    hits = trace(
        traced, placed, np.ascontiguousarray(origin_m - traced.origin_m, dtype=np.float32),
        np.ascontiguousarray(direction, dtype=np.float32), np.zeros(len(direction), np.int32),
        limit_m.astype(np.float32),
    )  # fmt: skip
    return hits.distance_m, hits.instance
