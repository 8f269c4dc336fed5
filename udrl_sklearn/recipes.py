"""Published sets of hyperparameters, as keyword arguments of `UDRLAgent`.

Each recipe is a function that returns a new dict, which the caller may change.

Examples
--------
>>> from sklearn.ensemble import RandomForestClassifier
>>> from udrl_sklearn import UDRLAgent, recipes
>>> agent = UDRLAgent(RandomForestClassifier(), **recipes.cardenas_cartagena_2024())
>>> agent.epsilon
0.2
"""

from typing import Any

from .methods import ReturnConditioned

__all__ = ["cardenas_cartagena_2024", "srivastava_2019"]


def srivastava_2019() -> dict[str, Any]:
    """Return the parameters of the first published algorithm, for a neural behavior function.

    Algorithms 1 and 2 of R. K. Srivastava et al., "Training Agents using Upside-Down Reinforcement Learning",
    arXiv 1912.02877. Use them with a net such as `udrl_sklearn.nets.behavior_net(lr=1e-3)`. The paper searched each of
    these values within a range, for each environment; these lie inside the ranges.

    Returns
    -------
    params : dict
        Keyword arguments of `UDRLAgent`.
    """
    return {
        "method": ReturnConditioned(segments="trailing", rows_per_episode=None, last_few=75),
        "replay_keep": "best",
        "replay_size": 500,
        "n_warm_up_episodes": 50,
        "warm_up_sticky_probability": 0.0,
        "n_episodes_per_iter": 20,
        "n_timesteps_per_iter": 1,
        "n_updates_per_iter": 150,
        "batch_size": 1024,
        "exploration": "sample",
        "epsilon": 0.0,
        "exploration_sticky_probability": 0.0,
        "acting": "greedy",
        "return_scale": 0.02,
        "horizon_scale": 0.02,
    }


def cardenas_cartagena_2024() -> dict[str, Any]:
    """Return the parameters of a published algorithm for forests and other estimators that are fitted anew.

    J. Cardenas-Cartagena et al., "Upside-Down Reinforcement Learning for More Interpretable Optimal Control",
    arXiv 2411.11457: one random step of each episode in the buffer, epsilon-greedy exploration.

    Returns
    -------
    params : dict
        Keyword arguments of `UDRLAgent`.
    """
    return {
        "method": ReturnConditioned(segments="trailing", rows_per_episode=1, last_few=75),
        "replay_keep": "best",
        "replay_size": 700,
        "n_warm_up_episodes": 50,
        "warm_up_sticky_probability": 0.0,
        "n_episodes_per_iter": 15,
        "n_timesteps_per_iter": 1,
        "n_updates_per_iter": None,
        "exploration": "greedy",
        "epsilon": 0.2,
        "exploration_sticky_probability": 0.0,
        "acting": "greedy",
        "return_scale": 1.0,
        "horizon_scale": 1.0,
    }
