"""
A neural behavior function
==========================

This example uses the network of Srivastava et al. 2019 (arXiv 1912.02877) as the behavior function. The network
multiplies an embedding of the observation by a gate that depends on the command. It needs PyTorch and skorch:
``pip install "udrl_sklearn[torch]"``.
"""

import matplotlib.pyplot as plt

from udrl_sklearn import CommandResponseDisplay, UDRLAgent
from udrl_sklearn.nets import behavior_net

# %%
# The sizes of the input and the output are inferred from the data. With ``device="cuda"`` the network runs on a GPU.

net = behavior_net(hidden_sizes=(64, 64), lr=3e-3, device="cpu")

# %%
# The network has ``partial_fit``, so the agent updates it in each iteration instead of fitting it anew. There are
# ``n_updates_per_iter`` updates on ``batch_size`` rows each.

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
# There is one fitted network for "max" and one for exact commands. Both are ordinary PyTorch modules.

print(agent.max_estimator_.module_)

# %%
# The achieved return against the desired return.

CommandResponseDisplay.from_estimator(agent, "CartPole-v1", desired_returns=[15, 25, 50, 75, 100, 125, 150])
plt.show()
