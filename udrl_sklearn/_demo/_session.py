"""The state behind the page: the agent of a visitor, and the episode on display."""

import io
import tempfile
import zipfile
from pathlib import Path

import gymnasium

from udrl_sklearn import Command, TrainingCurveDisplay, UDRLAgent, record_episode
from udrl_sklearn._envs._sources import make_rendered
from udrl_sklearn._envs._spaces import ActionTargets
from udrl_sklearn._inspection._episode_runner import EpisodeRunner
from udrl_sklearn._runs._after_iteration import AfterIteration
from udrl_sklearn._runs._config import Config, make_config
from udrl_sklearn._runs._estimators_by_name import make_estimator
from udrl_sklearn._runs._run_folder import Run

# Environments, and the number of steps after which an agent has learned something worth watching.
ENVIRONMENTS = {
    "CartPole-v1": 10_000,
    "Acrobot-v1": 40_000,
    "MountainCar-v0": 60_000,
    "Pendulum-v1": 60_000,
    "LunarLander-v3": 100_000,
}
ESTIMATORS = ("RandomForest", "ExtraTrees", "DecisionTree", "HistGradientBoosting", "KNeighbors")
_PARAMS: dict[str, dict[str, bool | float]] = {
    "RandomForest": {"n_estimators": 30, "min_samples_leaf": 10, "max_features": 0.75},
    "ExtraTrees": {"n_estimators": 30, "min_samples_leaf": 10},
    "DecisionTree": {"min_samples_leaf": 20},
    "HistGradientBoosting": {"max_iter": 60, "early_stopping": False},
    "KNeighbors": {"n_neighbors": 15},
}


def available_environments() -> dict[str, int]:
    """Return the environments whose packages are installed, with their number of steps."""
    environments = {}
    for name, n_timesteps in ENVIRONMENTS.items():
        try:
            make_rendered(name, "rgb_array").close()
        except (gymnasium.error.Error, ImportError):
            continue  # Box2D is not installed, for instance
        environments[name] = n_timesteps
    return environments


class Session:
    """The agent and the episode of one visitor.

    Attributes
    ----------
    agent : UDRLAgent or None
        The agent, once it is trained.
    history : list of (int, float)
        Steps and mean return of each iteration so far.
    runner : EpisodeRunner or None
        The episode on display.
    is_stopping : bool
        Whether the training ends after the current iteration.
    """

    def __init__(self) -> None:
        self.agent: UDRLAgent | None = None
        self.history: list[tuple[int, float]] = []
        self.runner: EpisodeRunner | None = None
        self.is_stopping = False
        self._config: Config = {}

    @property
    def env_id(self) -> str:
        """The environment of the agent."""
        return self._config["env"]

    def train(self, env_id: str, estimator: str, total_timesteps: int, seed: int) -> None:
        """Train a new agent. This blocks until the training ends; `stop` ends it early."""
        self.close()
        self.agent, self.history, self.is_stopping = None, [], False
        with gymnasium.make(env_id) as env:
            is_discrete = ActionTargets.from_space(env.action_space).is_discrete
        name, params = estimator + ("Classifier" if is_discrete else "Regressor"), _PARAMS[estimator]
        agent = UDRLAgent(make_estimator(name, params), total_timesteps=total_timesteps, random_state=seed)
        self._config = make_config(agent, env=env_id, env_params={}, estimator=name, estimator_params=params)
        agent.set_callbacks(AfterIteration(self._after_iteration)).fit(env_id)
        self.agent = agent.set_callbacks()

    def stop(self) -> None:
        """End the training after the current iteration."""
        self.is_stopping = True

    def _after_iteration(self, agent: UDRLAgent) -> bool:
        """Add the iteration to the history, and return whether the training ends."""
        record = agent.history_[-1]
        self.history.append((record["timesteps"], record["mean_return"]))
        return self.is_stopping

    def _trained_agent(self) -> UDRLAgent:
        """Return the agent."""
        if self.agent is None:
            raise RuntimeError("There is no trained agent yet; call train() first.")
        return self.agent

    def return_range(self) -> tuple[float, float]:
        """Return the lowest and the highest return in the agent's replay buffer."""
        returns = self._trained_agent().buffer_.returns
        return float(returns.min()), float(returns.max())

    def start_episode(self, command: Command | str, seed: int) -> None:
        """Start a new episode on display."""
        if self.runner is None:
            env = make_rendered(self.env_id, "rgb_array")
            self.runner = EpisodeRunner(self._trained_agent(), env, command=command, seed=seed)
        else:
            self.runner.reset(command=command, seed=seed)

    def record_gif(self, command: Command | str, seed: int) -> bytes:
        """Return a video of an episode, as the content of a GIF file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "episode.gif")
            record_episode(self._trained_agent(), self.env_id, path, command=command, seed=seed)
            return path.read_bytes()

    def zip_run(self) -> bytes:
        """Return a run folder like those of `udrl train`, as the content of a ZIP file."""
        archive = io.BytesIO()
        with tempfile.TemporaryDirectory() as folder:
            run = Run(Path(folder, f"{self.env_id}-{self._config['estimator']}"))
            self._write_run(run)
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
                for path in sorted(run.path.iterdir()):
                    file.write(path, path.relative_to(folder))
        return archive.getvalue()

    def _write_run(self, run: Run) -> None:
        """Write the files of a run folder."""
        from matplotlib.figure import Figure

        agent = self._trained_agent()
        run.write_config(self._config)
        run.write_agent(agent)
        run.add_evaluation("max", agent.evaluate(self.env_id, n_episodes=20), seed=0)
        figure = Figure(layout="constrained")  # not of pyplot, which works in the main thread only
        TrainingCurveDisplay.from_histories([agent.history_], name=run.title, ax=figure.subplots())
        figure.savefig(run.path / "training_curve.png")

    def close(self) -> None:
        """End the training and the episode, and close the environment."""
        self.stop()
        if self.runner is not None:
            self.runner.env.close()
            self.runner = None
