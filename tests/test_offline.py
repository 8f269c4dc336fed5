import gymnasium
import numpy as np
import pytest
from comparing import assert_same_episodes
from gymnasium import spaces
from sklearn.tree import DecisionTreeClassifier
from toy_envs import MatchEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._envs._spaces import ActionTargets
from udrl_sklearn._episodes import Episode, Episodes
from udrl_sklearn._offline import is_episodes, read_episodes
from udrl_sklearn._replay_buffer import ReplayBuffer


def make_episode(actions=(1, 0), n_features=2):
    return Episode(np.zeros((len(actions) + 1, n_features)), np.array(actions), np.ones(len(actions)))


class Dataset:
    """In place of a MinariDataset: its episodes are made by hand."""

    def __init__(self, observation_space, action_space, episodes):
        self.observation_space, self.action_space = observation_space, action_space
        self.episodes = episodes

    def iterate_episodes(self):
        return iter(self.episodes)


def log(observations, actions, rewards, terminated=True):
    """Return an episode as Minari's datasets give it: nested arrays over its steps."""
    minari = pytest.importorskip("minari")
    ends = np.zeros((2, len(rewards)), dtype=bool)
    ends[0 if terminated else 1, -1] = True
    return minari.EpisodeData(
        id=0,
        observations=observations,
        actions=np.asarray(actions),
        rewards=np.asarray(rewards),
        terminations=ends[0],
        truncations=ends[1],
        infos={},
    )


@pytest.mark.parametrize(
    "X",
    [
        [make_episode()],
        (make_episode(),),
        make_episode(),
        Episodes.of([make_episode()]),
        Episodes.of([make_episode()])[:0],
        ReplayBuffer(),
        Dataset(None, None, []),
        {"observations": []},
        [{"observations": []}],
    ],
    ids=["list", "tuple", "one", "joined", "none", "buffer", "dataset", "arrays", "list of arrays"],
)
def test_episodes_and_datasets_are_episodes(X):
    assert is_episodes(X)


@pytest.mark.parametrize("X", [[], None, "CartPole-v1", MatchEnv(), np.zeros((3, 3)), [[1, 2]]])
def test_other_objects_are_not_episodes(X):
    assert not is_episodes(X)


@pytest.mark.parametrize(
    ("actions", "is_discrete", "n_components"),
    [
        ([1, 0], True, 1),
        (["up", "down"], True, 1),
        ([True, False], True, 1),
        ([[1, 0], [2, 0]], True, 2),
        ([0.5, 1.0], False, 1),
        ([[0.5], [1.0]], False, 1),
        (np.float32([[0.5, 1, 2], [3, 4, 5]]), False, 3),
    ],
)
def test_kind_of_actions_is_read_from_the_episodes(actions, is_discrete, n_components):
    given = [make_episode(actions), make_episode(actions)]
    episodes, interface = read_episodes(tuple(given))
    assert_same_episodes(episodes, given)
    assert (interface.observation_space, interface.action_space) == (None, None)
    assert interface.feature_names == ["observation[0]", "observation[1]"]
    assert (interface.targets.is_discrete, interface.targets.n_components) == (is_discrete, n_components)


def test_joined_episodes_are_not_copied():
    given = Episodes.of([make_episode([3, 1]), make_episode([7])])
    episodes, interface = read_episodes(given)
    assert episodes is given
    assert (interface.observation_space, interface.action_space) == (None, None)
    assert interface.targets.labels[0].tolist() == [1, 3, 7]


def test_joined_and_listed_episodes_give_the_same_agent():
    collected = UDRLAgent(total_timesteps=200, random_state=0).fit(MatchEnv()).buffer_.episodes
    X = np.hstack([np.eye(3), np.zeros((3, 2))])
    joined, listed = (UDRLAgent(random_state=0).fit(given) for given in (collected, list(collected)))
    np.testing.assert_array_equal(joined.predict_proba(X), listed.predict_proba(X))
    assert_same_episodes(joined.buffer_.episodes, listed.buffer_.episodes)


def test_iterators_buffers_and_single_episodes_are_read():
    given = [make_episode([3, 1]), make_episode([7])]
    buffer = ReplayBuffer()
    buffer.add(given)
    for X in (iter(given), (episode for episode in given), dict(enumerate(given)).values(), buffer):
        assert_same_episodes(read_episodes(X)[0], given)
    assert_same_episodes(read_episodes(given[0])[0], given[:1])


