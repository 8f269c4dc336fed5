"""The interface of an environment: its spaces, and the names of features and actions."""

import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from gymnasium import Space

from ._pool import EnvPool
from ._spaces import ActionTargets, ObservationColumns


@dataclass(frozen=True, eq=False)
class EnvInterface:
    """The interface between an agent and its environments.

    Attributes
    ----------
    observation_space, action_space : gymnasium.Space or None
        None after logged episodes without spaces.
    targets : ActionTargets
        The actions as targets of an estimator.
    feature_names : list of str
        Names of the columns of a flattened observation.
    flat_dtype : numpy.dtype
        The type of flat observations, for episodes and rows without spaces.
    """

    observation_space: Space | None
    action_space: Space | None
    targets: ActionTargets
    feature_names: list[str]
    flat_dtype: np.dtype = field(default_factory=lambda: np.dtype(float))

    @classmethod
    def from_pool(cls, pool: EnvPool) -> Self:
        """Describe the environments of a pool, which must all have the same spaces.

        Wrappers with a memory get a warning.
        """
        observation_space, action_space = pool.spaces()
        _warn_of_memory(pool.wrappers_with_memory())
        feature_names, action_names = pool.names()
        targets = ActionTargets.from_space(action_space, action_names)
        return cls(
            observation_space, action_space, targets, feature_names or ObservationColumns(observation_space).names
        )

    @property
    def action_source(self) -> str:
        """Where the actions come from, as the subject of a message."""
        return "The list of episodes" if self.action_space is None else f"The action space {self.action_space}"

    def check_spaces(self, observation_space: Space, action_space: Space, owner: str = "environment") -> None:
        """Raise a ValueError if what was learned on these spaces can't act in others, or be tested on them.

        Parameters
        ----------
        observation_space, action_space : gymnasium.Space
            Of an environment, or of a dataset.
        owner : str, default="environment"
            What has them, for the message.
        """
        spaces, fitted = (observation_space, action_space), (self.observation_space, self.action_space)
        n_features = ObservationColumns(observation_space).n_features
        has_actions = ActionTargets.from_space(action_space).includes(self.targets)
        if n_features != len(self.feature_names) or not has_actions or (None not in fitted and fitted != spaces):
            raise self._other_spaces(owner, f"{n_features} features of {observation_space}", action_space)

    def check_episodes(self, episodes: "EnvInterface") -> None:
        """Raise a ValueError if logged episodes do not fit to what was learned on these spaces.

        Without spaces of their own they may have other discrete actions only if these are not known from a space.

        Parameters
        ----------
        episodes : EnvInterface
            The interface of logged episodes.
        """
        if episodes.observation_space is not None and episodes.action_space is not None:
            self.check_spaces(episodes.observation_space, episodes.action_space, "dataset")
            return
        same = (
            len(self.feature_names) == len(episodes.feature_names)
            and self.targets.n_components == episodes.targets.n_components
            and (episodes.targets.is_discrete or not self.targets.is_discrete)
        )
        if not same:
            raise self._other_spaces(
                "list of episodes", f"{len(episodes.feature_names)} features", episodes.targets.names
            )
        if self.action_space is not None and self.targets.is_discrete:
            self.targets.check_includes(episodes.targets)

    def _other_spaces(self, owner: str, features: str, actions: Any) -> ValueError:
        return ValueError(
            f"The agent was fitted on {len(self.feature_names)} observation features and actions of "
            f"{self.action_space or self.targets.names}, and the {owner} has {features} and actions of {actions}. Use "
            f"one with the spaces of the environment that the agent was fitted on."
        )

    def check_continues(self, previous: "EnvInterface") -> None:
        """Raise a ValueError if learning on these spaces can't continue what was learned on the previous ones."""
        spaces = self.observation_space, self.action_space
        before = previous.observation_space, previous.action_space
        same = (
            len(self.feature_names) == len(previous.feature_names)
            and self.targets.is_discrete == previous.targets.is_discrete
            and self.targets.n_components == previous.targets.n_components
            and (None in before or None in spaces or before == spaces)
        )
        if not same:
            raise ValueError(
                f"With warm_start=True fit continues on the spaces of the previous fit, {before[0]} and {before[1]}; "
                f"got {spaces[0]} and {spaces[1]}. Use an environment with the same spaces, or "
                "set_params(warm_start=False) to start from scratch."
            )

    def merged_with(self, previous: "EnvInterface") -> "EnvInterface":
        """Return an interface for what is learned on these spaces and on the previous ones together.

        It is that of the environment if there is one. Logged episodes alone have the discrete actions of both.

        Raises
        ------
        ValueError
            If logged episodes have actions that the environment has not.
        """
        if self.action_space is None and previous.action_space is None:
            return replace(self, targets=self.targets.union(previous.targets))
        if self.action_space is None:
            previous.targets.check_includes(self.targets)
            return previous
        self.targets.check_includes(previous.targets)
        return self


def _warn_of_memory(names: list[str]) -> None:
    if names:
        warnings.warn(
            f"{' and '.join(names)} of the environment: the scale changes with each step, in each copy of the "
            "environment on its own. The result depends on n_envs and n_jobs, and another copy shows the agent other "
            "numbers. Run the wrapper first, set its update_running_mean=False and pass this instance to fit and "
            "evaluate; or scale by constants, with gymnasium.wrappers.TransformObservation or TransformReward.",
            stacklevel=2,
        )
