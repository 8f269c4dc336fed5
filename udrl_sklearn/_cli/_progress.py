"""Progress bars on the terminal."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, SupportsFloat

import click
import gymnasium

from udrl_sklearn import UDRLAgent
from udrl_sklearn._runs._after_iteration import AfterIteration
from udrl_sklearn._runs._run_folder import RunEnv

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


def progress_bar(length: int, label: str) -> "ProgressBar[str]":
    """Return a progress bar. It is hidden if the error stream is not a terminal."""
    return click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        item_show_func=lambda text: text,
        width=0,
    )


def count_timesteps(bar: "ProgressBar[str]") -> AfterIteration:
    """Return a scikit-learn callback that advances a progress bar by the steps of each iteration."""

    def advance(agent: UDRLAgent) -> None:
        record = agent.history_[-1]
        n_steps = min(record["timesteps"], bar.length or 0) - bar.pos
        bar.update(n_steps, f"mean return {record.get('evaluated_return', record['mean_return']):.1f}")

    return AfterIteration(advance)


class StepListener(gymnasium.Wrapper):
    """An environment that calls a function after each step.

    Parameters
    ----------
    env : gymnasium.Env
    after_step : callable
        Takes whether the step ended the episode.
    """

    def __init__(self, env: gymnasium.Env, after_step: Callable[[bool], object]) -> None:
        super().__init__(env)
        self.after_step = after_step

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step."""
        observation, reward, terminated, truncated, info = super().step(action)
        self.after_step(terminated or truncated)
        return observation, reward, terminated, truncated, info


def count_episodes(agent: UDRLAgent, env: RunEnv, bar: "ProgressBar[str]") -> RunEnv | Callable[[], gymnasium.Env]:
    """Return an environment, in a form that agents take, whose episodes advance a progress bar."""
    if agent.n_jobs not in (None, 1):
        return env  # other processes can't reach the bar

    def advance(is_over: bool) -> None:
        if is_over:
            bar.update(1)

    return lambda: StepListener(gymnasium.make(env, disable_env_checker=True), advance)


def count_steps(env: gymnasium.Env, bar: "ProgressBar[str]") -> gymnasium.Env:
    """Return an environment whose steps advance a progress bar."""
    return StepListener(env, lambda is_over: bar.update(1))
