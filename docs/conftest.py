"""Settings of the guide's doctests."""

import pytest
import sklearn.ensemble  # noqa: F401 (the thread pools to be limited are loaded first)
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Give each test process one thread: several that each take all cores are far slower."""
    with threadpool_limits(limits=1):
        yield
