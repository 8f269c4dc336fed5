"""Errors: messages and exit codes."""

import shutil
import subprocess
import sys

import pytest
from udrl_program import run_udrl


@pytest.mark.parametrize(
    ("line", "exit_code", "message"),
    [
        ("trian", 2, "Did you mean 'train'"),
        ("train", 2, "Missing option '--env'"),
        ("train --env CartPole-v9", 2, "Did you mean 'CartPole-v1'"),
        ("train --env no_such_module:Env-v0", 2, "--env: Unknown environment id 'no_such_module:Env-v0'"),
        ("train --env no_such_module:Env-v0 --env-set a=1", 2, "there is no module 'no_such_module'"),
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
        ("train --env CartPole-v1 --set n_estimators=1.5", 2, "must be an int in the range [1, inf). Got 1.5"),
        (
            "train --env CartPole-v1 --estimator BaggingClassifier --set estimator=SVC --set estimator__C=a",
            2,
            "The 'C' parameter of SVC must be",
        ),
        (
            "train --env CartPole-v1 --estimator catboost.CatBoostClassifier --set n_estimater=1",
            2,
            "Did you mean 'n_estimators'",
        ),
        ("train --env CartPole-v1 --set max_depth=", 2, "got an empty text"),
        ("train --env CartPole-v1 --episodes 1.5", 2, "'--episodes': expected an int, got '1.5'"),
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
        ("compare begun", 1, "begun: begun/history.csv does not exist: the training has not written a history"),
        (
            "compare unevaluated",
            1,
            "unevaluated: it has no evaluation under max. Add it with: udrl evaluate unevaluated",
        ),
        (
            "compare malformed",
            1,
            "malformed: malformed/evaluation.json must be a list of evaluations, each with command",
        ),
        ("plot several", 1, "several/b/history.csv does not exist"),
        (
            "export foreign",
            1,
            "foreign/config.yaml is not the configuration of a run: it has no estimator and no random",
        ),
        ("export begun", 1, "the training has not written a history"),
        ("evaluate begun --command often", 2, "expected max, a desired return, or a return and a horizon"),
        ("evaluate begun --command 5 0", 2, "expected max"),
    ],
)
def test_error_has_a_message_and_an_exit_code(tmp_path, line, exit_code, message):
    (tmp_path / "wrong.yaml").write_text("env: CartPole-v1\ngama: 1\n")
    (tmp_path / "text.yaml").write_text("just words")
    (tmp_path / "set.yaml").write_text("env: CartPole-v1\nset: 3\n")
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy/thesis.tex").touch()
    for name in ("begun", "several/a", "several/b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.yaml").write_text("env: CartPole-v1\nestimator: GaussianNB\nrandom_state: 0\n")
    for name in ("unevaluated", "malformed"):
        shutil.copytree(tmp_path / "begun", tmp_path / name)
        (tmp_path / name / "history.csv").write_text("iteration,timesteps,episodes,mean_return\n0,200,9,22\n")
    (tmp_path / "malformed/evaluation.json").write_text('[{"mean_return": 3.0}]')
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/config.yaml").write_text("env: CartPole-v1\n")
    before = sorted(tmp_path.rglob("*"))
    assert message in run_udrl(line, exit_code)
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_package_is_named():
    program = "import sys; sys.modules['click'] = None; from udrl_sklearn._cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "udrl needs click, which is not installed. Install it with: pip install 'udrl_sklearn[cli]'\n"


def test_missing_package_of_an_environment_is_named(run_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    assert "Error: pygame is not installed" in run_udrl(f"play {run_folder} --record episode.gif", exit_code=1)
    monkeypatch.setitem(sys.modules, "Box2D", None)
    monkeypatch.delitem(sys.modules, "gymnasium.envs.box2d.lunar_lander", raising=False)
    output = run_udrl("train --env LunarLander-v3 --total-timesteps 100 --out runs/lander", exit_code=1)
    assert "Error: Box2D is not installed" in output
