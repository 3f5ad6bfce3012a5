"""Batches on an NVIDIA GPU through numba-cuda (extra `cuda`).

The batch is packed and begun on this machine, then lives on the device: a call of `run` advances all worlds there
and only the observation comes back. What happened is fetched when a rollout is asked for.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float
from numba import cuda

from driving_data.errors import RoadloomError
from sim_bridge.embedded.compiled import SIMULATES_GPU
from sim_bridge.embedded.cuda_kernels import play_kernel, show_kernel
from sim_bridge.embedded.engines import begin_worlds
from sim_bridge.embedded.layout import Batch, Pool, View

_cuda: Any = cuda
WARP, MOST_THREADS, SHOW_THREADS = 32, 128, 64
# What a step changes; the rest of the batch is sent once.
KEPT = (
    "state", "flags", "proj", "work", "run", "signal", "history", "phase_t", "events",
    "log", "log_valid", "log_lights", "log_signal",
)  # fmt: skip


class CudaEngine:
    """The kernels on a GPU: one block per world, one thread per actor (up to 128 threads)."""

    def __init__(self, pool: Pool, batch: Batch) -> None:
        # numba's own CUDA target is no longer kept up; its simulator of a GPU, though, comes with every numba.
        if find_spec("numba_cuda") is None and not SIMULATES_GPU:
            raise RoadloomError("device 'cuda' needs numba-cuda: pip install 'roadloom[cuda]'")
        if not _cuda.is_available():
            raise RoadloomError("device 'cuda': no NVIDIA GPU with a working driver was found; use device 'cpu'")
        self._pool, self._batch, self._count = pool, batch, len(batch.run)
        actors = batch.state.shape[2]
        self._threads = min(MOST_THREADS, WARP * -(-actors // WARP))
        self._far_pool = Pool(*(_cuda.to_device(values) for values in pool))
        self._far_batch = Batch(*(_cuda.to_device(values) for values in batch))

    def begin(self, first: int, last: int) -> None:
        """As `Engine.begin`: on this machine, then the worlds are sent."""
        begin_worlds(self._pool, self._batch, first, last)
        for near, far in zip(self._batch, self._far_batch, strict=True):
            far[first:last].copy_to_device(np.ascontiguousarray(near[first:last]))

    def play(
        self,
        num_steps: int,
        driver: int,
        accel_mps2: Float[np.ndarray, "B"],
        steer_rad: Float[np.ndarray, "B"],
        view: View,
        spacing_m: float,
    ) -> None:
        """As `Engine.play`."""
        accel, steer = _cuda.to_device(accel_mps2), _cuda.to_device(steer_rad)
        if num_steps > 0:
            play_kernel[self._count, self._threads](self._far_pool, self._far_batch, num_steps, driver, accel, steer)
        if spacing_m > 0.0:
            self._show(view, spacing_m)

    def fetch(self) -> None:
        """Brings state, events and log back."""
        for name in KEPT:
            getattr(self._far_batch, name).copy_to_host(getattr(self._batch, name))

    def wait(self) -> None:
        """Returns when everything that was asked for is done."""
        _cuda.synchronize()

    def close(self) -> None:
        """Lets go of the memory on the device."""
        self._far_pool, self._far_batch = self._pool, self._batch

    def _show(self, view: View, spacing_m: float) -> None:
        far = View(*(_cuda.device_array(near.shape, near.dtype) for near in view))
        blocks = -(-self._count // SHOW_THREADS)
        show_kernel[blocks, SHOW_THREADS](self._far_pool, self._far_batch, far, spacing_m)
        for near, there in zip(view, far, strict=True):
            there.copy_to_host(near)
