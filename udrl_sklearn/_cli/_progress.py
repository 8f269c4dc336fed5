"""Progress bars, where somebody looks on."""

import sys

import click
import gymnasium

from udrl_sklearn._runs._callbacks import AfterIteration


def progress_bar(length, label):
    """Return a progress bar on the terminal; it shows nothing where the error stream is none."""
    return click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        item_show_func=lambda text: text,
        width=0,
    )


def after_iteration(bar):
    """Return a scikit-learn callback that moves a progress bar on by the steps of each iteration."""

    def move_on(agent):
        record = agent.history_[-1]
        done = min(record["timesteps"], bar.length) - bar.pos
        bar.update(done, f"mean return {record.get('evaluated_return', record['mean_return']):.1f}")

    return AfterIteration(move_on)


class Counted(gymnasium.Wrapper):
    """Calls a function after each step, with whether it ended the episode."""

    def __init__(self, env, after_step):
        super().__init__(env)
        self.after_step = after_step

    def step(self, action):
        """Take a step."""
        found = super().step(action)
        self.after_step(found[2] or found[3])
        return found


def counting_episodes(agent, env, bar):
    """Return an environment, as agents take it, in which each episode that an agent ends moves a progress bar on."""
    if agent.n_jobs not in (None, 1):
        return env  # workers can't reach the bar
    return lambda: Counted(gymnasium.make(env, disable_env_checker=True), lambda is_over: is_over and bar.update(1))


def counting_steps(made, bar):
    """Return an environment that exists already, whose steps move a progress bar on."""
    return Counted(made, lambda is_over: bar.update(1))
