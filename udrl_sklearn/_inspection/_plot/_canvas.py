"""Matplotlib for displays. It is imported only when something is plotted."""

from typing import Any


def pyplot(user: str) -> Any:
    """Return matplotlib.pyplot.

    Parameters
    ----------
    user : str
        The function that needs it, for the message of the error.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{user} needs matplotlib, which is not installed. Install it with: pip install 'udrl_sklearn[plot]'"
        ) from error
    return plt


def get_axes(display: Any, ax: Any) -> Any:
    """Return the axes to plot on: `ax`, or new ones if it is None."""
    plt = pyplot(f"{type(display).__name__}.plot")
    return plt.subplots(layout="constrained")[1] if ax is None else ax
