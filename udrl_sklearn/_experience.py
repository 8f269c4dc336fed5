"""Logged experience: lists of episodes, and Minari datasets."""

import numpy as np

from ._episodes import Episode, Episodes
from ._spaces import ActionTargets, ObservationColumns


def is_experience(X):
    """Tell whether X is a sequence of episodes or a Minari dataset."""
    if isinstance(X, list | tuple | Episodes):
        return len(X) > 0 and isinstance(X[0], Episode)
    return hasattr(X, "iterate_episodes")


def read_experience(X):
    """Return episodes beside the meaning of their numbers.

    Parameters
    ----------
    X : sequence of Episode, or minari.MinariDataset
        The logged episodes.

    Returns
    -------
    episodes : Episodes
    spaces : (observation_space, action_space) or (None, None)
        A Minari dataset knows them.
    targets : ActionTargets

    Raises
    ------
    TypeError, ValueError
        If something in the list is no episode, or the episodes do not fit together.
    """
    if hasattr(X, "iterate_episodes"):
        spaces = X.observation_space, X.action_space
        columns, targets = ObservationColumns(spaces[0]), ActionTargets.from_space(spaces[1])
        episodes = [_from_minari(episode, columns, targets) for episode in X.iterate_episodes()]
        return Episodes.of(episodes), spaces, targets
    episodes = X if isinstance(X, Episodes) else _joined(X)
    actions = episodes.actions
    return episodes, (None, None), ActionTargets.from_arrays(actions, discrete=actions.dtype.kind != "f")


def _joined(episodes):
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


def _from_minari(episode, columns, targets):
    n_steps = len(episode.rewards)
    return Episode(
        np.stack([columns.flatten(_row(episode.observations, t)) for t in range(n_steps + 1)]),
        np.stack([targets.encode(_row(episode.actions, t)) for t in range(n_steps)]),
        episode.rewards,
        bool(episode.terminations[-1]),
        bool(episode.truncations[-1]),
    )


def _row(arrays, t):
    """Return step t of arrays that may be nested in dicts and tuples."""
    if isinstance(arrays, dict):
        return {key: _row(part, t) for key, part in arrays.items()}
    if isinstance(arrays, tuple):
        return tuple(_row(part, t) for part in arrays)
    return arrays[t]
