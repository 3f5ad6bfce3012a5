"""How kernels are compiled: records by reference, laws without machine code, no collection of garbage meanwhile."""

import gc
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim_bridge.embedded.compiled import entry, hand, inlined, inner, scalar
from sim_bridge.embedded.lean_library import LeanLibrary


class Pair(NamedTuple):
    """Two arrays of a world."""

    given: Any
    found: Any


@scalar
def squared(x: float) -> float:
    """A law of plain numbers."""
    return x * x


@inner
def world(batch: Pair, b: int) -> Pair:
    """One world of a batch."""
    return Pair(batch.given[b], batch.found[b])


@inlined
def note(w: Pair, k: int) -> None:
    """Reads what others wrote a moment ago, so that a stale read would show."""
    w.found[k] = squared(w.given[k]) + (w.found[k - 1] if k > 0 else 0.0)


@inner
def walk(w: Pair, depth: int) -> None:
    """Called, not taken in: the record crosses a call of machine code."""
    for k in range(w.given.shape[0]):
        note(w, k)
    if depth > 0:
        deeper(w)


@inner
def deeper(w: Pair) -> None:
    """Writes to an array that whoever called it has read already."""
    for k in range(w.given.shape[0]):
        w.given[k] = w.found[k] + 1.0
        note(w, k)


@entry
def walk_all(batch: Pair, rounds: int) -> None:
    """Hands every world from the same line of code, one after the other."""
    for b in range(batch.given.shape[0]):
        w = hand(world(batch, b))
        for _ in range(rounds):
            walk(w, 1)


@entry
def no_kernel(x: float) -> float:
    """Cannot be compiled: there is no such attribute of a number."""
    return x.nowhere  # type: ignore[attr-defined]


def walked(given: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """The same in plain Python."""
    given, found = given.copy(), np.zeros_like(given)
    for b in range(len(given)):
        for _ in range(rounds):
            for k in range(given.shape[1]):
                found[b, k] = given[b, k] ** 2 + (found[b, k - 1] if k > 0 else 0.0)
            for k in range(given.shape[1]):
                given[b, k] = found[b, k] + 1.0
                found[b, k] = given[b, k] ** 2 + (found[b, k - 1] if k > 0 else 0.0)
    return given, found


def test_a_handed_record_is_that_of_its_own_world_and_what_is_written_is_read():
    given = np.linspace(0.0, 0.4, 15).reshape(5, 3)
    batch = Pair(given.copy(), np.zeros_like(given))
    walk_all(batch, 2)
    expected_given, expected_found = walked(given, 2)
    np.testing.assert_array_equal(batch.given, expected_given)
    np.testing.assert_array_equal(batch.found, expected_found)


def test_a_law_answers_python_and_kernels_alike_and_kernels_make_no_machine_code_of_it():
    batch = Pair(np.array([[3.0]]), np.zeros((1, 1)))
    walk_all(batch, 0)
    law: Any = squared
    assert squared(1.5) == 2.25
    libraries = [compiled.library for compiled in _lean_overloads(law)]
    assert libraries
    assert all(isinstance(library, LeanLibrary) for library in libraries)


def test_a_handed_record_has_a_short_name_and_crosses_calls_as_one_pointer():
    batch = Pair(np.zeros((1, 1)), np.zeros((1, 1)))
    walk_all(batch, 1)
    inner_walk: Any = walk
    (signature,) = inner_walk.nopython_signatures
    assert len(signature.args[0].name) < 40
    (compiled,) = inner_walk.overloads.values()
    function = next(f for f in compiled.library._final_module.functions if f.name == compiled.fndesc.mangled_name)
    # Where the result goes, where an exception goes, the record, the depth.
    assert len(list(function.arguments)) == 4


def test_garbage_is_collected_again_after_compiling_and_after_a_kernel_that_cannot_be_compiled():
    failing: Any = no_kernel
    assert gc.isenabled()
    with pytest.raises(Exception, match="nowhere"):
        failing(1.0)
    assert gc.isenabled()


def _lean_overloads(law: Any) -> list[Any]:
    """What kernels compiled of a law."""
    return list(law.get_overload.__self__.overloads.values())
