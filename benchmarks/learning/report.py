"""Tables and figures of benchmarks/results/learning, written to docs/benchmarks.md and docs/images.

Scores are interquartile means over seeds with 95% bootstrap intervals, and the score of every seed.

    python -m benchmarks.learning.report
"""

import math
import re
from collections import defaultdict
from pathlib import Path

import matplotlib
import numpy as np

from udrl_sklearn._runs._statistics import bootstrap_interval, interquartile_mean

from . import grids
from .agents import AGENTS, BASELINES, N_EVALUATIONS
from .evaluation import command_following
from .results import read_rows
from .tasks import TASKS
from .variants import COMPARISONS

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, NullFormatter

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "benchmarks.md"
IMAGES = DOCS / "images"
N_COLUMNS = 4  # of a figure
LOWEST_SHOWN = -600  # the lower limit of the axis of mean returns


def runs_of(name):
    """Return {task: {agent: {seed: rows}}} of the runs in a file, with numbers instead of strings."""
    runs = {task: {agent: defaultdict(list) for agent in (*AGENTS, *BASELINES)} for task in TASKS}
    for row in read_rows(name):
        numbers = {key: float(row[key]) for key in row if key not in ("task", "agent", "seed", "commit")}
        runs[row["task"]][row["agent"]][int(row["seed"])].append(numbers | {"commit": row["commit"]})
    found = {task: {agent: seeds for agent, seeds in agents.items() if seeds} for task, agents in runs.items()}
    return {task: agents for task, agents in found.items() if agents}


def row_at(rows, timesteps):
    """Return the first evaluation after these steps; the last one if all other steps were for finetuning."""
    return next((row for row in rows if row["timesteps"] >= timesteps), rows[-1])


def table(header, rows):
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def scores_table():
    """Return the table of scores, with a line for each task, target return and agent."""
    lines = []
    for task_name, agents in runs_of("scores").items():
        for timesteps, target_return in TASKS[task_name].target_returns.items():
            for agent, seeds in agents.items():
                found = [row_at(rows, timesteps) for rows in seeds.values()]
                values = [row["mean_return"] for row in found]
                low, high = bootstrap_interval(values)
                lines.append(
                    [
                        task_name,
                        f"{timesteps:,}",
                        f"{target_return:g}",
                        agent,
                        f"**{interquartile_mean(values):.1f}** [{low:.1f}, {high:.1f}]",
                        " ".join(f"{value:.0f}" for value in sorted(values)),
                        f"{np.median([row['seconds'] for row in found]):.0f}",
                    ]
                )
    header = ["environment", "steps", "target return", "agent", "mean return", "each seed", "seconds"]
    return table(header, lines)


def grids_table():
    """Return the table of grid worlds, with a line for each task."""
    scores = defaultdict(list)
    for row in read_rows("grids"):
        scores[row["task"], row["agent"]].append(float(row["mean_return"]))
    lines = []
    for task_name, task in grids.GRIDS.items():
        cells = [
            f"**{np.median(values):.2f}** ({min(values):.2f} to {max(values):.2f})"
            for values in (scores[task_name, agent] for agent in grids.AGENTS)
            if values
        ]
        if cells:
            lines.append([task_name, f"{task.n_timesteps:,}", f"{task.target_returns[task.n_timesteps]:g}", *cells])
    return table(["environment", "steps", "best possible", *grids.AGENTS], lines)


def commands_table():
    """Return the table of how closely commands are followed."""
    lines = []
    for task_name, agents in runs_of("commands").items():
        for agent, seeds in agents.items():
            correlations, errors = zip(*(command_following(rows) for rows in seeds.values()), strict=True)
            lines.append(
                [
                    task_name,
                    agent,
                    f"{np.median(correlations):.2f} ({min(correlations):.2f} to {max(correlations):.2f})",
                    f"{np.median(errors):.1%} ({min(errors):.1%} to {max(errors):.1%})",
                ]
            )
    header = ["environment", "agent", "Spearman correlation", "median error, relative to the range"]
    return table(header, lines)


def comparison_table(name, folder=None):
    """Return the table of a comparison: the score of each variant on each task, and how closely it follows commands."""
    variants, budgets = COMPARISONS[name]
    runs = defaultdict(list)
    for row in read_rows(name, folder):
        runs[row["variant"], row["task"]].append(row)
    if not runs:
        return f"Not run yet: `python -m benchmarks.learning.compare {name}`."
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
    score_range = f" ({scores.min():.0f} to {scores.max():.0f})" if len(rows) > 1 else ""
    commands = f"{np.median(errors):.0%} / {np.median(correlations):.2f}" if np.isfinite(errors).all() else "-"
    return f"**{np.median(scores):.0f}**{score_range}, {np.median(seconds):.0f} s, {commands}"


