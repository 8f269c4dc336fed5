"""The harness of benchmarks/learning: what it counts, what it keeps, and what its tables say."""

import functools
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from toy_envs import MatchEnv

from udrl_sklearn import UDRLAgent

FOLDER = Path(__file__).parents[1] / "benchmarks" / "learning"


@pytest.fixture
def harness(monkeypatch, tmp_path):
    """Import the harness as its scripts do, and let it keep its results elsewhere."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import _recipes
    import _runs
    import _tasks
    import _variants
    import report

    monkeypatch.setattr(_runs, "RESULTS", tmp_path)
    yield {"runs": _runs, "recipes": _recipes, "tasks": _tasks, "variants": _variants, "report": report}
    for name in ("_runs", "_recipes", "_tasks", "_variants", "report"):
        sys.modules.pop(name)


def test_evaluates_when_it_is_time_and_after_all_steps(harness):
    agent = UDRLAgent(DecisionTreeClassifier(min_samples_leaf=20), n_timesteps_per_iter=100)
    rows = harness["recipes"].train_agent(agent, MatchEnv, 0, n_timesteps=1000, every=250)
    assert [row["timesteps"] for row in rows] == [300, 500, 800, 1000]
    assert rows[-1]["mean_return"] == agent.evaluate(MatchEnv).mean_return == MatchEnv().optimum
    assert all(np.diff([row["seconds"] for row in rows]) > 0)


def test_an_obedient_agent_obtains_what_it_is_asked_for(harness):
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=3000, random_state=0).fit(MatchEnv)
    rows = harness["recipes"].follow_commands(agent, MatchEnv)
    assert [row["desired_return"] for row in rows] == np.linspace(0, 5, 10).round(2).tolist()
    correlation, error = harness["recipes"].obedience(rows)
    assert correlation > 0.9
    assert error < 0.2


def test_what_was_run_is_not_run_again(harness):
    calls = []

    def train(task, seed):
        calls.append((task, seed))
        return {"scores": [{"mean_return": seed}, {"mean_return": 2 * seed}], "commands": [{"desired_return": 1.0}]}

    for seeds in ((1, 2), (1, 2, 3)):
        runs = [("easy", seed) for seed in seeds]
        harness["runs"].run_missing("scores", ("task", "seed"), runs, train, n_jobs=1)
    assert calls == [("easy", 1), ("easy", 2), ("easy", 3)]
    rows = harness["runs"].read_rows("scores")
    assert [(row["seed"], row["mean_return"]) for row in rows] == [
        ("1", "1"), ("1", "2"), ("2", "2"), ("2", "4"), ("3", "3"), ("3", "6"),
    ]  # fmt: skip
    assert len(harness["runs"].read_rows("commands")) == 3


def test_tables_show_every_seed_at_each_mark(harness):
    def train(task, recipe, seed):
        row = {"seconds": 1.0, "std_return": 0.0}
        returns = {20_100: 400 + seed, 50_300: 500}
        return {"scores": [row | {"timesteps": t, "mean_return": r} for t, r in returns.items()]}

    runs = [("CartPole-v1", "RandomForest", seed) for seed in range(4)]
    harness["runs"].run_missing("scores", ("task", "recipe", "seed"), runs, train, n_jobs=1)
    lines = harness["report"].scores_table().splitlines()[2:]
    assert len(lines) == 2
    assert lines[0].startswith("| CartPole-v1 | 20,000 | 500 | RandomForest | **401.5** [")
    assert lines[0].endswith("| 400 401 402 403 | 1 |")
    assert "| 50,000 | 475 | RandomForest | **500.0** [500.0, 500.0] | 500 500 500 500 |" in lines[1]


def test_each_recipe_is_named_in_the_picture_wherever_it_was_run(harness, tmp_path):
    def train(task, recipe, seed):
        return {"commands": [{"desired_return": r, "mean_return": r, "std_return": 0.0} for r in (1.0, 2.0)]}

    practised = "RandomForest, practice=0.1"
    runs = [("CartPole-v1", "RandomForest", 0), ("Acrobot-v1", "RandomForest", 0), ("Acrobot-v1", practised, 0)]
    harness["runs"].run_missing("commands", ("task", "recipe", "seed"), runs, train, n_jobs=1)
    harness["report"].plot_commands(tmp_path / "commands.png")
    figure = harness["report"].plt.gcf()
    shown = [ax.get_title() for ax in figure.axes if ax.axison]
    harness["report"].plt.close(figure)
    assert shown == ["CartPole-v1\nRandomForest", "Acrobot-v1\nRandomForest", f"Acrobot-v1\n{practised}"]


def test_variants_stand_side_by_side(harness, monkeypatch):
    variants = {"tree": lambda: UDRLAgent(DecisionTreeClassifier()), "never run": None}
    comparisons = {"swap": (variants, {"match": 2000})}
    monkeypatch.setitem(harness["tasks"].TASKS, "match", harness["tasks"].Task(MatchEnv, {2000: 5}))
    for module in ("variants", "report"):
        monkeypatch.setattr(harness[module], "COMPARISONS", comparisons)
    runs = [("match", "tree", seed) for seed in range(3)]
    train = functools.partial(harness["variants"].learn_variant, "swap")
    harness["runs"].run_missing("swap", ("task", "variant", "seed"), runs, train, n_jobs=1)
    header, _, tree, never_run = harness["report"].comparison_table("swap").splitlines()
    assert header == "|  | match, 2,000 steps |"
    assert tree.startswith(f"| tree | **{MatchEnv().optimum:.0f}** (")
    assert float(tree.split("/ ")[1].split(" |")[0]) > 0.9  # the correlation
    assert never_run == "| never run |  |"
    monkeypatch.setattr(harness["report"], "read_rows", lambda name: [])
    assert harness["report"].comparison_table("swap") == "Not run yet: `compare.py swap`."


def test_every_variant_is_an_agent(harness):
    for variants, budgets in harness["variants"].COMPARISONS.values():
        assert all(isinstance(make(), UDRLAgent) for make in variants.values())
        assert set(budgets) <= set(harness["tasks"].TASKS)


def test_reporting_and_tuning_seeds_are_disjoint(harness):
    tasks = harness["tasks"]
    assert not set(tasks.TUNING_SEEDS) & set(tasks.REPORTING_SEEDS)
    assert max(task.n_seeds for task in tasks.TASKS.values()) <= len(tasks.REPORTING_SEEDS)
    seeds = {name: set(seeds) for name, seeds in harness["variants"].SEEDS.items()}
    assert seeds.pop("tuning") <= set(tasks.TUNING_SEEDS)
    assert seeds.keys() == harness["variants"].COMPARISONS.keys() - {"tuning"}
    assert all(reported <= set(tasks.REPORTING_SEEDS) for reported in seeds.values())


def test_sparse_lunar_lander_pays_the_same_at_the_end(harness):
    import gymnasium

    dense, sparse = gymnasium.make("LunarLander-v3"), harness["tasks"].make_sparse_lunar_lander()
    dense.reset(seed=3)
    sparse.reset(seed=3)
    total, over = 0.0, False
    while not over:
        total += dense.step(0)[1]
        _, reward, terminated, truncated, _ = sparse.step(0)
        over = terminated or truncated
        assert reward == (pytest.approx(total) if over else 0.0)


def test_blocks_of_a_page_are_replaced_and_nothing_else(harness, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- scores -->\n<!-- end -->\nafter <!-- end -->\n")
    for block in ("new", "newer \\1"):
        harness["report"].insert(page, {"scores": block})
        assert page.read_text() == f"before\n<!-- scores -->\n\n{block}\n\n<!-- end -->\nafter <!-- end -->\n"
    with pytest.raises(SystemExit, match="needs one <!-- missing -->"):
        harness["report"].insert(page, {"missing": ""})
