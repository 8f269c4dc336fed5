import copy
import pickle

import numpy as np
import pytest
from comparing import assert_same_episodes
from hypothesis import given
from hypothesis import strategies as st

from udrl_sklearn._episodes import Episode, Episodes
from udrl_sklearn._replay_buffer import ReplayBuffer


def make_episode(total_return, n_steps=1, tag=0):
    """Return an episode whose only reward is the last, and whose observations are its tag."""
    rewards = np.zeros(n_steps)
    rewards[-1] = total_return
    return Episode(np.full((n_steps + 1, 2), float(tag)), np.arange(n_steps), rewards)


def make_buffer(returns, lengths=None, **params):
    buffer = ReplayBuffer(**params)
    lengths = lengths or [1] * len(returns)
    buffer.add([make_episode(r, n, tag) for tag, (r, n) in enumerate(zip(returns, lengths, strict=True))])
    return buffer


def test_add_keeps_the_newest_episodes():
    buffer = make_buffer([5.0, 1.0, 3.0], [2, 3, 4], max_episodes=2)
    assert buffer.returns.tolist() == [1.0, 3.0]
    assert buffer.lengths.tolist() == [3, 4]
    assert (len(buffer), buffer.n_timesteps) == (2, 7)


def test_add_keeps_the_best_episodes_and_of_equal_ones_the_newest():
    buffer = make_buffer([5.0, 1.0, 3.0, 1.0, 5.0], [1, 2, 3, 4, 5], max_episodes=4, keep="best")
    assert buffer.returns.tolist() == [5.0, 3.0, 1.0, 5.0]
    assert buffer.lengths.tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize(("keep", "returns"), [("recent", [3.0, 2.0]), ("best", [5.0, 3.0])], ids=["newest", "best"])
def test_lower_limit_drops_episodes_at_once(keep, returns):
    buffer = make_buffer([5.0, 1.0, 3.0, 2.0])
    buffer.set_limit(2, keep)
    assert buffer.returns.tolist() == returns
    assert buffer.n_episodes_total == 4
    buffer.set_limit(None, keep)
    buffer.add([make_episode(0.0), make_episode(0.0)])
    assert buffer.returns.tolist() == [*returns, 0.0, 0.0]


def test_unbounded_buffer_keeps_all_episodes():
    assert len(make_buffer(list(range(1000)))) == 1000


def expected_episodes(episodes, max_episodes, keep):
    """Return what a buffer has to keep of a list of episodes."""
    if keep == "recent":
        return episodes[-max_episodes:]
    ranked = sorted(range(len(episodes)), key=lambda i: (episodes[i].total_return, i), reverse=True)
    return [episodes[i] for i in sorted(ranked[:max_episodes])]


@pytest.mark.parametrize("keep", ["recent", "best"])
@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=4), max_size=12), st.integers(1, 5))
def test_episodes_of_a_buffer_are_not_changed_by_later_adds(keep, batches, max_episodes):
    buffer, kept, views = ReplayBuffer(max_episodes, keep), [], []
    for tag, batch in enumerate(batches):
        added = [make_episode(float(r), n, 10 * tag + i) for i, (r, n) in enumerate(batch)]
        buffer.add(added)
        kept = expected_episodes(kept + added, max_episodes, keep)
        assert_same_episodes(buffer.episodes, kept)
        views += [(buffer.episodes, kept), (buffer.recent(3), kept[-len(buffer.recent(3)) :])]
        for view, expected in views:
            assert_same_episodes(view, expected)


def test_add_accepts_joined_episodes():
    buffer, joined = ReplayBuffer(), Episodes.of([make_episode(1.0, 2), make_episode(2.0, 1)])
    buffer.add(joined)
    buffer.add(joined[1:])
    buffer.add(joined[:0])
    assert_same_episodes(buffer.episodes, [joined[0], joined[1], joined[1]])


def test_add_copies_the_arrays():
    episode = make_episode(1.0, 2)
    buffer = ReplayBuffer()
    buffer.add([episode])
    episode.observations[:] = episode.actions[:] = episode.rewards[:] = 77
    assert_same_episodes(buffer.episodes, [make_episode(1.0, 2)])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 14))
