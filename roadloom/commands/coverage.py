"""`coverage` and `gaps`."""

import json as json_module
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driving_data.errors import Fault, InputError
from roadloom.console import result, say

if TYPE_CHECKING:
    import numpy as np

    from driving_data.rollout import Rollout
    from driving_data.segment import Raw, Segment
    from driving_data.store import SegmentInfo
    from scenarios.algebra import LogicalScenario
    from scenarios.concrete import ConcreteScenario
    from scenarios.coverage import Grid
    from scenarios.coverage.realised import Realisation
    from scenarios.coverage.report import Report

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Of = Annotated[
    list[Path] | None,
    typer.Option("--of", help="A store, or concrete scenarios: a JSON file or a folder of them; several times."),
]
Strength = Annotated[int, typer.Option(min=1, max=6, help="How many axes a combination joins; 2 for pairs.")]
Bins = Annotated[int, typer.Option(min=1, max=100, help="Into how many bins a range is cut.")]
Seed = Annotated[int, typer.Option(help="The seed of draws and searches.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(coverage)
    app.command()(gaps)


def coverage(
    spec: Annotated[
        str, typer.Argument(help="A YAML file or a library scenario; left out: the tags of a store.")
    ] = "",
    of: Of = None,
    strength: Strength = 2,
    bins: Bins = 5,
    design: Annotated[
        str, typer.Option(help="Also count draws made now: random, sobol, lhs, grid, pairwise or 3way.")
    ] = "",
    count: Annotated[int, typer.Option(min=0, help="How many draws of the design; 0: as many as it needs.")] = 0,
    seed: Seed = 0,
    missing: Annotated[int, typer.Option(min=0, help="Show at most so many missing combinations.")] = 10,
    realised: Annotated[
        bool, typer.Option("--realised", help="Count of played segments only what happened: bins measured again.")
    ] = False,
    png: Annotated[Path | None, typer.Option(help="Draw a picture into this file.")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """How much of a scenario is covered: axes, cells, what is missing by name, and a picture."""
    if spec:
        logical, found = _logical(spec), Found.of(of or [])
        if design:
            found.concretes += drawn_by(logical, design, count or None, seed)
        report = _report(spec, logical, _rows(logical, bins, found, realised), strength, seed)
    else:
        report = _facets(of or [], strength)
    if png is not None:
        _draw(report, spec, bins, png)
    if json:
        result(report.plain())
    else:
        _print(report, missing)
        if png is not None:
            print(png)


def gaps(
    spec: Annotated[str, typer.Argument(help="A YAML file or the name of a library scenario.")],
    of: Of = None,
    out: Annotated[Path | None, typer.Option(help="Write the scenario of what is missing into this file.")] = None,
    strength: Strength = 2,
    bins: Bins = 5,
    seed: Seed = 0,
    cells: Annotated[int, typer.Option(min=0, help="At most so many cells, the best first; 0: all.")] = 0,
    json: Json = False,
) -> None:
    """A scenario of what is missing, ready to run: each option is a cell that closes some of the gap."""
    import numpy as np

    from driving_data.store.files import replace_file
    from scenarios.coverage.gaps import gaps_of_rows
    from scenarios.spec import dump_spec

    logical, found = _logical(spec), Found.of(of or [])
    grid, made, real = _rows(logical, bins, found)
    missing = gaps_of_rows(logical, grid, np.concatenate([made, real]), strength, seed, cells or None)
    text = "" if missing.logical is None else dump_spec(missing.logical)
    if out is not None and text:
        replace_file(out, text.encode())
    if json:
        result({
            "coverage": missing.coverage.ratio, "missing": missing.coverage.total - missing.coverage.num_covered,
            "cells": [dict(cell) for cell in missing.cells],
            "unreachable": [dict(each) for each in missing.unreachable],
            "yaml": text or None, "file": str(out) if out is not None and text else None,
        })  # fmt: skip
        return
    say(missing.coverage.text())
    for each in missing.unreachable:
        say(f"out of reach: {_words(each)}")
    if not text:
        say("nothing is missing")
    elif out is None:
        sys.stdout.write(text)
    else:
        print(out)
        say(f"{len(missing)} cells; each once: roadloom sample {out} --design 1way")


@dataclass(slots=True)
class Found:
    """What `--of` named.

    Attributes:
        concretes: concrete scenarios.
        segments: segments of stores.
        infos: what catalogues say of segments.
        classes: classes of the labelled actors of segments.
    """

    concretes: "list[ConcreteScenario]" = field(default_factory=lambda: [])
    segments: "list[Segment[Raw]]" = field(default_factory=lambda: [])
    infos: "list[SegmentInfo]" = field(default_factory=lambda: [])
    classes: dict[str, tuple[str, ...]] = field(default_factory=lambda: {})

    @staticmethod
    def of(paths: Sequence[Path], open_segments: bool = True) -> "Found":
        """Reads stores and concrete scenarios.

        Raises:
            InputError: with the faults of every path.
        """
        found, faults = Found(), list[Fault]()
        for path in paths:
            try:
                found._add(path, open_segments)
            except InputError as error:
                faults += error.faults
        if faults:
            raise InputError(faults)
        return found

    def _add(self, path: Path, open_segments: bool) -> None:
        if (path / "catalog.db").is_file():
            from driving_data.store import SegmentStore
            from driving_data.store.reading import SKELETON
            from scenarios.coverage.segments import labelled_classes

            store = SegmentStore(path)
            self.infos += store.query()
            self.classes |= labelled_classes(store)
            self.segments += store.segments(wanted=SKELETON) if open_segments else []
        elif path.is_dir():
            files = sorted(path.glob("*.json"))
            if not files:
                raise InputError([Fault(str(path), 0, 0, "of", "missing-file", "no store and no JSON file", _EXPECTED)])
            for file in files:
                self.concretes += _read(file)
        elif path.is_file():
            self.concretes += _read(path)
        else:
            raise InputError(
                [Fault(str(path), 0, 0, "of", "missing-file", "there is no such file or folder", _EXPECTED)]
            )


_EXPECTED = "a store, a JSON file as `roadloom sample` writes it, or a folder of them"


def _read(file: Path) -> "list[ConcreteScenario]":
    from scenarios.concrete import ConcreteScenario

    try:
        data: Any = json_module.loads(file.read_text())
        return [ConcreteScenario.from_plain(each) for each in (data if isinstance(data, list) else [data])]
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError([Fault(str(file), 0, 0, "of", "wrong-form", str(error), "a concrete scenario")]) from error


def _logical(spec: str) -> "LogicalScenario":
    from roadloom.pipeline.sources import logical_scenarios

    return logical_scenarios([spec])[0]


def _rows(
    logical: "LogicalScenario", bins: int, found: Found, realised: bool = False
) -> "tuple[Grid, np.ndarray, np.ndarray]":  # fmt: skip
    """The grid, and rows of bins: generated, real."""
    import numpy as np

    from scenarios.coverage import grid_of
    from scenarios.coverage.realised import realise
    from scenarios.coverage.segments import sources_of

    grid = grid_of(logical.blocks, bins)
    played = _played(logical, found.segments) if realised else []
    others = [segment for segment in found.segments if not realised or not _is_of(segment, logical)]
    sources = sources_of(grid, others, logical.name)
    own = [each for each in found.concretes if each.name == logical.name]
    if passed := len(found.concretes) - len(own):
        say(f"passed over: {passed} draws of other scenarios than {logical.name!r}")
    made = [grid.rows(own), sources.synthetic]
    if realised:
        what = realise(grid, played)
        _tell_realised(what)
        made.append(what.realised)
    return grid, np.concatenate(made), sources.real


def _is_of(segment: "Segment[Raw]", logical: "LogicalScenario") -> bool:
    return (segment.provenance.scenario or {}).get("name") == logical.name


def _played(
    logical: "LogicalScenario", segments: "Sequence[Segment[Raw]]"
) -> "list[tuple[ConcreteScenario, Rollout]]":  # fmt: skip
    from scenarios.concrete import ConcreteScenario

    return [
        (ConcreteScenario.from_plain(segment.provenance.scenario or {}), segment.rollout)
        for segment in segments if _is_of(segment, logical)
    ]  # fmt: skip


def _tell_realised(what: "Realisation") -> None:
    """What came of the played segments, in lines."""
    from scenarios.coverage.realised import outcome_axes, outcome_bins

    say(f"played: {len(what.outcomes)} segments")
    for name, times in what.never.items():
        say(f"  {name} never began in {times} of them: its numbers do not count")
    for path, share in what.agreement.items():
        say(f"  {path}: {share:.0%} came out in the bin asked for")
    found = [outcome_bins(outcome) for outcome in what.outcomes]
    for axis in outcome_axes() if found else ():
        counts = {label: sum(1 for each in found if each[axis.path] == label) for label in axis.labels}
        say(f"  {axis.path}: " + ", ".join(f"{label} {count}" for label, count in counts.items() if count))


def _report(
    spec: str, logical: "LogicalScenario", rows: "tuple[Grid, np.ndarray, np.ndarray]", strength: int, seed: int
) -> "Report":  # fmt: skip
    import numpy as np

    from scenarios.coverage import coverage_of_rows
    from scenarios.coverage.exposure import exposure_of
    from scenarios.coverage.report import Report

    grid, made, real = rows
    for condition in grid.loose:
        say(f"counted loosely: {condition!r} reads too many axes at once; some of what it forbids may count as missing")
    by_made, by_real = coverage_of_rows(grid, made, strength), coverage_of_rows(grid, real, strength)
    both = coverage_of_rows(grid, np.concatenate([made, real]), strength)
    weighted = None if logical.problems() else exposure_of(logical, grid, both.universe, seed=seed).of(both)
    return Report(logical.name or spec, by_made, by_real, both, made, real, weighted)


def drawn_by(logical: "LogicalScenario", design: str, count: int | None, seed: int) -> "list[ConcreteScenario]":
    """Draws of a design; without a count as many as a covering array has, else one.

    Raises:
        InputError: there is no such design.
    """
    from roadloom.commands.data import one_of
    from scenarios.designs.cells import draw_array
    from scenarios.designs.names import strength_of
    from scenarios.sampling import DESIGNS, sample_many

    strength = strength_of(design)
    if strength is None:
        one_of("design", design, (*DESIGNS, "pairwise", "3way"))
        return sample_many(logical, count or 1, seed, design)
    if count is not None:
        return sample_many(logical, count, seed, design)
    made = draw_array(logical, strength, seed)
    for each in made.unreachable:
        say(f"out of reach: {_words(each)}")
    return list(made.scenarios)


def _facets(of: Sequence[Path], strength: int) -> "Report":
    import numpy as np

    from scenarios.coverage.report import Report
    from scenarios.coverage.segments import facets_of

    found = Found.of(of, open_segments=False)
    if not found.infos:
        expected = "a scenario, or --of with the folder of a store"
        raise InputError([Fault("", 0, 0, "spec", "missing-value", "nothing to count", expected)])
    facets = facets_of(found.infos, found.classes)
    if not facets.axes:
        raise InputError(
            [Fault(str(of[0]), 0, 0, "of", "wrong-value", "all segments are alike", "a store with variety")]
        )
    made, real = facets.synthetic, facets.real
    both = facets.coverage(np.concatenate([made, real]), strength)
    name = ", ".join(str(path) for path in of)
    return Report(name, facets.coverage(made, strength), facets.coverage(real, strength), both, made, real)


def _draw(report: "Report", spec: str, bins: int, png: Path) -> None:
    from PIL import Image

    from scenarios.coverage.picture import Shades, coverage_picture

    both = report.both
    shades = Shades(both.axes, both.universe.axes, report.made_rows, report.real_rows)
    png.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coverage_picture(shades, f"Coverage of {report.name}", both)).save(png)


def _print(report: "Report", most: int) -> None:
    from rich.console import Console
    from rich.table import Table

    screen = Console(highlight=False)
    with_real = len(report.real_rows) > 0
    table = Table(title=f"{report.name}: bins of each axis", title_justify="left")
    table.add_column("axis", no_wrap=True)
    table.add_column("seen", justify="right")
    table.add_column("bins: draws" + (" + real" if with_real else ""), overflow="fold")
    for axis, made, real, can_be in report.bins():
        seen = sum(1 for a, b in zip(made, real, strict=True) if a + b)
        cells = [
            f"{label}: {a}{f' + {b}' if with_real else ''}" if ok else f"{label}: cannot be"
            for label, a, b, ok in zip(axis.labels, made, real, can_be, strict=True)
        ]
        table.add_row(axis.name, f"{seen}/{sum(can_be)}", "   ".join(cells))
    screen.print(table)
    screen.print(report.both.text(), markup=False, soft_wrap=True)
    if with_real:
        screen.print(f"  real {report.real.num_covered}, generated {report.made.num_covered} of {report.both.total}")
    if report.weighted is not None:
        screen.print(f"  weighted by how often it happens: {report.weighted:.1%}", markup=False)
    if len(report.made_rows):
        screen.print(f"  a further random draw would show a new combination with chance {report.unseen.mass:.1%} "
                     "(Good-Turing, mean over the axes)", markup=False, soft_wrap=True)  # fmt: skip
    if report.unmeasured:
        screen.print(f"  not told by real segments: {', '.join(report.unmeasured)}", markup=False, soft_wrap=True)
    names = {axis.path: axis.name for axis in report.both.axes}
    shown = report.missing(most)
    num_missing = report.both.total - report.both.num_covered
    if shown:
        screen.print(f"missing, {len(shown)} of {num_missing}:", markup=False)
    for each in shown:
        screen.print(f"  {_words(each, names)}", markup=False, soft_wrap=True)


def _words(cell: Mapping[str, str], names: Mapping[str, str] | None = None) -> str:
    return ", ".join(f"{(names or {}).get(path, path)} {label}" for path, label in cell.items())
