"""The store under several processes, kills and full disks. Real processes, real signals."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from driving_data.errors import StoreError
from driving_data.store import SegmentStore
from tests.driving_data.example_segments import example_segment
from tests.strategies import assert_same

ROOT = Path(__file__).resolve().parents[2]
NUM_TASKS = 12

WRITER = """
import sys
from driving_data.store import SegmentStore
from tests.driving_data.example_segments import example_segment
root, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = SegmentStore(root)
print("open", flush=True)
for k in range(first, last):
    if not store.is_done(f"task {k}"):
        store.write(example_segment(f"s{k}", admitted=True, seed=k, picture_px=(320, 180)), task_key=f"task {k}")
print("done", flush=True)
"""


def start_writer(root, first=0, last=NUM_TASKS, **named):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(first), str(last)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, **named,
    )  # fmt: skip


def check_everything(store):
    assert store.faults() == {}
    assert set(store.ids()) == {path.name for path in (store.root / "segments").iterdir()}
    for segment_id in store.ids():
        assert store.load(segment_id, verify=True).segment_id == segment_id


@pytest.mark.slow
def test_a_killed_writer_leaves_a_readable_store_and_the_run_goes_on(tmp_path):
    chance = random.Random(20261)
    kills = 0
    for _ in range(10):
        with start_writer(tmp_path) as writer:
            assert writer.stdout.readline() == "open\n"
            # A segment takes some tens of milliseconds: the kills fall everywhere in the writing of one.
            time.sleep(chance.uniform(0.0, 0.12))
            writer.kill()
        kills += writer.returncode == -signal.SIGKILL
        store = SegmentStore(tmp_path)
        assert list((tmp_path / "tmp").iterdir()) == [], "what the dead left is gone"
        check_everything(store)
    assert kills >= 5
    with start_writer(tmp_path) as finished:
        finished.communicate(timeout=120)
    assert finished.returncode == 0
    store = SegmentStore(tmp_path)
    check_everything(store)
    assert len(store) == NUM_TASKS and all(store.is_done(f"task {k}") for k in range(NUM_TASKS))
    expected = example_segment("s3", admitted=True, seed=3, picture_px=(320, 180))
    assert_same(store.load("s3").frames, expected.frames)


@pytest.mark.slow
def test_two_processes_write_to_one_store(tmp_path):
    # The ranges overlap: both write some of the same segments.
    with start_writer(tmp_path, 0, 8) as one, start_writer(tmp_path, 4, 12) as two:
        one.communicate(timeout=120)
        two.communicate(timeout=120)
    assert (one.returncode, two.returncode) == (0, 0)
    store = SegmentStore(tmp_path)
    check_everything(store)
    assert len(store) == 12 and all(store.is_done(f"task {k}") for k in range(12))


@pytest.mark.slow
def test_what_a_living_writer_is_doing_is_left_alone(tmp_path):
    with start_writer(tmp_path) as writer:
        try:
            assert writer.stdout.readline() == "open\n"
            deadline = time.monotonic() + 20
            while not list((tmp_path / "tmp").glob("*.lock")) and time.monotonic() < deadline:
                time.sleep(0.001)
            writer.send_signal(signal.SIGSTOP)
            before = sorted(path.name for path in (tmp_path / "tmp").iterdir())
            SegmentStore(tmp_path)
            assert before and sorted(path.name for path in (tmp_path / "tmp").iterdir()) == before
        finally:
            writer.send_signal(signal.SIGCONT)
            writer.communicate(timeout=120)
    assert writer.returncode == 0
    assert len(SegmentStore(tmp_path)) == NUM_TASKS


def test_a_replacement_that_was_cut_short_is_undone(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    place = tmp_path / "tmp" / "1-dead"
    place.mkdir()
    os.rename(store.directory("a"), place / "old")
    again = SegmentStore(tmp_path, durable=False)
    assert again.ids() == ("a",) and again.load("a", verify=True).segment_id == "a"
    assert list((tmp_path / "tmp").iterdir()) == []


FULL = """
import resource, sys
from driving_data.errors import StoreError
from driving_data.store import SegmentStore
from tests.driving_data.example_segments import example_segment
store = SegmentStore(sys.argv[1])
store.write(example_segment("small", admitted=True))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    store.write(example_segment("large", admitted=True, picture_px=(1280, 720)))
except StoreError as error:
    print(error)
"""


def test_a_full_disk_is_said_and_nothing_half_written_stays(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip
    assert "no room to write" in done.stdout and "bytes needed" in done.stdout and "bytes free" in done.stdout
    store = SegmentStore(tmp_path)
    assert store.ids() == ("small",) and list((tmp_path / "tmp").iterdir()) == []
    check_everything(store)


def test_a_full_device_is_said(tmp_path):
    mounted = tmp_path / "small"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mounted)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small tmpfs may not be mounted here; the limit on file size is tested instead")
    try:
        store = SegmentStore(mounted)
        store.write(example_segment("small", admitted=True))
        with pytest.raises(StoreError, match=r"no room to write .*: \d+ bytes needed, \d+ bytes free"):
            for k in range(50):
                store.write(example_segment(f"s{k}", admitted=True, picture_px=(320, 180)))
        assert list((mounted / "tmp").iterdir()) == []
        check_everything(SegmentStore(mounted))
        assert "small" in store
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_a_catalogue_that_cannot_be_written_undoes_the_segment(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    with store.catalog.connection() as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StoreError, match="full"):
        store.write(example_segment("b"))
    assert "b" not in store and store.ids() == ("a",)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 300_000
