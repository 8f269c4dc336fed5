"""Agents on disk, without pickle."""

import skops.io

# What an agent around a scikit-learn estimator is made of. skops itself trusts most of scikit-learn and
# numpy; these are the parts that it leaves to us.
_OURS = ("udrl_sklearn.", "gymnasium.spaces.", "sklearn.", "numpy.", "scipy.")


def save(agent, path):
    """Write an agent to a file with skops."""
    skops.io.dump(agent, path)


def load(path, trusted=()):
    """Read an agent from a file that `save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : list of str, default=()
        Names of further types that may be made, beside those of this library, scikit-learn, NumPy
        and Gymnasium's spaces.

    Raises
    ------
    TypeError
        If the file holds any other type.
    """
    unknown = skops.io.get_untrusted_types(file=path)
    return skops.io.load(path, trusted=[name for name in unknown if name.startswith(_OURS)] + list(trusted))
