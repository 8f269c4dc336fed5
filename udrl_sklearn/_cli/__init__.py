"""The command line: `udrl`, or `python -m udrl_sklearn`."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from ._app import udrl
    except ImportError as error:
        sys.exit(f"udrl needs {error.name}, which is not installed. Install it with: pip install 'udrl_sklearn[cli]'")
    udrl(prog_name="udrl")
