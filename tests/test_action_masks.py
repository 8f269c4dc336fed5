"""Actions that are not possible are never taken."""

from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from rollouts import fitted_behavior
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent, evaluate_policy
from udrl_sklearn._behavior._discrete import mask_probabilities
from udrl_sklearn._envs._action_masks import joined_masks, read_action_mask
from udrl_sklearn._inspection._episode_runner import EpisodeRunner
from udrl_sklearn.methods import ReturnConditioned

PAIR = spaces.MultiDiscrete([2, 3])


class BoardEnv(gymnasium.Env):
    """Four fields, three moves; the reward is the number of the field. A field that is taken can't be taken again."""

    optimum = 6.0

    def __init__(self, action_space=None, n_masks=100):
        self.observation_space = spaces.MultiBinary(4)
        self.action_space = action_space or spaces.Discrete(4)
        self.n_masks = n_masks

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.is_free = np.ones(4, dtype=bool)
        return self._observe()

    def step(self, action):
        field = self._field(action)
        if not self.is_free[field]:
            raise ValueError(f"field {field} is taken already")
        self.is_free[field] = False
        observation, info = self._observe()
        return observation, float(field), self.is_free.sum() == 1, False, info

    def _field(self, action):
        return int(action) - self.action_space.start

    def _observe(self):
        n_taken = (~self.is_free).sum()
        return self.is_free.astype(np.int8), {"action_mask": self._mask()} if n_taken < self.n_masks else {}

    def _mask(self):
        return self.is_free.astype(np.int8)


class RowAndColumnEnv(BoardEnv):
    """The same with a row and a column; the first row is possible until both of its fields are taken."""

    def __init__(self):
        super().__init__(spaces.MultiDiscrete([2, 2]))

    def _field(self, action):
        return 2 * action[0] + action[1]

    def _mask(self):
        row = 0 if self.is_free[:2].any() else 1
        rows = np.eye(2, dtype=np.int8)[row]
        return rows, self.is_free[2 * row : 2 * row + 2].astype(np.int8)


class SwitchesEnv(BoardEnv):
    """The same with four switches, of which exactly one must be on; the mask fixes each of them."""

    def __init__(self):
        super().__init__(spaces.MultiBinary(4))

    def _field(self, action):
        assert action.sum() == 1
        return int(action.argmax())

    def _mask(self):
        return np.eye(4, dtype=np.int8)[self.is_free.argmax()]


@pytest.mark.parametrize(
    ("space", "mask", "expected"),
    [
        (spaces.Discrete(3), np.array([1, 0, 1], dtype=np.int8), [[True, False, True]]),
        (spaces.Discrete(2, start=5), [False, True], [[False, True]]),
        (PAIR, (np.array([1, 0]), np.array([1, 1, 0])), [[True, False], [True, True, False]]),
        (spaces.MultiDiscrete([[2], [2]]), (([1, 0],), ([0, 1],)), None),
        (spaces.MultiBinary(3), np.array([0, 1, 2]), [[True, False], [False, True], [True, True]]),
    ],
    ids=str,
)
def test_masks_are_read_as_gymnasium_has_them(space, mask, expected):
    if expected is None:  # two axes are nested
        mask = tuple(tuple(np.array(part, dtype=np.int8) for part in parts) for parts in mask)
        expected = [[True, False], [False, True]]
    assert [component.tolist() for component in read_action_mask(mask, space)] == expected


@pytest.mark.parametrize("space", [spaces.Discrete(3, start=2), PAIR, spaces.MultiBinary(2)], ids=str)
def test_a_mask_means_what_it_means_for_samples_of_the_space(space):
    raw = {
        spaces.Discrete: np.array([0, 1, 1], dtype=np.int8),
        spaces.MultiDiscrete: (np.array([0, 1], dtype=np.int8), np.array([1, 0, 1], dtype=np.int8)),
        spaces.MultiBinary: np.array([2, 0], dtype=np.int8),
    }[type(space)]
    space.seed(0)
    start = getattr(space, "start", 0)
    sampled = np.array([space.sample(mask=raw) for _ in range(100)]).reshape(100, -1) - np.ravel(start)
    for column, component in zip(sampled.T, read_action_mask(raw, space), strict=True):
        assert set(column) == set(np.flatnonzero(component))


def test_no_mask_and_continuous_actions_have_none():
    assert read_action_mask(None, spaces.Discrete(2)) is None
    assert read_action_mask(np.ones(3), spaces.Box(-1, 1, (3,))) is None


