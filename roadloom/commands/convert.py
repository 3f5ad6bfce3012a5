"""`convert`."""

from pathlib import Path
from typing import Annotated

import typer

from roadloom.console import result, say

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Adds the verb of this module."""
    app.command()(convert)


def convert(
    given: Annotated[
        str, typer.Argument(metavar="IN", help="YAML, OpenSCENARIO XML (.xosc) or DSL (.osc) file, or a library name.")
    ],
    out: Annotated[Path, typer.Argument(help=".yaml, .xosc (OpenSCENARIO XML 1.3) or .xml (CommonRoad).")],
    seed: Annotated[int, typer.Option(help="The seed of the draw that .xosc and .xml hold.")] = 0,
    index: Annotated[int, typer.Option(min=0, help="Which draw of that seed.")] = 0,
    scenario: Annotated[str, typer.Option(help="Which scenario of a DSL file; top if not given.")] = "",
    json: Json = False,
) -> None:
    """Write a scenario file in another format; what gets lost is named."""
    from roadloom.conversion import convert_file

    done = convert_file(given, out, seed, index, scenario)
    if json:
        from driving_data.plain import to_plain

        result({
            "files": [str(file) for file in done.files], "assumed": list(done.assumed),
            "lost": [{key: value for key, value in to_plain(fault).items() if key != "type"} for fault in done.lost],
            "approximated": list(done.approximated),
        })  # fmt: skip
        return
    for title, lines in (("assumed", done.assumed), ("not translated", done.lost), ("approximated", done.approximated)):
        for line in lines:
            say(f"{title}: {line}")
    say(f"wrote {', '.join(str(file) for file in done.files)}")
