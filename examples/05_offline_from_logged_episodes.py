"""
Learn from logged episodes
==========================

An agent can learn from logged episodes, without an environment. This example logs episodes of a poor controller, a
simple rule with many random actions, and trains an agent on them. The agent becomes better than the controller.
"""

import gymnasium
import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier

from udrl_sklearn import Episode, UDRLAgent

# %%
# Log
# ---
# An episode of T steps has T actions, T rewards and T + 1 observations. The last observation is the one after the last
# action.


def log_episode(env, seed, rng):
    """Push the cart to the side to which the pole leans, or at random."""
    observation, _ = env.reset(seed=seed)
    observations, actions, rewards, done = [observation], [], [], False
    while not done:
        follows_rule = rng.random() < 0.4
        action = int(observation[2] > 0) if follows_rule else int(rng.integers(2))
        observation, reward, terminated, truncated, _ = env.step(action)
        observations.append(observation)
        actions.append(action)
        rewards.append(reward)
        done = terminated or truncated
    return Episode(observations, actions, rewards, terminated, truncated)


env = gymnasium.make("CartPole-v1")
rng = np.random.default_rng(0)
episodes = [log_episode(env, seed, rng) for seed in range(300)]
env.close()
logged = np.array([episode.total_return for episode in episodes])
print(
    f"logged: {len(episodes)} episodes, {logged.min():.0f} to {logged.max():.0f} steps, {logged.mean():.1f} on average"
)

# %%
# Learn
# -----
# ``fit`` takes the episodes instead of an environment. They are relabeled in hindsight once, and the forest is fitted
# once.

forest = RandomForestClassifier(n_estimators=60, min_samples_leaf=10)
agent = UDRLAgent(forest, random_state=0).fit(episodes)

# %%
# Evaluate
# --------
# In this example there is an environment, so the agent can be evaluated in it.

commands = ["max", 20, 50, 100]
evaluations = [agent.evaluate("CartPole-v1", command=command, n_episodes=50) for command in commands]
for evaluation in evaluations:
    print(evaluation)

figure, ax = plt.subplots(layout="constrained")
ax.boxplot([logged, *(evaluation.returns for evaluation in evaluations)])
ax.set_xticks(range(1, 6), labels=["logged", *(f"command {command}" for command in commands)])
ax.set_ylabel("return")

# %%
# Without an environment, the score is the fraction of logged actions that the agent predicts. It can't be near 1,
# because most of these actions were random.

print(f"accuracy on the logged actions: {agent.score(episodes):.2f}")
plt.show()
