"""Peers run in environments of their own, in a process of their own, and print one JSON document."""

import json
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any


def ask_peer(name: str, requirements: tuple[str, ...], script: str, *arguments: object) -> dict[str, Any] | None:
    """What the script prints last, as data; None where the environment cannot be made for want of a registry.

    Raises:
        RuntimeError: the environment or the script is broken.
    """
    devkits = import_module("tests.tools.devkits")
    try:
        python: Path = devkits.devkit_python(name, requirements)
    except devkits.DevkitError as error:
        if error.unreachable:
            return None
        raise RuntimeError(str(error)) from error
    command = [str(python), "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(f"peer {name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
