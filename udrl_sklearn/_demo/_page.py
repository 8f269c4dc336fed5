"""The page: controls on the left, the episode with its explanation on the right."""

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from nicegui import run, ui
from PIL import Image

from udrl_sklearn import Command, UDRLAgent
from udrl_sklearn._inspection._episode_runner import EpisodeRunner

from ._session import ESTIMATORS, Session, available_environments

STEPS_PER_SECOND = 20
DARK, LIGHT, UP, DOWN = "#1f77b4", "#aec7e8", "#2ca02c", "#d62728"


class Page:
    """The page of one visitor.

    Parameters
    ----------
    environments : dict
        {id: proposed number of training steps}.
    """

    def __init__(self, environments: Mapping[str, int]) -> None:
        self.environments = environments
        self.session = Session()
        self.labels: list[str] = []
        self.is_discrete = True
        self.max_contribution = 0.0
        ui.label("udrl_sklearn: train, command, watch, explain").classes("text-2xl")
        with ui.row().classes("w-full no-wrap items-start gap-8"):
            with ui.column().classes("w-80"):
                self._add_training()
            self.stage = ui.column().classes("grow")
            with self.stage:
                self._add_stage()
        self.play_timer = ui.timer(1 / STEPS_PER_SECOND, self._advance, active=False)
        self.curve_timer = ui.timer(0.5, self._draw_curve, active=False)
        self._show(trained=False)

    def _add_training(self) -> None:
        """Add the controls and the learning curve of the training."""
        first = next(iter(self.environments))
        self.env = ui.select(list(self.environments), value=first, label="Environment", on_change=self._propose_steps)
        self.env.classes("w-full").mark("env")
        self.estimator = ui.select(list(ESTIMATORS), value=ESTIMATORS[0], label="Estimator").classes("w-full")
        self.steps = ui.number("Environment steps", value=self.environments[first], min=100, precision=0)
        self.seed = ui.number("Seed", value=0, min=0, precision=0)
        with ui.row():
            self.train_button = ui.button("Train", on_click=self._train)
            self.stop_button = ui.button("Stop", on_click=self._stop)
            self.stop_button.bind_enabled_from(self.train_button, "enabled", backward=lambda enabled: not enabled)
        self.status = ui.label("Not trained yet.")
        self.curve = ui.echart(_line("steps", "mean return")).classes("w-full h-48")

    def _add_command(self) -> None:
        """Add the controls of the command, and the downloads."""
        with ui.column():
            ui.label("Command").classes("text-lg")
            self.is_max = ui.switch("highest return (max)", value=True, on_change=self._change_command)
            self.desired_return = ui.number("Desired return", value=0, on_change=self._change_command)
            self.desired_return.bind_visibility_from(self.is_max, "value", backward=lambda is_max: not is_max)
            self.horizon = ui.number("Desired horizon", min=1, on_change=self._change_command)
            self.horizon.bind_visibility_from(self.is_max, "value", backward=lambda is_max: not is_max)
            with ui.row():
                self.run_button = ui.button("Download run", on_click=self._download_run).props("flat")
                self.gif_button = ui.button("Download GIF", on_click=self._download_gif).props("flat")

    def _add_stage(self) -> None:
        """Add the episode, its controls and its charts."""
        self.headline = ui.label().classes("text-lg")
        with ui.row().classes("w-full no-wrap gap-8"):
            self.picture = ui.interactive_image().classes("w-full max-w-xl")
            self._add_command()
        with ui.row().classes("items-center"):
            self.play_button = ui.button("Play", on_click=self._play)
            self.pause_button = ui.button("Pause", on_click=self._pause)
            self.step_button = ui.button("Step", on_click=self._step_once)
            self.reset_button = ui.button("Reset", on_click=self._reset)
            self.episode = ui.number("Episode", value=0, min=0, precision=0, on_change=self._reset).classes("w-20")
        with ui.row().classes("w-full no-wrap"):
            self.actions = ui.echart(_bars("probability")).classes("w-1/2 h-64")
            self.contributions = ui.echart(_bars("contributions")).classes("w-1/2 h-64")

    def close(self) -> None:
        """Release the resources of the visitor."""
        self.session.close()

    def _show(self, *, trained: bool) -> None:
        """Show the episode if an agent is trained."""
        self.stage.set_visibility(trained)

    def _propose_steps(self) -> None:
        """Set the number of training steps to the one proposed for the environment."""
        self.steps.set_value(self.environments[self.env.value])

    async def _train(self) -> None:
        """Train an agent, and show its first episode."""
        if not self.steps.value or self.seed.value is None:
            ui.notify("Environment steps and seed must be numbers.", type="negative")
            return
        self._pause()
        self._show(trained=False)
        await self._fit(self.env.value, self.estimator.value, int(self.steps.value), int(self.seed.value))
        self._draw_curve()
        agent = self.session.agent
        if agent is not None:
            self._show_agent(agent)

    async def _fit(self, env_id: str, estimator: str, total_timesteps: int, seed: int) -> None:
        """Train an agent in another thread, with its learning curve on the page."""
        self.train_button.disable()
        self.curve_timer.activate()
        self.status.set_text("Training ...")
        try:
            await run.io_bound(self.session.train, env_id, estimator, total_timesteps, seed)
        except Exception as error:  # the visitor sees any error
            self.status.set_text(f"Training failed: {error}")
            raise
        finally:
            self.curve_timer.deactivate()
            self.train_button.enable()

    def _show_agent(self, agent: UDRLAgent) -> None:
        """Show a new agent and its first episode."""
        self.status.set_text(f"Trained on {agent.n_timesteps_:,} steps, {agent.n_episodes_:,} episodes.")
        low, high = self.session.return_range()
        self.desired_return.set_value(round((low + high) / 2))
        self.desired_return.props(f'hint="in training: {low:.0f} to {high:.0f}"')
        self.is_max.set_value(True)
        self._set_up_charts(agent)
        self._show(trained=True)
        self._reset()

    def _stop(self) -> None:
        self.session.stop()
        self.status.set_text("Stopping ...")

    def _draw_curve(self) -> None:
        """Draw the learning curve of the training so far."""
        history = self.session.history
        self.curve.options["series"][0]["data"] = [list(point) for point in history]
        self.curve.update()
        if self.curve_timer.active and history and not self.session.is_stopping:
            self.status.set_text(f"Training ... {history[-1][0]:,} steps")

    def _command(self) -> Command | str | None:
        """Return the command in the fields, or None if the desired return is missing."""
        if self.is_max.value:
            return "max"
        if self.desired_return.value is None:
            return None
        return Command(self.desired_return.value, self.horizon.value or None)

    def _change_command(self) -> None:
        """Change the command, also in the middle of an episode."""
        command, runner = self._command(), self.session.runner
        if command is not None and runner is not None and not runner.is_over:
            runner.set_command(command)
            self._draw(runner)

    def _reset(self) -> None:
        """Start the episode again."""
        command = self._command()
        if self.session.agent is not None and command is not None:
            self.session.start_episode(command, int(self.episode.value or 0))
            if self.session.runner is not None:
                self._draw(self.session.runner)

    def _play(self) -> None:
        if self.session.runner is None or self.session.runner.is_over:
            self._reset()
        self.play_timer.activate()

    def _pause(self) -> None:
        self.play_timer.deactivate()

    def _step_once(self) -> None:
        self._pause()
        self._advance()

    def _advance(self) -> None:
        """Take the next step of the episode."""
        runner = self.session.runner
        if runner is None or runner.is_over:
            self._pause()
            return
        runner.step()
        self._draw(runner)

    def _draw(self, runner: EpisodeRunner) -> None:
        """Show the current step of the episode."""
        self.picture.set_source(_as_url(np.asarray(runner.env.render())))
        self.headline.set_text(runner.headline)
        if runner.is_over:
            return
        step = runner.next_step
        explanation = step.explain()
        name = explanation.action_names[0]
        colors = [DARK if label == name or not self.is_discrete else LIGHT for label in self.labels]
        _fill(self.actions, step.predictions, colors)
        values = explanation.contributions[0]
        self.max_contribution = max(self.max_contribution, round(float(np.abs(values).max()), 2))
        self.contributions.options["xAxis"] |= {"min": -self.max_contribution, "max": self.max_contribution}
        _fill(self.contributions, values, [UP if value > 0 else DOWN for value in values])

    def _set_up_charts(self, agent: UDRLAgent) -> None:
        """Label the charts with the actions and features of an agent."""
        self.labels = agent.action_targets_.component_names()
        self.is_discrete = agent.action_targets_.is_discrete
        self.actions.options["yAxis"]["data"] = self.labels
        self.actions.options["title"]["text"] = "probability" if self.is_discrete else "predicted action"
        self.actions.options["xAxis"] |= {"min": 0, "max": 1} if self.is_discrete else {"min": None, "max": None}
        self.max_contribution = 0.01
        self.contributions.options["yAxis"]["data"] = list(agent.feature_names_in_)
        self.contributions.options["title"]["text"] = "contributions to the action"

    async def _download_gif(self) -> None:
        command = self._command()
        if command is None:
            ui.notify("Enter a desired return.", type="negative")
            return
        seed = int(self.episode.value or 0)
        await self._download(self.gif_button, "episode.gif", lambda: self.session.record_gif(command, seed))

    async def _download_run(self) -> None:
        await self._download(self.run_button, f"{self.session.env_id}.zip", self.session.zip_run)

    async def _download(self, button: ui.button, name: str, make: Callable[[], bytes]) -> None:
        """Make the content of a file in another thread, and send it to the visitor."""
        button.props("loading")
        try:
            content = await run.io_bound(make)
            if content is not None:  # None if the server shuts down
                ui.download(content, name)
        finally:
            button.props(remove="loading")


