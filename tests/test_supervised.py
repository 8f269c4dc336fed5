"""The fit on rows: what tables may have."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent

COMMANDS = {"desired_return": 1.0, "desired_horizon": 1.0}


def table(values):
    return pd.DataFrame({"color": pd.Categorical(values)} | COMMANDS)


def test_text_in_a_table_is_refused():
    agent = UDRLAgent(DecisionTreeClassifier())
    with pytest.raises(ValueError, match="X has columns of text, and an agent takes numbers"):
        agent.fit(table(["r", "g"] * 20), [0, 1] * 20)
    assert not hasattr(agent, "estimator_")


def test_categories_that_only_their_type_tells_get_a_warning():
    X, y = table([0, 1, 2] * 20), np.array([0, 1, 0] * 20)
    by_name = HistGradientBoostingClassifier(
        max_iter=1, max_leaf_nodes=2, min_samples_leaf=5, learning_rate=1.0, categorical_features=["color"]
    )
    with pytest.warns(UserWarning, match=r"The columns \['color'\] have the type category"):
        agent = UDRLAgent(by_name).fit(X, y)
    assert agent.score(X, y) == 1.0  # one split separates categories 0 and 2 from 1
