"""What actors with laws of their own decide before each step, compiled apart from the step.

Three entries, for drivers with habits, for walkers and for the agents of replayed logs: a world pays only for those it
has, and one without any never loads this, so that its cold start and its speed stay as they are.
"""

from sim_bridge.embedded.agent_kernels import agent_wish, come
from sim_bridge.embedded.behaviour_kernels import behave
from sim_bridge.embedded.compiled import entry, hand, inner
from sim_bridge.embedded.habit_kernels import command_with_habits
from sim_bridge.embedded.lane_change_kernels import move_between_lanes
from sim_bridge.embedded.layout import (
    COMMAND,
    DRIVER,
    DRIVER_AGENT,
    DRIVER_HABITS,
    DRIVER_IMITATION,
    DRIVER_WALKER,
    MODE,
    MODE_COMING,
    MODE_PATH,
    NUM_ACTORS,
    VALID,
    WORLD_DONE,
    Batch,
    Pool,
)
from sim_bridge.embedded.walker_kernels import walk_command
from sim_bridge.embedded.world_kernels import world_of


@inner
def is_led_by(w: Batch, i: int, one: int, two: int) -> bool:
    """Whether one of two laws leads actor `i`, which moves on its path."""
    if w.flags[VALID, i] == 0 or w.flags[MODE, i] != MODE_PATH:
        return False
    return w.param_i[DRIVER, i] == one or w.param_i[DRIVER, i] == two


@inner
def think(pool: Pool, w: Batch) -> None:
    """Behaviours, lane changes and commands of drivers with habits, from the state before the step."""
    for i in range(w.world_i[NUM_ACTORS]):
        if is_led_by(w, i, DRIVER_HABITS, DRIVER_IMITATION):
            behave(pool, w, i)
    move_between_lanes(pool, w)
    for i in range(w.world_i[NUM_ACTORS]):
        if is_led_by(w, i, DRIVER_HABITS, DRIVER_IMITATION):
            w.state[COMMAND, i] = command_with_habits(pool, w, i)


@entry
def think_band(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Lets the drivers with habits in the worlds of a band think once."""
    ways = hand(pool)
    for b in range(first, last):
        w = hand(world_of(batch, b))
        if w.run[WORLD_DONE] == 0:
            think(ways, w)


@entry
def walk_band(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Lets the walkers in the worlds of a band think once."""
    ways = hand(pool)
    for b in range(first, last):
        w = hand(world_of(batch, b))
        for i in range(w.world_i[NUM_ACTORS]):
            if w.run[WORLD_DONE] == 0 and is_led_by(w, i, DRIVER_WALKER, DRIVER_WALKER):
                behave(ways, w, i)
                w.state[COMMAND, i] = walk_command(ways, w, i)


@entry
def agent_band(pool: Pool, batch: Batch, first: int, last: int) -> None:
    """Lets the log agents in the worlds of a band think once."""
    ways = hand(pool)
    for b in range(first, last):
        w = hand(world_of(batch, b))
        for i in range(w.world_i[NUM_ACTORS]):
            if w.run[WORLD_DONE] == 0 and w.flags[MODE, i] == MODE_COMING:
                come(ways, w, i)
            if w.run[WORLD_DONE] == 0 and is_led_by(w, i, DRIVER_AGENT, DRIVER_AGENT):
                w.state[COMMAND, i] = agent_wish(ways, w, i)
