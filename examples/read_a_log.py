"""Reads a real log and prints its tracks and what the checks say: `python examples/read_a_log.py PATH`."""

import sys
from itertools import islice
from pathlib import Path

import numpy as np

from driving_data.errors import InputError
from driving_data.logs.registry import read
from validation.gate import judge
from validation.registry import default_checks


def show(path: Path, max_segments: int = 1, max_tracks: int = 8) -> None:
    for segment in islice(read(path), max_segments):
        rollout = segment.rollout
        seen = f"{len(segment.frames)} frames, {len(segment.sweeps)} sweeps"
        print(f"{segment.segment_id}: {rollout.num_actors} actors, {rollout.seconds()[-1]:.1f} s, {seen}")
        print(f"  licence: {segment.provenance.licence}")
        speed_mps = np.linalg.norm(rollout.velocity_mps, axis=-1)
        longest = np.argsort(-rollout.valid.sum(axis=0), kind="stable")[:max_tracks]
        for actor in longest:
            there = rollout.valid[:, actor] & np.isfinite(speed_mps[:, actor])
            fastest = f"{speed_mps[there, actor].max():.1f} m/s" if there.any() else "unknown speed"
            name, kind = rollout.actors.ids[actor], rollout.actors.kind_of(int(actor)).label
            print(f"  {kind:<12} {name[:36]:<36} {int(rollout.valid[:, actor].sum()):>4} moments, up to {fastest}")
        for verdict in judge(segment, default_checks()).verdicts:
            said = "passed" if verdict.passed else f"FAILED: {verdict.reason}"
            print(f"  {verdict.check:<20} {said if verdict.applicable else 'not applicable: ' + verdict.reason}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/read_a_log.py PATH")
    try:
        show(Path(sys.argv[1]))
    except InputError as error:
        sys.exit(str(error))
