"""Distillation: one small tree that imitates an agent under one command."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text, plot_tree
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import Behavior, design_matrix
from udrl_sklearn._behavior._continuous import ContinuousBehavior
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._behavior._function import BehaviorFunction
from udrl_sklearn._commands import Command, CommandLike, command_trajectory
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import EVALUATION, TRAINING, TUNING, env_sources
from udrl_sklearn._rollout._evaluation import Evaluation, run_episodes


@dataclass(frozen=True, eq=False)
class Distillation:
    """A small tree that imitates an agent, and what that costs.

    Attributes
    ----------
    agent : UDRLAgent
        Acts by the tree under the command that it was made for, and is evaluated, explained and drawn like any other.
    tree : DecisionTreeClassifier or DecisionTreeRegressor, or list of them
        A list with one for each component if discrete actions have several.
    fidelity : float
        On the observations of the agent that is imitated, the share of its most probable actions that the tree has as
        well, the mean over the components; the coefficient of determination R2 if actions are continuous.
    evaluation, teacher_evaluation : Evaluation
        What the tree obtains, and what the agent that it imitates obtains on the same episodes.
    """

    agent: UDRLAgent
    tree: Any
    fidelity: float
    evaluation: Evaluation
    teacher_evaluation: Evaluation

    def __str__(self):
        return (
            f"A tree of depth {max(tree.get_depth() for tree in self._trees)} with "
            f"{sum(tree.get_n_leaves() for tree in self._trees)} leaves: "
            f"mean return {self.evaluation.mean_return:.1f}, the agent's {self.teacher_evaluation.mean_return:.1f}; "
            f"fidelity {self.fidelity:.2f}"
        )

    @property
    def _trees(self):
        return self.tree if isinstance(self.tree, list) else [self.tree]

    def to_text(self, component: int = 0, **kwargs: Any) -> str:
        """Return the tree as text, by scikit-learn's `export_text`.

        Parameters
        ----------
        component : int, default=0
            Which tree, if there are several.
        **kwargs : dict
            Passed to `export_text`.
        """
        return export_text(self._trees[component], **self._names(component) | kwargs)

    def plot(self, component: int = 0, **kwargs: Any) -> list:
        """Draw the tree, by scikit-learn's `plot_tree`, which needs matplotlib.

        Parameters
        ----------
        component : int, default=0
            Which tree, if there are several.
        **kwargs : dict
            Passed to `plot_tree`.
        """
        return plot_tree(self._trees[component], **self._names(component) | kwargs)

    def _names(self, component):
        """Return names of features and actions, as `export_text` and `plot_tree` take them."""
        names = {"feature_names": list(self.agent.feature_names_in_)}
        tree = self._trees[component]
        if isinstance(tree, DecisionTreeClassifier):
            targets = self.agent.action_targets_
            called = dict(zip(targets.labels[component], targets.component_names(component), strict=True))
            names["class_names"] = [called[label] for label in tree.classes_]
        return names


def distill(
    agent: UDRLAgent,
    env: Any,
    *,
    command: CommandLike = "max",
    max_depth: int = 4,
    n_rounds: int = 5,
    n_episodes: int = 20,
    n_eval_episodes: int = 100,
    random_state: int = 0,
) -> Distillation:
    """Make one small decision tree that imitates an agent under a command.

    In the first round the agent acts, and the tree learns what it would do. From then on the tree acts, and learns what
    the agent would do where the tree gets to (DAgger: Ross, Gordon and Bagnell 2011, arXiv 1011.0686). The tree of the
    best round is kept, as in VIPER (Bastani, Pu and Solar-Lezama 2018, arXiv 1805.08328). It learns the agent's
    probabilities of discrete actions rather than its choices alone, and acts on its own in the same way.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted on environments.
    env : environment
        As for `UDRLAgent.evaluate`.
    command : "max", float, Command or pair, default="max"
        What the tree is to obtain.
    max_depth : int, default=4
        Depth of the tree.
    n_rounds : int, default=5
        Rounds.
    n_episodes : int, default=20
        Episodes of each round to learn from, and as many to choose the best round by.
    n_eval_episodes : int, default=100
        Episodes of the evaluations in the result, from other seeds.
    random_state : int, default=0
        Seed of the episodes to learn from and of the trees.

    Returns
    -------
    distillation : Distillation

    Raises
    ------
    ValueError
        If the environment is not like those that the agent learned on, or a number is less than 1.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent, distill
    >>> agent = UDRLAgent(total_timesteps=6000, random_state=0).fit("CartPole-v1")
    >>> distillation = distill(agent, "CartPole-v1", max_depth=2, n_rounds=2)
    >>> distillation.tree.get_depth()
    2
    >>> distillation.evaluation.mean_return > 60
    True
    """
    check_is_fitted(agent)
    counts = {
        "max_depth": max_depth,
        "n_rounds": n_rounds,
        "n_episodes": n_episodes,
        "n_eval_episodes": n_eval_episodes,
    }
    for name, value in counts.items():
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be an integer >= 1, got {value!r}.")
    resolved = agent.resolve(command)
    rng = np.random.default_rng(random_state)
    rows = np.empty((0, agent.n_features_in_), dtype=np.float32)
    students = []
    with EnvPool(env_sources(env)) as pool:
        agent.check_spaces(*pool.spaces())
        acting = agent
        for _ in range(n_rounds):
            rows = np.vstack([rows, _collect_rows(pool, acting, resolved, n_episodes, TRAINING, rng)])
            acting = _student(agent, resolved, rows, max_depth, rng)
            actor, params = acting.actor(resolved), agent.rollout_params
            episodes = run_episodes(pool, actor, resolved, n_episodes=n_episodes, seed_range=TUNING, **params)
            students.append((Evaluation.of(episodes, resolved).mean_return, acting))
        seen = _collect_rows(pool, agent, resolved, n_episodes, EVALUATION, rng)
    student = max(students, key=lambda pair: pair[0])[1]
    evaluation, teacher_evaluation = (
        each.evaluate(env, command=command, n_episodes=n_eval_episodes) for each in (student, agent)
    )
    fidelity = _fidelity(agent, student, resolved, seen)
    return Distillation(student, student.estimator_, fidelity, evaluation, teacher_evaluation)


def _collect_rows(
    pool: EnvPool,
    agent: UDRLAgent,
    command: Command,
    n_episodes: int,
    seed_range: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Run episodes of an agent under a command, and return the rows that its behavior function got."""
    actor, params = agent.actor(command), agent.rollout_params
    episodes = run_episodes(pool, actor, command, n_episodes=n_episodes, seed=rng, seed_range=seed_range, **params)
    return np.vstack(
        [design_matrix(episode.observations[:-1], command_trajectory(command, episode.rewards)) for episode in episodes]
    )


