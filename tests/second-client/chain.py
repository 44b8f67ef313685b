"""What a client asks of the chain (§10). One node is asked and believed: proofs are not that document's subject."""

import json
import re
import time
import urllib.request

from basics import ProtocolError, keccak, require, tohex
from keys import G, address_of, sign_digest, times

PROPOSED, ACTIVE = 1, 2


class Chain:
    """One node, which is believed."""

    def __init__(self, network):
        self.url = network["endpoints"][0]
        self.chain_id = network["chainId"]
        self.registry, self.relationships = (
            bytes.fromhex(network["contracts"][name]["address"][2:]) for name in ("registry", "relationships"))

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        require("result" in answer, f"{method}: {answer.get('error')}")
        return answer["result"]

    def word(self, contract, slot, block="latest"):
        return bytes.fromhex(self.ask("eth_getStorageAt", tohex(contract), hex(slot), block)[2:]).rjust(32, b"\0")

    def head(self):
        block = self.ask("eth_getBlockByNumber", "latest", False)
        return {"number": int(block["number"], 16), "hash": block["hash"]}

    def origin(self, member):
        """Where an active member's gatekeeper listens."""
        entry = mapping(4, member)
        require(self.word(self.registry, entry)[30] == 1, "no active member")
        origin = self.text(entry + 4)
        require(re.fullmatch(r"https?://[a-z0-9.-]+(:[1-9][0-9]*)?", origin), "no origin")
        return origin

    def signer(self, member):
        """Whose key signs for a member."""
        key = self.word(self.registry, mapping(4, member) + 5)[12:]
        return key if any(key) else member

    def text(self, slot):
        """A Solidity string of the registry."""
        word = self.word(self.registry, slot)
        if word[31] & 1 == 0:
            return word[:word[31] // 2].decode()
        size, first = int.from_bytes(word, "big") // 2, int.from_bytes(keccak(slot.to_bytes(32, "big")), "big")
        require(size <= 256, "a text beyond the limit")
        return b"".join(self.word(self.registry, first + index) for index in range(-(-size // 32)))[:size].decode()

    def record_set(self, patient, steward, number):
        """Root and total at a block."""
        entry = mapping(mapping(0, patient), steward)
        root, count = (self.word(self.relationships, entry + index, hex(number)) for index in (1, 2))
        return root, int.from_bytes(count[24:], "big")

    def record_sets(self, patient, steward, number):
        """Revision, root and total of every publication, at a block."""
        entry, block = mapping(mapping(0, patient), steward), hex(number)
        revisions = int.from_bytes(self.word(self.relationships, entry + 2, block)[16:24], "big")
        first = int.from_bytes(keccak((entry + 9).to_bytes(32, "big")), "big")
        sets = []
        for revision in range(1, revisions + 1):
            root, total = (self.word(self.relationships, first + 2 * (revision - 1) + index, block) for index in (0, 1))
            sets.append((revision, root, int.from_bytes(total[24:], "big")))
        return sets

    def wait_for_revision(self, patient, steward, revision):
        """Until so many record sets are published; the block at which they are."""
        for _ in range(300):
            head = self.head()
            if len(self.record_sets(patient, steward, head["number"])) >= revision:
                return head
            time.sleep(0.2)
        raise ProtocolError(f"no revision {revision} is published")

    def access_log(self, patient, steward, number):
        """Entries anchored at a block, their head, and the digest of all anchors."""
        entry = mapping(mapping(0, patient), steward)
        head, count, digest = (self.word(self.relationships, entry + index, hex(number)) for index in (3, 4, 5))
        return int.from_bytes(count[24:], "big"), head, digest

    def wait_for_anchor(self, patient, steward):
        """Until the access log is anchored; the block at which it is."""
        for _ in range(600):
            head = self.head()
            if self.access_log(patient, steward, head["number"])[0] > 0:
                return head
            time.sleep(0.2)
        raise ProtocolError("the access log is not anchored")

    def accept(self, secret, steward):
        data = keccak(b"accept(address)")[:4] + steward.rjust(32, b"\0")
        nonce = int(self.ask("eth_getTransactionCount", tohex(address_of(times(secret, G))), "pending"), 16)
        fields = [nonce, 0, 1_000_000, self.relationships, 0, data]
        r, s, parity = sign_digest(secret, keccak(rlp(fields + [self.chain_id, 0, 0])))
        self.ask("eth_sendRawTransaction", tohex(rlp(fields + [35 + 2 * self.chain_id + parity, r, s])))

    def wait(self, patient, steward, status):
        """Until the relationship stands so and a record set is published."""
        entry = mapping(mapping(0, patient), steward)
        for _ in range(300):
            if self.word(self.relationships, entry)[31] == status and any(self.word(self.relationships, entry + 1)):
                return
            time.sleep(0.2)
        raise ProtocolError(f"the relationship does not come to status {status}")


def mapping(slot, address):
    """Where a Solidity mapping at `slot` keeps the value of an address."""
    return int.from_bytes(keccak(address.rjust(32, b"\0") + slot.to_bytes(32, "big")), "big")


def rlp(item):
    if isinstance(item, list):
        return rlp_head(0xC0, b"".join(rlp(one) for one in item))
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    return item if len(item) == 1 and item[0] < 0x80 else rlp_head(0x80, item)


def rlp_head(kind, content):
    if len(content) < 56:
        return bytes([kind + len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([kind + 55 + len(size)]) + size + content
