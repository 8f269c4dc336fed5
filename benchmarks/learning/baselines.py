"""PPO and DQN of stable-baselines3 with the hyperparameters that rl-zoo3 publishes for each environment.

Source: https://github.com/DLR-RM/rl-baselines3-zoo, hyperparams/ppo.yml and hyperparams/dqn.yml. This module needs
stable-baselines3: pip install stable-baselines3
"""

import time

import numpy as np
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

from .evaluation import evaluation_row, next_evaluation
from .tasks import TASKS

ALGORITHMS = {"PPO": PPO, "DQN": DQN}


def _linear(start):
    return lambda remaining: start * remaining


_WIDE = {"net_arch": [256, 256]}
_PPO_LANDER = {
    "n_envs": 16,
    "n_steps": 1024,
    "batch_size": 64,
    "gae_lambda": 0.98,
    "gamma": 0.999,
    "n_epochs": 4,
    "ent_coef": 0.01,
}
_DQN_LANDER = {
    "learning_rate": 6.3e-4,
    "batch_size": 128,
    "buffer_size": 50_000,
    "learning_starts": 0,
    "gamma": 0.99,
    "target_update_interval": 250,
    "train_freq": 4,
    "gradient_steps": -1,
    "exploration_fraction": 0.12,
    "exploration_final_eps": 0.1,
    "policy_kwargs": _WIDE,
}
#: (algorithm, task) -> keyword arguments of the algorithm, with "n_envs" and "normalize" for the environments.
HYPERPARAMETERS = {
    ("PPO", "CartPole-v1"): {
        "n_envs": 8,
        "n_steps": 32,
        "batch_size": 256,
        "gae_lambda": 0.8,
        "gamma": 0.98,
        "n_epochs": 20,
        "ent_coef": 0.0,
        "learning_rate": _linear(0.001),
        "clip_range": _linear(0.2),
    },
    ("PPO", "Acrobot-v1"): {
        "normalize": True,
        "n_envs": 16,
        "n_steps": 256,
        "gae_lambda": 0.94,
        "gamma": 0.99,
        "n_epochs": 4,
        "ent_coef": 0.0,
    },
    ("PPO", "LunarLander-v3"): _PPO_LANDER,
    ("PPO", "LunarLander-v3, 1M steps"): _PPO_LANDER,
    ("PPO", "LunarLander-v3, sparse"): _PPO_LANDER,
    ("PPO", "MountainCar-v0"): {
        "normalize": True,
        "n_envs": 16,
        "n_steps": 16,
        "gae_lambda": 0.98,
        "gamma": 0.99,
        "n_epochs": 4,
        "ent_coef": 0.0,
    },
    ("PPO", "Pendulum-v1"): {
        "n_envs": 4,
        "n_steps": 1024,
        "gae_lambda": 0.95,
        "gamma": 0.9,
        "n_epochs": 10,
        "ent_coef": 0.0,
        "learning_rate": 1e-3,
        "clip_range": 0.2,
        "use_sde": True,
        "sde_sample_freq": 4,
    },
    ("DQN", "CartPole-v1"): {
        "learning_rate": 2.3e-3,
        "batch_size": 64,
        "buffer_size": 100_000,
        "learning_starts": 1000,
        "gamma": 0.99,
        "target_update_interval": 10,
        "train_freq": 256,
        "gradient_steps": 128,
        "exploration_fraction": 0.16,
        "exploration_final_eps": 0.04,
        "policy_kwargs": _WIDE,
    },
    ("DQN", "Acrobot-v1"): _DQN_LANDER,
    ("DQN", "LunarLander-v3"): _DQN_LANDER,
    ("DQN", "LunarLander-v3, 1M steps"): _DQN_LANDER,
    ("DQN", "LunarLander-v3, sparse"): _DQN_LANDER,
    ("DQN", "MountainCar-v0"): {
        "learning_rate": 4e-3,
        "batch_size": 128,
        "buffer_size": 10_000,
        "learning_starts": 1000,
        "gamma": 0.98,
        "target_update_interval": 600,
        "train_freq": 16,
        "gradient_steps": 8,
        "exploration_fraction": 0.2,
        "exploration_final_eps": 0.07,
        "policy_kwargs": _WIDE,
    },
}


class _EvaluateDuringLearn(BaseCallback):
    """Evaluates between two rollouts; the attribute `seconds` is the time of all evaluations."""

    def __init__(self, envs, every, n_episodes):
        super().__init__()
        self.envs = envs
        self.every = every
        self.n_episodes = n_episodes
        self.seconds = 0.0
        self.next_timestep = every
        self.rows = []

    def _on_training_start(self):
        self.began = time.perf_counter()

    def _on_step(self):
        return True

    def _on_rollout_start(self):
        if self.num_timesteps >= self.next_timestep:
            self.next_timestep = next_evaluation(self.num_timesteps, self.every)
            self.evaluate()

    def evaluate(self):
        """Add a row; its seconds are those of training, without evaluations."""
        began = time.perf_counter()
        if isinstance(self.envs, VecNormalize):
            self.envs.obs_rms = self.training_env.obs_rms
        returns = np.array(
            evaluate_policy(self.model, self.envs, self.n_episodes, return_episode_rewards=True, warn=False)[0]
        )
        self.rows.append(evaluation_row(self.num_timesteps, began - self.began - self.seconds, returns))
        self.seconds += time.perf_counter() - began


def make_baseline(algorithm, task_name, seed):
    """Return an untrained model with the published hyperparameters of a task, for one thread."""
    torch.set_num_threads(1)  # for nets of this size one thread is faster than several
    hyperparameters = dict(HYPERPARAMETERS[algorithm, task_name])
    normalize = hyperparameters.pop("normalize", False)
    envs = make_vec_env(TASKS[task_name].env, hyperparameters.pop("n_envs", 1), seed=seed)
    if normalize:
        envs = VecNormalize(envs, gamma=hyperparameters["gamma"])
    return ALGORITHMS[algorithm]("MlpPolicy", envs, seed=seed, device="cpu", **hyperparameters)


def train_baseline(algorithm, task_name, seed, *, n_timesteps, every, n_episodes):
    """Train PPO or DQN and return a row for each evaluation."""
    model = make_baseline(algorithm, task_name, seed)
    test_envs = make_vec_env(TASKS[task_name].env, 10, seed=1_000_000)
    if isinstance(model.get_env(), VecNormalize):
        test_envs = VecNormalize(test_envs, training=False, norm_reward=False)
    callback = _EvaluateDuringLearn(test_envs, every, n_episodes)
    model.learn(n_timesteps, callback=callback)
    callback.evaluate()
    return callback.rows
