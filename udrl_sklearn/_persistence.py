"""Files of agents, without pickle."""

import zipfile
from collections.abc import Iterable
from os import PathLike
from typing import Any

import skops.io

# Types in the files of agents that skops does not trust by itself. Reading scikit-learn's compiled classes runs no
# code, but damaged node arrays can crash the process that predicts with them.
TRUSTED = {
    "gymnasium.spaces.box.Box",
    "gymnasium.spaces.dict.Dict",
    "gymnasium.spaces.discrete.Discrete",
    "gymnasium.spaces.multi_binary.MultiBinary",
    "gymnasium.spaces.multi_discrete.MultiDiscrete",
    "gymnasium.spaces.tuple.Tuple",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance32",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "udrl_sklearn._agent.UDRLAgent",
    "udrl_sklearn._behavior._continuous.ContinuousBehavior",
    "udrl_sklearn._behavior._default_estimators.DefaultForest",
    "udrl_sklearn._behavior._discrete.DiscreteBehavior",
    "udrl_sklearn._behavior._discrete.Head",
    "udrl_sklearn._behavior._function.BehaviorFunction",
    "udrl_sklearn._behavior._tree_inference.CompiledEstimator",
    "udrl_sklearn._commands.Command",
    "udrl_sklearn._envs._spaces.ActionTargets",
    "udrl_sklearn._replay_buffer.ReplayBuffer",
    "udrl_sklearn.methods._advantage_weighted.AdvantageWeighted",
    "udrl_sklearn.methods._return_conditioned.ReturnConditioned",
}


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
    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - TRUSTED - set(trusted))
    if unknown:
        raise TypeError(
            f"{path} contains types that are not trusted: {unknown}. If you trust the source of the file and these "
            f"types, load it with trusted={unknown}."
        )
    return skops.io.load(path, trusted=[*TRUSTED, *trusted])
