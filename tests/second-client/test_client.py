"""What the client takes and refuses, on an answer that a gatekeeper gave (`answer.json`)."""

import base64
import copy
import json
import unittest
from dataclasses import replace
from pathlib import Path

import contributions
from accesses import read_log
from basics import ProtocolError, keccak, sha256, strict_json, tohex, u64
from gatekeeper import (KEM, Answer, Call, Refused, Relationship, digest_field, labeled_expand, labeled_extract,
                        message_digest, open_answer, open_envelope, unpad)
from keys import G, address_of, recover, seed_of, sign_digest, signing_key, times
from records import (canonical, leaf_of, node, number_text, read_record, seconds_of, time_of, tree, verify_categories,
                     verify_category, verify_history)

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors/protocol"


def kept():
    """The call, its answer, and what stands on chain."""
    saved = json.loads((HERE / "answer.json").read_text("utf-8"))
    call, answer, anchor = saved["call"], saved["answer"], saved["anchor"]
    data = {name: bytes.fromhex(value[2:]) for name, value in call.items() if name not in ("chainId", "authority")}
    one = Relationship(call["chainId"], data["contract"], data["patient"], data["steward"])
    return (Call(one, call["authority"], data["replySecret"], data["signature"], {}, b""),
            Answer(answer["status"], answer["fields"], bytes.fromhex(answer["body"][2:])),
            (anchor["categories"], bytes.fromhex(anchor["root"][2:]), anchor["total"]))


def derive_key(data):
    """RFC 9180 §7.1.3 `DeriveKeyPair` for X25519."""
    return labeled_expand(KEM, labeled_extract(KEM, b"", b"dkp_prk", data), b"sk", b"", 32)


def flip(data, index, bit=1):
    return data[:index] + bytes([data[index] ^ bit]) + data[index + 1:]


class Answers(unittest.TestCase):
    def setUp(self):
        self.call, self.answer, _ = kept()

    def refuses(self, why, call=None, **changes):
        with self.assertRaisesRegex(ProtocolError, why):
            open_answer(call or self.call, replace(self.answer, **changes))

    def test_opens_the_answer_to_its_call(self):
        self.assertEqual(list(open_answer(self.call, self.answer)), ["categories"])

    def test_refuses_any_changed_byte_of_the_body(self):
        for index in range(len(self.answer.body)):
            self.refuses("not the one that was signed", body=flip(self.answer.body, index))

    def test_refuses_a_changed_body_with_its_new_digest(self):
        body = flip(self.answer.body, 100)
        fields = {**self.answer.fields, "content-digest": digest_field(body)}
        self.refuses("steward|point", body=body, fields=fields)

    def test_refuses_a_changed_envelope_even_if_it_were_signed(self):
        for index in (0, 31, 32, 1000, len(self.answer.body) - 1):
            with self.assertRaisesRegex(ProtocolError, "does not open"):
                open_envelope(self.call, flip(self.answer.body, index))

    def test_refuses_the_answer_to_another_request(self):
        call = replace(self.call, signature=flip(self.call.signature, 40))
        self.refuses("steward|point", call)
        with self.assertRaisesRegex(ProtocolError, "does not open"):
            open_envelope(call, self.answer.body)

    def test_refuses_another_steward_chain_or_gatekeeper(self):
        one = self.call.relationship
        self.refuses("by another", replace(self.call, relationship=replace(one, steward=one.patient)))
        self.refuses("by another", replace(self.call, relationship=replace(one, chain_id=one.chain_id + 1)))
        self.refuses("steward|point", replace(self.call, authority="elsewhere.example"))

    def test_refuses_another_status_and_other_fields(self):
        self.refuses("does not fit", status=403)
        self.refuses("steward|point", status=403, fields={**self.answer.fields, "content-type": "application/json"})
        for name, found, other, why in [
            ("signature-input", ";created=", ";created=1", "steward|point"),
            ("signature-input", ";created=", ";created=0", "time"),
            ("signature-input", "medrec-v1", "medrec-v2", "another way"),
            ("signature", "mr=:", "mr=: ", "no signature"),
        ]:
            changed = self.answer.fields[name].replace(found, other)
            self.refuses(why, fields={**self.answer.fields, name: changed})



