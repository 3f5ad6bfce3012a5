"""Rays on an NVIDIA GPU: the functions of the processor's kernels, compiled a second time, one ray a thread.

Nothing here says how a ray meets a box, a triangle or an actor: `tracer_kernels` and `surface_kernels` do. Their
functions are taken as they are written, and what they call is looked up among the versions for the device; the
vectors of eight boxes become the loop of `simd_kernels.slabs_twin`.
"""

from types import FunctionType
from typing import Any

import numpy as np
from numba import cuda as _numba_cuda

from generators.raytrace import simd_kernels, surface_kernels, tracer_kernels
from generators.raytrace.surface_kernels import Attributes
from generators.raytrace.tracer_kernels import STACK, Geometry, Instances, Scratch

cuda: Any = _numba_cuda


def _on_device(kernel: Any, **calls: Any) -> Any:
    """A kernel's own source for the device, with these versions of what it calls."""
    source = kernel.py_func
    return cuda.jit(device=True)(FunctionType(source.__code__, {**source.__globals__, **calls}, source.__name__))


_slabs = cuda.jit(device=True)(simd_kernels.slabs_twin)
_lowest = cuda.jit(device=True)(simd_kernels.lowest_twin)
_traversal = {
    "slabs": _slabs,
    "lowest": _lowest,
    "safe_inverse": _on_device(tracer_kernels.safe_inverse),
    "near_planes": _on_device(tracer_kernels.near_planes),
    "hit_leaf": _on_device(tracer_kernels.hit_leaf),
}
_hit_mesh = _on_device(tracer_kernels.hit_mesh, **_traversal)
_first_hit = _on_device(tracer_kernels.first_hit, hit_mesh=_hit_mesh, **_traversal)
_surface_at = _on_device(surface_kernels.surface_at)


def trace_rays(
    geometry: Geometry, instances: Instances, origin: np.ndarray, direction: np.ndarray, slot: np.ndarray,
    limit: np.ndarray, any_hit: bool, only: int, distance: np.ndarray, triangle: np.ndarray, instance: np.ndarray,
    barycentric: np.ndarray,
) -> None:  # fmt: skip
    """As `tracer_kernels.trace`."""
    i = cuda.grid(1)
    if i >= origin.shape[0]:
        return
    scratch = Scratch(
        cuda.local.array(8, np.float32), cuda.local.array(STACK, np.int32), cuda.local.array(STACK, np.float32),
        cuda.local.array(STACK, np.int32), cuda.local.array(STACK, np.float32),
    )  # fmt: skip
    t, hit, u, v, who = _first_hit(
        geometry, instances, origin[i, 0], origin[i, 1], origin[i, 2], direction[i, 0], direction[i, 1],
        direction[i, 2], slot[i], limit[i], any_hit, only, scratch,
    )  # fmt: skip
    distance[i] = t if hit >= 0 else np.inf
    triangle[i] = hit
    instance[i] = who
    barycentric[i, 0] = u
    barycentric[i, 1] = v


def find_surfaces(
    geometry: Geometry, attributes: Attributes, instances: Instances, origin: np.ndarray, direction: np.ndarray,
    slot: np.ndarray, distance: np.ndarray, triangle: np.ndarray, instance: np.ndarray, barycentric: np.ndarray,
    pixel_rad: float, point: np.ndarray, material: np.ndarray,
) -> None:  # fmt: skip
    """As `surface_kernels.surface`."""
    i = cuda.grid(1)
    if i < origin.shape[0]:
        _surface_at(
            geometry, attributes, instances, origin, direction, slot, distance, triangle, instance, barycentric,
            pixel_rad, point, material, i,
        )  # fmt: skip


trace_kernel = cuda.jit(trace_rays)
surface_kernel = cuda.jit(find_surfaces)
