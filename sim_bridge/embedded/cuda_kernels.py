"""The step of the worlds on an NVIDIA GPU: the same functions as on the processor, one block of threads per world.

Actors are spread over the threads of a block, so neighbouring threads read neighbouring numbers: every column of a
world lies contiguously over its actors. Phases are parted by barriers; lane 0 writes events. Nothing here says how
anything moves: `world_kernels.stepper` is compiled a second time with the lanes of a GPU.
"""

from typing import Any

from numba import cuda as _numba_cuda

from sim_bridge.embedded.layout import WORLD_DONE, Batch, Pool, View
from sim_bridge.embedded.world_kernels import move_all, observe, pull_all, stepper, world_of

cuda: Any = _numba_cuda


@cuda.jit(device=True)
def block_lane() -> int:
    """This thread's place in its block."""
    return cuda.threadIdx.x


@cuda.jit(device=True)
def block_lanes() -> int:
    """Threads of a block."""
    return cuda.blockDim.x


@cuda.jit(device=True)
def block_wait() -> None:
    """Waits for all threads of the block; what they wrote is seen afterwards."""
    cuda.syncthreads()


step_in_block = stepper(block_lane, block_lanes, block_wait, move_all, pull_all)


def play_blocks(pool: Pool, batch: Batch, num_steps: int, driver: int, accel: Any, steer: Any) -> None:
    """Advances world `blockIdx.x` by up to `num_steps`."""
    b = cuda.blockIdx.x
    w = world_of(batch, b)
    for _ in range(num_steps):
        if w.run[WORLD_DONE] == 1:
            break
        step_in_block(pool, w, driver, accel[b], steer[b])


def show_worlds(pool: Pool, batch: Batch, view: View, spacing: float) -> None:
    """Fills what policies see of one world per thread."""
    b = cuda.grid(1)
    if b < batch.run.shape[0]:
        observe(pool, world_of(batch, b), view, b, spacing)


play_kernel = cuda.jit(play_blocks)
show_kernel = cuda.jit(show_worlds)
