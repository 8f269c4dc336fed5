import numpy as np
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor

from udrl_sklearn._behavior._compatibility import (
    first_accepted,
    has_unknown_weights,
    is_binary_net,
    n_rows_per_label,
    predicts_indices,
    repeat_rare,
    set_class_weight,
    takes_float32_only,
)
from udrl_sklearn.nets import behavior_net


def accepts(*needed):
    """Return a fit that needs some forms, and returns those that it gets."""

    def fit(forms):
        if not set(needed) <= set(forms):
            raise ValueError(f"needs {needed}, got {forms}")
        return forms

    return fit


@pytest.mark.parametrize("needed", [(), ("a",), ("b",), ("a", "c"), ("a", "b", "c")], ids=str)
def test_first_accepted_fit_uses_the_forms_that_are_needed_and_no_others(needed):
    assert first_accepted(accepts(*needed), ["a", "b", "c"]) == needed


def test_error_of_the_plain_fit_is_raised_with_the_other_errors_as_notes():
    def fit(forms):
        raise (TypeError("no such column") if forms else ValueError("needs a DataFrame"))

    with pytest.raises(ValueError, match="needs a DataFrame") as caught:
        first_accepted(fit, ["names"])
    assert caught.value.__notes__ == ["With names: TypeError: no such column"]


def test_equal_errors_are_no_notes():
    with pytest.raises(ZeroDivisionError) as caught:
        first_accepted(lambda forms: 1 / 0, ["names", "codes"])
    assert not hasattr(caught.value, "__notes__")


def net(kind):
    return kind(torch.nn.Linear, module__in_features=3, module__out_features=2)


@pytest.mark.parametrize(
    ("estimator", "own", "indices", "binary"),
    [
        (net(NeuralNetClassifier), True, True, False),
        (make_pipeline(StandardScaler(), net(NeuralNetClassifier)), True, True, False),
        (net(NeuralNetBinaryClassifier), True, True, True),
        (net(NeuralNetRegressor), True, True, False),
        (behavior_net(), False, False, False),
        (LogisticRegression(), False, False, False),
    ],
)
def test_nets_are_told_apart(estimator, own, indices, binary):
    assert takes_float32_only(estimator) == own
    assert predicts_indices(estimator) == indices
    assert is_binary_net(estimator) == binary


@pytest.mark.parametrize(
    ("weights", "labels", "targets", "expected"),
    [
        ({1: 5.0, 2: 3.0}, [1, 2], [1, 2], {1: 5.0, 2: 3.0}),
        ({2: 3.0}, [1, 2], [1, 2], {2: 3.0}),  # scikit-learn gives the others a weight of 1
        ({1: 5.0, 2: 3.0, 3: 1.0}, [1, 3], [1, 3], {1: 5.0, 3: 1.0}),
        ({2: 3.0}, [1, 3], [1, 3], {1: 1.0, 3: 1.0}),
        ({3: 7.0}, [1, 3], [0, 1], {1: 7.0}),  # encoded labels
        ({"no label": 7.0}, [1, 3], [1, 3], {"no label": 7.0}),  # for scikit-learn to refuse
        ("balanced", [1, 3], [1, 3], "balanced"),
        (None, [1, 3], [1, 3], None),
    ],
)
def test_class_weight_has_the_labels_that_occur(weights, labels, targets, expected):
    for estimator in (tree := DecisionTreeClassifier(class_weight=weights), make_pipeline(StandardScaler(), tree)):
        set_class_weight(estimator, np.array(labels), np.array(targets), np.array([1, 2, 3]))
        assert tree.class_weight == expected
        tree.set_params(class_weight=weights)


def test_estimator_without_class_weight_is_left_as_it_is():
    set_class_weight(StandardScaler(), np.array([0, 1]), np.array([0, 1]), np.array([0, 1]))


@pytest.mark.parametrize(
    ("estimator", "n_rows"),
    [
        (DecisionTreeClassifier(), 10),
        (CalibratedClassifierCV(cv=3), 10),
        (CalibratedClassifierCV(cv=12), 24),
        (make_pipeline(CalibratedClassifierCV(cv=StratifiedKFold(9))), 18),
    ],
)
def test_each_label_needs_two_rows_for_each_fold(estimator, n_rows):
    assert n_rows_per_label(estimator) == n_rows


def test_copies_of_rare_rows_share_the_weight_of_their_row():
    X, y, weights = np.arange(5.0)[:, None], np.array([7, 7, 7, 8, 9]), np.array([1.0, 1.0, 1.0, 6.0, 3.0])
    repeated_X, repeated_y, repeated_weights = repeat_rare(X, y, weights, 3)
    assert repeated_X.ravel().tolist() == [0, 1, 2, 3, 3, 3, 4, 4, 4]
    assert repeated_y.tolist() == [7, 7, 7, 8, 8, 8, 9, 9, 9]
    assert repeated_weights.tolist() == [1, 1, 1, 2, 2, 2, 1, 1, 1]
    assert repeat_rare(X, y, None, 3)[2] is None


def test_class_weights_of_nested_classifiers_speak_of_labels():
    tree = DecisionTreeClassifier(class_weight={1: 50, 2: 7})
    search = GridSearchCV(CalibratedClassifierCV(tree), {})
    set_class_weight(search, np.array([1, 3]), np.array([0, 1]), np.arange(4))
    assert tree.class_weight == {0: 50, 1: 1.0}


def test_weights_of_labels_that_do_not_exist_are_found():
    pipeline = make_pipeline(StandardScaler(), DecisionTreeClassifier(class_weight={0: 1, 1: 9}))
    assert has_unknown_weights(pipeline, np.array([1, 2]))
    assert not has_unknown_weights(pipeline, np.array([0, 1, 2]))
    assert not has_unknown_weights(DecisionTreeClassifier(class_weight="balanced"), np.array([1, 2]))
