"""Running the platform from a file: what it says is checked, and taken up again at SIGHUP."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import BIN, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]


def certificate(directory, name):
    """A self-signed P-256 certificate for localhost as openssl makes it; gives chain and key files."""
    chain, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
                    "-keyout", key, "-out", chain], check=True, capture_output=True)
    key.chmod(0o600)
    return chain, key


def ended_certificate(directory):
    """One for localhost whose last day was yesterday, which openssl makes none of."""
    private = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ended")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=3))
            .not_valid_after(now - datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(private, hashes.SHA256()))
    chain, key = directory / "ended.pem", directory / "ended.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    key.chmod(0o600)
    return chain, key


def presented(server):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", server.port), 10) as raw, context.wrap_socket(raw) as tls:
        return tls.getpeercert(binary_form=True)


def der_of(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def entries(server):
    return [json.loads(line) for line in server.logs().splitlines()]


@pytest.fixture
def filed(new_server, tmp_path):
    """A server whose log level and certificate stand in a file."""
    chain, key = certificate(tmp_path, "first")
    server = new_server()
    server.file = tmp_path / "quantumapid.toml"
    server.file.write_text(f'log-level = "info"\ntls = ["{chain},{key}"]\n')
    server.serve_options = ["--config", str(server.file)]
    server.init().start()
    return server


def reload(server, message):
    before = sum(e["message"] == message for e in entries(server))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: sum(e["message"] == message for e in entries(server)) > before, what=message)


def test_sighup_takes_up_certificate_and_log_level_without_dropping_a_connection(filed, tmp_path):
    assert presented(filed) == der_of(tmp_path / "first.pem")
    open_connection = filed.http
    assert open_connection.get("/health").status_code == 200
    assert not any(e["level"] == "debug" for e in entries(filed))
    chain, key = certificate(tmp_path, "second")
    filed.file.write_text(f'log-level = "debug"\ntls = ["{chain},{key}"]\n')
    reload(filed, "reloaded certificates and log level")
    assert presented(filed) == der_of(chain)
    assert open_connection.get("/health").status_code == 200
    wait_until(lambda: any(e["level"] == "debug" for e in entries(filed)), what="debug lines")


@pytest.mark.parametrize("broken", ["certificate", "ended", "folder", "file-folder", "syntax", "option", "absent"])
def test_sighup_with_anything_wrong_leaves_everything_as_it_was(filed, tmp_path, broken):
    chain, key = certificate(tmp_path, "second")
    if broken == "certificate":
        filed.file.write_text(f'log-level = "debug"\ntls = ["{chain},{tmp_path / "first.key"}"]\n')
    elif broken == "ended":
        ended, its_key = ended_certificate(tmp_path)
        filed.file.write_text(f'log-level = "debug"\ntls = ["{ended},{its_key}"]\n')
        chain = ended
    elif broken == "folder":
        chain.unlink()
        chain.mkdir()
        filed.file.write_text(f'log-level = "debug"\ntls = ["{chain},{key}"]\n')
    elif broken == "file-folder":
        filed.file.unlink()
        filed.file.mkdir()
    elif broken == "syntax":
        filed.file.write_text("log-level = debug\n")
    elif broken == "option":
        filed.file.write_text(f'log-levels = "debug"\ntls = ["{chain},{key}"]\n')
    else:
        filed.file.unlink()
    filed.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "nothing was reloaded" in filed.logs(), what="the refusal")
    refusal = next(e for e in entries(filed) if e["message"] == "nothing was reloaded")
    named = chain if broken in ("certificate", "ended", "folder") else filed.file
    assert str(named) in refusal["reason"], "the log says why"
    assert presented(filed) == der_of(tmp_path / "first.pem")
    assert filed.http.get("/health").status_code == 200
    assert '"debug"' not in filed.logs()


def test_config_check_names_each_fault_with_its_line(tmp_path):
    file = tmp_path / "quantumapid.toml"
    file.write_text('data = "/srv"\nio-threads = 999\nnonsense = 1\n')
    out = subprocess.run([BIN / "quantumapid", "config", "check", "--config", file], capture_output=True, text=True)
    assert out.returncode == 1 and not out.stdout
    lines = out.stderr.splitlines()
    assert len(lines) == 2
    assert any(line.startswith(f"{file}:2:1: io-threads: ") for line in lines)
    assert f"{file}:3:1: nonsense: there is no such option" in lines


def test_config_check_names_empty_variables_which_give_nothing(tmp_path):
    file = tmp_path / "quantumapid.toml"
    file.write_text(f'data = "{tmp_path}"\nlisten-plain = ["0.0.0.0:80"]\n')
    def check():
        return subprocess.run([BIN / "quantumapid", "config", "check", "--config", file], capture_output=True, text=True,
                              env=os.environ | {"QUANTUMAPID_LISTEN_PLAIN": "", "QUANTUMAPID_HOST": ""})
    out = check()
    assert out.returncode == 1 and out.stderr.startswith(f"{file}:2:1: listen-plain: plain HTTP")
    file.write_text(f'data = "{tmp_path}"\n')
    out = check()
    assert out.returncode == 0 and "nothing is wrong" in out.stdout
    assert out.stderr.splitlines() == [f"note: QUANTUMAPID_{name} is empty, which is as if it were not set"
                                       for name in ("LISTEN_PLAIN", "HOST")]


@pytest.mark.parametrize("text, fault", [
    ('database = "mysql://x"\nkey-journal = "/j"', "1:1: database: is neither postgres://"),
    ('database = "postgres://u:s3cret@[bad/x"\nkey-journal = "/j"', "1:1: database: is neither postgres://"),
    ('key-journal = "/j"\ndatabase = "postgres://h/x?sslmode=bogus"', "2:1: database: has an sslmode"),
    ('log-level = "info"\ndatabase = "postgres://h/x"', "2:1: --key-journal is required with --database"),
    ('key-journal = ""', "1:1: key-journal: is empty"),
    ('tls = ["/tmp,/tmp"]', "1:1: tls: can't read /tmp: Is a directory"),
])
def test_config_check_finds_what_cannot_work(tmp_path, text, fault):
    file = tmp_path / "quantumapid.toml"
    file.write_text(text + '\n' + ("" if text.startswith("data") else 'data = "/srv"\n'))
    file.chmod(0o600)
    out = subprocess.run([BIN / "quantumapid", "config", "check", "--config", file], capture_output=True, text=True)
    assert out.returncode == 1 and out.stderr.startswith(f"{file}:{fault}"), out
    assert len(out.stderr.splitlines()) == 1 and "s3cret" not in out.stderr


def test_a_fault_of_certificates_names_its_file(tmp_path):
    chain, key = certificate(tmp_path, "good")
    ended, its_key = ended_certificate(tmp_path)
    rsa = tmp_path / "rsa.key"
    subprocess.run(["openssl", "genrsa", "-out", rsa, "2048"], check=True, capture_output=True)
    for pair, named in (((chain, rsa), rsa), ((chain, chain), chain), ((chain, its_key), chain), ((ended, its_key), ended)):
        file = tmp_path / "quantumapid.toml"
        file.write_text(f'data = "/srv"\ntls = ["{pair[0]},{pair[1]}"]\n')
        out = subprocess.run([BIN / "quantumapid", "config", "check", "--config", file], capture_output=True, text=True)
        assert out.returncode == 1 and f"{file}:2:1: tls: {named}: " in out.stderr, out
    folder = subprocess.run([BIN / "quantumapid", "config", "check", "--config", tmp_path], capture_output=True, text=True)
    assert folder.returncode == 1 and f"can't read {tmp_path}: Is a directory" in folder.stderr


def check_text(tmp_path, text):
    """What `config check` says of a file with this text, each fault without the file's own path."""
    file = tmp_path / "quantumapid.toml"
    file.write_text(text)
    out = subprocess.run([BIN / "quantumapid", "config", "check", "--config", file], capture_output=True, text=True)
    assert out.returncode == (1 if out.stderr else 0)
    return [line.removeprefix(f"{file}:") for line in out.stderr.splitlines()]


