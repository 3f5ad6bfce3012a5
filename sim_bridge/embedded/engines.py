"""What advances a packed batch: the processor's cores, or a GPU (`cuda_engine`)."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from sim_bridge.embedded.layout import Batch, Pool, View
from sim_bridge.embedded.views import nothing_shown
from sim_bridge.embedded.world_kernels import EXTERNAL, play_band

BEGIN, NOTHING_SHOWN_M = -1, 0.0


@runtime_checkable
class Engine(Protocol):
    """Advances the worlds of one batch."""

    def begin(self, first: int, last: int) -> None:
        """Completes the first moment of these worlds, whose arrays were rewound on this machine."""
        ...

    def play(
        self,
        num_steps: int,
        driver: int,
        accel_mps2: Float[np.ndarray, "B"],
        steer_rad: Float[np.ndarray, "B"],
        view: View,
        spacing_m: float,
    ) -> None:
        """Advances every world, then fills the view unless `spacing_m` is 0."""
        ...

    def fetch(self) -> None:
        """Brings what happened into the arrays of the batch on this machine."""
        ...

    def close(self) -> None:
        """Frees threads and memory."""
        ...


def begin_worlds(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Begins the worlds of a band on the processor."""
    idle = np.zeros(len(batch.run))
    play_band(pool, batch, nothing_shown(), first, last, BEGIN, EXTERNAL, idle, idle, NOTHING_SHOWN_M)


class CpuEngine:
    """The kernels on the processor, one band of worlds per thread; threads never change a byte."""

    def __init__(self, pool: Pool, batch: Batch, num_threads: int) -> None:
        self._pool, self._batch, self._count = pool, batch, len(batch.run)
        threads = max(1, min(num_threads, self._count))
        self._edges = [round(k * self._count / threads) for k in range(threads + 1)]
        self._executor = ThreadPoolExecutor(threads) if threads > 1 else None

    def begin(self, first: int, last: int) -> None:
        """As `Engine.begin`."""
        begin_worlds(self._pool, self._batch, first, last)

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
        given = (num_steps, driver, accel_mps2, steer_rad, spacing_m)
        if self._executor is None:
            play_band(self._pool, self._batch, view, 0, self._count, *given)
            return
        tasks = [
            self._executor.submit(play_band, self._pool, self._batch, view, first, last, *given)
            for first, last in itertools.pairwise(self._edges)
        ]
        for task in tasks:
            task.result()

    def fetch(self) -> None:
        """Everything is here already."""

    def close(self) -> None:
        """Ends the threads."""
        if self._executor is not None:
            self._executor.shutdown()
