"""Short ways to collect episodes, and actors for that."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import next_command
from udrl_sklearn._envs._interface import EnvInterface
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._envs._spaces import ActionTargets, ObservationColumns
from udrl_sklearn._episodes import Episode
from udrl_sklearn._rollout._action_selection import (
    ExploringActor,
    GreedyActor,
    QuasiRandomActor,
    RandomActor,
    r_sequence,
)
from udrl_sklearn._rollout._collect import collect_episodes
from udrl_sklearn._rollout._vector_rollout import EpisodeSpec


def interface_of_spaces(observation_space, action_space):
    """Return the interface of an environment with these spaces."""
    names = ObservationColumns(observation_space).names
    return EnvInterface(observation_space, action_space, ActionTargets.from_space(action_space), names)


def interface_of_flat(n_features, action_space):
    """Return the interface of rows, which have no spaces."""
    return EnvInterface(None, None, ActionTargets.from_space(action_space), ["observation"] * n_features)


class Matcher:
    """In place of a fitted behavior: predicts the state as the action, and records the rows that it gets."""

    n_uniforms = 1

    def __init__(self):
        self.requests = []

    def predict(self, X, masks=None):
        self.requests.append(X)
        return X[:, :-2].argmax(axis=1)

    def sample(self, X, uniforms, *, greedy, epsilon, masks=None):
        return (uniforms[:, 0] < 0.5).astype(int)


def fitted_behavior(n_actions=3, n_columns=3):
    """Return a tree that chooses by state and by command, with probabilities off 0 and 1."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, size=(200, n_columns + 2)).astype(np.float32)
    X[:, :-2] /= 5
    tree = DecisionTreeClassifier(max_depth=5)
    return DiscreteBehavior(tree, [np.arange(n_actions)]).fit(X, rng.integers(n_actions, size=200), None, rng)


def make_specs(n_episodes, command=(0.0, 0.0), n_sources=1, first_seed=10):
    return [EpisodeSpec(i % n_sources, first_seed + i, command) for i in range(n_episodes)]


def collect(envs, specs, actor=None, **params):
    """Return the episodes in the order of their specifications, which must all be there."""
    with EnvPool(env_sources(envs)) as pool:
        episodes = dict(collect_episodes(pool, specs, actor or RandomActor(), **params))
    assert sorted(episodes) == list(range(len(specs)))
    return [episodes[i] for i in range(len(specs))]


def collect_until_error(envs, specs, error, message, actor=None, **params):
    """Return the indices of the episodes that were yielded before the error, and the error."""
    yielded = []
    with EnvPool(env_sources(envs)) as pool, pytest.raises(error, match=message) as raised:
        for i, _ in collect_episodes(pool, specs, actor or RandomActor(), **params):
            yielded.append(i)
    return yielded, raised.value


ACTORS = {
    "random": RandomActor(),
    "random, sticky": RandomActor(0.8),
    "greedy": GreedyActor(fitted_behavior()),
    "quasi-random": QuasiRandomActor(fitted_behavior(), power=1),
    "exploring": ExploringActor(fitted_behavior(), epsilon=0.2),
    "exploring greedily": ExploringActor(fitted_behavior(), greedy=True, epsilon=0.5),
    "exploring, sticky": ExploringActor(fitted_behavior(), sticky_probability=0.7),
}


def run_alone(env, spec, actor):
    """Run one episode step by step: Algorithm 2 of Srivastava et al. 2019 in a plain loop."""
    columns, targets = ObservationColumns(env.observation_space), ActionTargets.from_space(env.action_space)
    rng, action_space, command = np.random.default_rng((spec.seed, 1)), deepcopy(env.action_space), spec.command
    if isinstance(actor, RandomActor):
        seed = int(rng.integers(2**31))
        action_space.seed(seed)
        sticky_probability, action = actor.sticky_probability * rng.integers(2), action_space.sample()
    observation, _ = env.reset(seed=spec.seed)
    observations, actions, rewards, ends = [columns.flatten(observation)], [], [], (False, False)
    previous_observation = previous_uniforms = np.nan
    while not any(ends):
        if isinstance(actor, RandomActor):
            had_no_effect = len(actions) > 0 and np.array_equal(observations[-1], observations[-2])
            is_sticky = rng.random() < sticky_probability and not (had_no_effect and seed % 2)
            action = action if is_sticky else action_space.sample()
        else:
            X = design_matrix(observations[-1][None], np.array([command]))
            uniforms = rng.random((1, actor.n_uniforms))
            if isinstance(actor, QuasiRandomActor):
                target = actor.behavior.select_by_power(X, r_sequence([len(actions)], 1), actor.power)
            elif isinstance(actor, GreedyActor):
                target = actor.behavior.predict(X)
            else:
                if uniforms[0, -1] < actor.sticky_probability:
                    changes = np.abs(observations[-1] - previous_observation)
                    if np.all(changes <= 0.02 * actor.behavior.observation_std) and np.any(changes):
                        uniforms = previous_uniforms
                target = actor.behavior.sample(X, uniforms[:, :-1], greedy=actor.greedy, epsilon=actor.epsilon)
                previous_observation, previous_uniforms = observations[-1], uniforms
            (action,) = targets.decode(target)
        actions.append(targets.encode(action))
        observation, reward, *ends, _ = env.step(action)
        observations.append(columns.flatten(observation))
        rewards.append(reward)
        (command,) = next_command(np.array([command]), np.array([reward]))
    return Episode(np.stack(observations), np.stack(actions), rewards, *ends)
