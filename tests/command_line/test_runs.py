"""Commands on runs: evaluate, play, explain, plot, compare and export."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from udrl_program import history_of, run_udrl

from udrl_sklearn import UDRLAgent
from udrl_sklearn._cli import _progress

SMALL_TREE = "--estimator DecisionTreeClassifier --total-timesteps 100 --episodes 1 --seed 0"


@pytest.mark.parametrize(
    ("arguments", "command"),
    [("", "max"), ("--command 12 14", [12, 14]), ("--command 12", [12, None]), ("--command=-3", [-3, None])],
)
def test_evaluation_is_printed_and_written_down(run_folder, arguments, command):
    output = run_udrl(f"evaluate {run_folder} {arguments} --episodes 3 --seed 9")
    assert re.search(r"^Command (max|-?\d+ in \d+ steps): mean return [\d.]+, .* over 3 episodes$", output)
    entry = json.loads((run_folder / "evaluation.json").read_text())[-1]
    assert (entry["command"], entry["seed"], entry["n_episodes"]) == (command, 9, 3)
    agent = UDRLAgent.load(run_folder / "agent.skops")
    evaluation = agent.evaluate("CartPole-v1", command=command, n_episodes=3, seed=9)
    assert entry["returns"] == evaluation.returns.tolist()
    assert entry["resolved_command"] == ("max" if evaluation.command == "max" else list(evaluation.command))


def test_same_evaluation_is_replaced(run_folder):
    for _ in range(2):
        run_udrl(f"evaluate {run_folder} --command 9 --episodes 2 --seed 8")
    entries = json.loads((run_folder / "evaluation.json").read_text())
    assert sum(entry["command"] == [9, None] for entry in entries) == 1


def test_episode_is_played_or_recorded(run_folder, tmp_path):
    achieved = UDRLAgent.load(run_folder / "agent.skops").evaluate("CartPole-v1", command=15, n_episodes=1).returns[0]
    assert run_udrl(f"play {run_folder} --command 15") == f"Return {achieved:.1f}\n"
    assert "Return 4.0" in run_udrl(f"play {run_folder} --record a.gif --max-steps 4")
    assert (tmp_path / "a.gif").stat().st_size > 1000


def test_episode_is_explained(run_folder):
    output = run_udrl(f"explain {run_folder} --command 15 --distill 2")
    assert "desired_horizon" in output
    assert "A tree of depth 2" in output
    assert (run_folder / "tree.txt").read_text().startswith("|---")
    assert (run_folder / "episode.png").exists()
    assert (run_folder / "tree.png").exists()
    with open(run_folder / "contributions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["desired_return"], rows[1]["desired_return"]) == ("15.0", "14.0")
    for row in rows:
        parts = [float(row[key]) for key in row if key == "base_value" or key.startswith("contribution of ")]
        assert sum(parts) == pytest.approx(float(row["value"]))


GREEK = """
import gymnasium
from toy_envs import MatchEnv

class GreekEnv(MatchEnv):
    metadata = {"observation_names": ["\u03b1", "\u03b2", "\u03b3"], "action_names": ["\u2190", "\u2191", "\u2192"]}

