"""`schema`: the JSON Schema of scenario files."""

import typer

from roadloom.console import result


def register(app: typer.Typer) -> None:
    """Adds the verb of this module."""
    app.command()(schema)


def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from scenarios.spec.json_schema import json_schema

    result(json_schema())
