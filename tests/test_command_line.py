"""The command line, as it is typed."""

import csv
import json
import re
import shlex
import signal
import subprocess
import sys
from numbers import Real
from pathlib import Path

import click
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from udrl_sklearn import UDRLAgent
from udrl_sklearn._cli._app import udrl
from udrl_sklearn._cli._options import SectionedCommand, parameter_options, parameter_texts
from udrl_sklearn._cli._train import AGENT_PARAMETERS

TREE = "--env CartPole-v1 --estimator DecisionTreeClassifier --set min_samples_leaf=10 --total-timesteps 1500"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with a run; tests copy nothing and change nothing in it but what they add."""
    path = tmp_path_factory.mktemp("runs") / "tree"
    run_udrl(f"train {TREE} --seed 3 --episodes 5 --out {path}")
    return path


def run_udrl(line, exit_code=0):
    result = CliRunner().invoke(udrl, shlex.split(line))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def history_of(path):
    with open(path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: row[key] for key in row if not key.endswith("_seconds")} for row in rows]


def test_a_run_folder_has_all_that_it_should(made):
    names = {path.name for path in made.iterdir()}
    assert {"config.yaml", "versions.json", "history.csv", "evaluation.json", "agent.skops", "training_curve.png"} <= (
        names
    )
    config = yaml.safe_load((made / "config.yaml").read_text())
    assert (config["env"], config["estimator"], config["set"]) == (
        "CartPole-v1",
        "DecisionTreeClassifier",
        {"min_samples_leaf": 10},
    )
    assert set(AGENT_PARAMETERS) < set(config)
    assert (config["total_timesteps"], config["random_state"], config["gamma"]) == (1500, 3, UDRLAgent().gamma)
    versions = json.loads((made / "versions.json").read_text())
    assert versions["versions"]["numpy"] == np.__version__


def test_a_run_is_what_python_gives(made):
    from sklearn.tree import DecisionTreeClassifier

    agent = UDRLAgent(DecisionTreeClassifier(min_samples_leaf=10), total_timesteps=1500, random_state=3)
    agent.fit("CartPole-v1")
    assert [int(row["timesteps"]) for row in history_of(made)] == [record["timesteps"] for record in agent.history_]
    assert [float(row["mean_return"]) for row in history_of(made)] == [r["mean_return"] for r in agent.history_]
    (entry,) = [e for e in json.loads((made / "evaluation.json").read_text()) if e["asked"] == "max"]
    assert entry["returns"] == agent.evaluate("CartPole-v1", n_episodes=5).returns.tolist()
    assert UDRLAgent.load(made / "agent.skops").n_timesteps_ == agent.n_timesteps_


def test_a_configuration_repeats_a_run(made, tmp_path):
    run_udrl(f"train --config {made}/config.yaml --out repeated")
    assert history_of(tmp_path / "repeated") == history_of(made)
    assert (tmp_path / "repeated/config.yaml").read_text() == (made / "config.yaml").read_text()


def test_options_win_over_the_configuration(made, tmp_path):
    run_udrl(f"train --config {made}/config.yaml --set max_depth=3 --seed 4 --out changed --episodes 1")
    config = yaml.safe_load((tmp_path / "changed/config.yaml").read_text())
    assert config["set"] == {"min_samples_leaf": 10, "max_depth": 3}
    assert config["random_state"] == 4
    run_udrl(f"train --config {made}/config.yaml --estimator GaussianNB --out other --episodes 1")
    config = yaml.safe_load((tmp_path / "other/config.yaml").read_text())
    assert (config["estimator"], config["set"]) == ("GaussianNB", {})  # a tree's parameters are none of its own


def test_a_recipe_wins_over_the_configuration_and_options_over_both(made, tmp_path):
    options = "--recipe cardenas_cartagena_2024 --epsilon 0.1 --total-timesteps 800 --episodes 1 --out published"
    run_udrl(f"train --config {made}/config.yaml {options}")
    config = yaml.safe_load((tmp_path / "published/config.yaml").read_text())
    assert (config["weighting"], config["n_episodes_per_iter"], config["epsilon"]) == (None, 15, 0.1)


def test_without_a_seed_one_is_drawn_and_written_down(tmp_path):
    run_udrl("train --env CartPole-v1 --total-timesteps 500 --episodes 1")
    (path,) = (tmp_path / "runs").iterdir()
    config = yaml.safe_load((path / "config.yaml").read_text())
    assert isinstance(config["random_state"], int)
    assert path.name == f"CartPole-v1-RandomForestClassifier-{config['random_state']}"
    assert config["set"] == {
        "max_features": 0.6,
        "max_samples": 0.5,
        "min_samples_leaf": 10,
        "n_estimators": 30,
    }  # the agent's own forest


def test_environments_take_keyword_arguments(tmp_path):
    options = "--estimator DecisionTreeRegressor --total-timesteps 300 --episodes 1 --out a"
    run_udrl(f"train --env LunarLander-v3 --env-set continuous=true {options}")
    assert yaml.safe_load((tmp_path / "a/config.yaml").read_text())["env_set"] == {"continuous": True}
    run_udrl("evaluate a --episodes 1")
    run_udrl("play a --max-steps 3")


def test_estimators_of_estimators_and_nets_have_names(tmp_path):
    run_udrl(
        "train --env CartPole-v1 --estimator AdaBoostClassifier --set estimator=DecisionTreeClassifier "
        "--set estimator__max_depth=2 --set n_estimators=3 --total-timesteps 500 --episodes 1 --out ada"
    )
    assert UDRLAgent.load("ada/agent.skops").estimator.estimator.max_depth == 2
    run_udrl(
        "train --env CartPole-v1 --estimator neural --set hidden_sizes=[8] --total-timesteps 300 "
        "--value-estimator Ridge --episodes 1 --out net"
    )
    assert "--trust" in run_udrl("evaluate net --episodes 1", exit_code=1)
    assert "mean return" in run_udrl("evaluate net --episodes 1 --trust")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [("", "max"), ("--command 12 14", [12, 14]), ("--command 12", [12, None]), ("--command=-3", [-3, None])],
)
def test_evaluations_are_printed_and_written_down(made, arguments, asked):
    output = run_udrl(f"evaluate {made} {arguments} --episodes 3 --seed 9")
    assert re.search(r"^Command (max|-?\d+ in \d+ steps): mean return [\d.]+, .* over 3 episodes$", output)
    entry = json.loads((made / "evaluation.json").read_text())[-1]
    assert (entry["asked"], entry["seed"], entry["n_episodes"]) == (asked, 9, 3)
    agent = UDRLAgent.load(made / "agent.skops")
    command = asked if asked == "max" else tuple(asked)
    assert entry["returns"] == agent.evaluate("CartPole-v1", command=command, n_episodes=3, seed=9).returns.tolist()


def test_an_evaluation_takes_the_place_of_the_same_one_before(made):
    for _ in range(2):
        run_udrl(f"evaluate {made} --command 9 --episodes 2 --seed 8")
    entries = json.loads((made / "evaluation.json").read_text())
    assert sum(entry["asked"] == [9, None] for entry in entries) == 1


def test_an_episode_is_played_or_filmed(made, tmp_path):
    obtained = UDRLAgent.load(made / "agent.skops").evaluate("CartPole-v1", command=15, n_episodes=1).returns[0]
    assert run_udrl(f"play {made} --command 15") == f"Return {obtained:.1f}\n"
    assert "Return 4.0" in run_udrl(f"play {made} --record a.gif --max-steps 4")
    assert (tmp_path / "a.gif").stat().st_size > 1000


def test_an_episode_is_explained(made):
    output = run_udrl(f"explain {made} --command 15 --distill 2")
    assert "desired_horizon" in output
    assert "A tree of depth 2" in output
    assert (made / "tree.txt").read_text().startswith("|---")
    assert (made / "episode.png").exists()
    assert (made / "tree.png").exists()
    with open(made / "contributions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["desired_return"], rows[1]["desired_return"]) == ("15.0", "14.0")
    for row in rows:
        parts = [float(row[key]) for key in row if key == "base_value" or key.startswith("contribution of ")]
        assert sum(parts) == pytest.approx(float(row["value"]))


def test_workers_evaluate_as_well(made):
    run_udrl(f"train --config {made}/config.yaml --n-jobs 2 --total-timesteps 600 --episodes 4 --out two")
    run_udrl("plot two")
    assert len(json.loads(Path("two/evaluation.json").read_text())[0]["returns"]) == 4


def test_a_progress_bar_counts_every_episode(made):
    from udrl_sklearn._cli import _progress

    counted = []

    class Bar:
        def update(self, n):
            counted.append(n)

    agent = UDRLAgent.load(made / "agent.skops")
    agent.evaluate(_progress.count_episodes(agent, "CartPole-v1", Bar()), n_episodes=7)
    assert sum(counted) == 7


def test_runs_are_drawn_exported_and_compared(made, tmp_path):
    run_udrl(f"train --config {made}/config.yaml --seed 5 --episodes 5 --out runs/a")
    run_udrl(f"train --config {made}/config.yaml --seed 6 --episodes 5 --out runs/b")
    run_udrl(
        f"train --config {made}/config.yaml --estimator GaussianNB --total-timesteps 700 --episodes 5 --out runs/c"
    )
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
    assert len([row for row in rows if row["run"] == "runs/a"]) == len(history_of(tmp_path / "runs/a"))


def test_runs_without_an_evaluation_are_left_out_of_a_comparison(made, tmp_path):
    run_udrl(f"train --config {made}/config.yaml --episodes 1 --out runs/a")
    (tmp_path / "runs/a/evaluation.json").unlink()
    output = run_udrl(f"compare runs {made}")
    assert "Left out runs/a: it has no evaluation under max. Add it with: udrl evaluate runs/a" in output
    assert "DecisionTreeClassifier on CartPole-v1     1" in output


@pytest.mark.parametrize(
    ("line", "exit_code", "message"),
    [
        ("trian", 2, "Did you mean 'train'"),
        ("train", 2, "Missing option '--env'"),
        ("train --env CartPole-v9", 2, "Did you mean 'CartPole-v1'"),
        ("train --env CartPole-v1 --gama 1", 2, "Did you mean '--gamma'"),
        ("train --env CartPole-v1 --gamma 2", 2, "'--gamma': expected a float in the range [0.0, 1.0], got 2"),
        ("train --env CartPole-v1 --seed x", 2, "'--seed'"),
        ("train --env CartPole-v1 --value-estimator Rigde", 2, "Did you mean 'Ridge'"),
        ("train --env CartPole-v1 --estimator RandomForst", 2, "Did you mean 'RandomForest"),
        ("train --env CartPole-v1 --estimator numpy.array", 2, "Expected a scikit-learn estimator class"),
        ("train --env CartPole-v1 --estimator no.such", 2, "There is no estimator 'no.such'"),
        ("train --env CartPole-v1 --estimator VotingClassifier", 2, "can't be made without arguments"),
        ("train --env CartPole-v1 --set min_sample_leaf=1", 2, "Did you mean 'min_samples_leaf'"),
        (
            "train --env CartPole-v1 --estimator BaggingClassifier --set estimator__a=1",
            2,
            "can't take {'estimator__a': 1}",
        ),
        ("train --env CartPole-v1 --set min_samples_leaf", 2, "expected NAME=VALUE"),
        ("train --env CartPole-v1 --set a=[1", 2, "can't be read"),
        ("train --env CartPole-v1 --estimator neural --set layers=2", 2, "'neural' has no parameter 'layers'"),
        ("train --env Pendulum-v1 --estimator SVC", 2, "need a regressor"),
        ("train --env CartPole-v1 --env-set gravty=1", 2, "gravty"),
        ("train --config nowhere.yaml", 2, "can't be read"),
        ("train --config wrong.yaml", 2, "unknown key 'gama'. Did you mean 'gamma'"),
        ("train --config text.yaml", 2, "must have lines such as"),
        ("train --config set.yaml", 2, "must have names and values under 'set'"),
        ("train --env CartPole-v1 --out busy", 1, "is not a run folder"),
        ("evaluate nowhere", 1, "is not a run folder: it has no config.yaml"),
        ("evaluate several", 1, "several contains 2 runs, expected one: several/a, several/b."),
        ("evaluate begun", 1, "the training has not saved an agent"),
        ("export begun", 1, "the training has not written a history"),
        ("evaluate begun --command often", 2, "expected max, a desired return, or a return and a horizon"),
        ("evaluate begun --command 5 0", 2, "expected max"),
    ],
)
def test_what_is_wrong_is_said_with_an_exit_code(tmp_path, line, exit_code, message):
    (tmp_path / "wrong.yaml").write_text("env: CartPole-v1\ngama: 1\n")
    (tmp_path / "text.yaml").write_text("just words")
    (tmp_path / "set.yaml").write_text("env: CartPole-v1\nset: 3\n")
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy/thesis.tex").touch()
    for name in ("begun", "several/a", "several/b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.yaml").write_text("env: CartPole-v1\nestimator: GaussianNB\nrandom_state: 0\n")
    before = sorted(tmp_path.rglob("*"))
    assert message in run_udrl(line, exit_code)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_is_written_over_only_by_force(made, tmp_path):
    train = f"train --config {made}/config.yaml --episodes 1 --out a"
    run_udrl(train)
    (tmp_path / "a/episode.png").touch()
    assert "already contains a run" in run_udrl(train, exit_code=1)
    assert (tmp_path / "a/episode.png").exists()
    run_udrl(train + " --force")
    assert not (tmp_path / "a/episode.png").exists()


def test_a_film_of_another_kind_is_refused(made):
    assert "ends in .gif or .mp4" in run_udrl(f"play {made} --record a.avi", exit_code=1)


def test_every_parameter_is_an_option_with_its_text():
    with click.Context(udrl.commands["train"]) as ctx:
        text = " ".join(udrl.commands["train"].get_help(ctx).split())
    assert set(AGENT_PARAMETERS) == set(UDRLAgent().get_params(deep=False)) - {"estimator"}
    for name in AGENT_PARAMETERS:
        assert f"--{name.replace('_', '-')} " in text
    assert "--gamma float Discount factor of the lambda-return. Commands are never discounted. [default: 0.99]" in text
    assert "--max-rows int|auto|none With weighting=" in text
    assert "`" not in text


class Method(BaseEstimator):
    """A class with parameters.

    Parameters
    ----------
    estimator : object
        Has no option.
    temperature : float, default=0.3
        The lower, the more the best rows count.
    segments : {"trailing", "random"}, default="trailing"
        Where a row ends.
    random_state : int
        Seed.
    """

    _parameter_constraints: dict = {
        "estimator": [],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "segments": [StrOptions({"trailing", "random"})],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, temperature=0.3, segments="trailing", random_state=None):
        self.estimator = estimator
        self.temperature = temperature
        self.segments = segments
        self.random_state = random_state


def test_the_parameters_of_any_class_become_options_in_their_own_section():
    options = parameter_options(Method, section="Method", exclude=["estimator"], aliases={"random_state": "--seed"})
    received = []
    command = SectionedCommand(
        "train",
        params=[*options, click.Option(["--out"], help="File.")],
        callback=lambda **values: received.append(values),
    )
    text = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    before, _, section = text.partition(" Method: ")
    assert before.endswith("Options: --out TEXT File. --help Show this message and exit.")
    assert section.startswith("--temperature float The lower, the more the best rows count. [default: 0.3] --segments ")
    assert "--seed, --random-state " in section
    result = CliRunner().invoke(command, shlex.split("--temperature 2 --seed 5"))
    assert result.exit_code == 0, result.output
    assert received == [{"temperature": 2, "segments": "trailing", "random_state": 5, "out": None}]
    result = CliRunner().invoke(command, ["--temperature", "0"])
    assert (result.exit_code, len(received)) == (2, 1)
    assert "'--temperature': expected a float in the range (0.0, inf), got 0." in result.output


def test_texts_are_read_from_a_docstring():
    docstring = """Do something.

