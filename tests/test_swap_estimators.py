"""Each of these estimators learns CartPole through `fit(env)`, clearly above random."""

import pytest
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from udrl_sklearn import UDRLAgent
from udrl_sklearn.nets import behavior_net

RANDOM_RETURN = 22.0  # mean return of random actions on CartPole-v1

ESTIMATORS = [
    RandomForestClassifier(20, min_samples_leaf=10),
    ExtraTreesClassifier(20, min_samples_leaf=10),
    DecisionTreeClassifier(min_samples_leaf=20),
    GradientBoostingClassifier(n_estimators=20),
    HistGradientBoostingClassifier(max_iter=20),
    AdaBoostClassifier(n_estimators=15),
    BaggingClassifier(),
    KNeighborsClassifier(n_neighbors=20),
    LogisticRegression(),
    SGDClassifier(),
    GaussianNB(),
    SVC(),
    MLPClassifier(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    VotingClassifier(
        [("tree", DecisionTreeClassifier(min_samples_leaf=20)), ("linear", LogisticRegression())], voting="soft"
    ),
    CalibratedClassifierCV(DecisionTreeClassifier(min_samples_leaf=20), cv=3),
    XGBClassifier(n_estimators=20, n_jobs=1),
    LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1),
    behavior_net(),
]


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_estimator_learns_cartpole(estimator):
    agent = UDRLAgent(estimator, total_timesteps=4000, random_state=0).fit("CartPole-v1")
    assert agent.score("CartPole-v1") > 2.5 * RANDOM_RETURN
