import functools

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier
from toy_envs import BanditEnv, ContinuousMatchEnv, EndlessEnv, MatchEnv, SpacesEnv

from udrl_sklearn import Command, UDRLAgent, evaluate_policy, seeded_envs
from udrl_sklearn.methods import ReturnConditioned


@pytest.fixture(scope="module")
def agent():
    return UDRLAgent(DecisionTreeClassifier(max_depth=3), total_timesteps=400, random_state=0).fit(MatchEnv)


def state_as_action(observation):
    """Return the optimal action of MatchEnv."""
    return observation


class EpisodeRecorder(gymnasium.Wrapper):
    """Records the reset seed, the observations and the actions of each episode."""

    def __init__(self, env):
        super().__init__(env)
        self.seeds, self.observations, self.taken = [], [], []

    def reset(self, *, seed=None, options=None):
        observation, info = super().reset(seed=seed, options=options)
        self.seeds.append(seed)
        self.observations.append([observation])
        self.taken.append([])
        return observation, info

    def step(self, action):
        observation, *others = super().step(action)
        self.observations[-1].append(observation)
        self.taken[-1].append(action)
        return observation, *others


def assert_same_evaluation(one, other):
    np.testing.assert_array_equal(one.returns, other.returns)
    np.testing.assert_array_equal(one.lengths, other.lengths)
    assert one.command == other.command


@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("command", ["max", 3.0, (3, 5), Command(2.0, None)], ids=str)
def test_agent_is_evaluated_as_by_its_own_method(agent, command, deterministic):
    params = {"n_episodes": 15, "deterministic": deterministic, "seed": 3}
    evaluation = evaluate_policy(agent, MatchEnv, command=command, **params)
    assert_same_evaluation(evaluation, agent.evaluate(MatchEnv, command=command, **params))
    assert evaluation.command is not None


def test_agent_without_a_command_gets_max(agent):
    evaluation = evaluate_policy(agent, MatchEnv, n_episodes=5)
    assert evaluation.command == "max"
    assert_same_evaluation(evaluation, agent.evaluate(MatchEnv, n_episodes=5))


def test_unfitted_agent_is_refused():
    with pytest.raises(NotFittedError):
        evaluate_policy(UDRLAgent(), MatchEnv)


@pytest.mark.parametrize("command", ["max", (3, 5)], ids=str)
def test_policy_of_an_agent_achieves_what_the_agent_does(agent, command):
    evaluation = evaluate_policy(agent.policy(command), MatchEnv, n_episodes=15, seed=3)
    assert_same_evaluation(evaluation, agent.evaluate(MatchEnv, command=command, n_episodes=15, seed=3))


@pytest.mark.parametrize("method", [None, ReturnConditioned()], ids=str)
def test_exploring_policy_acts_as_the_exploring_agent(method):
    params = {"total_timesteps": 100, "n_timesteps_per_iter": 50, "epsilon": 0.3, "random_state": 0}
    agent = UDRLAgent(DecisionTreeClassifier(), method=method, **params).fit(MatchEnv)
    evaluation = evaluate_policy(agent.policy(deterministic=False), MatchEnv, n_episodes=15)
    assert_same_evaluation(evaluation, agent.evaluate(MatchEnv, n_episodes=15, deterministic=False))
    assert len(set(evaluation.returns)) > 1


def test_policy_is_not_changed_by_its_evaluation(agent):
    policy = agent.policy((3, 5))
    policy.update(1.0)
    expected = policy.command
    evaluation = evaluate_policy(policy, MatchEnv, n_episodes=3)
    assert evaluation.command == policy.initial_command == Command(3.0, 5.0)
    assert policy.command == expected


@pytest.mark.parametrize("make_policy", [lambda agent: agent, lambda agent: agent.policy()], ids=["agent", "policy"])
def test_environment_with_other_spaces_is_refused_to_agents_and_policies(agent, make_policy):
    for action_space in (spaces.Discrete(4), spaces.Discrete(3, start=1)):
        env = functools.partial(SpacesEnv, spaces.Discrete(3), action_space)
        with pytest.raises(ValueError, match=r"fitted on 3 .* Discrete\(3\), and the environment has 3 features"):
            evaluate_policy(make_policy(agent), env)


def test_optimal_function_achieves_the_optimum():
    evaluation = evaluate_policy(state_as_action, functools.partial(MatchEnv, length=7), n_episodes=6)
    assert evaluation.returns.tolist() == [7.0] * 6
    assert evaluation.lengths.tolist() == [7] * 6
    assert evaluation.command is None
    assert repr(evaluation) == "Evaluation(mean_return=7.0, std_return=0.0, n_episodes=6)"


