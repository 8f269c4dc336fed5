import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import FixedLengthEnv, MatchEnv

from udrl_sklearn import DecisionMapDisplay, Episode, UDRLAgent, distill, explain
from udrl_sklearn.methods import ReturnConditioned

KNOWN = [
    "CartPole-v1",
    "Acrobot-v1",
    "MountainCar-v0",
    "MountainCarContinuous-v0",
    "Pendulum-v1",
    "LunarLander-v3",
    "LunarLanderContinuous-v3",
]


class NamedEnv(MatchEnv):
    """Has names for its three states and actions in its metadata."""

    metadata = {"observation_names": ["low", "middle", "high"], "action_names": ["sink", "stay", "rise"]}


def train_briefly(env, **params):
    actions = (env() if callable(env) else gymnasium.make(env) if isinstance(env, str) else env).action_space
    kind = DecisionTreeRegressor if isinstance(actions, spaces.Box) else DecisionTreeClassifier
    params = {
        "total_timesteps": 200,
        "n_warm_up_episodes": 2,
        "method": ReturnConditioned(),
        "random_state": 0,
    } | params
    return UDRLAgent(kind(min_samples_leaf=5), **params).fit(env)


@pytest.mark.parametrize("env_id", KNOWN)
def test_known_environments_have_names(env_id):
    agent = train_briefly(env_id)
    *names, _, _ = agent.feature_names_in_
    assert len(set(names)) == len(names) == agent.n_features_in_ - 2
    assert not any("observation" in name for name in names)
    assert not any("action" in name for name in agent.action_names_)


def test_names_match_the_columns_and_actions():
    # The numbers as gymnasium computes them, from the state that it documents.
    with gymnasium.make("Acrobot-v1") as env:
        observation, _ = env.reset(seed=0)
        angles = env.unwrapped.state[:2]
    observed = dict(zip(train_briefly("Acrobot-v1").feature_names_in_, observation, strict=False))
    np.testing.assert_allclose(
        [observed["cos_angle_1"], observed["sin_angle_2"]], [np.cos(angles[0]), np.sin(angles[1])]
    )
    agent = train_briefly("LunarLander-v3")
    with gymnasium.make("LunarLander-v3") as env:
        env.reset(seed=0)
        before = env.unwrapped.lander.linearVelocity.y
        observation, *_ = env.step(agent.action_names_.index("main engine"))
        assert env.unwrapped.lander.linearVelocity.y > before
        observed = dict(zip(agent.feature_names_in_, observation, strict=False))
        assert np.sign(observed["angular_velocity"]) == np.sign(env.unwrapped.lander.angularVelocity)


def test_names_from_env_metadata_are_used_everywhere():
    agent = train_briefly(NamedEnv)
    assert agent.feature_names_in_.tolist() == ["low", "middle", "high", "desired_return", "desired_horizon"]
    assert agent.action_names_ == ["sink", "stay", "rise"]
    explanation = explain(agent, np.eye(3), command=5)
    assert explanation.action_names == [agent.action_names_[action] for action in explanation.actions]
    assert explanation.to_text(row=0).splitlines()[-1].startswith(explanation.action_names[0])
    text = distill(agent, NamedEnv, command=5, n_rounds=1, n_episodes=5, n_eval_episodes=5).to_text()
    assert "class: sink" in text
    assert "low" in text
    display = DecisionMapDisplay.from_estimator(agent, ("low", "high"), command=5, grid_resolution=3)
    assert display.labels == ["sink", "stay", "rise"]


def test_unknown_environments_get_default_names():
    agent = train_briefly(MatchEnv)
    assert agent.feature_names_in_[0] == "observation==0"
    assert agent.action_names_ == ["action 0", "action 1", "action 2"]


def test_each_component_has_its_own_list_of_names():
    agent = train_briefly(FixedLengthEnv(spaces.Box(0, 1, (1,)), spaces.MultiDiscrete([2, 3], start=[0, 5])))
    assert agent.action_names_ == [["action 0", "action 1"], ["action 5", "action 6", "action 7"]]
    assert explain(agent, [[0.5]], command=5, component=1).action_names[0] in agent.action_names_[1]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: gymnasium.wrappers.TransformObservation(env, lambda x: x[::-1], env.observation_space),
        lambda env: gymnasium.wrappers.FrameStackObservation(env, 2),
    ],
    ids=["observations in another order", "more of them"],
)
def test_names_are_dropped_if_a_wrapper_changes_observations(wrap):
    agent = train_briefly(lambda: wrap(gymnasium.make("CartPole-v1")))
    assert all(name.startswith("observation[") for name in agent.feature_names_in_[:-2])
    assert agent.action_names_ == ["push left", "push right"]


def test_names_are_dropped_if_a_wrapper_changes_actions():
    def reverse(env):
        return gymnasium.wrappers.TransformAction(env, lambda action: 1 - action, env.action_space)

    agent = train_briefly(lambda: reverse(gymnasium.make("CartPole-v1")))
    assert agent.action_names_ == ["action 0", "action 1"]
    assert agent.feature_names_in_[2] == "pole_angle"


def register(env_id, entry_point, **params):
    """Return a function that makes what is registered under an id of gymnasium for a moment."""

    def make():
        before = gymnasium.registry[env_id]
        try:
            gymnasium.register(env_id, entry_point=entry_point, **params)
            return gymnasium.make(env_id)
        finally:
            gymnasium.registry[env_id] = before

    return make