gymnasium.register("Greek-v0", GreekEnv)
"""


@pytest.mark.slow
def test_names_in_any_script_are_written_where_the_locale_has_none_of_their_letters(tmp_path):
    (tmp_path / "greek.py").write_text(GREEK, encoding="utf-8")
    paths = [str(tmp_path), str(Path(__file__).parents[1]), *sys.path]
    locale = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    lines = [f"train --env greek:Greek-v0 {SMALL_TREE} --out a", "explain a --distill 1"]
    program = f"import sys; from udrl_sklearn._cli._app import udrl; udrl({lines[0].split()}, standalone_mode=False)"
    program += f"; from udrl_sklearn._cli import main; sys.argv[1:] = {lines[1].split()}; main()"
    env = os.environ | locale | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, encoding="latin-1")
    assert done.returncode == 0, done.stderr
    assert r"\u2192" in done.stdout  # the terminal lacks the letter
    assert "\u2192" in (tmp_path / "a/tree.txt").read_text(encoding="utf-8")
    with open(tmp_path / "a/contributions.csv", newline="", encoding="utf-8") as file:
        assert "contribution of \u03b1" in next(csv.reader(file))


def test_progress_bar_counts_every_episode(run_folder):
    counted = []

    class Bar:
        def update(self, n):
            counted.append(n)

    agent = UDRLAgent.load(run_folder / "agent.skops")
    agent.evaluate(_progress.count_episodes(agent, "CartPole-v1", Bar()), n_episodes=7)
    assert sum(counted) == 7


def test_runs_are_plotted_exported_and_compared(run_folder, tmp_path):
    run_udrl(f"train --config {run_folder}/config.yaml --seed 5 --episodes 5 --out runs/a")
    run_udrl(f"train --config {run_folder}/config.yaml --seed 6 --episodes 5 --out runs/b")
    naive_bayes = "--estimator GaussianNB --total-timesteps 700 --episodes 5"
    run_udrl(f"train --config {run_folder}/config.yaml {naive_bayes} --out runs/c")
    (tmp_path / "runs/not-a-run").mkdir()
    lines = run_udrl("compare runs").splitlines()
    scores = [json.loads((tmp_path / f"runs/{name}/evaluation.json").read_text())[0]["mean_return"] for name in "ab"]
    assert lines[1].split()[:4] == ["DecisionTreeClassifier", "on", "CartPole-v1", "2"]
    assert f" {np.mean(scores):.1f}  {min(scores):.1f} to {max(scores):.1f} " in re.sub(r" {2,}", "  ", lines[1])
    assert lines[2].split()[:4] == ["GaussianNB", "on", "CartPole-v1", "1"]
    run_udrl("plot runs --out curves.png")
    assert (tmp_path / "curves.png").exists()
    run_udrl("plot runs/a")
    assert (tmp_path / "runs/a/command_response.png").exists()
    table = run_udrl("export runs --csv")
    run_udrl("export runs --csv table.csv")
    assert (tmp_path / "table.csv").read_text() == table
    rows = list(csv.DictReader(table.splitlines()))
    assert {(row["run"], row["random_state"]) for row in rows} == {("runs/a", "5"), ("runs/b", "6"), ("runs/c", "3")}
    assert {row["method"] for row in rows} == {"AdvantageWeighted"}
    assert len([row for row in rows if row["run"] == "runs/a"]) == len(history_of(tmp_path / "runs/a"))


def test_run_without_an_evaluation_is_left_out_of_a_comparison(run_folder, tmp_path):
    run_udrl(f"train --config {run_folder}/config.yaml --episodes 1 --out runs/a")
    (tmp_path / "runs/a/evaluation.json").unlink()
    output = run_udrl(f"compare runs {run_folder}")
    assert "Left out runs/a: it has no evaluation under max. Add it with: udrl evaluate runs/a" in output
    assert "DecisionTreeClassifier on CartPole-v1     1" in output


@pytest.fixture
def runs_with_failures(run_folder, tmp_path):
    """Return a folder with one good run in a folder of it, and what failed trainings and other programs leave."""
    shutil.copytree(run_folder, tmp_path / "runs/group/good")
    for name in ("raised", "interrupted", "damaged"):
        (tmp_path / "runs" / name).mkdir()
        shutil.copy(run_folder / "config.yaml", tmp_path / "runs" / name / "config.yaml")
    (tmp_path / "runs/interrupted/history.csv").write_text("iteration,timesteps,episodes,mean_return\n")
    (tmp_path / "runs/damaged/history.csv").write_text("iteration,timesteps,episodes,mean_return\n0,200,9\n")
    for name in ("foreign", ".hidden"):
        (tmp_path / "runs" / name).mkdir()
        (tmp_path / "runs" / name / "config.yaml").write_text("theme: dark\n")
    return tmp_path / "runs"


@pytest.mark.parametrize("command", ["compare", "export --csv table.csv", "plot --out curves.png"])
def test_failed_runs_are_left_out_with_a_note(runs_with_failures, tmp_path, command):
    output = run_udrl(f"{command} {runs_with_failures}")
    for name in ("raised", "interrupted", "damaged", "foreign"):
        assert f"Left out {runs_with_failures / name}: " in output
    assert "hidden" not in output
    if command == "compare":
        assert "DecisionTreeClassifier on CartPole-v1     1" in output
    elif command.startswith("export"):
        rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
        assert {row["run"] for row in rows} == {str(runs_with_failures / "group/good")}
    else:
        assert (tmp_path / "curves.png").exists()


def test_run_that_is_a_link_is_found(run_folder, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/linked").symlink_to(run_folder)
    (tmp_path / "runs/back").symlink_to(tmp_path / "runs")
    assert f"{tmp_path}/runs/linked,3," in run_udrl(f"export {tmp_path}/runs").replace(",CartPole-v1,", ",").replace(
        ",DecisionTreeClassifier,AdvantageWeighted", ""
    )


def test_video_of_another_format_is_an_error(run_folder):
    assert "ends in .gif or .mp4" in run_udrl(f"play {run_folder} --record a.avi", exit_code=1)
