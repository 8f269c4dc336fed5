"""The package benchmarks.learning: evaluations, results as CSV files, tables and figures."""

import ast
import functools
import re

import gymnasium
import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from toy_envs import MatchEnv

from benchmarks.learning import agents, compare, evaluation, report, results, tasks, variants
from udrl_sklearn import UDRLAgent

RESULTS = results.RESULTS


@pytest.fixture(autouse=True)
def results_folder(monkeypatch, tmp_path):
    """Keep results out of the repository."""
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")


def test_an_agent_is_evaluated_at_regular_steps_and_after_the_last():
    agent = UDRLAgent(DecisionTreeClassifier(min_samples_leaf=20), n_timesteps_per_iter=100)
    rows = evaluation.train_agent(agent, MatchEnv, 0, n_timesteps=1000, every=250)
    assert [row["timesteps"] for row in rows] == [300, 500, 800, 1000]
    assert rows[-1]["mean_return"] == agent.evaluate(MatchEnv).mean_return == MatchEnv().optimum
    assert all(np.diff([row["seconds"] for row in rows]) > 0)


def test_commands_of_a_learned_task_are_followed():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=3000, random_state=0).fit(MatchEnv)
    rows = evaluation.evaluate_commands(agent, MatchEnv)
    assert [row["desired_return"] for row in rows] == np.linspace(0, 5, 10).round(2).tolist()
    correlation, error = evaluation.command_following(rows)
    assert correlation > 0.9
    assert error < 0.2


def test_a_run_with_rows_is_not_run_again():
    calls = []

    def train(task, seed):
        calls.append((task, seed))
        return {"scores": [{"mean_return": seed}, {"mean_return": 2 * seed}], "commands": [{"desired_return": 1.0}]}

    for seeds in ((1, 2), (1, 2, 3)):
        runs = [("easy", seed) for seed in seeds]
        results.run_missing("scores", ("task", "seed"), runs, train, n_jobs=1)
    assert calls == [("easy", 1), ("easy", 2), ("easy", 3)]
    rows = results.read_rows("scores")
    assert [(row["seed"], row["mean_return"]) for row in rows] == [
        ("1", "1"), ("1", "2"), ("2", "2"), ("2", "4"), ("3", "3"), ("3", "6"),
    ]  # fmt: skip
    assert len(results.read_rows("commands")) == 3


def test_conditions_are_recorded_once_for_each_commit():
    for seed in (1, 2):
        results.run_missing("scores", ("seed",), [(seed,)], lambda seed: {"scores": [{"mean_return": seed}]}, n_jobs=1)
    (recorded,) = results.read_rows("conditions")
    assert {row["commit"] for row in results.read_rows("scores")} == {recorded["commit"]}
    assert f"commit {recorded['commit']}, " in recorded["conditions"]
    assert f"numpy {np.__version__}" in recorded["conditions"]


def test_score_tables_show_every_seed_for_each_target_return():
    def train(task, agent, seed):
        row = {"seconds": 1.0, "std_return": 0.0}
        returns = {20_100: 400 + seed, 50_300: 500}
        return {"scores": [row | {"timesteps": t, "mean_return": r} for t, r in returns.items()]}

    runs = [("CartPole-v1", "RandomForest", seed) for seed in range(4)]
    results.run_missing("scores", ("task", "agent", "seed"), runs, train, n_jobs=1)
    lines = report.scores_table().splitlines()[2:]
    assert len(lines) == 2
    assert lines[0].startswith("| CartPole-v1 | 20,000 | 500 | RandomForest | **401.5** [")
    assert lines[0].endswith("| 400 401 402 403 | 1 |")
    assert "| 50,000 | 475 | RandomForest | **500.0** [500.0, 500.0] | 500 500 500 500 |" in lines[1]


def test_the_figure_of_commands_has_a_panel_for_each_task_and_agent_that_was_run(tmp_path):
    def train(task, agent, seed):
        return {"commands": [{"desired_return": r, "mean_return": r, "std_return": 0.0} for r in (1.0, 2.0)]}

    finetuned = "RandomForest, finetune_fraction=0.1"
    runs = [("CartPole-v1", "RandomForest", 0), ("Acrobot-v1", "RandomForest", 0), ("Acrobot-v1", finetuned, 0)]
    results.run_missing("commands", ("task", "agent", "seed"), runs, train, n_jobs=1)
    report.plot_commands(tmp_path / "commands.png")
    figure = report.plt.gcf()
    shown = [ax.get_title() for ax in figure.axes if ax.axison]
    report.plt.close(figure)
    assert shown == [
        "CartPole-v1\nRandomForest",
        "Acrobot-v1\nRandomForest",
        "Acrobot-v1\nRandomForest\nfinetune_fraction=0.1",
    ]