class Vectors(unittest.TestCase):
    """`call.json`, which another implementation made."""

    def setUp(self):
        self.vector = json.loads((VECTORS / "call.json").read_text("utf-8"))
        body = json.loads(self.vector["body"])
        one = Relationship(body["network"], *(bytes.fromhex(body[name][2:]) for name in ("contract", "patient", "steward")))
        self.signature = base64.b64decode(self.vector["headers"]["signature"][4:-1])
        secret = derive_key(bytes.fromhex(self.vector["replySecret"][2:]))
        self.call = Call(one, "records.example:8443", secret, self.signature, {}, b"")

    def answer(self, name):
        saved = self.vector[name]
        return Answer(saved["status"], saved["headers"], bytes.fromhex(saved["body"][2:]))

    def test_signs_the_same_bytes(self):
        r, s, parity = sign_digest(int(self.vector["patientKey"], 16), message_digest(self.vector["base"]))
        self.assertEqual(r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity]), self.signature)
        self.assertEqual(recover(message_digest(self.vector["base"]), self.signature), self.call.relationship.patient)

    def test_opens_the_answer(self):
        self.assertEqual(open_answer(self.call, self.answer("sealed")), json.loads(self.vector["plaintext"]))

    def test_raises_the_signed_refusal(self):
        with self.assertRaisesRegex(Refused, "no_grant"):
            open_answer(self.call, self.answer("refusal"))


class RecordSets(unittest.TestCase):
    def setUp(self):
        call, answer, self.anchor = kept()
        self.content = open_answer(call, answer)
        self.records = self.content["categories"][0]["records"]

    def verdicts(self):
        (records,) = verify_categories(self.content, *self.anchor).values()
        return [verdict for verdict, _ in records]

    def refuses(self, why):
        with self.assertRaisesRegex(ProtocolError, why):
            self.verdicts()

    def test_verifies_every_record(self):
        self.assertGreater(len(self.records), 1)
        self.assertEqual(self.verdicts(), ["verified"] * len(self.records))

    def test_refuses_a_withheld_record(self):
        self.records.pop()
        self.refuses("wrong counts")
        self.content["categories"][0]["count"] -= 1
        self.refuses("not the ones on chain")

    def test_refuses_a_withheld_category(self):
        self.content["categories"].pop()
        self.refuses("not as many categories")

    def test_names_a_missing_record(self):
        del self.records[0]["salt"], self.records[0]["content"]
        self.assertEqual(self.verdicts()[:2], ["missing", "verified"])

    def test_refuses_half_a_record(self):
        del self.records[0]["content"]
        self.refuses("half a record")

    def test_names_an_altered_record(self):
        record, good = self.records[0], copy.deepcopy(self.records[0])
        for name, value in [("content", good["content"].replace("a", "b", 1)), ("content", good["content"] + " "),
                            ("content", good["content"] + "\ud800"),
                            ("salt", self.records[1]["salt"])]:
            record.update(good)
            record[name] = value
            self.assertEqual(self.verdicts()[:2], ["altered", "verified"])

    def test_refuses_records_added_or_in_another_order(self):
        self.records.reverse()
        self.refuses("not the ones on chain")
        self.records.reverse()
        self.records.append(self.records[0])
        self.content["categories"][0]["count"] += 1
        self.refuses("not the ones on chain")

    def test_refuses_another_revision(self):
        names, root, total = self.anchor
        self.anchor = (names, flip(root, 0), total)
        self.refuses("not the ones on chain")
        self.anchor = (names, root, total + 1)
        self.refuses("wrong counts")

    def test_refuses_another_category(self):
        self.anchor = (["problems"], *self.anchor[1:])
        self.refuses("another category")


