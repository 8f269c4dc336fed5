"""Seconds of training until a score is reached, beside PPO of stable-baselines3 with rl-zoo3's hyperparameters.

For each seed both train at the same time on the same machine, each in a process with one thread. Both are
evaluated over 20 episodes, without chance, as they learn: this library after each iteration, PPO after each of its
rollouts or after 1000 steps if they are shorter. Seconds of evaluations count for neither. A run that does not
reach the score counts as all its seconds, marked by ">".

    pip install stable-baselines3
    OMP_NUM_THREADS=1 python -m benchmarks.speed.race CartPole-v1 | tee benchmarks/results/speed/race_cartpole.txt
    OMP_NUM_THREADS=1 python -m benchmarks.speed.race LunarLander-v3 | tee benchmarks/results/speed/race_lunarlander.txt
"""

import argparse
import time

import joblib
import numpy as np
import torch
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

N_EVAL_EPISODES = 20

RACES = {
    "CartPole-v1": {
        "target": 475,
        "udrl": lambda: UDRLAgent(
            ExtraTreesClassifier(n_estimators=20, min_samples_leaf=10),
            value_estimator=HistGradientBoostingRegressor(max_iter=20, min_samples_leaf=20, early_stopping=False),
            total_timesteps=50_000,
            n_timesteps_per_iter=1000,
            n_value_fits=1,
            temperature=0.5,
            advantage_smoothing=0.0,
            exploration_persistence=0.0,
            warm_up_persistence=0.0,
            acting="greedy",
        ),
        # https://github.com/DLR-RM/rl-baselines3-zoo/blob/master/hyperparams/ppo.yml
        "n_envs": 8,
        "total_timesteps": 100_000,
        "ppo": {
            "n_steps": 32,
            "batch_size": 256,
            "gae_lambda": 0.8,
            "gamma": 0.98,
            "n_epochs": 20,
            "ent_coef": 0.0,
            "learning_rate": lambda remaining: 0.001 * remaining,
            "clip_range": lambda remaining: 0.2 * remaining,
        },
    },
    "LunarLander-v3": {
        "target": 200,
        # One regressor less to fit in each iteration, and the temperature that goes with that.
        "udrl": lambda: UDRLAgent(
            RandomForestClassifier(n_estimators=30, min_samples_leaf=10, max_features=0.6),
            value_estimator=HistGradientBoostingRegressor(max_iter=80, min_samples_leaf=20, early_stopping=False),
            total_timesteps=500_000,
            advantage_smoothing=0.0,
            temperature=0.4,
        ),
        "n_envs": 16,
        "total_timesteps": 1_000_000,
        "ppo": {
            "n_steps": 1024,
            "batch_size": 64,
            "gae_lambda": 0.98,
            "gamma": 0.999,
            "n_epochs": 4,
            "ent_coef": 0.01,
        },
    },
}


def train_udrl(env_id, seed):
    """Return seconds, steps and whether the target was reached."""
    race = RACES[env_id]
    agent = race["udrl"]()
    agent.set_params(target_return=race["target"], n_eval_episodes=N_EVAL_EPISODES, random_state=seed)
    agent.fit(env_id)
    seconds = sum(record["rollout_seconds"] + record["fit_seconds"] for record in agent.history_)
    return seconds, agent.n_timesteps_, agent.history_[-1]["evaluated_return"] >= race["target"]


class _StopAtTarget(BaseCallback):
    """Evaluates after a rollout and stops at the target; the seconds that it takes are in `seconds`."""

    def __init__(self, env_id, target, seed):
        super().__init__()
        self.envs = make_vec_env(env_id, N_EVAL_EPISODES, seed=seed + 1_000_000)
        self.target = target
        self.seconds = 0.0
        self.last_timestep = 0
        self.reached = False

    def _on_step(self):
        return not self.reached

    def _on_rollout_start(self):
        if self.num_timesteps - self.last_timestep < 1000:
            return
        began = time.perf_counter()
        self.last_timestep = self.num_timesteps
        score, _ = evaluate_policy(self.model, self.envs, N_EVAL_EPISODES, deterministic=True)
        self.reached = score >= self.target
        self.seconds += time.perf_counter() - began


def train_ppo(env_id, seed):
    """Return seconds, steps and whether the target was reached."""
    race = RACES[env_id]
    torch.set_num_threads(1)  # faster than more for nets of this size
    model = PPO("MlpPolicy", make_vec_env(env_id, race["n_envs"], seed=seed), seed=seed, device="cpu", **race["ppo"])
    callback = _StopAtTarget(env_id, race["target"], seed)
    began = time.perf_counter()
    model.learn(race["total_timesteps"], callback=callback)
    return time.perf_counter() - began - callback.seconds, model.num_timesteps, callback.reached


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("env", choices=RACES)
    parser.add_argument("--seeds", type=int, nargs="+", default=range(3000, 3005))
    args = parser.parse_args()
    print(describe_conditions("stable_baselines3", "torch", seeds=args.seeds))
    print(f"{args.env}: seconds of training to a mean return of {RACES[args.env]['target']}")
    print(f"{'seed':>6} {'udrl s':>9} {'steps':>9} {'PPO s':>9} {'steps':>9} {'ratio':>7}", flush=True)
    seconds = []
    parallel = joblib.Parallel(n_jobs=2)
    for seed in args.seeds:
        runs = parallel(joblib.delayed(train)(args.env, seed) for train in (train_udrl, train_ppo))
        seconds.append([run[0] for run in runs])
        cells = [f"{'' if reached else '>'}{time:.1f}".rjust(9) + f" {steps:9,d}" for time, steps, reached in runs]
        print(f"{seed:6d} {cells[0]} {cells[1]} {seconds[-1][0] / seconds[-1][1]:7.2f}", flush=True)
    udrl, ppo = np.median(seconds, axis=0)
    print(f"median {udrl:9.1f} {'':9} {ppo:9.1f} {'':9} {udrl / ppo:7.2f}")


if __name__ == "__main__":
    main()
