"""Grid worlds: the default agent, tabular Q-learning and random actions.

Rows are in benchmarks/results/learning/grids.csv; `report.py` makes a table of them.

    pip install mo-gymnasium minigrid
    OMP_NUM_THREADS=1 python -m benchmarks.learning.grids
"""

import argparse
import time

import gymnasium
import numpy as np

from udrl_sklearn import UDRLAgent, evaluate_policy

from .evaluation import evaluation_row
from .results import run_missing
from .tasks import N_TEST_EPISODES, REPORTING_SEEDS, TUNING_SEEDS, Task


def make_deep_sea_treasure():
    """Return deep sea treasure with one reward: 0.8 for the treasure, and 0.2 for the time."""
    import mo_gymnasium

    env = mo_gymnasium.make("deep-sea-treasure-v0")
    return mo_gymnasium.wrappers.LinearReward(env, weight=np.array([0.8, 0.2]))


def make_minigrid():
    """Return the empty room of MiniGrid, seen as a picture."""
    import minigrid

    return minigrid.wrappers.ImgObsWrapper(gymnasium.make("MiniGrid-Empty-5x5-v0"))


def make_frozen_lake():
    """Return the large lake on which nobody slips."""
    return gymnasium.make("FrozenLake8x8-v1", is_slippery=False)


def make_cliff():
    """Return the walk along the cliff, with 200 steps at most."""
    return gymnasium.make("CliffWalking-v1", max_episode_steps=200)


#: The best policies achieve the target returns.
GRIDS = {
    "deep sea treasure": Task(make_deep_sea_treasure, {10_000: 15.16}),
    "FrozenLake8x8-v1, not slippery": Task(make_frozen_lake, {8000: 1.0}),
    "FrozenLake-v1": Task("FrozenLake-v1", {8000: 0.74}),
    "MiniGrid-Empty-5x5-v0, picture": Task(make_minigrid, {4000: 0.955}),
    "CliffWalking-v1, 200 steps": Task(make_cliff, {8000: -13.0}),
}
AGENTS = ("random", "Q-learning", "RandomForest")


def q_learning(env, n_timesteps, seed, *, gamma=0.99, learning_rate=0.2, last_epsilon=0.05):
    """Learn by tabular Q-learning (Watkins 1989), and return the greedy policy as a function of an observation.

    Actions are epsilon-greedy; epsilon falls from 1 to `last_epsilon` over the first half of the steps.
    """
    rng = np.random.default_rng(seed)
    table = {}

    def values(observation):
        return table.setdefault(np.asarray(observation).tobytes(), np.zeros(env.action_space.n))

    def greedy(observation):
        best = values(observation)
        return int(rng.choice(np.flatnonzero(best == best.max())))

    observation, _ = env.reset(seed=seed)
    for step in range(n_timesteps):
        epsilon = max(last_epsilon, 1 - (1 - last_epsilon) * step / (n_timesteps / 2))
        action = int(rng.integers(env.action_space.n)) if rng.random() < epsilon else greedy(observation)
        before = values(observation)
        observation, reward, terminated, truncated, _ = env.step(action)
        target = float(reward) + gamma * values(observation).max() * (not terminated)
        before[action] += learning_rate * (target - before[action])
        if terminated or truncated:
            observation, _ = env.reset()
    return greedy


def learn_grid(task_name, agent_name, seed):
    """Train an agent on a grid world and return its mean return after all steps."""
    task = GRIDS[task_name]
    env = gymnasium.make(task.env) if isinstance(task.env, str) else task.env()
    began = time.perf_counter()
    if agent_name == "random":
        policy = "random"
    elif agent_name == "Q-learning":
        policy = q_learning(env, task.n_timesteps, seed)
    else:
        policy = UDRLAgent(total_timesteps=task.n_timesteps, random_state=seed).fit(env)
    seconds = time.perf_counter() - began
    returns = evaluate_policy(policy, env, n_episodes=N_TEST_EPISODES, seed=seed).returns
    return {"grids": [evaluation_row(task.n_timesteps, seconds, returns)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tuning", action="store_true", help="print the scores of two tuning seeds, and write nothing")
    parser.add_argument("--n-jobs", type=int, default=2, help="number of runs at a time, each with one thread")
    args = parser.parse_args()
    if args.tuning:
        for task in GRIDS:
            for agent in AGENTS:
                print(task, agent, [learn_grid(task, agent, seed)["grids"][0] for seed in TUNING_SEEDS[:2]], flush=True)
        return
    runs = [(task, agent, seed) for task in GRIDS for agent in AGENTS for seed in REPORTING_SEEDS]
    run_missing("grids", ("task", "agent", "seed"), runs, learn_grid, n_jobs=args.n_jobs)


if __name__ == "__main__":
    main()
