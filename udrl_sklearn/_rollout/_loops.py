"""Loops: episodes in which the same observations come again and again."""

import numpy as np

# An episode is caught in a loop once its observations have repeated for so many steps, and for so many rounds.
MIN_LOOP_STEPS = 20
MIN_LOOP_ROUNDS = 2


class LoopDetector:
    """Tells when an episode is caught in a loop: its latest observations repeat exactly, with one period.

    Two states that alternate, or a wall before which the observation stays the same, are such loops. An episode is out
    of it with the first observation that it has not seen before. Chance breaks the period, so an environment with few
    states and random transitions is hardly ever taken for a loop.

    Examples
    --------
    >>> import numpy as np
    >>> loops = LoopDetector()
    >>> [loops.step(np.array([position])) for position in [0, 1, 2] + [3] * 30].index(True)
    23
    """

    def __init__(self) -> None:
        self._n_steps = 0
        self._last_visits: dict[int, int] = {}
        self._period = 0
        self._n_repeated = 0
        self._is_caught = False

    def step(self, observation: np.ndarray) -> bool:
        """Add the observation of a step, and tell whether the episode is caught in a loop.

        Parameters
        ----------
        observation : ndarray of shape (n_features,)
            Flattened.

        Returns
        -------
        is_caught : bool
        """
        key = hash((observation + 0).tobytes())  # not -0.0; and the bytes of many pictures would fill the memory
        period = self._n_steps - self._last_visits.get(key, self._n_steps)  # 0 for a new observation
        self._n_repeated = self._n_repeated + 1 if period == self._period else 1
        self._period = period
        self._last_visits[key] = self._n_steps
        self._n_steps += 1
        has_repeated = self._n_repeated >= max(MIN_LOOP_STEPS, MIN_LOOP_ROUNDS * period)
        self._is_caught = period > 0 and (self._is_caught or has_repeated)
        return self._is_caught
