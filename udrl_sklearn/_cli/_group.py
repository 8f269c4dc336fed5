"""The group of all commands, and the helpers that they share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from gymnasium.error import DependencyNotInstalled

from udrl_sklearn import __version__
from udrl_sklearn._runs._run_folder import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INTERRUPTED = 130  # the exit code that shells give for SIGINT


class Group(click.Group):
    """A group of commands that shows the errors of run folders and missing packages without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (RunError, DependencyNotInstalled) as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)


def examples(*lines: str) -> str:
    """Return a list of examples for the end of a help text, which click does not wrap."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "udrl train --env CartPole-v1 --total-timesteps 20000 --seed 42 --out runs/cartpole",
        "udrl evaluate runs/cartpole --command 200 200",
        "udrl play runs/cartpole --record cartpole.gif",
        "udrl explain runs/cartpole",
    ),
)
@click.version_option(__version__)
def udrl() -> None:
    """Upside-Down Reinforcement Learning with scikit-learn estimators."""


@contextmanager
def library_errors() -> Iterator[None]:
    """Show errors of the library without a traceback."""
    try:
        yield
    except (ValueError, TypeError, ImportError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure to a file."""
    figure.savefig(path, dpi=120)
    click.echo(f"Wrote {path}")
