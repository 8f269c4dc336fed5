"""
Explain and distill
===================

Why did the agent do that? For an agent of trees the answer is exact: each feature's contribution to the probability of
an action. And often one small tree does nearly as well as the whole forest.
"""

import matplotlib.pyplot as plt

from udrl_sklearn import DecisionMapDisplay, EpisodeDisplay, UDRLAgent, distill, explain

agent = UDRLAgent(total_timesteps=10_000, random_state=0).fit("CartPole-v1")

# %%
# The pole leans to the right and falls. What speaks for pushing to the right?

position, velocity, angle, angular_velocity = 0.0, 0.0, 0.1, 0.8
explanation = explain(agent, [[position, velocity, angle, angular_velocity]])
print(explanation.to_text())

# %%
# And to the left?

print(explain(agent, [[position, velocity, angle, angular_velocity]], actions=[0]).to_text())

# %%
# An episode, step by step: what is still desired, the probability of each action, what contributed to the one taken.

EpisodeDisplay.from_estimator(agent, "CartPole-v1", command=60)

# %%
# What the agent does over the angle of the pole and its angular velocity.

DecisionMapDisplay.from_estimator(agent, features=("pole_angle", "pole_angular_velocity"))

# %%
# One tree of depth 3 that imitates the forest, and what that costs.

distillation = distill(agent, "CartPole-v1", max_depth=3)
print(distillation)
print(distillation.to_text())
figure, ax = plt.subplots(figsize=(12, 5), layout="constrained")
distillation.plot(ax=ax, impurity=False, proportion=True, fontsize=7)

# %%
# The same picture as above, for the tree.

DecisionMapDisplay.from_estimator(distillation.agent, features=("pole_angle", "pole_angular_velocity"))
plt.show()