class Histories(unittest.TestCase):
    """Two revisions of one category, and whatever could be told of them instead."""

    SALT = bytes(32)
    TEXTS = ['{"id":"a","resourceType":"Condition"}', '{"id":"b","resourceType":"Condition"}',
             '{"id":"a","note":[{"text":"new"}],"resourceType":"Condition"}']

    def record(self, text):
        key, digest = read_record(text)
        return key, {"leaf": tohex(leaf_of(1, key, sha256(self.SALT, digest))), "salt": tohex(self.SALT), "content": text}

    def setUp(self):
        old, new = ([record for _, record in sorted((self.record(text) for text in texts), key=lambda one: one[0])]
                    for texts in (self.TEXTS[:2], self.TEXTS[1:]))
        self.sets, revisions = [], []
        for revision, records in ((1, old), (2, new)):
            top = sha256(b"\2", b"\1", u64(2), tree([bytes.fromhex(one["leaf"][2:]) for one in records]), self.SALT)
            for level in range(4):
                top = node(bytes(32), top) if 1 >> level & 1 else node(top, bytes(32))
            self.sets.append((revision, sha256(b"\3", top, u64(2)), 2))
            revisions.append({"count": 2, "salt": tohex(self.SALT), "path": [tohex(bytes(32))] * 4, "total": 2})
        place = next(place for place, record in enumerate(old) if record not in new)
        revisions[0] |= {"removed": [], "added": [{"place": at, "record": one} for at, one in enumerate(old)]}
        revisions[1] |= {"removed": [place], "added": [
            {"place": at, "record": one} for at, one in enumerate(new) if one not in old]}
        self.answer = {"category": "problems", "revisions": revisions}

    def test_tells_every_version(self):
        versions = verify_history(self.answer, 1, self.sets)
        told = {(one["judged"][1][2], one["since"], one["until"]) for one in versions}
        self.assertEqual(told, {(self.TEXTS[0], 1, 2), (self.TEXTS[1], 1, None), (self.TEXTS[2], 2, None)})

    def test_refuses_every_other_story(self):
        first, second = self.answer["revisions"]
        for change in (lambda: first["added"].pop(), lambda: second["added"].pop(), lambda: second["removed"].pop(),
                       lambda: second["removed"].append(2), lambda: second["added"][0].update(place=9),
                       lambda: first["added"].append(first["added"][0]), lambda: second.update(total=3),
                       lambda: self.answer["revisions"].pop(), lambda: self.answer["revisions"].reverse()):
            with self.subTest(change=change):
                self.setUp()
                first, second = self.answer["revisions"]
                change()
                with self.assertRaises(ProtocolError):
                    verify_history(self.answer, 1, self.sets)

    def test_tells_an_erased_record_from_a_missing_one(self):
        record = self.answer["revisions"][0]["added"][0]["record"]
        key, digest = read_record(record["content"])
        name = "Condition/" + json.loads(record["content"])["id"]
        gone = {"name": name, "time": tohex(key[:8]), "commitment": tohex(sha256(self.SALT, digest))}
        for left, verdict in (({}, "missing"), ({"erased": gone}, "erased"),
                              ({"erased": {**gone, "name": "Condition/x"}}, "altered")):
            self.answer["revisions"][0]["added"][0]["record"] = {"leaf": record["leaf"], **left}
            self.assertIn(verdict, [one["judged"][0] for one in verify_history(self.answer, 1, self.sets)])


class Contributions(unittest.TestCase):
    def setUp(self):
        self.one = Relationship(81_777, bytes(20), bytes([1]) * 20, bytes([2]) * 20)
        self.secret = 7
        author = address_of(times(self.secret, G))
        self.text = canonical({"resourceType": "Observation", "id": f"{author.hex()}-w"})
        self.made = contributions.make(self.secret, self.one, "own-data", "p", "2026-11-27T00:00:00Z", [self.text])

    def test_reads_what_its_author_signed(self):
        author, covered = contributions.read(self.one, self.made["provenance"])
        self.assertEqual(author, address_of(times(self.secret, G)))
        self.assertEqual(covered, {contributions.name_of(self.text): sha256(self.text.encode())})

    def test_refuses_another_text_or_relationship(self):
        text = self.made["provenance"]
        for changed in (text.replace("-p\"", "-q\""), text.replace("2026", "2025"), text.replace("Observation", "Condition")):
            self.assertNotEqual(changed, text)
            with self.assertRaises(ProtocolError):
                contributions.read(self.one, changed)
        with self.assertRaises(ProtocolError):
            contributions.read(replace(self.one, steward=bytes(20)), text)


