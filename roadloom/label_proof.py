"""`python -m roadloom.label_proof`: plays library scenarios and proves their labels (`generators.labels.proof`).

Prints a table by scenario and check; the exit status is 1 where a check fails.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from driving_data.sensors import SensorRig
from generators.labels.proof import Finding, prove, table
from generators.raytrace.generator import RaytraceGenerator
from roadloom.pipeline.recipes import simulate
from roadloom.settings import Choice
from scenarios.library import CORE, load, names
from scenarios.types.sensors import camera, rig

SIZE_PX = (480, 270)


def proof_rig(width_px: int = SIZE_PX[0]) -> SensorRig:
    """One camera ahead (70 degrees) and the lidar on the roof."""
    front = camera(
        "camera_front", 0.0, float(np.deg2rad(70.0)), (1.7, 0.0, 1.5), (width_px, width_px * SIZE_PX[1] // SIZE_PX[0])
    )
    return replace(rig("front"), cameras=(front,))


def prove_scenario(name: str, seed: int, max_frames: int, sensors: SensorRig) -> tuple[Finding, ...]:
    """The findings of one library scenario, driven by the IDM driver."""
    scenario = load(name).sample(seed, 0)
    rollout = simulate(scenario, "idm", Choice("embedded"))
    return prove(rollout, sensors, seed, RaytraceGenerator(), max_frames)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m roadloom.label_proof", description=__doc__)
    parser.add_argument("names", nargs="*", help="scenarios of the library; by default the core ones")
    parser.add_argument("--all", action="store_true", help="every scenario of the library")
    parser.add_argument("--frames", type=int, default=3, help="looks per scenario")
    parser.add_argument("--width", type=int, default=SIZE_PX[0], help="width of the pictures in pixels")
    parser.add_argument("--seed", type=int, default=11, help="of the draws")
    chosen = parser.parse_args(arguments)
    found: list[tuple[str, Finding]] = []
    for name in chosen.names or (names() if chosen.all else CORE):
        made = prove_scenario(name, chosen.seed, chosen.frames, proof_rig(chosen.width))
        found += [(name, finding) for finding in made]
        failed = [finding for finding in made if not finding.passed]
        for finding in failed:
            sys.stderr.write(f"{name}: {finding}\n")
    sys.stdout.write(table(found) + "\n")
    return 0 if all(finding.passed for _, finding in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
