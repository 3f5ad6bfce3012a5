"""`parse` and `describe`: English into scenarios, and scenarios, rollouts and segments into English."""

import json as json_module
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driving_data.errors import Fault, InputError
from roadloom.console import result, say

if TYPE_CHECKING:
    from scenarios.language.endpoint import Endpoint
    from scenarios.language.realise import Realised
    from scenarios.language.slots import Reading

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
MAX_SENTENCES_BYTES = 10_000_000


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command()(parse)
    app.command()(describe)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One description, read and realised; `realised` is None where no scenario comes of it, and `faults` say why."""

    reading: "Reading"
    realised: "Realised | None"
    faults: tuple[Fault, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        from driving_data.plain import to_plain

        reading, realised = self.reading, self.realised
        return {
            "text": reading.text,
            "slots": reading.slots.to_plain(),
            "not_understood": list(reading.not_understood),
            "assumed": list(realised.assumed if realised else reading.assumed),
            "unplayed": list(realised.unplayed if realised else ()),
            "account": [
                {"text": p.text, "start": p.start, "end": p.end, "path": p.path, "value": p.value}
                for p in reading.account
            ],
            "yaml": realised.yaml if realised else None,
            "faults": [{k: v for k, v in to_plain(fault).items() if k != "type"} for fault in self.faults],
        }


def parse(
    sentence: Annotated[str | None, typer.Argument(help="A description in English, one or more sentences.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with a description per line; - is standard input.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the scenario here (several: a folder).")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw the scenario from above into this folder.")] = None,
    seed: Annotated[int, typer.Option(help="The seed of the draws in the picture.")] = 0,
    endpoint: Annotated[
        str | None, typer.Option(help="Read with a language model behind this OpenAI-compatible address, as http://127.0.0.1:8000/v1.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model there.")] = None,
    rounds: Annotated[int, typer.Option(help="Answers asked of the model at most, repairs included.")] = 4,
    timeout: Annotated[float, typer.Option(help="Seconds for each answer of the model.")] = 60.0,
    log: Annotated[Path | None, typer.Option(help="Append every request and answer to this JSON Lines file.")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Read English into a scenario, with an account of how each phrase was read.

    The key of an endpoint, if it wants one, is read from ROADLOOM_LANGUAGE_KEY.
    """
    if (sentence is None) == (file is None):
        raise typer.BadParameter("give either a sentence or --file", param_hint="SENTENCE")
    if endpoint is None and (model is not None or log is not None):
        raise typer.BadParameter("--model and --log belong to --endpoint", param_hint="--endpoint")
    server = _server(endpoint, model, rounds, timeout, log)
    texts = [sentence] if sentence is not None else _lines(file or Path("-"))
    found = [_parsed(text, server) for text in texts]
    for number, one in enumerate(found):
        if out is not None and one.realised is not None:
            _write(one.realised, out if file is None else out / f"{number:04d}_{one.realised.logical.name}.yaml")
        pictures = _pictures(one, png, seed)
        if not json:
            _show(one, pictures)
    if json:
        documents = [one.plain() for one in found]
        result(documents[0] if file is None else documents)
    if any(one.realised is None for one in found):
        raise typer.Exit(1)


def _server(address: str | None, model: str | None, rounds: int, timeout: float, log: Path | None) -> "Endpoint | None":
    if address is None:
        return None
    from scenarios.language.endpoint import configured

    return configured(address, model, timeout_s=timeout, max_rounds=rounds, log=log)


def _lines(file: Path) -> list[str]:
    """Descriptions of a file, one per line, empty lines left out."""
    if str(file) == "-":
        text = sys.stdin.read(MAX_SENTENCES_BYTES + 1)
    else:
        if not file.is_file():
            raise InputError([Fault(str(file), 0, 0, "", "missing-file", "there is no such file", "a text file")])
        text = file.read_bytes()[: MAX_SENTENCES_BYTES + 1].decode("utf-8", "replace")
    if len(text) > MAX_SENTENCES_BYTES:
        raise InputError([Fault(str(file), 0, 0, "", "too-large", "more than 10 MB", "at most 10 MB of sentences")])
    return [line.strip() for line in text.splitlines() if line.strip()]


def _parsed(text: str, server: "Endpoint | None") -> Parsed:
    from scenarios.language import read
    from scenarios.language.endpoint import read_with
    from scenarios.language.realise import realise

    reading = read(text) if server is None else read_with(server, text)
    try:
        return Parsed(reading, realise(reading))
    except InputError as error:
        return Parsed(reading, None, error.faults)


