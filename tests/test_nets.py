import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import UDRLAgent

torch = pytest.importorskip("torch")
nets = pytest.importorskip("udrl_sklearn.nets")


def test_gate_multiplies_the_embedding_of_the_observation():
    torch.manual_seed(0)
    net = nets.BehaviorNet(n_features=5, n_outputs=3, hidden_sizes=(4,), return_scale=0.5, horizon_scale=0.1)
    X = torch.randn(6, 5)
    command = X[:, -2:] * torch.tensor([0.5, 0.1])
    hidden = torch.tanh(net.observation(X[:, :-2])) * torch.sigmoid(net.command(command))
    torch.testing.assert_close(net(X), net.output[0](hidden))


def test_network_without_command_features_has_no_gate():
    net = nets.BehaviorNet(n_features=3, n_outputs=2, hidden_sizes=(4,), n_command_features=0)
    X = torch.randn(6, 3)
    torch.testing.assert_close(net(X), net.output[0](torch.tanh(net.observation(X))))


def test_only_the_network_for_exact_commands_has_a_gate():
    agent = UDRLAgent(nets.behavior_net((8,)), total_timesteps=200, n_updates_per_iter=2, random_state=0).fit(MatchEnv)
    assert agent.max_estimator_.module_.command is None
    assert agent.max_estimator_.module_.observation.in_features == 3
    assert agent.estimator_.module_.command.in_features == 2


def test_sizes_come_from_the_data_and_labels_may_be_strings():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 7))
    y = np.array(["left", "stay", "right"])[np.digitize(X[:, 0], [-0.5, 0.5])]
    net = nets.behavior_net((16,), lr=1e-2, random_state=0, max_epochs=60).fit(X, y)
    assert net.predict_proba(X).shape == (400, 3)
    np.testing.assert_allclose(net.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    assert net.score(X, y) > 0.9


@pytest.mark.parametrize("shape", [(300,), (300, 2)])
def test_regression_keeps_the_shape_of_the_targets(shape):
    X = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    y = X[:, : len(shape)].reshape(shape)
    net = nets.behavior_net((32,), continuous=True, lr=1e-2, max_epochs=50, random_state=0).fit(X, y)
    assert net.predict(X).shape == shape
    assert net.score(X, y) > 0.9


def test_partial_fit_is_one_gradient_step():
    X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    y = np.zeros(50, dtype=int)
    net = nets.behavior_net((8,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    before = copy.deepcopy(net.module_)
    net.partial_fit(X, y)
    loss = torch.nn.functional.cross_entropy(before(torch.as_tensor(X)), torch.as_tensor(y))
    loss.backward()
    for old, new in zip(before.parameters(), net.module_.parameters(), strict=True):
        assert (old - new).abs().max() <= 1.1e-3  # Adam moves by about lr at the most
    assert net.predict_proba(X).shape == (50, 3)
    assert any(not torch.equal(a, b) for a, b in zip(before.parameters(), net.module_.parameters(), strict=True))


def test_same_seed_gives_the_same_net_and_the_global_generator_is_unchanged():
    X = np.random.default_rng(0).normal(size=(100, 4))
    y = X[:, 0] > 0
    state = torch.random.get_rng_state()
    one, same, other = (nets.behavior_net((8,), random_state=s).fit(X, y).predict_proba(X) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_nets_are_of_their_kind_and_can_be_cloned():
    assert is_classifier(nets.behavior_net()) and is_regressor(nets.behavior_net(continuous=True))
    net = clone(nets.behavior_net((8, 8), lr=0.5, device="cpu", return_scale=0.02))
    assert (net.module__hidden_sizes, net.lr, net.module__return_scale) == ((8, 8), 0.5, 0.02)


@pytest.mark.parametrize(("continuous", "env", "enough"), [(False, MatchEnv, 4.9), (True, ContinuousMatchEnv, -0.7)])
def test_agents_learn_with_nets(continuous, env, enough):
    agent = UDRLAgent(
        nets.behavior_net((32,), continuous=continuous, lr=1e-2),
        total_timesteps=2000,
        n_timesteps_per_iter=200,
        batch_size=256,
        random_state=0,
    ).fit(env)
    assert agent.score(env) >= enough
    assert pickle.loads(pickle.dumps(agent)).score(env) == agent.score(env)


NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NEEDS_CUDA)])
def test_agent_learns_on_each_device(device):
    agent = UDRLAgent(
        nets.behavior_net((32,), lr=1e-2, device=device),
        total_timesteps=2000,
        n_timesteps_per_iter=200,
        batch_size=256,
        random_state=0,
    ).fit(MatchEnv)
    assert next(agent.max_estimator_.module_.parameters()).device.type == device
    assert agent.score(MatchEnv) >= 4.9
