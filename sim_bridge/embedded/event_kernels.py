"""How kernels write down what happened."""

from sim_bridge.embedded.compiled import inner
from sim_bridge.embedded.layout import EV_ACTOR, EV_KIND, EV_OTHER, EV_STEP, NUM_EVENTS, STEP, Batch


@inner
def record(w: Batch, kind: int, actor: int, other: int) -> int:
    """Writes an event at the present step; returns its row, or -1 where the buffer is full."""
    row = w.run[NUM_EVENTS]
    if row >= w.events.shape[0]:
        return -1
    w.events[row, EV_STEP], w.events[row, EV_KIND] = w.run[STEP], kind
    w.events[row, EV_ACTOR], w.events[row, EV_OTHER] = actor, other
    w.run[NUM_EVENTS] = row + 1
    return row
