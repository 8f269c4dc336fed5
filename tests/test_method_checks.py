"""Each check of methods fails a method that breaks the promise, and passes the methods of the library."""

from numbers import Integral

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils._param_validation import Interval

from udrl_sklearn import Command, UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted, Learned, LearningMethod, ReturnConditioned, relabel
from udrl_sklearn.utils.estimator_checks import check_method, method_checks_generator


class BestEpisodes(LearningMethod):
    """Imitates the best episodes."""

    _parameter_constraints: dict = {"n_best": [Interval(Integral, 1, None, closed="left")]}

    def __init__(self, n_best=5):
        self.n_best = n_best

    def update(self, buffer, learned, fitter, rng):
        return Learned(exact=fitter.fit(learned.exact, relabel(buffer.best(self.n_best)), None, rng))


@pytest.mark.slow
@pytest.mark.parametrize(
    "method",
    [AdvantageWeighted(), AdvantageWeighted(finetune_fraction=0.2), ReturnConditioned(), BestEpisodes()],
    ids=str,
)
def test_method_passes(method):
    assert {result["status"] for result in check_method(method)} == {"passed"}


class AltersItsParameter(BestEpisodes):
    def __init__(self, n_best=5):
        self.n_best = n_best or 5
        self.n_updates = 0


class HasNoConstraint(BestEpisodes):
    _parameter_constraints: dict = {}


class TakesAnyValue(BestEpisodes):
    _parameter_constraints: dict = {"n_best": "no_validation"}


class IgnoresSetParams(BestEpisodes):
    def set_params(self, **params):
        return self


class KeepsState(BestEpisodes):
    def update(self, buffer, learned, fitter, rng):
        self.n_updates = getattr(self, "n_updates", 0) + 1
        return super().update(buffer, learned, fitter, rng)


class HasOwnGenerator(BestEpisodes):
    def update(self, buffer, learned, fitter, rng):
        rows = relabel(buffer.episodes)
        rows = rows.take(np.random.default_rng().integers(len(rows.actions), size=3))
        return Learned(exact=fitter.fit(None, rows, None, rng))


class UsesGlobalGenerator(BestEpisodes):
    def update(self, buffer, learned, fitter, rng):
        np.random.random()
        return super().update(buffer, learned, fitter, rng)


class DropsEpisodes(BestEpisodes):
    def update(self, buffer, learned, fitter, rng):
        buffer.add(buffer.best(1))
        return super().update(buffer, learned, fitter, rng)


class LearnsNothing(BestEpisodes):
    def update(self, buffer, learned, fitter, rng):
        return Learned()


class FinalizesInPlace(BestEpisodes):
    def finalize(self, buffer, learned, fitter, rng):
        rows = relabel(buffer.episodes)
        learned.exact.fit(np.hstack([rows.observations, rows.commands]), 0 * rows.actions, None, rng)
        return learned


class AsksForNoSteps(BestEpisodes):
    def exploration_commands(self, buffer, n_commands, rng):
        return np.column_stack([np.ones(n_commands), np.zeros(n_commands)])


class ExploresAtRandom(BestEpisodes):
    def exploration_commands(self, buffer, n_commands, rng):
        return np.column_stack([np.random.default_rng().random(n_commands), np.ones(n_commands)])


class ForgetsWhileExploring(BestEpisodes):
    def exploration_commands(self, buffer, n_commands, rng):
        buffer.add(buffer.best(1))
        return super().exploration_commands(buffer, n_commands, rng)


class FinetunesOnly(BestEpisodes):
    def n_finetune_timesteps(self, total_timesteps):
        return total_timesteps


class FinetunesOpenEnded(BestEpisodes):
    def n_finetune_timesteps(self, total_timesteps):
        return total_timesteps // 2

    def finetune_commands(self, buffer, n_commands, rng):
        return np.zeros((n_commands, 2))


class ResolvesToWhatItHasNotLearned(BestEpisodes):
    def resolve(self, command, learned, buffer):
        return Command(0.0, 0.0)


class LeavesOutTheHorizon(BestEpisodes):
    def resolve(self, command, learned, buffer):
        return Command(1.0, np.nan)


class HasNoBestHorizon(BestEpisodes):
    def best_command(self, buffer):
        return Command(3.0)

    def resolve(self, command, learned, buffer):
        return Command(3.0, 4.0)


class CollectsNothing(BestEpisodes):
    def n_timesteps_per_iter(self, n_timesteps):
        return 0


class NeverEndsItsWarmUp(BestEpisodes):
    def is_informative(self, buffer):
        return False


class ImitatesTheWorst(BestEpisodes):
    def update(self, buffer, learned, fitter, rng):
        order = np.argsort(buffer.returns)[: self.n_best]
        rows = relabel([buffer.episodes[i] for i in order])
        return Learned(exact=fitter.fit(learned.exact, rows._replace(commands=0 * rows.commands), None, rng))


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (AltersItsParameter, "check_method_init_only_assigns"),
        (HasNoConstraint, "check_method_constraints"),
        (TakesAnyValue, "check_method_constraints"),
        (IgnoresSetParams, "check_method_parameters_are_nested"),
        (KeepsState, "check_method_is_stateless"),
        (HasOwnGenerator, "check_method_update_is_reproducible"),
        (UsesGlobalGenerator, "check_method_update_is_reproducible"),
        (DropsEpisodes, "check_method_update_is_reproducible"),
        (LearnsNothing, "check_method_learned_acts"),
        (FinalizesInPlace, "check_method_finalize_changes_nothing"),
        (AsksForNoSteps, "check_method_exploration_commands"),
        (ExploresAtRandom, "check_method_exploration_commands"),
        (ForgetsWhileExploring, "check_method_exploration_commands"),
        (FinetunesOnly, "check_method_finetuning"),
        (FinetunesOpenEnded, "check_method_finetuning"),
        (ResolvesToWhatItHasNotLearned, "check_method_resolve"),
        (LeavesOutTheHorizon, "check_method_resolve"),
        (HasNoBestHorizon, "check_method_resolve"),
        (CollectsNothing, "check_method_counts"),
        (NeverEndsItsWarmUp, "check_method_counts"),
        (ImitatesTheWorst, "check_method_learns"),
    ],
)
def test_broken_method_fails_the_check_meant_for_it(broken, check):
    agent = UDRLAgent(DecisionTreeClassifier(), method=broken())
    with pytest.raises(AssertionError):
        checks_by_name(broken())[check](agent)


def checks_by_name(method):
    return {check.func.__name__: check for _, check in method_checks_generator(method)}


def test_each_check_has_a_method_that_fails_it():
    (mark,) = test_broken_method_fails_the_check_meant_for_it.pytestmark
    assert checks_by_name(BestEpisodes()).keys() == {check for _, check in mark.args[1]}


def test_a_method_without_update_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        LearningMethod()


def test_check_method_refuses_what_is_no_method():
    with pytest.raises(TypeError, match="Expected an instance of a LearningMethod, got"):
        check_method("advantage")
    with pytest.raises(TypeError, match="Expected an instance of a LearningMethod, got"):
        check_method(AdvantageWeighted)
