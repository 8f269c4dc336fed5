import numpy as np
import pytest
import torch
from gymnasium import spaces
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor
from skorch import NeuralNetRegressor
from toy_estimators import Recorder

from udrl_sklearn._behavior._continuous import ContinuousBehavior
from udrl_sklearn._envs._spaces import ActionTargets


def name(value):
    return type(value).__name__ if isinstance(value, BaseEstimator) else None


BOUNDS = np.array([-1.0, -2.0]), np.array([1.0, 0.5])


@pytest.mark.parametrize("n_components", [1, 2])
@pytest.mark.parametrize(
    "regressor",
    [
        LinearRegression(),
        DecisionTreeRegressor(),
        KNeighborsRegressor(2),
        GradientBoostingRegressor(n_estimators=3),  # one output only: wrapped
        SVR(),
        make_pipeline(StandardScaler(), SVR()),  # one output only, and its fit takes no sample_weight
    ],
    ids=["linear", "tree", "neighbors", "boosting", "SVR", "pipeline"],
)
@pytest.mark.parametrize(
    ("greedy", "epsilon"), [(False, 0.0), (True, 0.0), (False, 0.5)], ids=["sampled", "greedy", "epsilon"]
)
def test_continuous_actions_stay_within_bounds(regressor, n_components, greedy, epsilon, rng):
    low, high = (bound[:n_components] for bound in BOUNDS)
    X = rng.normal(scale=2, size=(200, 3)).astype(np.float32)
    actions = np.clip(X[:, :n_components], low, high)
    behavior = ContinuousBehavior(regressor, low, high).fit(X, actions, rng.uniform(0.5, 1, 200), rng)

    predicted = behavior.predict(5 * X)
    assert predicted.shape == ((200,) if n_components == 1 else (200, 2))
    sampled = behavior.sample(5 * X, rng.random((200, behavior.n_uniforms)), greedy=greedy, epsilon=epsilon)
    assert sampled.shape == (200, n_components)
    for chosen in (predicted.reshape(200, -1), sampled):
        assert (chosen >= low).all()
        assert (chosen <= high).all()
    if greedy:
        np.testing.assert_array_equal(sampled, predicted.reshape(200, -1))


@pytest.mark.parametrize("regressor", [LinearRegression(), KNeighborsRegressor(3), DecisionTreeRegressor()], ids=name)
def test_prediction_of_a_row_does_not_depend_on_the_batch(regressor, rng):
    X = rng.normal(size=(64, 40)).astype(np.float32)
    behavior = ContinuousBehavior(regressor, -np.ones(2), np.ones(2)).fit(X, X[:, :2] + X[:, 2:4], None, rng)
    together = behavior.predict(X)
    np.testing.assert_array_equal(np.concatenate([behavior.predict(X[i : i + 1]) for i in range(64)]), together)


def fit_constant(actions, weights=None, bound=np.inf):
    """Return a behavior that always predicts the mean of the actions."""
    actions = np.asarray(actions, dtype=float)
    X = np.zeros((len(actions), 3), dtype=np.float32)
    behavior = ContinuousBehavior(DummyRegressor(), np.array([-bound]), np.array([bound]))
    return behavior.fit(X, actions, None if weights is None else np.asarray(weights, dtype=float), None)


@pytest.mark.parametrize(
    ("actions", "weights", "residual_std"),
    [
        ([1, 5], None, 2),
        ([0, 4], [3, 1], np.sqrt(5)),  # around the weighted mean 1, deviations -1 and 3 count the same
        ([0, 2 * 99 / 100, *[1] * 9998], None, 0.05 * 2 * 99 / 100),  # never under 5% of the range of the actions
        ([3, 3], None, 0),
    ],
)
def test_residual_std_is_measured_around_the_prediction(actions, weights, residual_std):
    np.testing.assert_allclose(fit_constant(actions, weights).residual_std, [residual_std], rtol=1e-6)


def test_continuous_actions_are_normal_around_the_prediction():
    behavior = fit_constant([1, 5])
    uniforms = np.column_stack([np.zeros(999), np.arange(1, 1000) / 1000])
    sampled = behavior.sample(np.zeros((999, 3), dtype=np.float32), uniforms, greedy=False, epsilon=0.0)[:, 0]
    np.testing.assert_allclose([sampled.mean(), np.median(sampled), sampled.std()], [3, 3, 2], rtol=0.01)


def test_epsilon_actions_are_uniform_over_the_action_range_without_bounds():
    behavior = fit_constant([1, 5])
    uniforms = np.column_stack([np.repeat([0.2, 0.4], 500), np.tile(np.arange(500) / 500, 2)])
    sampled = behavior.sample(np.zeros((1000, 3), dtype=np.float32), uniforms, greedy=True, epsilon=0.3)[:, 0]
    np.testing.assert_allclose(sampled[:500], 1 + 4 * np.arange(500) / 500)  # the first number, 0.2, is less than 0.3
    np.testing.assert_array_equal(sampled[500:], 3)


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_extreme_uniforms_give_finite_actions(uniform):
    assert np.isfinite(
        fit_constant([1, 5]).sample(np.zeros((1, 3)), np.array([[0.5, uniform]]), greedy=False, epsilon=0.0)
    ).all()


@pytest.mark.parametrize("n_components", [1, 2])
def test_update_trains_incremental_regressors(n_components, rng):
    X = rng.normal(size=(300, 3)).astype(np.float32)
    actions = X[:, :n_components] / 4
    low, high = (bound[:n_components] for bound in BOUNDS)
    behavior = ContinuousBehavior(SGDRegressor(), low, high)
    behavior.update(X, actions, np.ones(300), n_updates=60, batch_size=50, rng=rng)
    np.testing.assert_allclose(behavior.predict(X).reshape(300, -1), np.clip(actions, low, high), atol=0.1)
    assert (behavior.residual_std < 0.1).all()


