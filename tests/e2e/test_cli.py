"""qapi against the server: what it prints, what it exits with, and what it never shows."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import pty
import re
import socket
import subprocess
import sys
import uuid

import pytest

from certificates import request
from harness import BIN, wait_until

OK, NOT_VERIFIED, USAGE, UNKNOWN, INVALID, UNAUTHORIZED, NOT_FOUND, CONFLICT = range(8)
ROOT = pathlib.Path(__file__).resolve().parents[2]
PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def qapi(server):
    """Runs qapi; the key must stand neither in its arguments nor in what it prints."""

    def run(*args, code=OK, **options):
        out = server.qapi(*args, check=False, **options)
        assert out.returncode == code, (args, out.returncode, out.stdout, out.stderr)
        assert server.api_key not in out.stdout + out.stderr
        if code != OK:
            assert out.stderr.startswith("qapi: ") and out.stderr.count("\n") == 1, out.stderr
        return out

    def verdict(*args, **options):
        """Runs a command whose answer is no: exit code 1, and no complaint."""
        out = server.qapi(*args, check=False, **options)
        assert (out.returncode, out.stderr) == (NOT_VERIFIED, ""), (args, out)
        return out

    run.verdict = verdict
    return run


def create(qapi, name, value="v", **options):
    return json.loads(qapi("secrets", "create", name, "-", "--output", "json", stdin=value, **options).stdout)


# --- secrets ------------------------------------------------------------------------------------

def test_a_secret_is_created_read_changed_listed_and_deleted(qapi):
    made = create(qapi, "cli/db-password", "s3cret")
    assert made["name"] == "cli/db-password" and made["version"] == 1 and "value" not in made
    for word in ("vault", "secret"):
        assert qapi(word, "get", "cli/db-password").stdout == "s3cret"
    assert json.loads(qapi("secrets", "get", made["id"], "--show", "--output", "json").stdout)["value"] == "s3cret"
    assert "value" not in json.loads(qapi("secrets", "get", made["id"], "--output", "json").stdout)
    changed = json.loads(qapi("secrets", "put", "cli/db-password", "-", "--output", "json", stdin="n3w").stdout)
    assert (changed["id"], changed["version"]) == (made["id"], 2)
    assert qapi("vault", "get", "cli/db-password").stdout == "n3w"
    assert "s3cret" in qapi("secrets", "get", "cli/db-password", "--version", "1", "--show").stdout
    listed = json.loads(qapi("secrets", "list", "--output", "json", "--page-size", "200").stdout)
    assert (made["id"], 2) in [(s["id"], s["version"]) for s in listed["secrets"]]
    assert qapi("secrets", "delete", "cli/db-password", "--yes").stdout == ""
    qapi("vault", "get", "cli/db-password", code=NOT_FOUND)
    qapi("secrets", "delete", made["id"], "--yes", code=NOT_FOUND)


@pytest.mark.parametrize("value", [PEM, "--description", "-----BEGIN", "-x", "--", "--help", "-5", "\u00e9\U0001f600 \"q\" $HOME `x`", "a\nb\n", " ", "@@"],
                         ids=lambda v: json.dumps(v)[:20])
def test_a_value_comes_from_the_command_line_a_pipe_or_a_file_just_as_it_is(qapi, tmp_path, value):
    ways = {"pipe": ("-", value), "file": (f"@{tmp_path / 'value'}", None)}
    (tmp_path / "value").write_bytes(value.encode())
    # What is an option of the command itself, "--" or names a file is no value as an argument.
    if value not in ("--description", "--help", "--", "@@"):
        ways["argument"] = (value, None)
    for way, (argument, stdin) in ways.items():
        name = f"value-{way}-{abs(hash(value))}"
        made = json.loads(qapi("secrets", "create", name, argument, "--output", "json", stdin=stdin or "").stdout)
        assert qapi("vault", "get", name).stdout == value, way
        assert json.loads(qapi("secrets", "get", made["id"], "--show", "--output", "json").stdout)["value"] == value


def test_after_two_dashes_anything_is_a_value(qapi):
    qapi("secrets", "create", "dashes", "--output", "json", "--", "--description")
    assert qapi("vault", "get", "dashes").stdout == "--description"


def test_a_value_that_is_not_text_or_a_file_that_is_absent_stores_nothing(qapi, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    qapi("secrets", "create", "binary", f"@{tmp_path / 'binary'}", code=USAGE)
    qapi("secrets", "create", "binary", f"@{tmp_path / 'absent'}", code=USAGE)
    qapi("vault", "get", "binary", code=NOT_FOUND)


def test_labels_and_type_are_kept(qapi):
    qapi("secrets", "create", "labelled", "-", "--description", "what for", "--content-type", "login", "--label", "one", "--label", "two", stdin="v")
    shown = json.loads(qapi("secrets", "get", "labelled", "--output", "json").stdout)
    assert (shown["description"], shown["contentType"], shown["labels"]) == ("what for", "login", ["one", "two"])


def test_secrets_are_listed_by_what_is_known_of_them(qapi):
    for n, label in enumerate(("red", "red", "blue")):
        qapi("secrets", "create", f"listed/{n}", "v", "--label", label, "--expires", "1h")
    assert json.loads(qapi("secrets", "get", "listed/0", "--output", "json").stdout)["expiresAt"]
    names = ("secrets", "list", "--output", "value", "--search", "listed/")
    assert sorted(qapi(*names).stdout.split()) == ["listed/0", "listed/1", "listed/2"]
    assert sorted(qapi(*names, "--label", "red", "--inactive").stdout.split()) == ["listed/0", "listed/1"]
    assert qapi(*names, "--content-type", "none").stdout == ""


def test_deleting_asks_first(qapi):
    made = create(qapi, "kept")
    qapi("secrets", "delete", made["id"], stdin="yes\n", code=USAGE)  # no terminal to ask on
    assert qapi("vault", "get", "kept").stdout == "v"


def test_a_taken_or_impossible_name_and_an_absent_secret_have_their_codes(qapi):
    create(qapi, "taken")
    qapi("secrets", "create", "taken", "other", code=CONFLICT)
    assert qapi("vault", "get", "taken").stdout == "v"
    assert "name" in qapi("secrets", "create", "..", "v", code=INVALID).stderr
    qapi("vault", "get", "absent", code=NOT_FOUND)
    qapi("secrets", "put", "absent", "v", code=NOT_FOUND)
    qapi("secrets", "get", "taken", "--version", "9", code=NOT_FOUND)


# --- encryption and keys ------------------------------------------------------------------------

@pytest.mark.parametrize("text", ["ada@example.org", "", "-----BEGIN", "two\nlines\n", "\u00e9"])
def test_a_field_is_encrypted_and_decrypted(qapi, text):
    payload = qapi("encrypt", "-", "--aad", "users/7", stdin=text).stdout
    assert re.fullmatch(r"qa1\.[A-Za-z0-9_-]+\n", payload)
    assert qapi("decrypt", "-", "--aad", "users/7", stdin=payload).stdout == text
    assert qapi("decrypt", payload.strip(), "--aad", "users/7").stdout == text
    assert qapi("decrypt", payload.strip(), "--aad", "users/8", code=INVALID).stdout == ""
    qapi("decrypt", payload.strip(), code=INVALID)
    qapi("decrypt", payload[:40], "--aad", "users/7", code=INVALID)


def test_octets_go_through_as_base64(qapi):
    payload = qapi("encrypt", "AAECAw==", "--encoding", "base64").stdout.strip()
    assert qapi("decrypt", payload).stdout == "AAECAw=="
    qapi("encrypt", "AAECAw=", "--encoding", "base64", code=INVALID)


def test_encrypt_in_each_output_form(qapi):
    whole = json.loads(qapi("encrypt", "x", "--output", "json").stdout)
    assert whole["encryptedPayload"].startswith("qa1.") and whole["algorithm"] == "ML-KEM-768" and whole["keyVersion"] >= 1
    assert json.loads(qapi("decrypt", whole["encryptedPayload"], "--output", "json").stdout) == {"plaintext": "x"}
    table = qapi("encrypt", "x", "--output", "table").stdout
    assert "ML-KEM-768" in table and "qa1." in table


def test_a_text_is_hashed_to_be_found_by(qapi):
    keyed = qapi("hash", "-", stdin="  Ada@Example.ORG\n").stdout
    assert re.fullmatch(r"[0-9a-f]{64}\n", keyed) and keyed == qapi("hash", "ada@example.org").stdout
    plain = qapi("hash", "ada@example.org", "--plain").stdout.strip()
    assert plain == hashlib.sha3_256(b"ada@example.org").hexdigest() != keyed.strip()
    named = json.loads(qapi("hash", "ada@example.org", "--output", "json").stdout)
    assert named["hash"] == keyed.strip() and named["algorithm"] == "HMAC-SHA3-256" and named["keyId"]


def test_lines_of_a_file_go_in_batches_and_come_back_in_order(qapi, server, tmp_path):
    names = [f"User{i}@example.org" for i in range(2100)]
    (tmp_path / "names").write_text("\n".join(names) + "\n")
    sealed = qapi("encrypt", f"@{tmp_path}/names", "--lines", "--aad", "users").stdout
    assert sealed.count("\n") == 2100 and len(set(sealed.split())) == 2100
    apart = qapi("encrypt", "-", "--lines", "--per-item", stdin="ada\nbob").stdout
    assert qapi("decrypt", "-", "--lines", stdin=apart).stdout == "ada\nbob\n"
    assert qapi("decrypt", "-", "--lines", "--aad", "users", stdin=sealed).stdout.split() == names
    lines = sealed.splitlines()
    lines[1] = lines[1][:-8] + "AAAAAAAA"
    bad = server.qapi("decrypt", "-", "--lines", "--aad", "users", stdin="\n".join(lines[:3]), check=False)
    assert bad.returncode == INVALID
    assert bad.stdout == f"{names[0]}\n\n{names[2]}\n" and "line 2" in bad.stderr and "1 of 3" in bad.stderr
    hashed = qapi("hash", f"@{tmp_path}/names", "--lines", "--plain").stdout.split()
    assert hashed == [hashlib.sha3_256(name.lower().encode()).hexdigest() for name in names]
    qapi("keys", "create", "cli lines")
    sealed = qapi("transit", "encrypt", "cli lines", f"@{tmp_path}/names", "--lines").stdout
    assert sealed.startswith("vault:v1:")
    assert qapi("transit", "decrypt", "cli lines", "-", "--lines", stdin=sealed).stdout.split() == names
    bound = ("--aad", "users/7")
    sealed = qapi("transit", "encrypt", "cli lines", "-", "--lines", *bound, stdin="ada\nbob").stdout
    assert qapi("transit", "decrypt", "cli lines", "-", "--lines", *bound, stdin=sealed).stdout.split() == ["ada", "bob"]
    first = qapi("transit", "rewrap", "cli lines", "-", *bound, stdin=sealed.split()[0]).stdout
    assert qapi("transit", "decrypt", "cli lines", "-", *bound, stdin=first).stdout == "ada"
    qapi("transit", "decrypt", "cli lines", "-", "--aad", "users/8", stdin=first, code=INVALID)
    qapi("transit", "decrypt", "cli lines", "-", stdin=first, code=INVALID)


def test_lines_of_any_octets_come_back_as_they_were(qapi, server, tmp_path):
    """Of bytes: Python would read CRLF as LF."""
    environment = {**os.environ, "QUANTUMAPI_URL": server.plain_url, "QUANTUMAPI_KEY": server.api_key, "HOME": str(tmp_path)}

    def octets(*args, given):
        out = subprocess.run([BIN / "qapi", *args, "--lines"], input=given, capture_output=True, env=environment, timeout=60)
        assert (out.returncode, out.stderr) == (OK, b""), (args, out)
        return out.stdout

    text = b"a\r\n\r\n\x00b\x00\n\n \t\rc\r\r\n" + bytes(set(range(128)) - {10}) + "\n\u00e9\nlast".encode()
    every = text + b"\n" + bytes(set(range(256)) - {10}) + b"\r"
    qapi("keys", "create", "cli octets")
    for given, seal, open_ in ((text, ["encrypt"], ["decrypt"]), (every, ["encrypt", "--binary"], ["decrypt", "--binary"]),
                               (every, ["transit", "encrypt", "cli octets"], ["transit", "decrypt", "cli octets"])):
        sealed = octets(*seal, "-", given=given)
        assert octets(*open_, "-", given=sealed) == given + b"\n"
        assert octets(*open_, "-", given=sealed.replace(b"\n", b"\r\n")) == given + b"\n", "a payload's own CR is none"
    (tmp_path / "signatures").write_bytes(octets("sign", "-", given=every))
    assert set(octets("verify", "-", "--signature", f"@{tmp_path}/signatures", given=every).split()) == {b"yes"}
    zeros = bytes(500_000)
    assert octets("decrypt", "-", given=octets("encrypt", "-", given=zeros[:200_000] + b"\n" + zeros[:200_000])).count(b"\0") == 400_000
    assert octets("decrypt", "-", "--binary", given=octets("encrypt", "-", "--binary", given=zeros * 2)) == zeros * 2 + b"\n"


def test_keys_are_listed_checked_and_rotated(qapi):
    keys = json.loads(qapi("keys", "list", "--output", "json").stdout)["keys"]
    default = next(key for key in keys if key["keyType"] == "encryption" and key["isDefault"])
    before = qapi("encrypt", "before").stdout.strip()
    assert json.loads(qapi("keys", "rotate", default["name"], "--output", "json").stdout)["version"] == default["version"] + 1
    assert qapi("keys", "rotate", default["id"], "--output", "value").stdout == f"{default['version'] + 2}\n"
    assert json.loads(qapi("encrypt", "x", "--output", "json").stdout)["keyVersion"] == default["version"] + 2
    assert qapi("decrypt", before).stdout == "before"
    assert default["name"] in qapi("keys", "list").stdout
    checks = json.loads(qapi("keys", "check", "--output", "json").stdout)["checks"]
    assert checks and {check["status"] for check in checks} == {"pass"}
    qapi("keys", "rotate", "absent", code=NOT_FOUND)
    qapi("keys", "create", "cli turned", "--type", "hmac")
    turned = json.loads(qapi("keys", "rotate", "cli turned", "--name", "cli turned twice", "--default", "--output", "json").stdout)
    assert (turned["name"], turned["version"], turned["isDefault"]) == ("cli turned twice", 2, True)
    assert "20" in json.loads(qapi("keys", "update", "cli turned twice", "--expires", "30d", "--output", "json").stdout)["expiresAt"]


def test_a_key_lives_from_its_making_to_its_scheduled_end_and_back(qapi):
    made = json.loads(qapi("keys", "create", "cli life", "--algorithm", "ML-KEM-1024", "--label", "a", "--output", "json").stdout)
    assert (made["algorithm"], made["version"], made["status"]) == ("ML-KEM-1024", 1, "active")
    assert "cli life" in qapi("keys", "get", "cli life").stdout
    sealed = qapi("transit", "encrypt", "cli life", "-", stdin="ada").stdout.strip()
    assert sealed.startswith("vault:v1:")
    qapi("keys", "rotate", "cli life")
    assert qapi("transit", "decrypt", "cli life", "-", stdin=sealed).stdout == "ada"
    newer = qapi("transit", "rewrap", "cli life", "-", stdin=sealed).stdout.strip()
    assert newer.startswith("vault:v2:")
    assert qapi("keys", "versions", "cli life", "--output", "value").stdout.split() == ["2", "1"]
    qapi("keys", "min-version", "cli life", "2")
    qapi("transit", "decrypt", "cli life", "-", stdin=sealed, code=UNAUTHORIZED)
    assert qapi("transit", "decrypt", "cli life", "-", stdin=newer).stdout == "ada"
    qapi("keys", "disable", "cli life")
    qapi("transit", "decrypt", "cli life", "-", stdin=newer, code=UNAUTHORIZED)
    qapi("keys", "enable", "cli life")
    qapi("keys", "delete", "cli life", "--days", "7", code=USAGE)
    qapi("keys", "delete", "cli life", "--days", "7", "--yes")
    qapi("transit", "decrypt", "cli life", "-", stdin=newer, code=UNAUTHORIZED)
    qapi("keys", "recover", "cli life")
    assert qapi("transit", "decrypt", "cli life", "-", stdin=newer).stdout == "ada"


def test_data_is_signed_verified_and_authenticated(qapi):
    signature = qapi("sign", "-", stdin="contract").stdout.strip()
    assert qapi("verify", "-", "--signature", signature, stdin="contract").returncode == OK
    qapi.verdict("verify", "-", "--signature", signature, stdin="contrac7")
    qapi("keys", "create", "cli hmac", "--type", "hmac")
    mac = qapi("hmac", "-", "--key", "cli hmac", stdin="contract").stdout
    assert mac == qapi("hmac", "-", "--key", "cli hmac", stdin="contract").stdout
    assert mac != qapi("hmac", "-", "--key", "cli hmac", stdin="contrac7").stdout
    assert qapi("keys", "public-key", "default-signing").stdout.startswith("-----BEGIN PUBLIC KEY-----")


def test_the_default_key_that_fits_is_taken_without_a_right_to_see_keys(qapi, tmp_path):
    qapi("keys", "create", "cli usual hmac", "--type", "hmac", "--default")
    key = qapi("apikeys", "create", "--name", "cli-signer", "--scope", "encryption:encrypt", "--output", "value").stdout.strip()
    for operation in ("sign", "hmac"):
        made = qapi(operation, "-", stdin="contract", key=key).stdout.strip()
        assert qapi("verify", "-", "--signature", made, stdin="contract").returncode == OK
        qapi.verdict("verify", "-", "--signature", made, stdin="contrac7")
        (tmp_path / "made").write_text(qapi(operation, "-", "--lines", stdin="a\nb\n", key=key).stdout)
        assert qapi("verify", "-", "--lines", "--signature", f"@{tmp_path}/made", stdin="a\nb\n").stdout == "yes\nyes\n"


def test_lines_are_signed_and_verified_line_by_line(qapi, server, tmp_path):
    (tmp_path / "deeds").write_text("".join(f"deed {n}\n" for n in range(50)))
    signed = tmp_path / "signatures"
    signed.write_text(qapi("sign", f"@{tmp_path}/deeds", "--lines").stdout)
    checked = ["verify", f"@{tmp_path}/deeds", "--lines", "--signature", f"@{signed}"]
    assert qapi(*checked).stdout.split() == ["yes"] * 50
    lines = signed.read_text().splitlines(keepends=True)
    signed.write_text("".join([lines[1], lines[0], "garbage\n", *lines[3:]]))
    answer = server.qapi(*checked, check=False)
    assert (answer.returncode, answer.stdout.split("\n")[:4]) == (NOT_VERIFIED, ["no", "no", "", "yes"])
    assert "2 of 50 lines do not verify; 1 of 50 lines failed" in answer.stderr


def test_random_says_where_it_comes_from(qapi):
    refused = qapi("random", "16", code=UNKNOWN)
    assert refused.stdout == "" and "--allow-csprng" in refused.stderr
    drawn = [qapi("random", "16", "--allow-csprng") for _ in range(2)]
    assert all(re.fullmatch(r"[0-9a-f]{32}\n", out.stdout) for out in drawn) and drawn[0].stdout != drawn[1].stdout
    assert "not a quantum source" in drawn[0].stderr
    assert json.loads(qapi("random", "16", "--allow-csprng", "--output", "json").stdout)["isQuantum"] is False
    for wrong in ("0", "65537", "x", "-1"):
        qapi("random", wrong, "--allow-csprng", code=USAGE)


def test_a_data_key_is_made_wrapped_and_unwrapped(qapi):
    qapi("keys", "create", "cli wrapping")
    made = json.loads(qapi("datakey", "generate", "cli wrapping", "--bytes", "16", "--context", "file 7").stdout)
    assert len(base64.b64decode(made["plaintextKey"])) == 16
    assert qapi("datakey", "unwrap", "cli wrapping", "-", "--context", "file 7", stdin=made["encryptedKey"] + "\n").stdout.strip() == made["plaintextKey"]
    qapi("datakey", "unwrap", "cli wrapping", made["encryptedKey"], code=INVALID)
    wrapped = qapi("datakey", "generate", "cli wrapping", "--without-plaintext").stdout.strip()
    assert len(base64.b64decode(qapi("datakey", "unwrap", "cli wrapping", wrapped).stdout)) == 32
    made = json.loads(qapi("datakey", "generate", "cli wrapping", "--algorithm", "AES-192-GCM").stdout)
    assert (made["algorithm"], len(base64.b64decode(made["plaintextKey"]))) == ("AES-192-GCM", 24)
    assert "algorithm" in qapi("datakey", "generate", "cli wrapping", "--algorithm", "AES-192-GCM", "--bytes", "32", code=INVALID).stderr
    made = json.loads(qapi("transit", "datakey", "cli wrapping", "--algorithm", "AES-128-GCM", "--context", "c").stdout)
    assert made["encryptedKey"].startswith("vault:v1:")
    assert qapi("datakey", "unwrap", "cli wrapping", made["encryptedKey"], "--context", "c").stdout.strip() == made["plaintextKey"]
    wrapped = qapi("transit", "datakey", "cli wrapping", "--bytes", "16", "--without-plaintext").stdout.strip()
    assert len(base64.b64decode(qapi("datakey", "unwrap", "cli wrapping", wrapped).stdout)) == 16
    qapi("transit", "datakey", "absent", code=NOT_FOUND)


def test_transit_signs_and_authenticates_under_a_named_key(qapi):
    qapi("keys", "create", "a/b", "--type", "signing")
    signature = qapi("transit", "sign", "a/b", "-", stdin="contract").stdout.strip()
    assert qapi("transit", "verify", "a/b", "-", "--signature", signature, stdin="contract").returncode == OK
    qapi.verdict("transit", "verify", "a/b", "-", "--signature", signature, stdin="contrac7")
    qapi("keys", "create", "cli mac", "--type", "hmac")
    mac = qapi("transit", "hmac", "cli mac", "-", stdin="x").stdout.strip()
    assert qapi("transit", "verify", "cli mac", "-", "--signature", mac, stdin="x").returncode == OK


def test_a_key_is_renamed_described_and_protected_from_its_end(qapi):
    qapi("keys", "create", "cli named", "--expires", "90d", "--label", "old")
    changed = json.loads(qapi("keys", "update", "cli named", "--name", "cli renamed", "--description", "for tests", "--label", "new", "--output", "json").stdout)
    assert (changed["name"], changed["description"], changed["labels"]) == ("cli renamed", "for tests", ["new"])
    assert changed["expiresAt"]
    bare = json.loads(qapi("keys", "update", "cli renamed", "--no-labels", "--output", "json").stdout)
    assert not bare.get("labels") and bare["description"] == "for tests"
    qapi("keys", "protect", "cli renamed")
    qapi("keys", "delete", "cli renamed", "--yes", code=CONFLICT)
    qapi("keys", "unprotect", "cli renamed")
    qapi("keys", "delete", "cli renamed", "--yes")
    for form, shape in (("pem", "-----BEGIN PUBLIC KEY-----"), ("der", "MI"), ("jwk", "{")):
        assert qapi("keys", "public-key", "default-signing", "--format", form).stdout.startswith(shape), form


# --- groups, streams, usage -----------------------------------------------------------------------

def test_a_key_bound_to_a_group_reaches_what_it_holds(qapi):
    create(qapi, "grouped/one", "in the group")
    group = qapi("groups", "create", "cli group", "--description", "d", "--output", "value").stdout.strip()
    key = qapi("apikeys", "create", "--name", "grouped", "--scope", "secrets:read", "--group", group, "--output", "value").stdout.strip()
    qapi("vault", "get", "grouped/one", key=key, code=UNAUTHORIZED)
    qapi("groups", "add", group, "secret", "grouped/one")
    qapi("groups", "add", group, "key", "default-encryption")
    qapi("groups", "add", group, "secret", "absent", code=NOT_FOUND)
    assert qapi("vault", "get", "grouped/one", key=key).stdout == "in the group"
    items = json.loads(qapi("groups", "get", group, "--output", "json").stdout)["items"]
    assert sorted(item["resourceName"] for item in items) == ["default-encryption", "grouped/one"]
    for item in items:
        qapi("groups", "remove", group, item["id"])
    qapi("vault", "get", "grouped/one", key=key, code=UNAUTHORIZED)
    qapi("groups", "update", group, "cli group 2")
    assert "cli group 2" in qapi("groups", "list").stdout
    qapi("groups", "delete", group)
    qapi("groups", "get", group, code=NOT_FOUND)


def test_a_stream_is_made_tested_stopped_and_deleted(qapi):
    stream = qapi("streams", "create", "cli stream", "File", "-", "--output", "value", stdin='{"retentionDays":7}').stdout.strip()
    assert qapi("streams", "test", stream).returncode == OK
    qapi("streams", "deactivate", stream)
    assert json.loads(qapi("streams", "get", stream, "--output", "json").stdout)["isActive"] is False
    qapi("streams", "activate", stream)
    assert "DAY" in qapi("streams", "files", stream).stdout
    qapi("streams", "update", stream, "cli stream 2", "File", "{}")
    assert "cli stream 2" in qapi("streams", "list").stdout
    hook = qapi("streams", "create", "cli hook", "Webhook", '{"url":"http://127.0.0.1:9/","secret":"s3cret"}', "--output", "value").stdout.strip()
    assert "s3cret" not in qapi("streams", "get", hook, "--output", "json").stdout
    qapi.verdict("streams", "test", hook)
    for each in (stream, hook):
        qapi("streams", "delete", each)
    qapi("streams", "create", "cli bad", "Webhook", "{}", code=INVALID)


def test_a_tenant_is_made_and_sees_nothing_of_the_first(qapi):
    create(qapi, "of the first", "v")
    key = qapi("tenants", "create", "cli tenant", "--environment", "Production", "--output", "value").stdout.strip()
    assert json.loads(qapi("tenants", "current", "--output", "json", key=key).stdout)["environment"] == "Production"
    qapi("secrets", "get", "of the first", key=key, code=NOT_FOUND)
    qapi("tenants", "list", key=key, code=UNAUTHORIZED)
    assert "cli tenant" in qapi("tenants", "list").stdout
    payload = qapi("encrypt", "x").stdout.strip()
    assert qapi("decrypt", payload, key=key, code=INVALID).stdout == ""
    assert qapi("decrypt", qapi("encrypt", "y", key=key).stdout.strip(), key=key).stdout == "y"


def test_usage_says_what_is_kept_and_what_may_be_drawn(qapi):
    rows = json.loads(qapi("usage", "storage", "--output", "json").stdout)
    assert {row["id"] for row in rows["categories"]} == {"secrets", "keys", "certificates", "attachments", "log_archives"}
    assert "secrets" in qapi("usage", "storage", "--from", "2026-01-01", "--to", "2026-01-31").stdout
    qapi("usage", "storage", "--from", "yesterday", code=INVALID)
    qapi("usage", "set-quota", "--entropy-mb", "0.001")
    qapi("random", "1000", "--allow-csprng")
    spent = qapi("random", "100", "--allow-csprng", "--timeout", "1", code=UNKNOWN)
    assert "used up" in spent.stderr
    qapi("usage", "set-quota", "--entropy-mb", "0")
    qapi("random", "100", "--allow-csprng")
    assert "resets at" in qapi("usage", "quotas").stdout
    assert qapi("apikeys", "rate-limit").stdout == "limit  none\n"


# --- API keys -----------------------------------------------------------------------------------

def test_an_api_key_is_made_bound_used_listed_and_revoked(qapi, server):
    create(qapi, "bound", "bound-value")
    create(qapi, "other", "other-value")
    key = qapi("apikeys", "create", "--name", "cli-reader", "--scope", "secrets:read", "--secret", "bound", "--expires", "1h", "--output", "value").stdout.strip()
    assert re.fullmatch(r"qapi_[0-9A-Za-z]{64}", key)
    assert qapi("vault", "get", "bound", key=key).stdout == "bound-value"
    refused = [qapi("vault", "get", name, key=key, code=UNAUTHORIZED) for name in ("other", "absent")]
    assert refused[0].stderr == refused[1].stderr and "other-value" not in refused[0].stdout
    qapi("encrypt", "x", key=key, code=UNAUTHORIZED)
    listed = qapi("apikeys", "list", "--output", "json").stdout
    made = next(k for k in json.loads(listed)["apiKeys"] if k["name"] == "cli-reader")
    assert made["status"] == "active" and made["scopes"] == ["secrets:read"] and made["expiresAt"]
    assert key[20:] not in listed and key not in qapi("apikeys", "list").stdout
    qapi("apikeys", "revoke", made["id"])
    qapi("vault", "get", "bound", key=key, code=UNAUTHORIZED)
    listed = json.loads(qapi("apikeys", "list", "--output", "json").stdout)["apiKeys"]
    assert next(k for k in listed if k["id"] == made["id"])["status"] == "revoked"
    qapi("apikeys", "revoke", "00000000-0000-4000-8000-000000000000", code=NOT_FOUND)


def test_a_service_renews_its_certificate_with_the_right_to_issue_alone(qapi, tmp_path):
    key = qapi("apikeys", "create", "--name", "cli-renewer", "--scope", "certificates:issue", "--output", "value").stdout.strip()
    qapi("ca", "identity", "create", "cli-renewer", "--service-account", "cli-renewer", "--dns", "renewer.internal", "--dns", "*.renewer.internal")
    chain, outputs = tmp_path / "chain.pem", ["--key-out", str(tmp_path / "key.pem"), "--out-chain", str(tmp_path / "chain.pem")]
    qapi("cert", "issue", "cli-renewer", *outputs, key=key)
    first = json.loads(qapi("cert", "inspect", str(chain), "--output", "json").stdout)
    qapi("cert", "renew", str(chain), *outputs, key=key)
    second = json.loads(qapi("cert", "inspect", str(chain), "--output", "json").stdout)
    assert second["serialNumber"] != first["serialNumber"]
    assert (second["subject"], second["names"]) == (first["subject"], first["names"])
    renews = json.loads(qapi("cert", "show", second["serialNumber"], "--output", "json").stdout)["renews"]
    assert renews.replace("-", "") == first["serialNumber"]
    refused = qapi("cert", "renew", second["serialNumber"], *outputs, key=key, code=UNAUTHORIZED)
    assert "by its file" in refused.stderr
    qapi("cert", "renew", second["serialNumber"], *outputs, "--dns", "renewer.internal", key=key)
    third = json.loads(qapi("cert", "show", str(chain), "--output", "json").stdout)
    listed = ("cert", "list", "--identity", "cli-renewer", "--output", "value")
    assert len(qapi(*listed, "--page-size", "2").stdout.split()) == 2 and len(qapi(*listed, "--page", "2", "--page-size", "2").stdout.split()) == 1
    assert len(qapi(*listed, "--expires-after", "1m").stdout.split()) == 3 and not qapi(*listed, "--expires-after", "3650d").stdout
    assert third["status"] == "active"
    qapi("cert", "revoke", str(chain), code=USAGE)
    assert qapi("cert", "revoke", str(chain), "--yes", "--output", "value").stdout == "revoked\n"
    assert json.loads(qapi("cert", "show", third["id"], "--output", "json").stdout)["status"] == "revoked"
    (tmp_path / "roots.pem").write_text(qapi("ca", "pem").stdout)
    assert "can't be revoked" in qapi("cert", "revoke", str(tmp_path / "roots.pem"), "--yes", code=USAGE).stderr


def test_the_certificate_example_of_operations_runs_as_it_is_pasted(server, tmp_path):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/operations.md").read_text(), re.S)
    example = next(block for block in blocks if "qapi cert verify chain.pem" in block)
    out = subprocess.run(["bash", "-euo", "pipefail", "-c", example], capture_output=True, text=True, timeout=60, cwd=tmp_path, env={
        **os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "QUANTUMAPI_URL": server.url,
        "QUANTUMAPI_KEY": server.api_key, "QUANTUMAPI_CA_FILE": str(server.data / "ca.pem")})
    assert out.returncode == 0, out.stdout + out.stderr
    assert re.search("verified +yes", out.stdout) and re.search("revocation +checked", out.stdout), out.stdout


def test_a_stolen_key_leaves_no_certificate_behind(server, qapi, tmp_path):
    """The procedure of the threat model, as pasted, with more certificates than a page has."""
    key = qapi("apikeys", "create", "--name", "shop", "--scope", "certificates:issue", "--output", "value").stdout.strip()
    qapi("ca", "identity", "create", "shop", "--service-account", "shop")
    csr = request(common_name="shop")
    for _ in range(215):
        issued = server.http.post("/api/v1/certificates", json={"identity": "shop", "csr": csr}, headers={"X-Api-Key": key})
        assert issued.status_code == 201, issued.text
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/threat-model.md").read_text(), re.S)
    procedure = next(block for block in blocks if "qapi cert revoke --identity shop" in block)
    out = subprocess.run(["bash", "-euo", "pipefail", "-c", procedure], capture_output=True, text=True, timeout=120, cwd=tmp_path, env={
        **os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "QUANTUMAPI_URL": server.plain_url,
        "QUANTUMAPI_KEY": server.api_key})
    assert out.returncode == 0 and re.search("revoked +215", out.stdout), out.stdout + out.stderr
    of_shop = ("cert", "list", "--identity", "shop", "--output", "json")
    assert json.loads(qapi(*of_shop, "--status", "active").stdout)["certificates"] == []
    ended = json.loads(qapi(*of_shop, "--status", "revoked", "--page", "2").stdout)["certificates"]
    assert len(ended) == 15
    assert qapi("cert", "revoke", "--identity", "shop", "--yes", "--output", "value").stdout == "0\n"
    qapi("cert", "revoke", "--identity", "no-shop", "--yes", code=NOT_FOUND)
    qapi("cert", "issue", "shop", "--key-out", str(tmp_path / "key"), "--out-chain", "-", key=key, code=UNAUTHORIZED)


def test_a_classical_certificate_is_renewed_as_one_and_its_chain_is_for_all_to_read(qapi, tmp_path, monkeypatch):
    qapi("ca", "create", "cli-classical-root", "--classical", "--direct")
    qapi("ca", "identity", "create", "cli-classical", "--dns", "classical.internal", "--key-type", "ECDSA-P256")
    monkeypatch.chdir(tmp_path)
    chain, key = tmp_path / "cafe", tmp_path / "key.pem"  # a file whose name could be a number's
    outputs = ("--key-out", str(key), "--out-chain", str(chain))
    qapi("cert", "issue", "cli-classical", "--key-type", "ECDSA-P256", *outputs)
    first = json.loads(qapi("cert", "inspect", str(chain), "--output", "json").stdout)
    for certificate in ("cafe", first["serialNumber"]):
        qapi("cert", "renew", certificate, *outputs)
        assert json.loads(qapi("cert", "inspect", str(chain), "--output", "json").stdout)["keyType"] == "ECDSA-P256"
    assert chain.stat().st_mode & 0o777 == 0o644 and key.stat().st_mode & 0o777 == 0o600


def test_a_rotated_api_key_overlaps_with_its_successor(qapi):
    made = json.loads(qapi("apikeys", "create", "--name", "cli rotated", "--scope", "secrets:read", "--output", "json").stdout)
    new = json.loads(qapi("apikeys", "rotate", made["id"], "--overlap", "60", "--output", "json").stdout)
    assert new["apiKey"] != made["apiKey"]
    both = qapi("apikeys", "rotate", "cli rotated", code=USAGE).stderr
    assert made["id"] in both and new["id"] in both
    for key in (new["apiKey"], made["apiKey"]):
        assert qapi("secrets", "list", key=key).returncode == OK
    last = qapi("apikeys", "rotate", new["id"], "--overlap", "0", "--output", "value").stdout.strip()
    qapi("secrets", "list", key=new["apiKey"], code=UNAUTHORIZED)
    assert qapi("secrets", "list", key=last).returncode == OK
    qapi("apikeys", "revoke", made["id"])
    assert json.loads(qapi("apikeys", "get", "cli rotated", "--output", "json").stdout)["status"] == "active"
    qapi("apikeys", "revoke", "cli rotated")
    qapi("secrets", "list", key=last, code=UNAUTHORIZED)
    qapi("apikeys", "revoke", "cli rotated", code=NOT_FOUND)


def test_access_explain_says_who_reaches_a_secret_and_why(qapi):
    create(qapi, "explained/one")
    qapi("apikeys", "create", "--name", "explained-reader", "--scope", "secrets:read", "--secret", "explained/one")
    table = qapi("access", "explain", "secret", "explained/one").stdout
    assert "explained-reader" in table and "secrets:read" in table
    qapi("apikeys", "create", "--name", "explained-other", "--scope", "secrets:read", "--secret", "explained/two")
    assert "explained-other" not in qapi("access", "explain", "secret", "explained/one").stdout


def test_a_new_key_is_printed_once_in_each_form(qapi):
    shown = qapi("apikeys", "create", "--name", "once", "--scope", "secrets:read")
    key = re.findall(r"qapi_[0-9A-Za-z]{64}", shown.stdout)
    assert len(key) == 1 and "once" in shown.stderr and key[0] not in shown.stderr
    whole = json.loads(qapi("apikeys", "create", "--name", "once-json", "--scope", "secrets:*", "--output", "json").stdout)
    assert sorted(whole["scopes"]) == ["secrets:read", "secrets:write"] and qapi("secrets", "list", key=whole["apiKey"])


def test_wrong_scopes_and_ends_are_refused(qapi):
    qapi("apikeys", "create", "--name", "bad", "--scope", "secrets:fly", code=INVALID)
    for end in ("yesterday", "2001-01-01T00:00:00Z", "0d", "-1h", "90"):
        qapi("apikeys", "create", "--name", "bad", "--scope", "secrets:read", f"--expires={end}", code=USAGE)
    assert "bad" not in [k["name"] for k in json.loads(qapi("apikeys", "list", "--output", "json").stdout)["apiKeys"]]


def test_whoami_and_health(qapi, server):
    who = json.loads(qapi("whoami", "--output", "json").stdout)
    assert who["tenantId"] == server.tenant_id and who["role"] == "owner"
    assert server.tenant_id in qapi("whoami").stdout
    assert json.loads(qapi("health", "--output", "json").stdout)["status"] == "healthy"
    assert "healthy" in qapi("health", "--no-color").stdout and qapi("health", "--output", "value").stdout == "healthy\n"
    assert qapi("health", key="").returncode == OK  # needs no key


# --- audit --------------------------------------------------------------------------------------

def test_the_audit_log_is_listed_exported_and_verified(qapi, server, tmp_path):
    made = create(qapi, "audited")
    qapi("encrypt", "x", key="qapi_" + "0" * 64, code=UNAUTHORIZED)
    items = json.loads(qapi("audit", "list", "--output", "json", "--page-size", "200").stdout)["items"]
    entry = next(item for item in items if item["resourceId"] == made["id"])
    assert (entry["action"], entry["outcome"], entry["resourceName"]) == ("secret.create", "success", "audited")
    some = json.loads(qapi("audit", "list", "--action", "secret.create", "--output", "json").stdout)["items"]
    assert some and {item["action"] for item in some} == {"secret.create"}
    assert "secret.create" in qapi("audit", "list").stdout
    first = qapi("audit", "list", "--output", "value", "--page-size", "2")
    assert len(first.stdout.split()) == 2 and "--page 2 shows older ones" in first.stderr
    spaced = json.loads(qapi("audit", "list", "--action", "key.none, secret.create", "--output", "json").stdout)["items"]
    assert spaced and {item["action"] for item in spaced} == {"secret.create"}
    for option, wrong in (("--category", "KEYS"), ("--category", "nope"), ("--action", "Secret.Create"), ("--action", "secret create")):
        assert option[2:] in qapi("audit", "list", option, wrong, code=INVALID).stderr
    qapi("audit", "list", "--platform")
    reads = json.loads(qapi("audit", "list", "--action", "audit.read", "--output", "json").stdout)["items"]
    assert [item["resourceName"] for item in reads if item["outcome"] == "success"][:2] == ["platform", "tenant"]

    export, key = tmp_path / "audit.ndjson", tmp_path / "audit.pem"
    key.write_text(qapi("audit", "public-key").stdout)
    assert key.read_text().startswith("-----BEGIN PUBLIC KEY-----")

    def covered():
        qapi("audit", "export", str(export), "--force")
        return any(made["id"] in line and '"type":"record"' in line for line in export.read_text().splitlines())

    wait_until(covered, 10, "the creation in the tree")
    memory = ["--key", str(key), "--remember", str(tmp_path / "seen.json")]
    report = json.loads(qapi("audit", "verify", str(export), *memory, "--output", "json").stdout)
    assert report["verified"] is True and report["records"] > 0
    assert "yes" in qapi("audit", "verify", str(export), *memory).stdout

    lines = export.read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if made["id"] in line)
    changed = tmp_path / "changed.ndjson"
    changed.write_text("".join(lines[:place] + [lines[place].replace("success", "failure")] + lines[place + 1:]))
    refused = qapi("audit", "verify", str(changed), *memory, "--output", "json", code=NOT_VERIFIED)
    assert json.loads(refused.stdout)["verified"] is False and json.loads(refused.stdout)["fault"] == "altered"

    # What no hash covers is compared or not there: a tenant of another's, a member that says who did it.
    tenant = json.loads(lines[0])["tenant"]
    for at, old, new, fault in ((0, tenant, str(uuid.uuid4()), "altered"), (place, "{", '{"actor":"mallory",', "malformed"),
                                (place, '"index"', '"Index"', "malformed"), (0, "{", '{"note":1,', "malformed")):
        changed.write_text("".join(lines[:at] + [lines[at].replace(old, new, 1)] + lines[at + 1:]))
        refused = qapi("audit", "verify", str(changed), *memory, "--output", "json", code=NOT_VERIFIED)
        by_python = subprocess.run([sys.executable, ROOT / "tools/verify_audit_export.py", changed, "--key", key], capture_output=True, text=True)
        assert json.loads(refused.stdout)["fault"] == fault == by_python.stdout.split(":")[0], (at, new)
        assert by_python.returncode == NOT_VERIFIED


def test_a_log_cut_short_shows_to_who_saw_it_longer(qapi, tmp_path):
    key, memory = tmp_path / "audit.pem", tmp_path / "seen.json"
    key.write_text(qapi("audit", "public-key").stdout)
    short, long = tmp_path / "short.ndjson", tmp_path / "long.ndjson"
    wait_until(lambda: '"checkpoint"' in qapi("audit", "export").stdout, 10, "a checkpoint")
    qapi("audit", "export", str(short))
    size = lambda path: sum('"type":"record"' in line for line in path.read_text().splitlines())

    def longer():
        qapi("audit", "export", str(long), "--force")
        return size(long) > size(short)

    wait_until(longer, 10, "more records in the tree")
    verify = lambda path, code=OK: qapi("audit", "verify", str(path), "--key", str(key), "--remember", str(memory), "--output", "json", code=code)
    verify(short), verify(long)
    older = verify(short, NOT_VERIFIED)
    assert json.loads(older.stdout)["fault"] == "truncated"
    assert "an export made before the newest that was verified" in older.stderr and "--remember" in older.stderr
    verify(long)
    with open(long, "a") as file:
        file.write("\n \n")
    verify(long)
    plain = subprocess.run([sys.executable, ROOT / "tools/verify_audit_export.py", long, "--key", key], capture_output=True, text=True)
    assert plain.returncode == 0, plain.stdout + plain.stderr
    with open(long, "a") as file:
        file.write("{}\n")
    assert json.loads(verify(long, NOT_VERIFIED).stdout)["fault"] == "malformed"


def test_an_export_that_was_cut_goes_on_and_becomes_whole_as_the_document_says(qapi, server, tmp_path):
    for _ in range(300):
        assert server.http.post("/api/v1/encrypt", json={"plaintext": "x"}).status_code == 200
    wait_until(lambda: qapi("audit", "export").stdout.count('"type":"record"') > 300, 10, "the sequencer")
    lines = qapi("audit", "export").stdout.splitlines(keepends=True)
    part, rest, whole, key = (tmp_path / name for name in ("part.ndjson", "rest.ndjson", "whole.ndjson", "audit.pem"))
    key.write_text(qapi("audit", "public-key").stdout)
    cut = next(place for place, line in enumerate(lines) if line.startswith('{"index":290,'))
    part.write_text("".join(lines[:cut + 1]) + lines[cut + 1][:50])
    qapi("audit", "export", str(rest), "--from-index", "290")
    assert json.loads(rest.read_text().split("\n", 1)[0])["from"] == 256
    document = (pathlib.Path(__file__).parents[2] / "docs/operations.md").read_text()
    recipe = re.search(r"^from=.*\n\{ .* > whole\.ndjson$", document, re.M).group(0)
    subprocess.run(["bash", "-euc", recipe], cwd=tmp_path, check=True)
    def verify(path, *options, code=OK):
        by_python = subprocess.run([sys.executable, ROOT / "tools/verify_audit_export.py", path, "--key", key, *options],
                                   capture_output=True, text=True)
        assert by_python.returncode == code, by_python.stdout + by_python.stderr
        return json.loads(qapi("audit", "verify", str(path), "--key", str(key), "--remember", str(tmp_path / "seen"),
                               "--output", "json", *options, code=code).stdout), by_python.stdout

    size = verify(whole)[0]["records"]
    later, by_python = verify(rest, "--from-index", "290")
    assert (later["first"], later["records"], later["size"]) == (256, size - 256, size) and size > 300
    assert f"records 256 to {size - 1} of {size} " in by_python
    # Whoever cut the first records off would leave the same file.
    cut_off, by_python = verify(rest, code=NOT_VERIFIED)
    assert (cut_off["fault"], cut_off["index"]) == ("missing", 0) and by_python.startswith("missing: records 0 to 255 are left out")
    assert whole.read_text().splitlines()[:cut] == "".join(lines[:cut]).splitlines()
    refused = qapi("audit", "export", str(part), "--from-index", "290", code=USAGE)
    assert "a file of its own" in refused.stderr


def test_verifying_without_key_or_file_or_under_another_key_cannot_pass(qapi, new_server, tmp_path):
    export, other_key = tmp_path / "audit.ndjson", tmp_path / "other.pem"
    wait_until(lambda: '"checkpoint"' in qapi("audit", "export").stdout, 10, "a checkpoint")
    qapi("audit", "export", str(export))
    other = new_server().init().start()
    other_key.write_text(other.qapi("audit", "public-key").stdout)
    memory = ["--remember", str(tmp_path / "seen.json")]
    refused = qapi("audit", "verify", str(export), "--key", str(other_key), *memory, "--output", "json", code=NOT_VERIFIED)
    assert json.loads(refused.stdout)["fault"] == "bad_signature"
    qapi("audit", "verify", str(tmp_path / "absent"), "--key", str(other_key), *memory, code=UNKNOWN)
    qapi("audit", "verify", str(export), "--key", str(export), *memory, code=UNKNOWN)
    qapi("audit", "verify", str(export), *memory, code=USAGE)
    empty = tmp_path / "empty"
    empty.write_text("")
    qapi("audit", "verify", str(empty), "--key", str(other_key), *memory, code=NOT_VERIFIED)


# --- how it is called ---------------------------------------------------------------------------

LISTS = [("secrets", "list"), ("keys", "list"), ("apikeys", "list"), ("audit", "list"), ("whoami",), ("health",)]


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_each_output_form(qapi, command):
    create(qapi, "form-" + "-".join(command))
    json.loads(qapi(*command, "--output", "json").stdout)
    assert json.loads(qapi("--output", "json", *command).stdout)  # before the command as well
    table, value = qapi(*command, "--output", "table").stdout, qapi(*command, "--output", "value").stdout
    assert table and value and table != value and "\x1b" not in table
    qapi(*command, "--output", "xml", code=USAGE)


def test_what_others_named_does_not_reach_the_terminal_as_control_characters(qapi, server):
    answer = server.http.post("/api/v1/secrets", json={"name": "terminal", "value": "v", "description": "a\x1b[31mred\u009bx"})
    assert answer.status_code == 201
    out = qapi("secrets", "get", "terminal").stdout
    assert "\x1b" not in out and "\u009b" not in out and "red" in out


@pytest.mark.parametrize("args", [[], ["fly"], ["secrets"], ["secrets", "create"], ["secrets", "create", "only-a-name"], ["secrets", "list", "--nonsense"],
                                  ["secrets", "list", "more"], ["keys", "rotate"], ["apikeys", "create", "--name", "x"], ["random"],
                                  ["--api-key", "x", "health"], ["secrets", "list", "--page", "0"]], ids=" ".join)
def test_a_wrong_command_line_is_a_usage_error(qapi, args):
    assert qapi(*args, code=USAGE).stdout == ""


def test_help_and_version(qapi):
    for args in (["--help"], ["secrets", "--help"], ["secrets", "create", "--help"], ["audit", "verify", "--help"]):
        assert qapi(*args).stdout
    assert re.fullmatch(r"qapi \d+\.\d+\.\d+\n", qapi("--version").stdout)
    assert qapi("version").stdout == qapi("--version").stdout


@pytest.mark.parametrize("key", ["", "nonsense", "qapi_" + "0" * 64])
def test_without_a_right_key_nothing_is_given(qapi, key):
    out = qapi("secrets", "list", key=key, code=UNAUTHORIZED)
    assert out.stdout == "" and "QUANTUMAPI_KEY" in out.stderr


def test_a_key_cannot_smuggle_a_header_in(qapi, server):
    out = qapi("secrets", "list", key=f"x\r\nX-Api-Key: {server.api_key}", code=USAGE)
    assert out.stdout == ""


@pytest.mark.parametrize("name", ["QUANTUMAPI_KEY", "QUANTUMAPI_API_KEY", "QAPI_API_KEY", "QUANTUMAPI__APIKEY"])
def test_the_key_comes_from_each_variable(server, name):
    env = {v: "" for v in ("QUANTUMAPI_KEY", "QUANTUMAPI_API_KEY", "QAPI_API_KEY", "QUANTUMAPI__APIKEY")}
    assert server.tenant_id in server.qapi("whoami", env={**env, name: server.api_key}).stdout


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/api/v1", "/api/v1/"])
@pytest.mark.parametrize("name", ["QUANTUMAPI_URL", "QUANTUMAPI_BASE_URL"])
def test_the_address_comes_from_each_variable_with_or_without_its_prefix(server, name, suffix):
    env = {"QUANTUMAPI_URL": "", "QUANTUMAPI_BASE_URL": "", name: server.plain_url + suffix}
    assert server.tenant_id in server.qapi("whoami", env=env).stdout


def test_nobody_there_cannot_be_told(qapi):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        out = qapi("secrets", "list", env={"QUANTUMAPI_URL": url}, code=UNKNOWN)
        assert out.stdout == ""
        qapi("health", env={"QUANTUMAPI_URL": url}, code=UNKNOWN)


# --- TLS ----------------------------------------------------------------------------------------

def test_over_https_with_the_right_roots(qapi, server):
    before = handshakes(server)
    made = create(qapi, "over-https", "tls-value", https=True)
    assert qapi("vault", "get", made["id"], https=True).stdout == "tls-value"
    after = handshakes(server)
    series = 'group="X25519MLKEM768",signature="ML-DSA-65"'
    assert after.get(series, 0) >= before.get(series, 0) + 2
    assert sum(after.values()) - sum(before.values()) == after[series] - before.get(series, 0), "a classical handshake"


def handshakes(server):
    lines = server.http.get("/metrics").text.splitlines()
    return {m[1]: float(m[2]) for line in lines if (m := re.fullmatch(r"quantumapi_tls_handshakes_total\{(.*)\} (.*)", line))}


def test_wrong_or_missing_roots_are_refused(qapi, new_server):
    other = new_server().init()
    for file in (str(other.data / "ca.pem"), ""):
        assert qapi("secrets", "list", https=True, env={"QUANTUMAPI_CA_FILE": file}, code=UNKNOWN).stdout == ""


@pytest.mark.parametrize("content", [None, "", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
                         ids=["absent", "empty", "text", "damaged"])
def test_a_file_of_roots_that_holds_none_is_refused(qapi, tmp_path, content):
    """It must not stand for the roots of the system."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    out = qapi("secrets", "list", https=True, env={"QUANTUMAPI_CA_FILE": str(file)}, code=USAGE)
    assert out.stdout == "" and "file" in out.stderr
    for place in (["--ca-file", str(file), "secrets", "list"], ["secrets", "list", "--ca-file", str(file)]):
        out = qapi(*place, https=True, env={"QUANTUMAPI_CA_FILE": ""}, code=USAGE)
        assert out.stdout == "" and "file" in out.stderr


