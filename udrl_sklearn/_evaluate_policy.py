"""`evaluate_policy`: one evaluation for anything that acts."""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, Self

import numpy as np

from ._base_agent import BaseAgent
from ._commands import OPEN_ENDED, Command, CommandLike
from ._envs._pool import EnvPool, EnvSlot
from ._envs._sources import env_sources
from ._rollout._action_selection import Actor, RandomActor
from ._rollout._evaluation import Evaluation, check_counts, run_episodes
from ._rollout._policy import Policy

OTHER_MODELS = "For any other model pass a function of an observation: lambda observation: ..."


def evaluate_policy(
    policy: Any,
    env: Any,
    *,
    command: CommandLike | None = None,
    n_episodes: int = 100,
    deterministic: bool = True,
    seed: int = 0,
    max_episode_steps: int = 100_000,
) -> Evaluation:
    """Evaluate anything that acts, on the same episodes as `UDRLAgent.evaluate`.

    Parameters
    ----------
    policy : UDRLAgent, Policy, callable, object with `predict`, or "random"
        - A fitted agent, which acts under `command`.
        - A `Policy`, which acts under its own command.
        - A function of an observation that returns an action.
        - A model whose ``predict(observation, state, episode_start, deterministic)`` returns a pair (action, state),
          as those of stable-baselines3.
        - "random": actions are sampled uniformly from the action space.
    env : environment, or a list of them
        As for `UDRLAgent.fit`; each environment of a list gets an episode in turn.
    command : "max", float, Command or pair, default=None
        The command of an agent, as for `UDRLAgent.evaluate`; None stands for "max". Anything else takes no command.
    n_episodes : int, default=100
        Number of episodes.
    deterministic : bool, default=True
        Passed to `UDRLAgent.evaluate`, or to `predict` of a model.
    seed : int, default=0
        Determines the reset seeds of the episodes, the same for every policy.
    max_episode_steps : int, default=100_000
        A longer episode raises an error. An agent has a parameter of its own for this.

    Returns
    -------
    evaluation : Evaluation

    Raises
    ------
    TypeError
        If the policy is none of these, or its `predict` returns no pair.
    ValueError
        If a number is less than 1, there is a command for a policy that takes none, an agent was fitted on other
        spaces, or an action is none of the discrete actions, or has another number of components.

    Examples
    --------
    >>> from udrl_sklearn import evaluate_policy
    >>> def follow_the_pole(observation):
    ...     return int(observation[2] + observation[3] > 0)
    >>> evaluate_policy(follow_the_pole, "CartPole-v1", n_episodes=20).mean_return > 150
    True
    >>> evaluate_policy("random", "CartPole-v1", n_episodes=20).mean_return < 50
    True
    """
    check_counts(n_episodes=n_episodes, max_episode_steps=max_episode_steps)
    if isinstance(policy, BaseAgent):
        command = "max" if command is None else command
        return policy.evaluate(env, command=command, n_episodes=n_episodes, deterministic=deterministic, seed=seed)
    if command is not None:
        raise ValueError(f"Only an agent takes a command. Leave command=None for {policy!r}, got {command!r}.")
    actor, initial_command = _as_actor(policy, deterministic)
    with EnvPool(env_sources(env)) as pool:
        if isinstance(policy, Policy):
            policy.interface.check_spaces(*pool.spaces())
        episodes = run_episodes(
            pool,
            actor,
            initial_command or OPEN_ENDED,
            n_episodes=n_episodes,
            seed=seed,
            n_envs=1,  # a function may have a state of its own, for one episode at a time
            max_episode_steps=max_episode_steps,
        )
    return Evaluation.of(episodes, initial_command)


def _as_actor(policy: Any, deterministic: bool) -> tuple[Actor, Command | None]:
    """Return an actor, and the command at the start of its episodes, if it has one."""
    if isinstance(policy, Policy):
        return policy.actor.for_inference(), policy.initial_command
    if isinstance(policy, str) and policy == "random":
        return RandomActor(), None
    if hasattr(policy, "predict") and _takes_state(policy.predict):
        return ModelActor(policy, deterministic), None
    if callable(policy) and not isinstance(policy, type):
        return FunctionActor(policy), None
    raise TypeError(
        "policy must be a fitted UDRLAgent, a Policy, a function of an observation, a model whose predict takes "
        f'(observation, state, episode_start, deterministic), or "random"; got {policy!r}. {OTHER_MODELS}'
    )


def _takes_state(predict: Callable) -> bool:
    """Tell whether a method can be called as `ModelActor` does; those of a class or of scikit-learn can not."""
    try:
        signature(predict).bind(None, state=None, episode_start=None, deterministic=True)
    except TypeError:
        return False
    return True


class FunctionActor(Actor):
    """Acts by a function of an observation.

    Parameters
    ----------
    function : callable
        Takes an observation as the environment returns it, and returns an action.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def reset(self, slot: EnvSlot, rng: np.random.Generator) -> None:
        """Begin an episode in a slot; there is nothing to do."""

    def select_actions(
        self, slots: Sequence[EnvSlot], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot."""
        return [slot.targets.check_action(self.function(slot.observation)) for slot in slots]

    def for_inference(self) -> Self:
        """Return an actor that acts the same in other slots."""
        return type(self)(self.function)


class ModelActor(Actor):
    """Acts by the `predict` of a model, which returns a pair of action and state.

    Parameters
    ----------
    model : object
        As those of stable-baselines3.
    deterministic : bool
        Passed to `predict`.
    """

    def __init__(self, model: Any, deterministic: bool) -> None:
        self.model = model
        self.deterministic = deterministic
        self._states: dict = {}
        self._starting: set = set()

    def reset(self, slot: EnvSlot, rng: np.random.Generator) -> None:
        """Begin an episode in a slot, without a state."""
        self._states[slot] = None
        self._starting.add(slot)

    def select_actions(
        self, slots: Sequence[EnvSlot], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot."""
        return [slot.targets.check_action(self._predict(slot)) for slot in slots]

    def _predict(self, slot: EnvSlot) -> Any:
        starts = np.array([slot in self._starting])
        self._starting.discard(slot)
        result = self.model.predict(
            slot.observation, state=self._states[slot], episode_start=starts, deterministic=self.deterministic
        )
        if not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(
                f"predict of {type(self.model).__name__} must return a pair (action, state), got {result!r}. "
                f"{OTHER_MODELS}"
            )
        action, self._states[slot] = result
        return action

    def for_inference(self) -> Self:
        """Return an actor that acts the same in other slots."""
        return type(self)(self.model, self.deterministic)
