"""Logged episodes: lists of episodes, Minari datasets, and steps in flat arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._d4rl import split_steps
from ._envs._interface import EnvInterface
from ._envs._spaces import ActionTargets, ObservationColumns
from ._episodes import Episode, Episodes
from ._listed import describe_type, listed
from ._replay_buffer import ReplayBuffer

EPISODES = "a list of Episode, a Minari dataset or its episodes, or D4RL's dict of arrays"
MINARI_ARRAYS = ("observations", "actions", "rewards", "terminations", "truncations")


def is_episodes(X: Any) -> bool:
    """Tell whether X is logged episodes, or a list of them.

    That is an `Episode`, `Episodes`, a `ReplayBuffer`, a Minari dataset, an episode of one, or a dict of arrays. What
    is in it is checked by `read_episodes`.
    """
    if isinstance(X, list | tuple):
        return len(X) > 0 and (_is_episode(X[0]) or hasattr(X[0], "iterate_episodes"))
    return isinstance(X, Episodes | ReplayBuffer) or hasattr(X, "iterate_episodes") or _is_episode(X)


def _is_episode(X: Any) -> bool:
    is_dict = isinstance(X, Mapping) and not hasattr(X, "shape")  # as a sparse matrix of scipy
    return isinstance(X, Episode) or is_dict or _is_minari_episode(X)


def _is_minari_episode(X: Any) -> bool:
    return all(hasattr(X, name) for name in MINARI_ARRAYS)


def read_episodes(X: Any) -> tuple[Episodes, EnvInterface]:
    """Return logged episodes, and the interface of their environment.

    Parameters
    ----------
    X : Episode, Episodes, ReplayBuffer, minari.MinariDataset, minari.EpisodeData, dict of arrays, or a list of these
        The logged episodes. A list has no datasets in it.

    Returns
    -------
    episodes : Episodes
    interface : EnvInterface
        With the spaces of a Minari dataset; without spaces for all others.

    Raises
    ------
    TypeError, ValueError
        If X or an element of the list is no episode, there is none, or the episodes do not fit together.
    """
    X = listed(X)
    if not is_episodes(X):
        raise TypeError(f"Expected logged episodes ({EPISODES}), got {describe_type(X)}.")
    if hasattr(X, "iterate_episodes"):
        columns, targets = ObservationColumns(X.observation_space), ActionTargets.from_space(X.action_space)
        logged = [_from_minari(episode, i, columns, targets) for i, episode in enumerate(X.iterate_episodes())]
        return _join(logged), EnvInterface(X.observation_space, X.action_space, targets, columns.names)
    episodes = _join(X)
    targets = ActionTargets.from_arrays(episodes.actions, discrete=episodes.actions.dtype.kind != "f")
    names = [f"observation[{i}]" for i in range(episodes.observations.shape[1])]
    return episodes, EnvInterface(None, None, targets, names)


def _join(X: Any) -> Episodes:
    """Join logged episodes that fit together."""
    if isinstance(X, ReplayBuffer):
        X = X.episodes
    if isinstance(X, list | tuple):
        X = [episode for i, item in enumerate(X) for episode in _episodes_at(i, item)]
    elif not isinstance(X, Episodes):
        X = _episodes_of(X)
    if len(X) == 0:
        raise ValueError(f"Expected at least one logged episode ({EPISODES}), got none.")
    if isinstance(X, list):
        _check_shapes(X)
    return Episodes.of(X)


def _episodes_at(i: int, item: Any) -> list[Episode]:
    """Return the episodes of element i of a list."""
    if hasattr(item, "iterate_episodes"):
        raise TypeError("Expected one dataset, got a list. Pass it alone; minari.combine_datasets joins several.")
    if not _is_episode(item):
        raise TypeError(f"Expected a list of Episode, got {type(item).__name__} at position {i}.")
    try:
        return _episodes_of(item)
    except ValueError as error:
        raise ValueError(f"Position {i} of the list of episodes: {error}") from error


def _episodes_of(X: Any) -> list[Episode]:
    """Return the episodes of an `Episode`, an episode of Minari or a dict of arrays."""
    if isinstance(X, Episode):
        return [X]
    return split_steps(X if isinstance(X, Mapping) else {name: getattr(X, name) for name in MINARI_ARRAYS})


def _check_shapes(episodes: Sequence[Episode]) -> None:
    for i, episode in enumerate(episodes):
        shapes = [(e.observations.shape[1:], e.actions.shape[1:]) for e in (episodes[0], episode)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"All episodes must have the same number of features and of action components; episode {i} has "
                f"{shapes[1]}, episode 0 has {shapes[0]}."
            )


def _from_minari(episode: Any, index: int, columns: ObservationColumns, targets: ActionTargets) -> Episode:
    n_steps = len(episode.rewards)
    try:
        observations = np.stack([columns.flatten(_row(episode.observations, t)) for t in range(n_steps + 1)])
        actions = np.stack([targets.encode(_row(episode.actions, t)) for t in range(n_steps)])
        targets.check_includes(ActionTargets.from_arrays(actions, discrete=targets.is_discrete))
    except ValueError as error:
        raise ValueError(f"Episode {index} of the dataset does not fit its spaces. {error}") from error
    actions = actions.astype(targets.dtype) if targets.is_discrete else actions
    terminated = bool(episode.terminations[-1])
    return Episode(observations, actions, episode.rewards, terminated, not terminated)


def _row(arrays: Any, t: int) -> Any:
    """Return step t of arrays that may be nested in dicts and tuples."""
    if isinstance(arrays, dict):
        return {key: _row(part, t) for key, part in arrays.items()}
    if isinstance(arrays, tuple):
        return tuple(_row(part, t) for part in arrays)
    return arrays[t]
