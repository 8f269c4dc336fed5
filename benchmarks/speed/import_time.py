"""The time of `import udrl_sklearn`, compared with the import of its main dependencies alone.

Each import runs in a fresh process. Both are measured alternately, 15 times each; the medians are shown.

    python -m benchmarks.speed.import_time | tee benchmarks/results/speed/import_time.txt
"""

import subprocess
import sys

import numpy as np

from benchmarks.conditions import describe_conditions

STATEMENTS = ("import sklearn.ensemble, gymnasium", "import udrl_sklearn")


def seconds(statement):
    """Return the time of an import in a fresh process, without the start-up of Python."""
    timed = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    return float(subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True).stdout)


def main():
    print(describe_conditions())
    for statement in STATEMENTS:
        seconds(statement)
    dependencies, package = np.median([[seconds(statement) for statement in STATEMENTS] for _ in range(15)], axis=0)
    print(f"{STATEMENTS[0]}: {dependencies:.2f} s")
    print(f"{STATEMENTS[1]}: {package:.2f} s, ratio {package / dependencies:.2f}")


if __name__ == "__main__":
    main()
