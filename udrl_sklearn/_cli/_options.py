"""Options for the parameters of a class, made from its signature, its docstring and its constraints."""

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import click
import yaml
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import make_constraint

from udrl_sklearn._runs._estimators import EstimatorError, make_estimator


class YAMLType(click.ParamType):
    """A value in YAML's notation: 3, 0.5, true, a name, or none."""

    name = "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value that a text denotes."""
        if not isinstance(value, str):
            return value
        if value.lower() == "none":
            return None
        try:
            return yaml.safe_load(value)
        except yaml.YAMLError:
            expected = "a value in YAML's notation: 3, 0.5, true, [64, 64]"
            self.fail(f"{value!r} can't be read; expected {expected}.", param, ctx)


class ParameterType(YAMLType):
    """A value of a parameter of an estimator class.

    Parameters
    ----------
    name : str
        The parameter. If it ends in "estimator", the value is the name of an estimator.
    constraints : iterable
        What scikit-learn's `_parameter_constraints` has for it.
    """

    def __init__(self, name: str, constraints: Iterable[object]) -> None:
        self.constraints = [make_constraint(constraint) for constraint in constraints]
        self.is_estimator = name.endswith("estimator")
        self.name = "name" if self.is_estimator else _metavar(self.constraints)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the description of the values for help texts."""
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value that a text denotes, if it satisfies the constraints of the parameter."""
        value = super().convert(value, param, ctx)
        if self.is_estimator and isinstance(value, str):
            try:
                make_estimator(value, {})
            except EstimatorError as error:
                self.fail(str(error), param, ctx)
        elif not any(constraint.is_satisfied_by(value) for constraint in self.constraints):
            expected = " or ".join(str(constraint) for constraint in self.constraints)
            self.fail(f"expected {expected}, got {value!r}.", param, ctx)
        return value


class PairType(YAMLType):
    """NAME=VALUE, with a value in YAML's notation."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name and the value that a text denotes."""
        if not isinstance(value, str):
            return value
        key, equals, text = value.partition("=")
        if not key or not equals:
            self.fail(f"expected NAME=VALUE, got {value!r}.", param, ctx)
        return key, super().convert(text, param, ctx)


class ParameterOption(click.Option):
    """An option for a parameter of a class.

    Parameters
    ----------
    flags : sequence of str
        Names of the option and, last, the name of the parameter.
    section : str
        The heading of the option in help texts.
    **settings : dict
        Passed to `click.Option`.
    """

    def __init__(self, flags: Collection[str], *, section: str, **settings: Any) -> None:
        super().__init__(list(flags), **settings)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help text has a section for the parameters of each class, after its other options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            title = param.section if isinstance(param, ParameterOption) else "Options"
            if record := param.get_help_record(ctx):
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def parameter_names(cls: type[BaseEstimator], exclude: Collection[str] = ()) -> list[str]:
    """Return the names of the constructor's parameters, in their order."""
    return [name for name in inspect.signature(cls).parameters if name not in exclude]


def parameter_options(
    cls: type[BaseEstimator],
    *,
    section: str,
    exclude: Collection[str] = (),
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> list[ParameterOption]:
    """Return an option for each parameter of a class.

    Parameters
    ----------
    cls : class
        Subclass of scikit-learn's BaseEstimator with a numpydoc docstring and `_parameter_constraints`.
    section : str
        The heading of these options in the help text of a `SectionedCommand`.
    exclude : collection of str, default=()
        Parameters without an option.
    aliases : mapping, default={}
        {parameter: second name of its option}, such as {"random_state": "--seed"}.

    Returns
    -------
    options : list of ParameterOption
    """
    texts = parameter_texts(inspect.getdoc(cls) or "")
    signature = inspect.signature(cls).parameters
    options = []
    for name in parameter_names(cls, exclude):
        flags = [aliases[name]] if name in aliases else []
        flags += ["--" + name.replace("_", "-"), name]
        kind = ParameterType(name, cls._parameter_constraints[name])
        default = signature[name].default
        text = f"{texts[name]}  [default: {_to_text(default)}]"
        options.append(ParameterOption(flags, section=section, type=kind, default=default, help=text))
    return options


def parameter_texts(docstring: str) -> dict[str, str]:
    """Return {name: description} of the parameters in a numpydoc docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+$|\Z)", docstring, flags=re.M | re.S)
    if section is None:
        return {}
    texts: dict[str, str] = {}
    for entry in re.finditer(r"^(\w[\w, ]*) : [^\n]*\n((?:(?: +[^\n]*)?\n)*)", section[1] + "\n", flags=re.M):
        text = " ".join(entry[2].split()).replace("`", "")
        texts |= dict.fromkeys(entry[1].split(", "), re.sub(r" ?\[\d\]_", "", text))
    return texts


def _to_text(default: object) -> str:
    """Return a default as it is typed."""
    return "none" if default is None else str(default).lower()


def _metavar(constraints: Iterable[object]) -> str:
    """Return a short description of the values that satisfy one of the constraints."""
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
