"""Our packages have plain names; another distribution may bring the same ones. This module notices."""

import importlib.util
from importlib.metadata import packages_distributions
from pathlib import Path

PACKAGES = ("driving_data", "scenarios", "sim_bridge", "generators", "validation", "closed_loop", "roadloom")


def shadowed() -> list[str]:
    """One line for each of our packages that Python would import from somewhere else."""
    home = Path(__file__).resolve().parent.parent
    lines: list[str] = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        places = [] if spec is None else list(spec.submodule_search_locations or [])
        if not any(Path(place).resolve().parent == home for place in places):
            where = places[0] if places else (spec.origin if spec else None)
            owners = ", ".join(packages_distributions().get(package, [])) or "a file on sys.path"
            lines.append(f"'{package}' would be imported from {where} ({owners}), not from {home}")
    return lines
