"""A second verifier of a line's order, in another language and by the letter of docs/guide/fair.md.

Usage: python3 verify.py FOLDER

Reads the published files and, if it is there, receipt.json; prints a line a check, and exits with 1 if one fails. The last
line is the order: the drawn tickets, the first one first. It uses Python's standard library alone: bls.py and ed25519.py
beside it check the signatures.
"""
import hashlib
import json
import os
import sys

from bls import is_round
from ed25519 import decoded, is_signed

RULES = "dropgate-line-1"
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
QUICKNET_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
QUICKNET_TIMES = (1692803367000, 3000)
CLOCKS_DIFFER_MS = 5_000
failed = False


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(tickets):
    """RFC 6962: the largest power of two below the size goes to the left."""
    if not tickets:
        return sha()
    if len(tickets) == 1:
        return sha(b"\x00", tickets[0])
    left = 1
    while left * 2 < len(tickets):
        left *= 2
    return sha(b"\x01", root_of(tickets[:left]), root_of(tickets[left:]))


def check(name, holds, says):
    global failed
    failed = failed or not holds
    print(f"{'ok  ' if holds else 'FAIL'} {name}: {says}")
    return holds


def text_of(name):
    path = os.path.join(sys.argv[1], name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def lines_of(name):
    return [line.split(" ") for line in text_of(name).splitlines() if line]


def check_draw(record, tickets, signed):
    """Returns the numbers in the order in which they are served; none before the draw, and of those who are served as they came."""
    root, draw, chain = record["root"], record["draw"], record["chain"]
    if chain["hash"] == QUICKNET:
        its = chain["publicKey"] == QUICKNET_KEY and (chain["genesisMs"], chain["periodMs"]) == QUICKNET_TIMES
        check("beacon", its, "the chain is named quicknet and has quicknet's key and times")
    else:
        print("warn beacon: the shop drew this line itself")
    names = (root["size"], root["root"], root["atMs"], root["chain"], root["promisedRound"], root["round"])
    in_time = root["atMs"] >= record["freezesAtMs"]
    check("root", in_time and signed(root["signature"], "root", *names), "the shop's key signed it, at the freeze or later")

    def round_at(ms):
        return max(1, -((chain["genesisMs"] - ms) // chain["periodMs"]) + 1)

    def time_of(number):
        return chain["genesisMs"] + (number - 1) * chain["periodMs"]

    promised = round_at(record["opensAtMs"] - 10_000)
    late = root["atMs"] > time_of(promised) - 3_000
    deciding = round_at(root["atMs"] + 6_000) if late else promised
    named = record["promisedRound"] == root["promisedRound"] == promised and root["chain"] == chain["hash"]
    if not draw:
        check("round", named and root["round"] == deciding, f"round {deciding} decides, and nothing is drawn yet")
        return []
    if draw["order"] == "arrival":
        waited = draw["atMs"] - time_of(deciding)
        check("round", named and root["round"] == deciding and waited >= 120_000, f"given up after {waited} ms")
        return []
    value = bytes.fromhex(draw["signature"])
    takes = named and root["round"] == draw["round"] == deciding
    made = takes and is_round(bytes.fromhex(chain["publicKey"]), deciding, value)
    check("round", made, f"round {deciding} decides, and the chain's key signed its value")
    seed = sha(RULES.encode(), record["dropId"].encode(), bytes.fromhex(root["root"]), sha(value))
    check("seed", sha(value).hex() == draw["randomness"] and seed.hex() == draw["seed"], f"the seed is {seed.hex()}")
    return sorted(range(1, min(root["size"], len(tickets)) + 1), key=lambda number: sha(seed, tickets[number - 1]))


def main():
    record = json.loads(text_of("fair.json"))
    tickets = [bytes.fromhex(line) for [line] in lines_of("roster.txt")]
    drop, root, draw = record["dropId"], record["root"], record["draw"]

    def signed(signature, kind, *values):
        text = "".join(f"{value}\n" for value in (RULES, kind, drop, *values))
        return is_signed(decoded(record["publicKey"]), text.encode(), decoded(signature))

    def begins(size, wanted):
        return size <= len(tickets) and root_of(tickets[:size]).hex() == wanted

    freeze, is_empty, order = record["freezesAtMs"], not root and draw and draw["order"] == "arrival", []
    shop = json.loads(text_of("dropgate.json") or "null")
    check("key", not shop or shop["publicKey"] == record["publicKey"], "the record has the key that the shop shows")
    check("rules", record["rules"] == RULES, record["rules"])
    unique = len(set(tickets)) == len(tickets)
    if is_empty:
        check("roster", unique, f"{len(tickets)} places of after the freeze")
    elif not root:
        check("roster", unique, f"{len(tickets)} places so far, and their root is not published yet")
        check("root", not draw, "nothing is drawn without a root")
    else:
        check("roster", unique and begins(root["size"], root["root"]), f"it has the root over {root['size']} places")
        order = check_draw(record, tickets, signed)

    heads = [(int(size), head, int(at), signature) for size, head, at, signature in lines_of("heads.txt")]
    if record["head"]:
        heads.append(tuple(record["head"][name] for name in ("size", "root", "atMs", "signature")))
    grew = all(signed(by, "head", size, head, at) and begins(size, head) for size, head, at, by in heads)
    check("heads", grew, f"{len(heads)} signed heads are beginnings of the roster")

    calls = sorted(tuple(map(int, line)) for line in lines_of("calls.txt"))
    rises = all(earlier[1] <= later[1] for earlier, later in zip(calls, calls[1:]))

    def called(ms):
        return max((place for at, place in calls if at <= ms + CLOCKS_DIFFER_MS), default=0)

    served = lines_of("served.txt")
    early = [place for place, at, *_ in served if int(place) > called(int(at))]
    check("calls", rises and not early, f"no call was taken back, and these places got a pass before their call: {early}")

    ordered = record.get("ordered")
    taken = sum(int(units) for *_, units in (line for line in served if len(line) == 4))
    counted = not ordered or ordered["units"] <= taken or ordered["atMs"] < ordered["untilMs"] + 600_000
    exist = all(1 <= int(place) <= len(tickets) for place, *_ in served)
    check("orders", counted and exist, f"passes of places made orders for {taken} units")

    kept = json.loads(text_of("receipt.json") or "[]")
    if is_empty:
        moments = [at for size, _, at, _ in heads if size > 0] + [one["receipt"]["joinedAtMs"] for one in kept]
        none_before = all(at >= draw["atMs"] >= freeze for at in [draw["atMs"], *moments])
        check("empty", none_before and not any(one.get("seen") for one in kept), "no one had joined by the freeze")
    for one in kept:
        receipt = one["receipt"]
        ticket, seq = receipt["ticket"], receipt["seq"]
        given = signed(receipt["signature"], "place", ticket, seq, receipt["joinedAtMs"]) and receipt["dropId"] == drop
        stands = seq <= len(tickets) and tickets[seq - 1].hex() == ticket
        check("receipt", given and stands, f"the signed ticket stands in the roster as number {seq}")
        is_late = seq > (root["size"] if root else 0)
        place = order.index(seq) + 1 if seq in order else seq
        in_draw = not is_late or receipt["joinedAtMs"] >= freeze
        if draw:
            check("place", in_draw and one.get("place", place) == place, f"number {seq} has place {place}")
        for seen in one.get("seen", []) if root else []:
            check("witness", begins(seen["size"], seen["root"]), f"a page saw this root over {seen['size']} places")
    print("order " + " ".join(tickets[number - 1].hex() for number in order))
    sys.exit(1 if failed else 0)


main()
