"""`udrl train`."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import gymnasium
import numpy as np
from sklearn.utils._pprint import _changed_params

from udrl_sklearn import UDRLAgent, recipes
from udrl_sklearn._behavior._default_estimators import check_estimator_kind
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._envs._spaces import ActionTargets
from udrl_sklearn._inspection._plot import TrainingCurveDisplay
from udrl_sklearn._runs._config import Config, make_config, title_parts
from udrl_sklearn._runs._estimators_by_name import EstimatorError, make_estimator
from udrl_sklearn._runs._methods import DEFAULT_METHOD
from udrl_sklearn._runs._run_folder import Run, env_with_params

from ._defaults import merge_pairs, read_defaults, read_recipe
from ._evaluate import evaluate_run
from ._group import INTERRUPTED, examples, save_figure, udrl
from ._method_options import METHOD_OPTIONS, MethodType, make_method
from ._options import IntType, PairType, SectionedCommand, parameter_names, parameter_options
from ._progress import count_timesteps, progress_bar

NOT_PARAMETERS = ("estimator", "method")  # these have options of their own: --estimator, --set and --method
AGENT_PARAMETERS = parameter_names(UDRLAgent, exclude=NOT_PARAMETERS)


@udrl.command(
    cls=SectionedCommand,
    params=[
        *parameter_options(
            {"Parameters of the agent": UDRLAgent}, exclude=NOT_PARAMETERS, aliases={"random_state": "--seed"}
        ),
        *METHOD_OPTIONS,
    ],
    epilog=examples(
        "udrl train --env CartPole-v1 --estimator RandomForestClassifier --set min_samples_leaf=10 --seed 42",
        "udrl train --env LunarLander-v3 --env-set gravity=-5 --total-timesteps 250000",
        "udrl train --env Acrobot-v1 --estimator xgboost.XGBClassifier --set n_estimators=50",
        "udrl train --env CartPole-v1 --estimator neural --recipe srivastava_2019",
        "udrl train --env CartPole-v1 --method ReturnConditioned --last-few 20",
        "udrl train --config runs/cartpole/config.yaml --seed 43 --out runs/cartpole-43",
    ),
)
@click.option("--env", required=True, help="Id of the environment: CartPole-v1, or some_package:SomeEnv-v0.")
@click.option("--env-set", type=PairType(), multiple=True, help="Keyword argument of the environment; can be repeated.")
@click.option(
    "--estimator",
    help="Class of scikit-learn, dotted path of another class, or neural. [default: a random forest]",
)
@click.option("--set", type=PairType(), multiple=True, help="Parameter of the estimator; can be repeated.")
@click.option(
    "--method",
    type=MethodType(),
    default=DEFAULT_METHOD,
    show_default=True,
    help="Learning method. Its parameters are options too; those of other methods are not allowed.",
)
@click.option(
    "--recipe",
    type=click.Choice(recipes.__all__, case_sensitive=False),
    callback=read_recipe,
    is_eager=True,
    expose_value=False,
    help="Published set of parameters, as defaults of the options.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    callback=read_defaults,
    is_eager=True,
    expose_value=False,
    help="YAML file with defaults of any of these options, such as the config.yaml of a run.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The run folder. [default: a new one in runs/]")
@click.option("--force", is_flag=True, help="Overwrite an existing run.")
@click.option("--episodes", type=IntType(1), default=100, help="Episodes of the final evaluation.")
@click.pass_context
def train(ctx: click.Context, out: Path | None, force: bool, episodes: int, **options: Any) -> None:
    """Train an agent and save it in a run folder.

    The folder contains the configuration, the versions of the packages, the history, an evaluation, the agent and a
    training curve. Ctrl-C ends the training early; the agent is saved as it then is.
    """
    config, agent = _configure(ctx, options)
    run = _empty_run(out or _default_path(config), force)
    run.write_config(config)
    click.echo(f"Training {run.title}, run folder {run.path}")
    is_interrupted = _fit(agent, run)
    _save(run, agent, is_interrupted, episodes)
    if is_interrupted:
        ctx.exit(INTERRUPTED)


def _configure(ctx: click.Context, options: Mapping[str, Any]) -> tuple[Config, UDRLAgent]:
    """Return the whole configuration and an unfitted agent."""
    method = make_method(ctx)
    env_params = merge_pairs(ctx, "env_set", owner="env")
    name, params = options["estimator"], merge_pairs(ctx, "set", owner="estimator")
    with _usage_errors(ctx, "--env"):
        action_space = _action_space(options["env"], env_params)
        targets = ActionTargets.from_space(action_space)
    with _usage_errors(ctx, "--estimator"):
        estimator = make_estimator(name, params, is_discrete=targets.is_discrete)
        check_estimator_kind(estimator, targets, f"The action space {action_space}")
    if name is None:
        name, params = type(estimator).__name__, _changed_params(estimator)
    parameters = {parameter: options[parameter] for parameter in AGENT_PARAMETERS}
    if parameters["random_state"] is None:
        parameters["random_state"] = int(np.random.SeedSequence().generate_state(1)[0])
    agent = UDRLAgent(estimator, method=method, **parameters)
    config = make_config(agent, env=options["env"], env_params=env_params, estimator=name, estimator_params=params)
    return config, agent


def _action_space(env_id: str, env_params: Mapping[str, Any]) -> gymnasium.Space:
    """Return the action space of an environment."""
    with EnvPool(env_sources(env_with_params(env_id, env_params))) as pool:
        return pool.spaces()[1]


@contextmanager
def _usage_errors(ctx: click.Context, option: str) -> Iterator[None]:
    """Show errors as usage errors of an option."""
    try:
        yield
    except (EstimatorError, ValueError, TypeError, ImportError) as error:
        raise click.BadParameter(str(error), ctx, param_hint=option) from error


def _default_path(config: Config) -> Path:
    """Return the run folder of a configuration, if none is given."""
    env_id = config["env"].split(":")[-1].replace("/", "-")  # ALE/Pong-v5 is one name, not a folder in a folder
    names = [env_id, *title_parts(config), str(config["random_state"])]
    return Path("runs", "-".join(names))


def _empty_run(path: Path, force: bool) -> Run:
    """Return an empty run folder. An earlier run in its place is deleted if it is unfinished, or by force."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        if not (path / "config.yaml").exists():
            raise click.ClickException(f"{path} exists and is not a run folder. Choose another path with --out.")
        if (path / "history.csv").exists() and not force:
            raise click.ClickException(f"{path} already contains a run. Choose another --out, or add --force.")
        shutil.rmtree(path)
    return Run(path)