@pytest.mark.filterwarnings("ignore:.*Overriding environment")
@pytest.mark.parametrize("n_features", [3, 4])
def test_names_of_an_id_are_not_those_of_another_environment_under_it(n_features):
    def entry_point():
        return FixedLengthEnv(spaces.Box(-1, 1, (n_features,)), spaces.Discrete(2))

    agent = train_briefly(register("CartPole-v1", entry_point))
    assert agent.feature_names_in_[:2].tolist() == ["observation[0]", "observation[1]"]
    assert agent.action_names_ == ["action 0", "action 1"]


@pytest.mark.filterwarnings("ignore:.*Overriding environment")
def test_names_are_those_of_the_class_under_any_id():
    make = register("CartPole-v1", "gymnasium.envs.classic_control:MountainCarEnv", max_episode_steps=50)
    agent = train_briefly(make)
    assert agent.feature_names_in_[:2].tolist() == ["position", "velocity"]


def test_names_are_kept_if_a_wrapper_scales_each_column():
    def wrap():
        env = gymnasium.wrappers.TransformReward(gymnasium.make("CartPole-v1"), lambda reward: 2 * reward)
        return gymnasium.wrappers.DtypeObservation(env, np.float64)

    assert train_briefly(wrap).feature_names_in_[0] == "cart_position"


class NarrowWrapper(gymnasium.ObservationWrapper):
    """Shows two of three numbers."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = spaces.Box(0, 1, (2,))

    def observation(self, observation):
        return np.array([observation == 0, observation == 1], dtype=np.float32)


class NarrowNamedWrapper(NarrowWrapper):
    metadata = {"observation_names": ["is low", "is middle"]}


class MisnamedWrapper(NarrowWrapper):
    metadata = {"observation_names": ["is low"]}


class FewerActions(gymnasium.ActionWrapper):
    def __init__(self, env):
        super().__init__(env)
        self.action_space = spaces.Discrete(2)

    def action(self, action):
        return action


def test_names_in_the_metadata_of_an_environment_are_not_those_of_a_wrapper_with_other_spaces():
    agent = train_briefly(lambda: FewerActions(NarrowWrapper(NamedEnv())))
    assert agent.feature_names_in_[:2].tolist() == ["observation[0]", "observation[1]"]
    assert agent.action_names_ == ["action 0", "action 1"]


def test_names_in_the_metadata_of_a_wrapper_are_used_and_checked():
    agent = train_briefly(lambda: gymnasium.wrappers.TimeLimit(NarrowNamedWrapper(NamedEnv()), 3))
    assert agent.feature_names_in_[:2].tolist() == ["is low", "is middle"]
    with pytest.raises(ValueError, match="expected 2 different names"):
        train_briefly(lambda: MisnamedWrapper(NamedEnv()))


def test_feature_with_the_name_of_a_command_gets_another_one():
    goal = spaces.Dict({"desired_return": spaces.Box(-1, 1, ()), "speed": spaces.Box(-1, 1, ())})
    agent = train_briefly(lambda: FixedLengthEnv(goal, spaces.Discrete(2)))
    names = ["observation.desired_return", "speed", "desired_return", "desired_horizon"]
    assert agent.feature_names_in_.tolist() == names


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"observation_names": ["low", "high"]}, r"observation_names=\['low', 'high'\]; expected 3 different names"),
        ({"action_names": ["stay", "stay", "rise"]}, "expected 3 different names"),
        ({"observation_names": ["low", "high", "desired_return"]}, "are taken by commands"),
    ],
)
def test_wrong_names_are_refused(metadata, message):
    env = MatchEnv()
    env.metadata = metadata
    with pytest.raises(ValueError, match=message):
        train_briefly(env)


def test_warm_start_on_episodes_keeps_names_and_spaces():
    agent = train_briefly(NamedEnv, warm_start=True)
    space = agent.action_space_
    agent.fit([Episode(np.eye(3)[[0, 1, 2]], actions=[0, 1], rewards=[1.0, 1.0])])
    assert agent.feature_names_in_[0] == "low"
    assert agent.action_names_ == ["sink", "stay", "rise"]
    assert agent.action_space_ == space
    assert agent.classes_.tolist() == [0, 1, 2]


def test_logged_actions_outside_the_action_space_are_refused():
    agent = train_briefly(NamedEnv, warm_start=True)
    before = agent.n_episodes_
    with pytest.raises(ValueError, match=r"Component 0 .* has the actions \[0, 1, 2\]; the episodes have \[7\] too"):
        agent.fit([Episode(np.eye(3)[[0, 1, 2]], actions=[0, 7], rewards=[1.0, 1.0])])
    assert agent.n_episodes_ == before


def test_names_are_not_shared_between_agents():
    train_briefly("CartPole-v1").action_names_.reverse()
    assert train_briefly("CartPole-v1").action_names_ == ["push left", "push right"]


class NamedByLabel(MatchEnv):
    metadata = {"action_names": {2: "right", 0: "left", 1: "stay"}}


def test_names_may_be_a_dict_from_labels_to_names():
    agent = UDRLAgent(DecisionTreeClassifier(), method=ReturnConditioned(), total_timesteps=60).fit(NamedByLabel)
    assert agent.action_names_ == ["left", "stay", "right"]