def test_best_are_the_highest_returns_with_ties_to_the_newest_in_order_of_time(returns, n_episodes):
    buffer = make_buffer([float(r) for r in returns])
    ranked = sorted(range(len(returns)), key=lambda i: (returns[i], i), reverse=True)
    expected = sorted(ranked[:n_episodes])
    assert buffer.best_indices(n_episodes).tolist() == expected
    assert_same_episodes(buffer.best(n_episodes), [buffer.episodes[i] for i in expected])


@pytest.mark.parametrize(
    ("n_timesteps", "lengths"),
    [(1, [2]), (2, [2]), (3, [3, 2]), (5, [3, 2]), (6, [4, 3, 2]), (99, [4, 3, 2]), (None, [4, 3, 2])],
)
def test_recent_takes_whole_episodes_until_there_are_enough_steps(n_timesteps, lengths):
    buffer = make_buffer([0.0, 0.0, 0.0], [4, 3, 2])
    assert [len(episode) for episode in buffer.recent(n_timesteps)] == lengths


@pytest.mark.parametrize("keep", ["recent", "best"])
def test_empty_buffer_has_no_episodes(keep):
    buffer = ReplayBuffer(3, keep)
    buffer.add([])
    assert (len(buffer), buffer.n_timesteps) == (0, 0)
    for empty in (buffer.returns, buffer.lengths, buffer.episodes, buffer.recent(None), buffer.recent(9)):
        assert len(empty) == 0
    assert len(buffer.best(2)) == len(buffer.best_indices(2)) == 0
    assert buffer.returns.dtype == np.float64 and buffer.lengths.dtype == np.intp


def test_later_episodes_may_need_a_wider_dtype():
    narrow = Episode(np.float32([[0.1], [0.2]]), ["up"], [1.0])
    wide = Episode([[0.1], [0.2]], ["forward"], [2.0])
    buffer = ReplayBuffer()
    buffer.add([narrow])
    before = buffer.episodes
    for episode in (wide, narrow):
        buffer.add([episode])
    assert buffer.episodes.observations.ravel().tolist() == [*np.float32([0.1, 0.2]), 0.1, 0.2, *np.float32([0.1, 0.2])]
    assert buffer.episodes.actions.tolist() == ["up", "forward", "up"]
    assert_same_episodes(before, [narrow])


TOO_WIDE = Episode(np.ones((3, 5)), np.arange(2), [1.0, 1.0])
TOO_DEEP = Episode(np.ones((3, 2)), np.ones((2, 1)), [1.0, 1.0])


@pytest.mark.parametrize("other", [TOO_WIDE, TOO_DEEP], ids=["more features", "rows of actions"])
def test_episode_of_another_shape_is_refused_and_the_buffer_unchanged(other):
    episodes = [make_episode(1.0, 2, 1), make_episode(2.0, 3, 2)]
    buffer = ReplayBuffer()
    buffer.add(episodes)
    with pytest.raises(ValueError):
        buffer.add([other])
    assert_same_episodes(buffer.episodes, episodes)


@pytest.mark.parametrize("keep", ["recent", "best"])
def test_memory_is_bounded_by_the_kept_episodes(keep):
    buffer = ReplayBuffer(10, keep)
    for i in range(2000):
        buffer.add([make_episode(float(i % 97), 5, i)])
    allocated = sum(column._storage.nbytes for column in buffer._columns.values())
    needed = sum(column.rows.nbytes for column in buffer._columns.values())
    assert (len(buffer), buffer.n_timesteps) == (10, 50)
    assert allocated < 4 * needed


@pytest.mark.parametrize("shape", [(), (3,)], ids=["one component", "three components"])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda buffer: pickle.loads(pickle.dumps(buffer))])
@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), max_size=6))
def test_pickled_and_copied_buffers_are_equal(duplicate, shape, described):
    buffer = ReplayBuffer(max_episodes=4, keep="recent")
    rng = np.random.default_rng(len(described))
    buffer.add(
        [
            Episode(rng.random((n + 1, 2), dtype=np.float32), rng.integers(9, size=(n, *shape)), rng.random(n), *ends)
            for n, *ends in described
        ]
    )
    again = duplicate(buffer)
    assert (again.max_episodes, again.keep, len(again)) == (4, "recent", len(buffer))
    assert_same_episodes(again.episodes, buffer.episodes)
    assert again.returns.tolist() == buffer.returns.tolist()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda buffer: pickle.loads(pickle.dumps(buffer))])
