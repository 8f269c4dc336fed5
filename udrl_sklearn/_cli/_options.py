"""Options for every parameter of an agent, made of its signature, its docstring and its constraints."""

import inspect
import re

import click
import yaml
from sklearn.utils._param_validation import make_constraint

from udrl_sklearn import recipes
from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._runs._estimators import UnknownEstimator, hint, make_estimator
from udrl_sklearn._runs._run_folder import NoRun, read_config

_CONSTRAINTS = UDRLAgent._parameter_constraints
# The estimator is an option of its own, beside its parameters.
PARAMETERS = [name for name in inspect.signature(UDRLAgent).parameters if name != "estimator"]
_OTHER_NAMES = {"random_state": "--seed"}


class Value(click.ParamType):
    """A value as YAML has it: 3, 0.5, true, a name, or none."""

    name = "value"

    def convert(self, value, param, ctx):
        """Return the value that a text stands for."""
        if not isinstance(value, str):
            return value
        if value.lower() == "none":
            return None
        try:
            return yaml.safe_load(value)
        except yaml.YAMLError:
            self.fail(f"{value!r} can't be read; expected a value as YAML has it: 3, 0.5, true, [64, 64].", param, ctx)


class Parameter(Value):
    """A value of a parameter of `UDRLAgent`."""

    def __init__(self, parameter):
        self.constraints = [make_constraint(constraint) for constraint in _CONSTRAINTS[parameter]]
        self.is_estimator = parameter.endswith("estimator")
        self.name = "name" if self.is_estimator else _metavar(self.constraints)

    def get_metavar(self, param, ctx):
        """Return what stands behind the option in help texts."""
        return self.name

    def convert(self, value, param, ctx):
        """Return the value that a text stands for, if the parameter takes it."""
        value = super().convert(value, param, ctx)
        if self.is_estimator and isinstance(value, str):
            try:
                make_estimator(value, {})
            except UnknownEstimator as error:
                self.fail(str(error), param, ctx)
        elif not any(constraint.is_satisfied_by(value) for constraint in self.constraints):
            expected = " or ".join(str(constraint) for constraint in self.constraints)
            self.fail(f"expected {expected}, got {value!r}.", param, ctx)
        return value


class Pair(Value):
    """NAME=VALUE."""

    name = "name=value"

    def convert(self, value, param, ctx):
        """Return a name and the value that a text stands for."""
        if not isinstance(value, str):
            return value
        key, equals, text = value.partition("=")
        if not key or not equals:
            self.fail(f"expected NAME=VALUE, got {value!r}.", param, ctx)
        return key, super().convert(text, param, ctx)


def agent_options():
    """Return an option for each parameter of an agent."""
    texts = parameter_texts(inspect.getdoc(UDRLAgent))
    defaults = {name: parameter.default for name, parameter in inspect.signature(UDRLAgent).parameters.items()}
    options = []
    for name in PARAMETERS:
        option = "--" + name.replace("_", "-")
        flags = [_OTHER_NAMES[name], option] if name in _OTHER_NAMES else [option]
        default = "none" if defaults[name] is None else str(defaults[name]).lower()
        text = f"{texts[name]}  [default: {default}]"
        options.append(click.Option([*flags, name], type=Parameter(name), default=defaults[name], help=text))
    return options


def parameter_texts(docstring):
    """Return {name: description} of the parameters in a docstring of numpy's style."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+$|\Z)", docstring, flags=re.M | re.S)[1]
    texts = {}
    for entry in re.finditer(r"^(\w[\w, ]*) : [^\n]*\n((?:(?: +[^\n]*)?\n)*)", section + "\n", flags=re.M):
        text = " ".join(entry[2].split()).replace("`", "")
        texts |= dict.fromkeys(entry[1].split(", "), re.sub(r" ?\[\d\]_", "", text))
    return texts


def read_defaults(ctx, param, path):
    """Take the defaults of all options from a configuration: the callback of --config."""
    if path is None:
        return
    try:
        config = read_config(path)
    except NoRun as error:
        raise click.BadParameter(str(error), ctx, param) from error
    known = [option.name for option in ctx.command.params]
    for key, value in config.items():
        if key not in known:
            raise click.BadParameter(f"{path} has an unknown key {key!r}.{hint(key, known)}", ctx, param)
        if key in ("set", "env_set") and not isinstance(value, dict):
            raise click.BadParameter(f"{path} should hold names and values under {key!r}, got {value!r}.", ctx, param)
    # A dict becomes a list, as if the option had been given several times.
    config = {key: list(value.items()) if isinstance(value, dict) else value for key, value in config.items()}
    ctx.default_map = config | (ctx.default_map or {})


def read_recipe(ctx, param, name):
    """Take the defaults of some options from a recipe: the callback of --recipe, which wins over --config."""
    if name is not None:
        ctx.default_map = (ctx.default_map or {}) | getattr(recipes, name)


def _metavar(constraints):
    """Return a short name for the values that a parameter takes."""
    text = " or ".join(str(constraint) for constraint in constraints)
    names = []
    if re.search(r"\bint\b", text):
        names.append("int")
    if "float" in text:
        names.append("float")
    names += re.findall(r"'(\w+)'", " ".join(re.findall(r"\{.*?\}", text)))
    if "bool" in text and "int" not in names:
        names.append("true|false")
    if "None" in text:
        names.append("none")
    return "|".join(names)
