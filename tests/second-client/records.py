"""Records (§6) and record sets (§7)."""

import json
import re
from datetime import datetime, timedelta

from basics import ProtocolError, require, sha256, strict_json, u64, unhex

CATEGORIES = ["allergies", "problems", "medicines", "results", "vital-signs", "immunisations", "procedures", "visits",
              "documents", "notes", "own-data", "devices", "profile"]


def canonical(value, depth=1):
    """RFC 8785."""
    if isinstance(value, (dict, list)):
        require(depth <= 64, "too deep")
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(one, depth + 1)}" for name, one in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(one, depth + 1) for one in value) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(float(value))
    return json.dumps(value, ensure_ascii=False)


def number_text(number):
    """As ECMAScript writes a double: Python's shortest digits, laid out anew."""
    require(abs(number) != float("inf"), "a number beyond a double")
    if number == 0:
        return "0"
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if -6 < point <= 21:
        whole, fraction = digits[:max(point, 0)].ljust(point, "0") or "0", "0" * max(-point, 0) + digits[max(point, 0):]
        text = f"{whole}.{fraction}" if fraction else whole
    else:
        text = f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1:+d}"
    return "-" + text if number < 0 else text


DATES = ("effectiveDateTime effectivePeriod effectiveInstant performedDateTime performedPeriod occurrenceDateTime "
         "occurrencePeriod onsetDateTime onsetPeriod period started startDate authoredOn whenHandedOver whenPrepared "
         "dateAsserted recordedDate date created createdDateTime createdPeriod start authored sent issued").split()
DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)


def seconds_of(date):
    """Seconds since 1970 of a FHIR date; second 60 is the first of the next minute."""
    found = DATE.fullmatch(date)
    require(found, "a date that is none")
    year, month, day, hour, minute, second = (int(part or least) for part, least in zip(found.groups(), (1, 1, 1, 0, 0, 0)))
    zone = found[7] if found[7] not in (None, "Z") else "+00:00"
    east, ahead = int(zone[1:3]), int(zone[4:])
    require(second <= 60 and east <= 14 and ahead <= 59, "no such time")
    try:
        moment = datetime(year, month, day, hour, minute) - datetime(1970, 1, 1)
    except ValueError as error:
        raise ProtocolError("no such day or time") from error
    offset = 60 * (60 * east + ahead)
    return moment // timedelta(seconds=1) + second - (offset if zone[0] == "+" else -offset)


def time_of(resource):
    """The clinical date as it stands in a key; 0 without one."""
    for name in DATES:
        date = resource.get(name)
        date = date.get("start") if isinstance(date, dict) else date
        if isinstance(date, str):
            return 2**63 + seconds_of(date)
    return 0


