"""Shared fixtures; the annotations of every room are checked while tests run."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.effort import THOROUGH, examples
from tests.tools import typechecked

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("driving_data", "scenarios", "sim_bridge", "generators", "validation", "closed_loop", "roadloom")


# No test asserts a time, Hypothesis included: machines are shared. A failure prints what repeats it.
settings.register_profile(
    "roadloom", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(100), derandomize=not THOROUGH,
)  # fmt: skip
settings.load_profile("roadloom")


def _checked_modules() -> list[str]:
    """Every module of every room but the numba kernels, which cannot be wrapped."""
    modules = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not path.stem.endswith("kernels") and path.stem != "__init__":
                modules.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return modules


typechecked.install(_checked_modules())


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of small real logs, maps and frames; tests that need it skip where it is absent."""
    shared = Path(os.environ.get("ROADLOOM_SHARED", ROOT.parent / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip(f"no shared data at {shared / 'data'}; set ROADLOOM_SHARED to the folder that holds data/")
    return shared / "data"
