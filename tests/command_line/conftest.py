"""Fixtures of the tests of the command line."""

import sys

import gymnasium
import pytest
from udrl_program import TREE, run_udrl


@pytest.fixture(autouse=True)
def _empty_working_directory(tmp_path, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """Return a run folder. Tests may add files to it, and change nothing else."""
    path = tmp_path_factory.mktemp("runs") / "tree"
    run_udrl(f"train {TREE} --seed 3 --episodes 5 --out {path}")
    return path


@pytest.fixture
def toy_module(tmp_path, monkeypatch):
    """Return the name of a module that registers an environment in a namespace."""
    text = "import gymnasium\ngymnasium.register('toys/Match-v0', 'toy_envs:MatchEnv')\n"
    (tmp_path / "registers_toys.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "registers_toys"
    sys.modules.pop("registers_toys", None)
    gymnasium.registry.pop("toys/Match-v0", None)
