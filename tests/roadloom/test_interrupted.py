"""A run that is killed, or that finds no room, leaves a store that is whole, and goes on where it was."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from driving_data.store import SegmentStore
from tests.roadloom.conftest import SMALL

NUM_KILLS = 10
# The largest file of a small segment is far above this, its metadata below.
FILE_LIMIT_BYTES = 60_000


def contents(store: SegmentStore) -> dict[str, str]:
    return {info.segment_id: info.content_hash for info in store.query()}


def start(output: Path, *more: str, **options) -> "subprocess.Popen[bytes]":
    arguments = [
        "run", "scenario=[cut_in,cut_out,lead_brakes_hard]", *SMALL, "augment=2", f"output={output}", "--json", *more,
    ]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "roadloom.main", *arguments],
        start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
def test_killed_ten_times_a_run_still_gives_what_an_undisturbed_one_gives(finished, tmp_path):
    rng = np.random.default_rng(20)
    began = time.monotonic()
    whole = start(tmp_path / "whole", "executor=loky", "executor.workers=2")
    whole.communicate(timeout=300)
    assert whole.returncode == 0
    usual_s = time.monotonic() - began
    expected = contents(SegmentStore(tmp_path / "whole" / "store"))
    assert expected == contents(finished.store), "two worker processes make the same bytes as this process"

    output = tmp_path / "killed"
    grown = [0]
    for moment_s in rng.uniform(0.5, usual_s, NUM_KILLS):
        process = start(output, "executor=loky", "executor.workers=2")
        time.sleep(moment_s)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        until = time.monotonic() + 10
        while not group_is_gone(process.pid) and time.monotonic() < until:
            time.sleep(0.02)
        store = SegmentStore(output / "store")
        assert store.faults() == {}
        assert list((output / "store" / "tmp").iterdir()) == []
        for segment_id in store.ids():
            assert store.load(segment_id, verify=True).report is not None
        assert contents(store).items() <= expected.items()
        grown.append(len(store))
    assert grown == sorted(grown), "nothing that was stored is lost"
    assert grown[-1] > 0, "killed runs make progress"

    last = start(output, "executor=loky", "executor.workers=2")
    _, err = last.communicate(timeout=300)
    assert last.returncode == 0, err.decode()
    assert contents(SegmentStore(output / "store")) == expected
    assert (output / "report" / "index.html").is_file()


def _no_large_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT_BYTES, FILE_LIMIT_BYTES))


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "loky"])
def test_without_room_a_run_says_what_it_could_not_write_and_loses_nothing(roadloom, tmp_path, executor):
    """A limit on the size of files stands for the full disk: both make a write fail in the middle."""
    output = tmp_path / "run"
    first = roadloom("run", "scenario=[cut_in]", *SMALL, "augment=0", f"output={output}", "--json")
    assert first.status == 0, first.err
    before = contents(SegmentStore(output / "store"))

    process = start(output, f"executor={executor}", preexec_fn=_no_large_files)
    out, err = process.communicate(timeout=300)
    said = err.decode()
    assert process.returncode == 1, said
    assert out == b""
    assert "Traceback" not in said
    assert "no room to write " in said
    assert str(output / "store") in said
    assert " bytes needed, " in said

    store = SegmentStore(output / "store")
    assert store.faults() == {}
    assert contents(store) == before
    assert all(store.load(segment_id, verify=True) for segment_id in before)
    assert list((output / "store" / "tmp").iterdir()) == []
