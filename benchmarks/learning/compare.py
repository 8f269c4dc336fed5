"""Comparisons: estimators in the place of the forest, and the default recipe with one thing changed at a time.

Goes on where it was stopped; rows stand in results/swap.csv and results/ablation.csv. `report.py` makes tables of them.
The estimators take more than the package needs: pip install -e '.[dev]'

    OMP_NUM_THREADS=1 python benchmarks/learning/compare.py swap ablation
"""

import argparse
from functools import partial

from _runs import run_missing
from _variants import COMPARISONS, SEEDS, learn_variant

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("names", nargs="+", choices=COMPARISONS)
parser.add_argument("--n-seeds", type=int, default=len(SEEDS), help="the first so many of the seeds")
parser.add_argument("--n-jobs", type=int, default=2, help="runs at a time, each with one thread")
args = parser.parse_args()

for name in args.names:
    variants, budgets = COMPARISONS[name]
    runs = [(task, variant, seed) for seed in SEEDS[: args.n_seeds] for task in budgets for variant in variants]
    run_missing(name, ("task", "variant", "seed"), runs, partial(learn_variant, name), n_jobs=args.n_jobs)
