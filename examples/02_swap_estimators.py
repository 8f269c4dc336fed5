"""
Compare estimators
==================

Any classifier can be the behavior function. This example trains several classifiers on the same environment, with the
same number of steps. The agent handles their differences: a linear SVM has no ``predict_proba``, nearest neighbors take
no ``sample_weight``, and a multi-layer perceptron is updated by ``partial_fit`` instead of fitted anew.

The numbers come from one short training each. They show that all of these estimators learn, not which one is best.
"""

import matplotlib.pyplot as plt
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent

estimators = {
    "decision tree": DecisionTreeClassifier(min_samples_leaf=20),
    "random forest": RandomForestClassifier(n_estimators=30, min_samples_leaf=10),
    "extra trees": ExtraTreesClassifier(n_estimators=30, min_samples_leaf=5),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=40),
    "nearest neighbors": make_pipeline(StandardScaler(), KNeighborsClassifier(20)),
    "linear SVM": LinearSVC(),
    "kernel map and logistic regression": make_pipeline(
        StandardScaler(), Nystroem(n_components=50), LogisticRegression()
    ),
    "multi-layer perceptron": MLPClassifier((32,), learning_rate_init=0.003),
}

# %%
# The second column is the mean return under the command "max". The third is the mean return under an exact command, a
# return of 50 in 50 steps. The linear SVM can't follow the exact command. It adds the effects of observation and
# command, but the right action depends on both together.

mean_returns = {}
print(f"{'estimator':36s}{'max':>8s}{'50 in 50':>10s}")
for name, estimator in estimators.items():
    agent = UDRLAgent(estimator, total_timesteps=4000, random_state=0).fit("CartPole-v1")
    best = agent.evaluate("CartPole-v1", n_episodes=20)
    exact = agent.evaluate("CartPole-v1", command=(50, 50), n_episodes=20)
    mean_returns[name] = best.mean_return, exact.mean_return
    print(f"{name:36s}{best.mean_return:8.1f}{exact.mean_return:10.1f}")

# %%
# The same numbers as a figure. The dashed line is at 50.

figure, ax = plt.subplots(layout="constrained")
for shift, column, label in ((-0.2, 0, '"max"'), (0.2, 1, "50 in 50 steps")):
    heights = [mean_returns[name][column] for name in estimators]
    ax.barh([place + shift for place in range(len(heights))], heights, height=0.4, label=label)
ax.axvline(50, color="0.6", linestyle="--", zorder=0)
ax.set(yticks=range(len(estimators)), yticklabels=list(estimators), xlabel="mean return")
ax.invert_yaxis()
ax.legend(title="command")
plt.show()
