"""The command line as `python -m udrl_sklearn`."""

from ._cli import main

if __name__ == "__main__":
    main()
