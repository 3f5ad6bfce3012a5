"""`check`, `sample` and `show`."""

import json as json_module
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from driving_data.errors import Fault, InputError, RoadloomError
from roadloom.console import result, say

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(check)
    app.command()(sample)
    app.command()(show)


def check(
    files: Annotated[list[str], typer.Argument(help="Scenario files (YAML, .xosc, .osc) and OpenDRIVE files (.xodr).")],
    json: Json = False,
) -> None:
    """Check files and report every fault of each."""
    faults: list[Fault] = []
    for file in files:
        try:
            _check(Path(file))
        except InputError as error:
            faults += [fault if fault.file else _placed(fault, file) for fault in error.faults]
    if json:
        result([_plain(fault) for fault in faults])
    else:
        for fault in faults:
            say(str(fault))
        lints = sum(fault.code.startswith("lint-") for fault in faults)
        say(f"{len(files)} files, {len(faults) - lints} faults" + (f", {lints} lints" if lints else ""))
    # Lints say what is odd; only faults fail a file.
    if any(not fault.code.startswith("lint-") for fault in faults):
        raise typer.Exit(1)


def _check(path: Path) -> None:
    if not path.is_file():
        raise InputError([Fault(str(path), 0, 0, "", "missing-file", "there is no such file", "a readable file")])
    _CHECKS.get(path.suffix.lower(), _check_scenario)(path)


def _check_opendrive(path: Path) -> None:
    from driving_data.maps.opendrive import read_opendrive

    read_opendrive(path)


def _check_openscenario(path: Path) -> None:
    from scenarios.openscenario.check import check as check_openscenario

    if found := check_openscenario(path):
        raise InputError(found)


def _check_scenario(path: Path) -> None:
    from scenarios.sampling import sample_many
    from scenarios.spec import read_spec
    from scenarios.spec.nodes import place_of

    logical = read_spec(path)
    if logical.problems():
        return  # a part that others include cannot be drawn by itself
    try:
        sample_many(logical, CHECKED_DRAWS, 0)
    except InputError:
        raise
    except RoadloomError as error:
        expected = "ranges that every draw can meet"
        where = ("ego",) if (name := getattr(error, "actor", "")) == "ego" else ("actors", name) if name else ()
        place = place_of(path, where)
        at = ".".join(where) if place.line else ""
        raise InputError(
            [Fault(place.file, place.line, place.column, at, "cannot-draw", str(error), expected)]
        ) from error
    if lints := logical.lints():
        expected = "a condition that leaves something out"
        raise InputError([Fault(str(path), 0, 0, "where", f"lint-{lint.code}", str(lint), expected) for lint in lints])


def _check_dsl(path: Path) -> None:
    from scenarios.openscenario.dsl.reader import check_dsl

    if found := check_dsl(path):
        raise InputError(found)


# How the files of a suffix are checked; all others are scenarios in YAML.
_CHECKS: dict[str, Callable[[Path], None]] = {
    ".xodr": _check_opendrive,
    ".xosc": _check_openscenario,
    ".osc": _check_dsl,
}
CHECKED_DRAWS = 4


def _placed(fault: Fault, file: str) -> Fault:
    return Fault(file, fault.line, fault.column, fault.path, fault.code, fault.found, fault.expected, fault.nearest)


def _plain(fault: Fault) -> dict[str, Any]:
    from driving_data.plain import to_plain

    return {key: value for key, value in to_plain(fault).items() if key != "type"}


def sample(
    spec: Annotated[str, typer.Argument(help="A YAML file or the name of a library scenario.")],
    count: Annotated[
        int | None, typer.Option(min=1, help="How many; without it one, or all that pairwise, 3way, ... need.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of the draws.")] = 0,
    design: Annotated[str, typer.Option(help="random, sobol, lhs, grid, pairwise, 3way, ...")] = "random",
    out: Annotated[Path | None, typer.Option(help="Write one JSON file each into this folder.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter or path with its value, as gap=12m; several times.")
    ] = None,
) -> None:
    """Draw concrete scenarios; one JSON document, a list."""
    from driving_data.store.files import replace_file
    from roadloom.commands.coverage import drawn_by
    from roadloom.pipeline.sources import logical_scenarios

    drawn = drawn_by(logical_scenarios([spec], given_settings(settings))[0], design, count, seed)
    _say_unplayed(drawn[:1])
    if out is None:
        result([scenario.to_plain() for scenario in drawn])
        return
    out.mkdir(parents=True, exist_ok=True)
    for number, scenario in enumerate(drawn):
        path = out / f"{scenario.name}_{seed}_{number}.json"
        replace_file(path, (json_module.dumps(scenario.to_plain(), indent=1) + "\n").encode())
        print(path)


def _say_unplayed(drawn: Sequence[Any]) -> list[str]:
    """Says on standard error what the scenarios hold and no engine acts on; gives it back."""
    from scenarios.types.features import unplayed

    lines = [line for scenario in drawn for line in unplayed(scenario)]
    for line in lines:
        say(f"kept but not played: {line}")
    return lines


def given_settings(given: list[str] | None) -> dict[str, str]:
    """`--set name=value` as names and values.

    Raises:
        typer.BadParameter: one has no `=`.
    """
    pairs = [text.partition("=") for text in given or []]
    for text, (name, sign, value) in zip(given or [], pairs, strict=True):
        if not (sign and name.strip() and value.strip()):
            raise typer.BadParameter(f"{text!r} is no name=value, as gap=12m", param_hint="--set")
    return {name.strip(): value.strip() for name, _, value in pairs}


def show(
    spec: Annotated[str, typer.Argument(help="A YAML file or the name of a library scenario.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("out/show"),
    seed: Annotated[int, typer.Option(help="The seed of the draw.")] = 0,
    policy: Annotated[str, typer.Option(help="Who drives the ego.")] = "idm",
    frames: Annotated[int, typer.Option(min=1, help="At most so many moments.")] = 4,
    png: Annotated[bool, typer.Option("--png", help="Only the scenario from above with its ranges.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter or path with its value, as gap=12m; several times.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw a scenario from above with its ranges, then play one draw of it: a film strip and what the cameras see."""
    say(f"drawing and playing {spec}")
    from roadloom.pictures import show_scenario, show_space
    from roadloom.pipeline.sources import concrete_scenarios, logical_scenarios

    given = given_settings(settings)
    logical = logical_scenarios([spec], given)[0]
    paths = [show_space(logical, seed, policy, out)]
    if png:
        if json:
            result({"scenario": logical.name, "digest": logical.digest(), "pictures": [str(p) for p in paths]})
        else:
            print(paths[0])
        return
    scenario = concrete_scenarios([spec], 1, seed, given)[0]
    paths += show_scenario(scenario, policy, out, frames)
    kept = _say_unplayed([scenario])
    if json:
        pictures = [str(p) for p in paths]
        result({"scenario": scenario.to_plain(), "digest": scenario.digest(), "pictures": pictures, "unplayed": kept})
    else:
        say(scenario.description)
        for path in paths:
            print(path)
