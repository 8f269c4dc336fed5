"""Distillation: a small tree that imitates an agent under one command."""

from dataclasses import dataclass
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
from udrl_sklearn._fitted_attributes import copy_with_behavior
from udrl_sklearn._rollout._evaluation import Evaluation, check_counts, run_episodes


@dataclass(frozen=True, eq=False)
class Distillation:
    """A small tree that imitates an agent, and an evaluation of both.

    Attributes
    ----------
    agent : UDRLAgent
        The student: acts by the tree under the command of the distillation. It is evaluated, explained and plotted as
        any other agent, and can be fitted again without an effect on the teacher.
    tree : DecisionTreeClassifier or DecisionTreeRegressor, or list of them
        A list with one for each component if discrete actions have several.
    fidelity : float
        Agreement with the teacher on observations of the teacher's episodes: the fraction of its most probable actions
        that the tree predicts too, averaged over the components; R^2 for continuous actions.
    evaluation, teacher_evaluation : Evaluation
        Of the student and of the teacher, on the same episodes.

    See Also
    --------
    distill : Makes a distillation.
    """

    agent: UDRLAgent
    tree: Any
    fidelity: float
    evaluation: Evaluation
    teacher_evaluation: Evaluation

    def __str__(self) -> str:
        return (
            f"A tree of depth {max(tree.get_depth() for tree in self._trees)} with "
            f"{sum(tree.get_n_leaves() for tree in self._trees)} leaves: "
            f"mean return {self.evaluation.mean_return:.1f}, the agent's {self.teacher_evaluation.mean_return:.1f}; "
            f"fidelity {self.fidelity:.2f}"
        )

    @property
    def _trees(self) -> list[Any]:
        return self.tree if isinstance(self.tree, list) else [self.tree]

    def to_text(self, component: int = 0, **kwargs: Any) -> str:
        """Return the tree as text, by scikit-learn's `export_text`.

        Parameters
        ----------
        component : int, default=0
            Which tree, if there are several.
        **kwargs : dict
            Passed to `export_text`.

        Returns
        -------
        text : str
        """
        return export_text(self._trees[component], **self._names(component) | kwargs)

    def plot(self, component: int = 0, **kwargs: Any) -> list:
        """Plot the tree, by scikit-learn's `plot_tree`, which needs matplotlib.

        Parameters
        ----------
        component : int, default=0
            Which tree, if there are several.
        **kwargs : dict
            Passed to `plot_tree`.

        Returns
        -------
        annotations : list of matplotlib Annotation
        """
        return plot_tree(self._trees[component], **self._names(component) | kwargs)

    def _names(self, component: int) -> dict[str, list[str]]:
        """Return names of features and actions, as arguments of `export_text` and `plot_tree`."""
        tree, targets = self._trees[component], self.agent.action_targets_
        # A tree for the open-ended command has no features for the command.
        names = {"feature_names": list(self.agent.feature_names_in_[: tree.n_features_in_])}
        if targets.labels is not None:
            action_names = dict(zip(targets.labels[component], targets.component_names(component), strict=True))
            names["class_names"] = [action_names[label] for label in tree.classes_]
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
    """Fit a small decision tree that imitates an agent under a command.

    The agent is the teacher, the tree the student. In the first round the teacher acts, and the tree is fitted on its
    predictions. In each further round the last tree acts, and a new one is fitted on what the teacher predicts for all
    observations so far (DAgger: Ross, Gordon and Bagnell 2011, arXiv 1011.0686). The tree with the highest mean return
    is the result, as in VIPER (Bastani, Pu and Solar-Lezama 2018, arXiv 1805.08328). For discrete actions the tree is
    fitted on the probabilities of the teacher. It selects actions in the same way as the teacher, see `acting`.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted on environments.
    env : environment
        As for `UDRLAgent.evaluate`.
    command : "max", float, Command or pair, default="max"
        The command of the teacher and of the tree.
    max_depth : int, default=4
        Maximum depth of the tree.
    n_rounds : int, default=5
        Number of rounds.
    n_episodes : int, default=20
        Episodes in each round to fit the tree on, and as many others to compare the trees.
    n_eval_episodes : int, default=100
        Episodes of the evaluations in the result, with other seeds.
    random_state : int, default=0
        Seed of the training episodes and of the trees.

    Returns
    -------
    distillation : Distillation

    Raises
    ------
    ValueError
        If the environment has other spaces than those of the fit, or a number is less than 1.

    See Also
    --------
    explain : Explains single actions of an agent.

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
    check_counts(max_depth=max_depth, n_rounds=n_rounds, n_episodes=n_episodes, n_eval_episodes=n_eval_episodes)
    resolved = agent.resolve(command)
    rng = np.random.default_rng(random_state)
    rows = np.empty((0, agent.n_features_in_), dtype=agent.row_dtype)
    candidates = []
    with EnvPool(env_sources(env)) as pool:
        agent.interface.check_spaces(*pool.spaces())
        rollout_agent = agent
        for _ in range(n_rounds):
            rows = np.vstack([rows, _collect_rows(pool, rollout_agent, resolved, n_episodes, TRAINING, rng)])
            rollout_agent = _fit_student(agent, resolved, rows, max_depth, rng)
            actor, params = rollout_agent.actor(resolved), agent.rollout_params
            episodes = run_episodes(pool, actor, resolved, n_episodes=n_episodes, seed_range=TUNING, **params)
            candidates.append((Evaluation.of(episodes, resolved).mean_return, rollout_agent))
        test_rows = _collect_rows(pool, agent, resolved, n_episodes, EVALUATION, rng)
    student = max(candidates, key=lambda candidate: candidate[0])[1]
    evaluation, teacher_evaluation = (
        each.evaluate(env, command=command, n_episodes=n_eval_episodes) for each in (student, agent)
    )
    fidelity = _fidelity(agent, student, resolved, test_rows)
    return Distillation(student, student.estimator_, fidelity, evaluation, teacher_evaluation)


def _collect_rows(
    pool: EnvPool,
    agent: UDRLAgent,
    command: Command,
    n_episodes: int,
    seed_range: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Run episodes of an agent under a command, and return the rows of its behavior function."""
    actor, params = agent.actor(command), agent.rollout_params
    episodes = run_episodes(pool, actor, command, n_episodes=n_episodes, seed=rng, seed_range=seed_range, **params)
    return np.vstack(
        [design_matrix(episode.observations[:-1], command_trajectory(command, episode.rewards)) for episode in episodes]
    )


