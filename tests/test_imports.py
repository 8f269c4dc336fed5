import ast
import subprocess
import sys
from pathlib import Path

import pytest

import udrl_sklearn

PACKAGE = Path(udrl_sklearn.__file__).parent

# From the top of the house to the ground: a module imports from the lines below its own, and from no other.
LAYERS = [
    {"_agent"},
    {"_learning"},
    {"_policy", "_evaluation"},
    {"_rollout"},
    {"_lanes", "_actors", "_experience"},
    {"_behavior"},
    {"_pool", "_inference", "_weighting"},
    {"_names", "_smoothing"},
    {"_hindsight", "_buffer"},
    {"_commands", "_episodes", "_environments", "_spaces"},
]
HEIGHT = {name: -depth for depth, names in enumerate(LAYERS) for name in names}
# A room beside the house: one of the agent's methods, which imports it when it is called, and nothing else knows it.
KNOWN_TO_THE_AGENT = {"_persistence"}

NEED_NUMPY_ALONE = {"_commands", "_episodes", "_hindsight", "_buffer"}
ALLOWED_IN = {
    "gymnasium": {"_spaces", "_environments", "_names", "utils", "_runs", "_cli", "_demo"},
    "torch": {"nets"},
    "skorch": {"nets"},
    "minari": set(),
    "pandas": {"utils"},  # for checks
    "click": {"_cli"},
    "nicegui": {"_demo"},
    "yaml": {"_runs", "_cli"},
}


def room_of(path):
    """Return the name of a module, or of the subpackage that it is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path, top_level_only=False):
    """Return (relative imports, third-party imports) as sets of names of modules."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner, outer = set(), set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            outer |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            outer.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            inner |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return inner, outer - set(sys.stdlib_module_names)


MODULES = sorted(PACKAGE.rglob("*.py"))
OF_THE_HOUSE = [path for path in MODULES if room_of(path) in HEIGHT]


def name(path):
    return str(path.relative_to(PACKAGE))


def test_every_module_of_the_house_is_there():
    assert {room_of(path) for path in OF_THE_HOUSE} == set(HEIGHT)


@pytest.mark.parametrize("path", OF_THE_HOUSE, ids=name)
def test_imports_go_down_only(path):
    room, (inner, outer) = room_of(path), imports_of(path)
    assert "udrl_sklearn" not in outer, "inside the package imports are relative"
    if room == "_agent":
        inner -= KNOWN_TO_THE_AGENT
    assert inner <= set(HEIGHT), "the house does not know the rooms beside it"
    assert {other for other in inner if HEIGHT[other] >= HEIGHT[room]} == set()


def test_rooms_beside_the_house_are_imported_only_when_they_are_needed():
    assert not imports_of(PACKAGE / "_agent.py", top_level_only=True)[0] & KNOWN_TO_THE_AGENT


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_third_parties_are_imported_where_they_belong(path):
    room, (_, outer) = room_of(path), imports_of(path)
    if room in NEED_NUMPY_ALONE:
        assert outer <= {"numpy"}
    for package, rooms in ALLOWED_IN.items():
        assert package not in outer or room in rooms, f"{package} is imported in {room}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_matplotlib_is_imported_only_when_something_is_drawn(path):
    assert "matplotlib" not in imports_of(path, top_level_only=True)[1]


def test_importing_the_package_imports_nothing_that_it_can_do_without():
    program = "import sys, udrl_sklearn; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "sklearn" in imported
    # pandas is not among them: scikit-learn itself imports it where it is installed
    needless = {
        "torch",
        "skorch",
        "matplotlib",
        "minari",
        "skops",
        "xgboost",
        "lightgbm",
        "click",
        "yaml",
        "imageio",
        "nicegui",
    }
    assert imported & needless == set()
