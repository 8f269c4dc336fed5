"""The demo: what happens on its page, and the page itself in a browser where there is one."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile

import pytest
import yaml
from PIL import Image

from udrl_sklearn import UDRLAgent
from udrl_sklearn._demo._session import ENVIRONMENTS, ESTIMATORS, Session, available_environments

HEADLESS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def session():
    session = Session()
    session.train("CartPole-v1", "DecisionTree", 1500, 0)
    yield session
    session.close()


def test_an_agent_is_trained_as_python_would(session):
    estimator = session.agent.estimator
    again = UDRLAgent(estimator, total_timesteps=1500, random_state=0).fit("CartPole-v1")
    assert session.history == [(record["timesteps"], record["mean_return"]) for record in again.history_]
    assert session.return_range() == (again.buffer_.returns.min(), again.buffer_.returns.max())


def test_a_training_can_be_stopped():
    session = Session()
    after_iteration = session._after_iteration

    def stop_after_the_second(agent):
        if len(session.history) == 1:
            session.stop()
        return after_iteration(agent)

    session._after_iteration = stop_after_the_second
    session.train("CartPole-v1", "DecisionTree", 1_000_000, 0)
    assert len(session.history) == 2
    session.start_episode((30, 30), seed=0)  # exact commands are learned at the end of a stopped training too
    assert session.runner.next_step.command == (30.0, 30.0)


def test_an_episode_starts_again_and_a_new_training_ends_it(session):
    session.start_episode((30, 30), seed=1)
    session.runner.step()
    assert session.runner.next_step.command == (29.0, 29.0)
    first = session.runner
    session.start_episode("max", seed=1)
    assert (session.runner, session.runner.n_steps) == (first, 0)
    session.train("Acrobot-v1", "DecisionTree", 500, 0)
    assert session.runner is None  # of the agent before
    session.start_episode("max", seed=0)
    assert session.runner.env.spec.id == "Acrobot-v1"


def test_the_run_repeats_on_the_command_line(session, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from udrl_sklearn._cli._app import udrl

    with zipfile.ZipFile(io.BytesIO(session.zip_run())) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert yaml.safe_load((folder / "config.yaml").read_text())["random_state"] == 0
    assert len(json.loads((folder / "evaluation.json").read_text())[0]["returns"]) == 20
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(udrl, ["train", "--config", f"{folder}/config.yaml", "--out", "a", "--episodes", "1"])
    assert result.exit_code == 0, result.output
    configs = [(path / "config.yaml").read_text() for path in (folder, tmp_path / "a")]
    assert configs[0] == configs[1]
    columns = re.compile(r"^(\d+,\d+,\d+,[^,]*,[^,]*,[\d.]+),", flags=re.M)
    texts = [(path / "history.csv").read_text() for path in (folder, tmp_path / "a")]
    assert columns.findall(texts[0]) == columns.findall(texts[1]) != []


def test_episode_is_recorded(session):
    video = Image.open(io.BytesIO(session.record_gif((9, 9), seed=0)))
    assert video.n_frames == session.agent.evaluate("CartPole-v1", command=(9, 9), n_episodes=1).lengths[0] + 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_every_estimator_serves(env_id, estimator):
    session = Session()
    session.train(env_id, estimator, 400, 0)
    session.start_episode("max", seed=0)
    session.runner.next_step.explain()
    session.close()


def test_environments_that_cannot_be_made_are_left_out(monkeypatch):
    assert available_environments() == ENVIRONMENTS
    monkeypatch.setitem(sys.modules, "Box2D", None)  # as if it was not installed
    monkeypatch.delitem(sys.modules, "gymnasium.envs.box2d.lunar_lander", raising=False)
    assert list(available_environments()) == ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "Pendulum-v1"]


@pytest.fixture(scope="module")
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "udrl_sklearn", "demo", "--no-browser", "--port", str(port)]
    # NiceGUI behaves otherwise where it sees that it is tested.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(120):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        assert "Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_the_page_is_served_to_this_machine_alone(address):
    with urllib.request.urlopen(address) as answer:
        assert "udrl_sklearn: train, command, watch, explain" in answer.read().decode()
    port = int(address.rpartition(":")[2])
    with open("/proc/net/tcp") as file:  # local address:port, in hexadecimal, of sockets that listen
        listening = [line.split()[1] for line in file if f":{port:04X} " in line and " 0A " in line]
    assert listening == [f"0100007F:{port:04X}"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium on this machine")
def test_an_agent_is_trained_and_watched_in_a_browser(address, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=HEADLESS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        errors = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.get_by_label("Environment steps").fill("2000")
        page.get_by_role("button", name="Train").click()
        page.get_by_text(re.compile("Trained on [2-9],")).wait_for(timeout=120_000)

        headline = page.get_by_text(re.compile("^step "))
        assert headline.inner_text().startswith("step 0, return 0.0, ")
        page.get_by_role("button", name="Step").click()
        page.get_by_text("step 1, return 1.0").wait_for()
        page.get_by_role("switch").click()
        page.get_by_label("Desired return").fill("30")
        page.get_by_label("Desired horizon").fill("33")
        page.get_by_text("step 1, return 1.0, desired 30.0 in 33 steps").wait_for()
        page.get_by_role("button", name="Play").click()
        page.get_by_text(re.compile(r"step ([5-9]|\d\d+),")).wait_for()
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(300)
        paused = headline.inner_text()
        page.wait_for_timeout(500)
        assert headline.inner_text() == paused
        page.get_by_role("button", name="Reset").click()
        page.get_by_text("step 0, return 0.0, desired 30.0 in 33 steps").wait_for()
        page.screenshot(path=tmp_path / "page.png")

        for name, ending in (("Download GIF", "GIF89a"), ("Download run", "PK")):
            with page.expect_download(timeout=60_000) as download:
                page.get_by_role("button", name=name).click()
            download.value.save_as(tmp_path / "file")
            assert (tmp_path / "file").read_bytes().startswith(ending.encode())
        assert errors == []
        browser.close()
