"""The call and its answer (§1 to §5)."""

import base64
import hmac
import http.client
import json
import os
import re
import urllib.parse
from dataclasses import dataclass

from Crypto.Cipher import AES
from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key, key_agreement

from basics import ProtocolError, keccak, require, sha256, strict_json, tohex, u64
from keys import G, address_of, recover, sign_digest, times


class Refused(Exception):
    """A refusal that the steward signed (§4)."""

    def __init__(self, refusal):
        super().__init__(f"{refusal['code']}: {refusal['reason']}")
        self.refusal = refusal


@dataclass
class Relationship:
    chain_id: int
    contract: bytes
    patient: bytes
    steward: bytes


@dataclass
class Call:
    """A signed request, and what is needed to take its answer and no other."""
    relationship: Relationship
    authority: str
    reply_secret: bytes
    signature: bytes
    fields: dict
    body: bytes


@dataclass
class Answer:
    status: int
    fields: dict
    body: bytes


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest_field(body):
    return f"sha-256=:{base64.b64encode(sha256(body)).decode()}:"


def message_digest(base):
    data = base.encode()
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)


def make_call(secret, relationship, origin, method, params, head, now):
    one = relationship
    reply_secret = os.urandom(32)
    reply_key = import_x25519_private_key(reply_secret).public_key().export_key(format="raw")
    call = {"version": 1, "method": method, "params": params, "network": one.chain_id, "contract": tohex(one.contract),
            "patient": tohex(one.patient), "steward": tohex(one.steward), "head": head, "replyKey": tohex(reply_key)}
    body = json.dumps(call).encode()
    url = urllib.parse.urlsplit(origin)
    signer = tohex(address_of(times(secret, G)))
    params_text = ('("@scheme" "@authority" "@method" "@path" "@query" "content-digest" "content-type")'
                   f';created={now};expires={now + 60};nonce="{base64url(os.urandom(16))}"'
                   f';keyid="eip155:{one.chain_id}:{signer}";tag="medrec-v1"')
    base = "\n".join([f'"@scheme": {url.scheme}', f'"@authority": {url.netloc}', '"@method": POST', '"@path": /v1/call',
                      '"@query": ?', f'"content-digest": {digest_field(body)}', '"content-type": application/json',
                      f'"@signature-params": {params_text}'])
    r, s, parity = sign_digest(secret, message_digest(base))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
    fields = {"content-type": "application/json", "content-digest": digest_field(body),
              "signature-input": f"mr={params_text}", "signature": f"mr=:{base64.b64encode(signature).decode()}:"}
    return Call(one, url.netloc, reply_secret, signature, fields, body)


def send(call, origin):
    """Brings a call to the gatekeeper. Redirects are not followed: they are answers without a signature."""
    url = urllib.parse.urlsplit(origin)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=60)
    try:
        connection.request("POST", "/v1/call", call.body, call.fields)
        response = connection.getresponse()
        fields = {}
        for name in ("content-type", "content-digest", "signature-input", "signature"):
            values = response.headers.get_all(name) or []
            require(len(values) == 1 and len(values[0]) <= 512, f"not one field {name}")
            fields[name] = values[0]
        limit = 64 * 2**20 if response.status == 200 else 8 * 2**10
        body = response.read(limit + 1)
        require(len(body) <= limit, "a body beyond the limit")
        return Answer(response.status, fields, body)
    finally:
        connection.close()


def verify_answer(call, answer, signer):
    """Refuses what the steward, whose key is the signer, did not sign as the answer to this very call."""
    one, fields = call.relationship, answer.fields
    kind = "application/medrec-sealed" if answer.status == 200 else "application/json"
    require(fields["content-type"] == kind, "the content type does not fit the status")
    created = re.search(r";created=(0|[1-9][0-9]{0,14});", fields["signature-input"])
    require(created, "no time of signing")
    params = ('("@status" "content-digest" "content-type" "@authority";req "signature";req;key="mr")'
              f';created={created[1]};keyid="eip155:{one.chain_id}:{tohex(signer)}";tag="medrec-v1"')
    require(fields["signature-input"] == f"mr={params}", "signed in another way, or by another")
    require(fields["content-digest"] == digest_field(answer.body), "the body is not the one that was signed")
    base = "\n".join([f'"@status": {answer.status}', f'"content-digest": {fields["content-digest"]}',
                      f'"content-type": {kind}', f'"@authority";req: {call.authority}',
                      f'"signature";req;key="mr": :{base64.b64encode(call.signature).decode()}:',
                      f'"@signature-params": {params}'])
    signature = re.fullmatch(r"mr=:([A-Za-z0-9+/]{87}=):", fields["signature"])
    require(signature, "no signature")
    require(recover(message_digest(base), base64.b64decode(signature[1])) == signer, "not signed by the steward")


def open_answer(call, answer, signer=None):
    """The content of an answer by the steward's key, which is its own address unless another one is given; a signed
    refusal is raised."""
    verify_answer(call, answer, signer or call.relationship.steward)
    if answer.status != 200:
        raise Refused(strict_json(answer.body))
    return strict_json(open_envelope(call, answer.body))


# The envelope (§5): HPKE base mode (RFC 9180), chunk by chunk

KEM = b"KEM" + bytes.fromhex("0020")
SUITE = b"HPKE" + bytes.fromhex("002000010002")


def labeled_extract(suite, salt, label, data):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + data, "sha256")


def labeled_expand(suite, key, label, info, size):
    labeled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labeled + b"\1", "sha256")[:size]


def open_envelope(call, sealed):
    require(len(sealed) >= 48, "too short for an envelope")
    enc, chunks = sealed[:32], [sealed[start:start + 65552] for start in range(32, len(sealed), 65552)]
    secret = import_x25519_private_key(call.reply_secret)
    context = enc + secret.public_key().export_key(format="raw")
    try:
        shared = key_agreement(static_priv=secret, static_pub=import_x25519_public_key(enc), kdf=bytes)
    except ValueError as error:
        raise ProtocolError("a key of the envelope that is none") from error
    prk = labeled_extract(KEM, b"", b"eae_prk", shared)
    shared = labeled_expand(KEM, prk, b"shared_secret", context, 32)

    one = call.relationship
    info = b"medrec/v1" + u64(one.chain_id) + one.contract + one.patient + one.steward
    schedule = b"\0" + labeled_extract(SUITE, b"", b"psk_id_hash", b"") + labeled_extract(SUITE, b"", b"info_hash", info)
    prk = labeled_extract(SUITE, shared, b"secret", b"")
    key, nonce = (labeled_expand(SUITE, prk, label, schedule, size) for label, size in ((b"key", 32), (b"base_nonce", 12)))
    content = b""
    try:
        for number, chunk in enumerate(chunks):
            nonce_of_chunk = (int.from_bytes(nonce, "big") ^ number).to_bytes(12, "big")
            is_last = b"\1" if number == len(chunks) - 1 else b"\0"
            cipher = AES.new(key, AES.MODE_GCM, nonce=nonce_of_chunk).update(sha256(call.signature) + is_last)
            content += cipher.decrypt_and_verify(chunk[:-16], chunk[-16:])
        return unpad(content)
    except ValueError as error:
        raise ProtocolError("the envelope does not open") from error


def unpad(content):
    size = int.from_bytes(content[:4], "big") + 4
    step = 4096 if size < 65536 else 65536
    require(len(content) == -(-size // step) * step and not any(content[size:]), "wrong padding")
    return content[4:size]
