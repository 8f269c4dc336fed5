"""Tables and learning curves of what stands in results/, into docs/learning.md and docs/images.

Numbers are interquartile means over seeds with 95% bootstrap intervals, and every seed is shown.

    python benchmarks/learning/report.py
"""

import math
import re
from collections import defaultdict
from pathlib import Path

import matplotlib
import numpy as np
from _recipes import AGENTS, BASELINES, N_EVALUATIONS, obedience
from _runs import read_rows
from _tasks import TASKS
from _variants import COMPARISONS

from udrl_sklearn._statistics import bootstrap_interval, interquartile_mean

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, NullFormatter

DOCS = Path(__file__).parents[2] / "docs"
N_COLUMNS = 4  # of a picture
LOWEST_SHOWN = -600  # mean return; a curve that falls far below would press the others flat


def runs_of(name):
    """Return {task: {recipe: {seed: rows}}} with numbers for strings, of those that were run."""
    runs = {task: {recipe: defaultdict(list) for recipe in (*AGENTS, *BASELINES)} for task in TASKS}
    for row in read_rows(name):
        numbers = {key: float(row[key]) for key in row if key not in ("task", "recipe", "seed", "commit")}
        runs[row["task"]][row["recipe"]][int(row["seed"])].append(numbers | {"commit": row["commit"]})
    found = {task: {recipe: seeds for recipe, seeds in recipes.items() if seeds} for task, recipes in runs.items()}
    return {task: recipes for task, recipes in found.items() if recipes}


def row_at(rows, timesteps):
    """Return the first evaluation after so many steps, the last one if the others were for practice."""
    return next((row for row in rows if row["timesteps"] >= timesteps), rows[-1])


def table(header, rows):
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def scores_table():
    """Return the scores at each mark of each task."""
    lines = []
    for task_name, recipes in runs_of("scores").items():
        for mark, aim in TASKS[task_name].aims.items():
            for recipe, seeds in recipes.items():
                found = [row_at(rows, mark) for rows in seeds.values()]
                values = [row["mean_return"] for row in found]
                low, high = bootstrap_interval(values)
                lines.append(
                    [
                        task_name,
                        f"{mark:,}",
                        f"{aim:g}",
                        recipe,
                        f"**{interquartile_mean(values):.1f}** [{low:.1f}, {high:.1f}]",
                        " ".join(f"{value:.0f}" for value in sorted(values)),
                        f"{np.median([row['seconds'] for row in found]):.0f}",
                    ]
                )
    header = ["environment", "steps", "aim", "recipe", "mean return", "each seed", "seconds"]
    return table(header, lines)


def commands_table():
    """Return how closely commands are followed."""
    lines = []
    for task_name, recipes in runs_of("commands").items():
        for recipe, seeds in recipes.items():
            correlations, errors = zip(*(obedience(rows) for rows in seeds.values()), strict=True)
            lines.append(
                [
                    task_name,
                    recipe,
                    f"{np.median(correlations):.2f} ({min(correlations):.2f} to {max(correlations):.2f})",
                    f"{np.median(errors):.1%} ({min(errors):.1%} to {max(errors):.1%})",
                ]
            )
    header = ["environment", "recipe", "Spearman correlation", "median error, part of the range"]
    return table(header, lines)


def comparison_table(name):
    """Return what each variant scores on each task, and how it follows commands there."""
    variants, budgets = COMPARISONS[name]
    runs = defaultdict(list)
    for row in read_rows(name):
        runs[row["variant"], row["task"]].append(row)
    if not runs:
        return f"Not run yet: `compare.py {name}`."
    header = ["", *(f"{task}, {n_timesteps:,} steps" for task, n_timesteps in budgets.items())]
    lines = [[variant, *(_summary(runs[variant, task]) for task in budgets)] for variant in variants]
    return table(header, lines)


def _summary(rows):
    """Return the median score with its range over seeds, the seconds, and the error and correlation of commands."""
    if not rows:
        return ""
    scores, seconds, errors, correlations = (
        np.array([float(row[key]) for row in rows]) for key in ("mean_return", "seconds", "error", "correlation")
    )
    spread = f" ({scores.min():.0f} to {scores.max():.0f})" if len(rows) > 1 else ""
    commands = f"{np.median(errors):.0%} / {np.median(correlations):.2f}" if np.isfinite(errors).all() else "-"
    return f"**{np.median(scores):.0f}**{spread}, {np.median(seconds):.0f} s, {commands}"


def commits():
    """Return a sentence with the commits that the results come from."""
    found = sorted({row["commit"] for name in ("scores", "commands", *COMPARISONS) for row in read_rows(name)})
    return f"Measured at commit {', '.join(found)}."


