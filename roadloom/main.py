"""The `roadloom` command.

Exit status: 0 done, 1 the input or the judged thing is bad, 2 wrong usage, 3 a failure of ours.
"""

import os
import sys
import traceback

import typer
from click.exceptions import ClickException, Exit, NoArgsIsHelpError, UsageError

from driving_data.errors import InputError, PluginError, RoadloomError, TaskError
from roadloom.commands import data, evaluation, pipeline, scenario, system
from roadloom.console import say
from roadloom.shadow import shadowed

app = typer.Typer(
    name="roadloom",
    help="From a written driving scenario to worlds, pictures, judgments and training data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (pipeline, scenario, data, evaluation, system):
    group.register(app)


def main() -> None:
    """Runs the command line and exits."""
    for line in shadowed():
        say(f"warning: {line}")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command; returns the exit status."""
    try:
        app(arguments, standalone_mode=False)
    except Exit as leave:
        return leave.exit_code
    except NoArgsIsHelpError as error:
        error.show()
        return 2
    except UsageError as error:
        error.show()
        return 2
    except ClickException as error:
        error.show()
        return 1
    except typer.Abort:
        say("stopped")
        return 1
    except KeyboardInterrupt:
        say("stopped; the same command goes on where it was")
        return 130
    except (PluginError, TaskError) as error:
        say(str(error))
        return 3
    except RoadloomError as error:
        say(str(error))
        if isinstance(error, InputError) and len(error.faults) > 1:
            say(f"{len(error.faults)} faults")
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("ROADLOOM_DEBUG"):
            traceback.print_exc()
        say(f"a failure of Roadloom's own: {type(error).__name__}: {error}")
        say("ROADLOOM_DEBUG=1 shows where; please report it")
        return 3
    return 0


if __name__ == "__main__":
    main()
