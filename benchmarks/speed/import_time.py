"""Time of `import udrl_sklearn`, beside that of what it needs anyway.

Each import runs in a fresh process, in turn, 15 times; medians are shown.

    python benchmarks/speed/import_time.py | tee benchmarks/speed/import_time.txt
"""

import subprocess
import sys

import numpy as np
from _machine import describe

STATEMENTS = ("import sklearn.ensemble, gymnasium", "import udrl_sklearn")


def seconds(statement):
    """Return the time of an import in a fresh process, without the start of Python itself."""
    timed = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    return float(subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True).stdout)


def main():
    print(describe())
    for statement in STATEMENTS:
        seconds(statement)
    needed, ours = np.median([[seconds(statement) for statement in STATEMENTS] for _ in range(15)], axis=0)
    print(f"{STATEMENTS[0]}: {needed:.2f} s")
    print(f"{STATEMENTS[1]}: {ours:.2f} s, ratio {ours / needed:.2f}")


if __name__ == "__main__":
    main()
