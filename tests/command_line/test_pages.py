"""The commands of the documentation, and what they print."""

import re
from pathlib import Path

import pytest
from udrl_program import run_udrl


def console_blocks(page):
    """Return the commands of a page, each with the lines of its output that are quoted."""
    text = (Path(__file__).parents[2] / page).read_text()
    blocks = "".join(re.findall(r"^```console\n(.*?)^```$", text, flags=re.M | re.S))
    return re.findall(r"^\$ udrl (.*)\n((?:(?!\$).*\n)*)", blocks, flags=re.M)


def without_numbers(text):
    """Return the words of a text. Numbers may differ on another machine, and so the spaces before them."""
    return re.sub(r"-?[\d.,]*\d", "0", text).split()


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/command_line.md"])
def test_commands_of_pages_print_what_is_quoted(page):
    commands = console_blocks(page)
    assert commands
    for line, quoted in commands:
        output = run_udrl(line.replace("--total-timesteps 250000", "--total-timesteps 3000"))  # minutes otherwise
        quoted = without_numbers(quoted.partition("...")[0])
        assert without_numbers(output)[: len(quoted)] == quoted, line


def test_quoted_error_is_printed():
    text = (Path(__file__).parents[2] / "docs/command_line.md").read_text()
    ((line, message),) = re.findall(r"^```text\n\$ udrl (.*)\n(Error: .*)\n```$", text, flags=re.M)
    assert message in run_udrl(line, exit_code=2)