def test_config_check_looks_for_the_paths_that_serve_needs(tmp_path):
    data, file, absent = tmp_path / "data", tmp_path / "file", tmp_path / "absent"
    data.mkdir()
    file.write_text("")
    nothing = "there is no such directory"
    for text, fault in ((f'data = "{absent}"\n', f"1:1: data: {absent}: {nothing} (quantumapid init makes it)"),
                        (f'data = "{file}"\n', f"1:1: data: {file}: is not a directory"),
                        (f'data = "{data}"\nseal-file = "{absent}"\n', f"2:1: seal-file: {absent}: there is no such file (quantumapid init makes it)"),
                        (f'data = "{data}"\nkey-journal = "{absent}/j"\n', f"2:1: key-journal: {absent}: {nothing}"),
                        (f'data = "{data}"\nkey-journal = "{data}"\n', f"2:1: key-journal: {data}: is a directory"),
                        (f'data = "{data}"\naudit-checkpoint-file = "{absent}/c"\n', f"2:1: audit-checkpoint-file: {absent}: {nothing}")):
        assert check_text(tmp_path, text) == [fault]
    assert check_text(tmp_path, f'data = "{data}"\nseal-file = "{file}"\nkey-journal = "{data}/j"\naudit-checkpoint-file = "{file}"\n') == []
    assert not list(data.iterdir()), "looking makes nothing"
    # Where it is started from has no part in it.
    (tmp_path / "q.toml").write_text(f'data = "{data}"\nio-threads = 2\nlog-level = "info"\n')
    (tmp_path / "gone").mkdir()
    script = f'cd {tmp_path}/gone && rmdir {tmp_path}/gone && exec {BIN / "quantumapid"} config check --config {tmp_path / "q.toml"}'
    out = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert (out.returncode, out.stderr) == (0, "")


