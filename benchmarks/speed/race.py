"""Seconds of training until a mean return is reached, compared with PPO of stable-baselines3.

The agent is the default agent of the learning benchmark, and PPO has the hyperparameters of its baseline. For each seed
both train at the same time on the same machine, each in a process with one thread. Both are evaluated on 20 episodes
with deterministic actions: the agent after each iteration, PPO after each rollout or after 1000 steps if rollouts are
shorter. The time of evaluations is not counted. A run that does not reach the mean return counts with all its seconds
and is marked with ">".

    pip install stable-baselines3
    OMP_NUM_THREADS=1 python -m benchmarks.speed.race CartPole-v1 | tee benchmarks/results/speed/race_cartpole.txt
    OMP_NUM_THREADS=1 python -m benchmarks.speed.race LunarLander-v3 | tee benchmarks/results/speed/race_lunarlander.txt
"""

import argparse
import time
from typing import NamedTuple

import joblib
import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

from benchmarks.conditions import describe_conditions
from benchmarks.learning.agents import AGENTS
from benchmarks.learning.baselines import make_baseline

N_EVAL_EPISODES = 20


class Race(NamedTuple):
    """The mean return to reach, and after how many steps to give up."""

    target_return: float
    udrl_timesteps: int
    ppo_timesteps: int  # as rl-zoo3 has them, since its schedules depend on them


RACES = {
    "CartPole-v1": Race(475, 50_000, 100_000),
    "LunarLander-v3": Race(200, 500_000, 1_000_000),
}


def train_udrl(env_id, seed):
    """Return seconds, steps and whether the target return was reached."""
    race = RACES[env_id]
    agent = AGENTS["RandomForest"](is_discrete=True)
    agent.set_params(
        total_timesteps=race.udrl_timesteps,
        target_return=race.target_return,
        n_eval_episodes=N_EVAL_EPISODES,
        random_state=seed,
    )
    agent.fit(env_id)
    seconds = sum(record["rollout_seconds"] + record["fit_seconds"] for record in agent.history_)
    return seconds, agent.n_timesteps_, agent.history_[-1]["evaluated_return"] >= race.target_return


class _StopAtTarget(BaseCallback):
    """Evaluates after a rollout and stops at the target return; `seconds` is the time of all evaluations."""

    def __init__(self, env_id, target_return, seed):
        super().__init__()
        self.envs = make_vec_env(env_id, N_EVAL_EPISODES, seed=seed + 1_000_000)
        self.target_return = target_return
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
        self.reached = score >= self.target_return
        self.seconds += time.perf_counter() - began


def train_ppo(env_id, seed):
    """Return seconds, steps and whether the target return was reached."""
    race = RACES[env_id]
    model = make_baseline("PPO", env_id, seed)
    callback = _StopAtTarget(env_id, race.target_return, seed)
    began = time.perf_counter()
    model.learn(race.ppo_timesteps, callback=callback)
    return time.perf_counter() - began - callback.seconds, model.num_timesteps, callback.reached


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("env", choices=RACES)
    parser.add_argument("--seeds", type=int, nargs="+", default=range(3000, 3005))
    args = parser.parse_args()
    print(describe_conditions("stable_baselines3", "torch", seeds=args.seeds))
    print(f"{args.env}: seconds of training to a mean return of {RACES[args.env].target_return}")
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
