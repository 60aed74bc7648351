"""The two that open and seal payloads beside the platform: Python (payloads.py) and node (node/payload.js)."""

import base64
import os

from cryptography.exceptions import InvalidTag

import kems
import payloads
from payloads import OWN, UTF8

ALGORITHMS = list(payloads.NUMBERS)
EACH = [(peer, algorithm) for peer in ("python", "node") for algorithm in ALGORITHMS]


class Refused(Exception):
    pass


class Python:
    @staticmethod
    def make(algorithm):
        """A key: what /keys/import takes, by format; its public key in DER; its seed."""
        seed = os.urandom(64)
        return *kems.private_forms(algorithm, seed), seed

    @staticmethod
    def open(version, seed, octets, additional=b""):
        try:
            return payloads.open_payload(version, seed, octets, additional)
        except InvalidTag:
            raise Refused from None

    @staticmethod
    def seal(version, form, public_key, fields, kind=OWN, encoding=UTF8):
        """A payload for each (plaintext, additional data), all of one encapsulation to an exported public key."""
        nonces = [os.urandom(12) for _ in fields]
        public = kems.public_octets(version.algorithm, form, public_key)
        return payloads.seal_payloads(version, public, version.header(kind, encoding), nonces, fields)


class Node:
    def __init__(self, ask):
        self.ask = ask

    def asked(self, **question):
        answer, = self.ask(question)
        if "answer" not in answer:
            raise Refused(answer["error"])
        return answer["answer"]

    def make(self, algorithm):
        made = self.asked(what="kem", algorithm=algorithm)
        return made["forms"], base64.b64decode(made["spki"]), bytes.fromhex(made["seed"])

    def open(self, version, seed, octets, additional=b""):
        return bytes.fromhex(self.asked(
            what="open", algorithm=version.algorithm, seed=seed.hex(), secret=version.secret.hex(),
            tenant=str(version.tenant), additional=additional.hex(), payload=octets.hex()))

    def seal(self, version, form, public_key, fields, kind=OWN, encoding=UTF8):
        made = self.asked(
            what="seal", form=form, publicKey=public_key, secret=version.secret.hex(), tenant=str(version.tenant),
            header=version.header(kind, encoding).hex(), nonces=[os.urandom(12).hex() for _ in fields],
            fields=[(plaintext.hex(), additional.hex()) for plaintext, additional in fields])
        return [bytes.fromhex(each) for each in made]
