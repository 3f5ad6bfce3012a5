"""Traces a small street on a device and writes what was met: run in a process of its own by the tests.

python -m tests.tools.cuda_rays cpu|cuda FILE
python -m tests.tools.cuda_rays ptx MAJOR.MINOR FILE      compiles for a GPU that need not be there
"""

import sys
from types import SimpleNamespace

import numpy as np

from generators.raytrace import surface_kernels
from generators.raytrace.tracer import place, prepare, trace
from tests.generators.street import mesh_scene, rollout

SLOTS = 3
PIXEL_RAD = 1e-3


def given():
    """The scene, its actors at three moments, and rays that meet street, actors and nothing."""
    ride = rollout(5, speed_mps=15.0)
    traced = prepare(mesh_scene(5))
    start, end = ride.state_at(0), ride.state_at(3)
    placed = place(traced, start, end, np.linspace(0.0, 1.0, SLOTS), 0)
    rng = np.random.default_rng(4)
    count = 160
    eye = start.world_from_actor.translation_m[0] + [0.0, 0.0, 0.6] - traced.origin_m
    aim = ride.world_from_actor.translation_m[0, rng.integers(1, 5, count)] - traced.origin_m - eye
    spread = rng.normal(size=(count, 3)) * rng.choice([0.02, 1.0], (count, 1))
    direction = aim / np.linalg.norm(aim, axis=-1, keepdims=True) + spread
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    limit = np.where(rng.random(count) < 0.2, 12.0, 1e5)
    return (traced, placed, np.tile(eye, (count, 1)).astype(np.float32), direction.astype(np.float32),
            rng.integers(0, SLOTS, count).astype(np.int32), limit.astype(np.float32))  # fmt: skip


def on_the_processor(traced, placed, origin, direction, slot, limit):
    hits = trace(traced, placed, origin, direction, slot, limit)
    blocked = trace(traced, placed, origin, direction, slot, limit, any_hit=True).triangle >= 0
    alone = trace(traced, placed, origin, direction, slot, limit, only=1)
    point, material = np.zeros((len(origin), surface_kernels.POINT), np.float32), np.empty(len(origin), np.int32)
    attributes = surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals)
    surface_kernels.surface(
        traced.geometry, attributes, placed.instances, origin, direction, slot, hits.distance_m, hits.triangle,
        hits.instance, hits.barycentric, PIXEL_RAD, point, material,
    )  # fmt: skip
    return hits, blocked, alone, point, material


def on_the_device(traced, placed, origin, direction, slot, limit):
    from generators.raytrace.cuda_engine import CudaTracer

    engine = CudaTracer(traced)
    hits = engine.trace(placed, origin, direction, slot, limit)
    blocked = engine.trace(placed, origin, direction, slot, limit, any_hit=True).triangle >= 0
    alone = engine.trace(placed, origin, direction, slot, limit, only=1)
    return hits, blocked, alone, *engine.surfaces(placed, origin, direction, slot, hits, PIXEL_RAD)


def shoot(device, file):
    hits, blocked, alone, point, material = (on_the_processor if device == "cpu" else on_the_device)(*given())
    np.savez(
        file, distance=hits.distance_m, triangle=hits.triangle, instance=hits.instance, barycentric=hits.barycentric,
        blocked=blocked, alone=alone.triangle, point=point, material=material,
    )  # fmt: skip


def assemble(capability, file):
    from numba import cuda, typeof, types
    from numba.cuda import dispatcher

    from generators.raytrace.cuda_kernels import find_surfaces, trace_rays

    major, minor = map(int, capability.split("."))
    # The only thing asked of a device while compiling is what it can do.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(major, minor))
    traced, placed, *_ = given()
    three, rows, real, whole = types.float32[:, ::1], types.float32[:, ::1], types.float32[::1], types.int32[::1]
    scene, actors = typeof(traced.geometry), typeof(placed.instances)
    attributes = typeof(surface_kernels.Attributes(traced.material, traced.uv_m, traced.normals))
    rays = (three, three, whole)
    traced_types = (scene, actors, *rays, real, types.boolean, types.int64, real, whole, whole, rows)
    surface_types = (scene, attributes, actors, *rays, real, whole, whole, rows, types.float64, rows, whole)
    first, _ = cuda.compile_ptx(trace_rays, traced_types, device=False, cc=(major, minor))
    second, _ = cuda.compile_ptx(find_surfaces, surface_types, device=False, cc=(major, minor))
    with open(file, "w") as out:
        out.write(first + second)


if __name__ == "__main__":
    if sys.argv[1] == "ptx":
        assemble(*sys.argv[2:])
    else:
        shoot(*sys.argv[1:])
