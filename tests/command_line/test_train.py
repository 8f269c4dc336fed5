"""`udrl train`: the run folder, configurations and recipes."""

import json
import shlex
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from udrl_program import TREE, config_of, history_of, run_udrl

from udrl_sklearn import UDRLAgent
from udrl_sklearn._cli._train import AGENT_PARAMETERS
from udrl_sklearn.methods import AdvantageWeighted


def test_run_folder_has_configuration_versions_and_results(run_folder):
    names = {path.name for path in run_folder.iterdir()}
    assert {"config.yaml", "versions.json", "history.csv", "evaluation.json", "agent.skops", "training_curve.png"} <= (
        names
    )
    config = config_of(run_folder)
    assert (config["env"], config["estimator"], config["set"]) == (
        "CartPole-v1",
        "DecisionTreeClassifier",
        {"min_samples_leaf": 10},
    )
    assert set(AGENT_PARAMETERS) < set(config)
    assert (config["total_timesteps"], config["random_state"]) == (1500, 3)
    assert (config["method"], config["gamma"]) == ("AdvantageWeighted", AdvantageWeighted().gamma)
    versions = json.loads((run_folder / "versions.json").read_text())
    assert versions["versions"]["numpy"] == np.__version__


def test_training_equals_the_same_training_in_python(run_folder):
    agent = UDRLAgent(DecisionTreeClassifier(min_samples_leaf=10), total_timesteps=1500, random_state=3)
    agent.fit("CartPole-v1")
    history = history_of(run_folder)
    assert [int(row["timesteps"]) for row in history] == [record["timesteps"] for record in agent.history_]
    assert [float(row["mean_return"]) for row in history] == [record["mean_return"] for record in agent.history_]
    (entry,) = json.loads((run_folder / "evaluation.json").read_text())
    assert entry["returns"] == agent.evaluate("CartPole-v1", n_episodes=5).returns.tolist()
    assert UDRLAgent.load(run_folder / "agent.skops").n_timesteps_ == agent.n_timesteps_


def test_configuration_repeats_a_run(run_folder, tmp_path):
    run_udrl(f"train --config {run_folder}/config.yaml --out repeated")
    assert history_of(tmp_path / "repeated") == history_of(run_folder)
    assert (tmp_path / "repeated/config.yaml").read_text() == (run_folder / "config.yaml").read_text()


def test_parameter_that_is_none_in_a_configuration_is_none(run_folder, tmp_path):
    (tmp_path / "c.yaml").write_text("n_updates_per_iter: null\nmax_rows: null\nreplay_size: null\n")
    run_udrl(f"train --config c.yaml {TREE} --episodes 1 --out a")
    config = config_of(tmp_path / "a")
    assert [config[name] for name in ("n_updates_per_iter", "max_rows", "replay_size")] == [None, None, None]


def test_options_override_the_configuration(run_folder, tmp_path):
    run_udrl(f"train --config {run_folder}/config.yaml --set max_depth=3 --seed 4 --out changed --episodes 1")
    config = config_of(tmp_path / "changed")
    assert config["set"] == {"min_samples_leaf": 10, "max_depth": 3}
    assert config["random_state"] == 4
    run_udrl(f"train --config {run_folder}/config.yaml --estimator GaussianNB --out other --episodes 1")
    config = config_of(tmp_path / "other")
    assert (config["estimator"], config["set"]) == ("GaussianNB", {})  # the parameters are those of a tree


@pytest.mark.parametrize("order", [1, -1])
def test_recipe_overrides_the_configuration_and_options_override_both(run_folder, tmp_path, order):
    sources = [f"--config {run_folder}/config.yaml", "--recipe Cardenas_Cartagena_2024"]
    run_udrl(f"train {' '.join(sources[::order])} --epsilon 0.1 --total-timesteps 800 --episodes 1 --out published")
    config = config_of(tmp_path / "published")
    assert (config["method"], config["rows_per_episode"], config["n_episodes_per_iter"]) == ("ReturnConditioned", 1, 15)
    assert (config["epsilon"], config["total_timesteps"]) == (0.1, 800)
    assert (config["env"], config["set"]) == ("CartPole-v1", {"min_samples_leaf": 10})
    assert "gamma" not in config


def test_random_seed_is_written_down(tmp_path):
    run_udrl("train --env CartPole-v1 --total-timesteps 500 --episodes 1")
    (path,) = (tmp_path / "runs").iterdir()
    config = config_of(path)
    assert isinstance(config["random_state"], int)
    assert path.name == f"CartPole-v1-RandomForestClassifier-{config['random_state']}"
    assert config["set"] == {
        "max_features": 0.75,
        "max_samples": 0.5,
        "min_samples_leaf": 10,
        "n_estimators": 30,
    }  # the default forest of the agent


def test_environment_has_keyword_arguments(tmp_path):
    options = "--estimator DecisionTreeRegressor --total-timesteps 300 --episodes 1 --out a"
    run_udrl(f"train --env LunarLander-v3 --env-set continuous=true {options}")
    assert config_of(tmp_path / "a")["env_set"] == {"continuous": True}
    run_udrl("evaluate a --episodes 1")
    run_udrl("play a --max-steps 3")