@pytest.mark.parametrize(
    ("space", "mask", "message"),
    [
        (spaces.Discrete(3), [1, 1], "must have 3 numbers from 0 to 1, got"),
        (spaces.Discrete(3), [1, 2, 0], "must have 3 numbers from 0 to 1, got"),
        (spaces.Discrete(3), [0, 0, 0], "leaves no possible action. End the episode"),
        (PAIR, np.ones(5), "must have 2 and 3 numbers from 0 to 1, got"),
        (PAIR, ([1, 1], [0, 0, 0]), "leaves no possible action"),
        (spaces.MultiBinary(2), [0, 3], "must have 2 numbers from 0 to 2, got"),
    ],
    ids=str,
)
def test_other_masks_are_refused(space, mask, message):
    with pytest.raises(ValueError, match=message):
        read_action_mask(mask, space)


def test_episodes_without_a_mask_may_do_anything():
    labels = [np.arange(2), np.arange(5, 8)]
    mask = [np.array([True, False]), np.array([True, False, False])]
    assert joined_masks([None, None], labels) is None
    assert joined_masks([mask], None) is None
    first, second = joined_masks([mask, None], labels)
    assert first.tolist() == [[True, False], [True, True]]
    assert second.tolist() == [[True, False, False], [True, True, True]]


def test_probabilities_of_possible_actions_keep_their_proportion():
    proba = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [0.2, 0.2, 0.6]])
    mask = np.array([[True, False, True], [False, True, True], [True, True, True]])
    np.testing.assert_allclose(
        mask_probabilities(proba, mask), [[5 / 7, 0, 2 / 7], [0, 0.5, 0.5], [0.2, 0.2, 0.6]], rtol=1e-12
    )


@pytest.mark.parametrize("greedy", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 1.0])
def test_behaviors_take_possible_actions_only(greedy, epsilon, rng):
    behavior = fitted_behavior(n_actions=3)
    X = np.column_stack([rng.normal(size=(90, behavior.heads[0].estimator.n_features_in_ - 2)), np.ones((90, 2))])
    mask = np.eye(3, dtype=bool)[np.arange(90) % 3]
    uniforms = rng.random((90, 1))
    sampled = behavior.sample(X, uniforms, greedy=greedy, epsilon=epsilon, masks=[mask])
    for actions in (sampled, behavior.select_by_power(X, uniforms, 2, [mask]), behavior.predict(X, [mask])):
        np.testing.assert_array_equal(actions, np.arange(90) % 3)


AGENTS = {
    "default": {},
    "updated": {"estimator": GaussianNB()},
    "published": {"estimator": DecisionTreeClassifier(min_samples_leaf=5), "method": ReturnConditioned()},
    "greedy": {"estimator": DecisionTreeClassifier(), "acting": "greedy", "exploration": "greedy", "epsilon": 0.2},
}


@pytest.mark.parametrize("params", AGENTS.values(), ids=AGENTS)
@pytest.mark.parametrize(
    "env", [BoardEnv, partial(BoardEnv, spaces.Discrete(4, start=3)), RowAndColumnEnv, SwitchesEnv]
)
def test_impossible_actions_are_never_tried(env, params):
    agent = UDRLAgent(total_timesteps=300, n_timesteps_per_iter=60, random_state=0, **params).fit(env)
    agent.evaluate(env, n_episodes=5)
    agent.evaluate(env, command=(4, 3), n_episodes=5, deterministic=False)


def test_the_best_possible_actions_are_learned():
    agent = UDRLAgent(total_timesteps=2000, n_timesteps_per_iter=200, random_state=0).fit(BoardEnv)
    assert agent.score(BoardEnv) == BoardEnv.optimum
    assert evaluate_policy(agent.policy(), BoardEnv, n_episodes=3).mean_return == BoardEnv.optimum
    assert 3 < evaluate_policy("random", BoardEnv, n_episodes=100).mean_return < 5


def test_a_loop_of_ones_own_passes_the_mask():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=300, n_timesteps_per_iter=60, random_state=0)
    policy, env = agent.fit(BoardEnv).policy(), BoardEnv()
    observation, _ = env.reset()
    for forbidden in range(4):
        mask = np.arange(4) != forbidden
        assert policy(observation, action_mask=mask) != forbidden
    with pytest.raises(ValueError, match="must have 4 numbers from 0 to 1"):
        policy(observation, action_mask=np.ones(3))
    runner = EpisodeRunner(agent, env)
    while not runner.is_over:
        runner.step()
    assert runner.n_steps == 3


def test_masks_at_some_steps_only_are_refused():
    with pytest.raises(ValueError, match=r'BoardEnv.* gives info\["action_mask"\] at some steps only'):
        UDRLAgent(total_timesteps=100, random_state=0).fit(partial(BoardEnv, n_masks=2))