def test_comparison_tables_have_a_line_for_each_variant(monkeypatch):
    compared = {"tree": lambda: UDRLAgent(DecisionTreeClassifier()), "never run": None}
    comparisons = {"swap": (compared, {"match": 2000})}
    monkeypatch.setitem(tasks.TASKS, "match", tasks.Task(MatchEnv, {2000: 5}))
    for module in (variants, report):
        monkeypatch.setattr(module, "COMPARISONS", comparisons)
    runs = [("match", "tree", seed) for seed in range(3)]
    train = functools.partial(variants.learn_variant, "swap")
    results.run_missing("swap", ("task", "variant", "seed"), runs, train, n_jobs=1)
    header, _, tree, never_run = report.comparison_table("swap").splitlines()
    assert header == "|  | match, 2,000 steps |"
    assert tree.startswith(f"| tree | **{MatchEnv().optimum:.0f}** (")
    assert float(tree.split("/ ")[1].split(" |")[0]) > 0.9  # the correlation
    assert never_run == "| never run |  |"
    monkeypatch.setattr(report, "read_rows", lambda name, folder: [])
    assert report.comparison_table("swap") == "Not run yet: `python -m benchmarks.learning.compare swap`."


def test_the_same_run_is_done_once_in_each_folder_of_results(monkeypatch, tmp_path, capsys):
    calls = []

    def learn_variant(name, task, variant, seed):
        calls.append((task, variant, seed))
        row = {"mean_return": 400 + seed, "seconds": 1.0, "error": 0.1, "correlation": 1.0}
        return {name: [row]}

    monkeypatch.setattr(compare, "learn_variant", learn_variant)
    options = ["--variants", "`n_value_fits=1`", "--tasks", "CartPole-v1", "--n-seeds", "2", "--n-jobs", "1"]
    for folder in ("before", "before", "after"):
        compare.main(["tuning", *options, "--results", str(tmp_path / folder)])
        assert "| `n_value_fits=1` | **500** (500 to 501), 1 s, 10% / 1.00 |" in capsys.readouterr().out
    assert calls == 2 * [("CartPole-v1", "`n_value_fits=1`", 100), ("CartPole-v1", "`n_value_fits=1`", 101)]
    assert not results.read_rows("tuning")
    with pytest.raises(SystemExit):
        compare.main(["tuning", "--variants", "`temperature=0.2`"])
    assert "tuning has no variant `temperature=0.2`" in capsys.readouterr().err


def test_every_variant_is_an_agent():
    for compared, budgets in variants.COMPARISONS.values():
        assert all(isinstance(make(), UDRLAgent) for make in compared.values())
        assert set(budgets) <= set(tasks.TASKS)


def test_labels_of_ablations_state_the_parameters_of_their_agents():
    for label, make in variants.ABLATIONS.items():
        params = make().get_params()
        for name, value in re.findall(r"`(\w+)=(.+?)`", label):
            found = [params[key] for key in params if key.split("__")[-1] == name]
            assert ast.literal_eval(value) in found, label


@pytest.mark.parametrize("name", ["scores", "commands", *variants.COMPARISONS])
def test_labels_in_the_result_files_are_those_of_the_code(name, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", RESULTS)
    rows = results.read_rows(name)
    column = "variant" if name in variants.COMPARISONS else "agent"
    labels = variants.COMPARISONS[name][0] if name in variants.COMPARISONS else [*agents.AGENTS, *agents.BASELINES]
    assert rows
    assert {row[column] for row in rows} <= set(labels)


def test_reporting_and_tuning_seeds_are_disjoint():
    assert not set(tasks.TUNING_SEEDS) & set(tasks.REPORTING_SEEDS)
    assert max(task.n_seeds for task in tasks.TASKS.values()) <= len(tasks.REPORTING_SEEDS)
    seeds = {name: set(seeds) for name, seeds in variants.SEEDS.items()}
    assert seeds.pop("tuning") <= set(tasks.TUNING_SEEDS)
    assert seeds.keys() == variants.COMPARISONS.keys() - {"tuning"}
    assert all(reported <= set(tasks.REPORTING_SEEDS) for reported in seeds.values())


def test_sparse_lunar_lander_has_the_same_return_at_the_last_step():
    dense, sparse = gymnasium.make("LunarLander-v3"), tasks.make_sparse_lunar_lander()
    dense.reset(seed=3)
    sparse.reset(seed=3)
    total, over = 0.0, False
    while not over:
        total += dense.step(0)[1]
        _, reward, terminated, truncated, _ = sparse.step(0)
        over = terminated or truncated
        assert reward == (pytest.approx(total) if over else 0.0)


def test_insert_replaces_the_marked_blocks_of_a_page_only(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- scores -->\n<!-- end -->\nafter <!-- end -->\n")
    for block in ("new", "newer \\1"):
        report.insert(page, {"scores": block})
        assert page.read_text() == f"before\n<!-- scores -->\n\n{block}\n\n<!-- end -->\nafter <!-- end -->\n"
    with pytest.raises(SystemExit, match="needs one <!-- missing -->"):
        report.insert(page, {"missing": ""})
