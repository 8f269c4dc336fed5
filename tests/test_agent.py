"""UDRLAgent on environments whose optimum is known and on real ones: what it learns, and how commands are answered."""

from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from small_agents import small_agent
from toy_envs import BanditEnv, ContinuousMatchEnv, FixedLengthEnv, GridEnv, MatchEnv

from udrl_sklearn import Command, Episode, UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned


@pytest.fixture(scope="module")
def cartpole_agent():
    forest = RandomForestClassifier(30, min_samples_leaf=10)
    return UDRLAgent(forest, total_timesteps=8000, random_state=0).fit("CartPole-v1")


@pytest.mark.parametrize("env", [BanditEnv, MatchEnv])
def test_reaches_the_known_optimum(env):
    agent = small_agent().fit(env)
    assert agent.score(env) == env().optimum


def test_unfitted_ensemble_which_is_falsy_serves_as_value_estimator():
    agent = small_agent(method=AdvantageWeighted(RandomForestRegressor(5, min_samples_leaf=5))).fit(MatchEnv)
    assert type(agent.value_estimator_) is RandomForestRegressor
    assert agent.score(MatchEnv) == MatchEnv().optimum


def test_learns_continuous_actions_close_to_the_optimum():
    agent = small_agent(DecisionTreeRegressor(min_samples_leaf=20)).fit(ContinuousMatchEnv)
    assert agent.history_[0]["mean_return"] < -2  # at random
    assert agent.score(ContinuousMatchEnv) > -0.5


@pytest.mark.slow
def test_learns_pendulum():
    agent = UDRLAgent(total_timesteps=8000, random_state=0).fit("Pendulum-v1")
    assert agent.score("Pendulum-v1") > agent.history_[0]["mean_return"] + 300


@pytest.mark.slow
@pytest.mark.parametrize(
    "env", ["MountainCarContinuous-v0", "Acrobot-v1", "LunarLander-v3", "LunarLanderContinuous-v3", "Hopper-v5"]
)
def test_evaluation_on_real_environments_equals_a_hand_written_loop(env):
    agent = UDRLAgent(total_timesteps=1000, n_warm_up_episodes=2, n_eval_episodes=1, random_state=0).fit(env)
    actions = agent.buffer_.episodes.actions
    assert all(map(agent.action_space_.contains, actions))
    assert agent.buffer_.lengths.max() <= gymnasium.spec(env).max_episode_steps
    low = Command(float(agent.buffer_.returns.min()) - 1, 100.0)
    with SeedRecorder(gymnasium.make(env)) as recorder, gymnasium.make(env) as same:
        evaluation = agent.evaluate(recorder, command=low, n_episodes=1)
        by_hand = returns_in_own_loop(same, agent.policy(low), recorder.seeds)
    assert evaluation.command == low
    np.testing.assert_allclose(evaluation.returns, by_hand)


def test_exact_commands_are_followed_on_cartpole(cartpole_agent):
    desired = [40, 80, 120]
    achieved = [cartpole_agent.evaluate("CartPole-v1", command=r, n_episodes=20).mean_return for r in desired]
    np.testing.assert_allclose(achieved, desired, rtol=0.25)


def test_max_command_gets_high_return_on_cartpole(cartpole_agent):
    assert cartpole_agent.score("CartPole-v1") > 200


def test_desired_return_above_all_achieved_returns_acts_as_max(cartpole_agent):
    impossible = cartpole_agent.evaluate("CartPole-v1", command=1e6, n_episodes=5)
    assert impossible.command == "max"
    np.testing.assert_array_equal(impossible.returns, cartpole_agent.evaluate("CartPole-v1", n_episodes=5).returns)


def test_rare_returns_are_counted_by_steps_not_by_episodes():
    rng = np.random.default_rng(0)
    lengths = [2] * 97 + [100] * 3  # three in a hundred episodes, and more than half of the steps
    episodes = [Episode(rng.normal(size=(n + 1, 2)), rng.integers(2, size=n), np.ones(n)) for n in lengths]
    agent = small_agent().fit(episodes)
    assert agent.policy(command=50).command.desired_return == 50
    assert agent.policy(command=100).command == (0, 0)