def _student(
    agent: UDRLAgent, command: Command, rows: np.ndarray, max_depth: int, rng: np.random.Generator
) -> UDRLAgent:
    """Return a copy of an agent that acts by trees, which have learned on rows what the agent does."""
    teacher = agent.behavior_.for_command(command)
    params = {"max_depth": max_depth, "random_state": int(rng.integers(2**31))}
    behavior: Behavior
    if isinstance(teacher, DiscreteBehavior):
        probabilities = zip(teacher.predict_proba(rows), teacher.labels, strict=True)
        trees = [_imitate(rows, proba, labels, params) for proba, labels in probabilities]
        behavior = DiscreteBehavior.from_fitted(trees, teacher.labels, teacher.observation_std)
    else:
        tree = DecisionTreeRegressor(**params).fit(rows, teacher.predict(rows))
        behavior = ContinuousBehavior.from_fitted(tree, like=teacher)
    return agent.with_behavior(BehaviorFunction(behavior, agent.behavior_.open_ended and behavior))


def _imitate(rows: np.ndarray, proba: np.ndarray, labels: np.ndarray, params: dict) -> DecisionTreeClassifier:
    """Fit a tree on probabilities: each row once for each action, with its probability as weight."""
    actions = np.tile(np.arange(len(labels)), len(rows))
    weights = proba.ravel()
    used = weights > 0
    tree = DecisionTreeClassifier(**params)
    return tree.fit(np.repeat(rows, len(labels), axis=0)[used], labels[actions[used]], sample_weight=weights[used])


def _fidelity(agent, student, command, rows):
    """Return how well a student agrees with an agent on rows."""
    expected, predicted = (
        each.behavior_.for_command(command).predict(rows).reshape(len(rows), -1) for each in (agent, student)
    )
    measure = accuracy_score if agent.action_targets_.is_discrete else r2_score
    return float(np.mean([measure(*pair) for pair in zip(expected.T, predicted.T, strict=True)]))
