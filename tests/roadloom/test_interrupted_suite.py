"""Suites that are stopped: Ctrl-C at a real terminal, a disk that is full. Nothing half written; a rerun goes on."""

import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SUITE = ("--scenario", "cut_in", "--scenario", "lead_brakes_hard", "--seed", "3")


def command(out: Path, count: int, executor: str) -> list[str]:
    return [sys.executable, "-m", "roadloom.main", "evaluate", "idm", *SUITE, "--count", str(count), "--executor",
            executor, "--workers", "2", "--out", str(out / "ev" / "report.json")]  # fmt: skip


def kept(out: Path) -> set[str]:
    """Keys of the episodes that are on disk; every line of every file is whole."""
    found: set[str] = set()
    for path in out.rglob("*.jsonl"):
        lines = path.read_text("utf-8").splitlines()
        found |= {json.loads(line)["key"] for line in lines}
    return found


def half_written(out: Path) -> list[Path]:
    return [path for path in out.rglob("*") if path.name.endswith(".tmp")]


class Terminal:
    """A process that has a terminal of its own, in whose foreground it and its workers run."""

    def __init__(self, words: list[str]) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execv(words[0], words)
        self.text = ""

    def read(self, seconds: float) -> bool:
        """Whether anything came within these seconds."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.text += os.read(self.master, 65536).decode(errors="replace")
        except OSError:
            return False
        return True

    def press_ctrl_c(self) -> None:
        os.write(self.master, b"\x03")

    def status(self, seconds: float) -> int:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read(0.05)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                while self.read(0.2):
                    pass
                os.close(self.master)
                return os.waitstatus_to_exitcode(status)
        os.killpg(self.pid, signal.SIGKILL)
        raise AssertionError(f"still running after {seconds} s: {self.text}")


def others_in_session(session: int) -> list[str]:
    """Who is left of a terminal's session."""
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, where = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(where) == session and state != "Z":
                found.append(entry.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("executor", ["serial", "loky"])
def test_ctrl_c_at_a_terminal_stops_the_suite_and_the_same_command_goes_on(tmp_path, executor):
    """The terminal tells the whole foreground group, workers too. Stopped as soon as something is kept."""
    count = 60
    terminal = Terminal(command(tmp_path, count, executor))
    until = time.monotonic() + 120
    while not list(tmp_path.rglob("*.jsonl")) and time.monotonic() < until:
        terminal.read(0.05)
    terminal.press_ctrl_c()
    status = terminal.status(60)
    assert status == 130, terminal.text
    assert "the same command goes on where it was" in terminal.text
    assert "Traceback" not in terminal.text
    assert half_written(tmp_path) == [] and not (tmp_path / "ev" / "report.json").exists()
    until = time.monotonic() + 20
    while others_in_session(terminal.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert others_in_session(terminal.pid) == [], "no worker is left"
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.jsonl")}
    assert 0 < len(kept(tmp_path)) < 2 * count
    done = subprocess.run(command(tmp_path, count, executor), capture_output=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr.decode()
    assert all(path.stat().st_mtime_ns == moment for path, moment in before.items()), "what was kept is not run again"
    report = json.loads((tmp_path / "ev" / "report.json").read_text())
    assert len(report["episodes"]) == 2 * count
    assert not any(failure["kind"] == "error" for each in report["episodes"] for failure in each["failures"])


def _little_room() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (7_000, 7_000))


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "loky"])
def test_without_room_a_suite_says_where_and_a_rerun_gives_what_an_undisturbed_one_gives(tmp_path, executor):
    """A limit on the size of files stands for the full disk: both make a write fail in the middle."""
    small = subprocess.run(command(tmp_path / "a", 6, executor), capture_output=True, check=False, timeout=200,
                           preexec_fn=_little_room)  # fmt: skip
    assert small.returncode == 1, small.stderr.decode()
    told = small.stderr.decode()
    assert "File too large" in told and str(tmp_path / "a") in told and "Traceback" not in told
    assert half_written(tmp_path) == [] and not (tmp_path / "a" / "ev" / "report.json").exists()
    kept(tmp_path / "a")
    for name in ("a", "b"):
        done = subprocess.run(command(tmp_path / name, 6, executor), capture_output=True, check=False, timeout=200)
        assert done.returncode == 0, done.stderr.decode()
    again, whole = ((tmp_path / name / "ev" / "report.json").read_bytes() for name in ("a", "b"))
    assert again == whole
