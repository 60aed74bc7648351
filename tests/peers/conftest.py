import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from counting import pytest_terminal_summary  # noqa: E402,F401
from fixtures import *  # noqa: E402,F401,F403
