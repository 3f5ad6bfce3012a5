"""What is installed and working, and what is missing for what."""

import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from driving_data.conf import conf_directory
from driving_data.errors import RoadloomError
from roadloom.places import demo_store, shared_data
from roadloom.shadow import shadowed


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis: name, 'ok', 'missing' or 'broken', and what it means."""

    name: str
    state: str
    detail: str


EXTRAS: dict[str, tuple[str, str, str]] = {
    "carla": ("carla", "carla", "driving a CARLA server through its own client"),
    "learn": ("torch", "torch", "torch datasets and learned models"),
    "splats": ("gsplat", "gsplat", "Gaussian splatting on CUDA"),
    "diffusion": ("diffusers", "diffusers", "diffusion generation"),
    "ray": ("ray", "ray", "jobs on a Ray cluster"),
    "service": ("fastapi", "fastapi", "the HTTP service"),
    "view": ("rerun", "rerun-sdk", "Rerun recordings"),
    "video": ("av", "av", "reading video clips"),
    "cuda": ("numba_cuda", "numba-cuda", "kernels on NVIDIA GPUs"),
}


def diagnose() -> list[Finding]:
    """Every finding, the core first."""
    findings = [Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")]
    findings += [_core(name) for name in ("numpy", "scipy", "numba", "pyarrow", "pydantic", "hydra-core", "gymnasium")]
    findings += [Finding("packages", "broken", line) for line in shadowed()]
    try:
        findings.append(Finding("configuration", "ok", str(conf_directory())))
    except RoadloomError as error:
        findings.append(Finding("configuration", "broken", str(error)))
    findings += [_extra(extra, *parts) for extra, parts in EXTRAS.items()]
    findings.append(_gpu())
    findings.append(_carla_server())
    shared = shared_data()
    detail = str(shared) if shared else "set ROADLOOM_SHARED to a folder that holds data/ for real logs"
    findings.append(Finding("shared data", "ok" if shared else "missing", detail))
    return findings


def summary(findings: list[Finding]) -> dict[str, Any]:
    """The diagnosis as plain data; names, among others, the store that the demo made."""
    store = demo_store()
    return {
        "findings": [{"name": item.name, "state": item.state, "detail": item.detail} for item in findings],
        "demo_store": str(store) if store else None,
        "healthy": all(item.state != "broken" for item in findings),
    }


def _core(name: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "broken", "a core dependency is missing; install roadloom again")


def _extra(extra: str, module: str, package: str, use: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(extra, "missing", f"{use}: pip install 'roadloom[{extra}]'")
    try:
        return Finding(extra, "ok", f"{package} {version(package)}: {use}")
    except PackageNotFoundError:
        return Finding(extra, "ok", f"{package}: {use}")


def _gpu() -> Finding:
    if shutil.which("nvidia-smi"):
        return Finding("gpu", "ok", "nvidia-smi is there")
    return Finding("gpu", "missing", "no NVIDIA GPU; every feature has a CPU path")


def _carla_server() -> Finding:
    root = os.environ.get("CARLA_ROOT", "")
    if root and (Path(root) / "CarlaUE4.sh").is_file():
        return Finding("carla server", "ok", root)
    return Finding("carla server", "missing", "set CARLA_ROOT to an unpacked CARLA release to run against it")
