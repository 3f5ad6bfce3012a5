"""OpenSCENARIO files: how many come in, go out valid and come back equal, how fast, and distributions expanded.

The peer reads the same files in the same run with `xosc.ParseOpenScenario` and writes what it read. A file counts as
equal where what was read from the written file, by the same tool, is what was read from the first.
"""

import contextlib
import io
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import files, version
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure
from roadloom.places import shared_data
from scenarios.openscenario.distributions import expand
from scenarios.openscenario.reader import parse_openscenario, read_openscenario
from scenarios.openscenario.write import write_openscenario

SETS = {"alks": 34, "esmini": 83}
GRID, FEASIBLE = 121_060, 93_935


@dataclass(frozen=True, slots=True)
class Tally:
    """Files that came in, went out valid, came back equal, and the seconds that took."""

    read: int = 0
    valid: int = 0
    equal: int = 0
    seconds: float = 0.0


def _schema() -> Any:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    path = next(file for file in files("scenariogeneration") or [] if file.name == "OpenSCENARIO_1_3_1.xsd")
    return etree.XMLSchema(etree.parse(str(path.locate())))


@dataclass(frozen=True, slots=True)
class Tool:
    """How a tool reads a file, writes what it read, and reads what it wrote."""

    read: Callable[[Path], Any]
    write: Callable[[Any, Path], bytes]
    again: Callable[[bytes, Path], Any]


def _ours() -> Tool:
    return Tool(
        lambda path: read_openscenario(path),
        lambda document, _: write_openscenario(document),
        lambda data, path: parse_openscenario(data, path),
    )


def _theirs(folder: Path) -> Tool:
    from scenariogeneration import xosc

    def write(read: Any, path: Path) -> bytes:
        read.header.setVersion(minor=3)
        target = folder / f"out_{path.name}"
        read.write_xml(str(target))
        return target.read_bytes()

    def again(data: bytes, path: Path) -> Any:
        target = folder / f"again_{path.name}"
        target.write_bytes(data)
        return xosc.ParseOpenScenario(str(target))

    return Tool(lambda path: xosc.ParseOpenScenario(str(path)), write, again)


def _same(one: Any, two: Any) -> bool:
    return bool(one.root == two.root if hasattr(one, "root") else one == two)


def _tally(paths: list[Path], tool: Tool) -> Tally:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    schema = _schema()
    read = valid = equal = 0
    seconds = 0.0
    for path in paths:
        start = time.perf_counter()
        # The peer raises whatever comes; a step that fails ends the file there.
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = tool.read(path)
            read += 1
            written = tool.write(found, path)
            valid += bool(schema.validate(etree.fromstring(written)))
            equal += _same(found, tool.again(written, path))
        seconds += time.perf_counter() - start
    return Tally(read, valid, equal, seconds)


def run() -> list[Figure]:
    """Everything; one figure that says so where there is no shared data."""
    root = shared_data()
    if root is None:
        return [Figure("OpenSCENARIO files", 0.0, "files", note="no shared data; set ROADLOOM_SHARED")]
    peer = f"scenariogeneration {version('scenariogeneration')}"
    found: list[Figure] = []
    for name, goal in SETS.items():
        paths = sorted((root / "openscenario" / name).rglob("*.xosc"))
        ours = _tally(paths, _ours())
        with tempfile.TemporaryDirectory(prefix="roadloom-bench-") as folder:
            theirs = _tally(paths, _theirs(Path(folder)))
        note = f"of {len(paths)} files"
        found += [
            Figure(f"{name}: read", ours.read, "files", goal, peer, theirs.read, note),
            Figure(f"{name}: written valid as 1.3", ours.valid, "files", goal, peer, theirs.valid, note),
            Figure(f"{name}: read again equal", ours.equal, "files", goal, peer, theirs.equal, note),
            Figure(f"{name}: read, written, read again", len(paths) / ours.seconds, "files/s", None, peer,
                   len(paths) / theirs.seconds, "files that cannot be read count too"),
        ]  # fmt: skip
    return found + _expanded(root)


def _expanded(root: Path) -> list[Figure]:
    paths = sorted((root / "openscenario" / "alks" / "logical_scenarios").glob("*.xosc"))
    start = time.perf_counter()
    expansions = [expand(read_openscenario(path)) for path in paths]
    counted = time.perf_counter() - start
    start = time.perf_counter()
    made = sum(1 for expansion in expansions for _ in expansion)
    seconds = time.perf_counter() - start
    grid, feasible = sum(e.grid_count for e in expansions), sum(e.feasible_count for e in expansions)
    return [
        Figure("ALKS distributions: grid", grid, "combinations", GRID, note=f"asked for: exactly {GRID}"),
        Figure("ALKS distributions: feasible", feasible, "combinations", FEASIBLE, note=f"exactly {FEASIBLE}"),
        Figure("ALKS distributions: read and counted", counted, "s", note=f"{len(paths)} files"),
        Figure("ALKS distributions: made", made / seconds, "combinations/s"),
    ]