def read_record(content):
    """The key and the digest of a canonical text."""
    try:
        data = content.encode()
    except UnicodeEncodeError as error:
        raise ProtocolError("a lone surrogate") from error
    require(len(data) <= 2**20, "a record beyond 1 MiB")
    resource = strict_json(data)
    require(isinstance(resource, dict) and "meta" not in resource and "text" not in resource, "not canonical")
    require(canonical(resource) == content, "not canonical")
    names = [resource.get("resourceType"), resource.get("id")]
    require(all(isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9.-]{1,64}", name) for name in names), "no resource")
    return u64(time_of(resource)) + sha256("/".join(names).encode()), sha256(data)


# Record sets (§7)

def node(left, right):
    return sha256(b"\1", left, right)


def tree(leaves):
    """RFC 6962 §2.1 over leaves that are hashed already."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(tree(leaves[:split]), tree(leaves[split:]))


def prove(answer, number, leaves, root, total):
    """That these leaves are the category in the set with this root, all of them."""
    require(answer["total"] == total and answer["count"] == len(leaves), "wrong counts")
    top = sha256(b"\2", bytes([number]), u64(len(leaves)), tree(leaves), unhex(answer["salt"], 32))
    require(len(answer["path"]) == 4, "a path has four steps")
    for level, sibling in enumerate(answer["path"]):
        sibling = unhex(sibling, 32)
        top = node(sibling, top) if number >> level & 1 else node(top, sibling)
    require(sha256(b"\3", top, u64(total)) == root, "these records are not the ones on chain")


def leaf_of(number, key, commitment):
    return sha256(b"\0", bytes([number]), key, commitment)


def judge(record, number):
    """What a record is, and of a verified one key, digest and text."""
    leaf = unhex(record["leaf"], 32)
    require(("salt" in record) == ("content" in record) and not ("salt" in record and "erased" in record), "half a record")
    if "erased" in record:
        gone = record["erased"]
        key = unhex(gone["time"], 8) + sha256(gone["name"].encode())
        return ("erased" if leaf_of(number, key, unhex(gone["commitment"], 32)) == leaf else "altered"), None
    if "salt" not in record:
        return "missing", None
    try:
        key, digest = read_record(record["content"])
        committed = sha256(unhex(record["salt"], 32), digest)
        require(leaf_of(number, key, committed) == leaf, "not the record of this leaf")
    except ProtocolError:
        return "altered", None
    return "verified", (key, digest, record["content"])


def verify_category(answer, number, root, total):
    """What each record of a complete category is, with the digests of the verified ones."""
    require(answer["category"] == CATEGORIES[number], "another category")
    prove(answer, number, [unhex(record["leaf"], 32) for record in answer["records"]], root, total)
    judged = [judge(record, number) for record in answer["records"]]
    in_order(judged)
    return [(verdict, found and found[1]) for verdict, found in judged]


def in_order(judged):
    """The keys of the verified records rise."""
    keys = [found[0] for _, found in judged if found]
    require(all(one < other for one, other in zip(keys, keys[1:])), "records out of order")


def verify_history(answer, number, sets):
    """Every version of every record in consecutive sets, given as (revision, root, total): what it is, and from which
    revision until which it was there."""
    require(answer["category"] == CATEGORIES[number] and len(answer["revisions"]) == len(sets), "another history")
    versions, live = [], []
    for changes, (revision, root, total) in zip(answer["revisions"], sets):
        removed, added = changes["removed"], changes["added"]
        places = [one["place"] for one in added]
        require(removed == sorted(set(removed)) and all(0 <= place < len(live) for place in removed), "changes out of place")
        for place in removed:
            live[place]["until"] = revision
        live = [one for place, one in enumerate(live) if place not in removed]
        require(places == sorted(set(places)), "changes out of place")
        for one in added:
            require(0 <= one["place"] <= len(live), "changes out of place")
            judged = judge(one["record"], number)
            version = {"leaf": unhex(one["record"]["leaf"], 32), "judged": judged, "since": revision, "until": None}
            live.insert(one["place"], version)
            versions.append(version)
        prove(changes, number, [one["leaf"] for one in live], root, total)
        in_order([one["judged"] for one in live])
    return versions


def verify_list(answer, number, root, total):
    """The names of all records of a category, `None` for what the steward no longer has."""
    require(answer["category"] == CATEGORIES[number], "another category")
    prove(answer, number, [unhex(record["leaf"], 32) for record in answer["records"]], root, total)
    names, last = [], b""
    for record in answer["records"]:
        opening = record.get("opening")
        names.append(opening and opening["name"])
        if opening:
            key = unhex(opening["time"], 8) + sha256(opening["name"].encode())
            committed = sha256(unhex(opening["salt"], 32), unhex(opening["digest"], 32))
            require(leaf_of(number, key, committed) == unhex(record["leaf"], 32) and key > last, "not the record of this leaf")
            last = key
    return names


def verify_categories(content, asked, root, total):
    """The verdicts on each category that was asked for."""
    answers = content["categories"]
    require(len(answers) == len(asked), "not as many categories as were asked for")
    return {name: verify_category(answer, CATEGORIES.index(name), root, total) for name, answer in zip(asked, answers)}
