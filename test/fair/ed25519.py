"""Checks a signature of Ed25519 by RFC 8032, section 5.1.7, in Python's own whole numbers. Made to be read."""
import base64
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def root(a):
    """A square root in the field, or None."""
    x = pow(a, (P + 3) // 8, P)
    if x * x % P != a % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x * x % P == a % P else None


def with_x(y, sign):
    """The point (x, y) as x, y, 1 and x·y; None if there is none."""
    x = root((y * y - 1) * pow(D * y * y + 1, -1, P))
    if x is None or y >= P:
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def point(data):
    number = int.from_bytes(data, "little")
    return with_x(number & (2**255 - 1), number >> 255) if len(data) == 32 else None


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    e, f, g, h = b - a, (d - c) % P, (d + c) % P, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q


BASE = with_x(4 * pow(5, -1, P) % P, 0)


def is_signed(key, text, signature):
    """All three in bytes."""
    by, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L or by is None or r is None:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    (a, b, z, _), (x, y, w, _) = times(s, BASE), add(r, times(h, by))
    return (a * w - x * z) % P == 0 and (b * w - y * z) % P == 0


def decoded(text):
    """Of base64url without padding; no bytes if the text is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
