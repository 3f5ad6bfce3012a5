"""The tracer on the fixed street: one core and all, lidar, radar, compilation; beside it other renderers."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure, median_seconds
from benchmarks.peers import ask_peer
from benchmarks.tracer_peers import EMBREE, OPEN3D, PICTURE_PEERS, PicturePeer
from benchmarks.tracer_street import NUM_ACTORS, NUM_TRIANGLES, SUNNY, FixedStreet, fixed_street, flattened
from benchmarks.worlds import camera_rig, lidar_rig
from driving_data.geometry import SE3
from driving_data.rollout import ego_frame
from driving_data.sensors import CameraModel, RadarModel, SensorRig
from generators.raytrace.cameras.rays import pixel_rays
from generators.raytrace.lidars.scan import firings
from generators.raytrace.tracer import Placed, bands_of, for_each, num_threads, place, trace

_HALVES = tuple(f"from generators.raytrace.warm import warm_up; warm_up({half!r})" for half in ("geometry", "shading"))
_RADAR_RAYS = 19_200


@dataclass(frozen=True, slots=True)
class FixedSizes:
    """How much is measured on the fixed street."""

    width_px: int = 640
    height_px: int = 360
    lidar: tuple[int, int] = (64, 1800)
    repeats: int = 7
    peers: bool = True
    compiles: bool = True


def fixed_figures(sizes: FixedSizes = FixedSizes()) -> list[Figure]:
    """Everything that is asked of the fixed street."""
    street = fixed_street()
    return [
        *picture_figures(street, sizes),
        *sweep_figures(street, sizes),
        *radar_figures(street, sizes),
        *ray_figures(street, sizes),
        *(compile_figures() if sizes.compiles else []),
    ]


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """Median processor time of `work` in this process: what it takes one core that nobody else uses."""
    work()
    times: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def picture_figures(street: FixedStreet, sizes: FixedSizes) -> list[Figure]:
    """Colour with sun shadows, depth, normals, semantics, instance and flow; then beside each peer."""
    rig = camera_rig(sizes.width_px, sizes.height_px)
    alone, shared = street.renderer(rig, 1), street.renderer(rig, num_threads())
    one = cpu_seconds(partial(alone.render, street.start, street.end), sizes.repeats)
    every = median_seconds(partial(shared.render, street.start, street.end), sizes.repeats)
    note = f"colour with sun shadows, depth, normals, semantics, instance, flow; {NUM_TRIANGLES} triangles"
    note = f"{note}, {NUM_ACTORS} moving actors"
    name = f"picture {sizes.width_px}x{sizes.height_px}"
    return [
        Figure(f"{name}, one core", 1e3 * one, "ms", 400.0, note=f"{note}; processor time of one thread"),
        Figure(f"{name}, all cores", 1e3 * every, "ms", 150.0, note=f"{note}; {num_threads()} threads, wall"),
        *(_beside(peer, street, rig.cameras[0], one, sizes) for peer in PICTURE_PEERS if sizes.peers),
    ]


def _beside(peer: PicturePeer, street: FixedStreet, camera: CameraModel, ours: float, sizes: FixedSizes) -> Figure:
    """Our picture beside theirs, both in processor time over all threads."""
    corners, rows, materials = flattened(street)
    pose = _ego(street) @ camera.ego_from_camera
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "given.npz", Path(folder) / "answer.npy"
        np.savez(
            given, triangle_m=corners, color=materials.albedo[rows], matrix=camera.matrix(),
            size=np.array([camera.width_px, camera.height_px]), rotation=pose.rotation,
            translation_m=pose.translation_m, sun=SUNNY.sun_direction(),
        )  # fmt: skip
        told = ask_peer(peer.folder, peer.requirements, peer.script, given, answer, sizes.repeats)
    name = f"picture {sizes.width_px}x{sizes.height_px} beside {peer.folder}"
    if told is None or "missing" in told:
        reason = "pip reaches no registry" if told is None else told["missing"]
        return Figure(name, 1e3 * ours, "ms", note=f"{peer.name} was not measured: {reason}")
    note = f"processor time of all threads; theirs: {peer.gives}; {told['device']}"
    return Figure(name, 1e3 * ours, "ms", peer=peer.name, peer_value=1e3 * told["seconds"], note=note)


def sweep_figures(street: FixedStreet, sizes: FixedSizes) -> list[Figure]:
    """One turn with a moving sensor and moving actors."""
    beams, azimuths = sizes.lidar
    rig = lidar_rig(beams, azimuths)
    alone, shared = street.renderer(rig, 1), street.renderer(rig, num_threads())
    one = cpu_seconds(partial(alone.render, street.start, street.end), sizes.repeats)
    every = median_seconds(partial(shared.render, street.start, street.end), sizes.repeats)
    note = f"{beams * azimuths} rays, each from its own moment"
    return [
        Figure(f"sweep {beams}x{azimuths}, one core", 1e3 * one, "ms", 150.0, note=f"{note}; processor time"),
        Figure(f"sweep {beams}x{azimuths}, all cores", 1e3 * every, "ms", note=f"{note}; {num_threads()} threads"),
    ]


def radar_figures(street: FixedStreet, sizes: FixedSizes) -> list[Figure]:
    """One look of a radar, where the tracer renders radars."""
    rig = SensorRig("radar", radars=(RadarModel("radar_front", SE3(np.eye(3), np.array([3.6, 0.0, 0.5]))),))
    renderer = street.renderer(rig, 1)
    if not renderer.render(street.start, street.end).radar:
        return []
    one = cpu_seconds(partial(renderer.render, street.start, street.end), sizes.repeats)
    return [Figure("radar, one core", 1e3 * one, "ms", 30.0, note=f"asked for {_RADAR_RAYS} rays; processor time")]


def ray_figures(street: FixedStreet, sizes: FixedSizes) -> list[Figure]:
    """Closest hits of one picture's and one sweep's rays on the street without actors, on one thread."""
    origin, direction = _rays(street, sizes)
    placed, n = _nobody(street), len(origin)
    ours = _distances(street, placed, origin, direction, 1)
    one = cpu_seconds(lambda: _distances(street, placed, origin, direction, 1), sizes.repeats)
    every = median_seconds(lambda: _distances(street, placed, origin, direction, num_threads()), sizes.repeats)
    note = f"{n} rays, {NUM_TRIANGLES} triangles, without actors"
    figures = [
        Figure("rays, one core", n / one, "rays/s", note=f"{note}; processor time of one thread"),
        Figure("rays, all cores", n / every, "rays/s", note=f"{note}; {num_threads()} threads"),
    ]
    peers = (
        ("embreex 4.4.0.post1", "embree", ("embreex==4.4.0.post1", "numpy"), EMBREE),
        ("open3d 0.20.0", "open3d", ("open3d==0.20.0",), OPEN3D),
    )
    static = street.traced.scene.static
    corners = (static.vertices_m.astype(np.float64) - street.traced.origin_m).astype(np.float32)[static.triangles]
    for name, folder, requirements, script in peers if sizes.peers else ():
        with tempfile.TemporaryDirectory() as place:
            given, answer = Path(place) / "given.npz", Path(place) / "answer.npy"
            np.savez(given, triangle_m=corners, origin_m=origin, direction=direction)
            told = ask_peer(folder, requirements, script, given, answer, sizes.repeats)
            if told is None or "missing" in told:
                reason = "pip reaches no registry" if told is None else told["missing"]
                figures.append(Figure(f"rays beside {folder}", n / one, "rays/s", note=f"not measured: {reason}"))
                continue
            theirs = np.load(answer)
        same = float(np.mean(_agree(ours, theirs)))
        both = f"{note}; processor time of one thread each; {100.0 * same:.3f} % of the hits agree to 1 mm + 1e-4"
        figures.append(Figure(f"rays beside {folder}", n / one, "rays/s", peer=name,
                              peer_value=n / told["seconds"], note=both))  # fmt: skip
    return figures


def compile_figures(halves: tuple[str, ...] = _HALVES) -> list[Figure]:
    """All kernels of the tracer from nothing, in two processes that share a cache; then from the cache in one.

    Raises:
        RuntimeError: one of the pieces of code fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        cold, cold_cpu = _wall(list(halves), folder)
        warm, warm_cpu = _wall(["; ".join(halves)], folder)
    note = f"imports included; {cold_cpu:.1f} s of processor time"
    return [
        Figure("kernels, cold", cold, "s", 30.0, note=f"wall, two processes, {note}"),
        Figure("kernels, warm", warm, "s", 3.0, note=f"wall, one process, {warm_cpu:.1f} s of processor time"),
    ]


