"""The rules of the package: who imports whom, and who may touch what."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import udrl_sklearn

PACKAGE = Path(udrl_sklearn.__file__).parent

# Rooms are the files and packages at the top level. A room imports rooms on the lines below its own, and no others.
LAYERS = [
    {"__main__"},
    {"_cli"},
    {"_demo"},
    {"_runs"},
    {"__init__"},
    {"_inspection", "utils"},
    {"_agent"},
    {"_supervised", "_warm_start"},
    {"_callback_arguments", "_evaluate_policy", "_fitted_attributes"},
    {"_base_agent", "_training"},
    {"_input", "_scoring"},
    {"_agent_parts", "_rollout", "recipes"},
    {"methods"},
    {"_behavior"},
    {"_offline"},
    {"_d4rl", "_hindsight", "_replay_buffer"},
    {"_commands", "_envs", "_episodes", "_persistence", "nets"},
    {"_listed"},
]
DEPTH = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}

NEED_NUMPY_ALONE = {"_commands", "_episodes", "_hindsight", "_replay_buffer"}
ALLOWED_IN = {
    "gymnasium": {"_base_agent", "_envs", "_inspection", "utils", "_runs", "_cli", "_demo"},
    "joblib": {"_rollout", "utils"},
    "threadpoolctl": {"_behavior", "_rollout", "utils"},
    "skops": {"_persistence"},
    "torch": {"nets"},
    "skorch": {"nets"},
    "minari": set(),
    "pandas": {"_behavior", "utils"},  # for estimators that need names of columns, and for checks
    "pytest": {"utils"},  # for parametrize_with_checks
    "matplotlib": {"_inspection", "_cli", "_demo"},
    "PIL": {"_inspection", "_demo"},
    "imageio": {"_inspection"},
    "av": {"_inspection"},
    "click": {"_cli"},
    "nicegui": {"_demo"},
    "yaml": {"_runs", "_cli"},
}

# scikit-learn has no public interface to the inside of its trees.
MAY_TOUCH_PRIVATE_ATTRIBUTES = {"_behavior/_tree_inference.py", "_inspection/_tree_contributions.py"}
# Documented for others in spite of their names: of NamedTuple, and of scikit-learn for authors of estimators.
PUBLIC_BY_DOCUMENTATION = {"_replace", "_asdict", "_fields", "_parameter_constraints"}


def name(path):
    return path.relative_to(PACKAGE).as_posix()


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def file_of(parts):
    """Return the file of a module of the package, or None if there is no such module."""
    base = PACKAGE.joinpath(*parts)
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)


def inner_imports(path):
    """Yield (node, alias, file, is_module) for each name that a module imports from the package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        parts = tuple(node.module.split(".")) if node.module else ()
        if node.level == 0 and parts[0] != "udrl_sklearn":
            continue
        folder = path.relative_to(PACKAGE).parts[: -node.level] if node.level else ()
        parts = (*folder, *parts) if node.level else parts[1:]
        for alias in node.names:
            module = file_of((*parts, alias.name))
            yield node, alias, module or file_of(parts) or PACKAGE / "__init__.py", module is not None


def third_parties(path, *, top_level_only=False):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    packages = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            packages.add(node.module.split(".")[0])
    return packages - {"udrl_sklearn"} - set(sys.stdlib_module_names)


MODULES = sorted(PACKAGE.rglob("*.py"))


def test_layers_name_every_room_once():
    assert sorted(room for rooms in LAYERS for room in rooms) == sorted({room_of(path) for path in MODULES})


def rows_of_the_guide():
    """Return {room: row} of the table of rooms in CONTRIBUTING.md."""
    guide = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = guide.partition("| room |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    return {room: row for row, cell in enumerate(cells) for room in re.findall(r"`(\w+)`", cell)}


def test_guide_names_every_room_and_none_above_a_room_that_imports_it():
    rows = rows_of_the_guide()
    assert sorted(rows) == sorted(DEPTH)
    imports = {(room_of(path), room_of(file)) for path in MODULES for _, _, file, _ in inner_imports(path)}
    assert {(room, lower) for room, lower in imports if rows[lower] < rows[room]} == set()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_rooms_import_lower_rooms_only(path):
    rooms = {room_of(file) for _, _, file, _ in inner_imports(path)} - {room_of(path)}
    assert {room for room in rooms if DEPTH[room] <= DEPTH[room_of(path)]} == set()


def test_modules_do_not_import_each_other_in_a_circle():
    graph = {path: {file for _, _, file, _ in inner_imports(path)} for path in MODULES}
    # A package's __init__ may gather its modules, and the modules of other packages may import it.
    assert set(graphlib.TopologicalSorter(graph).static_order()) == set(MODULES)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_are_relative_within_a_folder_and_absolute_beyond(path):
    for node, _, file, _ in inner_imports(path):
        assert node.level == (1 if file.is_relative_to(path.parent) else 0), ast.unparse(node)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_private_name_is_imported(path):
    for node, alias, _, is_module in inner_imports(path):
        is_private = alias.name.startswith("_") and not alias.name.startswith("__")
        assert is_module or not is_private, ast.unparse(node)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_private_attribute_of_another_module_is_used(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    reaches = {ast.unparse(node) for node in ast.walk(tree) if is_reach(node)}
    if name(path) not in MAY_TOUCH_PRIVATE_ATTRIBUTES:
        assert {reach for reach in reaches if reach.rpartition(".")[2] not in private_names(tree)} == set()


def is_reach(node):
    """Tell whether an expression is a private attribute of anything but self, cls and super()."""
    if not isinstance(node, ast.Attribute) or not node.attr.startswith("_") or node.attr.startswith("__"):
        return False
    is_own = ast.unparse(node.value) in ("self", "cls", "super()")
    return not is_own and node.attr not in PUBLIC_BY_DOCUMENTATION


def private_names(tree):
    """Return the private attributes, methods and functions that a module defines."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not is_reach(node):
            names.add(node.attr)
    return {name for name in names if name.startswith("_")}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_third_parties_are_imported_where_they_belong(path):
    room, packages = room_of(path), third_parties(path)
    if room in NEED_NUMPY_ALONE:
        assert packages <= {"numpy"}
    for package, rooms in ALLOWED_IN.items():
        assert package not in packages or room in rooms, f"{package} is imported in {room}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_matplotlib_is_imported_only_when_something_is_plotted(path):
    assert "matplotlib" not in third_parties(path, top_level_only=True)


def test_importing_the_package_imports_no_optional_dependency():
    program = "import sys, udrl_sklearn; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "sklearn" in imported
    # pandas is not among them: scikit-learn itself imports it where it is installed
    optional = {
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
    assert imported & optional == set()


def test_package_has_a_marker_for_type_checkers():
    assert (PACKAGE / "py.typed").is_file()
