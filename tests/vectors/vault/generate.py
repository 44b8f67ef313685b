"""Vaults of both versions as docs/vault.md describes them, made without our code; prints vaults.json.

Runs in the Python of tests/second-client (pycryptodome)."""

import hashlib
import hmac
import json

from Crypto.Cipher import AES

KDF = {"algorithm": "argon2id", "memoryKib": 65536, "passes": 3, "lanes": 1, "salt": "aa" * 16}
PASSWORD, PASSKEY = bytes([1]) * 32, bytes([2]) * 32
CODE = bytes(range(16))
KEY = bytes([3]) * 32
VAULT = bytes([4]) * 16
SEED = bytes([0xA5]) * 64
CREDENTIAL, SALT = b"a credential", bytes([5]) * 32
CONTENTS = json.dumps({
    "relationships": [{"network": "0x" + "07" * 32, "index": 1, "steward": "0x" + "09" * 20}],
    "viewers": [{"viewer": "0x" + "08" * 20, "name": "Anna"}],
}).encode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def seal(key, version, part, numbers, bound_to, content):
    place = f"medrec-light/{version}|vault|{part}|" + "".join(f"{number}|" for number in numbers)
    nonce = sha256(b"nonce", place.encode())[:12]
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce).update(place.encode() + sha256(*bound_to))
    ciphertext, tag = cipher.encrypt_and_digest(content)
    return nonce + ciphertext + tag


def wrapping_key(secret, way):
    """HKDF-SHA256 without salt, one block."""
    prk = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(prk, f"medrec-light vault {way} wrap".encode() + b"\1", "sha256")


def header(version, body):
    body = json.dumps(body, separators=(",", ":")).encode()
    return b"MRVAULT" + bytes([version]) + sha256(body) + body


def kdf_binding():
    numbers = b"".join(KDF[name].to_bytes(4, "big") for name in ("memoryKib", "passes", "lanes"))
    return b"argon2id" + numbers + bytes.fromhex(KDF["salt"])


def record(number, sealed):
    return number.to_bytes(8, "big") + sealed


def version_1():
    epoch, bound_to = 1, [kdf_binding()]
    wrap = seal(wrapping_key(PASSWORD, "password"), 1, "header", [0, epoch], bound_to, KEY)
    return {
        "header": header(1, {"epoch": epoch, "kdf": KDF, "password_wrap": wrap.hex()}),
        "identity": record(1, seal(KEY, 1, "identity", [1, epoch], bound_to, SEED)),
        "contents": record(6, seal(KEY, 1, "contents", [6, epoch], bound_to, CONTENTS)),
    }


def version_2():
    epoch = 7
    wrap = lambda secret, way, *bound_to: seal(wrapping_key(secret, way), 2, way, [], [VAULT, *bound_to], KEY).hex()
    ways = [
        {"password": {"kdf": KDF, "wrap": wrap(PASSWORD, "password", kdf_binding())}},
        {"passkey": {
            "passkey": {"credential": CREDENTIAL.hex(), "salt": SALT.hex(), "name": "My phone"},
            "wrap": wrap(PASSKEY, "passkey", SALT, CREDENTIAL),
        }},
        {"code": {"wrap": wrap(CODE, "code")}},
    ]
    text = json.dumps(ways, separators=(",", ":")).encode()
    seal_of_header = seal(KEY, 2, "header", [epoch], [VAULT, text], b"")
    return {
        "header": header(2, {"vault": VAULT.hex(), "epoch": epoch, "ways": ways, "seal": seal_of_header.hex()}),
        "identity": record(epoch, seal(KEY, 2, "identity", [epoch], [VAULT], SEED)),
        "contents": record(epoch, seal(KEY, 2, "contents", [epoch], [VAULT], CONTENTS)),
    }


def code_text():
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = int.from_bytes(CODE, "big")
    checksum = int.from_bytes(sha256(CODE)[:2], "big") >> 6
    text = "".join(digits[number >> 5 * place & 31] for place in range(25, -1, -1))
    text += digits[checksum >> 5] + digits[checksum & 31]
    return "-".join(text[place:place + 4] for place in range(0, len(text), 4))


vaults = {name: {part: value.hex() for part, value in vault.items()} for name, vault in
          (("version1", version_1()), ("version2", version_2()))}
print(json.dumps({**vaults, "credential": CREDENTIAL.hex(), "code": code_text(), "contents": CONTENTS.decode()}, indent=1))
