import sys

import gymnasium
import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent, record_episode


@pytest.fixture(scope="module")
def agent():
    return UDRLAgent(DecisionTreeClassifier(min_samples_leaf=10), total_timesteps=2000, random_state=0).fit(
        "CartPole-v1"
    )


def test_gif_has_one_frame_per_step(agent, tmp_path):
    total_return = record_episode(agent, "CartPole-v1", tmp_path / "a.gif", command=12, fps=20)
    assert total_return == agent.evaluate("CartPole-v1", command=12, n_episodes=1).returns[0]
    with Image.open(tmp_path / "a.gif") as video:
        assert video.n_frames == total_return + 1  # and the end
        assert video.info["duration"] == 50
        assert video.size == (900, 400)


def test_mp4_has_one_frame_per_step(agent, tmp_path):
    total_return = record_episode(agent, "CartPole-v1", tmp_path / "a.mp4", max_steps=6)
    frames = iio.imread(tmp_path / "a.mp4", plugin="pyav")
    assert total_return == 6
    assert frames.shape == (7, 400, 900, 3)
    # The picture of the environment and the bars change from one step to the next.
    assert np.abs(np.diff(frames.astype(int), axis=0)).max(axis=(1, 2, 3)).min() > 100


def test_episode_with_continuous_actions_is_recorded(tmp_path):
    agent = UDRLAgent(LinearRegression(), total_timesteps=600, random_state=0).fit("Pendulum-v1")
    assert record_episode(agent, "Pendulum-v1", tmp_path / "a.gif", max_steps=3) < 0
    with Image.open(tmp_path / "a.gif") as video:
        assert video.n_frames == 4


def test_features_with_the_largest_contributions_are_shown(agent, tmp_path, monkeypatch):
    from udrl_sklearn._inspection._plot import _recording

    painters = []

    class Kept(_recording.EpisodePainter):
        def __init__(self, *args):
            super().__init__(*args)
            painters.append(self)

    monkeypatch.setattr(_recording, "EpisodePainter", Kept)
    record_episode(agent, "CartPole-v1", tmp_path / "a.gif", n_features=2, max_steps=2)
    names = [label.get_text() for label in painters[0].contributions.get_yticklabels()]
    observations = agent.buffer_.episodes.observations
    sample = observations[np.linspace(0, len(observations) - 1, 200).astype(int)]  # from the first to the last
    from udrl_sklearn import explain

    sizes = np.abs(explain(agent, sample).contributions).mean(axis=0)
    assert set(names) == set(agent.feature_names_in_[np.argsort(-sizes)[:2]])


def test_every_skips_steps(agent, tmp_path):
    record_episode(agent, "CartPole-v1", tmp_path / "a.gif", max_steps=7, every=3)
    with Image.open(tmp_path / "a.gif") as video:
        assert video.n_frames == 4  # steps 0, 3, 6 and what they came to
        assert video.info["duration"] == 60  # CartPole has 50 steps a second, so the video has 16 frames a second


@pytest.mark.parametrize("name", ["every", "n_features", "fps", "max_steps"])
def test_counts_below_one_are_refused_first(agent, name, tmp_path):
    with pytest.raises(ValueError, match=f"{name} must be an integer >= 1, got 0"):
        record_episode(agent, "CartPole-v1", tmp_path / "b.gif", **{name: 0})
    assert list(tmp_path.iterdir()) == []


def test_environment_with_other_spaces_is_refused(agent, tmp_path):
    with pytest.raises(ValueError, match="fitted on 4 observation features"):
        record_episode(agent, "MountainCar-v0", tmp_path / "b.gif")


def test_given_environment_is_left_open(agent, tmp_path):
    closed = []

    class Watched(gymnasium.Wrapper):
        def close(self):
            closed.append(True)
            super().close()

    env = Watched(gymnasium.make("CartPole-v1", render_mode="rgb_array"))
    for name in ("a.gif", "b.gif"):
        record_episode(agent, env, tmp_path / name, max_steps=2)
    assert closed == []
    env.close()


def test_other_file_types_are_refused_first(agent, tmp_path):
    with pytest.raises(ValueError, match=r"ends in .gif or .mp4, got .*a\.avi"):
        record_episode(agent, "CartPole-v1", tmp_path / "a.avi")
    assert list(tmp_path.iterdir()) == []


def test_mp4_without_imageio_names_what_to_install(agent, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio", None)
    with pytest.raises(ImportError, match="imageio\\[pyav\\]"):
        record_episode(agent, "CartPole-v1", tmp_path / "a.mp4")