def _fit_student(
    agent: UDRLAgent, command: Command, rows: np.ndarray, max_depth: int, rng: np.random.Generator
) -> UDRLAgent:
    """Return a copy of an agent that acts by trees, which are fitted on the agent's predictions for rows."""
    teacher = agent.behavior_.for_command(command)
    params = {"max_depth": max_depth, "random_state": int(rng.integers(2**31))}
    X = rows if teacher.command_scale else rows[:, :-2]
    behavior: Behavior
    if isinstance(teacher, DiscreteBehavior):
        probabilities = zip(teacher.predict_proba(rows), teacher.labels, strict=True)
        trees = [_fit_on_probabilities(X, proba, labels, params) for proba, labels in probabilities]
        behavior = DiscreteBehavior.from_fitted(trees, like=teacher)
    elif isinstance(teacher, ContinuousBehavior):
        tree = DecisionTreeRegressor(**params).fit(X, teacher.predict(rows))
        behavior = ContinuousBehavior.from_fitted(tree, like=teacher)
    else:
        raise TypeError(f"Expected a discrete or continuous behavior, got {type(teacher).__name__}.")
    return copy_with_behavior(agent, BehaviorFunction(behavior, agent.behavior_.open_ended and behavior))


def _fit_on_probabilities(
    X: np.ndarray, proba: np.ndarray, labels: np.ndarray, params: dict[str, Any]
) -> DecisionTreeClassifier:
    """Fit a tree on each row once for each action, weighted by the probability of the action."""
    actions = np.tile(np.arange(len(labels)), len(X))
    weights = proba.ravel()
    has_weight = weights > 0
    repeated_rows = np.repeat(X, len(labels), axis=0)[has_weight]
    tree = DecisionTreeClassifier(**params)
    return tree.fit(repeated_rows, labels[actions[has_weight]], sample_weight=weights[has_weight])


def _fidelity(teacher: UDRLAgent, student: UDRLAgent, command: Command, rows: np.ndarray) -> float:
    """Return the agreement of a student with its teacher on rows: the mean accuracy, or R^2, of the components."""
    expected, predicted = (
        each.behavior_.for_command(command).predict(rows).reshape(len(rows), -1) for each in (teacher, student)
    )
    metric = accuracy_score if teacher.action_targets_.is_discrete else r2_score
    return float(np.mean([metric(*columns) for columns in zip(expected.T, predicted.T, strict=True)]))
