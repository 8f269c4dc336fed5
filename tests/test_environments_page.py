"""Each row of the tables in docs/environments.md, "What an environment may be"."""

import re
from functools import partial
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces, wrappers
from sklearn.tree import DecisionTreeClassifier
from toy_envs import ContinuousMatchEnv, EndlessEnv, MatchEnv, NanEnv, OldGymEnv, SpacesEnv

from udrl_sklearn import UDRLAgent, seeded_envs
from udrl_sklearn.methods import ReturnConditioned

PAGE = Path(__file__).parents[1] / "docs" / "environments.md"
PARAMS = {"total_timesteps": 60, "n_warm_up_episodes": 2, "method": ReturnConditioned(), "random_state": 0}


def fit(env, **params):
    return UDRLAgent(DecisionTreeClassifier(), **PARAMS | params).fit(env)


class Scripted(MatchEnv):
    """Returns a given observation and reward at each step."""

    def __init__(self, observation=0, reward=1.0, observation_space=None):
        super().__init__()
        self.scripted = observation, reward
        self.observation_space = observation_space or self.observation_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.scripted[0], {}

    def step(self, action):
        return *self.scripted, *super().step(action)[2:]

    def reward(self, action):
        return 0.0


class OldInterface(MatchEnv):
    def step(self, action):
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, info


class SeveralAgents(OldGymEnv):
    possible_agents = ("a", "b")


class VectorEnv(OldGymEnv):
    num_envs = 2


class NoSpaces(MatchEnv):
    def __init__(self):
        super().__init__()
        self.action_space = None


class Named(MatchEnv):
    metadata = {"observation_names": ["low", "middle", "high"]}


class CommandNamed(MatchEnv):
    metadata = {"observation_names": ["low", "middle", "desired_horizon"]}


class Masked(MatchEnv):
    """Refuses action 1, and says so before so many of its steps."""

    def __init__(self, n_masks=100):
        super().__init__()
        self.n_masks = n_masks

    def reset(self, *, seed=None, options=None):
        observation, _ = super().reset(seed=seed)
        return observation, {"action_mask": np.array([1, 0, 1], dtype=np.int8)}

    def step(self, action):
        assert action != 1
        *result, info = super().step(action)
        return *result, info | ({"action_mask": [1, 0, 1]} if self.t < self.n_masks else {})


def takes_action_masks():
    agent = fit(Masked)
    assert 1 not in agent.buffer_.episodes.actions
    agent.evaluate(Masked, n_episodes=3)


def takes_ids():
    assert fit("CartPole-v1").n_timesteps_ == fit(gymnasium.spec("CartPole-v1")).n_timesteps_


def takes_functions():
    assert fit(MatchEnv).n_episodes_ == fit(lambda: MatchEnv()).n_episodes_ == 12


def takes_instances():
    env = wrappers.OrderEnforcing(MatchEnv())
    assert fit(env, n_jobs=2).n_episodes_ == 12


def takes_one_instance_many_times():
    env = MatchEnv()
    for shared in ([env] * 4, lambda: env, [env, wrappers.TimeLimit(env, 9)]):
        assert set(fit(shared).buffer_.lengths) == {5}


def takes_lists():
    assert set(fit([MatchEnv, lambda: MatchEnv(length=3)]).buffer_.lengths) == {3, 5}


def takes_seeded_envs():
    assert fit(seeded_envs(MatchEnv, 3)).n_episodes_ == 12


def takes_ids_of_the_script_in_workers():
    gymnasium.register("OfTheScript-v0", entry_point=lambda: MatchEnv())
    try:
        assert fit("OfTheScript-v0", n_jobs=2).n_episodes_ == 12
    finally:
        gymnasium.registry.pop("OfTheScript-v0")


def takes_numbers_of_another_type():
    box = spaces.Box(-1, 1, (2,))
    assert fit(partial(Scripted, [0, 1.0], observation_space=box)).buffer_.episodes.observations[0].tolist() == [0, 1]
    assert fit(partial(Scripted, 2.0)).buffer_.episodes.observations[0].tolist() == [0, 0, 1]
    assert fit(partial(Scripted, np.zeros(2), observation_space=box)).buffer_.episodes.observations.dtype == np.float32


def takes_rewards_in_arrays():
    assert fit(partial(Scripted, reward=np.array([2.0]))).buffer_.returns.tolist() == [10.0] * 12


def takes_names_of_commands():
    space = spaces.Dict({"desired_return": spaces.Box(-1, 1, ())})
    agent = fit(partial(SpacesEnv, space, spaces.Discrete(2)))
    assert agent.feature_names_in_.tolist() == ["observation.desired_return", "desired_return", "desired_horizon"]


