"""
Follow commands
===============

An exact command is a desired return and a number of steps. The agent then tries to achieve this return and no more.
This example evaluates a trained agent under several commands, and compares desired and achieved returns.
"""

import matplotlib.pyplot as plt

from udrl_sklearn import CommandResponseDisplay, UDRLAgent

agent = UDRLAgent(total_timesteps=8000, random_state=0).fit("CartPole-v1")

# %%
# A desired return should be in the range of the returns in the replay buffer.

returns = agent.buffer_.returns
print(f"returns in the replay buffer: {returns.min():.0f} to {returns.max():.0f}")

# %%
# In CartPole each step gives a reward of 1, so a return of 50 matches a horizon of 50 steps. With a desired return
# alone, ``command=50``, the agent chooses a matching horizon by the episodes in its replay buffer.

desired_returns = [15, 25, 50, 75, 100, 150, 200]
evaluations = [agent.evaluate("CartPole-v1", command=(desired, desired), n_episodes=50) for desired in desired_returns]

print("desired   achieved (mean and standard deviation of 50 episodes)")
for desired, evaluation in zip(desired_returns, evaluations, strict=True):
    print(f"{desired:7d}   {evaluation.mean_return:8.1f} +- {evaluation.std_return:.1f}")

# %%
# "max" is a command without a number. A return above those in the replay buffer is replaced by "max".

print("command max:", agent.evaluate("CartPole-v1", command="max", n_episodes=50))
print("command 10,000:", agent.evaluate("CartPole-v1", command=10_000, n_episodes=50))

# %%
# On the dashed line the achieved return equals the desired return.

CommandResponseDisplay.from_estimator(agent, "CartPole-v1", desired_returns=desired_returns)
plt.show()
