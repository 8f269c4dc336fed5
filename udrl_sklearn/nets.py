"""Neural behavior functions. This module needs the extra ``[torch]``: torch and skorch."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Tags

try:
    import torch
    from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
except ImportError as error:
    raise ImportError("udrl_sklearn.nets needs torch and skorch: pip install 'udrl_sklearn[torch]'.") from error

__all__ = ["BehaviorNet", "BehaviorNetClassifier", "BehaviorNetRegressor", "behavior_net"]


class BehaviorNet(torch.nn.Module):
    """The gated network of Srivastava et al. 2019 (arXiv 1912.02877, section 3.2).

    The command passes a linear layer and a sigmoid. The result is a gate, which is multiplied with an embedding of the
    observation: ``h = tanh(W_o o) * sigmoid(W_c (scale * c))``. Hidden layers with rectifiers and a linear output
    layer follow.

    Parameters
    ----------
    n_features : int, default=3
        Number of columns of a row, with the two of the command.
    n_outputs : int, default=2
        Logits of the actions, or components of a continuous action.
    hidden_sizes : tuple of int, default=(64, 64)
        Units of the embedding and of each hidden layer after it.
    return_scale, horizon_scale : float, default=1.0
        Factors on desired return and desired horizon. `UDRLAgent` has its own factors, which come before these.
    n_command_features : {2, 0}, default=2
        How many of the last columns are the command. With 0 there is no gate. `UDRLAgent` sets it to 0 for the
        open-ended command.

    See Also
    --------
    behavior_net : Makes a scikit-learn estimator of this network.
    """

    command_scale: torch.Tensor

    def __init__(
        self,
        n_features: int = 3,
        n_outputs: int = 2,
        hidden_sizes: tuple[int, ...] = (64, 64),
        return_scale: float = 1.0,
        horizon_scale: float = 1.0,
        n_command_features: int = 2,
    ) -> None:
        super().__init__()
        self.register_buffer("command_scale", torch.tensor([return_scale, horizon_scale], dtype=torch.float32))
        sizes = list(hidden_sizes)
        self.observation = torch.nn.Linear(n_features - n_command_features, sizes[0])
        self.command = torch.nn.Linear(2, sizes[0]) if n_command_features else None
        layers: list[torch.nn.Module] = []
        for n_inputs, n_units in pairwise(sizes):
            layers += [torch.nn.Linear(n_inputs, n_units), torch.nn.ReLU()]
        self.output = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], n_outputs))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Return logits or actions (n, n_outputs) for rows (n, n_features)."""
        X = X.to(self.command_scale.dtype)
        if self.command is None:
            return self.output(torch.tanh(self.observation(X)))
        gate = torch.sigmoid(self.command(X[:, -2:] * self.command_scale))
        return self.output(torch.tanh(self.observation(X[:, :-2])) * gate)


class _SizedByData(NeuralNet):
    """A skorch net that takes the sizes of its module from the data. One `partial_fit` is one gradient step.

    `fit` makes `max_epochs` passes over the data, as in skorch.
    """

    takes_any_precision = True  # other nets of skorch take single precision alone

    def __init__(self, *args: Any, random_state: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, **fit_params: Any) -> Self:
        """Fit new weights, with `max_epochs` passes over the rows."""
        with self._seeded():
            self._set_sizes(X, y, None)
            return super().partial_fit(X, self._to_targets(y), **fit_params)

    def partial_fit(self, X: np.ndarray, y: np.ndarray, classes: ArrayLike | None = None, **fit_params: Any) -> Self:
        """Take one gradient step on all rows."""
        if not self.initialized_:
            with self._seeded():
                self._set_sizes(X, y, classes)
        self.train_step((X, self._to_targets(y)), **fit_params)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the outputs of the net for each row; of a classifier, the probabilities of its labels."""
        with torch.random.fork_rng(devices=[]):  # a data loader samples a number from the global generator
            return super().predict_proba(X)

    def _n_outputs(self, y: np.ndarray, classes: ArrayLike | None) -> int:
        """Return the number of outputs of the module."""
        raise NotImplementedError

    def _to_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets as the loss needs them."""
        raise NotImplementedError

    def _set_sizes(self, X: np.ndarray, y: np.ndarray, classes: ArrayLike | None) -> None:
        self.set_params(module__n_features=X.shape[1], module__n_outputs=self._n_outputs(y, classes))
        self.initialize()

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        """Seed torch inside the context, and restore its global generator."""
        with torch.random.fork_rng(devices=[]):
            if self.random_state is not None:
                torch.manual_seed(self.random_state)
            yield


