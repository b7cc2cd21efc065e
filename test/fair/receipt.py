"""Checks a receipt of an order, or a black box with its chain, by the letter of docs/guide/receipts.md.

Usage: python3 receipt.py FILE KEY      (KEY: the shop's publicKey, in base64url)

Prints what was signed, a line a value, and exits with 1 if signature or chain do not hold.
"""
import hashlib
import json
import sys

from ed25519 import decoded, is_signed


def head_of(order, lines):
    prev = order
    for line in lines:
        entry = [prev, line["at"], line["source"], line["says"], sorted(map(list, line["facts"].items()))]
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
        prev = hashlib.sha256(text.encode()).hexdigest()
        if prev != line["hash"]:
            sys.exit(f"entry {lines.index(line) + 1} was changed")
    return prev


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    receipt = given.get("seal") or given.get("receipt") or given
    if not is_signed(decoded(sys.argv[2]), receipt["text"].encode(), decoded(receipt["signature"])):
        sys.exit("the shop's key did not sign this")
    said = receipt["text"].split("\n")[:-1]
    if said[1] == "box" and head_of(said[2], given["lines"]) != said[4]:
        sys.exit("the last entries are gone")
    print("\n".join(said))


main()