Parameters
----------
first : int
    The first one [1]_, in
    two lines.
second, third : {"a", "b"}, default="a"
    Two at once.

    - With a list.

Attributes
----------
fourth_ : int
    None of the parameters.
"""
    texts = parameter_texts(docstring)
    assert texts == {"first": "The first one, in two lines."} | dict.fromkeys(
        ("second", "third"), "Two at once. - With a list."
    )


def test_an_interrupted_training_keeps_what_it_learned(tmp_path):
    command = [sys.executable, "-m", "udrl_sklearn", *shlex.split(TREE)]
    command[3:3] = ["train"]
    command += ["--total-timesteps", "100000000", "--verbose", "1", "--out", "runs/a"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("iteration    3"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Interrupted after" in output
    assert errors == ""  # no traceback, and no progress bar where nobody looks on
    assert len(history_of(tmp_path / "runs/a")) >= 4
    run_udrl("evaluate runs/a --episodes 1")


def test_a_missing_package_is_named(tmp_path):
    program = "import sys; sys.modules['click'] = None; from udrl_sklearn._cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "udrl needs click, which is not installed. Install it with: pip install 'udrl_sklearn[cli]'\n"


def test_a_package_that_an_environment_misses_is_named(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    assert "Error: pygame is not installed" in run_udrl(f"play {made} --record episode.gif", exit_code=1)
    monkeypatch.setitem(sys.modules, "Box2D", None)
    monkeypatch.delitem(sys.modules, "gymnasium.envs.box2d.lunar_lander", raising=False)
    output = run_udrl("train --env LunarLander-v3 --total-timesteps 100 --out runs/lander", exit_code=1)
    assert "Error: Box2D is not installed" in output


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/command_line.md"])
def test_commands_of_the_pages_run(page):
    text = (Path(__file__).parents[1] / page).read_text()
    lines = re.findall(r"^\$ udrl (.*)", text, flags=re.M)
    assert lines
    for line in lines:
        run_udrl(line.replace("--total-timesteps 250000", "--total-timesteps 3000"))  # minutes otherwise