class BehaviorNetClassifier(_SizedByData, NeuralNetClassifier):
    """A skorch classifier with a `BehaviorNet`.

    See Also
    --------
    behavior_net : Makes it, with all its parameters.
    """

    @property
    def classes_(self) -> np.ndarray:
        """The labels, in the order of the logits."""
        return self.known_classes_

    def _n_outputs(self, y: np.ndarray, classes: ArrayLike | None) -> int:
        self.known_classes_ = np.unique(y) if classes is None else np.asarray(classes)
        return len(self.known_classes_)

    def _to_targets(self, y: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.known_classes_, y).astype(np.int64)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class BehaviorNetRegressor(_SizedByData, NeuralNetRegressor):
    """A skorch regressor with a `BehaviorNet`.

    See Also
    --------
    behavior_net : Makes it, with all its parameters.
    """

    def _n_outputs(self, y: np.ndarray, classes: ArrayLike | None) -> int:
        self.n_targets_ = np.ndim(y)
        return 1 if np.ndim(y) == 1 else y.shape[1]

    def _to_targets(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(y, dtype=np.float32).reshape(len(y), -1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return predictions in the shape of the targets of the fit."""
        predicted = super().predict(X)
        return predicted[:, 0] if self.n_targets_ == 1 else predicted

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def behavior_net(
    hidden_sizes: tuple[int, ...] = (64, 64),
    *,
    continuous: bool = False,
    return_scale: float = 1.0,
    horizon_scale: float = 1.0,
    lr: float = 1e-3,
    device: str = "cpu",
    max_epochs: int = 20,
    batch_size: int = 256,
    random_state: int | None = None,
    **skorch_params: Any,
) -> BehaviorNetClassifier | BehaviorNetRegressor:
    """Make a neural behavior function, the `BehaviorNet` as a scikit-learn estimator.

    It has `partial_fit`, so an agent updates it `n_updates_per_iter` times in each iteration, on `batch_size` rows at a
    time. The optimizer is Adam.

    Parameters
    ----------
    hidden_sizes : tuple of int, default=(64, 64)
        Units of each layer. The numbers of inputs and outputs come from the data.
    continuous : bool, default=False
        Whether to make a regressor, for Box actions, rather than a classifier.
    return_scale, horizon_scale : float, default=1.0
        Factors on desired return and desired horizon, in addition to those of the agent.
    lr : float, default=1e-3
        Learning rate.
    device : str, default="cpu"
        Device of torch, such as "cuda".
    max_epochs, batch_size : int
        Passes of `fit` over the data, and rows of each of its gradient steps. `partial_fit` takes one step on all its
        rows.
    random_state : int or None, default=None
        Seed of the initial weights.
    **skorch_params : dict
        Further parameters of the skorch net.

    Returns
    -------
    net : BehaviorNetClassifier or BehaviorNetRegressor

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.nets import behavior_net
    >>> agent = UDRLAgent(behavior_net(), total_timesteps=2000, random_state=0).fit("CartPole-v1")
    >>> agent.max_estimator_.module_.observation
    Linear(in_features=4, out_features=64, bias=True)
    """
    net, criterion = (
        (BehaviorNetRegressor, torch.nn.MSELoss) if continuous else (BehaviorNetClassifier, torch.nn.CrossEntropyLoss)
    )
    params = {"optimizer": torch.optim.Adam, "iterator_train__shuffle": True, "train_split": None, "verbose": 0}
    return net(
        BehaviorNet,
        criterion=criterion,
        module__hidden_sizes=hidden_sizes,
        module__return_scale=return_scale,
        module__horizon_scale=horizon_scale,
        module__n_command_features=2,
        lr=lr,
        device=device,
        max_epochs=max_epochs,
        batch_size=batch_size,
        random_state=random_state,
        **params | skorch_params,
    )
