"""Plays a few worlds on a device and writes what happened: run in a process of its own by `tests.sim_bridge.test_cuda`.

python -m tests.tools.cuda_worlds cpu|cuda STEPS FILE
python -m tests.tools.cuda_worlds ptx MAJOR.MINOR FILE      compiles for a GPU that need not be there
"""

import sys
from types import SimpleNamespace

import numpy as np

from benchmarks.worlds import motorway
from scenarios import library
from scenarios.roads import build_road
from scenarios.sampling import sample_many
from sim_bridge.compile import compile_scenarios
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator
from sim_bridge.embedded.views import nothing_shown
from sim_bridge.embedded.worlds import pack

# Following, a turn through crossing traffic at a light, people, an oncoming overtaker who hits somebody.
NAMES = ("unprotected_left_turn", "late_pedestrian", "head_on_overtaker")


def worlds():
    return [motorway(6, 10.0), *(sample_many(library.load(name), 1, 7)[0] for name in NAMES)]


def play(device, steps, file):
    played = worlds()
    session = EmbeddedSimulator(EmbeddedOptions(device=device)).open(played, [1, 2, 3, 4])
    seen = session.run(steps, "idm_lane_follow")
    arrays = {"position": seen.position_m, "route": seen.route_m, "done": seen.done}
    for k, rollout in enumerate(session.rollouts()):
        arrays[f"where_{k}"] = rollout.world_from_actor.translation_m
        arrays[f"velocity_{k}"] = rollout.velocity_mps
        arrays[f"lights_{k}"] = rollout.lights
        arrays[f"events_{k}"] = np.array([(event.timestamp_ns, len(event.actor_ids)) for event in rollout.events])
    session.close()
    np.savez(file, **arrays)


def assemble(capability, file):
    from numba import cuda, typeof, types
    from numba.cuda import dispatcher

    from sim_bridge.embedded.cuda_kernels import play_blocks, show_worlds

    major, minor = map(int, capability.split("."))
    # The only thing asked of a device while compiling is what it can do.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(major, minor))
    specs, pool = compile_scenarios([motorway(6, 1.0)], [0], EmbeddedOptions(), build_road)
    batch, view = pack(specs, [0]), nothing_shown()
    numbers, whole = types.float64[::1], types.int64
    signature = (typeof(pool), typeof(batch), whole, whole, numbers, numbers)
    play_ptx, _ = cuda.compile_ptx(play_blocks, signature, device=False, cc=(major, minor))
    shown = (typeof(pool), typeof(batch), typeof(view), types.float64)
    show_ptx, _ = cuda.compile_ptx(show_worlds, shown, device=False, cc=(major, minor))
    with open(file, "w") as out:
        out.write(play_ptx + show_ptx)


if __name__ == "__main__":
    what, number, target = sys.argv[1:]
    if what == "ptx":
        assemble(number, target)
    else:
        play(what, int(number), target)
