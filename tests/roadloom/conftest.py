"""One finished small run that several modules look at, and how to run the command in this process."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from driving_data.store import SegmentStore
from roadloom.main import run

# Checks whose verdict does not depend on how well the small draws behave: these tests are about the door.
CHECKS = "validation.checks=[identity,image_integrity,sensor_poses,time_stamps]"
SMALL = (
    "count=1", "max_frames=2", "augment=1", "suite.scenarios=[cut_in]", "suite.count=1",
    "real=none", "mixture=synthetic", "executor=serial", CHECKS,
)  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What a command did: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be exactly one JSON document."""
        return json.loads(self.out)


def command(*arguments: object) -> Done:
    """Runs the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run([str(argument) for argument in arguments])
    return Done(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def roadloom() -> Callable[..., Done]:
    return command


@dataclass(frozen=True)
class Finished:
    """A small run that has ended."""

    arguments: tuple[str, ...]
    output: Path
    summary: dict[str, Any]
    err: str

    @property
    def store(self) -> SegmentStore:
        return SegmentStore(self.output / "store")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Three families of scenarios, one segment each, and two augmented ones."""
    output = tmp_path_factory.mktemp("finished")
    arguments = ("run", "scenario=[cut_in,cut_out,lead_brakes_hard]", *SMALL, "augment=2", f"output={output}", "--json")
    done = command(*arguments)
    assert done.status == 0, done.err
    return Finished(arguments, output, done.json, done.err)