def _fit(agent: UDRLAgent, run: Run) -> bool:
    """Fit an agent, and return whether Ctrl-C ended the training."""
    with progress_bar(agent.total_timesteps, "Training") as bar:
        try:
            agent.set_callbacks(count_timesteps(bar)).fit(run.env)
        except KeyboardInterrupt:
            return True
        finally:
            agent.set_callbacks()
    return False


def _save(run: Run, agent: UDRLAgent, is_interrupted: bool, n_episodes: int) -> None:
    """Write what the training has produced: history, agent, evaluation and training curve."""
    if not getattr(agent, "history_", None):
        raise click.ClickException(
            f"Interrupted before the first iteration was complete. {run.path} contains only the configuration."
        )
    if not hasattr(agent, "behavior_"):
        run.write_history(agent.history_)
        raise click.ClickException(f"Interrupted before the first fit of the estimator. The history is in {run.path}.")
    run.write_agent(agent)
    ended = "Interrupted after" if is_interrupted else "After"
    click.echo(f"{ended} {agent.n_timesteps_:,} steps, {agent.n_episodes_:,} episodes")
    if not is_interrupted:
        click.echo(evaluate_run(run, agent, "max", n_episodes, seed=0))
    display = TrainingCurveDisplay.from_histories([agent.history_], name=run.title)
    save_figure(display.figure_, run.path / "training_curve.png")
    click.echo(f"Next: udrl evaluate {run.path}, udrl play {run.path}, udrl explain {run.path}")
