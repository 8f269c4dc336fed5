"""
Train a forest on CartPole
==========================

The script behind `make train`. It trains a random forest on CartPole-v1 by Upside-Down Reinforcement Learning, and
writes the model, the training history and a figure of the training curve to a folder.
"""

import argparse
import csv
from pathlib import Path

import matplotlib
from sklearn.ensemble import RandomForestClassifier

from udrl_sklearn import UDRLAgent

matplotlib.use("Agg")
import matplotlib.pyplot as plt

parser = argparse.ArgumentParser(description="Train a random forest on CartPole-v1.")
parser.add_argument("--out", type=Path, default=Path("runs/cartpole"), help="folder for the results")
parser.add_argument("--seed", type=int, default=0, help="seed of the whole run")
options = parser.parse_args()

agent = UDRLAgent(
    RandomForestClassifier(n_estimators=30, min_samples_leaf=10, max_features=0.75, max_samples=0.5),
    total_timesteps=30_000,
    target_return=490,
    n_eval_episodes=50,
    random_state=options.seed,
    verbose=1,
)
agent.fit("CartPole-v1")

evaluation = agent.evaluate("CartPole-v1", n_episodes=100)
print(f"\nAfter {agent.n_timesteps_:,} steps: mean return over 100 held-out episodes {evaluation.mean_return:.1f}")
for desired_return in (50, 150, 300):
    evaluation = agent.evaluate("CartPole-v1", command=desired_return, n_episodes=20)
    print(f"Desired return {desired_return}: mean return {evaluation.mean_return:.1f}")

options.out.mkdir(parents=True, exist_ok=True)
agent.save(options.out / "agent.skops")
with open(options.out / "history.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, fieldnames=list(agent.history_[0]))
    writer.writeheader()
    writer.writerows(agent.history_)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
timesteps = [record["timesteps"] for record in agent.history_]
ax.plot(timesteps, [record["evaluated_return"] for record in agent.history_], marker="o", label="evaluated")
ax.plot(timesteps, [record["mean_return"] for record in agent.history_], marker="o", label="while exploring")
ax.set(xlabel="environment steps", ylabel="mean return", title="CartPole-v1, random forest", ylim=(0, 520))
ax.legend()
fig.savefig(options.out / "training_curve.png", dpi=150)
print(f"\nModel, history and figure are in {options.out}: agent.skops, history.csv, training_curve.png")
