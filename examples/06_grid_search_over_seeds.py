"""
Grid search over environments with seeds
========================================

Cross-validation needs a list to split into folds. Here it is a list of environments with seeds of their own: an agent
trains on some of them and is measured on the others. The search itself is scikit-learn's.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent, seeded_envs

# %%
# Parameters of the agent and of the estimator in it are searched together.

agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=2000, random_state=0)
grid = {"estimator__min_samples_leaf": [1, 10, 40], "temperature": [0.5, 1.0]}


def main():
    """Search, and print what was found."""
    search = GridSearchCV(agent, grid, cv=2, n_jobs=2)
    search.fit(seeded_envs("CartPole-v1", 4))

    columns = ["param_estimator__min_samples_leaf", "param_temperature", "mean_test_score", "std_test_score"]
    results = pd.DataFrame(search.cv_results_)[columns].sort_values("mean_test_score", ascending=False)
    print(results.round(1).to_string(index=False))

    # The best agent was trained once more, on all environments of the list.
    print("best parameters:", search.best_params_)
    print("mean return:", search.score("CartPole-v1"))

    scores = results.pivot(index=columns[0], columns=columns[1], values="mean_test_score")
    ax = scores.plot(marker="o", logx=True, xlabel="min_samples_leaf", ylabel="mean return")
    ax.legend(title="temperature")
    plt.show()


# Workers may import this file, and must not search again when they do.
if __name__ == "__main__":
    main()
