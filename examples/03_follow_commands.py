"""
Follow commands
===============

An agent of UDRL does not only do its best. It can be asked for a return and a number of steps, and tries to obtain
that and no more. We ask a trained agent for several returns and compare with what it obtains.
"""

import matplotlib.pyplot as plt

from udrl_sklearn import CommandResponseDisplay, UDRLAgent

agent = UDRLAgent(total_timesteps=8000, random_state=0).fit("CartPole-v1")

# %%
# Which returns can be asked for? Those in the range that the agent has seen.

returns = agent.buffer_.returns
print(f"the agent has seen returns from {returns.min():.0f} to {returns.max():.0f}")

# %%
# In CartPole each step gives a reward of 1, so a return of 50 fits a horizon of 50 steps. With a desired return
# alone, ``command=50``, the agent would choose a horizon like this from the episodes that it has seen.

desired_returns = [15, 25, 50, 75, 100, 150, 200]
evaluations = [agent.evaluate("CartPole-v1", command=(desired, desired), n_episodes=50) for desired in desired_returns]

print("desired   obtained (mean and standard deviation of 50 episodes)")
for desired, evaluation in zip(desired_returns, evaluations, strict=True):
    print(f"{desired:7d}   {evaluation.mean_return:8.1f} +- {evaluation.std_return:.1f}")

# %%
# "max" is a command of its own, for which no number has to be chosen. A return above all that was seen is answered as
# "max" is.

print("as much as possible:", agent.evaluate("CartPole-v1", command="max", n_episodes=50))
print("asked for 10,000:", agent.evaluate("CartPole-v1", command=10_000, n_episodes=50))

# %%
# On the dashed line the agent obtains exactly what it was asked for.

CommandResponseDisplay.from_estimator(agent, "CartPole-v1", desired_returns=desired_returns)
plt.show()
