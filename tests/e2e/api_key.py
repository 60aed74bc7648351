"""API keys as text: qapi_ + id 15 + secret 43 + checksum 6, base62 (docs/formats.md, "API key")."""

import random
import zlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY = len("qapi_") + 15 + 43


def checksum(body):
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits


def sealed(body):
    assert len(body) == BODY
    return body + checksum(body)


def drawn(count, seed):
    return "".join(random.Random(seed).choices(DIGITS, k=count))


def unknown(seed=1):
    return sealed("qapi_" + drawn(58, seed))


def with_other_secret(key, seed=2):
    """The same id, another secret, and a checksum that fits."""
    return sealed(key[:20] + drawn(43, seed))
