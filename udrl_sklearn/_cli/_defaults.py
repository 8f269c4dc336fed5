"""Defaults of the options of `udrl train`, from a configuration file or a recipe."""

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from udrl_sklearn import recipes
from udrl_sklearn._runs._config import flat_params, method_name
from udrl_sklearn._runs._estimators_by_name import suggestion
from udrl_sklearn._runs._methods import METHODS, find_method
from udrl_sklearn._runs._run_folder import read_config

from ._method_options import owners
from ._options import ParameterOption

PAIRS = ("set", "env_set")


def read_defaults(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Take the defaults of all options from a configuration file. This is the callback of --config."""
    if path is None:
        return
    try:
        config = read_config(path)
        if "method" in config:
            config["method"] = find_method(config["method"])
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    try:
        _check_config(config, [option.name for option in ctx.command.params if option.name])
    except ValueError as error:
        raise click.BadParameter(f"{path} {error}", ctx, param) from error
    # A dict becomes a list of pairs, the value of an option that was repeated.
    config = {key: list(value.items()) if isinstance(value, dict) else value for key, value in config.items()}
    ctx.default_map = _overlay(_texts_for_none(ctx, config), ctx.default_map or {})


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
        recipe = flat_params(getattr(recipes, name)())
        ctx.default_map = _overlay(ctx.default_map or {}, _texts_for_none(ctx, recipe))


def _overlay(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of two sources, of which the upper one wins.

    Parameters of another method than that of the upper one are dropped.
    """
    if "method" in upper and upper["method"] != method_name(lower):
        lower = {key: value for key, value in lower.items() if upper["method"] in (owners(key) or METHODS)}
    return {**lower, **upper}


def _texts_for_none(ctx: click.Context, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return defaults with "none" for None, which click before 8.3 takes for no default."""
    names = [param.name for param in ctx.command.params if isinstance(param, ParameterOption)]
    return {key: "none" if value is None and key in names else value for key, value in defaults.items()}


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
