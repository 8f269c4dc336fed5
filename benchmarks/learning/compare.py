"""Comparisons: estimators in the place of the forest, and the default recipe with one thing changed at a time.

Goes on where it was stopped; rows stand in a file for each in results/. `report.py` makes tables of them.
"tuning" takes seeds that decide on defaults, and that nothing else reports.
The estimators take more than the package needs: pip install -e '.[dev]'

    OMP_NUM_THREADS=1 python benchmarks/learning/compare.py swap ablation
    OMP_NUM_THREADS=1 python benchmarks/learning/compare.py tuning --tasks CartPole-v1
"""

import argparse
from functools import partial

from _runs import run_missing
from _tasks import TASKS
from _variants import COMPARISONS, SEEDS, learn_variant

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("names", nargs="+", choices=COMPARISONS)
parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="where a comparison has them")
parser.add_argument("--n-seeds", type=int, help="the first so many of the seeds")
parser.add_argument("--n-jobs", type=int, default=2, help="runs at a time, each with one thread")
args = parser.parse_args()

for name in args.names:
    variants, budgets = COMPARISONS[name]
    tasks = [task for task in budgets if task in args.tasks]
    runs = [(task, variant, seed) for seed in SEEDS[name][: args.n_seeds] for task in tasks for variant in variants]
    run_missing(name, ("task", "variant", "seed"), runs, partial(learn_variant, name), n_jobs=args.n_jobs)
