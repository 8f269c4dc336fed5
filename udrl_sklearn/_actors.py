"""Actors: what chooses actions in rollouts, greedy, by turns, exploring or at random.

An actor acts in several places at once. A place is where an episode takes place: an environment that is lent by the
pool, or a policy in the user's own loop.
"""

from copy import copy

import numpy as np

from ._behavior import design_matrix

# An observation counts as the same as the one before if no feature differs by more than this part of its spread.
UNCHANGED = 0.02


class Actor:
    """Acts as a behavior function says.

    Parameters
    ----------
    behavior : DiscreteBehavior or ContinuousBehavior
        Fitted.
    exploration : Exploration or None, default=None
        How actions are drawn; None takes the best.
    """

    def __init__(self, behavior, exploration=None):
        self.behavior = behavior
        self.exploration = exploration
        self._before = {}

    @property
    def n_uniforms(self):
        """How many random numbers one action needs: those of the behavior function, and one to keep them or not."""
        return 0 if self.exploration is None else self.behavior.n_uniforms + 1

    def begin(self, place, rng):
        """Forget what was drawn in a place before."""
        self._before.pop(place, None)

    def choose(self, places, observations, commands, uniforms):
        """Return an action for each place."""
        X = design_matrix(observations, commands)
        if self.exploration is None:
            return places[0].targets.decode(self.behavior.predict(X))
        uniforms = self._keep(places, observations, uniforms[:, :-1], uniforms[:, -1])
        return places[0].targets.decode(self.behavior.sample(X, uniforms, self.exploration))

    def _keep(self, places, observations, uniforms, coins):
        """Return the random numbers for each place: those of the step before where nothing changed, mostly."""
        if self.exploration.persistence == 0:
            return uniforms
        n_features = observations.shape[1]
        unknown = np.full(n_features + uniforms.shape[1], np.nan)  # and so never the same
        before = np.array([self._before.get(place, unknown) for place in places])
        changes = np.abs(observations - before[:, :n_features])
        unchanged = (changes <= UNCHANGED * self.behavior.observation_spread).all(axis=1)
        kept = unchanged & (coins < self.exploration.persistence)
        uniforms = np.where(kept[:, None], before[:, n_features:], uniforms)
        self._before.update(zip(places, np.hstack([observations, uniforms]), strict=True))
        return uniforms

    def compact(self):
        """Return what acts the same, and takes little room on its way to a worker."""
        return Actor(self.behavior.compact(), self.exploration)


class TurnsActor:
    """Lets actions take turns: each as often as it is probable, as evenly spread over the steps as can be.

    No chance is in it, and in an episode its actions come out as often as if they were drawn, with less irregularity.

    Parameters
    ----------
    behavior : DiscreteBehavior or ContinuousBehavior
        Fitted. A continuous one is asked for its prediction, which nothing takes turns with.
    power : float
        Turns are in proportion to this power of the probability: with 1 the behavior function is imitated, and the
        higher, the more often comes the most probable action.
    """

    n_uniforms = 0

    def __init__(self, behavior, power):
        self.behavior = behavior
        self.power = power
        self._n_steps = {}

    def begin(self, place, rng):
        """Start the count of steps in a place."""
        self._n_steps[place] = 0

    def choose(self, places, observations, commands, uniforms):
        """Return an action for each place."""
        n_steps = np.array([self._n_steps[place] for place in places])
        self._n_steps.update(zip(places, (n_steps + 1).tolist(), strict=True))
        even = evenly_spread(n_steps, self.behavior.n_uniforms)
        X = design_matrix(observations, commands)
        return places[0].targets.decode(self.behavior.take_turns(X, even, self.power))

    def compact(self):
        """Return what acts the same, and takes little room on its way to a worker."""
        return TurnsActor(self.behavior.compact(), self.power)


def evenly_spread(indices, n_dimensions):
    """Return numbers in [0, 1) that fill the unit cube evenly, however many of them are taken.

    The additive recurrence with powers of a generalized golden ratio, the root of x^(d+1) = x + 1: M. Roberts, "The
    Unreasonable Effectiveness of Quasirandom Sequences", 2018.

    Parameters
    ----------
    indices : ndarray of shape (n,)
        Which numbers of the sequence.
    n_dimensions : int
        Dimensions d of the cube.

    Returns
    -------
    numbers : ndarray of shape (n, n_dimensions)
    """
    ratio = 2.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (n_dimensions + 1))
    return (0.5 + np.outer(indices, ratio ** -np.arange(1.0, n_dimensions + 1))) % 1


class RandomActor:
    """Acts as the action space samples; in half of the episodes, drawn by lot, its actions last for a while.

    Parameters
    ----------
    persistence : float, default=0.0
        Probability of taking the last action once more in these, rather than drawing a new one.
    """

    n_uniforms = 1

    def __init__(self, persistence=0.0):
        self.persistence = persistence
        self._persistence, self._last = {}, {}

    def begin(self, place, rng):
        """Seed the action space of a place, and draw its first action."""
        # Not by the reset seed: with one seed the space would draw the very numbers that the environment draws.
        place.action_space.seed(int(rng.integers(2**31)))
        self._persistence[place] = self.persistence * rng.integers(2)
        self._last[place] = place.action_space.sample()

    def choose(self, places, observations, commands, uniforms):
        """Return an action for each place."""
        for place, uniform in zip(places, uniforms[:, 0], strict=True):
            if uniform >= self._persistence[place]:
                self._last[place] = place.action_space.sample()
        return [copy(self._last[place]) for place in places]

    def compact(self):
        """Return one that knows no places, which stay in this process."""
        return RandomActor(self.persistence)
