"""What happens on the page, without the page: an agent that is trained, and an episode that it plays."""

import io
import tempfile
import zipfile
from pathlib import Path

import gymnasium

from udrl_sklearn import UDRLAgent
from udrl_sklearn._environments import make_rendered
from udrl_sklearn._playing import Player
from udrl_sklearn._plot import TrainingCurveDisplay, record_episode
from udrl_sklearn._runs._callbacks import AfterIteration
from udrl_sklearn._runs._estimators import make_estimator
from udrl_sklearn._runs._run_folder import Run
from udrl_sklearn._spaces import ActionTargets

# Environments, and steps in which an agent learns something there to look at.
ENVIRONMENTS = {
    "CartPole-v1": 10_000,
    "Acrobot-v1": 40_000,
    "MountainCar-v0": 60_000,
    "Pendulum-v1": 60_000,
    "LunarLander-v3": 100_000,
}
ESTIMATORS = ("RandomForest", "ExtraTrees", "DecisionTree", "HistGradientBoosting", "KNeighbors")
_PARAMS = {
    "RandomForest": {"n_estimators": 30, "min_samples_leaf": 10, "max_features": 0.6},
    "ExtraTrees": {"n_estimators": 30, "min_samples_leaf": 10},
    "DecisionTree": {"min_samples_leaf": 20},
    "HistGradientBoosting": {"max_iter": 60, "early_stopping": False},
    "KNeighbors": {"n_neighbors": 15},
}


def available_environments():
    """Return the environments that can be made here, with their steps."""
    found = {}
    for name, n_timesteps in ENVIRONMENTS.items():
        try:
            make_rendered(name, "rgb_array").close()
        except (gymnasium.error.Error, ImportError):
            continue  # Box2D is not installed, for instance
        found[name] = n_timesteps
    return found


class Session:
    """One visitor's agent and episode.

    Attributes
    ----------
    agent : UDRLAgent or None
        The agent, while it is trained and after.
    history : list of (int, float)
        Steps and mean return of each iteration so far.
    player : Player or None
        The episode that is played.
    is_stopping : bool
        Whether the training is to end after the iteration that is going on.
    """

    def __init__(self):
        self.agent = None
        self.history = []
        self.player = None
        self._config = {}
        self.is_stopping = False

    @property
    def env_id(self):
        """The environment of the agent."""
        return self._config["env"]

    def train(self, env_id, estimator, total_timesteps, seed):
        """Train a new agent; takes as long as that takes, and ends early after `stop`."""
        self.close()
        self.agent, self.history, self.is_stopping = None, [], False
        with gymnasium.make(env_id) as env:
            is_discrete = ActionTargets.from_space(env.action_space).is_discrete
        name, params = estimator + ("Classifier" if is_discrete else "Regressor"), _PARAMS[estimator]
        agent = UDRLAgent(make_estimator(name, params), total_timesteps=total_timesteps, random_state=seed)
        parameters = agent.get_params(deep=False)
        parameters.pop("estimator")
        self._config = {"env": env_id, "env_set": {}, "estimator": name, "set": params, **parameters}
        agent.set_callbacks(AfterIteration(self._after_iteration)).fit(env_id)
        self.agent = agent.set_callbacks()

    def stop(self):
        """End the training after the iteration that is going on."""
        self.is_stopping = True

    def _after_iteration(self, agent):
        """Note how it went, and return whether the training should end."""
        record = agent.history_[-1]
        self.history.append((record["timesteps"], record["mean_return"]))
        return self.is_stopping

    def returns_seen(self):
        """Return the lowest and the highest return that the agent has seen."""
        return float(self.agent.buffer_.returns.min()), float(self.agent.buffer_.returns.max())

    def begin(self, command, seed):
        """Begin an episode."""
        if self.player is None:
            env = make_rendered(self.env_id, "rgb_array")
            self.player = Player(self.agent, env, command=command, seed=seed)
        else:
            self.player.reset(command=command, seed=seed)

    def film(self, command, seed):
        """Return an episode as GIF: bytes."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "episode.gif")
            record_episode(self.agent, self.env_id, path, command=command, seed=seed)
            return path.read_bytes()

    def run_folder(self):
        """Return a run folder as `udrl train` leaves it, as ZIP: bytes."""
        from matplotlib.figure import Figure

        packed = io.BytesIO()
        with tempfile.TemporaryDirectory() as folder:
            run = Run(Path(folder, f"{self.env_id}-{self._config['estimator']}"))
            run.write_config(self._config)
            run.write_agent(self.agent)
            run.add_evaluation("max", self.agent.evaluate(self.env_id, n_episodes=20), seed=0)
            figure = Figure(layout="constrained")  # none of pyplot's, which belong to the main thread
            TrainingCurveDisplay.from_estimator(self.agent, ax=figure.subplots())
            figure.savefig(run.path / "training_curve.png")
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in sorted(run.path.iterdir()):
                    archive.write(path, path.relative_to(folder))
        return packed.getvalue()

    def close(self):
        """End the episode and release its environment."""
        self.stop()
        if self.player is not None:
            self.player.env.close()
            self.player = None
