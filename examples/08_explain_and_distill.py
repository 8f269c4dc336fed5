"""
Explain and distill
===================

``explain`` returns the contribution of each feature to the probability of an action. For trees it is exact. ``distill``
fits one small tree that imitates the agent, which is often nearly as good as the whole forest.
"""

import matplotlib.pyplot as plt

from udrl_sklearn import DecisionMapDisplay, EpisodeDisplay, UDRLAgent, distill, explain

agent = UDRLAgent(total_timesteps=10_000, random_state=0).fit("CartPole-v1")

# %%
# The pole leans to the right and falls. These are the contributions to the probability of a push to the right.

position, velocity, angle, angular_velocity = 0.0, 0.0, 0.1, 0.8
explanation = explain(agent, [[position, velocity, angle, angular_velocity]])
print(explanation.to_text())

# %%
# The same for a push to the left.

print(explain(agent, [[position, velocity, angle, angular_velocity]], actions=[0]).to_text())

# %%
# An episode, step by step: the command, the probability of each action, and the contributions to the selected action.

EpisodeDisplay.from_estimator(agent, "CartPole-v1", command=60)

# %%
# The most probable action as a function of the angle of the pole and its angular velocity.

DecisionMapDisplay.from_estimator(agent, features=("pole_angle", "pole_angular_velocity"))

# %%
# One tree of depth 3 that imitates the forest, with its fidelity and its mean return.

distillation = distill(agent, "CartPole-v1", max_depth=3)
print(distillation)
print(distillation.to_text())
figure, ax = plt.subplots(figsize=(12, 5), layout="constrained")
distillation.plot(ax=ax, impurity=False, proportion=True, fontsize=7)

# %%
# The same figure as above, for the tree.

DecisionMapDisplay.from_estimator(distillation.agent, features=("pole_angle", "pole_angular_velocity"))
plt.show()