def _wall(codes: list[str], cache: str) -> tuple[float, float]:
    """Wall and processor seconds of pieces of Python code, each in a process of its own, side by side."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    before, begun = os.times(), time.perf_counter()
    running = [subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], env=environment) for code in codes]
    if any([process.wait() for process in running]):
        raise RuntimeError("the kernels do not compile")
    after = os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return time.perf_counter() - begun, spent


def _ego(street: FixedStreet) -> SE3:
    ego = street.scene.ego_index
    return ego_frame(street.start.world_from_actor[ego], street.scene.actors, ego)


def _rays(street: FixedStreet, sizes: FixedSizes) -> tuple[np.ndarray, np.ndarray]:
    """Origins, relative to the tracer's, and unit directions of one picture and one sweep, float32."""
    camera = camera_rig(sizes.width_px, sizes.height_px).cameras[0]
    lidar = lidar_rig(*sizes.lidar).lidars[0]
    parts = [
        (camera.ego_from_camera, pixel_rays(camera).direction.reshape(-1, 3)),
        (lidar.ego_from_lidar, firings(lidar).direction),
    ]
    origins: list[np.ndarray] = []
    directions: list[np.ndarray] = []
    for mount, rays in parts:
        pose = _ego(street) @ mount
        origins.append(np.broadcast_to(pose.translation_m - street.traced.origin_m, rays.shape))
        directions.append(pose.rotate(rays.astype(np.float64)))
    return (
        np.ascontiguousarray(np.concatenate(origins), dtype=np.float32),
        np.ascontiguousarray(np.concatenate(directions), dtype=np.float32),
    )


def _nobody(street: FixedStreet) -> Placed:
    start = street.start
    gone = replace(start, valid=np.arange(len(start.valid)) == street.scene.ego_index)
    return place(street.traced, gone, gone, np.zeros(1), street.scene.ego_index)


def _distances(
    street: FixedStreet, placed: Placed, origin: np.ndarray, direction: np.ndarray, threads: int
) -> np.ndarray:
    out = np.empty(len(origin), np.float32)

    def shoot(part: slice) -> None:
        slot = np.zeros(part.stop - part.start, np.int32)
        out[part] = trace(street.traced, placed, origin[part], direction[part], slot).distance_m

    for_each(shoot, bands_of(len(origin), 16384), threads)
    return out


def _agree(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    far = ~(theirs < 1e5)
    with np.errstate(invalid="ignore"):
        near = np.abs(ours - theirs) <= 1e-3 + 1e-4 * np.abs(theirs)
    return np.where(far, ~(ours < 1e5), near)
