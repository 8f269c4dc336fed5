"""`udrl export`."""

import csv

import click

from udrl_sklearn._runs._run_folder import find_runs

from ._group import examples, runs_argument, udrl


@udrl.command(
    epilog=examples(
        "udrl export runs --csv histories.csv",
        "udrl export runs/cartpole --csv",
    ),
)
@runs_argument
@click.option("--csv", "path", is_flag=False, flag_value="-", default="-", help="The file. [default: the screen]")
def export(runs, path):
    """Write the histories of RUNS as one table.

    It has a line for each iteration of each run.
    """
    rows = []
    for run in find_runs(runs):
        config = run.config
        of_run = {"run": str(run.path), **{key: config[key] for key in ("env", "estimator", "random_state")}}
        rows += [of_run | record for record in run.history]
    with click.open_file(path, "w") as file:
        columns = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
