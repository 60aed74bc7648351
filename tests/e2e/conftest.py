from counting import pytest_terminal_summary  # noqa: F401
from fixtures import *  # noqa: F401,F403