def test_function_gets_observations_as_the_environment_returns_them():
    space = spaces.Dict({"speed": spaces.Box(-1, 1, (2,)), "gear": spaces.Discrete(3)})
    env, received = SpacesEnv(space, spaces.Discrete(2)), []
    evaluate_policy(lambda observation: received.append(observation) or 0, env, n_episodes=2)
    assert len(received) == 10
    assert all(observation in space for observation in received)


def test_function_acts_in_one_episode_at_a_time():
    envs = [EpisodeRecorder(MatchEnv(length=length)) for length in (3, 5)]
    received = []
    evaluate_policy(lambda observation: received.append(observation) or 0, envs, n_episodes=4)
    episodes = [envs[0].observations[0], envs[1].observations[0], envs[0].observations[1], envs[1].observations[1]]
    assert received == [observation for episode in episodes for observation in episode[:-1]]


@pytest.mark.parametrize("action", [np.int64(1), np.array(1), np.array([1]), 1.0, True], ids=repr)
def test_action_of_a_function_may_be_any_form_of_the_same_number(action):
    assert evaluate_policy(lambda observation: action, BanditEnv, n_episodes=3).mean_return == BanditEnv.optimum


def test_continuous_actions_have_the_dtype_and_the_shape_of_the_space():
    env = SpacesEnv(spaces.Box(-1, 1, (2,)), spaces.Box(-1, 1, (2, 1)))  # asserts that actions are in its space
    evaluation = evaluate_policy(lambda observation: [0.25, 0.5], env, n_episodes=2)
    assert evaluation.returns.tolist() == [5 * 0.75] * 2


@pytest.mark.parametrize("action", [3, -1, 0.5, None, "0", [0, 1]], ids=repr)
def test_action_that_the_space_has_not_is_refused(action):
    with pytest.raises(ValueError, match=r"The policy returned the action .*; the action space expects one of"):
        evaluate_policy(lambda observation: action, MatchEnv, n_episodes=1)


@pytest.mark.parametrize("action", [0.5, [0.5], [0.5, 0.5, 0.5]], ids=repr)
def test_action_with_the_wrong_number_of_components_is_refused(action):
    with pytest.raises(ValueError, match="the action space expects 2 numbers"):
        evaluate_policy(lambda observation: action, functools.partial(ContinuousMatchEnv, 2), n_episodes=1)


def test_random_actions_are_uniform():
    env = EpisodeRecorder(MatchEnv(length=50))
    evaluation = evaluate_policy("random", env, n_episodes=60)
    assert evaluation.command is None
    counts = np.bincount(np.ravel(env.taken), minlength=3)
    np.testing.assert_allclose(counts / 3000, 1 / 3, atol=0.03)
    kept = np.diff(env.taken, axis=1) == 0
    assert kept.mean() == pytest.approx(1 / 3, abs=0.03)  # no action is repeated on purpose


def test_random_actions_depend_on_the_seed_alone():
    first, same, other = (evaluate_policy("random", MatchEnv, n_episodes=20, seed=seed) for seed in (0, 0, 1))
    assert_same_evaluation(first, same)
    assert first.returns.tolist() != other.returns.tolist()


class Model:
    """A model with a recurrent state: the number of steps in the episode so far, which is its action."""

    def __init__(self):
        self.calls = []

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        step = 0 if state is None else state
        self.calls.append((observation, state, episode_start.tolist(), deterministic))
        return np.int64(step % 3), step + 1


@pytest.mark.parametrize("deterministic", [True, False])
def test_state_of_a_model_is_passed_on_and_reset_with_each_episode(deterministic):
    model, env = Model(), EpisodeRecorder(MatchEnv(length=4))
    evaluation = evaluate_policy(model, env, n_episodes=3, deterministic=deterministic)
    assert evaluation.command is None
    assert env.taken == [[0, 1, 2, 0]] * 3
    observations, states, starts, passed = zip(*model.calls, strict=True)
    assert list(observations) == [observation for episode in env.observations for observation in episode[:-1]]
    assert list(states) == [None, 1, 2, 3] * 3
    assert list(starts) == [[True], [False], [False], [False]] * 3
    assert set(passed) == {deterministic}


def test_only_the_first_step_starts_an_episode_for_a_model_without_a_state():
    starts = []

    class Stateless:
        def predict(self, observation, state=None, episode_start=None, deterministic=False):
            starts.extend(episode_start.tolist())
            return observation, None

    assert evaluate_policy(Stateless(), MatchEnv, n_episodes=2).mean_return == MatchEnv().optimum
    assert starts == [True, False, False, False, False] * 2


class NoPair:
    """A model that does not return a pair."""

    def __init__(self, result):
        self.result = result

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return self.result


