"""The interface of an environment: its spaces, and the names of features and actions."""

import warnings
from dataclasses import dataclass, replace
from typing import Self

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
    """

    observation_space: Space | None
    action_space: Space | None
    targets: ActionTargets
    feature_names: list[str]

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
