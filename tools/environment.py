"""Creates or updates the virtual environment of a checkout. Plain Python, nothing installed before.

    python3 tools/environment.py .venv video          core and the extra `video`
    python3 tools/environment.py .venv video,dev,learn

Where `python3 -m venv` cannot work (Debian without ensurepip) it falls back to virtualenv or uv. A stamp makes the
second call immediate. Before a download of more than 200 MB its size is printed.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
# Downloads in MB, measured in November 2026 on Linux x86-64 with an empty cache.
DOWNLOAD_MB = {
    "": 190, "video": 40, "dev": 40, "learn": 200, "diffusion": 30, "carla": 35, "ray": 75, "service": 5, "view": 110,
    "onnx": 45, "remote": 10, "sumo": 240,
}  # fmt: skip
TELL_FROM_MB = 200
CPU_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def main() -> int:
    """Creates or updates the environment; returns the exit status."""
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    if sys.version_info < OLDEST_PYTHON:
        print(f"Roadloom needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    place = (ROOT / sys.argv[1]).resolve()
    wanted = sorted({extra for extra in (sys.argv[2] if len(sys.argv) == 3 else "").split(",") if extra})
    stamp = place / ".roadloom.json"
    have = json.loads(stamp.read_text()) if stamp.is_file() else {"key": "", "extras": []}
    extras = sorted({*wanted, *have["extras"]})
    if have["key"] == _key(extras):
        return 0
    python = _create(place)
    if python is None:
        return 1
    _announce([extra for extra in ("", *extras) if extra not in have["extras"] and (extra or not have["key"])])
    if not _install(python, extras):
        return 1
    stamp.write_text(json.dumps({"key": _key(extras), "extras": extras}))
    return 0


def _key(extras: list[str]) -> str:
    text = "".join((ROOT / name).read_text() for name in ("pyproject.toml", "constraints.txt"))
    return hashlib.sha256((text + ",".join(extras) + sys.version + str(ROOT)).encode()).hexdigest()


def _create(place: Path) -> Path | None:
    """The interpreter of the environment at `place`, which is made if need be."""
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists() and _works([str(python), "-m", "pip", "--version"]):
        return python
    shutil.rmtree(place, ignore_errors=True)
    print(f"creating the virtual environment {place}")
    ways: list[list[str]] = []
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        ways.append([sys.executable, "-m", "venv", str(place)])
    if importlib.util.find_spec("virtualenv"):
        ways.append([sys.executable, "-m", "virtualenv", "--quiet", str(place)])
    if shutil.which("virtualenv"):
        ways.append(["virtualenv", "--quiet", "--python", sys.executable, str(place)])
    if shutil.which("uv"):
        ways.append(["uv", "venv", "--quiet", "--seed", "--python", sys.executable, str(place)])
    for way in ways:
        if _works(way) and _works([str(python), "-m", "pip", "--version"]):
            return python
        shutil.rmtree(place, ignore_errors=True)
    if _borrow_virtualenv(place) and _works([str(python), "-m", "pip", "--version"]):
        return python
    print(
        "no virtual environment could be made: python3 -m venv needs ensurepip (Debian: apt install python3-venv), "
        "or install virtualenv or uv and run the command again",
        file=sys.stderr,
    )
    return None


def _borrow_virtualenv(place: Path) -> bool:
    """With pip but no ensurepip: virtualenv from the registry, in a temporary folder."""
    with tempfile.TemporaryDirectory() as borrowed:
        if not _works([sys.executable, "-m", "pip", "install", "--quiet", "--target", borrowed, "virtualenv"]):
            return False
        command = [sys.executable, "-c", "import virtualenv, sys; virtualenv.cli_run(sys.argv[1:])", str(place)]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": borrowed}, check=False)
        return done.returncode == 0


def _announce(new: list[str]) -> None:
    megabytes = sum(DOWNLOAD_MB.get(extra, 0) for extra in new)
    names = ", ".join(extra or "the core" for extra in new)
    if megabytes > TELL_FROM_MB:
        print(f"about to download up to {megabytes} MB ({names}); what pip has cached is not downloaded again")
    elif new:
        print(f"installing {names}")


def _install(python: Path, extras: list[str]) -> bool:
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if not _works([*pip, "--upgrade", "pip>=24"]):
        print("pip could not be updated; going on with the one there is", file=sys.stderr)
    if {"learn", "diffusion", "splats"} & set(extras) and not _install_torch(python, pip):
        return False
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    return _works([*pip, "--constraint", str(ROOT / "constraints.txt"), "--editable", target], loud=True)


def _install_torch(python: Path, pip: list[str]) -> bool:
    """The CPU build of torch, first and alone: as a dependency it would pull gigabytes of CUDA."""
    version = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
    if _works([str(python), "-c", "import torch"]):
        return True
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        planned = _works([*pip, "--dry-run", "--ignore-installed", "--report", str(plan), version])
        names = [item["metadata"]["name"] for item in json.loads(plan.read_text())["install"]] if planned else []
    if planned and not any(name.startswith("nvidia") for name in names):
        return _works([*pip, version], loud=True)
    return _works([*pip, "--index-url", CPU_TORCH_INDEX, version], loud=True)


def _works(command: list[str], loud: bool = False) -> bool:
    done = subprocess.run(command, capture_output=not loud, text=True, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