def test_episodes_of_minari_in_a_list_need_no_spaces():
    first = log(np.arange(6.0).reshape(3, 2), [1, 0], [1.0, 2.0])
    second = log(np.arange(4.0).reshape(2, 2), [2], [3.0], terminated=False)
    episodes, interface = read_episodes([first, make_episode(), second])
    assert episodes[0].observations.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert [episode.rewards.tolist() for episode in episodes] == [[1, 2], [1, 1], [3]]
    assert episodes.terminated.tolist() == [True, True, False]
    assert episodes.truncated.tolist() == [False, False, True]
    assert interface.targets.labels[0].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"observations of logged steps must be numbers .* dict with the keys \['a'\]"):
        read_episodes([log({"a": np.zeros((2, 2))}, [0], [1.0])])


def test_labels_are_collected_from_all_episodes():
    _, interface = read_episodes([make_episode([3, 1]), make_episode([7])])
    assert interface.targets.labels[0].tolist() == [1, 3, 7]


@pytest.mark.parametrize(
    ("episodes", "error", "message"),
    [
        ([make_episode(), "no episode"], TypeError, "got str at position 1"),
        ([make_episode(), None], TypeError, "got NoneType at position 1"),
        ([], TypeError, r"Expected logged episodes \(a list of Episode.*got an empty list"),
        (MatchEnv(), TypeError, "Expected logged episodes.*got a MatchEnv"),
        (Episodes.of([make_episode()])[:0], ValueError, "at least one logged episode.*got none"),
        (Dataset(spaces.Discrete(2), spaces.Discrete(2), []), ValueError, "at least one logged episode.*got none"),
        ([Dataset(None, None, [])], TypeError, "minari.combine_datasets"),
        ([make_episode(), {"rewards": [1.0]}], ValueError, "Position 1 of the list of episodes: .*Missing: obs"),
        ([make_episode(), make_episode(n_features=3)], ValueError, "same number of features.*episode 1 has"),
        ([make_episode(), make_episode(), make_episode([[1, 0]])], ValueError, "action components; episode 2 has"),
    ],
)
def test_inconsistent_episodes_are_refused_by_position(episodes, error, message):
    with pytest.raises(error, match=message):
        read_episodes(episodes)


def test_nested_spaces_of_a_dataset_are_flattened_step_by_step():
    observation_space = spaces.Dict({"a": spaces.Tuple([spaces.Discrete(2)]), "b": spaces.Box(-9, 9, (2,))})
    action_space = spaces.MultiDiscrete([[2, 3]])
    first = log({"a": (np.array([0, 1, 1]),), "b": np.arange(6.0).reshape(3, 2)}, [[[0, 1]], [[1, 2]]], [1.0, 2.0])
    second = log({"a": (np.array([1, 0]),), "b": np.ones((2, 2))}, [[[1, 0]]], [3.0], terminated=False)
    episodes, interface = read_episodes(Dataset(observation_space, action_space, [first, second]))
    assert (interface.observation_space, interface.action_space) == (observation_space, action_space)
    assert interface.feature_names == ["a[0]==0", "a[0]==1", "b[0]", "b[1]"]
    assert [labels.tolist() for labels in interface.targets.labels] == [[0, 1], [0, 1, 2]]
    assert episodes[0].observations.tolist() == [[1, 0, 0, 1], [0, 1, 2, 3], [0, 1, 4, 5]]
    assert episodes[0].actions.tolist() == [[0, 1], [1, 2]]
    assert [episode.rewards.tolist() for episode in episodes] == [[1, 2], [3]]
    assert [(episode.terminated, episode.truncated) for episode in episodes] == [(True, False), (False, True)]


def test_continuous_actions_of_a_dataset_keep_the_bounds_of_their_space():
    action_space = spaces.Box(-2, 2, (2,))
    dataset = Dataset(spaces.Discrete(2), action_space, [log(np.array([0, 1]), np.float32([[0.5, -1]]), [0.0])])
    (episode,), interface = read_episodes(dataset)
    assert episode.observations.tolist() == [[1, 0], [0, 1]]
    assert episode.actions.tolist() == [[0.5, -1]]
    assert (interface.targets.low.tolist(), interface.targets.high.tolist()) == ([-2, -2], [2, 2])