class CraftedRecordSets(unittest.TestCase):
    """What a steward could publish that follows the tree's rules and not the records'."""

    def verdicts(self, *texts):
        salt, records = bytes(32), []
        for text in texts:
            resource = json.loads(text)
            key = u64(time_of(resource)) + sha256(f"{resource['resourceType']}/{resource['id']}".encode())
            leaf = sha256(b"\0", b"\0", key, sha256(salt, sha256(text.encode())))
            records.append({"leaf": tohex(leaf), "salt": tohex(salt), "content": text})
        top = sha256(b"\2", b"\0", u64(len(texts)), tree([bytes.fromhex(one["leaf"][2:]) for one in records]), salt)
        for _ in range(4):
            top = node(top, bytes(32))
        answer = {"category": "allergies", "count": len(texts), "salt": tohex(salt), "path": [tohex(bytes(32))] * 4,
                  "total": len(texts), "records": records}
        verdicts = verify_category(answer, 0, sha256(b"\3", top, u64(len(texts))), len(texts))
        return [verdict for verdict, _ in verdicts]

    def test_refuses_keys_that_do_not_rise(self):
        older, newer = ('{"date":"%d","id":"a","resourceType":"Device"}' % year for year in (2015, 2016))
        self.assertEqual(self.verdicts(older, newer), ["verified", "verified"])
        for texts in ((newer, older), (older, older)):
            with self.assertRaisesRegex(ProtocolError, "out of order"):
                self.verdicts(*texts)

    def test_names_a_text_that_is_not_canonical_as_altered(self):
        for text in ('{"resourceType":"Device","id":"a"}', '{"id":"a","resourceType":"Device" }',
                     '{"id":"a","n":1.0,"resourceType":"Device"}', '{"id":"a","meta":{},"resourceType":"Device"}'):
            self.assertEqual(self.verdicts(text), ["altered"])


class AccessLog(unittest.TestCase):
    """A log of seven entries, anchored after the second and the fifth."""

    def setUp(self):
        self.entries = [f'{{"n":{number}}}' for number in range(1, 8)]
        self.heads = [bytes(32)]
        for entry in self.entries:
            self.heads.append(sha256(self.heads[-1], sha256(entry.encode())))
        second = keccak(bytes(32) + self.heads[2] + u64(2))
        self.digests = {0: bytes(32), 2: second, 5: keccak(second + self.heads[5] + u64(5))}
        self.anchored = (5, self.heads[5], self.digests[5])

    def pages(self, *sizes, **lies):
        """Lists the log in pages, the newest first; `lies` replace members of the newest page."""
        def page(before):
            last = len(self.entries) if before is None else before - 1
            first = max(1, last - sizes[0] + 1)
            told = {
                "first": first, "before": tohex(self.heads[first - 1]), "entries": self.entries[first - 1:last],
                "anchorsBefore": tohex(self.digests[max(count for count in self.digests if count < first)]),
                "anchors": [count for count in (2, 5) if first <= count <= last],
            }
            return told | lies if before is None else told
        return page

    def test_reads_the_whole_log_in_pages_of_any_size(self):
        for size in range(1, 8):
            entries, anchored = read_log(self.pages(size), self.anchored)
            self.assertEqual(([entry["n"] for entry in entries], anchored), (list(range(1, 8)), 5))

    def test_refuses_a_log_that_was_rewritten_between_two_anchors(self):
        self.entries[0] = '{"n":"another"}'
        for index, entry in enumerate(self.entries):
            self.heads[index + 1] = sha256(self.heads[index], sha256(entry.encode()))
        # The steward anchors it anew; the digest remembers what the second entry's head was.
        rewritten = (5, self.heads[5], keccak(self.digests[2] + self.heads[5] + u64(5)))
        for size in (1, 3, 7):
            with self.assertRaises(ProtocolError):
                read_log(self.pages(size), rewritten)

    def test_refuses_what_does_not_fit(self):
        for lies in ({"anchors": [5]}, {"anchors": [2]}, {"anchors": [5, 2]}, {"anchors": [2, 5, 8]}, {"entries": self.entries[:4]},
                     {"entries": self.entries[1:]}, {"anchorsBefore": tohex(self.heads[1])}, {"first": 0}, {"before": tohex(self.heads[1])}):
            with self.assertRaises(ProtocolError, msg=str(lies)):
                read_log(self.pages(7, **lies), self.anchored)


