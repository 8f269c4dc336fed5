"""The replay buffer: whole episodes in, whole episodes out."""

import numpy as np

from ._episodes import Episode


class ReplayBuffer:
    """Episodes in the order in which they were lived through.

    Parameters
    ----------
    max_episodes : int or None, default=None
        How many episodes to keep; None keeps all.
    keep : {"recent", "best"}, default="recent"
        Which ones to keep when there are more: the newest, or those with the highest return
        (of equal ones the newest).
    """

    def __init__(self, max_episodes: int | None = None, keep: str = "recent"):
        self.max_episodes = max_episodes
        self.keep = keep
        self.episodes: list[Episode] = []

    def __len__(self):
        return len(self.episodes)

    @property
    def n_timesteps(self) -> int:
        """Number of steps of all episodes in the buffer."""
        return sum(map(len, self.episodes))

    @property
    def returns(self) -> np.ndarray:
        """Return of each episode: ndarray of shape (n_episodes,)."""
        return np.array([episode.total_return for episode in self.episodes])

    @property
    def lengths(self) -> np.ndarray:
        """Number of steps of each episode: ndarray of shape (n_episodes,)."""
        return np.array([len(episode) for episode in self.episodes], dtype=np.intp)

    def add(self, episodes: list[Episode]) -> None:
        """Add episodes, and drop what is over `max_episodes`."""
        self.episodes.extend(episodes)
        if self.max_episodes is None or len(self) <= self.max_episodes:
            return
        if self.keep == "best":
            self.episodes = self.best(self.max_episodes)
        else:
            self.episodes = self.episodes[-self.max_episodes :]

    def best(self, n_episodes: int) -> list[Episode]:
        """Return the `n_episodes` with the highest returns, oldest first."""
        newest_first = np.argsort(-self.returns[::-1], kind="stable")[:n_episodes]
        return [self.episodes[i] for i in np.sort(len(self) - 1 - newest_first)]

    def recent(self, n_timesteps: int | None) -> list[Episode]:
        """Return the newest episodes that have at least `n_timesteps` steps together, oldest first.

        With None, or with fewer steps in the buffer, all episodes are returned.
        """
        if n_timesteps is None:
            return list(self.episodes)
        steps_back = np.cumsum(self.lengths[::-1])
        n_episodes = int(np.searchsorted(steps_back, n_timesteps)) + 1
        return self.episodes[-n_episodes:]

    def __getstate__(self):
        state = self.__dict__.copy()
        state["episodes"] = _pack(self.episodes)
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.episodes = _unpack(state["episodes"])


def _pack(episodes):
    """Put all episodes into a few long arrays, so that a file of them has few parts."""
    if not episodes:
        return None
    return {
        "lengths": np.array([len(e) for e in episodes]),
        "observations": np.concatenate([e.observations for e in episodes]),
        "actions": np.concatenate([e.actions for e in episodes]),
        "rewards": np.concatenate([e.rewards for e in episodes]),
        "terminated": np.array([e.terminated for e in episodes]),
        "truncated": np.array([e.truncated for e in episodes]),
    }


def _unpack(packed):
    if packed is None:
        return []
    ends = np.cumsum(packed["lengths"])
    observations = np.split(packed["observations"], (ends + np.arange(1, len(ends) + 1))[:-1])
    steps = (np.split(packed[name], ends[:-1]) for name in ("actions", "rewards"))
    flags = (packed[name].tolist() for name in ("terminated", "truncated"))
    return [Episode(*parts) for parts in zip(observations, *steps, *flags, strict=True)]
