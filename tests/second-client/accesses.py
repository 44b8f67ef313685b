"""The access log and its anchors (§9)."""

from basics import keccak, require, sha256, strict_json, u64, unhex

ZERO = bytes(32)


def read_log(list_page, anchored):
    """Every entry, oldest first, and how many of them are anchored; `list_page` lists those before a number."""
    count, head, digest = anchored
    pages, later = [], None
    while later is None or later["first"] > 1:
        page = verify_page(list_page(later and later["first"]), later, count, head, digest)
        pages.insert(0, page["entries"])
        later = page
    return [strict_json(entry.encode()) for entries in pages for entry in entries], count


def verify_page(page, later, count, head, digest):
    """One page against the anchor on chain and the page after it."""
    require(set(page) == {"first", "before", "entries", "anchorsBefore", "anchors"}, "another answer to accesses.list")
    first, entries, anchors = page["first"], page["entries"], page["anchors"]
    require(isinstance(first, int) and first >= 1 and (entries or first == 1), "no first entry")
    heads, digests = [unhex(page["before"], 32)], {first - 1: unhex(page["anchorsBefore"], 32)}
    require(first > 1 or heads[0] == digests[0] == ZERO, "a log begins with zeros")
    for entry in entries:
        heads.append(sha256(heads[-1], sha256(entry.encode())))
    folded = digests[first - 1]
    for number in range(first, first + len(entries)):
        if number in anchors:
            folded = keccak(folded + heads[number - first + 1] + u64(number))
        digests[number] = folded
    last = first + len(entries) - 1
    require(anchors == sorted(set(anchors)) and all(first <= number <= last for number in anchors), "anchors out of place")
    if later is None:
        require(last >= count, "the log is shorter than its anchor")
    else:
        require(last == later["first"] - 1 and heads[-1] == unhex(later["before"], 32), "the pages do not fit together")
        require(later["first"] - 1 > count or folded == unhex(later["anchorsBefore"], 32), "the anchors do not fit together")
    if first - 1 <= count <= last:
        require(heads[count - first + 1] == head and digests[count] == digest, "not the log that is anchored")
    return page


def shown(entry):
    """What an entry says: who did what, and what came of it."""
    return {"method": entry["subtype"][0]["code"], "caller": entry["agent"][0]["who"]["identifier"]["value"].lower(),
            "refusal": entry.get("outcomeDesc")}