@pytest.mark.parametrize("result", [0, np.array([0, 1]), [0, None], (0,), (0, None, None)], ids=repr)
def test_model_that_returns_no_pair_is_refused_with_advice(result):
    with pytest.raises(TypeError, match=r"predict of NoPair must return a pair .* pass a function of an observation"):
        evaluate_policy(NoPair(result), MatchEnv, n_episodes=1)


def test_wrong_action_of_a_model_is_refused():
    with pytest.raises(ValueError, match="The policy returned the action 9"):
        evaluate_policy(NoPair((9, None)), MatchEnv, n_episodes=1)


@pytest.mark.parametrize("command", ["max", 3.0, (3, 5)], ids=str)
@pytest.mark.parametrize("policy", [state_as_action, Model(), "random"], ids=["function", "model", "random"])
def test_command_for_a_policy_that_takes_none_is_refused(policy, command):
    with pytest.raises(ValueError, match=r"Only an agent takes a command\. Leave command=None"):
        evaluate_policy(policy, MatchEnv, command=command)


def test_command_for_a_policy_with_a_command_of_its_own_is_refused(agent):
    with pytest.raises(ValueError, match="Only an agent takes a command"):
        evaluate_policy(agent.policy((3, 5)), MatchEnv, command=(3, 5))


@pytest.mark.parametrize(
    "policy",
    [None, 3, "rnd", [0, 1], MatchEnv(), UDRLAgent, Model, LinearRegression, LinearRegression()],
    ids=["None", "number", "other word", "list", "environment", "agent class", "model class", "class", "estimator"],
)
def test_objects_that_do_not_act_are_refused(policy):
    message = r"policy must be a fitted UDRLAgent, a Policy, a function .*\. For any other model pass a function"
    with pytest.raises(TypeError, match=message):
        evaluate_policy(policy, MatchEnv, n_episodes=1)


def policies(agent):
    return [agent, agent.policy(), agent.policy((3, 5)), state_as_action, Model(), "random"]


@pytest.mark.parametrize("seed", [0, 7])
def test_every_policy_gets_the_episodes_of_agent_evaluate(agent, seed):
    env = EpisodeRecorder(MatchEnv())
    agent.evaluate(env, n_episodes=4, seed=seed)
    expected = env.seeds
    assert len(set(expected)) == 4
    for policy in policies(agent):
        env = EpisodeRecorder(MatchEnv())
        evaluate_policy(policy, env, n_episodes=4, seed=seed)
        assert env.seeds == expected


def test_environments_of_a_list_get_episodes_in_turn(agent):
    envs = [functools.partial(MatchEnv, length=length) for length in (2, 5)]
    for policy in policies(agent):
        assert evaluate_policy(policy, envs, n_episodes=5).lengths.tolist() == [2, 5, 2, 5, 2]


def test_seeded_environments_start_as_for_an_agent(agent):
    envs = seeded_envs(MatchEnv, 2, seed=5)
    assert_same_evaluation(
        evaluate_policy(agent.policy(), envs, n_episodes=6), agent.evaluate(envs, command="max", n_episodes=6)
    )


def test_endless_episode_is_refused_with_advice():
    with pytest.raises(ValueError, match="has not ended after max_episode_steps=30 steps"):
        evaluate_policy("random", EndlessEnv, n_episodes=1, max_episode_steps=30)


@pytest.mark.parametrize("policy", [state_as_action, Model(), "random"], ids=["function", "model", "random"])
def test_factories_are_closed_and_instances_left_open(policy):
    closed = []

    class ClosingEnv(MatchEnv):
        def close(self):
            closed.append(self)

    instance = ClosingEnv()
    evaluate_policy(policy, [ClosingEnv, instance], n_episodes=4)
    assert len(closed) == 1 and closed[0] is not instance


@pytest.mark.parametrize(("env_id", "algorithm"), [("CartPole-v1", "DQN"), ("Pendulum-v1", "PPO")])
def test_model_of_stable_baselines3_is_evaluated_as_by_hand(env_id, algorithm):
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    model = getattr(stable_baselines3, algorithm)("MlpPolicy", env_id, device="cpu", seed=0)
    with EpisodeRecorder(gymnasium.make(env_id)) as env, gymnasium.make(env_id) as same:
        evaluation = evaluate_policy(model, env, n_episodes=3)
        for seed, mean_return, actions in zip(env.seeds, evaluation.returns, env.taken, strict=True):
            observation, _ = same.reset(seed=seed)
            rewards = []
            for action in actions:
                np.testing.assert_array_equal(action, model.predict(observation, deterministic=True)[0])
                observation, reward, *ends, _ = same.step(action)
                rewards.append(reward)
            assert any(ends)
            assert sum(rewards) == pytest.approx(mean_return)
    assert evaluation.command is None
