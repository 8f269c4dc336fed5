"""What all displays draw on."""


def pyplot(what):
    """Return matplotlib.pyplot, or raise an ImportError that says what needs it and how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{what} needs matplotlib, which is not installed. Install it with: pip install 'udrl_sklearn[plot]'"
        ) from error
    return plt


def set_axes(display, ax):
    """Give a display its `ax_` and `figure_`, new ones if `ax` is None, and return matplotlib.pyplot."""
    plt = pyplot(f"{type(display).__name__}.plot")
    display.ax_ = plt.subplots(layout="constrained")[1] if ax is None else ax
    display.figure_ = display.ax_.figure
    return plt
