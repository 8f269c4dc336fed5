"""A film of one episode: the environment, beside what the agent is asked for, predicts, and why."""

from contextlib import closing, nullcontext
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._commands import CommandLike
from udrl_sklearn._envs._sources import make_rendered
from udrl_sklearn._inspection._episode_runner import EpisodeRunner
from udrl_sklearn._inspection._explanation import explain_rows

from ._canvas import pyplot

# Rows of the replay buffer by which the features to show are chosen.
N_SAMPLES = 200
DEFAULT_FPS = 30


def record_episode(
    agent: UDRLAgent,
    env: Any,
    path: str | PathLike,
    *,
    command: CommandLike = "max",
    seed: int = 0,
    n_features: int = 8,
    fps: int | None = None,
    every: int = 1,
    max_steps: int | None = None,
) -> float:
    """Let an agent live through an episode, and write a film of it.

    Beside the picture of the environment stand what is still desired, the probability of each action, the one that is
    taken in a darker color, and what the features contributed to it.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted. If actions have several components, the first one is explained.
    env : str, EnvSpec, gymnasium.Env or callable
        An environment that exists already, or that a function makes, needs ``render_mode="rgb_array"``.
    path : str or path-like
        The file: ``.gif``, or ``.mp4``, which needs ``pip install 'imageio[pyav]'``.
    command : "max", float, Command or pair, default="max"
        As for `UDRLAgent.evaluate`.
    seed : int, default=0
        Picks the episode, the first one of `UDRLAgent.evaluate` with that seed.
    n_features : int, default=8
        How many features to show at the most, those that contribute most to what the agent did in training.
    fps : int or None, default=None
        Pictures a second. None shows as many steps a second as the environment says, or 30.
    every : int, default=1
        Shows each so many steps, for smaller files of long episodes.
    max_steps : int or None, default=None
        The film ends after so many steps; None shows the whole episode.

    Returns
    -------
    total_return : float
        What was obtained while it was filmed.

    Raises
    ------
    ValueError
        If the file is of another kind, `every` is less than 1, or the environment can't be shown as pictures.
    ImportError
        If matplotlib, or for ``.mp4`` imageio with pyav, is not installed.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent, record_episode
    >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit("CartPole-v1")
    >>> record_episode(agent, "CartPole-v1", "episode.gif", command=30)  # doctest: +SKIP
    29.0
    """
    write = _writer(Path(path))
    if every < 1:
        raise ValueError(f"every must be a number of steps >= 1, got {every!r}.")
    check_is_fitted(agent)
    rendered = make_rendered(env, "rgb_array")
    with nullcontext() if rendered is env else closing(rendered):  # what the user made is left open
        runner = EpisodeRunner(agent, rendered, command=command, seed=seed)
        painter = EpisodePainter(agent, runner.next_step, n_features)
        fps = fps or max((rendered.metadata.get("render_fps") or DEFAULT_FPS) // every, 1)
        write(path, _frames(runner, painter, every, max_steps), fps)
    return runner.return_so_far


def _frames(runner, painter, every, max_steps):
    """Paint the moments of an episode while it goes on, and what it came to."""
    while not runner.is_over and (max_steps is None or runner.n_steps < max_steps):
        if runner.n_steps % every == 0:
            yield painter.paint(runner)
        runner.step()
    yield painter.paint(runner)


class EpisodePainter:
    """Paints one next_step of an episode after the other.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    next_step : Step
        The first one.
    n_features : int
        How many features to show at the most.
    """

    def __init__(self, agent, next_step, n_features=8):
        plt = pyplot("record_episode")
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.canvas = FigureCanvasAgg(Figure(figsize=(9, 4), dpi=100, layout="constrained"))
        axes = self.canvas.figure.subplot_mosaic("PA;PC", width_ratios=(5, 3), height_ratios=(2, 3))
        self.picture, self.actions, self.contributions = axes["P"], axes["A"], axes["C"]
        self.picture.axis("off")
        self.image = None
        self.colors = plt.get_cmap("tab20").colors  # dark and light by turns
        self.is_discrete = agent.action_targets_.is_discrete
        self._set_up_actions(agent)
        self._set_up_contributions(next_step, n_features)

    def _set_up_actions(self, agent):
        labels = agent.action_targets_.component_names()
        self.action_bars = self.actions.barh(labels, np.zeros(len(labels)), color=self.colors[1])
        self.actions.invert_yaxis()
        if self.is_discrete:
            self.codes = {label: i for i, label in enumerate(agent.action_targets_.labels[0].tolist())}
            self.actions.set(xlim=(0, 1), title="probability")
        else:
            low, high = agent.action_targets_.low, agent.action_targets_.high
            ends = low[np.isfinite(low)].min(initial=-1), high[np.isfinite(high)].max(initial=1)
            self.actions.set(xlim=ends, title="predicted action")

    def _set_up_contributions(self, next_step, n_features):
        explanation = _typical_explanation(next_step)
        sizes = np.abs(explanation.contributions)
        self.shown = np.sort(np.argsort(-sizes.mean(axis=0), kind="stable")[:n_features])
        self.contribution_bars = self.contributions.barh(
            explanation.feature_names[self.shown].astype(str), np.zeros(len(self.shown))
        )
        self.contributions.invert_yaxis()
        self.contributions.axvline(0, color="0.6", linewidth=0.8)
        self.reach = max(np.quantile(sizes[:, self.shown], 0.99), 1e-6)

    def paint(self, runner):
        """Return a picture of where an episode is: ndarray of shape (height, width, 3), uint8."""
        picture = runner.env.render()
        if self.image is None:
            self.image = self.picture.imshow(picture)
        self.image.set_data(picture)
        self.picture.set_title(runner.headline)
        if not runner.is_over:
            self._paint_decision(runner.next_step)
        self.canvas.draw()
        self.canvas.figure.set_layout_engine("none")  # it stays as it was laid out for the first picture
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()

    def _paint_decision(self, next_step):
        for bar, value in zip(self.action_bars, next_step.predictions, strict=True):
            bar.set_width(value)
            bar.set_color(self.colors[1])
        explanation = next_step.explain()
        if self.is_discrete:
            self.action_bars[self.codes[explanation.actions[0].item()]].set_color(self.colors[0])
        values = explanation.contributions[0, self.shown]
        for bar, value in zip(self.contribution_bars, values, strict=True):
            bar.set_width(value)
            bar.set_color(self.colors[4 if value > 0 else 6])
        self.reach = max(self.reach, np.abs(values).max())
        title = f"what contributed to: {explanation.action_names[0]}"
        self.contributions.set(xlim=(-self.reach, self.reach), title=title)


def _typical_explanation(next_step):
    """Explain observations of the replay buffer under the command of the next_step, to know what features matter."""
    agent, rows = next_step.agent, next_step.row
    if hasattr(agent, "buffer_"):
        observations = agent.buffer_.episodes.observations
        chosen = np.linspace(0, len(observations) - 1, N_SAMPLES).astype(int)
        rows = design_matrix(observations[chosen], np.tile(next_step.command, (N_SAMPLES, 1)))
    return explain_rows(agent, rows)


def _writer(path):
    """Return the function that writes a film to a file of this kind."""
    writers = {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise ValueError(f"Expected a file that ends in .gif or .mp4, got {str(path)!r}.")
    if path.suffix.lower() == ".mp4":
        try:
            import av  # noqa: F401
            import imageio  # noqa: F401
        except ImportError as error:
            raise ImportError(
                "To write .mp4 takes imageio with pyav; install them with: pip install 'imageio[pyav]'. "
                "A .gif needs matplotlib alone."
            ) from error
    return writers[path.suffix.lower()]


def _write_gif(path, frames, fps):
    from PIL import Image

    first, *rest = (Image.fromarray(frame).quantize(64) for frame in frames)
    # Viewers show a frame for at least two hundredths of a second.
    duration = max(1000 / fps, 20)
    first.save(path, save_all=True, append_images=rest, duration=duration, loop=0, optimize=False)


def _write_mp4(path, frames, fps):
    import imageio.v3 as iio

    with iio.imopen(path, "w", plugin="pyav") as film:
        film.init_video_stream("libx264", fps=fps)
        for frame in frames:
            film.write_frame(frame)
