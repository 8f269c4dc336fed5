"""`udrl demo`."""

import click

from ._group import examples, udrl
from ._options import IntType


@udrl.command(epilog=examples("udrl demo", "udrl demo --port 9000 --no-browser"))
@click.option("--port", type=IntType(1, 65535), default=8080, show_default=True, help="Port of the server.")
@click.option("--browser/--no-browser", default=True, help="Open the page in a browser.  [default: browser]")
def demo(port: int, browser: bool) -> None:
    """Train, command, watch and explain an agent on a web page.

    The server accepts connections from this machine only. Ctrl-C ends it.
    """
    try:
        from udrl_sklearn._demo._page import serve
    except ImportError as error:
        raise click.ClickException(
            f"The demo needs {error.name}, which is not installed. Install it with: pip install 'udrl_sklearn[demo]'"
        ) from error
    click.echo(f"http://127.0.0.1:{port}")
    serve(port, browser)
