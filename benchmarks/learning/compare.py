"""Comparisons: other estimators instead of the forest, and the default hyperparameters with one of them changed.

An interrupted benchmark continues where it stopped. Rows are in benchmarks/results/learning, in one CSV file for each
comparison; `report.py` makes tables of them. The comparison "tuning" decides on defaults. It has its own seeds, which
no other result uses. The option `--results` keeps the rows of another commit apart, see benchmarks/README.md. The
estimators need more packages than the library: pip install -e '.[dev]'

    OMP_NUM_THREADS=1 python -m benchmarks.learning.compare swap ablation
    OMP_NUM_THREADS=1 python -m benchmarks.learning.compare tuning --tasks CartPole-v1
"""

import argparse
from functools import partial
from pathlib import Path

from .report import comparison_table
from .results import run_missing
from .tasks import TASKS
from .variants import COMPARISONS, SEEDS, learn_variant


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=COMPARISONS)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="default: all of a comparison")
    parser.add_argument("--variants", nargs="+", metavar="VARIANT", help="default: all of a comparison")
    parser.add_argument("--n-seeds", type=int, help="number of seeds; default: all seeds of a comparison")
    parser.add_argument("--n-jobs", type=int, default=2, help="number of runs at a time, each with one thread")
    parser.add_argument("--results", type=Path, help="folder of the CSV files; default: benchmarks/results/learning")
    args = parser.parse_args(argv)
    for name in args.names:
        variants, budgets = COMPARISONS[name]
        if unknown := set(args.variants or ()) - set(variants):
            parser.error(f"{name} has no variant {', '.join(sorted(unknown))}; choose from {', '.join(variants)}")
        tasks = [task for task in budgets if task in args.tasks]
        chosen = args.variants or variants
        runs = [(task, variant, seed) for seed in SEEDS[name][: args.n_seeds] for task in tasks for variant in chosen]
        train = partial(learn_variant, name)
        run_missing(name, ("task", "variant", "seed"), runs, train, n_jobs=args.n_jobs, folder=args.results)
        print(comparison_table(name, args.results), flush=True)


if __name__ == "__main__":
    main()
