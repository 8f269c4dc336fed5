"""Reading several runs, of which some may have failed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from udrl_sklearn._runs._run_folder import Run, RunError

T = TypeVar("T")


def read_each(runs: Sequence[Run], read: Callable[[Run], T]) -> dict[Run, T]:
    """Return what a function reads from each run.

    Parameters
    ----------
    runs : sequence of Run
    read : callable
        Takes a run. If it raises a RunError, the run is left out with a note.

    Raises
    ------
    RunError
        If all runs are left out.
    """
    results: dict[Run, T] = {}
    errors: dict[Run, RunError] = {}
    for run in runs:
        try:
            results[run] = read(run)
        except RunError as error:
            errors[run] = error
    if not results:
        raise RunError("\n".join(f"{run.path}: {reason}" for run, reason in errors.items()))
    for run, reason in errors.items():
        click.echo(f"Left out {run.path}: {reason}", err=True)
    return results
