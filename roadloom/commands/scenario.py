"""`check`, `sample` and `show`."""

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from driving_data.errors import Fault, InputError
from roadloom.console import result, say

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(check)
    app.command()(sample)
    app.command()(show)


def check(
    files: Annotated[list[str], typer.Argument(help="Scenario files (YAML) and OpenDRIVE files (.xodr).")],
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
        say(f"{len(files)} files, {len(faults)} faults")
    if faults:
        raise typer.Exit(1)


def _check(path: Path) -> None:
    if not path.is_file():
        raise InputError([Fault(str(path), 0, 0, "", "missing-file", "there is no such file", "a readable file")])
    if path.suffix == ".xodr":
        from driving_data.maps.opendrive import read_opendrive

        read_opendrive(path)
    else:
        from scenarios.sampling import sample_many
        from scenarios.spec import read_spec

        sample_many(read_spec(path), 1, 0)


def _placed(fault: Fault, file: str) -> Fault:
    return Fault(file, fault.line, fault.column, fault.path, fault.code, fault.found, fault.expected, fault.nearest)


def _plain(fault: Fault) -> dict[str, Any]:
    from driving_data.plain import to_plain

    return {key: value for key, value in to_plain(fault).items() if key != "type"}


def sample(
    spec: Annotated[str, typer.Argument(help="A YAML file or the name of a library scenario.")],
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    seed: Annotated[int, typer.Option(help="The seed of the draws.")] = 0,
    design: Annotated[str, typer.Option(help="random, sobol, lhs or grid.")] = "random",
    out: Annotated[Path | None, typer.Option(help="Write one JSON file each into this folder.")] = None,
) -> None:
    """Draw concrete scenarios; one JSON document, a list."""
    from roadloom.commands.data import one_of
    from roadloom.pipeline.sources import logical_scenarios
    from scenarios.sampling import DESIGNS, sample_many

    one_of("design", design, DESIGNS)
    drawn = sample_many(logical_scenarios([spec])[0], count, seed, design)
    if out is None:
        result([scenario.to_plain() for scenario in drawn])
        return
    out.mkdir(parents=True, exist_ok=True)
    for number, scenario in enumerate(drawn):
        path = out / f"{scenario.name}_{seed}_{number}.json"
        path.write_text(json_module.dumps(scenario.to_plain(), indent=1) + "\n")
        print(path)


def show(
    spec: Annotated[str, typer.Argument(help="A YAML file or the name of a library scenario.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("out/show"),
    seed: Annotated[int, typer.Option(help="The seed of the draw.")] = 0,
    policy: Annotated[str, typer.Option(help="Who drives the ego.")] = "idm",
    frames: Annotated[int, typer.Option(min=1, help="At most so many moments.")] = 4,
    json: Json = False,
) -> None:
    """Draw one scenario, play it, and make its pictures: a bird's-eye film strip and what the cameras see."""
    say(f"drawing and playing {spec}")
    from roadloom.pictures import show_scenario
    from roadloom.pipeline.sources import concrete_scenarios

    scenario = concrete_scenarios([spec], 1, seed)[0]
    paths = show_scenario(scenario, policy, out, frames)
    if json:
        result({"scenario": scenario.to_plain(), "digest": scenario.digest(), "pictures": [str(p) for p in paths]})
    else:
        say(scenario.description)
        for path in paths:
            print(path)
