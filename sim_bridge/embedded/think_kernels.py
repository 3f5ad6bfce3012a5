"""What actors with habits decide before each step, compiled apart from the step.

Worlds in which nobody has habits never load this: their cold start and their speed stay as they are.
"""

from sim_bridge.embedded.behaviour_kernels import behave
from sim_bridge.embedded.compiled import entry, inner
from sim_bridge.embedded.habit_kernels import command_with_habits
from sim_bridge.embedded.lane_change_kernels import move_between_lanes
from sim_bridge.embedded.layout import (
    COMMAND,
    DRIVER,
    DRIVER_IDM,
    HAS_HABITS,
    MODE,
    MODE_PATH,
    NUM_ACTORS,
    VALID,
    WORLD_DONE,
    Batch,
    Pool,
)
from sim_bridge.embedded.world_kernels import world_of


@inner
def thinks(w: Batch, i: int) -> bool:
    """Whether actor `i` decides here."""
    return w.flags[VALID, i] == 1 and w.flags[MODE, i] == MODE_PATH and w.param_i[DRIVER, i] > DRIVER_IDM


@inner
def think(pool: Pool, w: Batch) -> None:
    """Behaviours, lane changes and commands of everyone with habits, from the state before the step."""
    count = w.world_i[NUM_ACTORS]
    for i in range(count):
        if thinks(w, i):
            behave(pool, w, i)
    move_between_lanes(pool, w)
    for i in range(count):
        if thinks(w, i):
            w.state[COMMAND, i] = command_with_habits(pool, w, i)


@entry
def think_band(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Lets the worlds of a band think once."""
    for b in range(first, last):
        if batch.world_i[b, HAS_HABITS] == 1:
            w = world_of(batch, b)
            if w.run[WORLD_DONE] == 0:
                think(pool, w)
