"""Services on machines of their own: each in a network namespace, with the platform in a third."""

import os
import re
import subprocess

import pytest

from certificates import ML_DSA_65, check_chain
from harness import wait_until
from services import Platform, counts, listening, url

BRIDGE = "10.77.0.1"


def ip(*arguments, inside=()):
    done = subprocess.run([*inside, "ip", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


def network_of(process):
    return os.stat(f"/proc/{process}/ns/net").st_ino


class Machine:
    """A network namespace with one interface, on the bridge of the test's own namespace."""

    def __init__(self, name, address):
        self.address = address
        # Held by a program that ends with the test, however the test ends.
        self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        wait_until(lambda: network_of(self.holder.pid) != network_of("self"), what="a namespace")
        self.inside = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        ip("link", "set", name, "master", "bridge", "up")
        ip("address", "add", f"{address}/24", "dev", "eth0", inside=self.inside)
        for device in ("lo", "eth0"):
            ip("link", "set", device, "up", inside=self.inside)

    def end(self):
        self.holder.stdin.close()
        self.holder.wait(10)


@pytest.fixture
def machines():
    """Two machines on one network, the platform's address on its bridge."""
    if "QUANTUMAPI_OWN_NETWORK" not in os.environ:
        pytest.skip("no network namespace can be made here")
    ip("link", "set", "lo", "up")
    ip("link", "add", "bridge", "type", "bridge")
    ip("address", "add", f"{BRIDGE}/24", "dev", "bridge")
    ip("link", "set", "bridge", "up")
    made = [Machine("gateway", "10.77.0.2"), Machine("notifications", "10.77.0.3")]
    yield made
    for machine in made:
        machine.end()
    ip("link", "delete", "bridge")


def test_two_services_talk_and_renew_across_namespaces_without_a_failed_request(machines, new_server):
    here, there = machines
    platform = Platform(new_server, BRIDGE).start()
    try:
        gateway_id = platform.service("gateway", "2m")
        platform.service("notifications", "2m")
        notifications = platform.run("notifications", there.address, 0, gateway_id, inside=there.inside)
        port = listening(notifications)
        # Its own loopback is another machine's: what is answered below went over the network.
        astray = platform.run("gateway", url(port), "127.0.0.1", 0, inside=here.inside)
        assert astray.result(60) == 1 and counts(astray) == (0, 1)
        gateway = platform.run("gateway", url(port), there.address, 195, inside=here.inside)
        gateway.wait_for("is valid until")
        assert len({network_of(p) for p in ("self", gateway.process.pid, notifications.process.pid)}) == 3
        assert gateway.result(240) == 0, platform.said(gateway, notifications)
        answered, refused = counts(gateway)
        assert refused == 0 and answered > 1000
        # Certificates of two minutes, renewed at 80 s of it: twice in this time, on both sides.
        roots = platform.server.qapi("ca", "pem").stdout
        for name, service in (("gateway", gateway), ("notifications", notifications)):
            serials = re.findall(r"serial ([0-9a-f]{32})\) is valid until", service.text)
            assert len(set(serials)) == len(serials) >= 3, service.text
            ids = {one["serialNumber"]: one["id"] for one in platform.certificates(name)}
            assert set(serials) <= set(ids), "each is the platform's"
            chain = platform.ok("GET", "/certificates/" + ids[serials[-1]])["chainPem"]
            assert check_chain(chain, roots).signature_algorithm_oid.dotted_string == ML_DSA_65
        assert notifications.end() == 0
    finally:
        platform.end()
