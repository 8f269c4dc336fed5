"""
Continuous actions
==================

In Pendulum an action is a torque between -2 and 2, so the behavior function is a regressor. An episode has 200 steps.
All rewards are negative, and they are lower the further the pendulum is from upright.
"""

import gymnasium
import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestRegressor

from udrl_sklearn import EpisodeDisplay, UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted

# %%
# A torque has an effect within a few steps or none at all. So a discount factor below the default helps.

forest = RandomForestRegressor(n_estimators=20, min_samples_leaf=10)
agent = UDRLAgent(forest, method=AdvantageWeighted(gamma=0.95), total_timesteps=16_000, random_state=0)
agent.fit("Pendulum-v1")

# %%
# The episodes of the training, the random warm-up first. Actions are sampled around the prediction of the forest.

for record in agent.history_[::3]:
    print(f"after {record['timesteps']:6,d} steps: mean return {record['mean_return']:8.1f}")

# %%
# An evaluation adds no noise to the actions.

print(agent.evaluate("Pendulum-v1", n_episodes=20))

# %%
# The policy returns elements of the environment's action space.

env = gymnasium.make("Pendulum-v1")
policy = agent.policy("max")
observation, _ = env.reset(seed=0)
for step in range(5):
    action = policy(observation)
    observation, reward, _, _, _ = env.step(action)
    print(f"step {step}: torque {action[0]:5.2f}, reward {reward:6.2f}")
env.close()

# %%
# An episode, step by step: the return so far, the torque, and the contributions of the features to it.

EpisodeDisplay.from_estimator(agent, "Pendulum-v1")
plt.show()