def takes_names_in_metadata():
    assert fit(Named).feature_names_in_[0] == "low"
    stacked = fit(lambda: wrappers.FrameStackObservation(Named(), 2))
    assert stacked.feature_names_in_[0].startswith("observation[")


def warns_of_a_memory():
    for wrap in (wrappers.NormalizeObservation, wrappers.NormalizeReward):
        with pytest.warns(UserWarning, match=wrap.__name__):
            fit(lambda wrap=wrap: wrap(SpacesEnv(spaces.Box(-1, 1, (2,)), spaces.Discrete(2))))


def refuses(env, error, message, use=fit):
    with pytest.raises(error, match=message):
        use(env)


def refuses_observations():
    image = spaces.Box(0, 255, (2,), np.uint8)
    pair = spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Discrete(2)})
    values = [(None, None), ("1", None), (3, None), ({"a": 0}, pair), ([0.5, 0], image), (np.array([-1, 0]), image)]
    for value, space in values:
        refuses(partial(Scripted, value, observation_space=space), ValueError, "Expected an observation of")


def refuses_rewards():
    for reward in ([1.0, 2.0], {"a": 1.0}, None, "1"):
        refuses(partial(Scripted, reward=reward), TypeError, "must be one number")


def refuses_other_spaces():
    agent = fit(MatchEnv)
    for use in (agent.score, agent.evaluate):
        refuses(lambda: MatchEnv(n_states=4), ValueError, "The agent was fitted on", use)


class Busy(MatchEnv):
    """Fits an agent in itself while it runs an episode."""

    def step(self, action):
        fit(self)


ROWS = {
    "an id or a spec": takes_ids,
    "a function or a class": takes_functions,
    "an instance": takes_instances,
    "one instance many times": takes_one_instance_many_times,
    "a list of environments": takes_lists,
    "`seeded_envs(...)`": takes_seeded_envs,
    "an id that your script registers": takes_ids_of_the_script_in_workers,
    "numbers of another type": takes_numbers_of_another_type,
    "a reward in an array": takes_rewards_in_arrays,
    "a feature named like a command column": takes_names_of_commands,
    "names in `metadata`": takes_names_in_metadata,
    '`info["action_mask"]`': takes_action_masks,
    "`NormalizeObservation`, `NormalizeReward`": warns_of_a_memory,
    "a vector environment": partial(refuses, VectorEnv(), TypeError, "vector environment"),
    "an environment of several agents": partial(refuses, SeveralAgents(), TypeError, "several agents"),
    "an environment of gym or dm_env": partial(refuses, OldGymEnv(), TypeError, "old gym package"),
    "the old interface in a `gymnasium.Env`": partial(refuses, OldInterface, TypeError, "interface of gymnasium"),
    "no space, or one of another library": partial(refuses, NoSpaces, TypeError, "expected a gymnasium.Space"),
    "an observation space of no fixed size": partial(
        refuses,
        partial(SpacesEnv, spaces.Sequence(spaces.Discrete(2)), spaces.Discrete(2)),
        ValueError,
        "Use a gymnasium.ObservationWrapper",
    ),
    "an action space with parts of several kinds": partial(
        refuses,
        partial(SpacesEnv, spaces.Discrete(2), spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1)])),
        ValueError,
        "Use a gymnasium.ActionWrapper",
    ),
    "an observation that does not fit its space": refuses_observations,
    "a reward that is not one number": refuses_rewards,
    "an action mask at some steps only": partial(refuses, partial(Masked, n_masks=2), ValueError, "at some steps only"),
    "NaN or infinity": partial(refuses, NanEnv, ValueError, "must be finite"),
    "an episode without an end": partial(
        refuses, EndlessEnv, ValueError, "TimeLimit", partial(fit, max_episode_steps=50)
    ),
    "environments with different spaces": partial(
        refuses, [MatchEnv, ContinuousMatchEnv], ValueError, "must have the same spaces"
    ),
    "other spaces than those of the fit": refuses_other_spaces,
    "an instance that is in use elsewhere": partial(
        refuses, Busy(), RuntimeError, "a function that makes a new environment"
    ),
    "the name of a command column in `metadata`": partial(refuses, CommandNamed, ValueError, "taken by commands"),
}


def test_every_row_of_the_tables_is_tested():
    tables = PAGE.read_text(encoding="utf-8").partition("## What an environment may be")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \|", tables, flags=re.MULTILINE)
    assert [row for row in rows if row != "You pass"] == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_row_is_true(row):
    ROWS[row]()
