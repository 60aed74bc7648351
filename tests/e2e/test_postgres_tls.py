"""PostgreSQL, whose TLS library knows no ML-DSA, with a classical certificate of the platform's."""

import shutil
import subprocess
import tempfile

import pytest

from harness import BIN, Postgres


@pytest.fixture
def certified(new_server, tmp_path):
    """A PostgreSQL that shows a certificate of the running CA for localhost, and the roots for it."""
    issuer = new_server().init().start()
    chain, key, roots = tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "roots.pem"
    issuer.qapi("ca", "create", "classical", "--classical")
    issuer.qapi("ca", "identity", "create", "postgresql", "--key-type", "ECDSA-P256", "--dns", "localhost")
    issuer.qapi("cert", "issue", "postgresql", "--key-type", "ECDSA-P256", "--key-out", str(key), "--out-chain", str(chain),
                "--out-ca", str(roots))
    cluster = Postgres(tempfile.mkdtemp(prefix="quantumapi-pg-"))
    try:
        cluster.stop()
        for file in (chain, key):
            placed = cluster.data / file.name
            shutil.copy(file, placed)
            placed.chmod(0o600)
            if cluster.as_user:
                shutil.chown(placed, "postgres", "postgres")
        cluster.options = "-c ssl=on -c ssl_cert_file=server.pem -c ssl_key_file=server.key -c ssl_min_protocol_version=TLSv1.3"
        cluster.start()
        yield cluster, roots, issuer
    finally:
        cluster.stop("immediate")
        subprocess.run(["rm", "-rf", str(cluster.directory)], check=True)


def verified(cluster, roots):
    return cluster.new_database().replace("127.0.0.1", "localhost") + f"?sslmode=verify-full&sslrootcert={roots}"


def test_the_platform_verifies_its_database_beside_its_own_tls(certified, new_server):
    cluster, roots, _ = certified
    server = new_server()
    server.database = verified(cluster, roots)
    server.init().start()
    # Two TLS libraries in one process: libpq's, and the platform's to its callers.
    sealed = server.qapi("encrypt", "-", stdin="ada@example.org", https=True).stdout
    assert server.qapi("decrypt", "-", stdin=sealed, https=True).stdout == "ada@example.org"
    used = cluster.sql("SELECT count(*) > 0 AND bool_and(ssl) AND min(version) = 'TLSv1.3' FROM pg_stat_ssl "
                       "JOIN pg_stat_activity USING (pid) WHERE datname = 'q1'")
    assert used == "t"
    assert server.stop() == 0


def test_a_database_of_another_root_is_refused(certified, new_server):
    cluster, _, issuer = certified
    server = new_server()
    server.database = verified(cluster, issuer.data / "ca.pem")
    out = subprocess.run([BIN / "quantumapid", "init", *server.store_options(), "--json"], capture_output=True, text=True, timeout=60)
    assert out.returncode == 1 and not out.stdout
    assert "certificate verify failed" in out.stderr
