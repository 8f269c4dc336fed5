import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from small_agents import small_agent
from toy_envs import MatchEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._scoring import score_actions

Y, PREDICTED, WEIGHTS = [0, 1, 2, 2], np.array([0, 1, 1, 2]), [1.0, 1.0, 2.0, 0.0]
PAIRS = np.array([[0, 1], [2, 0], [1, 1]])


def test_accuracy_and_r2_are_those_of_scikit_learn():
    for weights in (None, WEIGHTS):
        assert score_actions(Y, PREDICTED, weights, discrete=True) == accuracy_score(
            Y, PREDICTED, sample_weight=weights
        )
        assert score_actions(Y, PREDICTED, weights, discrete=False) == r2_score(Y, PREDICTED, sample_weight=weights)


def test_all_components_must_be_right():
    y = np.array([[0, 1], [2, 1], [1, 1]])
    assert score_actions(y, PAIRS, None, discrete=True) == pytest.approx(2 / 3)
    assert score_actions(y.tolist(), PAIRS, [1, 2, 1], discrete=True) == 0.5


@pytest.mark.parametrize(
    ("y", "predicted", "weights", "message"),
    [
        (Y * 2, PREDICTED, None, "inconsistent numbers of samples"),
        (Y[:1], PREDICTED, None, "inconsistent numbers of samples"),
        (Y, PREDICTED, WEIGHTS[:2], r"inconsistent numbers of samples: \[4, 4, 2\]"),
        (["a", "b", "c", "c"], PREDICTED, None, "Mix of label input types"),
        (np.column_stack([Y, Y]), PREDICTED, None, "can't handle a mix"),
        (PAIRS[:2], PAIRS, None, "inconsistent numbers of samples"),
        (PAIRS, PAIRS, [1, 2], "inconsistent numbers of samples"),
        (PAIRS[:, :1], PAIRS, None, r"a column for each component of the actions: \(3, 2\), got \(3, 1\)"),
    ],
)
def test_actions_that_do_not_fit_are_refused(y, predicted, weights, message):
    with pytest.raises(ValueError, match=message):
        score_actions(y, predicted, weights, discrete=True)


@pytest.mark.parametrize("tree", [DecisionTreeClassifier(), DecisionTreeRegressor()], ids=["classifier", "regressor"])
def test_score_on_rows_raises_as_any_estimator(tree):
    X, y = np.random.default_rng(0).normal(size=(10, 4)), [0, 1] * 5
    with pytest.raises(NotFittedError):
        UDRLAgent(tree).score(X, y)
    agent = UDRLAgent(tree, random_state=0).fit(X, y)
    assert agent.score(X, y, np.arange(10)) == 1.0
    for other, lengths in (((y * 2, None), "20, 10"), ((y[:5], None), "5, 10"), ((y, [1.0]), "10, 10, 1")):
        with pytest.raises(ValueError, match=rf"inconsistent numbers of samples: \[{lengths}\]"):
            agent.score(X, *other)
    with pytest.raises(ValueError, match="requires y to be passed"):
        agent.score(X)


def test_score_on_an_environment_takes_no_actions():
    agent = small_agent(total_timesteps=200).fit(MatchEnv)
    for given in ({"y": [0]}, {"sample_weight": [1.0]}):
        with pytest.raises(ValueError, match="y and sample_weight belong to rows"):
            agent.score(MatchEnv, **given)
