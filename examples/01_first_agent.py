"""
A first agent
=============

We train an agent on CartPole, measure it, and let it act in a loop of our own. The behavior function is a
random forest, as scikit-learn has it.
"""

import gymnasium
import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestClassifier

from udrl_sklearn import TrainingCurveDisplay, UDRLAgent

# %%
# Train
# -----
# ``fit`` takes the environment. It acts at random for a while, relabels the episodes in hindsight, fits the
# forest, lets it act, and so on, until it has lived through ``total_timesteps`` steps.

forest = RandomForestClassifier(n_estimators=40, min_samples_leaf=10)
agent = UDRLAgent(forest, total_timesteps=6000, random_state=0, verbose=1)
agent.fit("CartPole-v1")
TrainingCurveDisplay.from_estimator(agent)

# %%
# Measure
# -------
# Evaluation starts from seeds that training never uses. The command "max" asks for as much as possible. An exact
# command asks for a return within a number of steps, and the agent obeys.

for command in ("max", (30, 30), (80, 80)):
    print(agent.evaluate("CartPole-v1", command=command, n_episodes=50))

# %%
# Act
# ---
# A policy turns observations into actions. It is told each reward, so that it knows what is still to be
# obtained.

env = gymnasium.make("CartPole-v1")
policy = agent.policy(command=(30, 30))
observation, _ = env.reset(seed=1)
done = False
while not done:
    if policy.command.desired_horizon % 10 == 0:
        print("still to obtain:", policy.command)
    observation, reward, terminated, truncated, _ = env.step(policy(observation))
    policy.update(reward)
    done = terminated or truncated
env.close()

plt.show()
