import sys

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import EstimatorCheckFailedWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from udrl_sklearn import UDRLAgent
from udrl_sklearn._behavior._function import BehaviorFunction
from udrl_sklearn.methods import ReturnConditioned
from udrl_sklearn.utils import _agent_checks, estimator_checks
from udrl_sklearn.utils.estimator_checks import (
    agent_checks_generator,
    check_agent,
    method_checks_generator,
    parametrize_with_checks,
)


@parametrize_with_checks(
    [
        UDRLAgent(),
        UDRLAgent(DecisionTreeClassifier()),
        UDRLAgent(DecisionTreeClassifier(), method=ReturnConditioned()),
        UDRLAgent(RandomForestClassifier(n_estimators=10)),
        UDRLAgent(LogisticRegression()),
        UDRLAgent(SGDClassifier()),
        UDRLAgent(GaussianNB()),
        UDRLAgent(DecisionTreeRegressor()),
        UDRLAgent(LinearRegression()),
        UDRLAgent(LinearRegression(), method=ReturnConditioned()),
    ]
)
def test_agent_passes(agent, check):
    check(agent)


class FitReturnsNothing(UDRLAgent):
    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)


class FitAltersParameter(UDRLAgent):
    def fit(self, X, y=None, sample_weight=None):
        self.epsilon = 0.5
        return super().fit(X, y, sample_weight)


class FitsTheUsersEstimator(UDRLAgent):
    def fit(self, X, y=None, sample_weight=None):
        self.estimator.fit([[0.0], [1.0]], [0, 1])
        return super().fit(X, y, sample_weight)


class FitsWithOtherParameters(UDRLAgent):
    """Fits with parameters of its own, and has those of the user again afterwards."""

    def fit(self, X, y=None, sample_weight=None):
        own = self.get_params(deep=False)
        self.set_params(**self.other_params())
        try:
            return super().fit(X, y, sample_weight)
        finally:
            self.set_params(**own)


class IgnoresRandomState(FitsWithOtherParameters):
    def other_params(self):
        return {"random_state": None}


class HasOneRandomState(FitsWithOtherParameters):
    def other_params(self):
        return {"random_state": 0}


class SeedsByWorkers(FitsWithOtherParameters):
    def other_params(self):
        return {"random_state": self.n_jobs or 1}


class FitsTheDefaultEstimator(FitsWithOtherParameters):
    def other_params(self):
        return {"estimator": type(self.estimator)()}


class StartsFromScratch(FitsWithOtherParameters):
    def other_params(self):
        return {"warm_start": False}


class UsesGlobalGenerator(UDRLAgent):
    def fit(self, X, y=None, sample_weight=None):
        np.random.random()
        return super().fit(X, y, sample_weight)


class CountsItsPredictions(UDRLAgent):
    n_predictions = 0

    def predict(self, X):
        self.n_predictions += 1
        return super().predict(X)


class SaysItIsFitted(UDRLAgent):
    def __sklearn_is_fitted__(self):
        return True


class AltersItself(UDRLAgent):
    """Has something wrong with its fitted attributes."""

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.alter()
        return self


class ActsOutOfBounds(AltersItself):
    def alter(self):
        self.behavior_.open_ended.labels = [labels + 5 for labels in self.behavior_.open_ended.labels]


class LearnsTheOpposite(AltersItself):
    def alter(self):
        self.behavior_.open_ended.labels = [labels[::-1] for labels in self.behavior_.open_ended.labels]


class KeepsNestedRecords(AltersItself):
    def alter(self):
        self.history_[-1]["returns"] = self.buffer_.returns.tolist()


class CountsTwice(AltersItself):
    def alter(self):
        self.n_timesteps_ *= 2


class NumbersRecordsFromOne(AltersItself):
    def alter(self):
        for record in self.history_:
            record["iteration"] += 1


class CountsIterationsFromOne(AltersItself):
    def alter(self):
        self.n_iter_ += 1


class TakesAnyColumns(UDRLAgent):
    def predict(self, X):
        return super().predict(np.resize(np.asarray(X, dtype=np.float32), (len(X), self.n_features_in_)))


class SwapsItsBehaviorsInPickle(UDRLAgent):
    def __setstate__(self, state):
        super().__setstate__(state)
        self.behavior_ = BehaviorFunction(self.behavior_.open_ended, self.behavior_.exact)


class ScoresItsBestEpisode(UDRLAgent):
    def score(self, X, y=None, sample_weight=None):
        return self.evaluate(X).returns.max()


class IgnoresOtherSpaces(UDRLAgent):
    def fit(self, X, y=None, sample_weight=None):
        try:
            return super().fit(X, y, sample_weight)
        except ValueError:
            return self


