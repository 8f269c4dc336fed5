"""The private parts of the package that the speed benchmarks measure, under the names of every layout.

`overhead`, `rollouts`, `decision` and others time the same parts on two commits side by side, and these parts may have
other names and modules there. For each part the candidates below are tried in order, the newest name first. This is
the only file of benchmarks/speed that uses private names. It lists former names on purpose: leave it out of a search
and replace, and add the new name in front instead.
"""

from importlib import import_module

_CANDIDATES = {
    "OPEN_ENDED": ["udrl_sklearn._commands:OPEN_ENDED"],
    "env_sources": ["udrl_sklearn._envs._sources:env_sources", "udrl_sklearn._environments:env_sources"],
    "EnvPool": ["udrl_sklearn._envs._pool:EnvPool", "udrl_sklearn._pool:EnvPool"],
    "EpisodeSpec": ["udrl_sklearn._rollout._vector_rollout:EpisodeSpec", "udrl_sklearn._lanes:EpisodePlan"],
    "collect_episodes": ["udrl_sklearn._rollout._collect:collect_episodes", "udrl_sklearn._rollout:collect_episodes"],
    "CompiledEstimator": [
        "udrl_sklearn._behavior._compiled_estimator:CompiledEstimator",
        "udrl_sklearn._behavior._tree_inference:CompiledEstimator",
        "udrl_sklearn._behavior._tree_inference:Fitted",
        "udrl_sklearn._inference:Fitted",
    ],
    "compile_predictor": [
        "udrl_sklearn._behavior._tree_inference:compile_predictor",
        "udrl_sklearn._behavior._tree_inference:fast_predictor",
        "udrl_sklearn._inference:fast_predictor",
    ],
}


def _find(name):
    """Return the first candidate that this version of the package has."""
    for candidate in _CANDIDATES[name]:
        module, attribute = candidate.split(":")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError):
            continue
    raise ImportError(
        f"This version of udrl_sklearn has none of {', '.join(_CANDIDATES[name])}; add the new name of {name} to "
        f"{__file__}."
    )


OPEN_ENDED = _find("OPEN_ENDED")
env_sources = _find("env_sources")
EnvPool = _find("EnvPool")
EpisodeSpec = _find("EpisodeSpec")
collect_episodes = _find("collect_episodes")
CompiledEstimator = _find("CompiledEstimator")
compile_predictor = _find("compile_predictor")

#: The method of `CompiledEstimator` that predicts without the estimator.
PREDICT_FAST = "predict_fast" if hasattr(CompiledEstimator, "predict_fast") else "fast"


def exploring_actor(agent):
    """Return what selects the actions of a fitted agent under the open-ended command while it explores."""
    actor = agent.actor if hasattr(agent, "actor") else agent._actor
    return actor(OPEN_ENDED, deterministic=False)
