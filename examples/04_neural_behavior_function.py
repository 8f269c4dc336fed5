"""
A neural behavior function
==========================

The network of Srivastava et al. 2019 (arXiv 1912.02877) as the behavior function: an embedding of the observation is
multiplied with a gate that the command opens. It needs PyTorch and skorch,
``pip install "udrl_sklearn[torch]"``.
"""

import matplotlib.pyplot as plt

from udrl_sklearn import CommandResponseDisplay, UDRLAgent
from udrl_sklearn.nets import behavior_net

# %%
# The sizes of the input and the output are taken from the data. With ``device="cuda"`` the network lives on a
# graphics card.

net = behavior_net(hidden_sizes=(64, 64), lr=3e-3, device="cpu")

# %%
# The network has ``partial_fit``, so the agent updates it in each iteration, ``n_updates_per_iter`` times on
# ``batch_size`` rows, rather than fit it anew.

agent = UDRLAgent(
    net,
    total_timesteps=10_000,
    n_updates_per_iter=100,
    batch_size=512,
    random_state=0,
    verbose=1,
).fit("CartPole-v1")

for command in ("max", (50, 50), (100, 100)):
    print(agent.evaluate("CartPole-v1", command=command, n_episodes=20))

# %%
# One fitted network answers "max", and another exact commands. Both are ordinary PyTorch modules.

print(agent.max_estimator_.module_)

# %%
# What it obtains when it is asked for one return after the other.

CommandResponseDisplay.from_estimator(agent, "CartPole-v1", desired_returns=[15, 25, 50, 75, 100, 125, 150])
plt.show()