def plot_curves(path):
    """Draw the scores over steps and, below, over seconds."""
    runs = runs_of("scores")
    n_blocks = math.ceil(len(runs) / N_COLUMNS)
    figure, axes = plt.subplots(2 * n_blocks, N_COLUMNS, figsize=(12.8, 5.6 * n_blocks), layout="constrained")
    over_steps, over_seconds = axes[::2].ravel(), axes[1::2].ravel()
    colors = {recipe: f"C{i}" for i, recipe in enumerate((*AGENTS, *BASELINES))}
    for column, name in enumerate(runs):
        marks = np.linspace(0, TASKS[name].n_timesteps, N_EVALUATIONS + 1)[1:]
        for recipe, seeds in runs[name].items():
            rows = [[row_at(rows, mark) for mark in marks] for rows in seeds.values()]
            values, seconds = (
                np.array([[row[key] for row in run] for run in rows]) for key in ("mean_return", "seconds")
            )
            intervals = np.array([bootstrap_interval(column) for column in values.T])
            pairs = (over_steps[column], marks), (over_seconds[column], np.median(seconds, axis=0))
            for ax, x in pairs:
                ax.plot(x, interquartile_mean(values, axis=0), label=recipe, color=colors[recipe])
                ax.fill_between(x, *intervals.T, color=colors[recipe], alpha=0.2, linewidth=0)
        for ax in (over_steps[column], over_seconds[column]):
            low, high = max(ax.dataLim.ymin, LOWEST_SHOWN), ax.dataLim.ymax
            margin = 0.05 * (high - low)
            ax.set_ylim(low - margin, high + margin)
        over_steps[column].set(title=name, xlabel="steps")
        over_steps[column].locator_params(axis="x", nbins=5)
        over_steps[column].xaxis.set_major_formatter(EngFormatter(sep=""))
        over_seconds[column].set(xlabel="seconds", xscale="log")
        over_seconds[column].xaxis.set_minor_formatter(NullFormatter())
    for ax in axes[:, 0]:
        ax.set_ylabel("mean return")
    for ax in (*over_steps[len(runs) :], *over_seconds[len(runs) :]):
        ax.set_axis_off()
    handles = {
        label: handle for ax in over_steps for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles))
    figure.savefig(path, dpi=110)


def plot_commands(path):
    """Draw what forests obtain over what is desired, a line for each seed; after figure 6 of arXiv 1912.02877."""
    runs = runs_of("commands")
    forests = [recipe for recipe in AGENTS if recipe.startswith("RandomForest")]
    shown = [(name, recipe) for recipe in forests for name, found in runs.items() if recipe in found]
    n_rows = math.ceil(len(shown) / N_COLUMNS)
    figure, axes = plt.subplots(n_rows, N_COLUMNS, figsize=(12.8, 3.2 * n_rows), squeeze=False, layout="constrained")
    for ax, (name, recipe) in zip(axes.flat, shown, strict=False):
        _draw_obedience(ax, runs[name][recipe].values())
        ax.set_title(f"{name}\n{recipe}")
    for ax in axes.flat[len(shown) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("obtained return")
    for ax in axes.flat[: len(shown)][-N_COLUMNS:]:
        ax.set_xlabel("desired return")
    figure.savefig(path, dpi=110)


def _draw_obedience(ax, seeds):
    for rows in seeds:
        desired, obtained, spread = (
            np.array([row[key] for row in rows]) for key in ("desired_return", "mean_return", "std_return")
        )
        ends = desired[[0, -1]]
        ax.plot(ends, ends, color="0.6", linestyle="--", zorder=0)
        (line,) = ax.plot(desired, obtained, marker=".", linewidth=1)
        ax.fill_between(desired, obtained - spread, obtained + spread, color=line.get_color(), alpha=0.1, linewidth=0)


def insert(page, blocks):
    """Replace what stands between the marks <!-- name --> and <!-- end --> in a page."""
    text = page.read_text()
    for name, block in blocks.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, n_found = re.subn(
            pattern, lambda marks, block=block: f"\n{block}\n\n".join(marks.groups()), text, flags=re.S
        )
        if n_found != 1:
            raise SystemExit(f"{page} needs one <!-- {name} --> with an <!-- end -->, found {n_found}.")
    page.write_text(text)


if __name__ == "__main__":
    blocks = {"scores": scores_table(), "commands": commands_table(), "commits": commits()}
    blocks |= {name: comparison_table(name) for name in COMPARISONS}
    print("\n\n".join(blocks.values()))
    insert(DOCS / "learning.md", blocks)
    (DOCS / "images").mkdir(exist_ok=True)
    plot_curves(DOCS / "images" / "learning_curves.png")
    plot_commands(DOCS / "images" / "commands.png")
