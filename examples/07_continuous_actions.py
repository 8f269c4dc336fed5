"""
Continuous actions
==================

In Pendulum an action is an amount, a torque between -2 and 2, so the behavior function is a regressor. An episode has
200 steps, and all rewards are negative: the further the pendulum is from upright, the worse.
"""

import gymnasium
import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestRegressor

from udrl_sklearn import EpisodeDisplay, UDRLAgent

# %%
# The effect of a torque is seen soon or never. A discount factor below the default makes the agent look less far
# ahead.

forest = RandomForestRegressor(n_estimators=20, min_samples_leaf=10)
agent = UDRLAgent(forest, gamma=0.95, total_timesteps=16_000, random_state=0).fit("Pendulum-v1")

# %%
# Episodes while learning, the random warm-up first. The actions in them are drawn around what the forest predicts.

for record in agent.history_[::3]:
    print(f"after {record['timesteps']:6,d} steps: mean return {record['mean_return']:8.1f}")

# %%
# Measured without that noise:

print(agent.evaluate("Pendulum-v1", n_episodes=20))

# %%
# The policy returns actions of the environment's own space.

env = gymnasium.make("Pendulum-v1")
policy = agent.policy("max")
observation, _ = env.reset(seed=0)
for step in range(5):
    action = policy(observation)
    observation, reward, _, _, _ = env.step(action)
    print(f"step {step}: torque {action[0]:5.2f}, reward {reward:6.2f}")
env.close()

# %%
# An episode, step by step: the return so far, the torque, and what contributed to it.

EpisodeDisplay.from_estimator(agent, "Pendulum-v1")
plt.show()
