import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udrl_sklearn._episodes import Episode, Episodes
from udrl_sklearn._hindsight import relabel, sample_rows, sample_stratified_rows


def make_episode(rewards, tag=0):
    """Return an episode whose observations are the tag of the episode and the step."""
    steps = np.arange(len(rewards) + 1)
    return Episode(np.column_stack([np.full(len(steps), tag), steps]), 10 * tag + steps[:-1], rewards)


episodes_strategy = st.lists(st.lists(st.integers(-5, 5), min_size=1, max_size=6), min_size=1, max_size=4).map(
    lambda many: [make_episode(rewards, tag) for tag, rewards in enumerate(many)]
)


@given(episodes_strategy)
def test_trailing_rows_hold_the_return_and_horizon_until_the_end(episodes):
    rows = relabel(episodes)
    expected = [
        (*e.observations[t], e.rewards[t:].sum(), len(e) - t, e.actions[t], t) for e in episodes for t in range(len(e))
    ]
    np.testing.assert_array_equal(np.column_stack(rows), expected)


@given(episodes_strategy, st.sampled_from(["trailing", "random"]), st.integers(0, 2**32))
def test_joined_and_listed_episodes_give_the_same_rows(episodes, segments, seed):
    joined, sampled = Episodes.of([episodes[0], *episodes])[1:], []
    for given_as in (episodes, tuple(episodes), joined):
        rng = np.random.default_rng(seed)
        sampled.append(
            [
                *relabel(given_as, segments=segments, rng=rng),
                *relabel(given_as, segments=segments, rows_per_episode=3, rng=rng),
                *sample_stratified_rows(given_as, 10, rng, segments=segments),
            ]
        )
    for first, *others in zip(*sampled, strict=True):
        for other in others:
            np.testing.assert_array_equal(other, first, strict=True)


@given(episodes_strategy, st.integers(1, 8), st.integers(0, 2**32))
def test_random_segments_hold_the_return_and_horizon_until_a_later_step(episodes, n_rows, seed):
    rows = relabel(episodes, segments="random", rows_per_episode=n_rows, rng=np.random.default_rng(seed))
    assert len(rows.actions) == n_rows * len(episodes)
    for (tag, t), (desired_return, desired_horizon), action, step in zip(*rows, strict=True):
        episode, end = episodes[tag], int(t + desired_horizon)
        assert t == step < end <= len(episode)
        assert desired_return == episode.rewards[t:end].sum()
        assert action == episode.actions[t]


def test_ends_of_random_segments_are_uniform():
    rows = relabel([make_episode([1, 1, 1])], segments="random", rows_per_episode=6000, rng=np.random.default_rng(0))
    of_first_step = rows.commands[rows.observations[:, 1] == 0, 1]
    assert len(of_first_step) == pytest.approx(2000, rel=0.1)
    np.testing.assert_allclose(np.bincount(of_first_step.astype(int))[1:], len(of_first_step) / 3, rtol=0.15)


def test_random_segments_take_every_step_once_by_default():
    rows = relabel([make_episode([1, 2, 3])], segments="random", rng=np.random.default_rng(0))
    assert rows.actions.tolist() == [0, 1, 2]


def test_rows_per_episode_may_differ_by_episode():
    episodes = [make_episode([1, 2], 0), make_episode([3, 4, 5], 1)]
    rows = relabel(episodes, rows_per_episode=[1, 4], rng=np.random.default_rng(0))
    assert rows.observations[:, 0].tolist() == [0, 1, 1, 1, 1]


def test_actions_keep_their_component_columns():
    actions = np.array([[0.5, 1.0], [0.25, 2.0]])
    np.testing.assert_array_equal(relabel([Episode(np.zeros((3, 1)), actions, [0, 0])]).actions, actions)


def test_take_selects_the_same_rows_of_every_array():
    rows = relabel([make_episode([1, 2, 4])]).take([2, 0])
    assert rows.observations.tolist() == [[0, 2], [0, 0]]
    assert rows.commands.tolist() == [[4, 1], [7, 3]]
    assert rows.actions.tolist() == [2, 0]


def test_sampled_rows_are_uniform_over_steps():
    episodes = [make_episode([1.0] * 9, 0), make_episode([1.0], 1)]
    rows = sample_rows(episodes, 5, np.random.default_rng(0))
    assert len(rows.actions) == 5
    tags = np.concatenate([sample_rows(episodes, 9, np.random.default_rng(i)).observations[:, 0] for i in range(300)])
    assert tags.mean() == pytest.approx(0.1, rel=0.2)
    np.testing.assert_array_equal(
        rows.commands[:, 1], np.where(rows.observations[:, 0] == 0, 9 - rows.observations[:, 1], 1)
    )


def test_sample_rows_takes_every_step_once_if_there_are_too_few():
    episodes = [make_episode([1.0, 2.0], 0), make_episode([3.0], 1)]
    np.testing.assert_array_equal(
        sample_rows(episodes, 3, np.random.default_rng(0)).observations, relabel(episodes).observations
    )


def test_stratified_rows_are_sampled_equally_from_each_return_bin():
    # 50 episodes of return 0 and 3 steps, one of return 5 and 2 steps, two of return 10 and 1 and 9 steps
    lengths, returns = [3] * 50 + [2, 1, 9], [0] * 50 + [5, 10, 10]
    episodes = [make_episode([0] * (n - 1) + [r], tag) for tag, (n, r) in enumerate(zip(lengths, returns, strict=True))]
    rows = sample_stratified_rows(episodes, 6000, np.random.default_rng(0), n_bins=10)
    tags, steps = rows.observations.T
    assert len(rows.actions) == 6000
    for level in (0, 5, 10):
        assert (np.array(returns)[tags] == level).mean() == pytest.approx(1 / 3, rel=0.1)
    # Within a level each step has the same share: 9 of 10 rows are of the longer episode.
    assert (tags == 52).sum() / (tags >= 51).sum() == pytest.approx(0.9, rel=0.05)
    np.testing.assert_allclose(np.bincount(steps[tags == 52]), (tags == 52).sum() / 9, rtol=0.3)


def test_stratified_rows_of_one_bin_come_from_all_steps():
    rows = sample_stratified_rows([make_episode([1, 1], 0), make_episode([2], 1)], 300, np.random.default_rng(0))
    assert len(rows.actions) == 300
    assert {tuple(row) for row in rows.observations} == {(0, 0), (0, 1), (1, 0)}


def test_stratified_rows_may_be_random_segments():
    episodes = [make_episode([1, 1, 1, 1], 0)]
    trailing = sample_stratified_rows(episodes, 50, np.random.default_rng(0))
    np.testing.assert_array_equal(trailing.commands[:, 1], 4 - trailing.observations[:, 1])
    random = sample_stratified_rows(episodes, 50, np.random.default_rng(0), segments="random")
    assert (random.commands[:, 1] < 4 - random.observations[:, 1]).any()
