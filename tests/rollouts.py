"""Short ways to collect episodes, and actors to do it with."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import next_command
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._envs._spaces import ActionTargets, ObservationColumns
from udrl_sklearn._episodes import Episode
from udrl_sklearn._rollout._action_selection import Actor, Exploration, QuasiRandomActor, RandomActor, r_sequence
from udrl_sklearn._rollout._collect import collect_episodes
from udrl_sklearn._rollout._vector_rollout import EpisodeSpec


class Matcher:
    """Stands for a fitted behavior function: answers with the state, and keeps the rows that it was asked for."""

    n_uniforms = 1

    def __init__(self):
        self.asked = []

    def predict(self, X):
        self.asked.append(X)
        return X[:, :-2].argmax(axis=1)

    def sample(self, X, uniforms, exploration):
        return (uniforms[:, 0] < 0.5).astype(int)


def fitted_behavior(n_actions=3, n_columns=3):
    """Return a tree that chooses by state and by command, with probabilities off 0 and 1."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, size=(200, n_columns + 2)).astype(np.float32)
    X[:, :-2] /= 5
    tree = DecisionTreeClassifier(max_depth=5)
    return DiscreteBehavior(tree, [np.arange(n_actions)]).fit(X, rng.integers(n_actions, size=200), None, rng)


def make_plans(n_episodes, command=(0.0, 0.0), n_sources=1, first_seed=10):
    return [EpisodeSpec(i % n_sources, first_seed + i, command) for i in range(n_episodes)]


def collect(envs, plans, actor=None, **params):
    """Return the episodes in the order of their plans, which must all be there."""
    with EnvPool(env_sources(envs)) as pool:
        episodes = dict(collect_episodes(pool, plans, actor or RandomActor(), **params))
    assert sorted(episodes) == list(range(len(plans)))
    return [episodes[i] for i in range(len(plans))]


def collect_until_error(envs, plans, error, message, actor=None, **params):
    """Return the places of the episodes that were yielded before the error, and the error."""
    yielded = []
    with EnvPool(env_sources(envs)) as pool, pytest.raises(error, match=message) as raised:
        for i, _ in collect_episodes(pool, plans, actor or RandomActor(), **params):
            yielded.append(i)
    return yielded, raised.value


ACTORS = {
    "random": RandomActor(),
    "persistent": RandomActor(0.8),
    "greedy": Actor(fitted_behavior()),
    "by turns": QuasiRandomActor(fitted_behavior(), power=1),
    "exploring": Actor(fitted_behavior(), Exploration(True, 0.2)),
    "exploring, persistent": Actor(fitted_behavior(), Exploration(True, 0.0, 0.7)),
}


def run_in_a_plain_loop(env, plan, actor):
    """Run an episode step by step: Algorithm 2 of Srivastava et al. 2019 in a plain loop."""
    columns, targets = ObservationColumns(env.observation_space), ActionTargets.from_space(env.action_space)
    rng, action_space, command = np.random.default_rng((plan.seed, 1)), deepcopy(env.action_space), plan.command
    if isinstance(actor, RandomActor):
        action_space.seed(int(rng.integers(2**31)))
        persistence, action = actor.persistence * rng.integers(2), action_space.sample()
    observation, _ = env.reset(seed=plan.seed)
    observations, actions, rewards, ends = [columns.flatten(observation)], [], [], (False, False)
    seen_before = uniforms_before = np.nan
    while not any(ends):
        if isinstance(actor, RandomActor):
            action = action if rng.random() < persistence else action_space.sample()
        else:
            X = design_matrix(observations[-1][None], np.array([command]))
            uniforms = rng.random((1, actor.n_uniforms))
            if isinstance(actor, QuasiRandomActor):
                target = actor.behavior.select_quasirandom(X, r_sequence([len(actions)], 1), actor.power)
            elif actor.exploration is None:
                target = actor.behavior.predict(X)
            else:
                if uniforms[0, -1] < actor.exploration.persistence:
                    changes = np.abs(observations[-1] - seen_before)
                    if np.all(changes <= 0.02 * actor.behavior.observation_std):
                        uniforms = uniforms_before
                target = actor.behavior.sample(X, uniforms[:, :-1], actor.exploration)
                seen_before, uniforms_before = observations[-1], uniforms
            (action,) = targets.decode(target)
        actions.append(targets.encode(action))
        observation, reward, *ends, _ = env.step(action)
        observations.append(columns.flatten(observation))
        rewards.append(reward)
        (command,) = next_command(np.array([command]), np.array([reward]))
    return Episode(np.stack(observations), np.stack(actions), rewards, *ends)
