"""The tracer on an urban street: cameras, lidars, hierarchies; peer: Embree on the same mesh and rays."""

import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure, median_seconds
from benchmarks.peers import ask_peer
from benchmarks.tracer_fixed import cpu_seconds, fixed_figures
from benchmarks.tracer_peers import EMBREE
from benchmarks.worlds import camera_rig, lidar_rig, street
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Rollout, WorldState, ego_frame
from driving_data.sensors import SensorRig
from generators.raytrace.build import build_scene
from generators.raytrace.bvh import build_hierarchy
from generators.raytrace.cameras.settings import Development
from generators.raytrace.lidars.scan import firings
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.tracer import Hits, Placed, TracedScene, bands_of, for_each, num_threads, place, prepare, trace

PEER = "embreex 4.4.0.post1"
SEED = 3
_BAND = 16384


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    width_px: int = 480
    height_px: int = 270
    lidars: tuple[tuple[int, int], ...] = ((32, 900), (64, 1800))
    num_actors: int = 20
    repeats: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class Street:
    """The scene of all figures: what happened, the moment that is looked at, and the scene ready for rays."""

    rollout: Rollout
    scene: SceneDescription
    traced: TracedScene
    start: WorldState
    end: WorldState

    def renderer(self, rig: SensorRig) -> RaytraceRenderer:
        """The street opened for a rig."""
        return RaytraceRenderer(self.traced, self.scene, rig, SEED, Development())


def open_street(num_actors: int) -> Street:
    """Plays and builds the street."""
    rollout = street(num_actors)[1]
    scene = SceneDescription(
        rollout.lane_map, rollout.actors, rollout.ego_index, rollout.environment, rollout.signals.ids
    )
    middle = rollout.num_steps // 2
    traced = prepare(build_scene(scene, SEED))
    return Street(rollout, scene, traced, rollout.state_at(middle), rollout.state_at(middle + 1))


def camera_figures(scene: Street, sizes: Sizes) -> list[Figure]:
    """Pictures with colour, depth, semantic and instance labels."""
    renderer = scene.renderer(camera_rig(sizes.width_px, sizes.height_px))
    seconds = median_seconds(partial(renderer.render, scene.start, scene.end), sizes.repeats)
    note = f"colour, depth, semantic, instance; {_size_of(scene)}; {num_threads()} threads"
    name = f"camera {sizes.width_px}x{sizes.height_px}"
    return [
        Figure(f"{name}, one frame", 1e3 * seconds, "ms", 350.0, note=note),
        Figure(f"{name}, rate", 1.0 / seconds, "frames/s", note=note),
    ]


def lidar_figures(scene: Street, sizes: Sizes) -> list[Figure]:
    """Turns with a moving sensor and moving actors."""
    figures: list[Figure] = []
    for beams, azimuths in sizes.lidars:
        renderer = scene.renderer(lidar_rig(beams, azimuths))
        look = partial(renderer.render, scene.start, scene.end)
        seconds = median_seconds(look, sizes.repeats)
        points = len(look().sweeps[0].points_m)
        note = f"{beams * azimuths} rays, {points} points returned, rolling, {num_threads()} threads"
        figures.append(Figure(f"lidar {beams}x{azimuths}", beams * azimuths / seconds, "rays/s", note=note))
        figures.append(Figure(f"lidar {beams}x{azimuths}, points", points / seconds, "points/s", 1e6, note=note))
    return figures