def test_only_command_columns_are_scaled_and_the_input_is_unchanged(rng):
    X = rng.uniform(1, 2, size=(10, 4)).astype(np.float32)
    before = X.copy()
    behavior = ContinuousBehavior(Recorder(), np.array([-np.inf]), np.array([np.inf]), command_scale=(10.0, 0.5))
    behavior.fit(X, X[:, 0], None, rng)
    scaled = before * np.array([1, 1, 10, 0.5], dtype=np.float32)
    np.testing.assert_array_equal(behavior.fitted_estimator.X_, scaled)
    np.testing.assert_allclose(behavior.predict(X), scaled.sum(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(X, before)


def test_estimator_without_commands_gets_observations_alone(rng):
    X = rng.normal(size=(50, 4)).astype(np.float32)
    behavior = ContinuousBehavior(Recorder(), *(bound[:1] for bound in BOUNDS), command_scale=None)
    behavior.fit(X, X[:, 0], None, rng)
    np.testing.assert_array_equal(behavior.fitted_estimator.X_, X[:, :2])
    copy = ContinuousBehavior.from_fitted(behavior.fitted_estimator, behavior)
    np.testing.assert_array_equal(copy.predict(X), behavior.predict(X))


@pytest.mark.parametrize("n_components", [1, 2])
def test_behavior_of_a_fitted_regressor_has_bounds_and_deviations_of_another(n_components, rng):
    X = rng.normal(size=(200, 3)).astype(np.float32)
    actions = X[:, :n_components] + rng.normal(scale=0.3, size=(200, n_components))
    low, high = (bound[:n_components] for bound in BOUNDS)
    like = ContinuousBehavior(LinearRegression(), low, high, command_scale=(9.0, 9.0)).fit(X, actions, None, rng)
    y = actions[:, 0] if n_components == 1 else actions
    tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, y)
    behavior = ContinuousBehavior.from_fitted(tree, like)

    expected = np.clip(tree.predict(X).reshape(200, -1), low, high)
    np.testing.assert_array_equal(behavior.predict(X).reshape(200, -1), expected)
    assert behavior.fitted_estimator is tree
    assert behavior.command_scale == (1.0, 1.0)  # the regressor is fitted on unscaled commands
    for name in ("low", "high", "residual_std", "observation_std"):
        np.testing.assert_array_equal(getattr(behavior, name), getattr(like, name))
    np.testing.assert_array_equal(behavior.action_range, like.action_range)
    uniforms = np.full((200, n_components + 1), 0.5)  # the median of the distribution around the prediction
    np.testing.assert_allclose(behavior.sample(X, uniforms, greedy=False, epsilon=0.0), expected)


def test_behavior_of_a_regressor_for_one_output_can_be_made_of_several_fitted_ones(rng):
    X = rng.normal(size=(100, 3)).astype(np.float32)
    like = ContinuousBehavior(LinearRegression(), *BOUNDS).fit(X, X[:, :2], None, rng)
    fitted = MultiOutputRegressor(GradientBoostingRegressor(n_estimators=3)).fit(X, X[:, :2])
    behavior = ContinuousBehavior.from_fitted(fitted, like)
    np.testing.assert_array_equal(behavior.predict(X), np.clip(fitted.predict(X), *BOUNDS))
    assert behavior.fitted_estimator is fitted


@pytest.mark.parametrize("n_components", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)])
def test_own_net_gets_rows_and_targets_as_its_loss_needs_them(n_components, dtype, wrap, rng):
    net = NeuralNetRegressor(
        torch.nn.Linear,
        module__in_features=3,
        module__out_features=n_components,
        optimizer=torch.optim.Adam,
        lr=0.1,
        max_epochs=40,
        train_split=None,
        verbose=0,
    )
    low, high = (bound[:n_components] for bound in BOUNDS)
    X = rng.uniform(-1, 1, size=(200, 3)).astype(dtype)
    actions = X[:, :n_components] / 2
    behavior = ContinuousBehavior(wrap(net), low, high).fit(X, actions, np.ones(200), rng)
    np.testing.assert_allclose(behavior.predict(X).reshape(200, -1), np.clip(actions, low, high), atol=0.05)


def test_regressor_with_too_few_outputs_is_refused(rng):
    X = rng.normal(size=(30, 3)).astype(np.float32)
    with pytest.raises(ValueError, match=r"predicts 1 number\(s\) for each row, and actions have 2"):
        ContinuousBehavior(OneOutput(), *BOUNDS).fit(X, X[:, :2], None, rng)


class OneOutput(Recorder):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def test_predictions_of_integer_rows_are_not_rounded(rng):
    X = np.arange(30).reshape(10, 3)
    behavior = ContinuousBehavior(LinearRegression(), np.array([-np.inf]), np.array([np.inf]))
    behavior.fit(X, X[:, 0] / 4, None, rng)
    np.testing.assert_allclose(behavior.predict(X), X[:, 0] / 4, atol=1e-9)


def test_behavior_predicts_only_the_actions_with_its_bounds():
    behavior = ContinuousBehavior(LinearRegression(), -np.ones(2), np.ones(2))
    assert behavior.predicts(ActionTargets.from_space(spaces.Box(-1, 1, (2,))))
    for space in (spaces.Box(-1, 2, (2,)), spaces.Box(-2, 1, (2,)), spaces.Box(-1, 1, (1,)), spaces.Discrete(2)):
        assert not behavior.predicts(ActionTargets.from_space(space))
