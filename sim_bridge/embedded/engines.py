"""What advances a packed batch: the processor's cores, or a GPU (`cuda_engine`)."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from sim_bridge.embedded import think_kernels
from sim_bridge.embedded.layout import (
    BODY,
    BODY_PLAIN,
    DRIVER,
    DRIVER_AGENT,
    DRIVER_HABITS,
    DRIVER_IMITATION,
    DRIVER_WALKER,
    EGO_MODEL,
    LOOSE,
    MODE,
    MODE_EGO,
    MODE_FREE,
    MODE_PATH,
    MODE_STATIC,
    MODEL_ARTICULATED,
    MODEL_DYNAMIC,
    TOW_RANKS,
    Batch,
    Pool,
    View,
)
from sim_bridge.embedded.views import nothing_shown
from sim_bridge.embedded.world_kernels import EXTERNAL, play_band, play_whole_band
from sim_bridge.embedded.worlds import WorldSpec

BEGIN, NOTHING_SHOWN_M = -1, 0.0
_PLAIN_MODES = frozenset({MODE_EGO, MODE_PATH, MODE_STATIC, MODE_FREE})


Think = Callable[[Pool, Batch, int, int], None]


def thinking(specs: Sequence[WorldSpec]) -> tuple[Think, ...]:
    """The kernels in which actors of these worlds decide before each step; empty for plain car followers."""
    codes = {int(code) for spec in specs for code in spec.param_i[DRIVER]}
    found: list[Think] = []
    if codes & {DRIVER_HABITS, DRIVER_IMITATION}:
        found.append(think_kernels.think_band)
    if DRIVER_WALKER in codes:
        found.append(think_kernels.walk_band)
    if DRIVER_AGENT in codes:
        found.append(think_kernels.agent_band)
    if any(np.any(spec.param_i[BODY] != BODY_PLAIN) for spec in specs):
        from sim_bridge.embedded.body_kernels import body_band

        # Last, so that bodies answer to what was decided.
        found.append(body_band)
    return tuple(found)


def feels_trailers(specs: Sequence[WorldSpec]) -> bool:
    """Whether an ego of these worlds moves together with its trailer."""
    return any(spec.world_i[EGO_MODEL] == MODEL_ARTICULATED for spec in specs)


def are_plain(specs: Sequence[WorldSpec]) -> bool:
    """Whether nothing in these worlds is of a rare kind: logs, trailers, doors, cargo, egos on slipping tyres.

    Both doors into the kernels play such worlds byte for byte alike; the plain one is compiled in less time.
    """
    return all(
        spec.story is None
        and spec.guests is None
        and spec.world_i[LOOSE] == 0
        and spec.world_i[TOW_RANKS] == 0
        and spec.world_i[EGO_MODEL] < MODEL_DYNAMIC
        and set(np.unique(spec.flags[MODE]).tolist()) <= _PLAIN_MODES
        for spec in specs
    )


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


def begin_worlds(pool: Pool, batch: Batch, first: int, last: int, plain: bool = False) -> None:
    """Begins the worlds of a band on the processor."""
    idle = np.zeros(len(batch.run))
    door = play_band if plain else play_whole_band
    door(pool, batch, nothing_shown(), first, last, BEGIN, EXTERNAL, idle, idle, NOTHING_SHOWN_M)


class CpuEngine:
    """The kernels on the processor, one band of worlds per thread; threads never change a byte."""

    def __init__(
        self,
        pool: Pool,
        batch: Batch,
        num_threads: int,
        thinks: Sequence[Think] = (),
        trains: bool = False,
        plain: bool = False,
    ) -> None:
        """`trains`: whether egos feel their trailers; `plain`: whether all worlds are (`are_plain`)."""
        self._pool, self._batch, self._count = pool, batch, len(batch.run)
        threads = max(1, min(num_threads, self._count))
        self._edges = [round(k * self._count / threads) for k in range(threads + 1)]
        self._executor = ThreadPoolExecutor(threads) if threads > 1 else None
        self._thinks, self._trains, self._plain = tuple(thinks), trains, plain

    def begin(self, first: int, last: int) -> None:
        """As `Engine.begin`."""
        begin_worlds(self._pool, self._batch, first, last, self._plain)

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
        door = play_band if self._plain else play_whole_band

        def play(first: int, last: int, steps: int, shown: View, spacing: float) -> None:
            door(
                self._pool, self._batch, shown, first, last, steps, driver, accel_mps2, steer_rad, spacing
            )  # fmt: skip

        if not (self._thinks or self._trains) or num_steps == 0:
            self._over_bands(lambda first, last: play(first, last, num_steps, view, spacing_m))
            return
        for k in range(num_steps):
            for think in self._thinks:
                self._over_bands(partial(think, self._pool, self._batch))
            if self._trains:
                self._move_trains(driver, accel_mps2, steer_rad)
            shown, spacing = (view, spacing_m) if k == num_steps - 1 else (nothing_shown(), NOTHING_SHOWN_M)
            self._over_bands(partial(play, steps=1, shown=shown, spacing=spacing))

    def _move_trains(self, driver: int, accel_mps2: Float[np.ndarray, "B"], steer_rad: Float[np.ndarray, "B"]) -> None:
        """Moves egos with trailers ahead of a step, as their driver or the given commands say."""
        from sim_bridge.embedded.articulated_kernels import train_band, wish_band

        if driver != EXTERNAL:
            accel_mps2, steer_rad = np.zeros(self._count), np.zeros(self._count)
            self._over_bands(partial(wish_band, self._pool, self._batch, driver, accel_mps2, steer_rad))
        self._over_bands(partial(train_band, self._pool, self._batch, accel_mps2, steer_rad))

    def _over_bands(self, work: Callable[[int, int], None]) -> None:
        """Calls `work` on contiguous bands of worlds, one per thread."""
        if self._executor is None:
            work(0, self._count)
            return
        tasks = [self._executor.submit(work, first, last) for first, last in itertools.pairwise(self._edges)]
        for task in tasks:
            task.result()

    def fetch(self) -> None:
        """Everything is here already."""

    def close(self) -> None:
        """Ends the threads."""
        if self._executor is not None:
            self._executor.shutdown()
