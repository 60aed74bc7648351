#!/usr/bin/env python3
"""Verify an exported audit log without any code of the server.

    verify_audit_export.py EXPORT.ndjson --key PUBLIC-KEY.pem [--remember CHECKPOINT] [--from-index N]

Needs Python 3.9 and cryptography 50 or later (ML-DSA). The formats are those of
docs/formats/audit.md. The public key must come from somewhere else than the
export: from `quantumapid`, an earlier day, another person. --remember names a
file with checkpoints kept from earlier, as a server's --audit-checkpoint-file: the
export must contain each of its own log. Those of other logs, each under a key of
its own, and what a crash cut while it was appended are passed over.
An export that begins later than at record 0 verifies only with --from-index N: what
stands before the group of 256 that holds record N may be left out.

Exit code: 0 verified, 1 not verified (the reason is printed), 3 could not tell.
"""
import argparse
import base64
import hashlib
import json
import re
import sys

SEGMENT = 256
CONTEXT = b"quantumapi/audit/v1"
ORIGIN = "quantumapi/audit/"
SIGNATURE = 4412  # of ML-DSA-65, 3309 octets, as base64
CHECKPOINT = re.compile(rf"{ORIGIN}(?P<log>[0-9a-f-]{{36}})\n(?:[^\n]+\n){{4}}\n[A-Za-z0-9+/]{{{SIGNATURE}}}(?=\n|\Z)")
# What a line of each type has beside its type; `from` alone may be absent. No line has another member.
MEMBERS = {
    "log": {"format", "from", "log", "tenant"},
    "record": {"index", "leaf", "record", "salt"},
    "segment": {"hash", "segment"},
    "pending": {"record", "salt"},
    "checkpoint": {"checkpoint"},
}


class Fault(Exception):
    """What is wrong with the export, as a word and a sentence."""

    def __init__(self, word, message):
        super().__init__(f"{word}: {message}")


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def leaf_hash(salt, record):
    return sha256(b"\x00", salt, record)


