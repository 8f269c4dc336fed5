"""Published sets of hyperparameters, as keyword arguments of `UDRLAgent`.

Examples
--------
>>> from sklearn.ensemble import RandomForestClassifier
>>> from udrl_sklearn import UDRLAgent, recipes
>>> agent = UDRLAgent(RandomForestClassifier(), **recipes.CARDENAS_CARTAGENA_2024)
>>> agent.epsilon
0.2
"""

__all__ = ["CARDENAS_CARTAGENA_2024", "SRIVASTAVA_2019"]

#: Algorithms 1 and 2 of R. K. Srivastava et al., "Training Agents using Upside-Down Reinforcement Learning",
#: arXiv 1912.02877, for a neural behavior function such as `udrl_sklearn.nets.behavior_net(lr=1e-3)`. The paper
#: searched each of these values within a range, environment by environment; these lie inside the ranges.
SRIVASTAVA_2019 = {
    "weighting": None,
    "replay_keep": "best",
    "replay_size": 500,
    "n_warm_up_episodes": 50,
    "warm_up_persistence": 0.0,
    "n_episodes_per_iter": 20,
    "n_timesteps_per_iter": 1,
    "n_updates_per_iter": 150,
    "batch_size": 1024,
    "last_few": 75,
    "segments": "trailing",
    "rows_per_episode": None,
    "exploration": "sample",
    "epsilon": 0.0,
    "exploration_persistence": 0.0,
    "acting": "greedy",
    "return_scale": 0.02,
    "horizon_scale": 0.02,
}

#: J. Cardenas-Cartagena et al., "Upside-Down Reinforcement Learning for More Interpretable Optimal Control",
#: arXiv 2411.11457, for forests and other estimators that are fitted anew: one random step of each buffered
#: episode, epsilon-greedy exploration.
CARDENAS_CARTAGENA_2024 = {
    "weighting": None,
    "replay_keep": "best",
    "replay_size": 700,
    "n_warm_up_episodes": 50,
    "warm_up_persistence": 0.0,
    "n_episodes_per_iter": 15,
    "n_timesteps_per_iter": 1,
    "n_updates_per_iter": None,
    "last_few": 75,
    "segments": "trailing",
    "rows_per_episode": 1,
    "exploration": "greedy",
    "epsilon": 0.2,
    "exploration_persistence": 0.0,
    "acting": "greedy",
    "return_scale": 1.0,
    "horizon_scale": 1.0,
}