class KeepsOldAttributes(UDRLAgent):
    def fit(self, X, y=None, sample_weight=None):
        before = dict(vars(self))
        super().fit(X, y, sample_weight)
        vars(self).update({name: value for name, value in before.items() if name not in vars(self)})
        return self


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (FitReturnsNothing, "check_fit_returns_self"),
        (FitAltersParameter, "check_fit_keeps_parameters"),
        (FitsTheUsersEstimator, "check_fit_keeps_parameters"),
        (IgnoresRandomState, "check_same_random_state_same_agent"),
        (HasOneRandomState, "check_other_random_state_other_episodes"),
        (UsesGlobalGenerator, "check_global_random_state_untouched"),
        (SeedsByWorkers, "check_n_jobs_changes_nothing"),
        (CountsItsPredictions, "check_acting_changes_nothing"),
        (FitsTheDefaultEstimator, "check_nested_parameter_reaches_fitted_estimator"),
        (SaysItIsFitted, "check_unfitted_raises"),
        (ActsOutOfBounds, "check_actions_in_action_space"),
        (KeepsNestedRecords, "check_history"),
        (CountsTwice, "check_history"),
        (CountsIterationsFromOne, "check_history"),
        (NumbersRecordsFromOne, "check_history"),
        (TakesAnyColumns, "check_feature_columns"),
        (TakesAnyColumns, "check_dataframe_columns"),
        (SwapsItsBehaviorsInPickle, "check_pickle"),
        (ScoresItsBestEpisode, "check_score_is_mean_return"),
        (StartsFromScratch, "check_warm_start_continues"),
        (IgnoresOtherSpaces, "check_warm_start_refuses_other_spaces"),
        (KeepsOldAttributes, "check_fit_resets_other_kinds_of_fit"),
        (LearnsTheOpposite, "check_learns"),
    ],
)
def test_broken_agent_fails_the_check_meant_for_it(broken, check):
    agent = broken(DecisionTreeClassifier())
    with pytest.raises(AssertionError):
        checks_by_name(agent)[check](agent)


def checks_by_name(agent):
    return {check.func.__name__: check for _, check in agent_checks_generator(agent)}


def test_each_check_has_an_agent_that_fails_it():
    (mark,) = test_broken_agent_fails_the_check_meant_for_it.pytestmark
    of_agents = {check.__name__ for check in estimator_checks.checks_of_agent(UDRLAgent(DecisionTreeClassifier()))}
    assert of_agents == {check for _, check in mark.args[1]}


def test_checks_of_an_agent_include_those_of_its_method():
    agent = UDRLAgent(DecisionTreeClassifier(), method=ReturnConditioned())
    of_method = {check.func.__name__ for _, check in method_checks_generator(ReturnConditioned())}
    assert of_method and of_method < checks_by_name(agent).keys()


def test_agent_without_a_nested_parameter_is_excused_from_setting_one():
    assert "check_nested_parameter_reaches_fitted_estimator" not in checks_by_name(UDRLAgent())


class NonDeterministicTree(DecisionTreeClassifier):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags


def test_non_deterministic_estimator_is_excused_from_repeating_itself():
    plain, excused = (
        checks_by_name(UDRLAgent(tree)).keys() for tree in (DecisionTreeClassifier(), NonDeterministicTree())
    )
    assert plain - excused == {
        "check_same_random_state_same_agent",
        "check_n_jobs_changes_nothing",
        "check_acting_changes_nothing",
    }


def leave_one_check(monkeypatch, name):
    check = getattr(_agent_checks, name)
    monkeypatch.setattr(estimator_checks, "checks_of_agent", lambda agent: [check])
    monkeypatch.setattr(estimator_checks, "checks_of_method", lambda agent: [])


@pytest.fixture
def one_check(monkeypatch):
    """Leave a single check, so that a test of `check_agent` itself is quick."""
    leave_one_check(monkeypatch, "check_fit_returns_self")


def test_check_agent_raises_what_the_first_failing_check_raises(one_check):
    with pytest.raises(AssertionError, match=r"FitReturnsNothing\.fit must return self"):
        check_agent(FitReturnsNothing(DecisionTreeClassifier()))


def test_check_agent_warns_of_failures_or_reports_them_alone(one_check):
    agent = FitReturnsNothing(DecisionTreeClassifier())
    with pytest.warns(EstimatorCheckFailedWarning, match="check_fit_returns_self failed"):
        check_agent(agent, on_fail="warn")
    (result,) = check_agent(agent, on_fail=None)
    assert result["estimator"] is agent and isinstance(result["exception"], AssertionError)
    assert (result["check_name"], result["status"]) == ("check_fit_returns_self", "failed")


def test_check_agent_reports_passed_checks(one_check):
    (result,) = check_agent(UDRLAgent(DecisionTreeClassifier()))
    assert result["status"] == "passed" and result["exception"] is None


def test_check_agent_reports_a_skipped_check(monkeypatch):
    leave_one_check(monkeypatch, "check_dataframe_columns")
    monkeypatch.setitem(sys.modules, "pandas", None)
    (result,) = check_agent(UDRLAgent(DecisionTreeClassifier()))
    assert result["status"] == "skipped" and "pandas is not installed" in str(result["exception"])


def test_check_agent_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match='on_fail must be "raise", "warn" or None'):
        check_agent(UDRLAgent(), on_fail="ignore")
    with pytest.raises(TypeError, match="got the class UDRLAgent"):
        check_agent(UDRLAgent)


def test_ids_of_tests_name_agent_and_check():
    mark = parametrize_with_checks([UDRLAgent(DecisionTreeClassifier())])
    agent, check = mark.args[1][0]
    assert mark.kwargs["ids"](agent) == "UDRLAgent(estimator=DecisionTreeClassifier())"
    assert mark.kwargs["ids"](check) == "check_fit_returns_self"
