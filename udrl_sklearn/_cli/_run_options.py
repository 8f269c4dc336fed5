"""The arguments and options that several commands on runs share."""

from pathlib import Path

import click

from udrl_sklearn._commands import Command, check_command

from ._options import IntType


class CommandType(click.ParamType):
    """A command for the agent: max, a desired return, or a desired return and a desired horizon."""

    name = "max | return [horizon]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Command | str:
        """Return a command in the form that `UDRLAgent.evaluate` takes."""
        words = value.split()
        try:
            numbers = [float(word) for word in words if word != "max"]
            return check_command("max" if words == ["max"] else numbers[0] if len(numbers) == 1 else numbers)
        except ValueError:
            expected = "max, a desired return, or a return and a horizon of at least 1"
            self.fail(f"expected {expected}, got {value!r}.", param, ctx)


class AgentCommand(click.Command):
    """A click command whose option --command takes one value or two."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join the two values of `--command 200 150` into one, because click's options take a fixed number."""
        args = list(args)
        for i in [i for i, arg in enumerate(args) if arg == "--command" or arg.startswith("--command=")][::-1]:
            first = i if "=" in args[i] else i + 1
            values = [arg.removeprefix("--command=") for arg in args[first : first + 2]]
            if len(values) == 2 and all(map(_is_number, values)):
                args[first : first + 2] = [f"{args[first]} {args[first + 1]}"]
        return super().parse_args(ctx, args)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


run_argument = click.argument("run", type=click.Path(path_type=Path))
runs_argument = click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
trust_option = click.option(
    "--trust", is_flag=True, help="Load the agent even if its file contains types of other packages."
)
command_option = click.option(
    "--command",
    type=CommandType(),
    default="max",
    show_default=True,
    help="The highest return (max), a desired return, or a desired return and a desired horizon.",
)
seed_option = click.option("--seed", type=IntType(), default=0, show_default=True, help="Seed of the episodes.")
