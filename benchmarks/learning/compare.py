"""Comparisons: other estimators instead of the forest, and the default hyperparameters with one of them changed.

An interrupted benchmark continues where it stopped. Rows are in benchmarks/results/learning, in one CSV file for each
comparison; `report.py` makes tables of them. The comparison "tuning" decides on defaults. It has its own seeds, which
no other result uses. The estimators need more packages than the library: pip install -e '.[dev]'

    OMP_NUM_THREADS=1 python -m benchmarks.learning.compare swap ablation
    OMP_NUM_THREADS=1 python -m benchmarks.learning.compare tuning --tasks CartPole-v1
"""

import argparse
from functools import partial

from .results import run_missing
from .tasks import TASKS
from .variants import COMPARISONS, SEEDS, learn_variant


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=COMPARISONS)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="default: all of a comparison")
    parser.add_argument("--n-seeds", type=int, help="number of seeds; default: all seeds of a comparison")
    parser.add_argument("--n-jobs", type=int, default=2, help="number of runs at a time, each with one thread")
    args = parser.parse_args()
    for name in args.names:
        variants, budgets = COMPARISONS[name]
        tasks = [task for task in budgets if task in args.tasks]
        runs = [(task, variant, seed) for seed in SEEDS[name][: args.n_seeds] for task in tasks for variant in variants]
        run_missing(name, ("task", "variant", "seed"), runs, partial(learn_variant, name), n_jobs=args.n_jobs)


if __name__ == "__main__":
    main()