def test_config_check_names_every_bad_address_and_the_one_given_twice(tmp_path):
    faults = check_text(tmp_path, 'data = "/srv"\nlisten = ["nowhere", "127.0.0.1:1", "127.0.0.1:99999"]\n')
    assert len(faults) == 2 and all(fault.startswith("2:1: listen: ") for fault in faults)
    assert "nowhere" in faults[0] and "127.0.0.1:99999" in faults[1]
    twice = "another listener has port 8443 there"
    assert check_text(tmp_path, 'data = "/srv"\nlisten-plain = ["127.0.0.1:8443"]\n') == [f"2:1: listen-plain: 127.0.0.1: {twice}"]
    assert check_text(tmp_path, 'data = "/srv"\nlisten = ["0.0.0.0:8443", "127.0.0.1:8443"]\n') == [f"2:1: listen: 127.0.0.1: {twice}"]
    assert check_text(tmp_path, 'data = "/srv"\nlisten = ["127.0.0.1:1"]\nlisten-plain = ["127.0.0.1:1"]\n') == ["3:1: listen-plain: 127.0.0.1: another listener has port 1 there"]
    assert check_text(tmp_path, 'data = "/srv"\nlisten = ["[::]:1"]\nlisten-plain = ["127.0.0.1:1"]\n') == ["3:1: listen-plain: 127.0.0.1: another listener has port 1 there"]
    assert check_text(tmp_path, 'data = "/srv"\nlisten = ["127.0.0.1:8444"]\nlisten-plain = ["127.0.0.1:8443"]\n') == []
    assert check_text(tmp_path, 'data = "/srv"\nlisten = ["127.0.0.1:0", "127.0.0.1:0", "[::1]:8443", "127.0.0.1:8443"]\n') == []


def test_config_check_passes_what_serve_takes(tmp_path):
    file = tmp_path / "quantumapid.toml"
    file.write_text('data = "/srv"\nlisten = ["127.0.0.1:8443"]\nworker_threads = 8\n')
    out = subprocess.run([BIN / "quantumapid", "config", "check", "--config", file], capture_output=True, text=True)
    assert (out.returncode, out.stderr) == (0, "") and "nothing is wrong" in out.stdout


@pytest.mark.parametrize("command", ["init", "serve"])
def test_each_option_is_in_the_help_with_its_variable(command):
    out = subprocess.run([BIN / "quantumapid", command, "--help"], capture_output=True, text=True)
    assert out.returncode == 0
    assert not re.search(r"[^\n -~]", out.stdout), "a help that a terminal can show"
    lines = re.findall(r"^  (?:-h,)?(--[a-z-]+)(.*)$", out.stdout, re.M)
    assert {"--data", "--database", "--config"} <= {name for name, _ in lines}
    without = {name for name, rest in lines if f"[QUANTUMAPID_{name[2:].replace('-', '_').upper()}]" not in rest}
    assert without == {"--help", {"init": "--json", "serve": "--accept-key-journal"}[command]}


def test_variables_alone_make_and_run_a_platform(new_server, tmp_path):
    data = tmp_path / "named" / "data"
    data.parent.mkdir()
    server = new_server(env={"QUANTUMAPID_DATA": str(data), "QUANTUMAPID_SEAL_FILE": str(tmp_path / "root.seal"),
                             "QUANTUMAPID_TENANT": "first", "QUANTUMAPID_SERVER_KEYS": "true", "QUANTUMAPID_LOG_LEVEL": "debug",
                             "QUANTUMAPID_LISTEN": "127.0.0.1:0", "QUANTUMAPID_LISTEN_PLAIN": "127.0.0.1:0"})
    server.store_options = lambda: []
    server.listen_options = []
    server.init().start()
    assert (tmp_path / "root.seal").exists() and (data / "ca.pem").exists() and not (data / "root.seal").exists()
    assert server.http.get("/api/v1/certificate-policy").json()["serverKeys"]
    assert '"debug"' in server.logs()


