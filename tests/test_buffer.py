import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udrl_sklearn._buffer import ReplayBuffer
from udrl_sklearn._episodes import Episode


def make_episode(total_return, n_steps=1, n_components=0):
    rewards = np.zeros(n_steps)
    rewards[-1] = total_return
    shape = (n_steps, n_components) if n_components else (n_steps,)
    return Episode(np.full((n_steps + 1, 2), total_return), np.ones(shape, dtype=int), rewards)


def make_buffer(returns, lengths=None, **params):
    buffer = ReplayBuffer(**params)
    buffer.add([make_episode(r, n) for r, n in zip(returns, lengths or [1] * len(returns), strict=True)])
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


def test_a_buffer_without_a_bound_keeps_all():
    assert len(make_buffer(list(range(1000)))) == 1000


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 14))
def test_best_takes_the_highest_returns_ties_to_the_newest_in_the_order_lived(returns, n_episodes):
    buffer = make_buffer([float(r) for r in returns])
    ranked = sorted(range(len(returns)), key=lambda i: (returns[i], i), reverse=True)
    expected = [buffer.episodes[i] for i in sorted(ranked[:n_episodes])]
    assert buffer.best(n_episodes) == expected  # Episodes compare by identity


@pytest.mark.parametrize(
    ("n_timesteps", "lengths"),
    [(1, [2]), (2, [2]), (3, [3, 2]), (5, [3, 2]), (6, [4, 3, 2]), (99, [4, 3, 2]), (None, [4, 3, 2])],
)
def test_recent_takes_whole_episodes_until_there_are_enough_steps(n_timesteps, lengths):
    buffer = make_buffer([0.0, 0.0, 0.0], [4, 3, 2])
    assert [len(episode) for episode in buffer.recent(n_timesteps)] == lengths


def test_recent_gives_a_list_of_its_own():
    buffer = make_buffer([1.0, 2.0])
    buffer.recent(None).clear()
    assert len(buffer) == 2


@pytest.mark.parametrize("n_components", [0, 3])
@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), max_size=6))
def test_a_buffer_comes_back_from_pickle_as_it_was(n_components, described):
    buffer = ReplayBuffer(max_episodes=7, keep="best")
    rng = np.random.default_rng(len(described))
    shape = (n_components,) if n_components else ()
    buffer.add(
        Episode(rng.random((n + 1, 2), dtype=np.float32), rng.integers(9, size=(n, *shape)), rng.random(n), *ends)
        for n, *ends in described
    )
    copy = pickle.loads(pickle.dumps(buffer))
    assert (copy.max_episodes, copy.keep, len(copy)) == (7, "best", len(described))
    for before, after in zip(buffer.episodes, copy.episodes, strict=True):
        for name in ("observations", "actions", "rewards"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
            assert getattr(after, name).dtype == getattr(before, name).dtype
        assert (after.terminated, after.truncated) == (before.terminated, before.truncated)


def test_a_pickled_buffer_can_go_on():
    buffer = pickle.loads(pickle.dumps(ReplayBuffer(max_episodes=1)))
    buffer.add([make_episode(1.0), make_episode(2.0)])
    assert buffer.returns.tolist() == [2.0]
