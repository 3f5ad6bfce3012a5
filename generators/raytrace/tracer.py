"""The scene made ready for rays: hierarchies, placed actors, and the call that traces bundles of rays.

Coordinates inside are float32 relative to `origin_m` (the middle of the street), so that a map far from its origin
loses no precision. Times are slots: row k of the pose table holds every actor at the k-th asked fraction between two
world states, so that a rolling shutter or a spinning lidar sees each actor where it was at that very moment.
"""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32, UInt8

from driving_data.geometry import SE3
from driving_data.rollout import WorldState
from generators.raytrace import tracer_kernels
from generators.raytrace.articulation import body_meshes, part_poses, part_tables
from generators.raytrace.bvh import Hierarchy, build_hierarchy, build_wide
from generators.raytrace.scene import MeshScene

FAR_M = 1.0e5
_EXTRA_SLICES = 5


@dataclass(frozen=True, slots=True, eq=False)
class TracedScene:
    """A `MeshScene` with its hierarchies; per-triangle columns are in the order of the leaves.

    Attributes:
        scene: what it was made from.
        origin_m: `world` position of the tracer's origin.
        hierarchy: boxes and triangles.
        geometry: the same as the kernels take it.
        material: row of the materials, shape (F,).
        uv_m: texture coordinates of the corners, shape (F, 3, 2).
        normals: shading normals of the corners, shape (F, 3, 3).
        asset_lo_m: lower corner of each mesh's box, the street first, shape (M, 3).
        asset_hi_m: upper corner, shape (M, 3).
    """

    scene: MeshScene
    origin_m: Float[np.ndarray, "3"]
    hierarchy: Hierarchy
    geometry: tracer_kernels.Geometry
    material: Int32[np.ndarray, "F"]
    uv_m: Float32[np.ndarray, "F 3 2"]
    normals: Float32[np.ndarray, "F 3 3"]
    asset_lo_m: Float[np.ndarray, "M 3"]
    asset_hi_m: Float[np.ndarray, "M 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Actors at the asked moments.

    Attributes:
        instances: as the kernels take them.
        actor: index of each instance among the actors, shape (I,); an actor with moving parts has several.
        lights: `Light` bits of each instance, shape (I,).
        part: row of `MeshScene.parts` of each instance; -1 for bodies, shape (I,).
    """

    instances: tracer_kernels.Instances
    actor: Int32[np.ndarray, "I"]
    lights: UInt8[np.ndarray, "I"]
    part: Int[np.ndarray, "I"]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What rays met.

    Attributes:
        distance_m: along the ray; inf for nothing, shape (n,).
        triangle: row in the leaves' order; -1 for nothing, shape (n,).
        instance: row of `Placed.actor`; -1 for the street or nothing, shape (n,).
        barycentric: place on the triangle, shape (n, 2).
    """

    distance_m: Float32[np.ndarray, "n"]
    triangle: Int32[np.ndarray, "n"]
    instance: Int32[np.ndarray, "n"]
    barycentric: Float32[np.ndarray, "n 2"]


def prepare(scene: MeshScene) -> TracedScene:
    """Builds the hierarchies of a scene."""
    meshes = (scene.static, *scene.assets)
    origin = np.zeros(3)
    if len(scene.static.vertices_m):
        lowest, highest = scene.static.vertices_m.min(axis=0), scene.static.vertices_m.max(axis=0)
        origin = np.round(0.5 * (lowest.astype(np.float64) + highest))
    hierarchy = build_hierarchy(meshes, origin)
    first = np.concatenate([[0], np.cumsum([len(mesh.triangles) for mesh in meshes])])
    row = first[hierarchy.mesh] + hierarchy.source
    lo, hi = np.zeros((len(meshes), 3)), np.zeros((len(meshes), 3))
    for index, mesh in enumerate(meshes):
        if len(mesh.vertices_m):
            lo[index], hi[index] = mesh.vertices_m.min(axis=0), mesh.vertices_m.max(axis=0)
    return TracedScene(
        scene=scene,
        origin_m=origin,
        hierarchy=hierarchy,
        geometry=tracer_kernels.Geometry(hierarchy.bounds, hierarchy.child, hierarchy.triangle),
        material=np.concatenate([mesh.material for mesh in meshes])[row].astype(np.int32),
        uv_m=np.ascontiguousarray(np.concatenate([mesh.uv_m for mesh in meshes])[row], dtype=np.float32),
        normals=np.ascontiguousarray(np.concatenate([mesh.normals for mesh in meshes])[row], dtype=np.float32),
        asset_lo_m=lo,
        asset_hi_m=hi,
    )


def poses_between(start: SE3, end: SE3, fraction: Float[np.ndarray, "S"]) -> SE3:
    """Poses (S, A) at fractions of the way from `start` (0) to `end` (1), beyond them too.

    Straight in translation, at constant angular velocity in rotation (Rodrigues' formula).
    """
    turn = SE3(np.swapaxes(start.rotation, -1, -2) @ end.rotation, end.translation_m).quaternion_wxyz()
    sine = np.linalg.norm(turn[:, 1:], axis=-1)
    angle = 2.0 * np.arctan2(sine, turn[:, 0])
    x, y, z = np.moveaxis(turn[:, 1:] / np.where(sine > 1e-12, sine, 1.0)[:, None], -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    turned, twice = start.rotation @ cross, start.rotation @ cross @ cross
    theta = (fraction[:, None] * angle[None])[..., None, None]
    rotation = start.rotation[None] + np.sin(theta) * turned[None] + (1.0 - np.cos(theta)) * twice[None]
    step = (end.translation_m - start.translation_m)[None]
    return SE3(rotation, start.translation_m[None] + fraction[:, None, None] * step)


def ending(start: WorldState, end: WorldState) -> SE3:
    """Poses of all actors at the end; who is gone by then goes on at its velocity."""
    dt = (end.timestamp_ns - start.timestamp_ns) * 1e-9
    onwards = start.world_from_actor.translation_m + dt * np.nan_to_num(start.velocity_mps)
    stays = end.valid[:, None]
    return SE3(
        np.where(stays[..., None], end.world_from_actor.rotation, start.world_from_actor.rotation),
        np.where(stays, end.world_from_actor.translation_m, onwards),
    )


def place(
    traced: TracedScene, start: WorldState, end: WorldState, fraction: Float[np.ndarray, "S"], ego_index: int
) -> Placed:
    """Every visible actor at the asked fractions between two states, then their moving parts.

    The ego's own body is left out. Rows of `Placed` are the bodies of the shown actors in their order, then the parts.
    """
    scene = traced.scene
    there = start.valid & (scene.asset_frames[:, 0] >= 0) & (np.arange(len(start.valid)) != ego_index)
    shown = np.flatnonzero(there)
    mesh = 1 + body_meshes(scene, start)[shown]
    begin, finish = start.world_from_actor, ending(start, end)
    poses = poses_between(begin[shown], finish[shown], fraction)
    lo, hi = _swept_boxes(traced, mesh, begin[shown], finish[shown], fraction)
    inverse = SE3(poses.rotation, poses.translation_m - traced.origin_m).inverse()
    table = np.concatenate([inverse.rotation, inverse.translation_m[..., None]], axis=-1).astype(np.float32)
    held = np.flatnonzero(there[scene.parts.actor]) if len(scene.parts.actor) else shown[:0]
    owner = scene.parts.actor[held]
    if len(held):
        body = np.searchsorted(shown, owner)
        part_mesh = 1 + scene.parts.asset[held]
        part_lo, part_hi = _part_boxes(traced, start, end, fraction, held)
        mesh, lo, hi = np.concatenate([mesh, part_mesh]), np.vstack([lo, part_lo]), np.vstack([hi, part_hi])
        moving = part_tables(scene.parts, start, end, fraction, held, table[:, body])
        table = np.concatenate([table, moving], axis=1)
    actor = np.concatenate([shown, owner])
    bounds, child, order = build_wide(lo, hi, max_leaf=1)
    return Placed(
        tracer_kernels.Instances(
            bounds,
            child,
            order,
            traced.hierarchy.root[mesh],
            np.ascontiguousarray(table.reshape(len(fraction), len(actor), 12), dtype=np.float32),
        ),
        actor.astype(np.int32),
        start.lights[actor],
        np.concatenate([np.full(len(shown), -1, dtype=np.int64), held]),
    )


def _part_boxes(
    traced: TracedScene,
    start: WorldState,
    end: WorldState,
    fraction: Float[np.ndarray, "S"],
    rows: Int[np.ndarray, "P"],
) -> tuple[Float[np.ndarray, "P 3"], Float[np.ndarray, "P 3"]]:
    """Boxes that hold each part whichever way it is turned about its origin, at a few slices and between them."""
    parts = traced.scene.parts
    corner = np.maximum(
        np.abs(traced.asset_lo_m[1 + parts.asset[rows]]), np.abs(traced.asset_hi_m[1 + parts.asset[rows]])
    )
    slices = np.linspace(fraction.min(), fraction.max(), _EXTRA_SLICES)
    local = part_poses(parts, start, end, slices)[:, rows]
    owner = parts.actor[rows]
    body = poses_between(start.world_from_actor[owner], ending(start, end)[owner], slices)
    place_m = body.apply(local.translation_m) - traced.origin_m
    span = place_m.max(axis=0) - place_m.min(axis=0)
    radius = np.linalg.norm(corner, axis=-1)[:, None] + 1e-3 + 0.1 * np.linalg.norm(span, axis=-1, keepdims=True)
    return place_m.min(axis=0) - radius, place_m.max(axis=0) + radius


def _swept_boxes(
    traced: TracedScene, mesh: Int[np.ndarray, "I"], begin: SE3, finish: SE3, fraction: Float[np.ndarray, "S"]
) -> tuple[Float[np.ndarray, "I 3"], Float[np.ndarray, "I 3"]]:
    """Boxes that hold each actor during all fractions: at a few slices, grown by the sagitta between them."""
    lo, hi = traced.asset_lo_m[mesh], traced.asset_hi_m[mesh]
    slices = np.linspace(fraction.min(), fraction.max(), _EXTRA_SLICES)
    poses = poses_between(begin, finish, slices)
    center, half = 0.5 * (lo + hi), 0.5 * (hi - lo)
    middle = poses.apply(np.broadcast_to(center, (_EXTRA_SLICES, *center.shape))) - traced.origin_m
    reach = np.einsum("sijk,ik->sij", np.abs(poses.rotation), half)
    relative = np.einsum("iab,iac->ibc", begin.rotation, finish.rotation)
    cosine = np.clip(0.5 * (np.trace(relative, axis1=1, axis2=2) - 1.0), -1.0, 1.0)
    step = np.arccos(cosine) * (slices[-1] - slices[0]) / (_EXTRA_SLICES - 1)
    radius = np.linalg.norm(np.maximum(np.abs(lo), np.abs(hi)), axis=-1)
    sagitta = (radius * (1.0 - np.cos(0.5 * step)))[:, None]
    return (middle - reach).min(axis=0) - sagitta, (middle + reach).max(axis=0) + sagitta


def trace(
    traced: TracedScene,
    placed: Placed,
    origin_m: Float32[np.ndarray, "n 3"],
    direction: Float32[np.ndarray, "n 3"],
    slot: Int32[np.ndarray, "n"],
    limit_m: Float32[np.ndarray, "n"] | None = None,
    any_hit: bool = False,
    only: int = -1,
) -> Hits:
    """First hits of rays (origins relative to `TracedScene.origin_m`), on the calling thread.

    Args:
        traced: the scene.
        placed: the actors.
        origin_m: where rays begin.
        direction: unit directions; distances are in units of their length.
        slot: time slot of each ray.
        limit_m: hits at or beyond this are none; None for everything.
        any_hit: any hit will do: only whether `triangle` >= 0 means something then.
        only: the one instance to look at; -1 for everything.
    """
    n = len(origin_m)
    limit = np.full(n, FAR_M, dtype=np.float32) if limit_m is None else limit_m
    hits = Hits(np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty((n, 2), np.float32))
    tracer_kernels.trace(
        traced.geometry, placed.instances, origin_m, direction, slot, limit, any_hit, only,
        hits.distance_m, hits.triangle, hits.instance, hits.barycentric,
    )  # fmt: skip
    return hits


def occluded(
    traced: TracedScene,
    placed: Placed,
    origin_m: Float32[np.ndarray, "n 3"],
    direction: Float32[np.ndarray, "n 3"],
    slot: Int32[np.ndarray, "n"],
    limit_m: Float32[np.ndarray, "n"] | None = None,
) -> Bool[np.ndarray, "n"]:
    """Whether anything lies on each ray before its limit."""
    return trace(traced, placed, origin_m, direction, slot, limit_m, any_hit=True).triangle >= 0


def num_threads() -> int:
    """Threads that a render uses unless told otherwise: one per core that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else (os.cpu_count() or 1)


def for_each(function: Callable[[slice], None], bands: Sequence[slice], threads: int) -> None:
    """Calls the function on every band, in any order and on several threads; a failure is raised here."""
    if threads <= 1 or len(bands) <= 1:
        for band in bands:
            function(band)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(function, band) for band in bands]:
            done.result()


def bands_of(count: int, size: int) -> list[slice]:
    """0..count cut into slices of `size`."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]
