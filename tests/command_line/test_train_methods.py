"""`udrl train`: learning methods and their parameters."""

import inspect
import subprocess
import sys

import click
import pytest
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier
from udrl_program import TREE, config_of, history_of, run_udrl

from udrl_sklearn import UDRLAgent, methods
from udrl_sklearn._cli._app import udrl
from udrl_sklearn._cli._train import AGENT_PARAMETERS
from udrl_sklearn._runs._methods import DEFAULT_METHOD, METHODS
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned

ENV = "train --env CartPole-v1"


def parameters_of(cls):
    return list(inspect.signature(cls).parameters)


def help_text():
    train = udrl.commands["train"]
    with click.Context(train) as ctx:
        return " ".join(train.get_help(ctx).split())


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Return a folder with a run of the method that is not the default."""
    path = tmp_path_factory.mktemp("runs") / "published"
    options = "--method returnconditioned --last-few 20 --segments random"
    run_udrl(f"train {TREE} {options} --seed 3 --episodes 2 --out {path}")
    return path


def test_method_and_its_parameters_are_options(published):
    method = ReturnConditioned(last_few=20, segments="random")
    agent = UDRLAgent(DecisionTreeClassifier(min_samples_leaf=10), method=method, total_timesteps=1500, random_state=3)
    agent.fit("CartPole-v1")
    assert [float(row["mean_return"]) for row in history_of(published)] == [r["mean_return"] for r in agent.history_]
    assert UDRLAgent.load(published / "agent.skops").method.get_params() == method.get_params()


def test_configuration_is_flat_with_the_parameters_of_one_method(published, run_folder):
    start, agent = ["env", "env_set", "estimator", "set", "method"], AGENT_PARAMETERS
    assert list(config_of(published)) == [*start, *parameters_of(ReturnConditioned), *agent]
    assert list(config_of(run_folder)) == [*start, *parameters_of(AdvantageWeighted), *agent]
    config = config_of(published)
    assert [config[name] for name in ("method", "segments", "rows_per_episode", "last_few")] == [
        "ReturnConditioned",
        "random",
        None,
        20,
    ]


def test_configuration_repeats_a_run_of_another_method(published, tmp_path):
    run_udrl(f"train --config {published}/config.yaml --out repeated")
    assert history_of(tmp_path / "repeated") == history_of(published)
    assert (tmp_path / "repeated/config.yaml").read_text() == (published / "config.yaml").read_text()


def test_value_estimator_is_given_by_name(tmp_path):
    run_udrl(f"train {TREE} --value-estimator Ridge --seed 0 --episodes 1 --out a")
    assert config_of(tmp_path / "a")["value_estimator"] == "Ridge"
    assert isinstance(UDRLAgent.load("a/agent.skops").value_estimator_, Ridge)
    run_udrl("train --config a/config.yaml --out repeated --episodes 1")
    assert history_of(tmp_path / "repeated") == history_of(tmp_path / "a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--method ReturnConditioned --temperature 0.5",
            "Error: --temperature is a parameter of AdvantageWeighted, and the method is ReturnConditioned. "
            "Leave it out, or use --method AdvantageWeighted.",
        ),
        (
            "--rows-per-episode 3",
            "Error: --rows-per-episode is a parameter of ReturnConditioned, and the method is AdvantageWeighted. "
            "Leave it out, or use --method ReturnConditioned.",
        ),
        ("--recipe srivastava_2019 --gamma 1", "Error: --gamma is a parameter of AdvantageWeighted"),
        ("--config returns.yaml --gamma 1", "Error: --gamma is a parameter of AdvantageWeighted"),
        (
            "--config wrong.yaml",
            "Error: Invalid value for '--config': last_few is a parameter of ReturnConditioned, and the method is "
            "AdvantageWeighted. Leave it out, or use method: ReturnConditioned.",
        ),
        ("--config default.yaml", "last_few is a parameter of ReturnConditioned, and the method is AdvantageWeighted"),
        ("--config wrong.yaml --method AdvantageWeighted", "last_few is a parameter of ReturnConditioned"),
        ("--config no_such.yaml", "Invalid value for '--config': There is no method 'Sarsa'. The methods are Adv"),
        (
            "--method Sarsa",
            "Invalid value for '--method': There is no method 'Sarsa'. The methods are AdvantageWeighted, Re",
        ),
        ("--segments middle", "Invalid value for '--segments': expected a str among "),
        ("--recipe srivastava", "Invalid value for '--recipe': 'srivastava' is not one of 'cardenas_cartagena_2024', "),
        ("--value-estimator GaussianNB", "'--value-estimator': expected a regressor of scikit-learn's API or None"),
    ],
)
def test_parameter_of_another_method_is_a_usage_error(tmp_path, options, message):
    (tmp_path / "returns.yaml").write_text("method: ReturnConditioned\n")
    (tmp_path / "wrong.yaml").write_text("method: AdvantageWeighted\nlast_few: 20\n")
    (tmp_path / "default.yaml").write_text("last_few: 20\n")
    (tmp_path / "no_such.yaml").write_text("method: Sarsa\n")
    assert message in run_udrl(f"{ENV} {options}", exit_code=2)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("config", "options", "method"),
    [
        ("method: AdvantageWeighted\ngamma: 0.5\n", "--method ReturnConditioned", ReturnConditioned()),
        ("gamma: 0.5\n", "--method ReturnConditioned", ReturnConditioned()),
        ("method: returnconditioned\nlast_few: 20\n", "--method AdvantageWeighted", AdvantageWeighted()),
        (
            "method: ReturnConditioned\nlast_few: 20\n",
            "--method AdvantageWeighted --gamma 1",
            AdvantageWeighted(gamma=1),
        ),
        ("last_few: 20\n", "--method ReturnConditioned", ReturnConditioned(last_few=20)),
        ("segments: random\n", "--method ReturnConditioned", ReturnConditioned(segments="random")),
        ("gamma: 0.5\n", "--recipe srivastava_2019", ReturnConditioned(last_few=75)),
        ("env: CartPole-v1\n", "--recipe srivastava_2019 --method AdvantageWeighted", AdvantageWeighted()),
        ("gamma: 0.5\n", "--recipe SRIVASTAVA_2019 --last-few 9", ReturnConditioned(last_few=9)),
    ],
)
def test_configured_parameters_of_another_method_are_dropped_if_the_command_line_changes_the_method(
    tmp_path, config, options, method
):
    (tmp_path / "config.yaml").write_text(config)
    tree = "--estimator DecisionTreeClassifier --total-timesteps 300"
    run_udrl(f"{ENV} {tree} --config config.yaml {options} --episodes 1 --out a")
    params = config_of(tmp_path / "a")
    assert params["method"] == type(method).__name__
    assert {name: params[name] for name in parameters_of(type(method))} == method.get_params()
    others = {name for name in ("gamma", "last_few") if not hasattr(method, name)}
    assert not others & set(params)


def test_title_and_folder_name_the_method_that_is_not_the_default(run_folder, published, tmp_path):
    options = "--env CartPole-v1 --estimator GaussianNB --total-timesteps 300 --seed 0 --episodes 1"
    assert "Training GaussianNB on CartPole-v1, run folder runs/CartPole-v1-GaussianNB-0\n" in run_udrl(
        f"train {options}"
    )
    assert (
        "Training GaussianNB with ReturnConditioned on CartPole-v1, "
        "run folder runs/CartPole-v1-GaussianNB-ReturnConditioned-0\n"
    ) in run_udrl(f"train {options} --method ReturnConditioned")
    run_udrl("plot runs --out curves.png")
    assert (tmp_path / "curves.png").exists()
    lines = run_udrl("compare runs").splitlines()
    assert lines[1].startswith("GaussianNB on CartPole-v1  ")
    assert lines[2].startswith("GaussianNB with ReturnConditioned on CartPole-v1  ")


def test_help_has_a_section_for_the_agent_and_for_each_method():
    before, agent = help_text().split(" Parameters of the agent: ")
    agent, weighted = agent.split(" Parameters of AdvantageWeighted: ")
    weighted, conditioned = weighted.split(" Parameters of ReturnConditioned: ")
    assert "--method AdvantageWeighted|ReturnConditioned Learning method." in before
    assert set(AGENT_PARAMETERS) == set(UDRLAgent().get_params(deep=False)) - {"estimator", "method"}
    sections = {agent: AGENT_PARAMETERS}
    sections |= {weighted: parameters_of(AdvantageWeighted), conditioned: parameters_of(ReturnConditioned)}
    for text, names in sections.items():
        for name in names:
            assert f"--{name.replace('_', '-')} " in text
    assert "--gamma float Discount factor of the lambda-return. Commands are never discounted. [default: 0.99]" in (
        weighted
    )
    assert "--segments random|trailing Whether an exact command describes what followed until the end" in weighted
    assert "--segments random|trailing Whether the command of a row describes what followed until" in conditioned
    assert "--rows-per-episode int|none How many random steps of each episode become rows. None takes" in conditioned
    assert "--gamma" not in conditioned + agent and "--last-few" not in weighted + agent
    assert "`" not in help_text() and "]_" not in help_text()


def test_parameters_of_methods_share_no_name_with_other_options():
    names = [param.name for param in udrl.commands["train"].params]
    assert len(names) == len(set(names))


def test_every_public_method_is_a_choice():
    classes = {name for name in methods.__all__ if isinstance(getattr(methods, name), type)}
    public = {name for name in classes if issubclass(getattr(methods, name), methods.LearningMethod)}
    assert set(METHODS) == public - {"LearningMethod"}
    assert next(iter(METHODS)) == DEFAULT_METHOD == "AdvantageWeighted"


THIRD_METHOD = '''
import sys
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from udrl_sklearn import methods


class BestEpisodes(methods.LearningMethod):
    """Imitates the best episodes.

    Parameters
    ----------
    n_best : int, default=20
        Number of episodes.
    segments : {"trailing", "short"}, default="short"
        End of the rows.
    """

    _parameter_constraints = {"n_best": [Interval(Integral, 1, None, closed="left")]}
    _parameter_constraints["segments"] = [StrOptions({"trailing", "short"})]

    def __init__(self, n_best=20, segments="short"):
        self.n_best = n_best
        self.segments = segments

    def update(self, buffer, learned, fitter, rng):
        rows = methods.relabel(buffer.best(self.n_best))
        return methods.Learned(exact=fitter.fit(learned.exact, rows, None, rng))


methods.BestEpisodes = BestEpisodes
methods.__all__.append("BestEpisodes")

from udrl_sklearn._cli import main

main()
'''


def test_another_method_of_the_library_needs_no_change_in_the_command_line(tmp_path):
    def run(arguments):
        program = [sys.executable, "-W", "error", "-c", THIRD_METHOD, *arguments.split()]
        done = subprocess.run(program, capture_output=True, text=True)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    assert (
        " Parameters of BestEpisodes: --segments short|trailing End of the rows. [default: short] --n-best int "
        in (run("train --help")[1])
    )
    train = f"train {TREE} --episodes 1 --out a"
    assert run(f"{train} --method bestepisodes --n-best 5")[0] == 0
    config = config_of(tmp_path / "a")
    assert (config["method"], config["n_best"], config["segments"]) == ("BestEpisodes", 5, "short")
    code, output = run(f"{train} --n-best 5")
    assert (code, "use --method BestEpisodes." in output) == (2, True)
    # Each method has its own values of the shared option.
    assert run(f"{train} --segments short")[0] == 2
    assert run(f"{train} --method BestEpisodes --segments random")[0] == 2
