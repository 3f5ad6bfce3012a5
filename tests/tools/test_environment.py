"""The bootstrap finds another way where `python3 -m venv` cannot work."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def environment():
    spec = importlib.util.spec_from_file_location("bootstrap_environment", ROOT / "tools" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _hide(monkeypatch, *names):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in names else real(name, *rest))


@pytest.mark.slow
def test_without_ensurepip_virtualenv_serves(environment, monkeypatch, tmp_path):
    _hide(monkeypatch, "ensurepip")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    python = environment._create(tmp_path / "env")
    assert python is not None
    assert subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0


def test_where_nothing_works_the_message_says_what_to_install(environment, monkeypatch, tmp_path, capsys):
    _hide(monkeypatch, "ensurepip", "virtualenv")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(environment, "_works", lambda command, loud=False: False)
    assert environment._create(tmp_path / "env") is None
    assert "python3-venv" in capsys.readouterr().err


def test_large_downloads_are_announced(environment, capsys):
    environment._announce(["", "learn"])
    assert "MB" in capsys.readouterr().out
    environment._announce(["video"])
    assert "MB" not in capsys.readouterr().out


def test_the_key_changes_with_extras(environment):
    assert environment._key(["dev"]) != environment._key(["dev", "learn"])
