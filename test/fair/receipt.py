"""Checks a receipt of an order, or a black box with its chain, by the letter of docs/guide/receipts.md.

Usage: python3 receipt.py FILE KEY      (KEY: the shop's publicKey, in base64url)

Prints what was signed, a line a value, and exits with 1 if signature or chain do not hold. Ed25519 is that of RFC 8032,
section 5.1.7, in Python's own whole numbers.
"""
import base64
import hashlib
import json
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def root(a):
    """A square root in the field, or None."""
    x = pow(a, (P + 3) // 8, P)
    if x * x % P != a % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x * x % P == a % P else None


def point(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    x = root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P)
    if x is None or y >= P:
        raise ValueError("no point of the curve")
    return (P - x if x & 1 != data[31] >> 7 else x, y)


def add(p, q):
    (a, b), (c, d) = p, q
    k = D * a * b * c * d % P
    return ((a * d + b * c) * pow(1 + k, P - 2, P) % P, (b * d + a * c) * pow(1 - k, P - 2, P) % P)


def times(n, p):
    q = (0, 1)
    while n:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q


def is_signed(key, text, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    y = 4 * pow(5, P - 2, P) % P
    x = root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P)
    base = (P - x if x & 1 else x, y)
    return len(signature) == 64 and s < L and times(s, base) == add(point(signature[:32]), times(h, point(key)))


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


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
