import functools

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from toy_envs import BanditEnv, MatchEnv

from udrl_sklearn import UDRLAgent, evaluate_policy
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import OPEN_ENDED, Command
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import EVALUATION, TRAINING, TUNING, EnvSource, env_sources, seeded_envs
from udrl_sklearn._rollout._action_selection import ExploringActor, GreedyActor
from udrl_sklearn._rollout._evaluation import Evaluation, run_episodes, sample_episode_specs


@pytest.fixture(scope="module")
def matcher():
    """Return the optimum of MatchEnv: a behavior that learned the state of each one-hot row."""
    X = design_matrix(np.eye(3), np.zeros((3, 2)))
    return DiscreteBehavior(DecisionTreeClassifier(), [np.arange(3)]).fit(
        X, np.arange(3), None, np.random.default_rng()
    )


def evaluate_in(envs, behavior, command=OPEN_ENDED, make_actor=GreedyActor, **params):
    with EnvPool(env_sources(envs)) as pool:
        return Evaluation.of(run_episodes(pool, make_actor(behavior), command, **params), command)


@pytest.mark.parametrize("seed_range", [TRAINING, TUNING, EVALUATION])
def test_specs_alternate_between_sources_with_seeds_of_the_range(seed_range):
    commands = np.arange(10.0).reshape(5, 2)
    specs = sample_episode_specs([EnvSource(), EnvSource()], commands, seed_range, np.random.default_rng(0))
    assert [spec.source for spec in specs] == [0, 1, 0, 1, 0]
    assert [spec.command for spec in specs] == [tuple(command) for command in commands]
    seeds = [spec.seed for spec in specs]
    assert len(set(seeds)) == 5
    assert all(type(seed) is int and seed_range[0] <= seed < seed_range[1] for seed in seeds)


def test_specs_of_seeded_environments_use_their_seeds():
    sources = env_sources(seeded_envs("CartPole-v1", 2))
    specs = sample_episode_specs(sources, np.zeros((4, 2)), TRAINING, np.random.default_rng(0))
    numbers = np.random.default_rng(0).integers(*TRAINING, size=4)
    assert [spec.seed for spec in specs] == [sources[i % 2].reset_seed(number) for i, number in enumerate(numbers)]


def test_optimal_behavior_gets_the_optimal_return(matcher):
    evaluation = evaluate_in(MatchEnv(length=7), matcher, n_episodes=6)
    assert evaluation.returns.tolist() == [7.0] * 6
    assert evaluation.lengths.tolist() == [7] * 6


def test_results_are_in_the_order_of_the_specs(matcher):
    envs = [functools.partial(MatchEnv, length=n) for n in (5, 2)]
    evaluation = evaluate_in(envs, matcher, n_episodes=5, n_envs=4)
    assert evaluation.lengths.tolist() == evaluation.returns.tolist() == [5, 2, 5, 2, 5]


class Constant:
    """In place of a fitted behavior: always predicts action 0, and records the commands that it gets."""

    def __init__(self):
        self.commands = []

    def predict(self, X, masks=None):
        self.commands.append(X[:, -2:].tolist())
        return np.zeros(len(X), dtype=int)


def test_same_seed_gives_the_same_episodes():
    first, again, other = (
        evaluate_in(MatchEnv(length=9), Constant(), n_episodes=20, seed=seed).returns.tolist() for seed in (0, 0, 1)
    )
    assert first == again != other


def test_exploring_samples_actions_and_greedy_acting_takes_the_best():
    X = np.zeros((100, 3), dtype=np.float32)
    arms = np.repeat([0, 1], [40, 60])
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(2)]).fit(X, arms, None, np.random.default_rng(0))
    greedy = evaluate_in(BanditEnv(), behavior, n_episodes=200)
    assert greedy.mean_return == BanditEnv.optimum
    exploring = evaluate_in(BanditEnv(), behavior, n_episodes=200, make_actor=ExploringActor)
    assert exploring.mean_return == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("command", [OPEN_ENDED, Command(3.0, 4.0)])
def test_every_episode_starts_with_the_command(command):
    behavior = Constant()
    evaluate_in(lambda: MatchEnv(), behavior, command, n_episodes=3)
    assert behavior.commands[0] == [list(command)] * 3


def test_evaluation_reports_mean_and_standard_deviation():
    evaluation = Evaluation(np.array([1.0, 3.0]), np.array([10, 20]), "max")
    assert (evaluation.mean_return, evaluation.std_return) == (2.0, 1.0)
    assert repr(evaluation) == "Evaluation(mean_return=2.0, std_return=1.0, n_episodes=2, command=max)"


@pytest.mark.parametrize("n_episodes", [0, -1, 2.5, None, "3"])
def test_impossible_number_of_episodes_is_refused(n_episodes):
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=100, random_state=0).fit(MatchEnv)
    for evaluate in (
        agent.evaluate,
        functools.partial(evaluate_policy, agent),
        functools.partial(evaluate_policy, "random"),
    ):
        with pytest.raises(ValueError, match=f"n_episodes must be an integer >= 1, got {n_episodes!r}"):
            evaluate(MatchEnv, n_episodes=n_episodes)
    with pytest.raises(ValueError, match="max_episode_steps must be an integer >= 1, got 0"):
        evaluate_policy("random", MatchEnv, max_episode_steps=0)
