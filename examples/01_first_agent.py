"""
A first agent
=============

This example trains an agent on CartPole, evaluates it, and runs it step by step. The behavior function is a
random forest of scikit-learn.
"""

import gymnasium
import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestClassifier

from udrl_sklearn import TrainingCurveDisplay, UDRLAgent

# %%
# Train
# -----
# ``fit`` takes the environment. It collects episodes with random actions, relabels them in hindsight and fits the
# forest. Then it collects episodes with the forest, fits it again, and so on, for ``total_timesteps`` steps.

forest = RandomForestClassifier(n_estimators=40, min_samples_leaf=10)
agent = UDRLAgent(forest, total_timesteps=6000, random_state=0, verbose=1)
agent.fit("CartPole-v1")
TrainingCurveDisplay.from_estimator(agent)

# %%
# Evaluate
# --------
# Evaluation uses seeds that training never uses. The command "max" stands for the highest return that the agent can
# achieve. An exact command is a desired return and a number of steps.

for command in ("max", (30, 30), (80, 80)):
    print(agent.evaluate("CartPole-v1", command=command, n_episodes=50))

# %%
# Act
# ---
# A policy turns observations into actions. It gets each reward, and subtracts it from the desired return.

env = gymnasium.make("CartPole-v1")
policy = agent.policy(command=(30, 30))
observation, _ = env.reset(seed=1)
done = False
while not done:
    if policy.command.desired_horizon % 10 == 0:
        print("rest of the command:", policy.command)
    observation, reward, terminated, truncated, _ = env.step(policy(observation))
    policy.update(reward)
    done = terminated or truncated
env.close()

plt.show()
