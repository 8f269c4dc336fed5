"""The page: controls on the left, the episode with its explanation on the right."""

import base64
import io

import numpy as np
from nicegui import run, ui
from PIL import Image

from udrl_sklearn import Command

from ._session import ESTIMATORS, Session, available_environments

STEPS_A_SECOND = 20
DARK, LIGHT, UP, DOWN = "#1f77b4", "#aec7e8", "#2ca02c", "#d62728"


class Page:
    """The page of one visitor."""

    def __init__(self, environments):
        self.environments = environments
        self.session = Session()
        ui.label("udrl_sklearn: train, ask, watch, explain").classes("text-2xl")
        with ui.row().classes("w-full no-wrap items-start gap-8"):
            with ui.column().classes("w-80"):
                self._add_training()
            self.stage = ui.column().classes("grow")
            with self.stage:
                self._add_stage()
        self.timer = ui.timer(1 / STEPS_A_SECOND, self._play_on, active=False)
        self.watch = ui.timer(0.5, self._draw_curve, active=False)
        self._show(trained=False)

    def _add_training(self):
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
        self.curve = ui.echart(
            {
                "grid": {"left": 50, "right": 15, "top": 15, "bottom": 40},
                "xAxis": {"type": "value", "name": "steps", "nameLocation": "middle", "nameGap": 25},
                "yAxis": {"type": "value", "name": "mean return", "nameLocation": "middle", "nameGap": 38},
                "series": [{"type": "line", "data": [], "showSymbol": False}],
                "animation": False,
            }
        ).classes("w-full h-48")

    def _add_asking(self):
        with ui.column():
            ui.label("What to ask for").classes("text-lg")
            self.wants_most = ui.switch("as much as it can", value=True, on_change=self._ask)
            self.desired = ui.number("Desired return", value=0, on_change=self._ask)
            self.desired.bind_visibility_from(self.wants_most, "value", backward=lambda most: not most)
            self.horizon = ui.number("Desired horizon", min=1, on_change=self._ask)
            self.horizon.bind_visibility_from(self.wants_most, "value", backward=lambda most: not most)
            with ui.row():
                self.run_button = ui.button("Download run", on_click=self._download_run).props("flat")
                self.film_button = ui.button("Download GIF", on_click=self._download_film).props("flat")

    def _add_stage(self):
        self.headline = ui.label().classes("text-lg")
        with ui.row().classes("w-full no-wrap gap-8"):
            self.picture = ui.interactive_image().classes("w-full max-w-xl")
            self._add_asking()
        with ui.row().classes("items-center"):
            self.play_button = ui.button("Play", on_click=self._play)
            self.pause_button = ui.button("Pause", on_click=self._pause)
            self.step_button = ui.button("Step", on_click=self._step_once)
            self.reset_button = ui.button("Reset", on_click=self._reset)
            self.episode = ui.number("Episode", value=0, min=0, precision=0, on_change=self._reset).classes("w-20")
        with ui.row().classes("w-full no-wrap"):
            self.actions = ui.echart(_bars("probability")).classes("w-1/2 h-64")
            self.contributions = ui.echart(_bars("contributions")).classes("w-1/2 h-64")

    def close(self):
        """Release what the visitor used."""
        self.session.close()

    def _show(self, *, trained):
        self.stage.set_visibility(trained)

    def _propose_steps(self):
        self.steps.set_value(self.environments[self.env.value])

    async def _train(self):
        if not self.steps.value or self.seed.value is None:
            ui.notify("Environment steps and seed must be numbers.", type="negative")
            return
        self._pause()
        self._show(trained=False)
        self.train_button.disable()
        self.watch.activate()
        self.status.set_text("Training ...")
        wanted = self.env.value, self.estimator.value, int(self.steps.value), int(self.seed.value)
        try:
            await run.io_bound(self.session.train, *wanted)
        except Exception as error:  # whatever it is, the visitor should see it
            self.status.set_text(f"Training failed: {error}")
            raise
        finally:
            self.watch.deactivate()
            self.train_button.enable()
        self._draw_curve()
        agent = self.session.agent
        self.status.set_text(f"Trained on {agent.n_timesteps_:,} steps, {agent.n_episodes_:,} episodes.")
        low, high = self.session.returns_seen()
        self.desired.set_value(round((low + high) / 2))
        self.desired.props(f'hint="seen: {low:.0f} to {high:.0f}"')
        self.wants_most.set_value(True)
        self._set_up_charts()
        self._show(trained=True)
        self._reset()

    def _stop(self):
        self.session.stop()
        self.status.set_text("Stopping ...")

    def _draw_curve(self):
        history = self.session.history
        self.curve.options["series"][0]["data"] = [list(point) for point in history]
        self.curve.update()
        if self.watch.active and history and not self.session.is_stopping:
            self.status.set_text(f"Training ... {history[-1][0]:,} steps")

    def _command(self):
        """Return what is asked for, or None if the fields don't say."""
        if self.wants_most.value:
            return "max"
        if self.desired.value is None:
            return None
        return Command(self.desired.value, self.horizon.value or None)

    def _ask(self):
        """Change the command, in the middle of an episode too."""
        command = self._command()
        if self.session.player is not None and command is not None and not self.session.player.is_over:
            self.session.player.ask(command)
            self._draw()

    def _reset(self):
        command = self._command()
        if self.session.agent is not None and command is not None:
            self.session.begin(command, int(self.episode.value or 0))
            self._draw()

    def _play(self):
        if self.session.player.is_over:
            self._reset()
        self.timer.activate()

    def _pause(self):
        self.timer.deactivate()

    def _step_once(self):
        self._pause()
        self._play_on()

    def _play_on(self):
        player = self.session.player
        if player is None or player.is_over:
            self._pause()
            return
        player.step()
        self._draw()

    def _draw(self):
        """Show the moment of the episode."""
        player = self.session.player
        self.picture.set_source(_as_url(player.env.render()))
        self.headline.set_text(player.headline)
        if player.is_over:
            return
        moment = player.moment
        explanation = moment.explain()
        taken = explanation.action_names[0]
        colors = [DARK if label == taken or not self.is_discrete else LIGHT for label in self.labels]
        _fill(self.actions, moment.predictions, colors)
        values = explanation.contributions[0]
        self.reach = max(self.reach, round(float(np.abs(values).max()), 2))
        self.contributions.options["xAxis"] |= {"min": -self.reach, "max": self.reach}
        _fill(self.contributions, values, [UP if value > 0 else DOWN for value in values])

    def _set_up_charts(self):
        agent = self.session.agent
        self.labels = agent._names_of_actions()
        self.is_discrete = agent._targets.is_discrete
        self.actions.options["yAxis"]["data"] = self.labels
        self.actions.options["title"]["text"] = "probability" if self.is_discrete else "predicted action"
        self.actions.options["xAxis"] |= {"min": 0, "max": 1} if self.is_discrete else {"min": None, "max": None}
        self.reach = 0.01
        self.contributions.options["yAxis"]["data"] = list(agent.feature_names_in_)
        self.contributions.options["title"]["text"] = "what contributed to the action"

    async def _download_film(self):
        command = self._command()
        if command is None:
            ui.notify("Say which return is desired.", type="negative")
            return
        await self._download(self.film_button, "episode.gif", self.session.film, command, int(self.episode.value or 0))

    async def _download_run(self):
        await self._download(self.run_button, f"{self.session.env_id}.zip", self.session.run_folder)

    async def _download(self, button, name, make, *args):
        button.props("loading")
        try:
            ui.download(await run.io_bound(make, *args), name)
        finally:
            button.props(remove="loading")


def _as_url(picture):
    """Return a picture, an array of shape (height, width, 3), as a URL that holds it."""
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "png", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(encoded.getvalue()).decode()


def _bars(title):
    """Return the options of an empty chart of horizontal bars."""
    return {
        "title": {"text": title, "textStyle": {"fontSize": 14}},
        "grid": {"left": 120, "right": 20, "top": 35, "bottom": 25},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "inverse": True, "data": []},
        "series": [{"type": "bar", "data": []}],
        "animation": False,
    }


def _fill(chart, values, colors):
    """Draw bars."""
    chart.options["series"][0]["data"] = [
        {"value": round(float(value), 4), "itemStyle": {"color": color}}
        for value, color in zip(values, colors, strict=True)
    ]
    chart.update()


def serve(port=8080, show=True):
    """Serve the page on this machine, to this machine alone, until it is interrupted."""
    environments = available_environments()

    @ui.page("/", title="udrl_sklearn")
    async def index():
        page = Page(environments)
        await ui.context.client.disconnected()
        page.close()

    ui.run(host="127.0.0.1", port=port, show=show, reload=False, title="udrl_sklearn")
