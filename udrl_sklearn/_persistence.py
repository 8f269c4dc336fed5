"""Files of agents, without pickle."""

import zipfile
from collections.abc import Iterable
from os import PathLike
from typing import Any

import skops.io

# Types in the files of agents that skops does not trust by itself, by module. They hold data: a file can only make
# instances of them, from arrays and other types that are trusted. No functions are among them, and no classes that call
# a function of the user (as PyFuncDistance64) or open a connection (as ScoringMonitor). Still, damaged arrays of
# scikit-learn's compiled classes can crash the process that predicts with them.
_DISTANCES = (
    "BrayCurtis Canberra Chebyshev Dice Euclidean Hamming Haversine Jaccard Mahalanobis Manhattan Minkowski "
    "RogersTanimoto RussellRao SEuclidean SokalMichener SokalSneath"
)
_NAMES = {
    "builtins": "frozenset",
    "gymnasium.spaces.box": "Box",
    "gymnasium.spaces.dict": "Dict",
    "gymnasium.spaces.discrete": "Discrete",
    "gymnasium.spaces.multi_binary": "MultiBinary",
    "gymnasium.spaces.multi_discrete": "MultiDiscrete",
    "gymnasium.spaces.oneof": "OneOf",
    "gymnasium.spaces.text": "Text",
    "gymnasium.spaces.tuple": "Tuple",
    "numpy": "dtype",
    "sklearn._loss.loss": "HalfTweedieLoss HalfTweedieLossIdentity",
    "sklearn.calibration": "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
    "sklearn.callback._progressbar": "ProgressBar",
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.gaussian_process._gpc": "_BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels": (
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern PairwiseKernel Product RBF "
        "RationalQuadratic Sum WhiteKernel"
    ),
    "sklearn.impute._iterative": "IterativeImputer _ImputerTriplet",
    "sklearn.metrics._dist_metrics": " ".join(
        f"{name}Distance{bits}" for name in _DISTANCES.split() for bits in (32, 64)
    ),
    "sklearn.metrics._scorer": "_PassthroughScorer",
    "sklearn.model_selection._split": (
        "KFold PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedKFold "
        "StratifiedShuffleSplit TimeSeriesSplit"
    ),
    "sklearn.multiclass": "_ConstantPredictor",
    "sklearn.neighbors._ball_tree": "BallTree",
    "sklearn.neighbors._kd_tree": "KDTree",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.tree._tree": "Tree",
    "sklearn.utils._bunch": "Bunch",
    "udrl_sklearn._agent": "UDRLAgent",
    "udrl_sklearn._behavior._compiled_estimator": "CompiledEstimator",
    "udrl_sklearn._behavior._continuous": "ContinuousBehavior",
    "udrl_sklearn._behavior._default_estimators": "DefaultForest",
    "udrl_sklearn._behavior._discrete": "DiscreteBehavior Head",
    "udrl_sklearn._behavior._function": "BehaviorFunction",
    "udrl_sklearn._commands": "Command",
    "udrl_sklearn._envs._spaces": "ActionTargets",
    "udrl_sklearn._replay_buffer": "ReplayBuffer",
    "udrl_sklearn.methods._advantage_weighted": "AdvantageWeighted",
    "udrl_sklearn.methods._return_conditioned": "ReturnConditioned",
}
TRUSTED = {f"{module}.{name}" for module, names in _NAMES.items() for name in names.split()}


def save(agent: Any, path: str | PathLike) -> None:
    """Write an agent to a file with skops."""
    skops.io.dump(agent, path, compression=zipfile.ZIP_DEFLATED)


def load(path: str | PathLike, trusted: Iterable[str] = ()) -> Any:
    """Read an agent from a file that `save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : list of str, default=()
        Names of types that the file may contain, in addition to `TRUSTED`.

    Returns
    -------
    agent : UDRLAgent

    Raises
    ------
    TypeError
        If the file contains any other type.
    """
    unknown = untrusted_types(path, trusted)
    if unknown:
        raise TypeError(
            f"{path} contains types that are not trusted: {unknown}. If you trust the source of the file and these "
            f"types, load it with trusted={unknown}."
        )
    return skops.io.load(path, trusted=[*TRUSTED, *trusted])


def untrusted_types(path: str | PathLike, trusted: Iterable[str] = ()) -> list[str]:
    """Return the names of the types in a file that are neither in `TRUSTED` nor in `trusted`, sorted."""
    return sorted(set(skops.io.get_untrusted_types(file=path)) - TRUSTED - set(trusted))
