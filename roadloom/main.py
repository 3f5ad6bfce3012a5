"""The `roadloom` command.

Exit status: 0 done, 1 the input or the judged thing is bad, 2 wrong usage, 3 a failure of ours.
"""

import errno
import os
import sys
import traceback
from typing import Any

import typer

from driving_data.errors import InputError, PluginError, RoadloomError, TaskError
from roadloom.commands import convert, coverage, data, evaluation, language, pipeline, scenario, schema, system
from roadloom.console import say
from roadloom.shadow import shadowed

INTERRUPTED = 130
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    name="roadloom",
    help="From a written driving scenario to worlds, pictures, judgments and training data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (pipeline, scenario, language, convert, schema, coverage, data, evaluation, system):
    group.register(app)

# Older typers raise the errors of the package `click`, newer ones those of a copy of their own.
_UsageError: Any
_ClickError: Any
_UsageError, _ClickError = typer.BadParameter.__mro__[1:3]


def main() -> None:
    """Runs the command line and exits."""
    try:
        for line in shadowed():
            say(f"warning: {line}")
        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Runs one command; returns the exit status."""
    try:
        # Without its standalone mode typer returns the status that a command leaves with, and None where it just ends.
        status = app(arguments, standalone_mode=False) or 0
        sys.stdout.flush()
    except SystemExit as leave:
        # Typer leaves like this where the reader of a pipe has gone.
        status = leave.code if isinstance(leave.code, int) else 3
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:
        status = _explain(error)
    if status == INTERRUPTED:
        say("stopped; the same command goes on where it was")
    return status


def _explain(error: Exception) -> int:
    """Tells a person what went wrong; returns the exit status."""
    if isinstance(error, _ClickError):
        wrong: Any = error
        wrong.show()
        return 2 if isinstance(error, _UsageError) else 1
    if isinstance(error, typer.Abort):
        say("stopped")
        return 1
    if isinstance(error, RoadloomError):
        say(str(error))
        if isinstance(error, InputError) and len(error.faults) > 1:
            say(f"{len(error.faults)} faults")
        return 3 if isinstance(error, PluginError | TaskError) else 1
    if isinstance(error, OSError) and (error.filename or error.errno in _NO_ROOM):
        say(f"{error.filename or 'no room to write'}: {error.strerror}")
        return 1
    if os.environ.get("ROADLOOM_DEBUG"):
        traceback.print_exception(error)
    say(f"a failure of Roadloom's own: {type(error).__name__}: {error}")
    say("ROADLOOM_DEBUG=1 shows where; please report it")
    return 3


if __name__ == "__main__":
    main()