class Texts(unittest.TestCase):
    def test_takes_the_one_padding_only(self):
        self.assertEqual(unpad(bytes([0, 0, 0, 2]) + b"{}" + bytes(4090)), b"{}")
        for content in (bytes([0, 0, 0, 2]) + b"{}", bytes([0, 0, 0, 2]) + b"{}" + bytes(4089) + b"\1",
                        bytes([0, 0, 0, 2]) + b"{}" + bytes(8186), bytes([0, 0, 255, 252]) + bytes(4092), b""):
            with self.assertRaisesRegex(ProtocolError, "padding"):
                unpad(content)

    def test_derives_the_keys_of_the_vectors(self):
        vector = json.loads((VECTORS / "identities.json").read_text("utf-8"))
        for one in vector["identities"]:
            secret = signing_key(seed_of(vector["phrase"]), one["chain"], one["index"])
            self.assertEqual(tohex(address_of(times(secret, G))), one["address"])

    def test_writes_numbers_as_ecmascript_does(self):
        # From RFC 8785, appendix B, and around the two turns to an exponent.
        for number, text in [(0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
                             (9007199254740992.0, "9007199254740992"), (295147905179352830000.0, "295147905179352830000"),
                             (1e21, "1e+21"), (9.999999999999997e22, "9.999999999999997e+22"), (1e-7, "1e-7"),
                             (0.000001, "0.000001"), (333333333.3333332, "333333333.3333332"), (-12.5, "-12.5")]:
            self.assertEqual(number_text(number), text)

    def test_sorts_members_by_utf16(self):
        self.assertEqual(canonical(strict_json('{"\\ufb33": 1, "\\ud83d\\ude00": 2, "a": [true, null, "\\u000f\\n"]}')),
                         '{"a":[true,null,"\\u000f\\n"],"\U0001f600":2,"\ufb33":1}')

    def test_refuses_json_with_two_meanings(self):
        for text in ['{"a":1,"a":1}', "[NaN]", "[1] 2", ""]:
            with self.assertRaises(ProtocolError):
                strict_json(text)

    def test_reads_dates(self):
        for text, seconds in [("1970", 0), ("2015-02", 1422748800), ("2015-02-07T13:28:17-05:00", 1423333697),
                              ("1969-12-31T23:59:59.9Z", -1), ("2016-12-31T23:59:60Z", 1483228800)]:
            self.assertEqual(seconds_of(text), seconds)
        for text in ["", "2015-2", "2015-02-30", "0000", "2015-02-07T13:28Z", "2015-02-07T13:28:17", "2015-02-07T24:00:00Z",
                     "2015-02-07T13:28:17+15:00", "2015-02-07T13:28:61Z"]:
            with self.assertRaises(ProtocolError):
                seconds_of(text)
        self.assertEqual(time_of({"period": {"end": "2015"}, "issued": "1970"}), 2**63)
        self.assertEqual(time_of({}), 0)


if __name__ == "__main__":
    unittest.main()
