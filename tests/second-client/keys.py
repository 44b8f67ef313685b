"""Keys (§8): secp256k1 (SEC 1, SEC 2, RFC 6979), affine and plain, not in constant time; BIP-32."""

import hashlib
import hmac

from basics import keccak, require

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def add(a, b):
    """The sum of two points; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point, k = add(point, point), k >> 1
    return total


def address_of(point):
    return keccak(point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))[12:]


def sign_digest(secret, digest):
    """r, s (low) and the parity of R's y; the nonce is RFC 6979's."""
    x, z = secret.to_bytes(32, "big"), int.from_bytes(digest, "big") % N
    key, value = bytes(32), b"\1" * 32
    for tag in (b"\0", b"\1"):
        key = hmac.digest(key, value + tag + x + z.to_bytes(32, "big"), "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        k = int.from_bytes(value, "big")
        if 0 < k < N:
            point = times(k, G)
            r, parity = point[0] % N, point[1] & 1
            s = pow(k, -1, N) * (z + r * secret) % N
            if point[0] < N and r and s:
                return (r, s, parity) if s <= N // 2 else (r, N - s, 1 - parity)
        key = hmac.digest(key, value + b"\0", "sha256")
        value = hmac.digest(key, value, "sha256")


def recover(digest, signature):
    """The address that made a signature of 65 bytes (§3)."""
    require(len(signature) == 65, "a signature has 65 bytes")
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    require(0 < r < N and 0 < s <= N // 2 and v in (27, 28), "a signature out of range")
    y = pow(r**3 + 7, (P + 1) // 4, P)
    require((y * y - r**3 - 7) % P == 0, "a signature without a point")
    y = y if y & 1 == v - 27 else P - y
    z, inverse = int.from_bytes(digest, "big"), pow(r, -1, N)
    point = add(times(s * inverse % N, (r, y)), times(-z * inverse % N, G))
    require(point is not None, "a signature of nobody")
    return address_of(point)


def seed_of(phrase):
    return hashlib.pbkdf2_hmac("sha512", phrase.encode(), b"mnemonic", 2048, 64)


def signing_key(seed, chain_id, index):
    """BIP-32, hardened steps only: m/7777'/chain id'/index'/0'."""
    node = hmac.digest(b"Bitcoin seed", seed, "sha512")
    for step in (7777, chain_id, index, 0):
        data = b"\0" + node[:32] + (step + 2**31).to_bytes(4, "big")
        child = hmac.digest(node[32:], data, "sha512")
        key = (int.from_bytes(child[:32], "big") + int.from_bytes(node[:32], "big")) % N
        node = key.to_bytes(32, "big") + child[32:]
    return int.from_bytes(node[:32], "big")
