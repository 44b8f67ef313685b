"""What all parts use: the one error, bytes and their hex, strict JSON, Keccak."""

import hashlib
import json
import re

from Crypto.Hash import keccak as crypto_keccak


class ProtocolError(Exception):
    """An answer that does not hold: nothing of it is used."""


def require(holds, why):
    if not holds:
        raise ProtocolError(why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def keccak(data):
    return crypto_keccak.new(digest_bits=256, data=data).digest()


def u64(number):
    return number.to_bytes(8, "big")


def unhex(text, size):
    require(isinstance(text, str) and re.fullmatch(f"0x[0-9a-f]{{{2 * size}}}", text), f"not {size} bytes in hex")
    return bytes.fromhex(text[2:])


def tohex(data):
    return "0x" + data.hex()


def strict_json(data):
    def pairs(members):
        require(len({name for name, _ in members}) == len(members), "a repeated member")
        return dict(members)

    def constant(name):
        raise ProtocolError(f"{name} is no JSON")

    try:
        return json.loads(data.decode("utf-8") if isinstance(data, bytes) else data,
                          object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not JSON") from error
