"""Scores: one set of hyperparameters for all environments, and PPO and DQN with hyperparameters for each environment.

An interrupted benchmark continues where it stopped. Rows are in benchmarks/results/learning/scores.csv and
commands.csv; `report.py` makes tables and figures of them.

    pip install stable-baselines3
    OMP_NUM_THREADS=1 python -m benchmarks.learning.scores
    OMP_NUM_THREADS=1 python -m benchmarks.learning.scores --tasks CartPole-v1 --agents RandomForest PPO
"""

import argparse

from .agents import AGENTS, BASELINES, learn_task
from .results import run_missing
from .tasks import REPORTING_SEEDS, TASKS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="default: all")
    parser.add_argument(
        "--agents",
        nargs="+",
        choices=[*AGENTS, *BASELINES],
        default=[*AGENTS, *BASELINES],
        help="default: all; PPO and DQN need stable-baselines3",
    )
    parser.add_argument("--n-seeds", type=int, default=10, help="number of seeds; default: all seeds of each task")
    parser.add_argument("--n-jobs", type=int, default=2, help="number of runs at a time, each with one thread")
    args = parser.parse_args()
    runs = [
        (task, agent, seed)
        for task in args.tasks
        for agent in args.agents
        if agent != "DQN" or TASKS[task].has_discrete_actions
        for seed in REPORTING_SEEDS[: min(args.n_seeds, TASKS[task].n_seeds)]
    ]
    run_missing("scores", ("task", "agent", "seed"), runs, learn_task, n_jobs=args.n_jobs)


if __name__ == "__main__":
    main()
