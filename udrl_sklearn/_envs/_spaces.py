"""Gymnasium's spaces: observations as columns of features, actions as targets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Self

import numpy as np
from gymnasium import spaces

from ._values import as_element, as_numbers

COMMAND_NAMES = ("desired_return", "desired_horizon")


@dataclass(frozen=True)
class ObservationColumns:
    """Observations of one space as rows of numbers, by gymnasium's own flattening.

    Parameters
    ----------
    space : gymnasium.Space
        Any space that flattens to a fixed number of columns.

    Attributes
    ----------
    n_features : int
        Number of columns.
    names : list of str
        One for each column, with the position of the number in the observation. All differ, from the names of the
        command columns too.
    dtype : numpy.dtype
        That of the space (images stay uint8), with uint8 for one-hot columns; of several spaces the smallest type
        that holds all of them.

    Raises
    ------
    ValueError
        If observations of the space vary in size.
    """

    space: spaces.Space
    names: list[str] = field(init=False, repr=False)
    n_features: int = field(init=False, repr=False)
    dtype: np.dtype = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            flat = spaces.flatten_space(self.space)
        except NotImplementedError:
            flat = None
        if not isinstance(flat, spaces.Box):
            raise ValueError(
                f"Observations of the space {self.space} can't be put into a fixed number of feature columns. "
                "Use a gymnasium.ObservationWrapper that turns them into a Box, Discrete, MultiDiscrete, "
                "MultiBinary, Dict or Tuple."
            )
        parts = self.space.items() if isinstance(self.space, spaces.Dict) else [("observation", self.space)]
        names = _distinct(name for prefix, part in parts for name in _column_names(part, prefix))
        object.__setattr__(self, "dtype", _column_dtype(self.space))
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "n_features", len(names))

    def flatten(self, observation: Any) -> np.ndarray:
        """Return one observation as an array of shape (n_features,), which may share its memory.

        Raises
        ------
        ValueError
            If it does not fit the space. The bounds of a Box are not checked.
        """
        if type(observation) is np.ndarray and observation.dtype == self.dtype and isinstance(self.space, spaces.Box):
            if observation.size == self.n_features:
                return observation.reshape(-1)
        try:
            if isinstance(self.space, spaces.Box):
                return as_numbers(observation, (self.n_features,), self.dtype)
            return np.asarray(spaces.flatten(self.space, as_element(self.space, observation)), dtype=self.dtype)
        except ValueError as error:
            raise ValueError(
                f"Expected an observation of {self.space}, with {self.n_features} columns; got {observation!r}: "
                f"{error}. Make the observation_space of the environment agree with what it returns."
            ) from error


def _distinct(names: Iterable[str]) -> list[str]:
    """Return names that differ from each other and from those of the command columns."""
    distinct: dict[str, None] = {}
    for name in names:
        while name in COMMAND_NAMES or name in distinct:
            name = f"observation.{name}"
        distinct[name] = None
    return list(distinct)


def _column_dtype(space: spaces.Space) -> np.dtype:
    """Return the type of the columns of a space that flattens to a Box."""
    if isinstance(space, spaces.Dict | spaces.Tuple) and len(space) > 0:
        parts = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        return np.result_type(*map(_column_dtype, parts))
    flat: Any = spaces.flatten_space(space)
    is_one_hot = flat.dtype.kind in "iu" and flat.low.min() >= 0 and flat.high.max() <= 1
    return np.dtype(np.uint8) if is_one_hot else flat.dtype


def _column_names(space: spaces.Space, prefix: str) -> Iterator[str]:
    if isinstance(space, spaces.Dict):
        for key, part in space.spaces.items():
            yield from _column_names(part, f"{prefix}.{key}")
    elif isinstance(space, spaces.Tuple):
        for i, part in enumerate(space.spaces):
            yield from _column_names(part, f"{prefix}[{i}]")
    elif isinstance(space, spaces.Discrete):
        yield from (f"{prefix}=={value}" for value in range(space.start, space.start + space.n))
    elif isinstance(space, spaces.MultiDiscrete):
        for index in _indices(space.shape):
            start, n = space.start[index], space.nvec[index]
            yield from (f"{prefix}{list(index)}=={value}" for value in range(start, start + n))
    elif isinstance(space, spaces.Box | spaces.MultiBinary):
        yield from (f"{prefix}{list(index) or ''}" for index in _indices(space.shape))
    else:
        yield from (f"{prefix}[{i}]" for i in range(spaces.flatdim(space)))


def _indices(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return product(*map(range, shape))


@dataclass(frozen=True, eq=False)
class ActionTargets:
    """Actions as the targets of a classifier or a regressor.

    Attributes
    ----------
    labels : list of ndarray or None
        For each component of a discrete action the labels that it can take; None for continuous ones.
    low, high : ndarray of shape (n_components,)
        Bounds of continuous actions, infinite where there is none; of shape (0,) for discrete ones.
    shape : tuple
        Shape of one action in its space; () for a plain number.
    dtype : numpy.dtype
        Of one action in its space.
    custom_names : list of str or None
        Names of the actions of a single discrete component, or of the components of continuous actions. None for
        generated names.
    """

    labels: list[np.ndarray] | None
    low: np.ndarray
    high: np.ndarray
    shape: tuple[int, ...]
    dtype: np.dtype
    custom_names: list[str] | None = None

    @classmethod
    def from_space(cls, space: spaces.Space, names: list[str] | None = None) -> Self:
        """Describe the actions of a gymnasium space, optionally with names.

        Raises
        ------
        ValueError
            If the space is none of Discrete, MultiDiscrete, MultiBinary and Box.
        """
        if isinstance(space, spaces.Discrete):
            return cls._discrete([space.start + np.arange(space.n)], (), space.dtype, names)
        if isinstance(space, spaces.MultiDiscrete):
            components = zip(space.start.ravel(), space.nvec.ravel(), strict=True)
            labels = [start + np.arange(n) for start, n in components]
            return cls._discrete(labels, space.shape, space.dtype, names)
        if isinstance(space, spaces.MultiBinary):
            labels = [np.arange(2) for _ in range(int(np.prod(space.shape)))]
            return cls._discrete(labels, space.shape, space.dtype, names)
        if isinstance(space, spaces.Box):
            return cls(None, space.low.ravel(), space.high.ravel(), space.shape, space.dtype, names)
        raise ValueError(
            f"Actions of the space {space} are not supported; Discrete, MultiDiscrete, MultiBinary and Box are. "
            "Use a gymnasium.ActionWrapper with one of these as its action_space."
        )

    @classmethod
    def from_arrays(cls, actions: np.ndarray, *, discrete: bool) -> Self:
        """Describe actions by examples: ndarray of shape (n,) or (n, n_components).

        Continuous actions get no bounds.
        """
        columns = actions.reshape(len(actions), -1)
        if not discrete:
            unbounded = np.full(columns.shape[1], np.inf)
            return cls(None, -unbounded, unbounded, actions.shape[1:], actions.dtype)
        return cls._discrete([np.unique(column) for column in columns.T], actions.shape[1:], actions.dtype, None)

    @classmethod
    def _discrete(
        cls, labels: list[np.ndarray], shape: tuple[int, ...], dtype: np.dtype, names: list[str] | None
    ) -> Self:
        no_bounds = np.empty(0)
        return cls(labels, no_bounds, no_bounds, shape, dtype, names)

    @property
    def is_discrete(self) -> bool:
        """Whether a classifier is needed, rather than a regressor."""
        return self.labels is not None

    @property
    def n_components(self) -> int:
        """How many numbers make one action."""
        return len(self.low if self.labels is None else self.labels)

    @property
    def names(self) -> list:
        """Names of the discrete actions, or of the components of continuous ones; generated if there are no others.

        A list of lists, one for each component, if discrete actions have several.
        """
        if self.custom_names is not None:
            return self.custom_names
        if self.labels is None:
            return [f"action[{i}]" for i in range(self.n_components)]
        names = [[f"action {label}" for label in labels] for labels in self.labels]
        return names[0] if len(names) == 1 else names

    def component_names(self, component: int = 0) -> list[str]:
        """Return the names of the discrete actions of one component, or of the components of continuous ones."""
        return self.names if self.labels is None or len(self.labels) == 1 else self.names[component]

    def includes(self, others: "ActionTargets") -> bool:
        """Tell whether other actions are of the same kind, with as many components and no other labels."""
        same_kind = self.is_discrete == others.is_discrete and self.n_components == others.n_components
        pairs = zip(self.labels or [], others.labels or [], strict=same_kind)
        return same_kind and all(np.isin(labels, own_labels).all() for own_labels, labels in pairs)

    def check_includes(self, others: "ActionTargets") -> None:
        """Raise a ValueError if other actions have more or fewer components, or labels that are missing here."""
        if self.n_components != others.n_components:
            raise ValueError(f"Actions have {self.n_components} components; got {others.n_components}.")
        for component, (expected, labels) in enumerate(zip(self.labels or [], others.labels or [], strict=True)):
            unknown = np.setdiff1d(labels, expected)
            if len(unknown):
                raise ValueError(
                    f"Component {component} of the action space has the actions {expected.tolist()}; the episodes have "
                    f"{unknown.tolist()} too. Map them to actions of the space, or leave such episodes out."
                )

    def union(self, others: "ActionTargets") -> "ActionTargets":
        """Return targets with the discrete actions of these and of others."""
        labels = self.labels
        if labels is not None and others.labels is not None:
            labels = [np.union1d(own, other) for own, other in zip(labels, others.labels, strict=True)]
        return replace(self, labels=labels, dtype=np.result_type(self.dtype, others.dtype))

    def encode(self, action: Any) -> Any:
        """Return an action of the environment as a target: a number, or an array of shape (n_components,)."""
        return action if self.shape == () else np.asarray(action).reshape(-1)

    def check_action(self, action: Any) -> Any:
        """Return an action of the user's policy as an element of the space.

        Raises
        ------
        ValueError
            If it has another number of components, or is not one of the discrete actions.
        """
        array = np.asarray(action)
        columns = array.reshape(-1)
        is_valid = len(columns) == self.n_components and columns.dtype.kind in "biuf"
        if is_valid and self.labels is not None:
            is_valid = all(value in labels for value, labels in zip(columns, self.labels, strict=True))
        if not is_valid:
            labels = [labels.tolist() for labels in self.labels or []]
            expected = f"one of {labels}" if labels else f"{self.n_components} numbers"
            raise ValueError(f"The policy returned the action {action!r}; the action space expects {expected}.")
        return self.decode(columns if self.shape == () else columns[None])[0]

    def decode(self, targets: np.ndarray) -> list:
        """Return targets (n,) or (n, n_components) as a list of actions in the action space of the environment."""
        if self.labels is None and self.dtype.kind in "iu":
            targets = np.rint(targets)
        actions = targets.astype(self.dtype)
        if self.shape == () and self.labels is not None:
            return list(actions)
        actions = actions.reshape(len(actions), *self.shape)
        return [actions[i, ...] for i in range(len(actions))]