@pytest.mark.parametrize("arguments", [["serve", "--data", "d", "--nonsense"], ["init", "--data", "d", "--listen", "127.0.0.1:1"],
                                       ["serve", "--data", "d", "extra"], ["nonsense"], [], ["serve"],
                                       ["serve", "--data", "d", "--io-threads", "many"], ["serve", "--data", "d", "--log-level", "loud"]],
                         ids=" ".join)
def test_what_is_no_option_stops_the_program_and_makes_nothing(tmp_path, arguments):
    out = subprocess.run([BIN / "quantumapid", *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert out.returncode == 2 and not out.stdout and not list(tmp_path.iterdir())
    named = next((a for a in ("--nonsense", "--listen", "extra", "many", "loud") if a in arguments), "")
    assert named in out.stderr and len(out.stderr.splitlines()) <= 2


def test_plain_http_is_served_when_asked_for_alone(new_server):
    server = new_server().init()
    server.listen_options = ["--listen", "127.0.0.1:0"]
    server.launch()
    wait_until(lambda: '"listening"' in server.logs(), 30, "listening")
    assert [e["scheme"] for e in entries(server) if e["message"] == "listening"] == ["https"]
    inodes = {os.readlink(link) for link in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir() if os.path.islink(link)}
    rows = [line.split() for kind in ("tcp", "tcp6") for line in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]
    assert len(listening) == 1, "one listener, the one that was named"
    out = subprocess.run([BIN / "quantumapid", "serve", "--data", server.data, "--listen-plain", "0.0.0.0:0"], capture_output=True, text=True)
    assert out.returncode == 2 and "loopback addresses only" in out.stderr


def test_the_server_leaves_no_core_dump_and_lets_nobody_look_in(new_server):
    server = new_server().init().start()
    process = pathlib.Path(f"/proc/{server.process.pid}")
    assert re.search(r"Max core file size +0 +0 ", (process / "limits").read_text())
    # PR_SET_DUMPABLE 0: what lies in /proc is root's, and only who has CAP_SYS_PTRACE may trace.
    assert (process / "mem").stat().st_uid == 0 and (process / "environ").stat().st_uid == 0
    look = "import os, sys; open(f'/proc/{sys.argv[1]}/mem', 'rb')"
    if os.geteuid() == 0:
        if shutil.which("capsh") is None and shutil.which("setpriv") is None:
            return
        out = subprocess.run(["setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all", sys.executable,
                              "-c", look, str(server.process.pid)], capture_output=True, text=True)
    else:
        out = subprocess.run([sys.executable, "-c", look, str(server.process.pid)], capture_output=True, text=True)
    assert out.returncode != 0 and "PermissionError" in out.stderr


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_init_warns_of_the_root_key_file_on_standard_error(new_server, options):
    server = new_server()
    out = subprocess.run([BIN / "quantumapid", "init", *server.store_options(), *options], capture_output=True, text=True)
    assert out.returncode == 0
    assert f"WARNING: the root key lies in the file {server.data}/root.seal (mode 0600)." in out.stderr
    assert 'docs/operations.md, "The root key"' in out.stderr and "WARNING" not in out.stdout
    if options:
        assert set(json.loads(out.stdout)) == {"api_key", "tenant_id"}


def test_dev_run_shows_the_warning_with_the_place_where_the_root_key_stays(tmp_path):
    """The function of ./dev run that makes the platform, alone."""
    script = f'''set -eu; ROOT={ROOT}; say() {{ echo "$*"; }}; fail() {{ echo "$1" >&2; exit 1; }}
. "$ROOT/tools/dev/run.sh"; create "{BIN}" "{tmp_path}/data"; echo "key $key"'''
    out = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert out.returncode == 0 and "key qapi_" in out.stdout
    assert (tmp_path / "data/root.seal").exists()
    assert f"the root key lies in the file {tmp_path}/data/root.seal (mode 0600)" in out.stderr


def left_in(server):
    """All files of a server by path, with their octets; the lock and SQLite's logs are the process's."""
    return {path: path.read_bytes() for path in server.directory.rglob("*")
            if path.is_file() and path.suffix != ".log" and not path.name.endswith(("-wal", "-shm"))}


def store_sql(server, request, text):
    if server.database:
        return request.getfixturevalue("postgres").sql(text, server.database.rsplit("/", 1)[1])
    with contextlib.closing(sqlite3.connect(server.data / "quantumapi.db", isolation_level=None)) as store:
        return "\n".join(str(row[0]) for row in store.execute(text).fetchall())


def refused_init(server, *more):
    out = subprocess.run([BIN / "quantumapid", "init", *server.store_options(), *more], capture_output=True, text=True)
    assert out.returncode == 1 and not out.stdout, out.stderr
    return out.stderr


def test_an_init_where_one_was_finished_changes_nothing(new_server, store, request):
    server = new_server(store).init()
    # As an older version left it: the newest migration is this version's alone.
    newest = store_sql(server, request, "SELECT max(number) FROM schema_migrations")
    store_sql(server, request, f"DELETE FROM schema_migrations WHERE number = {newest}")
    before = left_in(server)
    assert "is initialised already; nothing was changed" in refused_init(server)
    if not server.database:
        other = server.directory / "other.journal"
        assert "is initialised already; nothing was changed" in refused_init(server, "--key-journal", other)
    # A root key that is not the store's is told before anything else.
    stranger = new_server().init()
    foreign = stranger.data / "root.seal"
    assert "this root key does not belong to this store" in refused_init(server, "--seal-file", foreign)
    if server.database:  # and nothing is made in another data directory
        elsewhere = server.directory / "elsewhere"
        server.data, data = elsewhere, server.data
        assert "is initialised already" in refused_init(server, "--seal-file", data / "root.seal")
        server.data = data
    assert left_in(server) == before and not (server.directory / "elsewhere").exists()
    assert int(store_sql(server, request, "SELECT max(number) FROM schema_migrations")) == int(newest) - 1


def test_an_init_that_was_cut_amid_the_migrations_is_finished(new_server, store, request):
    """What stands before the platform's own tables do is no installation yet."""
    cut = new_server(store)
    cut.data.mkdir(mode=0o700)
    store_sql(cut, request, "CREATE TABLE schema_migrations (number BIGINT NOT NULL PRIMARY KEY, title TEXT NOT NULL, "
                            "checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)")
    if not cut.database:
        (cut.data / "quantumapi.db").chmod(0o600)
    cut.init().start()
    assert cut.http.get("/api/v1/secrets").status_code == 200


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_key_that_could_not_be_shown_is_named_for_its_revocation(new_server, form):
    server = new_server().init()
    more = ["--json"] if form == "json" else []
    def make(*command, stdout):
        return subprocess.run([BIN / "quantumapid", *command, *server.store_options(), *more], stdout=stdout, stderr=subprocess.PIPE, text=True)
    unseen = {}
    for tenant, command in {"default": ["apikey", "create", "--name", "unseen"], "a b": ["tenant", "create", "--name", "a b"]}.items():
        with open("/dev/full", "w") as full:
            out = make(*command, stdout=full)
        assert out.returncode == 1, out.stderr
        said = re.search(r'the API key (\S+) could not be written.*quantumapid apikey create --tenant "(.*)" and revoke', out.stderr)
        assert said and said[2] == tenant, out.stderr
        unseen[tenant] = said[1]
    # What the words advise works.
    keys = {}
    for tenant in unseen:
        out = make("apikey", "create", "--tenant", tenant, stdout=subprocess.PIPE)
        assert out.returncode == 0, out.stderr
        keys[tenant] = re.search(r"qapi_\w+", out.stdout)[0]
    server.start()
    for tenant, key in keys.items():
        assert server.http.delete(f"/api/v1/apikeys/{unseen[tenant]}", headers={"X-Api-Key": key}).status_code == 204


def test_a_stop_sequences_what_waits(new_server, store, tmp_path, request):
    """What was answered right before the stop is in the tree and in the checkpoint file that it leaves."""
    checkpoints = tmp_path / "checkpoints"
    server = new_server(store, serve_options=["--audit-checkpoint-file", str(checkpoints), "--drain-seconds", "0"]).init()

    for _ in range(3):
        server.start()
        for n in range(4):
            assert server.http.post("/api/v1/encrypt", json={"plaintext": str(n)}).status_code == 200
        server.http.close()
        assert server.stop() == 0
        assert store_sql(server, request, "SELECT count(*) FROM audit_pending") == "0"
        sizes = store_sql(server, request, "SELECT max(size) FROM audit_heads")
        assert sizes == store_sql(server, request, "SELECT max(size) FROM audit_checkpoints")
        assert f"\n{sizes}\n" in checkpoints.read_text()
