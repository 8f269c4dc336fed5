"""`udrl train`."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
from click.core import ParameterSource
from sklearn.utils._pprint import _changed_params

from udrl_sklearn import recipes
from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior import check_estimator_kind
from udrl_sklearn._environments import env_sources
from udrl_sklearn._plot import TrainingCurveDisplay
from udrl_sklearn._pool import EnvPool
from udrl_sklearn._runs._estimators import UnknownEstimator, make_estimator
from udrl_sklearn._runs._run_folder import Run, environment
from udrl_sklearn._spaces import ActionTargets

from ._evaluate import measure
from ._group import INTERRUPTED, examples, save, udrl
from ._options import PARAMETERS, Pair, agent_options, read_defaults, read_recipe
from ._progress import after_iteration, progress_bar


class TrainCommand(click.Command):
    """Shows the options of a run before the parameters of the agent."""

    def format_options(self, ctx, formatter):
        """Write both lists."""
        for title, wanted in (("Options", False), ("Parameters of the agent", True)):
            with formatter.section(title):
                formatter.write_dl(
                    [
                        record
                        for param in self.get_params(ctx)
                        if (param.name in PARAMETERS) == wanted and (record := param.get_help_record(ctx))
                    ]
                )


@udrl.command(
    cls=TrainCommand,
    params=agent_options(),
    epilog=examples(
        "udrl train --env CartPole-v1 --estimator RandomForestClassifier --set min_samples_leaf=10 --seed 42",
        "udrl train --env LunarLander-v3 --env-set gravity=-5 --total-timesteps 250000",
        "udrl train --env Acrobot-v1 --estimator xgboost.XGBClassifier --set n_estimators=50",
        "udrl train --env CartPole-v1 --estimator neural --recipe SRIVASTAVA_2019",
        "udrl train --config runs/cartpole/config.yaml --seed 43 --out runs/cartpole-43",
    ),
)
@click.option("--env", required=True, help="Id of the environment, as CartPole-v1 or some_package:SomeEnv-v0.")
@click.option("--env-set", type=Pair(), multiple=True, help="Keyword argument of the environment; may be repeated.")
@click.option("--estimator", help="Class of scikit-learn, dotted path of another, or neural. [default: a forest]")
@click.option("--set", type=Pair(), multiple=True, help="Parameter of the estimator; may be repeated.")
@click.option(
    "--recipe",
    type=click.Choice(recipes.__all__, case_sensitive=False),
    callback=read_recipe,
    is_eager=True,
    expose_value=False,
    help="Start from a published set of parameters.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    callback=read_defaults,
    is_eager=True,
    expose_value=False,
    help="YAML file with any of these options, as the config.yaml of a run. Options given here win.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The run folder. [default: one in runs/]")
@click.option("--force", is_flag=True, help="Write over a run that is there already.")
@click.option("--episodes", type=click.IntRange(1), default=100, help="Episodes of the evaluation in the end.")
@click.pass_context
def train(ctx, **options):
    """Train an agent and leave it in a run folder.

    The folder holds the configuration, versions, history, evaluation, agent and training curve. Ctrl-C ends the
    training early and keeps what was learned.
    """
    out, force, n_episodes = (options.pop(name) for name in ("out", "force", "episodes"))
    config, agent = _set_up(ctx, options)
    out = out or Path("runs", f"{config['env'].split(':')[-1]}-{config['estimator']}-{config['random_state']}")
    run = _empty_run(out, force)
    run.write_config(config)
    click.echo(f"Training {run.title}, run folder {run.path}")
    interrupted = False
    with progress_bar(agent.total_timesteps, "Learning") as bar:
        try:
            agent.set_callbacks(after_iteration(bar)).fit(run.env)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            agent.set_callbacks()
    _keep(run, agent, interrupted, n_episodes)
    if interrupted:
        ctx.exit(INTERRUPTED)


def _set_up(ctx, options):
    """Return the whole configuration, as dict, and an unfitted agent that is made of it."""
    given = _pairs(ctx, "set", of="estimator")
    env_params = _pairs(ctx, "env_set", of="env")
    with _usage_error(ctx, "--env"):
        env = environment({"env": options["env"], "env_set": env_params})
        with EnvPool(env_sources(env)) as pool:
            action_space = pool.spaces()[1]
            targets = ActionTargets.from_space(action_space)
    with _usage_error(ctx, "--estimator"):
        estimator = make_estimator(options["estimator"], given, is_discrete=targets.is_discrete)
        check_estimator_kind(estimator, targets, f"The action space {action_space}")
    name = options["estimator"]
    if name is None:
        name, given = type(estimator).__name__, _changed_params(estimator)
    parameters = {parameter: options[parameter] for parameter in PARAMETERS}
    if parameters["random_state"] is None:
        parameters["random_state"] = int(np.random.SeedSequence().generate_state(1)[0])
    config = {"env": options["env"], "env_set": env_params, "estimator": name, "set": given, **parameters}
    value_estimator = parameters.pop("value_estimator")
    if value_estimator is not None:
        value_estimator = make_estimator(value_estimator, {})
    return config, UDRLAgent(estimator, value_estimator=value_estimator, **parameters)


def _pairs(ctx, name, of):
    """Return names and values given by an option; those of the configuration count if they are of the same thing."""
    configured = ctx.default_map or {}
    known = dict(configured.get(name, [])) if ctx.params[of] == configured.get(of) else {}
    is_given = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    return known | dict(ctx.params[name]) if is_given else known


@contextmanager
def _usage_error(ctx, option):
    """Show errors as those of an option."""
    try:
        yield
    except (UnknownEstimator, ValueError, TypeError, ImportError) as error:
        raise click.BadParameter(str(error), ctx, param_hint=option) from error


def _empty_run(path, force):
    """Return a run folder with nothing in it."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        if not (path / "config.yaml").exists():
            raise click.ClickException(f"{path} exists and is no run folder. Choose another one with --out.")
        if (path / "history.csv").exists() and not force:
            raise click.ClickException(f"{path} holds a run already. Choose another --out, or add --force.")
        shutil.rmtree(path)
    return Run(path)


def _keep(run, agent, interrupted, n_episodes):
    """Write down what was learned, however far it got."""
    if not getattr(agent, "history_", None):
        raise click.ClickException(
            f"Interrupted before anything was learned; {run.path} holds the configuration alone."
        )
    if not hasattr(agent, "behavior_"):
        run.write_history(agent.history_)
        raise click.ClickException(f"Interrupted before anything was learned; the history is in {run.path}.")
    run.write_agent(agent)
    ended = "Interrupted after" if interrupted else "After"
    click.echo(f"{ended} {agent.n_timesteps_:,} steps, {agent.n_episodes_:,} episodes")
    if not interrupted:
        click.echo(measure(run, agent, "max", n_episodes, seed=0))
    save(TrainingCurveDisplay.from_estimator(agent).figure_, run.path / "training_curve.png")
    click.echo(f"Look at it: udrl evaluate {run.path}, udrl play {run.path}, udrl explain {run.path}")