def _as_url(picture: np.ndarray) -> str:
    """Return a picture, an array of shape (height, width, 3), as a URL that contains it."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _line(x_name: str, y_name: str) -> dict[str, Any]:
    """Return the options of an empty line chart."""
    return {
        "grid": {"left": 50, "right": 15, "top": 15, "bottom": 40},
        "xAxis": {"type": "value", "name": x_name, "nameLocation": "middle", "nameGap": 25},
        "yAxis": {"type": "value", "name": y_name, "nameLocation": "middle", "nameGap": 38},
        "series": [{"type": "line", "data": [], "showSymbol": False}],
        "animation": False,
    }


def _bars(title: str) -> dict[str, Any]:
    """Return the options of an empty chart of horizontal bars."""
    return {
        "title": {"text": title, "textStyle": {"fontSize": 14}},
        "grid": {"left": 120, "right": 20, "top": 35, "bottom": 25},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "inverse": True, "data": []},
        "series": [{"type": "bar", "data": []}],
        "animation": False,
    }


def _fill(chart: ui.echart, values: Iterable[float], colors: Iterable[str]) -> None:
    """Set the bars of a chart."""
    chart.options["series"][0]["data"] = [
        {"value": round(float(value), 4), "itemStyle": {"color": color}}
        for value, color in zip(values, colors, strict=True)
    ]
    chart.update()


def serve(port: int = 8080, show: bool = True) -> None:
    """Serve the page to this machine only, until Ctrl-C."""
    environments = available_environments()

    @ui.page("/", title="udrl_sklearn")
    async def index() -> None:
        page = Page(environments)
        await ui.context.client.disconnected()
        page.close()

    ui.run(host="127.0.0.1", port=port, show=show, reload=False, title="udrl_sklearn")
