"""What estimators differ in: the forms in which they take rows and labels."""

from collections.abc import Callable, Collection, Iterator
from itertools import chain, combinations
from typing import Any, TypeVar

import numpy as np

Fitted = TypeVar("Fitted")

# Forms of the training data other than the plain one, as messages call them.
NAMED_COLUMNS = "a DataFrame with the names of the columns"
COMMAND_COLUMNS = "the columns of the command"
CODED_LABELS = "labels encoded as 0, 1, ..., k-1"
REPEATED_ROWS = "repeated rows of rare labels"


def first_accepted(fit: Callable[[Collection[str]], Fitted], forms: Collection[str]) -> Fitted:
    """Return the first fit that raises no error: the plain one, then those with one of the forms, then with several.

    An estimator does not tell in which form it takes rows and labels, but it raises an error for another form.

    Parameters
    ----------
    fit : callable
        Takes the forms to use, and returns what is fitted.
    forms : collection of str
        The forms that apply.

    Returns
    -------
    fitted : object

    Raises
    ------
    Exception
        The error of the plain fit if all fail, with other errors of single forms as notes.
    """
    errors: list[Exception] = []
    for used in chain.from_iterable(combinations(forms, n) for n in range(len(forms) + 1)):
        try:
            return fit(used)
        except MemoryError:
            raise
        except Exception as error:
            errors.append(error)
    for form, other in zip(forms, errors[1:], strict=False):
        if str(other) != str(errors[0]):
            errors[0].add_note(f"With {form}: {type(other).__name__}: {other}")
    raise errors[0]


def nested_params(estimator: Any, parameter: str) -> dict[str, Any]:
    """Return the values of a parameter of an estimator and of those in it, by their names in `get_params`."""
    params = estimator.get_params(deep=True).items()
    return {name: value for name, value in params if name.rpartition("__")[2] == parameter}


def as_frame(X: np.ndarray, names: list[str]) -> Any:
    """Return rows as a DataFrame."""
    import pandas as pd  # not needed by the estimators that take arrays

    return pd.DataFrame(X, columns=names)


def takes_float32_only(estimator: Any) -> bool:
    """Tell whether an estimator is or contains a neural network of skorch that is none of `udrl_sklearn.nets`.

    Such a network takes rows and targets in single precision alone, and targets in the shape of its outputs.
    """
    return any(is_net(part) and not hasattr(part, "takes_any_precision") for part in _parts(estimator))


def is_net(estimator: Any) -> bool:
    """Tell whether an estimator is a neural network of skorch."""
    return any(base.__name__ == "NeuralNet" and _is_from_skorch(base) for base in type(estimator).__mro__)


def predicts_indices(estimator: Any) -> bool:
    """Tell whether an estimator is or contains a classifier of skorch, which predicts indices of its outputs."""
    return any(_is_from_skorch(_definition(part, "predict")) for part in _parts(estimator))


def is_binary_net(estimator: Any) -> bool:
    """Tell whether an estimator is or contains a net of skorch with one output for two labels."""
    names = {base.__name__ for part in _parts(estimator) for base in type(part).__mro__ if _is_from_skorch(base)}
    return "NeuralNetBinaryClassifier" in names


def _parts(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and all estimators in its parameters."""
    yield estimator
    yield from (value for value in estimator.get_params(deep=True).values() if hasattr(value, "get_params"))


def _definition(part: Any, method: str) -> type:
    """Return the class that defines a method, or object if there is none."""
    return next((base for base in type(part).__mro__ if method in vars(base)), object)


def _is_from_skorch(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "skorch"


def has_unknown_weights(estimator: Any, labels: np.ndarray) -> bool:
    """Tell whether an estimator, or one in it, has weights of classes for labels that are not among all labels."""
    return any(set(weights) - set(labels.tolist()) for weights in _class_weights(estimator).values())


def set_class_weight(estimator: Any, labels: np.ndarray, targets: np.ndarray, all_labels: np.ndarray) -> None:
    """Restrict weights of classes, if they are a dict, to the labels that occur: estimators refuse others.

    Parameters
    ----------
    estimator : classifier
        It is changed, and so are those in it.
    labels : ndarray of shape (n_labels,)
        The labels that occur.
    targets : ndarray of shape (n_labels,)
        What the estimator gets for each of them.
    all_labels : ndarray
        The labels that may occur. Weights of any others stay, for the estimator to refuse.
    """
    pairs = list(zip(labels.tolist(), targets.tolist(), strict=True))
    for name, weights in _class_weights(estimator).items():
        unknown = {label: weight for label, weight in weights.items() if label not in all_labels.tolist()}
        known = {target: weights[label] for label, target in pairs if label in weights}
        if len(known) < len(weights) and not unknown:
            known = dict.fromkeys(targets.tolist(), 1.0) | known
        estimator.set_params(**{name: known | unknown})


def _class_weights(estimator: Any) -> dict[str, dict]:
    """Return the parameters of an estimator, and of those in it, that are weights of classes in a dict."""
    weights = nested_params(estimator, "class_weight").items()
    return {name: value for name, value in weights if isinstance(value, dict)}


def n_rows_per_label(estimator: Any) -> int:
    """Return how many rows of each label are enough for splits of the rows inside an estimator.

    Twice the number of folds: those who split may contain others who split.
    """
    n_folds = [getattr(cv, "n_splits", cv) for cv in nested_params(estimator, "cv").values()]
    return 2 * max([5, *(n for n in n_folds if isinstance(n, int))])


def repeat_rare(
    X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, n_rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Repeat the rows of labels that have less than `n_rows` of them; the copies share the weight of their row."""
    _, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    n_copies = np.ceil(np.maximum(n_rows / counts, 1)).astype(int)[inverse]
    rows = np.repeat(np.arange(len(y)), n_copies)
    weight = None if sample_weight is None else (sample_weight / n_copies)[rows]
    return X[rows], y[rows], weight
