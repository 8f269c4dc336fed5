"""Scores: one recipe for all environments, beside PPO and DQN with hyperparameters chosen for each.

Goes on where it was stopped; rows stand in results/scores.csv. `report.py` makes tables and pictures of them.

    OMP_NUM_THREADS=1 python benchmarks/learning/scores.py
    OMP_NUM_THREADS=1 python benchmarks/learning/scores.py --tasks CartPole-v1 --recipes RandomForest PPO
"""

import argparse

from _recipes import AGENTS, BASELINES, learn_task
from _runs import run_missing
from _tasks import REPORTING_SEEDS, TASKS

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
parser.add_argument("--recipes", nargs="+", choices=[*AGENTS, *BASELINES], default=[*AGENTS, *BASELINES])
parser.add_argument("--n-seeds", type=int, default=10, help="the first so many seeds of each task, where it has more")
parser.add_argument("--n-jobs", type=int, default=2, help="runs at a time, each with one thread")
args = parser.parse_args()

runs = [
    (task, recipe, seed)
    for task in args.tasks
    for recipe in args.recipes
    if recipe != "DQN" or TASKS[task].has_discrete_actions
    for seed in REPORTING_SEEDS[: min(args.n_seeds, TASKS[task].n_seeds)]
]
run_missing("scores", ("task", "recipe", "seed"), runs, learn_task, n_jobs=args.n_jobs)