def test_another_name_of_the_server_is_refused(qapi, server):
    # The certificate is for localhost and 127.0.0.1, not for this loopback address.
    out = qapi("secrets", "list", env={"QUANTUMAPI_URL": f"https://127.0.0.2:{server.port}"}, code=UNKNOWN)
    assert out.stdout == ""


def test_a_key_travels_in_the_clear_on_loopback_only(qapi, server):
    # This address reaches the same server, so that only the client's own rule refuses it.
    out = qapi("secrets", "list", env={"QUANTUMAPI_URL": f"http://0.0.0.0:{server.plain_port}"}, code=USAGE)
    assert out.stdout == "" and "https" in out.stderr


# --- what is never shown ------------------------------------------------------------------------

@pytest.fixture
def silent_host():
    """Accepts a connection and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(10)
        yield listening


def test_neither_key_nor_value_stands_in_the_process_list(server, silent_host, tmp_path):
    env = {**os.environ, "QUANTUMAPI_KEY": server.api_key, "QUANTUMAPI_URL": f"http://127.0.0.1:{silent_host.getsockname()[1]}",
           "HOME": str(tmp_path)}
    process = subprocess.Popen([BIN / "qapi", "secrets", "create", "name", "the-value-to-hide"], env=env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        connection, _ = silent_host.accept()
        shown = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert b"name" in shown and b"the-value-to-hide" not in shown and server.api_key.encode() not in shown
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), "a core dump would hold them"
        connection.close()
    finally:
        process.kill()
        process.communicate()


def test_a_profile_keeps_key_and_address_for_its_owner_alone(server, tmp_path):
    env = {"QUANTUMAPI_KEY": "", "QUANTUMAPI_URL": "", "QUANTUMAPI_CA_FILE": "", "XDG_CONFIG_HOME": str(tmp_path / "config")}
    stored = server.qapi("profile", "set", "--url", server.url, "--ca-file", str(server.data / "ca.pem"), stdin=server.api_key + "\n", env=env)
    assert server.api_key not in stored.stdout + stored.stderr
    profile = tmp_path / "config/quantumapi/profile"
    assert profile.stat().st_mode & 0o777 == 0o600
    assert server.tenant_id in server.qapi("whoami", env=env).stdout
    # The profile's key goes to the profile's own address only.
    refused = server.qapi("whoami", env={**env, "QUANTUMAPI_URL": server.plain_url}, check=False)
    assert refused.returncode == USAGE and "not sent elsewhere" in refused.stderr
    profile.chmod(0o644)
    refused = server.qapi("whoami", env=env, check=False)
    assert refused.returncode == USAGE and "chmod 600" in refused.stderr


def test_an_export_is_written_whole_or_not_at_all(qapi, tmp_path):
    target = tmp_path / "audit.ndjson"
    target.write_text("kept\n")
    assert "--force" in qapi("audit", "export", str(target), code=USAGE).stderr
    assert target.read_text() == "kept\n"
    qapi("audit", "export", str(target), "--force", key="qapi_" + "0" * 64, code=UNAUTHORIZED)
    assert target.read_text() == "kept\n" and [p.name for p in tmp_path.iterdir()] == ["audit.ndjson"]
    out = qapi("audit", "export", str(tmp_path / "no" / "such" / "folder"), code=USAGE)
    assert "folder" in out.stderr


def test_a_value_that_could_not_be_printed_is_a_failure(server):
    server.qapi("secrets", "create", "unprinted", "v")
    env = {**os.environ, "QUANTUMAPI_KEY": server.api_key, "QUANTUMAPI_URL": server.plain_url, "HOME": str(server.directory)}
    with open("/dev/full", "w") as full:
        out = subprocess.run([BIN / "qapi", "vault", "get", "unprinted"], env=env, stdout=full, stderr=subprocess.PIPE, text=True)
    assert out.returncode == 8 and "written" in out.stderr


# --- pipelines and shells -----------------------------------------------------------------------

def test_a_secret_becomes_a_hidden_variable_of_azure_devops(qapi):
    create(qapi, "pipeline/signing-key", PEM)
    escaped = PEM.replace("\n", "%0A")
    for words in (("vault", "get"), ("secret", "get"), ("secrets", "get")):
        out = qapi(*words, "pipeline/signing-key", "--output", "azure-devops").stdout
        assert out == f"##vso[task.setvariable variable=PIPELINE_SIGNING_KEY;issecret=true]{escaped}\n"
    named = qapi("vault", "get", "pipeline/signing-key", "--output", "azure-devops", "--variable", "cosign.key").stdout
    assert named.startswith("##vso[task.setvariable variable=cosign.key;issecret=true]")


def test_whatever_gives_a_secret_hands_it_on_to_azure_devops(qapi, server):
    devops = ("--output", "azure-devops")
    made = qapi("apikeys", "create", "--name", "of-pipeline", "--scope", "secrets:read", *devops).stdout
    prefix = "##vso[task.setvariable variable=OF_PIPELINE;issecret=true]"
    assert made.startswith(prefix + "qapi_") and made.count("\n") == 1
    assert json.loads(qapi("whoami", "--output", "json", key=made.strip().removeprefix(prefix)).stdout)["name"] == "of-pipeline"
    sealed = qapi("encrypt", "-", stdin="two\nlines 50%").stdout.strip()
    qapi("decrypt", sealed, *devops, code=USAGE)
    assert qapi("decrypt", sealed, *devops, "--variable", "CLEAR").stdout == "##vso[task.setvariable variable=CLEAR;issecret=true]two%0Alines 50%AZP25\n"
    wrapped = qapi("datakey", "generate", "default-encryption", "--without-plaintext").stdout.strip()
    plain = qapi("datakey", "unwrap", "default-encryption", wrapped).stdout.strip()
    assert qapi("datakey", "unwrap", "default-encryption", wrapped, *devops, "--variable", "DEK").stdout == f"##vso[task.setvariable variable=DEK;issecret=true]{plain}\n"


@pytest.mark.parametrize("command", [("secrets", "list"), ("random",), ("keys", "list"), ("whoami",)])
def test_other_commands_print_nothing_for_azure_devops(qapi, command):
    assert qapi(*command, "--output", "azure-devops", code=USAGE).stdout == ""


def shell(program, *args, stdin=""):
    out = subprocess.run([program, *args], input=stdin, capture_output=True, text=True, env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
    assert out.returncode == 0 and not out.stderr, (program, out.stderr)
    return set(out.stdout.split("\n"))


def test_bash_completes_commands_options_and_forms(qapi, tmp_path):
    (tmp_path / "of-a-key.pem").write_text("")
    ask = 'source <(qapi completion bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _qapi; printf "%s\\n" "${{COMPREPLY[@]}}"'

    def completed(words):
        return sorted(shell("bash", "-c", ask.format(words=words)) - {""})

    assert {"keys", "secrets", "completion", "--output"} <= set(completed("qapi ''"))
    assert "rotate" in completed("qapi keys ro")
    assert {"--aad", "--url"} <= set(completed("qapi encrypt --"))
    assert completed("qapi vault get x --output a") == ["azure-devops"]
    assert completed("qapi log-streams te") == ["test"] and "tenants" not in completed("qapi log-streams ''")
    for words, values in (("keys create --type ''", ["encryption", "hmac", "signing"]), ("apikeys create --role a", ["admin"]),
                          ("encrypt x --encoding ''", ["base64", "utf8"]), ("keys import --format d", ["der"]),
                          ("tenants create --environment S", ["Staging"]), ("keys public-key --format ''", ["der", "jwk", "pem", "raw"])):
        assert completed(f"qapi {words}") == values, words
    assert completed("qapi keys list --output = j") == completed("qapi keys list --output=j")[0].split("=")[1:] == ["json"]
    assert completed("qapi --output = ''") == ["azure-devops", "json", "table", "value"]
    assert completed("qapi --url keys ro") == [] and completed("qapi --url https://x keys ro") == ["rotate"]
    assert completed(f"qapi encrypt @{tmp_path}/of") == [f"@{tmp_path}/of-a-key.pem"]
    assert completed("qapi encrypt ''") == [] and completed("qapi encrypt --key ''") == [], "a value is due, not an option"
    for place in ("", "keys", "encrypt"):
        assert completed(f"qapi {place} --he") == ["--help"]


def test_a_real_bash_completes_what_is_typed(qapi, tmp_path):
    """Readline splits words at = and @ by itself."""
    (tmp_path / "of-a-key.pem").write_text("")
    rc = tmp_path / "rc"
    rc.write_text("PS1='> '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source <(qapi completion bash); qapi() { printf 'got<%s>\\n' \"$@\"; }\n")
    for typed, got in (("qapi keys list --output=j", "got<--output=json>"), (f"qapi encrypt @{tmp_path}/of", f"got<@{tmp_path}/of-a-key.pem>"),
                       ("qapi log-streams te", "got<test>"), ("qapi keys create --type si", "got<signing>")):
        master, slave = pty.openpty()
        process = subprocess.Popen(["bash", "--noprofile", "--rcfile", rc, "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                   env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "dumb"}, cwd=tmp_path)
        os.close(slave)
        try:
            os.write(master, typed.encode() + b"\t\nexit\n")
            said = b""
            with contextlib.suppress(OSError):
                while part := os.read(master, 4096):
                    said += part
            assert got in said.decode(), said.decode()
        finally:
            os.close(master)
            process.kill()
            process.wait()


def test_fish_completes_commands_with_what_they_do(qapi, tmp_path):
    (tmp_path / "of-a-key.pem").write_text("")

    def completed(line):
        return shell("fish", "--no-config", "-c", f"cd {tmp_path}; qapi completion fish | source; complete -C '{line}'") - {""}

    def words(line):
        return sorted(one.split("\t")[0] for one in completed(line))

    assert any(line.startswith("rotate\tGive") for line in completed("qapi keys "))
    assert any(line.startswith("--aad\t") for line in completed("qapi encrypt --"))
    assert words("qapi vault get x --output a") == ["azure-devops"]
    assert words("qapi vault get x --output=j") == ["--output=json"]
    assert words("qapi keys create --type ") == ["encryption", "hmac", "signing"]
    assert words("qapi log-streams te") == ["test"] and "tenants" not in words("qapi log-streams ")
    assert "rotate" not in words("qapi --url keys ro") and words("qapi --url https://x keys ro") == ["rotate"]
    assert "@of-a-key.pem" in words("qapi encrypt @of")
    assert words("qapi encrypt --he") == ["--help"]


def test_zsh_completes_commands_with_what_they_do(qapi):
    # _describe and _files stand for zsh's menu; the script's own part is all that is asked here.
    ask = ('source <(qapi completion zsh); _describe() {{ print -rl -- "${{(@P)2}}" }}; _files() {{ print FILES }}; compset() {{ print -r -- "$@" }}; '
           'words=({words}); CURRENT=$#words; _qapi')

    def completed(words):
        return sorted(shell("zsh", "-f", "-c", ask.format(words=words)) - {""})

    assert any(line.startswith("rotate:Give") for line in completed("qapi keys ''"))
    assert any(line.startswith("--aad:") for line in completed("qapi encrypt --"))
    assert completed("qapi vault get x --output ''") == ["azure-devops", "json", "table", "value"]
    assert completed("qapi vault get x --output=j") == ["-P *=", "azure-devops", "json", "table", "value"]
    assert any(line.startswith("test:") for line in completed("qapi log-streams te"))
    assert completed("qapi encrypt @x") == ["-P @", "FILES"] and completed("qapi encrypt ''") == completed("qapi encrypt --key ''") == ["FILES"]
    assert len([line for line in completed("qapi encrypt --") if line.startswith("--help:")]) == 1
