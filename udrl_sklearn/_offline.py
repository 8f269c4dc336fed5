"""Logged episodes: lists of episodes, and Minari datasets."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._envs._interface import EnvInterface
from ._envs._spaces import ActionTargets, ObservationColumns
from ._episodes import Episode, Episodes


def is_episodes(X: Any) -> bool:
    """Tell whether X is a sequence of episodes or a Minari dataset."""
    if isinstance(X, list | tuple | Episodes):
        return len(X) > 0 and isinstance(X[0], Episode)
    return hasattr(X, "iterate_episodes")


def read_episodes(X: Any) -> tuple[Episodes, EnvInterface]:
    """Return logged episodes, and the interface of their environment.

    Parameters
    ----------
    X : sequence of Episode, or minari.MinariDataset
        The logged episodes.

    Returns
    -------
    episodes : Episodes
    interface : EnvInterface
        With the spaces of a Minari dataset; without spaces for a sequence of episodes.

    Raises
    ------
    TypeError, ValueError
        If an element of the list is no episode, or the episodes do not fit together.
    """
    if hasattr(X, "iterate_episodes"):
        columns, targets = ObservationColumns(X.observation_space), ActionTargets.from_space(X.action_space)
        logged = enumerate(X.iterate_episodes())
        episodes = Episodes.of([_from_minari(episode, i, columns, targets) for i, episode in logged])
        return episodes, EnvInterface(X.observation_space, X.action_space, targets, columns.names)
    episodes = X if isinstance(X, Episodes) else _join(X)
    targets = ActionTargets.from_arrays(episodes.actions, discrete=episodes.actions.dtype.kind != "f")
    names = [f"observation[{i}]" for i in range(episodes.observations.shape[1])]
    return episodes, EnvInterface(None, None, targets, names)


def _join(episodes: Sequence[Episode]) -> Episodes:
    """Join a list of episodes that fit together."""
    for i, episode in enumerate(episodes):
        if not isinstance(episode, Episode):
            raise TypeError(f"Expected a list of Episode, got {type(episode).__name__} at position {i}.")
        shapes = [(e.observations.shape[1:], e.actions.shape[1:]) for e in (episodes[0], episode)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"All episodes must have the same number of features and of action components; episode {i} has "
                f"{shapes[1]}, episode 0 has {shapes[0]}."
            )
    return Episodes.of(episodes)


def _from_minari(episode: Any, index: int, columns: ObservationColumns, targets: ActionTargets) -> Episode:
    n_steps = len(episode.rewards)
    try:
        observations = np.stack([columns.flatten(_row(episode.observations, t)) for t in range(n_steps + 1)])
        actions = np.stack([targets.encode(_row(episode.actions, t)) for t in range(n_steps)])
        targets.check_includes(ActionTargets.from_arrays(actions, discrete=targets.is_discrete))
    except ValueError as error:
        raise ValueError(f"Episode {index} of the dataset does not fit its spaces. {error}") from error
    actions = actions.astype(targets.dtype) if targets.is_discrete else actions
    return Episode(
        observations, actions, episode.rewards, bool(episode.terminations[-1]), bool(episode.truncations[-1])
    )


def _row(arrays: Any, t: int) -> Any:
    """Return step t of arrays that may be nested in dicts and tuples."""
    if isinstance(arrays, dict):
        return {key: _row(part, t) for key, part in arrays.items()}
    if isinstance(arrays, tuple):
        return tuple(_row(part, t) for part in arrays)
    return arrays[t]
