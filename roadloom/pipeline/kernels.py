"""Compiles the kernels, one family per task, so that later work finds them in the cache.

numba compiles at the first call with given types. Families are independent: two processes share them.
"""

from collections.abc import Callable, Mapping
from functools import partial


def _play() -> None:
    from roadloom.pipeline.recipes import simulate
    from roadloom.settings import Choice
    from scenarios import library
    from scenarios.sampling import sample_many

    scenario = sample_many(library.load("late_pedestrian"), 1, 0)[0]
    simulate(scenario, "idm", Choice("embedded"))


def _trace(half: str) -> None:
    from generators.raytrace.warm import warm_up

    warm_up(half)


FAMILIES: Mapping[str, Callable[[], None]] = {
    "simulator": _play,
    "shading": partial(_trace, "shading"),
    "geometry": partial(_trace, "geometry"),
}


def warm_kernels(family: str) -> str:
    """Compiles one family, or loads it from the cache."""
    FAMILIES[family]()
    return family
