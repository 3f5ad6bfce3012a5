"""Environments of their own for the public devkits, whose pins clash with ours.

`devkit_python(name, requirements)` gives the interpreter of `.venv-devkits/<name>`, made on the first call. Running
this module makes all of them beforehand: `python -m tests.tools.devkits`.
"""

import fcntl
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".venv-devkits"
DEVKITS = {
    "nuscenes": ("nuscenes-devkit==1.2.0",),
    "coco": ("pycocotools==2.0.11",),
    "commonroad": ("commonroad-io==2026.1",),
    "commonroad_crime": ("commonroad-crime==0.4.5",),
}
_UNREACHABLE = ("Temporary failure in name resolution", "Connection", "Could not fetch URL", "No matching distribution",
                "ReadTimeout", "Network is unreachable", "ProxyError", "SSLError")  # fmt: skip


class DevkitError(Exception):
    """The environment of a devkit cannot be made; `unreachable` says whether pip found no registry."""

    def __init__(self, message, unreachable=False):
        self.unreachable = unreachable
        super().__init__(message)


def devkit_python(name, requirements):
    """The interpreter of an environment with exactly these requirements."""
    place = FOLDER / name
    python = place / "bin" / "python"
    stamp = place / "requirements.json"
    wanted = json.dumps({"requirements": list(requirements), "python": sys.version}, sort_keys=True)
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / f"{name}.lock", "w") as lock:
        # Test processes run side by side: one makes the environment, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(place, ignore_errors=True)
            _run([sys.executable, "-m", "virtualenv", "--quiet", str(place)])
            _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
            stamp.write_text(wanted)
    return python


def devkit_or_skip(name):
    """As `devkit_python`, for tests: skips where no registry can be reached, and nowhere else."""
    try:
        return devkit_python(name, DEVKITS[name])
    except DevkitError as error:
        if error.unreachable:
            pytest.skip(f"the devkit {name!r} is not installed and pip reaches no registry")
        raise


def run_script(python, script, *arguments, timeout_s=600):
    """Runs a script in an environment, headless; returns the JSON document that it prints last."""
    environment = {"MPLBACKEND": "Agg", "PATH": str(python.parent), "HOME": str(python.parent.parent)}
    done = subprocess.run(
        [str(python), "-c", script, *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s,
        env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        # One environment per requirement set: nothing half-made stays.
        unreachable = any(word in done.stderr for word in _UNREACHABLE)
        raise DevkitError(f"{' '.join(command)}: {done.stderr[-2000:]}", unreachable)


def main():
    """Makes every environment; one that no registry offers is said and passed over."""
    for name, requirements in DEVKITS.items():
        try:
            print(f"{name}: {devkit_python(name, requirements)}")
        except DevkitError as error:
            if not error.unreachable:
                raise
            print(f"{name}: no registry reached; its conformance tests will be skipped", file=sys.stderr)


if __name__ == "__main__":
    main()
