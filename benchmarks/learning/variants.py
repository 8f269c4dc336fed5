"""The variants that are compared: other estimators, and the default hyperparameters with one of them changed."""

from functools import partial

from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from udrl_sklearn import UDRLAgent, recipes
from udrl_sklearn._behavior._default_estimators import DefaultForest, default_value_estimator
from udrl_sklearn.methods import AdvantageWeighted
from udrl_sklearn.nets import behavior_net

from .agents import AGENTS
from .evaluation import command_following, evaluate_commands, train_agent
from .tasks import REPORTING_SEEDS, TASKS, TUNING_SEEDS


def _scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


def _calibrated(estimator):
    return CalibratedClassifierCV(estimator, cv=3, ensemble=False)


def _forest(**params):
    return DefaultForest().for_actions().set_params(**params)


def _with_method(**params):
    """Return a function that returns an unfitted agent whose method has these parameters."""
    return lambda: UDRLAgent(method=AdvantageWeighted(**params))


#: Name -> function that returns an unfitted agent.
SWAPS = {
    "RandomForest": UDRLAgent,
    "ExtraTrees": lambda: UDRLAgent(ExtraTreesClassifier(30, min_samples_leaf=10, max_features=0.6)),
    "GradientBoosting": lambda: UDRLAgent(
        GradientBoostingClassifier(learning_rate=0.5, n_estimators=20, min_samples_leaf=20)
    ),
    "HistGradientBoosting": partial(AGENTS["HistGradientBoosting"], is_discrete=True),
    "AdaBoost": lambda: UDRLAgent(AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=30)),
    "AdaBoost, calibrated": lambda: UDRLAgent(
        _calibrated(AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=10))
    ),
    "XGBoost": lambda: UDRLAgent(XGBClassifier(n_estimators=30, n_jobs=1)),
    "LightGBM": lambda: UDRLAgent(LGBMClassifier(n_estimators=30, n_jobs=1, verbose=-1)),
    "KNeighbors": lambda: UDRLAgent(_scaled(KNeighborsClassifier(50))),
    "DecisionTree": lambda: UDRLAgent(DecisionTreeClassifier(min_samples_leaf=30)),
    "LogisticRegression": lambda: UDRLAgent(_scaled(LogisticRegression())),
    "MLP": lambda: UDRLAgent(MLPClassifier()),
    # The time of a fit grows with the square of the number of rows.
    "SVC, calibrated": lambda: UDRLAgent(
        _scaled(_calibrated(SVC())), method=AdvantageWeighted(max_rows=5000, max_exact_rows=5000)
    ),
    "BehaviorNet": lambda: UDRLAgent(behavior_net()),
}
SWAP_BUDGETS = dict.fromkeys(("CartPole-v1", "Acrobot-v1", "LunarLander-v3"), 50_000)

#: What is changed -> function that returns an unfitted agent.
ABLATIONS = {
    "nothing: the defaults": UDRLAgent,
    "no weights: `temperature=1e9`": _with_method(temperature=1e9),
    "`temperature=0.2`": _with_method(temperature=0.2),
    "`temperature=0.5`": _with_method(temperature=0.5),
    "`expected_advantage_weight=0`": _with_method(expected_advantage_weight=0.0),
    "`expected_advantage_weight=1`": _with_method(expected_advantage_weight=1.0),
    "`expected_return_weight=0`": _with_method(expected_return_weight=0.0),
    "`expected_return_weight=1`": _with_method(expected_return_weight=1.0),
    "whole returns: `gae_lambda=1`": _with_method(gae_lambda=1.0),
    "`gae_lambda=0.8`": _with_method(gae_lambda=0.8),
    "`gamma=0.999`": _with_method(gamma=0.999),
    "`gamma=0.97`": _with_method(gamma=0.97),
    "`n_value_fits=1`": _with_method(n_value_fits=1),
    "values by 80 small steps: `learning_rate=0.1`": _with_method(
        value_estimator=default_value_estimator().set_params(max_iter=80, learning_rate=0.1)
    ),
    "`max_rows=10_000`": _with_method(max_rows=10_000),
    "all steps: `max_rows=1_000_000`": _with_method(max_rows=1_000_000),
    "`min_samples_leaf=1`": lambda: UDRLAgent(_forest(min_samples_leaf=1)),
    "`min_samples_leaf=50`": lambda: UDRLAgent(_forest(min_samples_leaf=50)),
    '`max_features="sqrt"`': lambda: UDRLAgent(_forest(max_features="sqrt")),
    "`n_estimators=100`": lambda: UDRLAgent(_forest(n_estimators=100)),
    "all rows for each tree: `max_samples=None`": lambda: UDRLAgent(_forest(max_samples=None)),
    '`exploration="greedy"`': partial(UDRLAgent, exploration="greedy"),
    "`exploration_sticky_probability=0`": partial(UDRLAgent, exploration_sticky_probability=0.0),
    "`warm_up_sticky_probability=0`": partial(UDRLAgent, warm_up_sticky_probability=0.0),
    '`acting="greedy"`': partial(UDRLAgent, acting="greedy"),
    "`max_exact_rows=10_000`": _with_method(max_exact_rows=10_000),
    "`finetune_fraction=0.1`": _with_method(finetune_fraction=0.1),
    '`segments="random"`': _with_method(segments="random"),
    "recipe of Srivastava et al. 2019": lambda: UDRLAgent(behavior_net(lr=1e-3), **recipes.srivastava_2019()),
    "recipe of arXiv 2411.11457": lambda: UDRLAgent(RandomForestClassifier(), **recipes.cardenas_cartagena_2024()),
}
ABLATION_BUDGETS = {"CartPole-v1": 20_000, "Acrobot-v1": 50_000, "MountainCar-v0": 50_000, "LunarLander-v3": 100_000}

#: Variants of the ablation whose difference from the defaults was within chance on a few seeds.
TUNING = ("nothing: the defaults", "`n_value_fits=1`", "`expected_advantage_weight=0`")

#: Name of a comparison -> its variants, and the number of steps for each task.
COMPARISONS = {
    "swap": (SWAPS, SWAP_BUDGETS),
    "ablation": (ABLATIONS, ABLATION_BUDGETS),
    "tuning": ({name: ABLATIONS[name] for name in TUNING}, ABLATION_BUDGETS),
}
#: Name of a comparison -> its seeds.
SEEDS = {"swap": REPORTING_SEEDS[:3], "ablation": REPORTING_SEEDS[:3], "tuning": TUNING_SEEDS[:16]}


def learn_variant(name, task_name, variant, seed):
    """Train a variant on a task; return its score and how closely it follows commands."""
    variants, budgets = COMPARISONS[name]
    agent, task, n_timesteps = variants[variant](), TASKS[task_name], budgets[task_name]
    row = train_agent(agent, task.env, seed, n_timesteps=n_timesteps, every=n_timesteps)[-1]
    correlation, error = command_following(evaluate_commands(agent, task.env))
    return {name: [row | {"correlation": round(correlation, 3), "error": round(error, 4)}]}
