import warnings

import numpy as np
import pytest
from catboost import CatBoostClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from udrl_sklearn._behavior._precision import rounds_features, warn_of_rounding
from udrl_sklearn.nets import behavior_net

SECONDS = 1.7e9 + np.tile([[0.0, 0.0], [1.0, 0.0]], (5, 1))  # two values in the first column
ROUNDING = [
    DecisionTreeClassifier(),
    RandomForestClassifier(),
    GradientBoostingClassifier(),
    AdaBoostClassifier(),
    BaggingClassifier(),
    MultiOutputRegressor(DecisionTreeRegressor()),
    behavior_net(),
]
EXACT = [
    HistGradientBoostingClassifier(),
    KNeighborsClassifier(),
    BaggingClassifier(KNeighborsClassifier()),
    make_pipeline(StandardScaler(), DecisionTreeClassifier()),
    make_pipeline(StandardScaler(), behavior_net()),
]


@pytest.mark.parametrize("estimator", ROUNDING, ids=lambda estimator: type(estimator).__name__)
def test_warning_names_the_column_that_loses_precision(estimator):
    with pytest.warns(UserWarning, match=r"'time' loses precision: \w+ rounds .* 2 different values become 1"):
        assert warn_of_rounding(estimator, SECONDS, ["time", "zero"])


@pytest.mark.parametrize("estimator", EXACT, ids=lambda estimator: type(estimator).__name__)
def test_no_warning_where_the_estimator_gets_double_precision(estimator):
    assert not rounds_features(estimator)
    assert not warn_of_rounding(estimator, SECONDS, None)


@pytest.mark.parametrize(
    "X",
    [
        SECONDS - 1.7e9,
        np.random.default_rng(0).normal(size=(10_000, 2)),
        SECONDS.astype(np.float32),
        np.arange(20).reshape(10, 2),
    ],
    ids=["small numbers", "random numbers", "single precision already", "small integers"],
)
def test_no_warning_without_a_loss(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not warn_of_rounding(DecisionTreeClassifier(), X, None)


def test_columns_without_names_are_called_by_their_number():
    with pytest.warns(UserWarning, match="The column 1 loses precision"):
        warn_of_rounding(DecisionTreeClassifier(), SECONDS[:, ::-1].astype(np.int64), None)


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (make_pipeline(VarianceThreshold(), DecisionTreeClassifier()), True),
        (make_pipeline("passthrough", DecisionTreeClassifier()), True),
        (make_pipeline(StandardScaler(), DecisionTreeClassifier()), False),
        (CalibratedClassifierCV(DecisionTreeClassifier()), True),
        (GridSearchCV(DecisionTreeClassifier(), {}), True),
        (VotingClassifier([("near", KNeighborsClassifier()), ("tree", DecisionTreeClassifier())]), True),
        (VotingClassifier([("near", KNeighborsClassifier())]), False),
        (XGBClassifier(), True),
        (CatBoostClassifier(), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_estimators_in_others_round_features_too(estimator, expected):
    assert rounds_features(estimator) == expected
