"""A second verifier of a line's order, in another language and by the letter of docs/guide/fair.md.

Usage: python3 verify.py FOLDER

Reads fair.json, roster.txt, heads.txt and, if it is there, receipt.json; prints a line a check and exits with 1 if one
fails. The last line is the order: the drawn tickets, the first one first. It uses Python's standard library alone, which
has neither BLS nor Ed25519: those signatures are named as skipped, and the round's signature is taken as given.
"""
import hashlib
import json
import os
import sys

RULES = "dropgate-line-1"
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


def lines_of(name):
    path = os.path.join(sys.argv[1], name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().split()


def check_empty(record, tickets, heads, kept):
    """No one had joined by the freeze, so nothing is drawn; whatever is of before contradicts that."""
    empty = record["draw"]["atMs"]
    check("empty", empty >= record["freezesAtMs"], "nothing to draw")
    for at in range(0, len(heads), 4):
        size, head, when = int(heads[at]), heads[at + 1], int(heads[at + 2])
        check("head", when >= empty and size <= len(tickets) and root_of(tickets[:size]).hex() == head, f"over {size} places")
    for one in kept:
        ticket, seq = one["receipt"]["ticket"], one["receipt"]["seq"]
        check("receipt", seq <= len(tickets) and tickets[seq - 1].hex() == ticket, f"number {seq}")
        check("late", one["receipt"]["joinedAtMs"] >= empty and not one.get("seen"), f"number {seq} joined after the freeze")
        check("place", one.get("place", seq) == seq, f"number {seq} has place {seq}")
    print("order ")
    sys.exit(1 if failed else 0)


def main():
    record = json.loads(" ".join(lines_of("fair.json")))
    tickets = [bytes.fromhex(line) for line in lines_of("roster.txt")]
    root, draw, chain = record["root"], record["draw"], record["chain"]
    check("rules", record["rules"] == RULES, record["rules"])

    freeze = record["freezesAtMs"]
    heads = lines_of("heads.txt")
    kept = json.loads(" ".join(lines_of("receipt.json")) or "[]")
    if root is None and draw["order"] == "arrival":
        check_empty(record, tickets, heads, kept)

    check("freeze", root["atMs"] >= freeze, f"root of {root['atMs']}")
    drawn = tickets[: root["size"]]
    check("roster", len(drawn) == root["size"] and root_of(drawn).hex() == root["root"], f"root over {root['size']} places")
    for at in range(0, len(heads), 4):
        size, head = int(heads[at]), heads[at + 1]
        check("head", size <= len(tickets) and root_of(tickets[:size]).hex() == head, f"over {size} places")

    def round_at(ms):
        return max(1, -((chain["genesisMs"] - ms) // chain["periodMs"]) + 1)

    def time_of(number):
        return chain["genesisMs"] + (number - 1) * chain["periodMs"]

    promised = round_at(record["opensAtMs"] - 10_000)
    late = root["atMs"] > time_of(promised) - 3_000
    deciding = round_at(root["atMs"] + 6_000) if late else promised
    check("round", record["promisedRound"] == promised and root["round"] == deciding == draw["round"], f"{deciding} decides")
    print("skip signatures: Python's standard library has no BLS and no Ed25519")

    randomness = sha(bytes.fromhex(draw["signature"]))
    seed = sha(RULES.encode(), record["dropId"].encode(), bytes.fromhex(root["root"]), randomness)
    check("seed", randomness.hex() == draw["randomness"] and seed.hex() == draw["seed"], seed.hex())

    order = sorted(drawn, key=lambda ticket: sha(seed, ticket))
    places = {ticket.hex(): place + 1 for place, ticket in enumerate(order)}
    for one in kept:
        ticket, seq = one["receipt"]["ticket"], one["receipt"]["seq"]
        stands = seq <= len(tickets) and tickets[seq - 1].hex() == ticket
        check("receipt", stands, f"number {seq}")
        if seq > root["size"]:
            check("late", one["receipt"]["joinedAtMs"] >= freeze, f"number {seq} joined after the freeze")
        if "place" in one:
            check("place", one["place"] == places.get(ticket, seq), f"number {seq} has place {places.get(ticket, seq)}")
        for seen in one.get("seen", []):
            size = seen["size"]
            check("witness", size <= len(tickets) and root_of(tickets[:size]).hex() == seen["root"], f"over {size} places")
    print("order " + " ".join(ticket.hex() for ticket in order))
    sys.exit(1 if failed else 0)


main()
