"""Options for the parameters of a class, made from its signature, its docstring and its constraints."""

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import click
from click.formatting import join_options
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import make_constraint

from udrl_sklearn._runs._estimators_by_name import EstimatorError, make_estimator
from udrl_sklearn._runs._text_values import read_value


class ValueType(click.ParamType):
    """A value as `read_value` reads it: 3, 1e-3, true, a name, or none."""

    name = "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value that a text denotes."""
        if not isinstance(value, str):
            return value
        try:
            return read_value(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class IntType(click.IntRange):
    """An int in the notation of `read_value`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the int that a text denotes, if it is in the range."""
        number = ValueType().convert(value, param, ctx)
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if isinstance(number, bool) or not isinstance(number, int):
            self.fail(f"expected an int, got {value!r}.", param, ctx)
        return super().convert(number, param, ctx)


class ParameterType(ValueType):
    """A value of a parameter of an estimator class.

    Parameters
    ----------
    name : str
        The parameter. If it ends in "estimator", the value is an estimator, which is given by its name.
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
                value = make_estimator(value, {})
            except EstimatorError as error:
                self.fail(str(error), param, ctx)
        if isinstance(value, float) and value.is_integer() and not self._takes(value):
            value = int(value)  # 300.0 where only an int is taken
        if not self._takes(value):
            expected = " or ".join(str(constraint) for constraint in self.constraints)
            self.fail(f"expected {expected}, got {value!r}.", param, ctx)
        return value

    def _takes(self, value: object) -> bool:
        return any(constraint.is_satisfied_by(value) for constraint in self.constraints)


class PairType(ValueType):
    """NAME=VALUE, with a value as `read_value` reads it."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name and the value that a text denotes."""
        if not isinstance(value, str):
            return value
        key, equals, text = value.partition("=")
        if not key.strip() or not equals:
            self.fail(f"expected NAME=VALUE, got {value!r}.", param, ctx)
        return key.strip(), super().convert(text, param, ctx)


class ParameterOption(click.Option):
    """An option for a parameter of a class, or for parameters of several classes that have the same name.

    Parameters
    ----------
    flags : sequence of str
        Names of the option and, last, the name of the parameter.
    types : dict
        {section of the help text: type of the parameter}, with an item for each class.
    texts : dict
        {section of the help text: description of the parameter}.
    **settings : dict
        Passed to `click.Option`.
    """

    def __init__(
        self, flags: Collection[str], *, types: Mapping[str, ParameterType], texts: Mapping[str, str], **settings: Any
    ) -> None:
        # A value that only some of the classes take is checked once it is known which class gets it.
        super().__init__(list(flags), type=ValueType() if len(types) > 1 else next(iter(types.values())), **settings)
        self.types = types
        self.texts = texts

    def help_records(self) -> dict[str, tuple[str, str]]:
        """Return {section: (names and values of the option, description)}."""
        names, _ = join_options(self.opts)
        return {section: (f"{names} {kind.name}", self.texts[section]) for section, kind in self.types.items()}


class SectionedCommand(click.Command):
    """A command whose help text has a section for the parameters of each class, after its other options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            if isinstance(param, ParameterOption):
                for title, parameter_record in param.help_records().items():
                    sections.setdefault(title, []).append(parameter_record)
            elif record := param.get_help_record(ctx):
                sections["Options"].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def parameter_names(cls: type[BaseEstimator], exclude: Collection[str] = ()) -> list[str]:
    """Return the names of the constructor's parameters, in their order."""
    return [name for name in inspect.signature(cls).parameters if name not in exclude]


def parameter_options(
    classes: Mapping[str, type[BaseEstimator]],
    *,
    exclude: Collection[str] = (),
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> list[ParameterOption]:
    """Return an option for each parameter of some classes. Parameters with the same name have one option.

    Parameters
    ----------
    classes : dict
        {heading: class}. A class is a subclass of scikit-learn's BaseEstimator with a numpydoc docstring and
        `_parameter_constraints`. The heading is that of its section in the help text of a `SectionedCommand`.
    exclude : collection of str, default=()
        Parameters without an option.
    aliases : dict, default={}
        {parameter: second name of its option}, such as {"random_state": "--seed"}.

    Returns
    -------
    options : list of ParameterOption
        In the order of the parameters. The default of an option is that of the first class.
    """
    headings: dict[str, list[str]] = {}
    for heading, cls in classes.items():
        for name in parameter_names(cls, exclude):
            headings.setdefault(name, []).append(heading)
    return [
        _parameter_option(name, {heading: classes[heading] for heading in owners}, aliases.get(name))
        for name, owners in headings.items()
    ]


def _parameter_option(name: str, classes: Mapping[str, type[BaseEstimator]], alias: str | None) -> ParameterOption:
    """Return the option for a parameter of some classes."""
    flags = [*([alias] if alias else []), "--" + name.replace("_", "-"), name]
    types = {heading: ParameterType(name, cls._parameter_constraints[name]) for heading, cls in classes.items()}
    defaults = {heading: inspect.signature(cls).parameters[name].default for heading, cls in classes.items()}
    texts = {
        heading: f"{parameter_texts(inspect.getdoc(cls) or '')[name]}  [default: {_to_text(defaults[heading])}]"
        for heading, cls in classes.items()
    }
    return ParameterOption(flags, types=types, texts=texts, default=next(iter(defaults.values())))


def parameter_texts(docstring: str) -> dict[str, str]:
    """Return {name: description} of the parameters in a numpydoc docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+$|\Z)", docstring, flags=re.M | re.S)
    if section is None:
        return {}
    texts: dict[str, str] = {}
    for entry in re.finditer(r"^(\w[\w, ]*) : [^\n]*\n((?:(?: +[^\n]*)?\n)*)", section[1] + "\n", flags=re.M):
        text = " ".join(entry[2].split()).replace("`", "")
        texts |= dict.fromkeys(entry[1].split(", "), re.sub(r",? (?:as in |see )?\[\d\]_", "", text))
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
    names += sorted(re.findall(r"'(\w+)'", " ".join(re.findall(r"\{.*?\}", text))))
    if "bool" in text and "int" not in names:
        names.append("true|false")
    if "None" in text:
        names.append("none")
    return "|".join(names)