def test_published_method_clips_desired_return_to_the_best_achieved():
    agent = small_agent(method=ReturnConditioned()).fit(MatchEnv)
    evaluation = agent.evaluate(MatchEnv, command=(1e6, 5), n_episodes=3)
    assert evaluation.command == Command(agent.buffer_.returns.max(), 5)


class SeedRecorder(gymnasium.Wrapper):
    """Keeps the seeds that it is reset with."""

    def __init__(self, env):
        super().__init__(env)
        self.seeds = []

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        return super().reset(seed=seed, options=options)


def returns_in_own_loop(env, policy, seeds):
    """Return what a policy gets in a loop as a user writes it."""
    returns = []
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        policy.reset()
        start, rewards, over = policy.command, [], False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            policy.update(reward)
            rewards.append(reward)
            over = terminated or truncated
        left = start.desired_return - sum(rewards), max(start.desired_horizon - len(rewards), 1)
        np.testing.assert_allclose(policy.command, left)
        returns.append(sum(rewards))
    return returns


def test_policy_in_a_hand_written_loop_gets_the_returns_of_evaluate(cartpole_agent):
    with SeedRecorder(gymnasium.make("CartPole-v1")) as env:
        evaluation = cartpole_agent.evaluate(env, command=(30, 30), n_episodes=10)
        policy = cartpole_agent.policy(command=(30, 30))
        assert policy.command == Command(30, 30)
        assert evaluation.returns.tolist() == returns_in_own_loop(env, policy, env.seeds[:10])


