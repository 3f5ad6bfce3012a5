"""Closest hits and what lies there on an NVIDIA GPU through numba-cuda (extra `cuda`).

The street's hierarchy lives on the device; actors' poses and rays are sent with each call. Results are those of
`tracer.trace` and `surface_kernels.surface` up to the rounding of the device.
"""

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32

from driving_data.errors import RoadloomError
from generators.raytrace.surface_kernels import POINT, Attributes
from generators.raytrace.tracer import FAR_M, Hits, Placed, TracedScene
from generators.raytrace.tracer_kernels import Geometry, Instances

THREADS = 128


class CudaTracer:
    """A scene on a GPU, ready for rays.

    Raises:
        RoadloomError: numba-cuda or a GPU is missing.
    """

    def __init__(self, traced: TracedScene) -> None:
        # numba's own CUDA target is no longer kept up; its simulator of a GPU, though, comes with every numba.
        if find_spec("numba_cuda") is None and os.environ.get("NUMBA_ENABLE_CUDASIM") != "1":
            raise RoadloomError("tracing on a GPU needs numba-cuda: pip install 'roadloom[cuda]'")
        from numba import cuda

        self._cuda: Any = cuda
        if not self._cuda.is_available():
            raise RoadloomError("tracing on a GPU: no NVIDIA GPU with a working driver was found")
        from generators.raytrace import cuda_kernels

        self._trace: Any = cuda_kernels.trace_kernel
        self._surface: Any = cuda_kernels.surface_kernel
        send = self._cuda.to_device
        self._geometry = Geometry(*(send(values) for values in traced.geometry))
        self._attributes = Attributes(send(traced.material), send(traced.uv_m), send(traced.normals))

    def trace(
        self,
        placed: Placed,
        origin_m: Float32[np.ndarray, "n 3"],
        direction: Float32[np.ndarray, "n 3"],
        slot: Int32[np.ndarray, "n"],
        limit_m: Float32[np.ndarray, "n"] | None = None,
        any_hit: bool = False,
        only: int = -1,
    ) -> Hits:
        """As `tracer.trace`."""
        n = len(origin_m)
        limit = np.full(n, FAR_M, dtype=np.float32) if limit_m is None else limit_m
        hits = Hits(np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty((n, 2), np.float32))
        far = [self._cuda.to_device(each) for each in _columns(hits)]
        rays = [self._cuda.to_device(each) for each in (origin_m, direction, slot, limit)]
        if n:
            self._trace[-(-n // THREADS), THREADS](
                self._geometry, self._sent(placed), *rays, any_hit, only, *far
            )  # fmt: skip
        for near, there in zip(_columns(hits), far, strict=True):
            there.copy_to_host(near)
        return hits

    def surfaces(
        self,
        placed: Placed,
        origin_m: Float32[np.ndarray, "n 3"],
        direction: Float32[np.ndarray, "n 3"],
        slot: Int32[np.ndarray, "n"],
        hits: Hits,
        pixel_rad: float,
    ) -> tuple[Float32[np.ndarray, "n 12"], Int32[np.ndarray, "n"]]:
        """Point rows and materials of hits, as `surface_kernels.surface` fills them; rows of no hit are 0."""
        n = len(origin_m)
        point, material = np.zeros((n, POINT), np.float32), np.empty(n, np.int32)
        far = [self._cuda.to_device(point), self._cuda.to_device(material)]
        rays = [self._cuda.to_device(each) for each in (origin_m, direction, slot, *_columns(hits))]
        if n:
            self._surface[-(-n // THREADS), THREADS](
                self._geometry, self._attributes, self._sent(placed), *rays, pixel_rad, *far
            )  # fmt: skip
        far[0].copy_to_host(point)
        far[1].copy_to_host(material)
        return point, material

    def _sent(self, placed: Placed) -> Instances:
        return Instances(*(self._cuda.to_device(np.ascontiguousarray(values)) for values in placed.instances))


def _columns(hits: Hits) -> tuple[np.ndarray, ...]:
    return hits.distance_m, hits.triangle, hits.instance, hits.barycentric
