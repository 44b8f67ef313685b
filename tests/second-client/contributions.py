"""Contributions (§11): what others than the steward write, signed by their author."""

import base64
import re

from basics import require, strict_json, tohex
from gatekeeper import message_digest
from keys import G, address_of, recover, sign_digest, times
from records import canonical, read_record

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def who(chain_id, address):
    return {"identifier": {"system": f"urn:eip155:{chain_id}", "value": tohex(address)}}


def statement(one, author, name, recorded, records):
    """The Provenance before it is signed; of each record its name and digest."""
    target = [{"reference": record, "identifier": {"system": "urn:medrec:sha-256", "value": tohex(digest)}}
              for record, digest in records]
    return {"resourceType": "Provenance", "id": f"{author.hex()}-{name}", "recorded": recorded, "target": target,
            "agent": [{"who": who(one.chain_id, author)}]}


def signed(one, stated, author, signature):
    return {**stated, "signature": [{
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}], "when": stated["recorded"],
        "who": who(one.chain_id, author), "sigFormat": "application/medrec-contribution-v1",
        "data": base64.b64encode(signature).decode()}]}


def digest_of(one, stated):
    return message_digest("\n".join(["medrec-contribution-v1", str(one.chain_id), tohex(one.contract), tohex(one.patient),
                                     tohex(one.steward), canonical(stated)]))


def name_of(text):
    resource = strict_json(text.encode())
    return f"{resource['resourceType']}/{resource['id']}"


def make(secret, one, category, name, recorded, texts):
    """The params of `records.write`."""
    author = address_of(times(secret, G))
    stated = statement(one, author, name, recorded, [(name_of(text), read_record(text)[1]) for text in texts])
    r, s, parity = sign_digest(secret, digest_of(one, stated))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
    return {"category": category, "records": texts, "provenance": canonical(signed(one, stated, author, signature))}


def read(one, text):
    """Who signed a Provenance for this relationship, and the names and digests of what it covers."""
    resource = strict_json(text.encode())
    author, name = resource["id"].split("-", 1)
    author, recorded = bytes.fromhex(author), resource["recorded"]
    require(len(author) == 20 and name and INSTANT.fullmatch(recorded), "not a contribution")
    records = [(one_target["reference"], bytes.fromhex(one_target["identifier"]["value"][2:]))
               for one_target in resource["target"]]
    signature = base64.b64decode(resource["signature"][0]["data"], validate=True)
    stated = statement(one, author, name, recorded, records)
    require(canonical(signed(one, stated, author, signature)) == text, "not a contribution")
    require(recover(digest_of(one, stated), signature) == author, "not signed by its author")
    return author, dict(records)
