"""Becomes a patient of the steward that sends an invitation, reads every record, and prints its digest.

Written from docs/gatekeeper-protocol.md; § numbers are that text's.
"""

import argparse
import base64
import json
import os
import sys
import time

import accesses
import contributions
from basics import ProtocolError, require, sha256, tohex
from chain import ACTIVE, PROPOSED, Chain
from gatekeeper import Refused, Relationship, base64url, make_call, open_answer, send
from keys import G, address_of, signing_key, times
from records import CATEGORIES, canonical, verify_categories, verify_history, verify_list


def read_invitation(text):
    """Chain id, steward and code."""
    data = base64.urlsafe_b64decode(text.rpartition("/")[2] + "==")
    require(len(data) == 49 and data[0] == 1 and data[45:] == sha256(data[:45])[:4], "not an invitation")
    return int.from_bytes(data[1:9], "big"), data[9:29], data[29:45]


def main():
    arguments = argparse.ArgumentParser(description="Accepts an invitation and reads every record.")
    arguments.add_argument("network", help="the network description")
    arguments.add_argument("invitation", help="its text, or the link that ends in it")
    arguments.add_argument("--categories", default=",".join(CATEGORIES), help="read these, in the order of their numbers")
    arguments.add_argument("--accesses", action="store_true", help="wait until the access log is anchored, and read it, too")
    arguments.add_argument("--contribute", action="store_true", help="add a record, and read the history that holds it")
    arguments.add_argument("--keep", metavar="FILE", help="keep the last answer, and the key that opens it, for the tests")
    given = arguments.parse_args()

    with open(given.network, encoding="utf-8") as file:
        chain = Chain(json.load(file))
    chain_id, steward, code = read_invitation(given.invitation)
    require(chain_id == chain.chain_id, "an invitation to another network")
    secret = signing_key(os.urandom(64), chain_id, 1)
    one = Relationship(chain_id, chain.relationships, address_of(times(secret, G)), steward)
    origin, signer = chain.origin(steward), chain.signer(steward)

    def ask(method, params, head):
        call = make_call(secret, one, origin, method, params, head, int(time.time()))
        answer = send(call, origin)
        return call, answer, open_answer(call, answer, signer)

    ask("invitation.redeem", {"code": base64url(code)}, chain.head())
    chain.wait(one.patient, steward, PROPOSED)
    chain.accept(secret, steward)
    chain.wait(one.patient, steward, ACTIVE)

    head = chain.head()
    root, total = chain.record_set(one.patient, steward, head["number"])
    asked = given.categories.split(",")
    call, answer, content = ask("records.read", {"categories": asked}, head)
    verdicts = verify_categories(content, asked, root, total)
    shown = {name: [digest.hex() if digest else verdict for verdict, digest in records]
             for name, records in verdicts.items()}
    told = {"patient": tohex(one.patient), "total": total, "categories": shown}
    if given.accesses:
        head = chain.wait_for_anchor(one.patient, steward)

        def list_page(before):
            return ask("accesses.list", {} if before is None else {"before": before}, head)[2]

        entries, anchored = accesses.read_log(list_page, chain.access_log(one.patient, steward, head["number"]))
        told |= {"accesses": [accesses.shown(entry) for entry in entries], "anchored": anchored}
    if given.contribute:
        told["contribution"] = contribute(chain, one, secret, ask)
    print(json.dumps(told))
    if given.keep:
        with open(given.keep, "w", encoding="utf-8") as file:
            keep(file, call, answer, {"categories": asked, "root": tohex(root), "total": total})


def contribute(chain, one, secret, ask):
    """Adds a weight and corrects it, and finds both in the history of own data, with their author."""
    author, now = one.patient, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    answers = []
    for number, kilograms in enumerate([70.5, 71.5], 1):
        weight = canonical({
            "resourceType": "Observation", "id": f"{author.hex()}-weight", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "effectiveDateTime": "2026-11-27",
            "subject": contributions.who(one.chain_id, one.patient),
            "valueQuantity": {"value": kilograms, "system": "http://unitsofmeasure.org", "code": "kg"}})
        params = contributions.make(secret, one, "own-data", f"write-{number}", now, [weight])
        answers.append(ask("records.write", params, chain.head())[2])
        head = chain.wait_for_revision(one.patient, one.steward, 1 + number)
    sets = chain.record_sets(one.patient, one.steward, head["number"])
    own_data = CATEGORIES.index("own-data")
    (listed,) = ask("records.list", {"categories": ["own-data"]}, head)[2]["categories"]
    history = ask("records.history", {"category": "own-data", "roots": [tohex(root) for _, root, _ in sets]}, head)[2]
    versions = verify_history(history, own_data, sets)
    texts = [(one_version["judged"][1][2], one_version) for one_version in versions if one_version["judged"][1]]
    signed = [contributions.read(one, text) for text, _ in texts if '"resourceType":"Provenance"' in text]
    weights = []
    for text, version in texts:
        if '"valueQuantity"' in text:
            covers = [who for who, covered in signed if covered.get(contributions.name_of(text)) == version["judged"][1][1]]
            weights.append({"kilograms": json.loads(text)["valueQuantity"]["value"], "since": version["since"],
                            "until": version["until"], "by": [tohex(who) for who in covers]})
    return {"answers": answers, "listed": len(verify_list(listed, own_data, *sets[-1][1:])), "weights": weights}


def keep(file, call, answer, anchor):
    one = call.relationship
    json.dump({
        "call": {"chainId": one.chain_id, "contract": tohex(one.contract), "patient": tohex(one.patient),
                 "steward": tohex(one.steward), "authority": call.authority, "replySecret": tohex(call.reply_secret),
                 "signature": tohex(call.signature)},
        "answer": {"status": answer.status, "fields": answer.fields, "body": tohex(answer.body)},
        "anchor": anchor,
    }, file, indent=1)
    file.write("\n")


if __name__ == "__main__":
    try:
        main()
    except (ProtocolError, Refused) as error:
        sys.exit(f"{type(error).__name__}: {error}")
