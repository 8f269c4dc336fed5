"""Settings of all tests."""

from hypothesis import settings

# The same examples in every run, and no time limit for one: the machines that run these tests are shared.
settings.register_profile("house", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("house")
