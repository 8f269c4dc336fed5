"""The options of `udrl train` for the parameters of learning methods."""

from typing import Any

import click
from click.core import ParameterSource

from udrl_sklearn._runs._config import method_name
from udrl_sklearn._runs._methods import METHODS, find_method
from udrl_sklearn.methods import LearningMethod

from ._options import parameter_names, parameter_options


class MethodType(click.ParamType):
    """The name of a learning method, in upper or lower case."""

    name = "method"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names of all methods, for help texts."""
        return "|".join(METHODS)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name as that of the class."""
        try:
            return find_method(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_HEADINGS = {name: f"Parameters of {name}" for name in METHODS}
METHOD_OPTIONS = parameter_options({_HEADINGS[name]: cls for name, cls in METHODS.items()})


def owners(parameter: str) -> list[str]:
    """Return the names of the methods that have a parameter."""
    return [name for name, cls in METHODS.items() if parameter in parameter_names(cls)]


def make_method(ctx: click.Context) -> LearningMethod:
    """Return the learning method that the options describe.

    Parameters
    ----------
    ctx : click.Context

    Raises
    ------
    click.UsageError
        If a parameter of another method is given. One from the configuration or a recipe is dropped instead, if the
        command line has another method than these.
    """
    name = ctx.params["method"]
    params: dict[str, Any] = {}
    for option in METHOD_OPTIONS:
        source = ctx.get_parameter_source(option.name)
        if source is ParameterSource.DEFAULT:
            continue
        if name in owners(option.name):
            params[option.name] = option.types[_HEADINGS[name]].convert(ctx.params[option.name], option, ctx)
        elif source is ParameterSource.COMMANDLINE:
            raise click.UsageError(_wrong_method(option.opts[0], option.name, name, "--method "), ctx)
        elif name == method_name(ctx.default_map or {}):
            message = _wrong_method(option.name, option.name, name, "method: ")
            raise click.BadParameter(message, ctx, param_hint="'--config'")
    return METHODS[name](**params)


def _wrong_method(label: str, parameter: str, method: str, prefix: str) -> str:
    """Return the text of the error for a parameter of another method."""
    names = owners(parameter)
    return (
        f"{label} is a parameter of {' and '.join(names)}, and the method is {method}. "
        f"Leave it out, or use {prefix}{' or '.join(names)}."
    )
