"""The group of all commands, and what they share."""

from contextlib import contextmanager
from pathlib import Path

import click
from gymnasium.error import DependencyNotInstalled

from udrl_sklearn import __version__
from udrl_sklearn._commands import check_command
from udrl_sklearn._runs._run_folder import NoRun

INTERRUPTED = 130  # as shells have it for SIGINT


class Group(click.Group):
    """Commands, whose errors of the kind that a user can mend are shown without a traceback."""

    def invoke(self, ctx):
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (NoRun, DependencyNotInstalled) as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)


class CommandType(click.ParamType):
    """A command: max, a desired return, or a desired return and a desired horizon."""

    name = "max | return [horizon]"

    def convert(self, value, param, ctx):
        """Return a command as `UDRLAgent.evaluate` takes it."""
        words = value.split()
        try:
            numbers = [float(word) for word in words if word != "max"]
            return check_command("max" if words == ["max"] else numbers[0] if len(numbers) == 1 else numbers)
        except ValueError:
            self.fail(f"expected max, a desired return, or a return and a horizon of at least 1, got {value!r}.")


class AskingCommand(click.Command):
    """A command with --command, which takes one value or two."""

    def parse_args(self, ctx, args):
        """Make `--command 200 150` one value."""
        args = list(args)
        for i in [i for i, arg in enumerate(args) if arg == "--command" or arg.startswith("--command=")][::-1]:
            first = i if "=" in args[i] else i + 1
            if first + 1 < len(args) and _is_number(args[first].removeprefix("--command=")):
                if _is_number(args[first + 1]):
                    args[first : first + 2] = [f"{args[first]} {args[first + 1]}"]
        return super().parse_args(ctx, args)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def examples(*lines):
    """Return a list of examples for the end of a help text, which is not wrapped."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


run_argument = click.argument("run", type=click.Path(path_type=Path))
runs_argument = click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
trust_option = click.option(
    "--trust", is_flag=True, help="Load the agent even if its file holds types of other packages."
)
command_option = click.option(
    "--command", type=CommandType(), default="max", show_default=True, help="What to ask for."
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Picks the episodes.")


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
def udrl():
    """Upside-Down Reinforcement Learning with scikit-learn estimators."""


@contextmanager
def failure():
    """Show errors of the library without a traceback."""
    try:
        yield
    except (ValueError, TypeError, ImportError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


def save(figure, path):
    """Write a picture to a file."""
    figure.savefig(path, dpi=120)
    click.echo(f"Wrote {path}")
