import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent
from udrl_sklearn._d4rl import split_steps

OBSERVATIONS = np.arange(12.0).reshape(6, 2)
STEPS = {
    "observations": OBSERVATIONS,
    "actions": np.array([0, 1, 2, 0, 1, 2]),
    "rewards": np.arange(6.0),
    "terminals": np.array([0, 1, 0, 0, 0, 0]),
    "timeouts": np.array([0, 0, 0, 1, 0, 0]),
}
NEXT = {"next_observations": OBSERVATIONS + 100}


def ends(episodes):
    return [(episode.terminated, episode.truncated) for episode in episodes]


def test_episodes_end_at_terminals_timeouts_and_the_end_of_the_arrays():
    episodes = split_steps(STEPS | NEXT)
    assert [episode.rewards.tolist() for episode in episodes] == [[0, 1], [2, 3], [4, 5]]
    assert [episode.actions.tolist() for episode in episodes] == [[0, 1], [2, 0], [1, 2]]
    assert ends(episodes) == [(True, False), (False, True), (False, True)]
    assert episodes[1].observations.tolist() == [[4, 5], [6, 7], [106, 107]]


def test_without_next_observations_a_truncated_episode_ends_a_step_earlier():
    episodes = split_steps(STEPS)
    assert [episode.rewards.tolist() for episode in episodes] == [[0, 1], [2], [4]]
    assert ends(episodes) == [(True, False), (False, True), (False, True)]
    assert episodes[0].observations.tolist() == [[0, 1], [2, 3], [2, 3]]  # nothing is learned from the last one
    assert episodes[1].observations.tolist() == [[4, 5], [6, 7]]


def test_timeouts_may_be_missing_and_a_terminal_step_is_no_timeout():
    without = {key: value for key, value in STEPS.items() if key != "timeouts"}
    assert [len(episode) for episode in split_steps(without | NEXT)] == [2, 4]
    both = split_steps(STEPS | NEXT | {"timeouts": STEPS["timeouts"] | STEPS["terminals"]})
    assert ends(both)[0] == (True, False)


def test_truncated_episode_of_one_step_is_left_out():
    episodes = split_steps(STEPS | {"timeouts": np.array([0, 0, 1, 0, 0, 0])})
    assert [episode.rewards.tolist() for episode in episodes] == [[0, 1], [3, 4]]


def test_words_of_minari_and_gymnasium_are_understood():
    for terminals, timeouts in (("terminations", "truncations"), ("terminated", "truncated")):
        arrays = {key: STEPS[key] for key in ("observations", "actions", "rewards")}
        arrays |= {terminals: STEPS["terminals"], timeouts: STEPS["timeouts"]} | NEXT
        assert [episode.rewards.tolist() for episode in split_steps(arrays)] == [[0, 1], [2, 3], [4, 5]]


def test_single_episode_may_have_one_observation_more_than_steps():
    arrays = {"observations": OBSERVATIONS[:3], "actions": [0, 1], "rewards": [1.0, 2.0], "terminals": [False, False]}
    (episode,) = split_steps(arrays)
    np.testing.assert_array_equal(episode.observations, OBSERVATIONS[:3])
    assert (len(episode), ends([episode])) == (2, [(False, True)])
    with pytest.raises(ValueError, match="rewards has 2 rows and observations has 3"):
        split_steps(arrays | {"terminals": [True, False]})


def test_columns_images_and_components_become_flat():
    arrays = {
        "observations": np.zeros((3, 2, 2, 3), np.uint8),
        "actions": np.zeros((3, 2), np.float32),
        "rewards": np.zeros((3, 1)),
        "terminals": np.array([[False], [False], [True]]),
    }
    (episode,) = split_steps(arrays)
    assert (episode.observations.shape, episode.observations.dtype) == ((4, 12), np.uint8)
    assert (episode.actions.shape, episode.actions.dtype) == ((3, 2), np.float32)
    assert episode.rewards.shape == (3,)
    (discrete,) = split_steps(arrays | {"observations": [1, 2, 3]})
    assert discrete.observations.tolist() == [[1], [2], [3], [3]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rewards": None}, r"needs the arrays observations, actions, rewards, terminals.* Missing: rewards; got the"),
        ({"actions": np.zeros(5, int)}, "rewards has 6 rows and actions has 5"),
        ({"terminals": np.zeros(5, int)}, "rewards has 6 rows and terminals has 5"),
        ({"timeouts": np.zeros(5, int)}, "rewards has 6 rows and timeouts has 5"),
        ({"terminals": None, "terminated": np.zeros(7, int)}, "rewards has 6 rows and terminated has 7"),
        ({"observations": OBSERVATIONS[:5]}, "rewards has 6 rows and observations has 5"),
        ({"next_observations": OBSERVATIONS[:5]}, "rewards has 6 rows and next_observations has 5"),
        ({"terminals": np.arange(6)}, r"terminals of logged steps must be true or false for each step, got \[0 1 2"),
        ({"timeouts": "no"}, "timeouts of logged steps must be numbers with a row for each step, got 'no'"),
        ({"observations": np.empty((0, 2))}, r"observations of logged steps must be numbers .* shape \(0, 2\)"),
        ({key: value[:1] for key, value in STEPS.items()}, "Nothing can be learned from the 1 steps"),
    ],
    ids=[
        "missing",
        "short",
        "terminals",
        "timeouts",
        "other word",
        "observations",
        "next",
        "no flags",
        "no array",
        "empty",
        "one step",
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        split_steps(STEPS | changes)


@pytest.mark.parametrize("arrays", [STEPS | NEXT, [STEPS | NEXT, STEPS | NEXT]], ids=["dict", "list of dicts"])
def test_agent_learns_from_flat_arrays(arrays):
    agent = UDRLAgent(DecisionTreeClassifier(), random_state=0).fit(arrays)
    n_dicts = len(arrays) if isinstance(arrays, list) else 1
    assert (agent.n_episodes_, agent.n_timesteps_) == (3 * n_dicts, 6 * n_dicts)
    assert agent.hindsight_rows(arrays)[0].shape == (6 * n_dicts, 4)
    assert 0 <= agent.score(arrays) <= 1


def test_arrays_of_several_lengths_are_refused():
    steps = {"observations": [np.zeros((5, 3)), np.zeros((3, 3))], "actions": [[0] * 4, [0] * 2]}
    with pytest.raises(ValueError, match=r"rows of several lengths. Pass flat arrays"):
        split_steps(steps | {"rewards": [[1.0] * 4, [0.0] * 2], "terminals": [[0, 0, 0, 1], [0, 1]]})
