"""Environments that were made, for use again and again."""

from copy import deepcopy

from ._environments import describe, make_env
from ._names import action_names, observation_names
from ._spaces import ActionTargets, ObservationColumns


class Place:
    """An environment beside what its spaces mean."""

    def __init__(self, source):
        self.env = make_env(source)
        self.name = describe(source)
        self.action_space = deepcopy(self.env.action_space)  # spaces may be shared, and draw from one generator
        self.columns = ObservationColumns(self.env.observation_space)
        self.targets = ActionTargets.from_space(self.env.action_space)


class EnvPool:
    """Environments that were made, for use again and again until the pool is closed.

    Parameters
    ----------
    sources : list of EnvSource
        Where they come from. An instance that the user made is lent to one episode at a time,
        and left open in the end.
    """

    def __init__(self, sources):
        self.sources = sources
        self._free = [[] for _ in sources]
        self._lent = [[] for _ in sources]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for source, free, lent in zip(self.sources, self._free, self._lent, strict=True):
            if source.instance is None:
                for place in free + lent:
                    place.env.close()
            free.clear()
            lent.clear()

    def spaces(self):
        """Return the observation space and the action space, which all environments must share.

        Raises
        ------
        ValueError
            If they do not.
        """
        known = None
        for index in range(len(self.sources)):
            place = self.lend(index)
            self.take_back(index, place)
            spaces = place.env.observation_space, place.env.action_space
            known = known or spaces
            if spaces != known:
                raise ValueError(
                    f"All environments must have the same spaces; {place.name} has {spaces[0]} and {spaces[1]}, "
                    f"{describe(self.sources[0])} has {known[0]} and {known[1]}."
                )
        return known

    def names(self):
        """Return what the first environment calls the numbers of its observations, and its actions; None if nothing.

        Raises
        ------
        ValueError
            If its metadata has names that do not fit.
        """
        place = self.lend(0)
        self.take_back(0, place)
        return observation_names(place.env, place.columns.n_features), action_names(place.env, place.targets)

    def can_lend(self, index):
        """Tell whether an environment of that source is to be had now."""
        return self.sources[index].instance is None or not self._lent[index]

    def lend(self, index):
        """Return an environment of that source that nobody uses, beside what its spaces mean."""
        place = self._free[index].pop() if self._free[index] else Place(self.sources[index])
        self._lent[index].append(place)
        return place

    def take_back(self, index, place):
        """Take an environment back for the next episode."""
        self._lent[index].remove(place)
        self._free[index].append(place)