def tree_root(hashes):
    """The Merkle tree hash of RFC 9162 section 2.1.1 over leaf hashes."""
    if not hashes:
        return sha256()
    level = list(hashes)
    # Pairing neighbours and passing an odd last one up gives the same tree as
    # splitting at the largest power of two.
    while len(level) > 1:
        pairs = [sha256(b"\x01", level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def followed_by(record):
    """The log that one with this first record follows, and its size then; None where it is the first."""
    try:
        value = json.loads(record)
        size, root = value["resourceName"].split(" ")
        if value["action"] == "audit.log_opened" and len(base64.b64decode(root, validate=True)) == 32:
            return value["resource"], int(size)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    return None


def members_of(pairs):
    """A JSON object; ValueError where a name stands twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is given twice")
    return members


def parse_checkpoint(text, public_key):
    """The log, size and root that a checkpoint states, once its signature holds."""
    from cryptography.exceptions import InvalidSignature

    body, separator, signature = text.partition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) != 5 or not lines[0].startswith(ORIGIN):
        raise Fault("malformed", "the checkpoint is not one")
    try:
        signature = base64.b64decode(signature.rstrip("\n"), validate=True)
        public_key.verify(signature, (body + "\n\n").encode(), CONTEXT)
    except (InvalidSignature, ValueError):
        raise Fault("bad_signature", "the checkpoint's signature does not verify") from None
    return lines[0][len(ORIGIN) :], int(lines[1]), base64.b64decode(lines[2], validate=True)


class Export:
    """Reads an export line by line and stops at the first fault."""

    def __init__(self):
        self.log = None
        self.tenant = None
        self.foreign = None  # another tenant, as a record has it
        self.first = 0
        self.leaves = []  # hashes of the records from `first` on
        self.skipped = []  # hashes of the segments before `first`
        self.pending = 0
        self.checkpoint = None
        self.follows = None  # (log, size)
        self.compared = 0  # how many remembered checkpoints are of this log

    def take(self, number, line):
        if self.checkpoint is not None and not line.strip():
            return  # what an editor or a shell left at the end
        try:
            value = json.loads(line, object_pairs_hook=members_of)
            kind = value["type"]
        except (ValueError, KeyError, TypeError):
            raise Fault("malformed", f"line {number} is not a line of an export") from None
        if self.checkpoint is not None:
            raise Fault("malformed", f"line {number} stands after the checkpoint")
        if self.log is None and kind != "log":
            raise Fault("malformed", "the first line is not that of a log")
        if kind in MEMBERS and set(value) - MEMBERS[kind] - {"type"}:
            raise Fault("malformed", f"line {number} has a member that no line of its type has")
        {
            "log": self.take_log,
            "record": self.take_record,
            "segment": self.take_segment,
            "pending": self.take_pending,
            "checkpoint": self.take_checkpoint,
        }.get(kind, self.take_unknown)(value)

    def take_unknown(self, value):
        raise Fault("malformed", f"a line has the unknown type {value['type']!r}")

    def take_log(self, value):
        if self.log is not None or type(value.get("format")) is not int or value["format"] != 1:
            raise Fault("malformed", "this is not an export of format 1")
        self.log = value["log"]
        self.tenant = value["tenant"]
        self.first = value.get("from", 0)
        if type(self.first) is not int or self.first < 0 or self.first % SEGMENT:
            raise Fault("malformed", "the export begins inside a segment")

    def size(self):
        return len(self.skipped) * SEGMENT + len(self.leaves)

    def take_record(self, value):
        if self.pending:
            raise Fault("malformed", "a record with an index stands after pending ones")
        index = value["index"]
        if index > self.size():
            raise Fault("missing", f"record {self.size()} is missing or out of its place")
        if index < self.size():
            raise Fault("reordered", f"record {index} comes again or too late")
        leaf = leaf_hash(base64.b64decode(value["salt"], validate=True), value["record"].encode())
        if base64.b64decode(value["leaf"], validate=True) != leaf:
            raise Fault("altered", f"record {index} was altered")
        self.leaves.append(leaf)
        tenant = json.loads(value["record"])["tenant"]
        if tenant != self.tenant and self.foreign is None:
            self.foreign = tenant
        if index == 0:
            self.follows = followed_by(value["record"])

    def take_segment(self, value):
        digest = base64.b64decode(value["hash"], validate=True)
        segment = value["segment"]
        if self.size() < self.first:
            if segment != len(self.skipped):
                raise Fault("malformed", "the hashes of earlier segments are out of order")
            self.skipped.append(digest)
            return
        if (segment + 1) * SEGMENT > self.size():
            raise Fault("missing", f"record {self.size()} is missing or out of its place")
        begin = segment * SEGMENT - self.first
        if begin < 0 or tree_root(self.leaves[begin : begin + SEGMENT]) != digest:
            first = segment * SEGMENT
            raise Fault("altered", f"a record from {first} to {first + SEGMENT - 1} was altered")

    def take_pending(self, value):
        self.pending += 1

    def take_checkpoint(self, value):
        self.checkpoint = value["checkpoint"]

    def root_at(self, size):
        """The root of the first `size` records; None where the export leaves them out."""
        if size >= self.first:
            full = size // SEGMENT
            level = list(self.skipped[:full])
            for segment in range(len(level), full):
                begin = segment * SEGMENT - self.first
                level.append(tree_root(self.leaves[begin : begin + SEGMENT]))
            tail = self.leaves[full * SEGMENT - self.first : size - self.first]
            return self.join(level, tail)
        return tree_root(self.skipped[: size // SEGMENT]) if size % SEGMENT == 0 else None

    @staticmethod
    def join(segments, tail):
        """Full segments are perfect subtrees: the tail hangs at their right."""
        if not tail:
            return tree_root(segments)
        root = tree_root(tail)
        # The perfect subtrees over the segments, largest first.
        perfect = []
        while segments:
            n = 1 << (len(segments).bit_length() - 1)
            perfect.append(tree_root(segments[:n]))
            segments = segments[n:]
        for left in reversed(perfect):
            root = sha256(b"\x01", left, root)
        return root

    def finish(self, public_key, remembered, from_index):
        if self.checkpoint is None:
            raise Fault("no_checkpoint", "the export ends without a checkpoint")
        log, size, root = parse_checkpoint(self.checkpoint, public_key)
        if log != self.log:
            raise Fault("altered", "the checkpoint is of another log")
        if self.size() < size:
            raise Fault("truncated", f"the checkpoint covers {size} records, {self.size()} are here")
        if self.size() > size:
            raise Fault("altered", f"record {size} is not covered by the checkpoint")
        if self.root_at(size) != root:
            raise Fault("altered", f"a record from {self.first} to {size - 1} was altered with its hashes")
        if self.foreign is not None:
            raise Fault("altered", f"line 1 names the tenant {self.tenant}, the records are of {self.foreign}")
        for of_log, text in remembered:
            if of_log == self.log:
                _, size_then, root_then = parse_checkpoint(text, public_key)
                self.compare(size_then, root_then)
        wanted = from_index // SEGMENT * SEGMENT
        if self.first > wanted:
            raise Fault("missing", f"records {wanted} to {self.first - 1} are left out; "
                                   f"where they may be absent, say so with --from-index {self.first}")
        return size

    def compare(self, size, root):
        self.compared += 1
        if size > self.size():
            raise Fault("truncated", f"{size} records are remembered, {self.size()} are here")
        found = self.root_at(size)
        if found is None:
            raise Fault("missing", f"the first {size} records are remembered but left out here")
        if found != root:
            raise Fault("rewritten", f"the first {size} records are not those remembered")


def checkpoints_in(path):
    """The checkpoints that are whole, each as its log and its text, of a file that a server appended them to."""
    with open(path, encoding="ascii", errors="replace") as file:
        text = file.read()
    whole = [(found["log"], found[0]) for found in CHECKPOINT.finditer(text)]
    cut = text.count(ORIGIN) - len(whole)
    if cut or not whole:
        print(f"{path}: {len(whole)} checkpoints are whole, {cut} are cut and passed over", file=sys.stderr)
    return whole


def load_key(path):
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    with open(path, "rb") as file:
        key = load_pem_public_key(file.read())
    if not isinstance(key, MLDSA65PublicKey):
        raise ValueError("the public key is not of ML-DSA-65")
    return key


def verify(path, public_key, remembered, from_index):
    export = Export()
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, 1):
                export.take(number, line)
        size = export.finish(public_key, remembered, from_index)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Fault("malformed", f"a line lacks what it needs ({error})") from None
    return export, size


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export")
    parser.add_argument("--key", required=True, help="the public key, PEM")
    parser.add_argument("--remember", help="a file of checkpoints kept from earlier")
    parser.add_argument("--from-index", type=int, default=0, metavar="N",
                        help="what stands before the group of 256 that holds record N may be left out")
    arguments = parser.parse_args()
    try:
        public_key = load_key(arguments.key)
        remembered = checkpoints_in(arguments.remember) if arguments.remember else []
        export, size = verify(arguments.export, public_key, remembered, arguments.from_index)
    except Fault as fault:
        print(fault)
        return 1
    except (OSError, ImportError, ValueError) as error:
        print(f"could not tell: {error}", file=sys.stderr)
        return 3
    print(f"verified: records {export.first} to {size - 1} of {size} of log {export.log}; "
          f"{export.pending} not covered yet")
    if arguments.remember:
        print(f"it holds the {export.compared} checkpoints of this log that are remembered")
    if export.follows:
        log, before = export.follows
        print(f"it follows the first {before} records of log {log}, which a restore has closed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
