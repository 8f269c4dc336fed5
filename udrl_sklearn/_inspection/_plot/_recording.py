"""A video of one episode: the environment, the command, the predictions and their explanation."""

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._commands import CommandLike, repeat_command
from udrl_sklearn._envs._sources import make_rendered
from udrl_sklearn._inspection._episode_runner import EpisodeRunner, Step
from udrl_sklearn._inspection._explanation import Explanation, explain_rows
from udrl_sklearn._rollout._evaluation import check_counts

from ._canvas import pyplot

# Rows of the replay buffer that are explained to select the features to show.
N_SAMPLES = 200
DEFAULT_FPS = 30

# Writes frames to a file, with a number of frames per second.
Writer = Callable[[Path, Iterator[np.ndarray], int], None]


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
    """Run an episode of an agent, and write a video of it.

    Each frame shows the environment, the current command, the probability of each action, and the contributions of
    features to the action. The action that is taken has a darker color.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted. If actions have several components, the first one is explained.
    env : str, EnvSpec, gymnasium.Env or callable
        An instance, or an environment that a function makes, must have ``render_mode="rgb_array"``.
    path : str or path-like
        The file: ``.gif``, or ``.mp4``, which needs ``pip install 'imageio[pyav]'``.
    command : "max", float, Command or pair, default="max"
        As for `UDRLAgent.evaluate`.
    seed : int, default=0
        Determines the reset seed: the first episode of `UDRLAgent.evaluate` with this seed.
    n_features : int, default=8
        How many features to show, at most: those with the largest contributions over the replay buffer.
    fps : int or None, default=None
        Frames per second. None shows as many steps per second as the metadata of the environment says, or 30.
    every : int, default=1
        Number of steps from one frame to the next. Larger numbers make smaller files.
    max_steps : int or None, default=None
        Number of steps after which the video ends; None shows the whole episode.

    Returns
    -------
    total_return : float
        Sum of the rewards in the video.

    Raises
    ------
    ValueError
        If the file has another extension, a number is less than 1, the environment can't be rendered as an array, or it
        has other spaces than those of the fit.
    ImportError
        If matplotlib, or for ``.mp4`` imageio with pyav, is not installed.

    See Also
    --------
    EpisodeDisplay : Plots the steps of an episode.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent, record_episode
    >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit("CartPole-v1")
    >>> record_episode(agent, "CartPole-v1", "episode.gif", command=30)  # doctest: +SKIP
    29.0
    """
    file = Path(path)
    write = _writer(file)
    optional = {"fps": fps, "max_steps": max_steps}
    check_counts(
        n_features=n_features, every=every, **{name: value for name, value in optional.items() if value is not None}
    )
    check_is_fitted(agent)
    rendered = make_rendered(env, "rgb_array")
    with nullcontext() if rendered is env else closing(rendered):  # an environment of the user is not closed
        runner = EpisodeRunner(agent, rendered, command=command, seed=seed)
        painter = EpisodePainter(agent, runner.next_step, n_features)
        fps = fps or max((rendered.metadata.get("render_fps") or DEFAULT_FPS) // every, 1)
        write(file, _frames(runner, painter, every, max_steps), fps)
    return runner.return_so_far


def _frames(
    runner: EpisodeRunner, painter: "EpisodePainter", every: int, max_steps: int | None
) -> Iterator[np.ndarray]:
    """Yield frames of an episode while it runs, the last one after the last step."""
    while not runner.is_over and (max_steps is None or runner.n_steps < max_steps):
        if runner.n_steps % every == 0:
            yield painter.paint(runner)
        runner.step()
    yield painter.paint(runner)


class EpisodePainter:
    """Paints the steps of an episode, one frame for each.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    first_step : Step
        The first step of the episode.
    n_features : int, default=8
        How many features to show, at most.
    """

    def __init__(self, agent: UDRLAgent, first_step: Step, n_features: int = 8) -> None:
        plt = pyplot("record_episode")
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.canvas = FigureCanvasAgg(Figure(figsize=(9, 4), dpi=100, layout="constrained"))
        axes = self.canvas.figure.subplot_mosaic("PA;PC", width_ratios=(5, 3), height_ratios=(2, 3))
        self.picture, self.actions, self.contributions = axes["P"], axes["A"], axes["C"]
        self.picture.axis("off")
        self.image: Any = None
        self.colors = plt.get_cmap("tab20").colors  # each dark color is followed by a light one
        self._set_up_actions(agent)
        self._set_up_contributions(first_step, n_features)

    def _set_up_actions(self, agent: UDRLAgent) -> None:
        targets = agent.action_targets_
        names = targets.component_names()
        self.action_bars = self.actions.barh(names, np.zeros(len(names)), color=self.colors[1])
        self.actions.invert_yaxis()
        self.bar_of_action: dict[Any, int] = {}  # empty for continuous actions
        if targets.labels is not None:
            self.bar_of_action = {label: i for i, label in enumerate(targets.labels[0].tolist())}
            self.actions.set(xlim=(0, 1), title="probability")
        else:
            low, high = targets.low, targets.high
            ends = low[np.isfinite(low)].min(initial=-1), high[np.isfinite(high)].max(initial=1)
            self.actions.set(xlim=ends, title="predicted action")

    def _set_up_contributions(self, first_step: Step, n_features: int) -> None:
        explanation = _explain_sample(first_step)
        sizes = np.abs(explanation.contributions)
        self.feature_indices = np.sort(np.argsort(-sizes.mean(axis=0), kind="stable")[:n_features])
        names = explanation.feature_names[self.feature_indices].astype(str)
        self.contribution_bars = self.contributions.barh(names, np.zeros(len(names)))
        self.contributions.invert_yaxis()
        self.contributions.axvline(0, color="0.6", linewidth=0.8)
        self.limit = max(np.quantile(sizes[:, self.feature_indices], 0.99), 1e-6)

    def paint(self, runner: EpisodeRunner) -> np.ndarray:
        """Return a frame of an episode: ndarray of shape (height, width, 3), uint8."""
        picture: Any = runner.env.render()
        if self.image is None:
            self.image = self.picture.imshow(picture)
        self.image.set_data(picture)
        self.picture.set_title(runner.headline)
        if not runner.is_over:
            self._paint_step(runner.next_step)
        self.canvas.draw()
        self.canvas.figure.set_layout_engine("none")  # all frames have the layout of the first one
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()

    def _paint_step(self, step: Step) -> None:
        for bar, value in zip(self.action_bars, step.predictions, strict=True):
            bar.set_width(value)
            bar.set_color(self.colors[1])
        explanation = step.explain()
        if self.bar_of_action:
            self.action_bars[self.bar_of_action[explanation.actions[0].item()]].set_color(self.colors[0])
        values = explanation.contributions[0, self.feature_indices]
        for bar, value in zip(self.contribution_bars, values, strict=True):
            bar.set_width(value)
            bar.set_color(self.colors[4 if value > 0 else 6])
        self.limit = max(self.limit, np.abs(values).max())
        title = f"contributions to: {explanation.action_names[0]}"
        self.contributions.set(xlim=(-self.limit, self.limit), title=title)


def _explain_sample(step: Step) -> Explanation:
    """Explain observations of the replay buffer under the command of a step, or the step if there is no buffer."""
    agent, rows = step.agent, step.row
    if hasattr(agent, "buffer_"):
        observations = agent.buffer_.episodes.observations
        sample = np.linspace(0, len(observations) - 1, N_SAMPLES).astype(int)
        rows = design_matrix(observations[sample], repeat_command(step.command, N_SAMPLES))
    return explain_rows(agent, rows)


def _writer(path: Path) -> Writer:
    """Return the function that writes a video to a file with this extension."""
    writers: dict[str, Writer] = {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise ValueError(f"Expected a file that ends in .gif or .mp4, got {str(path)!r}.")
    if path.suffix.lower() == ".mp4":
        try:
            import av  # noqa: F401
            import imageio  # noqa: F401
        except ImportError as error:
            raise ImportError(
                "Writing .mp4 needs imageio with pyav. Install them with: pip install 'imageio[pyav]'. "
                "A .gif needs matplotlib alone."
            ) from error
    return writers[path.suffix.lower()]


def _write_gif(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    from PIL import Image

    first, *rest = (Image.fromarray(frame).quantize(64) for frame in frames)
    # Viewers show a frame for at least two hundredths of a second.
    duration = max(1000 / fps, 20)
    first.save(path, save_all=True, append_images=rest, duration=duration, loop=0, optimize=False)


def _write_mp4(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    import imageio.v3 as iio

    with iio.imopen(path, "w", plugin="pyav") as video:
        video.init_video_stream("libx264", fps=fps)
        for frame in frames:
            video.write_frame(frame)