@pytest.mark.parametrize("returns", [[], [3.0], [3.0, 4.0]], ids=len)
@pytest.mark.parametrize("keep", ["recent", "best"])
def test_buffer_and_copy_grow_apart(duplicate, returns, keep):
    buffer = make_buffer(returns, max_episodes=2, keep=keep)
    again = duplicate(buffer)
    again.add([make_episode(5.0, 2)])
    assert again.returns.tolist() == [*returns, 5.0][-2:]
    assert buffer.returns.tolist() == returns
    buffer.add([make_episode(6.0, 3), make_episode(7.0, 4)])
    assert (buffer.returns.tolist(), buffer.lengths.tolist()) == ([6.0, 7.0], [3, 4])
    assert again.returns.tolist() == [*returns, 5.0][-2:]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda buffer: pickle.loads(pickle.dumps(buffer))])
@pytest.mark.parametrize("keep", ["recent", "best"])
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 9), min_size=1, max_size=4)), min_size=1, max_size=12),
    st.integers(0, 12),
)
def test_buffer_and_copy_stay_apart_through_any_adds_and_drops(duplicate, keep, max_episodes, batches, copy_at):
    """Add batches to one buffer, copy it, and then add each batch to the original or to the copy."""
    buffers, kept = [ReplayBuffer(max_episodes, keep)], [[]]
    for number, (to_copy, returns) in enumerate(batches):
        if number == min(copy_at, len(batches) - 1):
            buffers, kept = [buffers[0], duplicate(buffers[0])], [kept[0], kept[0]]
        which = int(to_copy) if len(buffers) == 2 else 0
        added = [make_episode(float(r), 1 + r % 3, 10 * number + i) for i, r in enumerate(returns)]
        buffers[which].add(added)
        kept[which] = expected_episodes(kept[which] + added, max_episodes, keep)
        for buffer, expected in zip(buffers, kept, strict=True):
            assert_same_episodes(buffer.episodes, expected)


def test_copy_shares_memory_until_it_grows():
    buffer = make_buffer([1.0, 2.0, 3.0], max_episodes=3)
    again = copy.copy(buffer)
    assert np.shares_memory(again.episodes.observations, buffer.episodes.observations)
    again.add([make_episode(4.0)])
    assert not np.shares_memory(again.episodes.observations, buffer.episodes.observations)


@pytest.mark.parametrize("keep", ["recent", "best"])
def test_totals_count_dropped_episodes_too(keep):
    buffer = make_buffer([5.0, 1.0, 3.0], [2, 3, 4], max_episodes=2, keep=keep)
    assert (buffer.n_episodes_total, buffer.n_timesteps_total) == (3, 9)
    buffer.add([])
    assert (buffer.n_episodes_total, buffer.n_timesteps_total) == (3, 9)
    again = copy.copy(buffer)
    again.add(Episodes.of([make_episode(0.0, 7)]))
    assert (again.n_episodes_total, again.n_timesteps_total) == (4, 16)
    assert (buffer.n_episodes_total, buffer.n_timesteps_total) == (3, 9)
    assert len(buffer) == len(again) == 2


def test_refused_episodes_are_not_counted():
    buffer = make_buffer([1.0], [2])
    with pytest.raises(ValueError):
        buffer.add([TOO_WIDE])
    assert (buffer.n_episodes_total, buffer.n_timesteps_total) == (1, 2)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda buffer: pickle.loads(pickle.dumps(buffer))])
def test_copies_keep_the_totals(duplicate):
    again = duplicate(make_buffer([5.0, 1.0, 3.0], [2, 3, 4], max_episodes=1))
    assert (again.n_episodes_total, again.n_timesteps_total, again.n_timesteps) == (3, 9, 4)


def test_pickle_leaves_out_dropped_episodes():
    few, many = (make_buffer([0.0] * n, max_episodes=2) for n in (2, 2000))
    assert len(pickle.dumps(many)) < 1.2 * len(pickle.dumps(few))
