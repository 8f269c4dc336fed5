import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import BanditEnv, ContinuousMatchEnv, MatchEnv
from xgboost import XGBClassifier, XGBRegressor

from udrl_sklearn import UDRLAgent, explain

WITH_PATHS = [
    DecisionTreeClassifier(max_depth=5),
    RandomForestClassifier(5),
    ExtraTreesClassifier(5),
    BaggingClassifier(n_estimators=5, max_features=0.7),
    GradientBoostingClassifier(n_estimators=5),
    HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5),
    AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=5),
]


WITH_SHAPLEY_VALUES = [XGBClassifier(n_estimators=5, n_jobs=1), LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1)]


OTHERS = [LogisticRegression(max_iter=500), KNeighborsClassifier(5)]


REGRESSORS = [
    DecisionTreeRegressor(max_depth=5),
    RandomForestRegressor(5),
    BaggingRegressor(n_estimators=5),
    GradientBoostingRegressor(n_estimators=5),
    HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5),
    XGBRegressor(n_estimators=5, n_jobs=1),
    LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1),
]


def rows(n_classes, n_components=1):
    """Return rows with one feature that never varies, and actions that others tell mostly."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6)).astype(np.float32)
    X[:, 3] = 1.0
    X[:, 5] += 10  # the desired horizon
    noisy = X[:, 0] + X[:, 1] * (X[:, 5] - 10) + 0.3 * rng.normal(size=300)
    y = np.digitize(noisy, np.linspace(-1, 1, n_classes + 1)[1:-1])
    return X, y if n_components == 1 else np.column_stack([y, X[:, 2] > 0]).astype(int)


FOR_TWO_CLASSES = GradientBoostingClassifier(n_estimators=5, loss="exponential")


@pytest.mark.parametrize(
    ("estimator", "n_classes"),
    [
        (FOR_TWO_CLASSES, 2),
        *((estimator, n) for estimator in WITH_PATHS + WITH_SHAPLEY_VALUES + OTHERS for n in (2, 4)),
    ],
    ids=str,
)
def test_contributions_and_base_sum_to_the_probability(estimator, n_classes):
    X, y = rows(n_classes)
    agent = UDRLAgent(estimator, random_state=0).fit(X, y)
    proba = agent.predict_proba(X)
    bases = []
    for action in range(n_classes):
        for row in (0, 1):
            explanation = explain(agent, X[[row], :-2], tuple(X[row, -2:]), actions=[action], background=X)
            others = "permutations" if estimator in OTHERS or estimator is FOR_TWO_CLASSES else "shap"
            assert explanation.method == ("paths" if estimator in WITH_PATHS else others)
            total = explanation.base_values + explanation.contributions.sum(axis=1)
            rounding = 1e-6 if isinstance(estimator, XGBClassifier) else 1e-9  # XGBoost counts in single precision
            np.testing.assert_allclose(total, proba[row, action], atol=rounding)
            np.testing.assert_allclose(explanation.values, total)
            assert explanation.contributions[0, 3] == pytest.approx(0, abs=1e-12)  # this feature never varies
        bases.append(explanation.base_values[0])
    assert sum(bases) == pytest.approx(1)


@pytest.mark.parametrize("estimator", REGRESSORS, ids=str)
@pytest.mark.parametrize("component", [0, 1])
def test_contributions_sum_to_a_continuous_action(estimator, component):
    agent = UDRLAgent(estimator, total_timesteps=400, random_state=0).fit(lambda: ContinuousMatchEnv(n_components=2))
    X, _ = agent.hindsight_rows()
    explanation = explain(agent, X[:40, :-2], "max", component=component)
    predicted = agent.predict(np.hstack([X[:40, :-2], np.zeros((40, 2))]))[:, component]
    assert explanation.method == ("shap" if isinstance(estimator, XGBRegressor | LGBMRegressor) else "paths")
    np.testing.assert_array_equal(explanation.actions, predicted)
    np.testing.assert_allclose(np.clip(explanation.values, -1, 1), predicted, atol=1e-6)
    assert explanation.contributions[:, -2:].tolist() == [[0, 0]] * 40  # "max" is the same command in all rows


def test_tree_contributions_match_a_hand_worked_example():
    # 3 of 8 rows take action 1. Right of 0.5 in feature 0 it is 3 of 4, and there above 0.5 in feature 1 all.
    X = np.array([[0, 0]] * 4 + [[1, 0]] * 2 + [[1, 1]] * 2, dtype=np.float32)
    y = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    agent = UDRLAgent(DecisionTreeClassifier()).fit(np.hstack([X, np.zeros((8, 2))]), y)
    explanation = explain(agent, [[1, 1], [0, 0], [1, 0]], command=(0, 1))
    assert explanation.actions.tolist() == [1, 0, 0]
    np.testing.assert_allclose(explanation.base_values, [3 / 8, 5 / 8, 5 / 8])
    expected = [[3 / 8, 1 / 4, 0, 0], [3 / 8, 0, 0, 0], [-3 / 8, 1 / 4, 0, 0]]
    np.testing.assert_allclose(explanation.contributions, expected)
    assert explanation.to_text().splitlines() == [
        "base value   +0.375",
        "x0           +0.375",
        "x1           +0.250",
        "x2           +0.000",
        "x3           +0.000",
        "action 1     +1.000",
    ]
    assert explanation.to_text(row=2, n_features=1).splitlines()[1:] == [
        "x0           -0.375",
        "all others   +0.250",
        "action 0     +0.500",
    ]


def test_trees_with_unknown_internals_fall_back_to_permutations(monkeypatch):
    def raises(forest):
        raise AttributeError("as in another version of scikit-learn")

    X, y = rows(3)
    agent = UDRLAgent(RandomForestClassifier(5), random_state=0).fit(X, y)
    monkeypatch.setattr("udrl_sklearn._behavior._tree_inference._forest", raises)
    assert explain(agent, X[:2, :-2], tuple(X[0, -2:]), background=X).method == "permutations"


def test_linear_contributions_are_coefficient_times_difference():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5)).astype(np.float32)
    X[:, 4] += 10
    y = X @ [1.0, -2.0, 0.0, 0.5, 3.0]
    agent = UDRLAgent(LinearRegression(), random_state=0).fit(X, y)
    background = X[:1]
    explanation = explain(agent, X[1:9, :-2], tuple(X[1, -2:]), background=background)
    differences = np.hstack([X[1:9, :-2], np.tile(X[1, -2:], (8, 1))]) - background
    np.testing.assert_allclose(explanation.contributions, differences * [1.0, -2.0, 0.0, 0.5, 3.0], atol=1e-4)


def test_each_component_is_explained_separately():
    X, y = rows(3, n_components=2)
    agent = UDRLAgent(RandomForestClassifier(5), random_state=0).fit(X, y)
    for component, proba in enumerate(agent.predict_proba(X[:1])):
        explanation = explain(agent, X[:1, :-2], tuple(X[0, -2:]), component=component)
        assert explanation.values[0] == pytest.approx(proba.max())
        assert explanation.actions[0] == agent.classes_[component][proba.argmax()]


def test_action_missing_from_the_data_has_value_zero_and_no_contributions():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=600, n_timesteps_per_iter=600, random_state=0)
    agent.fit(lambda: BanditEnv(n_arms=200))  # random actions alone, one in each episode
    unseen = min(set(range(200)) - set(agent.hindsight_rows()[1]))
    explanation = explain(agent, [[0.0]], actions=[unseen])
    assert (explanation.values.tolist(), explanation.base_values.tolist()) == ([0], [0])
    assert not explanation.contributions.any()


def test_default_background_is_the_replay_buffer_under_the_same_command():
    agent = UDRLAgent(LogisticRegression(), total_timesteps=500, random_state=0).fit(MatchEnv)
    explanation = explain(agent, np.eye(3), "max")
    assert explanation.actions.tolist() == [0, 1, 2]
    assert explanation.contributions[:, -2:].tolist() == [[0, 0]] * 3
    assert (explanation.contributions[np.arange(3), np.arange(3)] > 0.1).all()
    again = explain(agent, np.eye(3), "max")
    np.testing.assert_array_equal(again.contributions, explanation.contributions)


def test_feature_names_are_those_of_the_agent():
    agent = UDRLAgent(total_timesteps=500, random_state=0).fit(MatchEnv)
    explanation = explain(agent, np.eye(3), 3)
    assert explanation.feature_names.tolist() == agent.feature_names_in_.tolist()
    assert "desired_return" in explanation.to_text()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"observations": np.zeros((1, 5))}, "observations with 3 features, got 5.*without a command"),
        ({"actions": [7]}, r"knows the actions \[0, 1, 2\], got \[7\]"),
        ({"actions": [0, 1]}, "an action for each of the 1 observations"),
        ({"component": 1}, r"1 component\(s\), numbered from 0; got component=1"),
        ({"command": "more"}, "command"),
    ],
)
def test_bad_input_is_refused(params, message):
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=200, random_state=0).fit(MatchEnv)
    with pytest.raises(ValueError, match=message):
        explain(agent, **{"observations": np.zeros((1, 3))} | params)


def test_bad_input_for_certain_agents_is_refused():
    X, y = rows(2)
    with pytest.raises(ValueError, match="background=X"):
        explain(UDRLAgent(LogisticRegression()).fit(X, y), X[:, :-2], (0, 1))
    continuous = UDRLAgent(DecisionTreeRegressor(), total_timesteps=200, random_state=0).fit(ContinuousMatchEnv)
    with pytest.raises(ValueError, match="leave actions=None"):
        explain(continuous, np.zeros((1, continuous.n_features_in_ - 2)), actions=[0])


@pytest.mark.parametrize("estimator", [RandomForestClassifier(5), LogisticRegression()], ids=["paths", "permutations"])
def test_command_contributes_nothing_under_max(estimator):
    agent = UDRLAgent(estimator, total_timesteps=500, n_timesteps_per_iter=100, random_state=0).fit(MatchEnv)
    explanation = explain(agent, np.eye(3))
    assert explanation.contributions.shape == (3, 5)
    np.testing.assert_array_equal(explanation.contributions[:, 3:], 0.0)
    assert np.abs(explanation.contributions[:, :3]).max() > 0.1
    total = explanation.base_values + explanation.contributions.sum(axis=1)
    proba = agent.predict_proba(np.hstack([np.eye(3), np.zeros((3, 2))]))
    np.testing.assert_allclose(total, proba[np.arange(3), explanation.actions])