def test_evaluation_depends_on_its_seed_alone(cartpole_agent):
    first, second, other = (
        cartpole_agent.evaluate("CartPole-v1", command=60, n_episodes=10, seed=s).returns for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


class LuckEnv(FixedLengthEnv):
    """Action 0 pays 2. Action 1 pays 10, and nothing in one of five episodes; the expected returns are 2 and 8."""

    def __init__(self):
        super().__init__(spaces.Discrete(1), spaces.Discrete(2), length=1)

    def reset(self, *, seed=None, options=None):
        self.is_lucky = seed % 5 > 0
        return super().reset(seed=seed)

    def reward(self, action):
        return 2.0 if action == 0 else 10.0 * self.is_lucky


@pytest.mark.parametrize(("weight", "mean_return"), [(0.0, 8), (0.75, 2), (1.0, 2)])
def test_low_command_is_not_answered_by_unlucky_good_actions(weight, mean_return):
    agent = small_agent(method=AdvantageWeighted(expected_return_weight=weight)).fit(LuckEnv)
    assert agent.evaluate(LuckEnv, command=0, n_episodes=200).mean_return == pytest.approx(mean_return, abs=1)
    assert agent.evaluate(LuckEnv, command=8, n_episodes=200).mean_return == pytest.approx(8, abs=1)


@pytest.mark.parametrize("method", [AdvantageWeighted(), ReturnConditioned()])
def test_desired_return_that_few_steps_exceeded_acts_as_max(method):
    episodes = [Episode([[0.0], [0.0]], [i % 2], [float(i)]) for i in range(101)]
    agent = small_agent(method=method).fit(episodes)
    has_max = isinstance(method, AdvantageWeighted)
    assert agent.policy(command=94).command == (94, 1)  # six of 101 achieved more
    assert agent.policy(command=95).command == ((0, 0) if has_max else (95, 1))
    assert agent.policy(command=(500, 3)).command == ((0, 0) if has_max else (100, 3))


def test_best_return_acts_as_max_even_if_every_episode_achieved_it():
    agent = small_agent().fit([Episode([[0.0], [0.0]], [i % 2], [7.0]) for i in range(9)])
    assert agent.policy(command=7).command == (0, 0)
    assert agent.policy(command=6).command == (6, 1)


def test_random_segments_keep_their_achieved_return():
    # The return of a part of an episode depends on its length more than on any action.
    methods = [AdvantageWeighted(segments="random", expected_return_weight=weight) for weight in (0.0, 1.0)]
    agents = [small_agent(method=method).fit(MatchEnv) for method in methods]
    trees = [agent.estimator_.tree_ for agent in agents]
    np.testing.assert_array_equal(trees[0].threshold, trees[1].threshold)


def test_predict_uses_the_clone_for_each_kind_of_command(cartpole_agent):
    observations = np.random.default_rng(0).uniform(-0.2, 0.2, (20, 4))
    exact, open_ended = (np.column_stack([observations, np.full((20, 2), c)]) for c in (50.0, 0.0))
    mixed = np.where(np.arange(20)[:, None] % 2 == 0, exact, open_ended)
    proba = cartpole_agent.predict_proba(mixed)
    np.testing.assert_array_equal(proba[::2], cartpole_agent.predict_proba(exact)[::2])
    np.testing.assert_array_equal(proba[1::2], cartpole_agent.predict_proba(open_ended)[1::2])
    assert not np.array_equal(cartpole_agent.predict_proba(exact), cartpole_agent.predict_proba(open_ended))


def test_methods_are_swapped_and_their_parameters_reached_by_set_params():
    agent = small_agent(method=AdvantageWeighted())
    agent.set_params(method__temperature=0.5, method__value_estimator=RandomForestRegressor(5))
    agent.set_params(method__value_estimator__min_samples_leaf=7).fit(MatchEnv)
    assert agent.value_estimator_.min_samples_leaf == 7
    assert agent.method.temperature == 0.5
    agent.set_params(method=ReturnConditioned()).fit(MatchEnv)
    assert not hasattr(agent, "max_estimator_") and not hasattr(agent, "value_estimator_")
    assert agent.resolve("max") == agent.command_


def test_parameter_of_another_method_is_refused():
    with pytest.raises(TypeError, match="temperature"):
        ReturnConditioned(temperature=0.5)
    with pytest.raises(ValueError, match="Invalid parameter 'temperature' for estimator ReturnConditioned"):
        small_agent(method=ReturnConditioned()).set_params(method__temperature=0.5)


def test_resolve_returns_the_command_that_policy_and_evaluate_use(cartpole_agent):
    for command in ("max", 50, (50, 40), 1e6):
        resolved = cartpole_agent.resolve(command)
        assert cartpole_agent.policy(command).command == resolved
        assert resolved.desired_horizon is not None
    assert cartpole_agent.resolve((50, 40)) == Command(50, 40)


@pytest.mark.parametrize(
    "estimator",
    [QuadraticDiscriminantAnalysis(), make_pipeline(PCA(whiten=True), LogisticRegression())],
    ids=["discriminant analysis", "whitening"],
)
def test_estimators_that_need_variance_learn_max_from_observations_alone(estimator):
    agent = UDRLAgent(estimator, total_timesteps=2000, random_state=0).fit("CartPole-v1")
    assert agent.max_estimator_.n_features_in_ == 4
    assert agent.estimator_.n_features_in_ == agent.n_features_in_ == len(agent.feature_names_in_) == 6
    assert agent.score("CartPole-v1") > 100
    observation = [0.0, 0.0, 0.1, 0.5]
    expected = agent.max_estimator_.predict_proba([observation])
    np.testing.assert_allclose(agent.predict_proba([[*observation, 0, 0]]), expected, rtol=1e-5)


def test_stacking_which_predicts_only_once_it_is_fitted_serves_as_estimator():
    stacking = StackingClassifier([("tree", DecisionTreeClassifier(max_depth=4))], cv=2)
    for estimator in (stacking, GridSearchCV(stacking, {"tree__max_depth": [2, 4]}, cv=2)):
        assert not hasattr(estimator, "predict")
        agent = UDRLAgent(estimator, total_timesteps=1500, random_state=0).fit("CartPole-v1")
        assert agent.predict_proba(np.zeros((1, 6))).shape == (1, 2)
        assert agent.score("CartPole-v1") > 30


@pytest.mark.parametrize("env", [GridEnv, partial(GridEnv, shows_picture=True)], ids=["number", "picture"])
def test_default_agent_finds_the_shortest_way_between_walls(env):
    for seed in range(3):
        agent = UDRLAgent(total_timesteps=3000, n_timesteps_per_iter=400, random_state=seed).fit(env)
        assert agent.score(env) == GridEnv.optimum
