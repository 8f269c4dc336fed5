"""Distillation: one small tree that imitates an agent under one command."""

import copy
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text, plot_tree
from sklearn.utils.validation import check_is_fitted

from ._agent import UDRLAgent
from ._behavior import BehaviorFunction, ContinuousBehavior, DiscreteBehavior, Head, design_matrix
from ._commands import CommandLike, countdown
from ._environments import EVALUATION, TRAINING, TUNING, env_sources
from ._evaluation import Evaluation, evaluate, live
from ._inference import Fitted
from ._pool import EnvPool


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
            called = dict(
                zip(self.agent._targets.labels[component], self.agent._names_of_actions(component), strict=True)
            )
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
    resolved = agent._resolve(command)
    rng = np.random.default_rng(random_state)
    rows = np.empty((0, agent.n_features_in_), dtype=np.float32)
    students = []
    with EnvPool(env_sources(env)) as pool:
        agent._check_spaces(*pool.spaces())
        params = agent._rollout_params()
        acting = agent
        for _ in range(n_rounds):
            rows = np.vstack([rows, _visit(pool, acting, resolved, n_episodes, TRAINING, rng, params)])
            acting = _student(agent, resolved, rows, max_depth, rng)
            returns, _ = evaluate(
                pool, acting._actor(resolved), resolved, n_episodes=n_episodes, seed_range=TUNING, **params
            )
            students.append((returns.mean(), acting))
        seen = _visit(pool, agent, resolved, n_episodes, EVALUATION, rng, params)
    student = max(students, key=lambda pair: pair[0])[1]
    evaluation, teacher_evaluation = (
        each.evaluate(env, command=command, n_episodes=n_eval_episodes) for each in (student, agent)
    )
    fidelity = _fidelity(agent, student, resolved, seen)
    return Distillation(student, student.estimator_, fidelity, evaluation, teacher_evaluation)


def _visit(pool, agent, command, n_episodes, seed_range, rng, params):
    """Return the rows that an agent meets under a command."""
    actor = agent._actor(command)
    episodes = live(pool, actor, command, n_episodes=n_episodes, seed=rng, seed_range=seed_range, **params)
    return np.vstack(
        [design_matrix(episode.observations[:-1], countdown(command, episode.rewards)) for episode in episodes]
    )


def _student(agent, command, rows, max_depth, rng):
    """Return a copy of an agent that acts by a tree which learned from it on rows."""
    teacher = agent.behavior_.for_command(command)
    params = {"max_depth": max_depth, "random_state": int(rng.integers(2**31))}
    if isinstance(teacher, DiscreteBehavior):
        behavior = DiscreteBehavior(None, teacher.labels)
        behavior.heads = [
            _imitate(rows, proba, labels, params)
            for proba, labels in zip(teacher.predict_proba(rows), teacher.labels, strict=True)
        ]
    else:
        behavior = ContinuousBehavior(DecisionTreeRegressor(), teacher.low, teacher.high)
        behavior.fitted = Fitted(DecisionTreeRegressor(**params).fit(rows, teacher.predict(rows)))
        behavior.seen, behavior.spread = teacher.seen, teacher.spread
    behavior.observation_spread = teacher.observation_spread
    student = copy.copy(agent)
    student.behavior_ = BehaviorFunction(behavior)
    student.estimator_ = behavior.fitted_estimator
    if hasattr(agent, "max_estimator_"):
        student.max_estimator_ = student.estimator_
    return student


def _imitate(rows, proba, labels, params):
    """Fit a tree on probabilities: each row once for each action, with its probability as weight."""
    actions = np.tile(np.arange(len(labels)), len(rows))
    weights = proba.ravel()
    used = weights > 0
    tree = DecisionTreeClassifier(**params)
    tree.fit(np.repeat(rows, len(labels), axis=0)[used], labels[actions[used]], sample_weight=weights[used])
    return Head(tree, np.searchsorted(labels, tree.classes_))


def _fidelity(agent, student, command, rows):
    """Return how well a student agrees with an agent on rows."""
    expected, predicted = (
        each.behavior_.for_command(command).predict(rows).reshape(len(rows), -1) for each in (agent, student)
    )
    measure = accuracy_score if agent._targets.is_discrete else r2_score
    return float(np.mean([measure(*pair) for pair in zip(expected.T, predicted.T, strict=True)]))
