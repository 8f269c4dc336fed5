"""Commands on runs: evaluate, play, explain, plot, compare and export."""

import csv
import json
import re

import numpy as np
import pytest
from udrl_program import history_of, run_udrl

from udrl_sklearn import UDRLAgent
from udrl_sklearn._cli import _progress


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


def test_video_of_another_format_is_an_error(run_folder):
    assert "ends in .gif or .mp4" in run_udrl(f"play {run_folder} --record a.avi", exit_code=1)