def build_figures(scene: Street, sizes: Sizes) -> list[Figure]:
    """From a scene description to something that rays can hit."""
    meshes = (scene.traced.scene.static, *scene.traced.scene.assets)
    count = sum(len(mesh.triangles) for mesh in meshes)
    origin = scene.traced.origin_m
    seconds = median_seconds(lambda: build_hierarchy(meshes, origin), sizes.repeats)
    scenery = median_seconds(lambda: build_scene(scene.scene, SEED), max(1, sizes.repeats // 2), 0)
    note = f"{count} triangles, one thread"
    return [
        Figure("hierarchies of all meshes", 1e3 * seconds, "ms", note=note),
        Figure("scenery from the description", 1e3 * scenery, "ms", note=note),
    ]


def static_rays(scene: Street, sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """Origins, relative to the tracer's, and unit directions of one picture and one turn, float32."""
    ego = scene.scene.ego_index
    world_from_ego = ego_frame(scene.start.world_from_actor[ego], scene.rollout.actors, ego)
    camera = camera_rig(sizes.width_px, sizes.height_px).cameras[0]
    u, v = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    seen = np.stack([(u - camera.cx_px) / camera.fx_px, (v - camera.cy_px) / camera.fy_px, np.ones_like(u)], -1)
    lidar = lidar_rig(*sizes.lidars[0]).lidars[0]
    parts = [(camera.ego_from_camera, seen.reshape(-1, 3)), (lidar.ego_from_lidar, firings(lidar).direction)]
    origins, directions = zip(*(_placed(world_from_ego @ mount, rays) for mount, rays in parts), strict=True)
    return (
        np.ascontiguousarray(np.concatenate(origins) - scene.traced.origin_m, dtype=np.float32),
        np.ascontiguousarray(np.concatenate(directions), dtype=np.float32),
    )


def _placed(world_from_sensor: SE3, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    turned = world_from_sensor.rotate(rays.astype(np.float64))
    turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
    return np.broadcast_to(world_from_sensor.translation_m, turned.shape), turned


def alone(scene: Street) -> Placed:
    """The street without anybody on it."""
    start = scene.start
    nobody = replace(start, valid=np.arange(len(start.valid)) == scene.scene.ego_index)
    return place(scene.traced, nobody, nobody, np.zeros(1), scene.scene.ego_index)


def distances(scene: Street, placed: Placed, origin: np.ndarray, direction: np.ndarray, threads: int) -> np.ndarray:
    """Distance to the first hit of each ray on the street alone; inf for none."""
    out = np.empty(len(origin), np.float32)

    def shoot(part: slice) -> None:
        slot = np.zeros(part.stop - part.start, np.int32)
        hits: Hits = trace(scene.traced, placed, origin[part], direction[part], slot)
        out[part] = np.where(hits.triangle >= 0, hits.distance_m, np.inf)

    for_each(shoot, bands_of(len(origin), _BAND), threads)
    return out


def hit_figures(scene: Street, sizes: Sizes, ask: bool = True) -> list[Figure]:
    """Closest hits on the static mesh: ours on one thread and on all, Embree on one, and how far they agree."""
    origin, direction = static_rays(scene, sizes)
    placed, n = alone(scene), len(origin)
    one = cpu_seconds(lambda: distances(scene, placed, origin, direction, 1), sizes.repeats)
    every = median_seconds(lambda: distances(scene, placed, origin, direction, num_threads()), sizes.repeats)
    ours = distances(scene, placed, origin, direction, 1)
    static = scene.traced.scene.static
    corners = (static.vertices_m.astype(np.float64) - scene.traced.origin_m).astype(np.float32)[static.triangles]
    note = f"{n} rays, {len(corners)} triangles"
    told, theirs = _embree(corners, origin, direction, sizes.repeats) if ask else (None, ours)
    if told is None:
        missing = f"{note}; {PEER} could not be installed" if ask else note
        return [Figure("closest hits, one thread", n / one, "rays/s", note=missing),
                Figure("closest hits, all threads", n / every, "rays/s", note=missing)]  # fmt: skip
    rate, same = n / told["seconds"], float(np.mean(_agree(ours, theirs)))
    build = cpu_seconds(lambda: build_hierarchy((static,), scene.traced.origin_m), sizes.repeats)
    return [
        Figure("closest hits, one thread", n / one, "rays/s", peer=PEER, peer_value=rate,
               note=f"{note}, processor time of one thread each"),
        Figure("closest hits, all threads", n / every, "rays/s", note=f"{note}; wall"),
        Figure("hierarchy of the street", 1e3 * build, "ms", peer=PEER, peer_value=1e3 * told["build_seconds"],
               note=f"{len(corners)} triangles; processor time of all threads"),
        Figure("rays on which both agree", 100.0 * same, "%", note="distance within 1 mm + 1e-4, or no hit"),
    ]  # fmt: skip


def _embree(
    corners: np.ndarray, origin: np.ndarray, direction: np.ndarray, repeats: int
) -> tuple[dict[str, float] | None, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "given.npz", Path(folder) / "answer.npy"
        np.savez(given, triangle_m=corners, origin_m=origin, direction=direction)
        told = ask_peer("embree", ("embreex==4.4.0.post1", "numpy"), EMBREE, given, answer, repeats)
        return told, np.load(answer) if told is not None else np.zeros(0)


def _agree(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    far = theirs > 1e5
    with np.errstate(invalid="ignore"):
        near = np.abs(ours - theirs) <= 1e-3 + 1e-4 * np.abs(theirs)
    return np.where(far, ~np.isfinite(ours) | (ours > 1e5), near)


def _size_of(scene: Street) -> str:
    static, shown = scene.traced.scene.static, int(scene.start.valid.sum()) - 1
    return f"{len(static.triangles)} triangles in the street, {shown} actors"


def run() -> list[Figure]:
    """Everything."""
    sizes = Sizes()
    scene = open_street(sizes.num_actors)
    return [
        *camera_figures(scene, sizes),
        *lidar_figures(scene, sizes),
        *build_figures(scene, sizes),
        *hit_figures(scene, sizes),
        *fixed_figures(),
    ]
