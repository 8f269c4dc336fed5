"""What a fit with warm_start continues, and what it learns anew when a parameter has another value."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from small_agents import small_agent
from toy_envs import FailingEnv, MatchEnv

from udrl_sklearn._warm_start import continued_learning, get_learning_params, is_same
from udrl_sklearn.methods import AdvantageWeighted, Learned, ReturnConditioned


def fitted(estimator=None, **params):
    params = {"method": AdvantageWeighted(LinearRegression()), "n_updates_per_iter": 5, "batch_size": 64, **params}
    return small_agent(estimator, warm_start=True, total_timesteps=250, **params).fit(MatchEnv)


def network(**params):
    return MLPClassifier((4,), random_state=0, **params)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1e-3, 0.001, True),
        (1e-3, 1e-4, False),
        (1, 1.0, False),
        (1, True, False),
        (0.0, np.bool_(False), False),
        (1, np.int64(1), True),
        (0.5, np.float64(0.5), True),
        (np.bool_(True), True, True),
        ("a", np.str_("a"), True),
        ({"max_features": [1]}, {"max_features": [1.0]}, False),
        ({"a": (1, 0.5)}, {"a": (1, 0.5)}, True),
        ((1, 2), (1, 2, 3), False),
        (None, 0, False),
        (np.nan, float("nan"), True),
        (np.array([1, 2]), np.array([1, 2]), True),
        (np.array([1, 2]), np.array([1, 3]), False),
        (["a", "b"], ["".join("a"), "b"], True),
        (np.random.RandomState(0), np.random.RandomState(0), True),
        (lambda: 0, lambda: 0, False),
        (StandardScaler(), StandardScaler(with_std=False), False),
    ],
)
def test_values_are_the_same_if_equal_or_pickled_alike(one, other, same):
    assert is_same(one, one) and is_same(other, other)
    assert is_same(one, other) is same


LEARNED = Learned(exact="exact", open_ended="open ended", values="values")


@pytest.mark.parametrize(
    ("changes", "continued"),
    [
        ({}, None),
        ({"epsilon": 0.5, "method__gamma": 0.5, "n_updates_per_iter": 3, "random_state": 9}, None),
        ({"estimator__alpha": 0.5}, Learned(values="values")),
        ({"estimator": GaussianNB()}, Learned(values="values")),
        ({"n_updates_per_iter": None}, Learned(values="values")),
        ({"return_scale": 0.5}, Learned(values="values")),
        ({"horizon_scale": 2.0}, Learned(values="values")),
        ({"method": ReturnConditioned()}, Learned()),
    ],
    ids=str,
)
def test_what_continues_depends_on_the_parameters_that_changed(changes, continued):
    agent = small_agent(SGDClassifier(), method=AdvantageWeighted())
    before = get_learning_params(agent)
    assert continued_learning(LEARNED, before, get_learning_params(agent.set_params(**changes))) == continued


def test_nothing_is_learned_anew_before_anything_was_learned():
    now = get_learning_params(small_agent(GaussianNB()))
    assert continued_learning(Learned(), {"random_state": 0}, now) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"estimator__learning_rate_init": 0.005},
        {"estimator__hidden_layer_sizes": (5,)},
        {"return_scale": 1.1},
        {"horizon_scale": 0.9},
    ],
    ids=str,
)
def test_estimator_that_is_updated_is_fitted_anew_once_a_parameter_has_changed(changes):
    agent = fitted(network())
    before = agent.max_estimator_
    assert agent.fit(MatchEnv).max_estimator_ is before
    anew = agent.set_params(**changes).fit(MatchEnv).max_estimator_
    assert anew is not before
    for name, value in changes.items():
        nested = name.removeprefix("estimator__")
        assert nested == name or getattr(anew, nested) == value
    if "estimator__learning_rate_init" in changes:
        assert anew._optimizer.learning_rate_init == 0.005  # set_params does not reach it
    assert agent.fit(MatchEnv).max_estimator_ is anew


def test_estimator_can_be_updated_after_it_was_fitted_anew():
    # A fit knows the actions that occur, and an update needs them all.
    agent = fitted(GaussianNB(), n_updates_per_iter=None, n_warm_up_episodes=1, n_episodes_per_iter=1)
    agent.set_params(n_updates_per_iter=20).fit(MatchEnv)
    continued = agent.max_estimator_
    assert agent.fit(MatchEnv).max_estimator_ is continued
    assert agent.set_params(n_updates_per_iter=None).fit(MatchEnv).max_estimator_ is not continued


def test_unchanged_estimator_is_continued_after_pickling_and_saving(tmp_path):
    agent = fitted(MLPClassifier((4,), random_state=np.random.RandomState(0)))
    agent.save(tmp_path / "agent")
    for copied in (pickle.loads(pickle.dumps(agent)), type(agent).load(tmp_path / "agent")):
        before, rng = copied.max_estimator_, copied.rng_
        copied.fit(MatchEnv)
        assert copied.max_estimator_ is before and copied.rng_ is rng


class LearnsExactCommands(ReturnConditioned):
    """Keeps what it did not learn itself, as `dataclasses.replace` does."""

    def update(self, buffer, learned, fitter, rng):
        exact = super().update(buffer, learned, fitter, rng).exact
        return Learned(exact, learned.open_ended, learned.values)


@pytest.mark.parametrize("method", [ReturnConditioned(), LearnsExactCommands()], ids=["published", "own"])
@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(), GaussianNB()], ids=["fitted", "updated"])
def test_another_method_keeps_nothing_that_it_has_not_learned(method, estimator):
    agent = fitted(estimator)
    agent.set_params(method=method).fit(MatchEnv)
    assert not hasattr(agent, "max_estimator_") and not hasattr(agent, "value_estimator_")
    assert agent.resolve("max") == agent.command_
    assert agent.behavior_.open_ended is None
    exact = agent.estimator_
    is_updated = isinstance(estimator, GaussianNB)
    assert (agent.set_params(method__last_few=5).fit(MatchEnv).estimator_ is exact) == is_updated


def test_size_of_the_replay_buffer_changes_at_once():
    agent = fitted()
    n_episodes, best = agent.n_episodes_, np.sort(agent.buffer_.returns)[-7:]
    agent.set_params(replay_size=7, replay_keep="best", total_timesteps=1).fit(MatchEnv)
    assert len(agent.buffer_) == 7
    assert (np.sort(agent.buffer_.returns) >= best).all()
    assert agent.n_episodes_ > n_episodes
    assert len(agent.set_params(replay_size=None).fit(MatchEnv).buffer_) > 7


def test_another_random_state_seeds_anew():
    def actions(random_state):
        agent = fitted()
        agent.set_params(random_state=random_state).fit(MatchEnv)
        return agent.buffer_.episodes.actions.tolist()

    continued, first, second = actions(0), actions(1), actions(1)
    assert first == second != continued
    assert fitted().fit(MatchEnv).buffer_.episodes.actions.tolist() == continued


def test_refused_fit_keeps_the_buffer():
    agent = fitted()
    n_episodes = len(agent.buffer_)
    with pytest.raises(ValueError, match="With warm_start=True fit continues"):
        agent.set_params(replay_size=3).fit("CartPole-v1")
    assert len(agent.buffer_) == n_episodes


def test_fit_that_ends_before_it_has_learned_keeps_the_behavior_and_learns_anew_later():
    agent = fitted(GaussianNB())
    before = agent.max_estimator_, agent.estimator_
    agent.set_params(estimator__var_smoothing=0.5, n_envs=1)
    with pytest.raises(RuntimeError, match="simulator failed"):
        agent.fit(FailingEnv)
    assert (agent.max_estimator_, agent.estimator_) == before
    assert agent.fit(MatchEnv).max_estimator_.var_smoothing == 0.5


def test_a_parameter_that_is_changed_in_place_is_noticed():
    weights = {0: 1.0, 1: 1.0, 2: 1.0}
    agent = small_agent(SGDClassifier(class_weight=weights), warm_start=True).fit(MatchEnv)
    weights[2] = 1000.0
    assert agent.fit(MatchEnv).max_estimator_.class_weight == weights
