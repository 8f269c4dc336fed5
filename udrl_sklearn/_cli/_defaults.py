"""Defaults of the options of `udrl train`, from a configuration file or a recipe."""

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from udrl_sklearn import recipes
from udrl_sklearn._runs._estimators import suggestion
from udrl_sklearn._runs._run_folder import RunError, read_config

PAIRS = ("set", "env_set")


def read_defaults(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Take the defaults of all options from a configuration file. This is the callback of --config."""
    if path is None:
        return
    try:
        config = read_config(path)
    except RunError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    try:
        _check_config(config, [option.name for option in ctx.command.params if option.name])
    except ValueError as error:
        raise click.BadParameter(f"{path} {error}", ctx, param) from error
    # A dict becomes a list of pairs, the value of an option that was repeated.
    config = {key: list(value.items()) if isinstance(value, dict) else value for key, value in config.items()}
    ctx.default_map = config | dict(ctx.default_map or {})


def _check_config(config: Mapping[str, Any], names: list[str]) -> None:
    """Raise a ValueError if a configuration has keys that are not options, or values of the wrong type."""
    for key, value in config.items():
        if key not in names:
            raise ValueError(f"has an unknown key {key!r}.{suggestion(key, names)}")
        if key in PAIRS and not isinstance(value, dict):
            raise ValueError(f"must have names and values under {key!r}, got {value!r}.")


def read_recipe(ctx: click.Context, param: click.Parameter, name: str | None) -> None:
    """Take the defaults of some options from a recipe, which wins over --config. This is the callback of --recipe."""
    if name is not None:
        ctx.default_map = dict(ctx.default_map or {}) | getattr(recipes, name)


def merge_pairs(ctx: click.Context, option: str, owner: str) -> dict[str, Any]:
    """Return the names and values of an option that can be repeated, those of the configuration included.

    Parameters
    ----------
    ctx : click.Context
    option : {"set", "env_set"}
        Its pairs are parameters of the owner.
    owner : {"estimator", "env"}
        Pairs of the configuration are parameters of the owner in the configuration. They are dropped if the command
        line has another owner.
    """
    defaults = ctx.default_map or {}
    pairs = dict(defaults.get(option, [])) if ctx.params[owner] == defaults.get(owner) else {}
    if ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE:
        pairs |= dict(ctx.params[option])
    return pairs