def test_nested_estimators_and_nets_are_given_by_name(tmp_path):
    run_udrl(
        "train --env CartPole-v1 --estimator AdaBoostClassifier --set estimator=DecisionTreeClassifier "
        "--set estimator__max_depth=2 --set n_estimators=3 --total-timesteps 500 --episodes 1 --out ada"
    )
    assert UDRLAgent.load("ada/agent.skops").estimator.estimator.max_depth == 2
    run_udrl(
        "train --env CartPole-v1 --estimator neural --set hidden_sizes=[8] --total-timesteps 300 --episodes 1 --out net"
    )
    output = run_udrl("evaluate net --episodes 1", exit_code=1)
    assert "net/agent.skops contains types that are not trusted: [" in output and "add --trust" in output
    assert "trusted=" not in output
    assert "mean return" in run_udrl("evaluate net --episodes 1 --trust")


def test_values_are_taken_as_they_are_typed_and_repeated_by_the_configuration(tmp_path):
    run_udrl(
        "train --env Pendulum-v1 --env-set g=1e1 --estimator MLPRegressor --set alpha=1e-3 --set max_iter=5 "
        "--set hidden_layer_sizes=(4,) --set early_stopping=no --set learning_rate=constant --total-timesteps 4e2 "
        "--temperature 3e-1 --gamma .9 --target-return -1e3 --replay-size none --episodes 1e0 --seed 1_0 --out a"
    )
    config = config_of(tmp_path / "a")
    names = ("env_set", "total_timesteps", "temperature", "gamma", "target_return", "replay_size", "random_state")
    assert [config[name] for name in names] == [{"g": 10}, 400, 0.3, 0.9, -1000, None, 10]
    agent = UDRLAgent.load("a/agent.skops")
    assert (agent.estimator.alpha, agent.estimator.hidden_layer_sizes) == (0.001, (4,))
    assert agent.estimator.early_stopping is False
    run_udrl("train --config a/config.yaml --out b --episodes 1")
    assert (tmp_path / "b/config.yaml").read_text() == (tmp_path / "a/config.yaml").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "total_timesteps: 3e2\nset:\n  max_depth: None\n  min_samples_leaf: 1.0e+1\n  ccp_alpha: 1e-3\nepisodes: 1e0\n",
        "total_timesteps: !!float 3e2\nset: {max_depth: none, min_samples_leaf: 10, ccp_alpha: .001}\nepisodes: 1.0\n",
        "\ufefftotal_timesteps: 300.0 # \u03b8\nset: {max_depth: ~, min_samples_leaf: 1_0, ccp_alpha: 0.001}\n",
    ],
)
def test_values_in_a_configuration_are_taken_as_they_are_typed(tmp_path, text):
    text += "env: CartPole-v1\nestimator: DecisionTreeClassifier\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    run_udrl("train --config config.yaml --episodes 1 --out a")
    config = config_of(tmp_path / "a")
    assert config["set"] == {"max_depth": None, "min_samples_leaf": 10, "ccp_alpha": 0.001}
    assert config["total_timesteps"] == 300


def test_environment_of_a_module_and_a_namespace_has_keyword_arguments(tmp_path, toy_module):
    options = "--estimator DecisionTreeClassifier --total-timesteps 100 --episodes 2"
    for seed in (1, 2):
        output = run_udrl(f"train --env {toy_module}:toys/Match-v0 --env-set length=3 {options} --seed {seed}")
        assert "mean length 3.0" in output
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        "toys-Match-v0-DecisionTreeClassifier-1",
        "toys-Match-v0-DecisionTreeClassifier-2",
    }
    assert " 2 " in run_udrl("compare runs").splitlines()[1]
    assert "mean length 3.0" in run_udrl("evaluate runs/toys-Match-v0-DecisionTreeClassifier-1 --episodes 2")


@pytest.mark.parametrize(
    ("estimator", "option"),
    [
        ("catboost.CatBoostClassifier", "n_estimators=2 --set allow_writing_files=no"),
        ("lightgbm.LGBMClassifier", "verbose=-1"),
        ("xgboost.XGBClassifier", "eta=1e-1"),
        ("FixedThresholdClassifier", "estimator=GaussianNB"),
    ],
)
def test_estimators_of_other_packages_and_their_parameters_are_taken(tmp_path, estimator, option):
    options = "--total-timesteps 100 --episodes 1 --out a"
    run_udrl(f"train --env CartPole-v1 --estimator {estimator} --set {option} {options}")
    assert config_of(tmp_path / "a")["estimator"] == estimator


def test_existing_run_is_overwritten_only_with_force(run_folder, tmp_path):
    train = f"train --config {run_folder}/config.yaml --episodes 1 --out a"
    run_udrl(train)
    (tmp_path / "a/episode.png").touch()
    assert "already contains a run" in run_udrl(train, exit_code=1)
    assert (tmp_path / "a/episode.png").exists()
    run_udrl(train + " --force")
    assert not (tmp_path / "a/episode.png").exists()


def test_workers_collect_the_episodes(run_folder, tmp_path):
    run_udrl(f"train --config {run_folder}/config.yaml --n-jobs 2 --total-timesteps 600 --episodes 4 --out two")
    run_udrl("plot two")
    assert len(json.loads((tmp_path / "two/evaluation.json").read_text())[0]["returns"]) == 4


def test_interrupted_training_is_saved(tmp_path):
    command = [sys.executable, "-m", "udrl_sklearn", "train", *shlex.split(TREE)]
    command += ["--total-timesteps", "100000000", "--verbose", "1", "--out", "runs/a"]
    # Where the tests run in the background of a shell, their processes would ignore Ctrl-C.
    heed_ctrl_c = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=heed_ctrl_c, **pipes) as process:
        for line in process.stdout:
            if line.startswith("iteration    3"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Interrupted after" in output
    assert errors == ""  # no traceback, and no progress bar since the error stream is not a terminal
    assert len(history_of(tmp_path / "runs/a")) >= 4
    run_udrl("evaluate runs/a --episodes 1")
