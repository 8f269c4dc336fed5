"""
Grid search over environments with seeds
========================================

Cross-validation splits a list into folds. Here it is a list of environments with different seeds. An agent is trained
on some of them and evaluated on the others. The search is scikit-learn's ``GridSearchCV``.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent, seeded_envs
from udrl_sklearn.methods import AdvantageWeighted

# %%
# The search covers parameters of the estimator and of the learning method.

agent = UDRLAgent(DecisionTreeClassifier(), method=AdvantageWeighted(), total_timesteps=2000, random_state=0)
grid = {"estimator__min_samples_leaf": [1, 10, 40], "method__temperature": [0.5, 1.0]}


def main():
    """Run the search, and print and plot its results."""
    search = GridSearchCV(agent, grid, cv=2, n_jobs=2)
    search.fit(seeded_envs("CartPole-v1", 4))

    columns = ["param_estimator__min_samples_leaf", "param_method__temperature", "mean_test_score", "std_test_score"]
    results = pd.DataFrame(search.cv_results_)[columns].sort_values("mean_test_score", ascending=False)
    print(results.round(1).to_string(index=False))

    # ``search`` has trained an agent with the best parameters on all environments of the list.
    print("best parameters:", search.best_params_)
    print("mean return:", search.score("CartPole-v1"))

    scores = results.pivot(index=columns[0], columns=columns[1], values="mean_test_score")
    ax = scores.plot(marker="o", logx=True, xlabel="min_samples_leaf", ylabel="mean return")
    ax.legend(title="temperature")
    plt.show()


# Worker processes may import this file. They must not start the search again.
if __name__ == "__main__":
    main()
