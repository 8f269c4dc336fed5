"""What all displays draw on."""


def pyplot(display):
    """Return matplotlib.pyplot, or raise an ImportError that says which display needs it and how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib, which is not installed. "
            "Install it with: pip install 'udrl_sklearn[plot]'"
        ) from error
    return plt
