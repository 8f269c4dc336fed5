import numpy as np
import pytest
from gymnasium import spaces
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_info, threadpool_limits
from toy_estimators import IncrementalRecorder, NeedsManyRows, NeedsNames, Recorder

from udrl_sklearn._behavior._continuous import ContinuousBehavior
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._behavior._fitter import MAX_SCALE_DRIFT, BehaviorFitter
from udrl_sklearn._envs._spaces import ActionTargets
from udrl_sklearn._hindsight import Rows

TWO_ACTIONS = ActionTargets.from_space(spaces.Discrete(2))
ONE_NUMBER = ActionTargets.from_space(spaces.Box(-1, 1, (1,)))


def make_rows(n_rows=40, return_std=1.0, horizon_std=1.0):
    """Return rows whose commands have these standard deviations, and whose action is 1 for positive observations."""
    signs = np.tile([-1.0, 1.0], n_rows // 2)
    commands = np.column_stack([10 + return_std * signs, 20 + horizon_std * signs])
    return Rows(signs[:, None], commands, (signs > 0).astype(int), np.zeros(n_rows, dtype=int))


def test_estimator_without_partial_fit_is_fitted_anew(rng):
    fitter = BehaviorFitter(DecisionTreeClassifier(), TWO_ACTIONS)
    assert not fitter.is_incremental
    rows = make_rows()
    first = fitter.fit(None, rows, None, rng)
    tree = first.fitted_estimator
    second = fitter.fit(first, rows._replace(actions=1 - rows.actions), None, rng)
    assert second is not first
    assert first.fitted_estimator is tree  # a previous behavior is left as it is
    X = np.column_stack([rows.observations, rows.commands]).astype(np.float32)
    np.testing.assert_array_equal(first.predict(X), rows.actions)
    np.testing.assert_array_equal(second.predict(X), 1 - rows.actions)
    assert not hasattr(fitter.estimator, "tree_")


def test_estimator_with_partial_fit_is_updated(rng):
    fitter = BehaviorFitter(IncrementalRecorder(), TWO_ACTIONS, n_updates=3, batch_size=8)
    assert fitter.is_incremental
    first = fitter.fit(None, make_rows(), None, rng)
    estimator = first.fitted_estimator
    second = fitter.fit(first, make_rows(), None, rng)
    assert second is first
    assert second.fitted_estimator is estimator
    assert [len(y) for _, y, _ in estimator.batches_] == [8] * 6
    assert not hasattr(fitter.estimator, "batches_")


def open_ended(rows):
    return rows._replace(commands=np.zeros_like(rows.commands))


def test_rows_with_the_open_ended_command_alone_are_learned_without_commands(rng):
    rows = make_rows()
    fitter = BehaviorFitter(Recorder(), ONE_NUMBER)
    fitted = fitter.fit(None, open_ended(rows), None, rng).fitted_estimator
    np.testing.assert_array_equal(fitted.X_, rows.observations)
    one_exact = open_ended(rows)
    one_exact.commands[0] = 1.0, 1.0
    assert fitter.fit(None, one_exact, None, rng).fitted_estimator.X_.shape == (40, 3)


def test_update_starts_anew_when_exact_commands_follow_open_ended_ones(rng):
    fitter = BehaviorFitter(IncrementalRecorder(), TWO_ACTIONS, n_updates=3, batch_size=8)
    first = fitter.fit(None, open_ended(make_rows()), None, rng)
    assert fitter.fit(first, open_ended(make_rows()), None, rng) is first
    second = fitter.fit(first, make_rows(), None, rng)
    assert second is not first
    widths = [{batch.shape[1] for batch, _, _ in b.fitted_estimator.batches_} for b in (first, second)]
    assert widths == [{1}, {3}]


def test_estimator_with_partial_fit_is_fitted_anew_without_updates(rng):
    fitter = BehaviorFitter(SGDRegressor(), ONE_NUMBER, n_updates=None)
    assert not fitter.is_incremental
    rows = make_rows()
    first = fitter.fit(None, rows, None, rng)
    second = fitter.fit(first, rows, None, rng)
    assert second is not first
    assert second.fitted_estimator is not first.fitted_estimator


def test_update_without_a_previous_behavior_begins_with_a_new_one(rng):
    fitter = BehaviorFitter(IncrementalRecorder(), TWO_ACTIONS, n_updates=2, batch_size=4)
    first, second = (fitter.fit(None, make_rows(), None, rng) for _ in range(2))
    assert first is not second
    assert len(first.fitted_estimator.batches_) == len(second.fitted_estimator.batches_) == 2


@pytest.mark.parametrize("column", ["return_std", "horizon_std"])
@pytest.mark.parametrize(
    ("factor", "starts_anew"),
    [
        (1.0, False),
        (0.99 * MAX_SCALE_DRIFT, False),
        (1.01 * MAX_SCALE_DRIFT, True),
        (1.01 / MAX_SCALE_DRIFT, False),
        (0.99 / MAX_SCALE_DRIFT, True),
    ],
)
def test_update_starts_anew_once_the_scale_of_commands_has_drifted(column, factor, starts_anew, rng):
    fitter = BehaviorFitter(IncrementalRecorder(), TWO_ACTIONS, n_updates=2, batch_size=4)
    first = fitter.fit(None, make_rows(), None, rng)
    second = fitter.fit(first, make_rows(**{column: factor}), None, rng)
    assert (second is not first) == starts_anew
    assert len(second.fitted_estimator.batches_) == (2 if starts_anew else 4)
    assert len(first.fitted_estimator.batches_) == (2 if starts_anew else 4)
    expected = {"return_std": 1.0, "horizon_std": 1.0} | ({column: 1 / factor} if starts_anew else {})
    assert second.command_scale == pytest.approx(tuple(expected.values()))


def test_drift_adds_up_over_updates(rng):
    fitter = BehaviorFitter(IncrementalRecorder(), TWO_ACTIONS, n_updates=1, batch_size=4)
    behavior, scales = None, []
    for std in (1, 2, 4, 8, 16):
        behavior = fitter.fit(behavior, make_rows(return_std=std), None, rng)
        scales.append(behavior.command_scale[0])
    assert scales == pytest.approx([1, 1, 1 / 4, 1 / 4, 1 / 16])  # 2 is within a factor of 3 of 1, and 4 is not


def test_fixed_scales_never_drift(rng):
    params = {"return_scale": 0.5, "horizon_scale": 2.0, "n_updates": 1, "batch_size": 4}
    fitter = BehaviorFitter(IncrementalRecorder(), TWO_ACTIONS, **params)
    first = fitter.fit(None, make_rows(), None, rng)
    assert fitter.fit(first, make_rows(return_std=100, horizon_std=100), None, rng) is first
    assert first.command_scale == (0.5, 2.0)


@pytest.mark.parametrize(
    "estimator",
    [
        SGDClassifier(early_stopping=True),
        SGDClassifier(class_weight="balanced"),
        MLPClassifier((4,), early_stopping=True, max_iter=500),
    ],
    ids=["SGD early stopping", "SGD balanced", "MLP early stopping"],
)
def test_estimator_that_refuses_updates_is_fitted_anew(estimator, rng):
    fitter = BehaviorFitter(estimator, TWO_ACTIONS)
    assert fitter.is_incremental  # nothing is known yet
    rows = make_rows()
    first = fitter.fit(None, rows, None, rng)
    assert not fitter.is_incremental
    second = fitter.fit(first, rows, None, rng)
    assert second is not first
    assert second.fitted_estimator is not first.fitted_estimator
    assert second.fitted_estimator.n_iter_ > 1  # updates take one pass
    # a later run begins with what a run before has fitted
    assert BehaviorFitter(estimator, TWO_ACTIONS).fit(second, rows, None, rng) is not second


class BreaksLater(IncrementalRecorder):
    def partial_fit(self, X, y, classes):
        if len(getattr(self, "batches_", [])) == 3:
            raise ValueError("broken")
        return super().partial_fit(X, y, classes)

    def fit(self, X, y):
        raise AssertionError("must not be fitted anew")


def test_error_of_a_later_update_is_raised(rng):
    fitter = BehaviorFitter(BreaksLater(), TWO_ACTIONS, n_updates=3, batch_size=8)
    behavior = fitter.fit(None, make_rows(), None, rng)
    with pytest.raises(ValueError, match="broken"):
        fitter.fit(behavior, make_rows(), None, rng)


def test_previous_fit_is_kept_with_one_warning_if_a_rare_label_stops_the_next(rng):
    rows = make_rows()
    fitter = BehaviorFitter(NeedsManyRows(15), TWO_ACTIONS)  # more than rare rows are repeated
    first = fitter.fit(None, rows, None, rng)
    rare = rows.take(np.append(np.flatnonzero(rows.actions == 0), 1))
    with pytest.warns(UserWarning, match=r"an action is rare, so the previous fit is kept.*smaller cv"):
        assert fitter.fit(first, rare, None, rng) is first
    assert fitter.fit(first, rare, None, rng) is first
    with pytest.raises(ValueError, match="too few rows"):
        fitter.fit(None, rare, None, rng)


def test_error_without_rare_labels_is_raised(rng):
    rows = make_rows()
    first = BehaviorFitter(NeedsManyRows(15), TWO_ACTIONS).fit(None, rows, None, rng)
    with pytest.raises(ValueError, match="too few rows"):
        BehaviorFitter(NeedsManyRows(50), TWO_ACTIONS).fit(first, rows, None, rng)


NAMES = ["x", "desired_return", "desired_horizon"]


@pytest.mark.parametrize(("column", "columns"), [("x", ["x"]), ("desired_return", NAMES)])
def test_rows_for_max_have_the_columns_of_the_command_only_if_the_estimator_names_them(column, columns, rng):
    fitter = BehaviorFitter(NeedsNames(column), TWO_ACTIONS, names=NAMES)
    for _ in range(2):
        behavior = fitter.fit(None, open_ended(make_rows()), None, rng)
        assert behavior.fitted_estimator.columns_ == columns
    assert fitter.fit(None, make_rows(), None, rng).fitted_estimator.columns_ == NAMES


def test_loss_of_precision_is_told_once(rng):
    rows = make_rows()
    rows = rows._replace(observations=1.7e9 + rows.observations)
    fitter = BehaviorFitter(DecisionTreeClassifier(), TWO_ACTIONS, names=NAMES)
    with pytest.warns(UserWarning, match="'x' loses precision"):
        fitter.fit(None, rows, None, rng)
    fitter.fit(None, rows, None, rng)


def test_auto_scale_gives_commands_a_standard_deviation_of_1(rng):
    rows = make_rows(return_std=4.0, horizon_std=0.5)
    behavior = BehaviorFitter(Recorder(), ONE_NUMBER).fit(None, rows, None, rng)
    assert behavior.command_scale == (0.25, 2.0)
    np.testing.assert_allclose(behavior.fitted_estimator.X_[:, -2:].std(axis=0), 1)


def test_one_scale_may_be_fixed_and_the_other_auto(rng):
    rows = make_rows(return_std=4.0, horizon_std=0.5)
    behavior = BehaviorFitter(Recorder(), ONE_NUMBER, return_scale=3.0).fit(None, rows, None, rng)
    assert behavior.command_scale == (3.0, 2.0)


@pytest.mark.parametrize("command", [(5.0, 1.0), (0.1, 7.0), (-0.3, 1 / 3)])
def test_equal_commands_are_not_scaled(command, rng):
    # With rounding the standard deviation of a thousand times 0.1 is 1e-15 rather than 0.
    rows = make_rows(1000)._replace(commands=np.tile(command, (1000, 1)))
    behavior = BehaviorFitter(Recorder(), ONE_NUMBER).fit(None, rows, None, rng)
    assert behavior.command_scale == (1.0, 1.0)


@pytest.mark.parametrize(
    ("targets", "kind", "forest"),
    [(TWO_ACTIONS, DiscreteBehavior, RandomForestClassifier), (ONE_NUMBER, ContinuousBehavior, RandomForestRegressor)],
    ids=["discrete", "continuous"],
)
@pytest.mark.parametrize(("n_rows", "max_samples"), [(2, None), (10, None), (40, 0.5)])
def test_default_estimator_is_a_forest_for_any_number_of_rows(targets, kind, forest, n_rows, max_samples, rng):
    fitter = BehaviorFitter(None, targets)
    assert not fitter.is_incremental
    behavior = fitter.fit(None, make_rows(n_rows), None, rng)
    assert type(behavior) is kind
    assert type(behavior.fitted_estimator) is forest
    assert behavior.fitted_estimator.max_samples == max_samples


@pytest.mark.parametrize("n_rows", [5, 21, 399])
@pytest.mark.parametrize("targets", [TWO_ACTIONS, ONE_NUMBER], ids=["discrete", "continuous"])
def test_default_forest_samples_as_many_rows_for_weights_of_any_sum(targets, n_rows, rng):
    rows = make_rows(400).take(np.arange(n_rows))
    X = np.column_stack([rows.observations, rows.commands]).astype(np.float32)
    for weights in (np.full(n_rows, 1 / n_rows), np.full(n_rows, 0.3), rng.random(n_rows)):
        expected, behavior = (
            BehaviorFitter(None, targets).fit(None, rows, scaled, np.random.default_rng(0))
            for scaled in (weights / weights.mean(), 1e-3 * weights)
        )
        np.testing.assert_array_equal(behavior.predict(X), expected.predict(X))
        n_sampled = [tree.tree_.weighted_n_node_samples[0] for tree in behavior.fitted_estimator.estimators_]
        assert n_sampled == [5 if n_rows == 5 else n_rows // 2] * 30


def test_default_forest_on_20_rows_does_not_warn_if_weights_sum_to_a_little_less():
    weights = np.full(20, 1 - 1e-15)
    assert weights.sum() < 20
    BehaviorFitter(None, TWO_ACTIONS).fit(None, make_rows(20), weights, np.random.default_rng(0))


def test_default_estimator_can_be_fitted_on_a_single_row(rng):
    rows = make_rows().take([1])
    behavior = BehaviorFitter(None, TWO_ACTIONS).fit(None, rows, None, rng)
    assert behavior.predict(np.zeros((1, 3), dtype=np.float32)).tolist() == [1]


@pytest.mark.parametrize(
    ("estimator", "targets"), [(DecisionTreeClassifier(), TWO_ACTIONS), (DecisionTreeRegressor(), ONE_NUMBER)]
)
def test_weights_decide_between_contradicting_rows(estimator, targets, rng):
    rows = make_rows()
    both = Rows(*(np.concatenate([part, part]) for part in rows))._replace(actions=np.repeat([0, 1], 40))
    weights = np.repeat([0.0, 2.0], 40)
    behavior = BehaviorFitter(estimator, targets).fit(None, both, weights, rng)
    np.testing.assert_array_equal(behavior.predict(np.zeros((3, 3), dtype=np.float32)), [1, 1, 1])


def test_same_generator_gives_the_same_behavior():
    rows, X = make_rows(), np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    noisy = rows._replace(actions=np.random.default_rng(1).integers(2, size=40))
    fitter = BehaviorFitter(None, TWO_ACTIONS)
    first, same, other = (
        fitter.fit(None, noisy, None, np.random.default_rng(seed)).predict_proba(X)[0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


class ThreadRecorder(Recorder):
    """Records how many threads native code may use while it is fitted."""

    def fit(self, X, y):
        self.n_threads_ = {library["num_threads"] for library in threadpool_info()}
        return super().fit(X, y)


def test_few_rows_are_fitted_in_one_native_thread(rng):
    with threadpool_limits(limits=2):
        behavior = BehaviorFitter(ThreadRecorder(), ONE_NUMBER).fit(None, make_rows(), None, rng)
    assert behavior.fitted_estimator.n_threads_ == {1}


class FailsOnceFitted(DecisionTreeClassifier):
    """Raises something else than an error about its rows in its second fit."""

    n_fits = 0

    def fit(self, X, y, sample_weight=None):
        FailsOnceFitted.n_fits += 1
        if FailsOnceFitted.n_fits > 1:
            raise RuntimeError("out of order")
        return super().fit(X, y, sample_weight)


def test_errors_that_rare_actions_do_not_explain_are_raised(rng):
    rows = make_rows()
    rows = rows._replace(actions=(np.arange(len(rows.actions)) == 0).astype(int))  # one row of action 1
    fitter = BehaviorFitter(FailsOnceFitted(), TWO_ACTIONS)
    first = fitter.fit(None, rows, None, rng)
    with pytest.raises(RuntimeError, match="out of order"):
        fitter.fit(first, rows, None, rng)