@pytest.mark.parametrize(
    ("action_space", "actions", "message"),
    [
        (spaces.Discrete(4), [0, -1], r"Episode 1 of the dataset .* has the actions \[0, 1, 2, 3\]; .* have \[-1\]"),
        (spaces.Discrete(4), [9, 0], r"the episodes have \[9\] too"),
        (spaces.Discrete(4), [0.5, 0], r"the episodes have \[0.5\] too"),
        (spaces.Discrete(4, start=1), [0, 1], r"the episodes have \[0\] too"),
        (spaces.MultiDiscrete([2, 3]), [[1, 0], [2, 0]], r"Component 0 .* the episodes have \[2\] too"),
        (spaces.MultiBinary(2), [[1, 0], [1, 3]], r"Component 1 .* the episodes have \[3\] too"),
        (spaces.MultiDiscrete([2, 3]), [1, 0], "Actions have 2 components; got 1"),
        (spaces.Box(-1, 1, (3,)), [[0.5, 0.5], [0.5, 0.5]], "Actions have 3 components; got 2"),
    ],
    ids=str,
)
def test_actions_outside_the_space_of_a_dataset_are_refused(action_space, actions, message):
    good = np.stack([ActionTargets.from_space(action_space).encode(action_space.sample()) for _ in range(2)])
    episodes = [log(np.zeros((3, 1)), taken, [0.0, 1.0]) for taken in (good, actions)]
    dataset = Dataset(spaces.Box(-1, 1, (1,)), action_space, episodes)
    with pytest.raises(ValueError, match=message):
        read_episodes(dataset)
    agent = UDRLAgent(random_state=0)
    with pytest.raises(ValueError, match=message):
        agent.fit(dataset)
    assert not hasattr(agent, "buffer_")


def test_observations_outside_the_space_of_a_dataset_are_refused():
    dataset = Dataset(spaces.Discrete(3), spaces.Discrete(2), [log(np.array([0, 1, -1]), [0, 1], [0.0, 1.0])])
    with pytest.raises(ValueError, match=r"Episode 0 of the dataset .*Discrete\(3\).*-1 is out of range"):
        read_episodes(dataset)


def test_whole_actions_of_a_dataset_become_those_of_its_space():
    dataset = Dataset(spaces.Discrete(3), spaces.Discrete(2), [log(np.array([0, 1, 2]), [0.0, 1.0], [0.0, 1.0])])
    assert read_episodes(dataset)[0].actions.dtype == np.int64


def test_score_on_a_dataset_compares_spaces():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=100, random_state=0).fit(MatchEnv)
    episode = log(np.array([0, 1, 2]), [0, 1], [0.0, 1.0])
    assert 0 <= agent.score(Dataset(spaces.Discrete(3), spaces.Discrete(3), [episode])) <= 1
    for spaces_of_dataset in ((spaces.Discrete(3), spaces.Discrete(4)), (spaces.Discrete(4), spaces.Discrete(3))):
        for use in (agent.score, agent.hindsight_rows):
            with pytest.raises(ValueError, match=r"and the dataset has . features of Discrete"):
                use(Dataset(*spaces_of_dataset, [episode]))
    with pytest.raises(ValueError, match=r"the episodes have \[9\] too"):
        agent.score([Episode(np.eye(3)[[0, 1, 2]], [0, 9], [0.0, 1.0])])


def test_minari_dataset_is_read_from_disk(tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    logged = UDRLAgent(total_timesteps=300, random_state=0).fit("CartPole-v1").buffer_.episodes
    buffers = [
        minari.data_collector.EpisodeBuffer(
            id=i,
            observations=episode.observations,
            actions=episode.actions,
            rewards=episode.rewards.tolist(),
            terminations=[False] * (len(episode) - 1) + [episode.terminated],
            truncations=[False] * (len(episode) - 1) + [episode.truncated],
        )
        for i, episode in enumerate(logged)
    ]
    about = {"author": "a", "author_email": "a@example.org", "code_permalink": "b", "algorithm_name": "c"}
    with gymnasium.make("CartPole-v1") as env:
        minari.create_dataset_from_buffers("cartpole/test-v0", buffers, env=env, eval_env=env, description="d", **about)
    agent = UDRLAgent(random_state=0).fit(minari.load_dataset("cartpole/test-v0"))
    assert agent.n_timesteps_ == sum(map(len, logged))
    np.testing.assert_array_equal(agent.buffer_.episodes[3].observations, logged[3].observations)
    np.testing.assert_array_equal(agent.buffer_.episodes[3].actions, logged[3].actions)
    assert agent.action_space_ == gymnasium.spaces.Discrete(2)
