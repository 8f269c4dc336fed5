import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from toy_estimators import Recorder

from udrl_sklearn._behavior._estimators import check_estimator_kind, default_estimator, fit_weighted, seeded_clone
from udrl_sklearn._envs._spaces import ActionTargets


def test_estimator_without_sample_weight_is_fitted_on_rows_drawn_by_weight(rng):
    X, weights = np.arange(4000.0)[:, None], np.tile([0.0, 1.0, 3.0, 4.0], 1000)
    fitted = fit_weighted(Recorder(), X, X[:, 0] + 0.5, weights, rng)
    assert len(fitted.X_) == 4000
    np.testing.assert_array_equal(fitted.y_, fitted.X_[:, 0] + 0.5)  # rows stay together
    counts = np.bincount(fitted.X_[:, 0].astype(int) % 4, minlength=4)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:] / 4000, [1 / 8, 3 / 8, 1 / 2], rtol=0.1)


@pytest.mark.parametrize("discrete", [True, False])
def test_estimator_of_the_wrong_kind_is_refused(discrete):
    targets = ActionTargets.from_arrays(np.array([1, 2]), discrete=discrete)
    right, wrong = default_estimator(discrete), default_estimator(not discrete)
    check_estimator_kind(right, targets, "Toy")
    kind = "discrete actions, which need a classifier" if discrete else "continuous actions, which need a regressor"
    with pytest.raises(TypeError, match=f"Toy has {kind}.*got RandomForest"):
        check_estimator_kind(wrong, targets, "Toy")


def test_seeded_clone_sets_every_random_state_that_is_none():
    pipeline = make_pipeline(RandomForestClassifier(random_state=3), SGDClassifier())
    first, same, other = (seeded_clone(pipeline, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first["randomforestclassifier"].random_state == 3
    seeds = [clone["sgdclassifier"].random_state for clone in (first, same, other)]
    assert isinstance(seeds[0], int)
    assert seeds[0] == seeds[1] != seeds[2]
    assert pipeline["sgdclassifier"].random_state is None