def commits():
    """Return a sentence with the commits at which the results were measured."""
    found = sorted({row["commit"] for name in ("scores", "grids", "commands", *COMPARISONS) for row in read_rows(name)})
    return f"Measured at commit {', '.join(found)}."


def plot_curves(path):
    """Draw mean returns against steps and, in the row below, against seconds."""
    runs = runs_of("scores")
    n_blocks = math.ceil(len(runs) / N_COLUMNS)
    figure, axes = plt.subplots(2 * n_blocks, N_COLUMNS, figsize=(12.8, 5.6 * n_blocks), layout="constrained")
    over_steps, over_seconds = axes[::2].ravel(), axes[1::2].ravel()
    colors = {agent: f"C{i}" for i, agent in enumerate((*AGENTS, *BASELINES))}
    for column, name in enumerate(runs):
        timesteps = np.linspace(0, TASKS[name].n_timesteps, N_EVALUATIONS + 1)[1:]
        for agent, seeds in runs[name].items():
            rows = [[row_at(rows, t) for t in timesteps] for rows in seeds.values()]
            values, seconds = (
                np.array([[row[key] for row in run] for run in rows]) for key in ("mean_return", "seconds")
            )
            intervals = np.array([bootstrap_interval(column) for column in values.T])
            pairs = (over_steps[column], timesteps), (over_seconds[column], np.median(seconds, axis=0))
            for ax, x in pairs:
                ax.plot(x, interquartile_mean(values, axis=0), label=agent, color=colors[agent])
                ax.fill_between(x, *intervals.T, color=colors[agent], alpha=0.2, linewidth=0)
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
    """Draw achieved against desired returns of forests, a line for each seed, as in figure 6 of arXiv 1912.02877."""
    runs = runs_of("commands")
    forests = [agent for agent in AGENTS if agent.startswith("RandomForest")]
    shown = [(name, agent) for agent in forests for name, found in runs.items() if agent in found]
    n_rows = math.ceil(len(shown) / N_COLUMNS)
    figure, axes = plt.subplots(n_rows, N_COLUMNS, figsize=(12.8, 3.2 * n_rows), squeeze=False, layout="constrained")
    for ax, (name, agent) in zip(axes.flat, shown, strict=False):
        _draw_command_response(ax, runs[name][agent].values())
        ax.set_title(f"{name}\n" + agent.replace(", ", "\n"))  # a panel is too narrow for the agent on one line
    for ax in axes.flat[len(shown) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("achieved return")
    for ax in axes.flat[: len(shown)][-N_COLUMNS:]:
        ax.set_xlabel("desired return")
    figure.savefig(path, dpi=110)


def _draw_command_response(ax, seeds):
    for rows in seeds:
        desired, achieved, std = (
            np.array([row[key] for row in rows]) for key in ("desired_return", "mean_return", "std_return")
        )
        ends = desired[[0, -1]]
        ax.plot(ends, ends, color="0.6", linestyle="--", zorder=0)
        (line,) = ax.plot(desired, achieved, marker=".", linewidth=1)
        ax.fill_between(desired, achieved - std, achieved + std, color=line.get_color(), alpha=0.1, linewidth=0)


def insert(page, blocks):
    """Replace the text between the markers <!-- name --> and <!-- end --> in a page."""
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, n_found = re.subn(
            pattern, lambda markers, block=block: f"\n{block}\n\n".join(markers.groups()), text, flags=re.S
        )
        if n_found != 1:
            raise SystemExit(f"{page} needs one <!-- {name} --> with an <!-- end -->, found {n_found}.")
    page.write_text(text, encoding="utf-8")


def main():
    blocks = {"scores": scores_table(), "grids": grids_table(), "commands": commands_table(), "commits": commits()}
    blocks |= {name: comparison_table(name) for name in COMPARISONS}
    print("\n\n".join(blocks.values()))
    insert(PAGE, blocks)
    IMAGES.mkdir(exist_ok=True)
    plot_curves(IMAGES / "learning_curves.png")
    plot_commands(IMAGES / "commands.png")


if __name__ == "__main__":
    main()
