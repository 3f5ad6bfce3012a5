"""What a person sees: messages on standard error, results on standard output, progress per stage."""

import json
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

# Without a terminal a long stage says how far it is, but no more often than this.
_QUIET_S = 5.0

messages = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line for a person, on standard error."""
    messages.print(text, markup=False, soft_wrap=True)


def result(value: Any) -> None:
    """The one JSON document of a command under `--json`, on standard output."""
    from driving_data.plain import to_plain

    json.dump(to_plain(value), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")


@dataclass(slots=True)
class Stages:
    """Progress of a pipeline: a bar per stage in a terminal, a line per stage elsewhere.

    `seconds` keeps how long each stage took.
    """

    seconds: dict[str, float] = field(default_factory=lambda: {})

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Generator["Ticker"]:
        """Shows one stage of `total` items; yields what counts them."""
        start = time.perf_counter()
        if messages.is_terminal:
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            columns = (
                TextColumn("{task.description:<22}"),
                BarColumn(bar_width=32),
                MofNCompleteColumn(),
                TextColumn(unit),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=messages) as progress:
                task = progress.add_task(name, total=total)
                yield Ticker(lambda: progress.advance(task))
        else:
            done, said = 0, start

            def count() -> None:
                nonlocal done, said
                done += 1
                now = time.perf_counter()
                if done < total and now - said >= _QUIET_S:
                    said = now
                    say(f"  {name}: {done}/{total} {unit}, {now - start:.0f} s")

            say(f"{name}: {total} {unit}")
            yield Ticker(count)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        if not messages.is_terminal:
            say(f"{name}: done in {self.seconds[name]:.1f} s")


@dataclass(frozen=True, slots=True)
class Ticker:
    """Counts one finished item of a stage."""

    advance: Any

    def __call__(self, key: str = "") -> None:
        """Counts one item."""
        self.advance()