def _write(realised: "Realised", path: Path) -> None:
    from driving_data.store.files import replace_file

    replace_file(path, realised.yaml.encode())
    say(f"wrote {path}")


def _pictures(one: Parsed, folder: Path | None, seed: int) -> list[Path]:
    if folder is None or one.realised is None:
        return []
    from roadloom.pictures import show_space

    return [show_space(one.realised.logical, seed, "idm", folder)]


def _show(one: Parsed, pictures: list[Path]) -> None:
    """The reading for a person: phrases with their slots, then assumptions, then the scenario."""
    from rich.console import Console
    from rich.table import Table

    reading, realised = one.reading, one.realised
    screen = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    read = [phrase for phrase in reading.account if phrase.path]
    if read:
        table = Table("phrase", "slot", "value", box=None, pad_edge=False, header_style="bold")
        for phrase in read:
            table.add_row(*(text.replace("[", r"\[") for text in (phrase.text, phrase.path, phrase.value)))
        screen.print(table)
    for title, lines in (
        ("assumed", realised.assumed if realised else reading.assumed),
        ("held but not played", realised.unplayed if realised else ()),
        ("not understood", reading.not_understood),
        ("no scenario", tuple(map(str, one.faults))),
    ):
        if lines:
            screen.print(f"\n{title}", style="bold")
            for line in lines:
                screen.print(f"  {line}", markup=False, soft_wrap=True)
    if realised is not None:
        screen.print("\nscenario", style="bold")
        print(realised.yaml, end="")
    for path in pictures:
        print(path)


def describe(
    thing: Annotated[
        str, typer.Argument(help="A scenario (YAML, drawn JSON, or a name of the library), or a stored segment's id.")
    ],
    store: Annotated[Path | None, typer.Option(help="The store of the segment; else the demo's.")] = None,
    json: Json = False,
) -> None:
    """Describe a scenario, a drawn scenario or a stored segment in English."""
    from scenarios.language.describe import describe as text_of
    from scenarios.language.describe import slots_of

    found = _thing(thing, store)
    text = text_of(found)
    if not json:
        print(text)
        return
    from scenarios.algebra import LogicalScenario
    from scenarios.concrete import ConcreteScenario

    slots = slots_of(found).to_plain() if isinstance(found, LogicalScenario | ConcreteScenario) else None
    result({"kind": type(found).__name__, "description": text, "slots": slots})


def _thing(name: str, store: Path | None) -> Any:
    """What a name means: a file, a scenario of the library, or a segment."""
    from roadloom.pipeline.sources import logical_scenarios
    from scenarios import library

    path = Path(name)
    if path.suffix == ".json" and path.is_file():
        return _concrete(path)
    if name in library.names() or path.suffix in (".yaml", ".yml") or path.is_file():
        return logical_scenarios([name])[0]
    return _segment(name, store)


def _concrete(path: Path) -> Any:
    from scenarios.concrete import ConcreteScenario

    expected = "a drawn scenario, as `roadloom sample --out` writes it"
    try:
        data = json_module.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("the file holds no JSON object")
        return ConcreteScenario.from_plain(data)
    except (ValueError, RecursionError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "no-scenario", str(error)[:200], expected)]) from error


def _segment(name: str, store: Path | None) -> Any:
    from driving_data.errors import nearest_name
    from driving_data.store import SegmentStore
    from roadloom.places import demo_store
    from scenarios import library

    root = store or demo_store()
    ids: list[str] = []
    if root is not None and (root / "catalog.db").is_file():
        kept = SegmentStore(root)
        ids = [info.segment_id for info in kept.query()]
        if matches := [one for one in ids if one == name] or [one for one in ids if name and one.startswith(name)]:
            if len(matches) == 1:
                return kept.load(matches[0])
            found = f"{len(matches)} segments begin so: {', '.join(matches[:3])}"
            raise InputError([Fault(name, 0, 0, "segment", "ambiguous-name", found, "more letters of one id")])
    where = f"a segment of {root}" if root is not None else "a segment (name its --store)"
    expected = f"a file, a scenario of the library, or {where}"
    near = nearest_name(name, [*library.names(), *ids])
    raise InputError([Fault(name, 0, 0, "", "unknown-name", "there is no such thing", expected, near)])
