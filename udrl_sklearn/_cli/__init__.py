"""The command line: `udrl`, or `python -m udrl_sklearn`."""

import io
import sys


def main() -> None:
    """Run the command line."""
    try:
        from ._app import udrl
    except ImportError as error:
        sys.exit(f"udrl needs {error.name}, which is not installed. Install it with: pip install 'udrl_sklearn[cli]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack letters that are in a name
    udrl(prog_name="udrl")
