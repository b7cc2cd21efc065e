"""Checks a round of drand's scheme bls-unchained-g1-rfc9380, in Python's own whole numbers: BLS12-381 by RFC 9380 for the
hash to the curve, and the ate pairing. Made to be read; it takes about half a second.

An element of Fp2 is a pair (a, b) for a + b·u with u² = -1; one of Fp12 is six of them, the coefficients of w, w⁶ = 1 + u.
"""
import hashlib

P = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
R = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
X = 0xD201000000010000
DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
G2 = (
    (
        0x024AA2B2F08F0A91260805272DC51051C6E47AD4FA403B02B4510B647AE3D1770BAC0326A805BBEFD48056C8C121BDB8,
        0x13E02B6052719F607DACD3A088274F65596BD0D09920B61AB5DA61BBDC7F5049334CF11213945D57E5AC7D055D042B7E,
    ),
    (
        0x0CE5D527727D6E118CC9CDC6DA2E351AADFD9BAA8CBDD3A76D429A695160D12C923AC9CC3BACA289E193548608B82801,
        0x0606C4A02EA734CC32ACD2B02BC28B99CB3E287E85A763AF267492AB572E99AB3F370D275CEC1DA1AAA9075FF05F79BE,
    ),
)
# RFC 9380, 8.8.1 and appendix E.2: the curve of the map, and its isogeny of degree 11, the smallest power first.
A = 0x144698A3B8E9433D693A02C96D4982B0EA985383EE66A8D8E8981AEFD881AC98936F8DA0E0F97F5CF428082D584C1D
B = 0x12E2908D11688030018B12E8753EEE3B2016C1F0F24F4070A0B9C14FCEF35EF55A23215A316CEAA5D1CC48E98E172BE0
Z = 11
ISOGENY = [
    [int(line, 16) for line in part.split()]
    for part in (
        """
        11a05f2b1e833340b809101dd99815856b303e88a2d7005ff2627b56cdb4e2c85610c2d5f2e62d6eaeac1662734649b7
        17294ed3e943ab2f0588bab22147a81c7c17e75b2f6a8417f565e33c70d1e86b4838f2a6f318c356e834eef1b3cb83bb
        d54005db97678ec1d1048c5d10a9a1bce032473295983e56878e501ec68e25c958c3e3d2a09729fe0179f9dac9edcb0
        1778e7166fcc6db74e0609d307e55412d7f5e4656a8dbf25f1b33289f1b330835336e25ce3107193c5b388641d9b6861
        e99726a3199f4436642b4b3e4118e5499db995a1257fb3f086eeb65982fac18985a286f301e77c451154ce9ac8895d9
        1630c3250d7313ff01d1201bf7a74ab5db3cb17dd952799b9ed3ab9097e68f90a0870d2dcae73d19cd13c1c66f652983
        d6ed6553fe44d296a3726c38ae652bfb11586264f0f8ce19008e218f9c86b2a8da25128c1052ecaddd7f225a139ed84
        17b81e7701abdbe2e8743884d1117e53356de5ab275b4db1a682c62ef0f2753339b7c8f8c8f475af9ccb5618e3f0c88e
        80d3cf1f9a78fc47b90b33563be990dc43b756ce79f5574a2c596c928c5d1de4fa295f296b74e956d71986a8497e317
        169b1f8e1bcfa7c42e0c37515d138f22dd2ecb803a0c5c99676314baf4bb1b7fa3190b2edc0327797f241067be390c9e
        10321da079ce07e272d8ec09d2565b0dfa7dccdde6787f96d50af36003b14866f69b771f8c285decca67df3f1605fb7b
        6e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9c8ba2e8ba2d229
        """,
        """
        8ca8d548cff19ae18b2e62f4bd3fa6f01d5ef4ba35b48ba9c9588617fc8ac62b558d681be343df8993cf9fa40d21b1c
        12561a5deb559c4348b4711298e536367041e8ca0cf0800c0126c2588c48bf5713daa8846cb026e9e5c8276ec82b3bff
        b2962fe57a3225e8137e629bff2991f6f89416f5a718cd1fca64e00b11aceacd6a3d0967c94fedcfcc239ba5cb83e19
        3425581a58ae2fec83aafef7c40eb545b08243f16b1655154cca8abc28d6fd04976d5243eecf5c4130de8938dc62cd8
        13a8e162022914a80a6f1d5f43e7a07dffdfc759a12062bb8d6b44e833b306da9bd29ba81f35781d539d395b3532a21e
        e7355f8e4e667b955390f7f0506c6e9395735e9ce9cad4d0a43bcef24b8982f7400d24bc4228f11c02df9a29f6304a5
        772caacf16936190f3e0c63e0596721570f5799af53a1894e2e073062aede9cea73b3538f0de06cec2574496ee84a3a
        14a7ac2a9d64a8b230b3f5b074cf01996e7f63c21bca68a81996e1cdf9822c580fa5b9489d11e2d311f7d99bbdcc5a5e
        a10ecf6ada54f825e920b3dafc7a3cce07f8d1d7161366b74100da67f39883503826692abba43704776ec3a79a1d641
        95fc13ab9e92ad4476d6e3eb3a56680f682b4ee96f7d03776df533978f31c1593174e4b4b7865002d6384d168ecdd0a
        1
        """,
        """
        90d97c81ba24ee0259d1f094980dcfa11ad138e48a869522b52af6c956543d3cd0c7aee9b3ba3c2be9845719707bb33
        134996a104ee5811d51036d776fb46831223e96c254f383d0f906343eb67ad34d6c56711962fa8bfe097e75a2e41c696
        cc786baa966e66f4a384c86a3b49942552e2d658a31ce2c344be4b91400da7d26d521628b00523b8dfe240c72de1f6
        1f86376e8981c217898751ad8746757d42aa7b90eeb791c09e4a3ec03251cf9de405aba9ec61deca6355c77b0e5f4cb
        8cc03fdefe0ff135caf4fe2a21529c4195536fbe3ce50b879833fd221351adc2ee7f8dc099040a841b6daecf2e8fedb
        16603fca40634b6a2211e11db8f0a6a074a7d0d4afadb7bd76505c3d3ad5544e203f6326c95a807299b23ab13633a5f0
        4ab0b9bcfac1bbcb2c977d027796b3ce75bb8ca2be184cb5231413c4d634f3747a87ac2460f415ec961f8855fe9d6f2
        987c8d5333ab86fde9926bd2ca6c674170a05bfe3bdd81ffd038da6c26c842642f64550fedfe935a15e4ca31870fb29
        9fc4018bd96684be88c9e221e4da1bb8f3abd16679dc26c1e8b6e6a1f20cabe69d65201c78607a360370e577bdba587
        e1bba7a1186bdb5223abde7ada14a23c42a0ca7915af6fe06985e7ed1e4d43b9b3f7055dd4eba6f2bafaaebca731c30
        19713e47937cd1be0dfd0b8f1d43fb93cd2fcbcb6caf493fd1183e416389e61031bf3a5cce3fbafce813711ad011c132
        18b46a908f36f6deb918c143fed2edcc523559b8aaf0c2462e6bfe7f911f643249d9cdf41b44d606ce07c8a4d0074d8e
        b182cac101b9399d155096004f53f447aa7b12a3426b08ec02710e807b4633f06c851c1919211f20d4c04f00b971ef8
        245a394ad1eca9b72fc00ae7be315dc757b3b080d4c158013e6632d3c40659cc6cf90ad1c232a6442d9d3f5db980133
        5c129645e44cf1102a159f748c4a3fc5e673d81d7e86568d9ab0f5d396a7ce46ba1049b6579afb7866b1e715475224b
        15e6be4e990f03ce4ea50b3b42df2eb5cb181d8f84965a3957add4fa95af01b2b665027efec01c7704b456be69c8b604
        """,
        """
        16112c4c3a9c98b252181140fad0eae9601a6de578980be6eec3232b5be72e7a07f3688ef60c206d01479253b03663c1
        1962d75c2381201e1a0cbd6c43c348b885c84ff731c4d59ca4a10356f453e01f78a4260763529e3532f6102c2e49a03d
        58df3306640da276faaae7d6e8eb15778c4855551ae7f310c35a5dd279cd2eca6757cd636f96f891e2538b53dbf67f2
        16b7d288798e5395f20d23bf89edb4d1d115c5dbddbcd30e123da489e726af41727364f2c28297ada8d26d98445f5416
        be0e079545f43e4b00cc912f8228ddcc6d19c9f0f69bbb0542eda0fc9dec916a20b15dc0fd2ededda39142311a5001d
        8d9e5297186db2d9fb266eaac783182b70152c65550d881c5ecd87b6f0f5a6449f38db9dfa9cce202c6477faaf9b7ac
        166007c08a99db2fc3ba8734ace9824b5eecfdfa8d0cf8ef5dd365bc400a0051d5fa9c01a58b1fb93d1a1399126a775c
        16a3ef08be3ea7ea03bcddfabba6ff6ee5a4375efa1f4fd7feb34fd206357132b920f5b00801dee460ee415a15812ed9
        1866c8ed336c61231a1be54fd1d74cc4f9fb0ce4c6af5920abc5750c4bf39b4852cfe2f7bb9248836b233d9d55535d4a
        167a55cda70a6e1cea820597d94a84903216f763e13d87bb5308592e7ea7d4fbc7385ea3d529b35e346ef48bb8913f55
        4d2f259eea405bd48f010a01ad2911d9c6dd039bb61a6290e591b36e636a5c871a5c29f4f83060400f8b49cba8f6aa8
        accbb67481d033ff5852c1e48c50c477f94ff8aefce42d28c0f9a88cea7913516f968986f7ebbea9684b529e2561092
        ad6b9514c767fe3c3613144b45f1496543346d98adf02267d5ceef9a00d9b8693000763e3b90ac11e99b138573345cc
        2660400eb2e4f3b628bdd0d53cd76f2bf565b94e72927c1cb748df27942480e420517bd8714cc80d1fadc1326ed06f7
        e0fa1d816ddc03e6b24255e0d7819c171c40f65e273b853324efcd6356caa205ca2f570f13497804415473a1d634b8f
        1
        """,
    )
]


def root(a):
    """A square root in Fp, or None."""
    x = pow(a, (P + 1) // 4, P)
    return x if x * x % P == a % P else None


def mul2(x, y):
    (a, b), (c, d) = x, y
    return ((a * c - b * d) % P, (a * d + b * c) % P)


def sub2(x, y):
    return ((x[0] - y[0]) % P, (x[1] - y[1]) % P)


def scale2(n, x):
    return (n * x[0] % P, n * x[1] % P)


def inverse2(x):
    n = pow(x[0] * x[0] + x[1] * x[1], -1, P)
    return (x[0] * n % P, -x[1] * n % P)


def root2(x):
    """A square root in Fp2, or None."""
    n = root(x[0] * x[0] + x[1] * x[1])
    for norm in () if n is None else (n, -n):
        a = root((x[0] + norm) * pow(2, -1, P))
        if a:
            found = (a, x[1] * pow(2 * a, -1, P) % P)
            if mul2(found, found) == x:
                return found
    return None


def add(p, q, a=0):
    """Of two points of y² = x³ + a·x + b over Fp; None is the point at infinity."""
    if p is None or q is None:
        return p or q
    (x, y), (v, w) = p, q
    if x == v and (y + w) % P == 0:
        return None
    k = (3 * x * x + a) * pow(2 * y, -1, P) if x == v else (w - y) * pow(v - x, -1, P)
    z = (k * k - x - v) % P
    return (z, (k * (x - z) - y) % P)


def times(n, p):
    q = None
    while n:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q


def expand(message, length):
    """RFC 9380, 5.3.1."""
    domain = DOMAIN + bytes([len(DOMAIN)])
    first = hashlib.sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\0" + domain).digest()
    blocks = [hashlib.sha256(first + b"\1" + domain).digest()]
    while 32 * len(blocks) < length:
        mixed = bytes(a ^ b for a, b in zip(first, blocks[-1]))
        blocks.append(hashlib.sha256(mixed + bytes([len(blocks) + 1]) + domain).digest())
    return b"".join(blocks)


def to_curve(u):
    """RFC 9380, 6.6.3: onto a curve with an isogeny to ours, and over the isogeny."""
    t = (Z * Z * u**4 + Z * u * u) % P
    x = B * pow(Z * A if t == 0 else -A, -1, P) * (1 if t == 0 else 1 + pow(t, -1, P)) % P
    y = root(x**3 + A * x + B)
    if y is None:
        x = Z * u * u * x % P
        y = root(x**3 + A * x + B)
    if (y ^ u) & 1:
        y = P - y
    parts = []
    for coefficients in ISOGENY:
        value = 0
        for k in reversed(coefficients):
            value = (value * x + k) % P
        parts.append(value)
    return (parts[0] * pow(parts[1], -1, P) % P, y * parts[2] * pow(parts[3], -1, P) % P)


def hash_to_curve(message):
    data = expand(message, 128)
    u, v = (int.from_bytes(part, "big") % P for part in (data[:64], data[64:]))
    return times(X + 1, add(to_curve(u), to_curve(v)))


def point_of(data):
    """Of G1, in 48 bytes."""
    x = int.from_bytes(data, "big") & (2**381 - 1)
    y = root(x**3 + 4)
    if len(data) != 48 or data[0] >> 6 != 2 or x >= P or y is None:
        raise ValueError("no point of G1")
    point = (x, y if (2 * y > P) == bool(data[0] & 0x20) else P - y)
    if times(R, point) is not None:
        raise ValueError("a point of another group")
    return point


def key_of(data):
    """Of G2, in 96 bytes, the coefficient of u first."""
    x = (int.from_bytes(data[48:], "big"), int.from_bytes(data[:48], "big") & (2**381 - 1))
    cube = mul2(mul2(x, x), x)
    y = root2(((cube[0] + 4) % P, (cube[1] + 4) % P))
    if len(data) != 96 or data[0] >> 6 != 2 or y is None:
        raise ValueError("no point of G2")
    is_large = 2 * (y[1] or y[0]) > P
    return (x, y if is_large == bool(data[0] & 0x20) else (-y[0] % P, -y[1] % P))


def mul12(x, y):
    sums = [[0, 0] for _ in range(11)]
    for i, (a, b) in enumerate(x):
        if a or b:
            for j, (c, d) in enumerate(y):
                sums[i + j][0] += a * c - b * d
                sums[i + j][1] += a * d + b * c
    for i in range(10, 5, -1):
        a, b = sums[i]
        sums[i - 6][0] += a - b
        sums[i - 6][1] += a + b
    return [(a % P, b % P) for a, b in sums[:6]]


def miller(q, p):
    """The function of the loop over X, of a point of the twist and one of G1. Each line is (0, 2 and 3 of w's powers)."""
    f, at = [(1, 0)] + [(0, 0)] * 5, q
    for bit in bin(X)[3:]:
        f = mul12(f, f)
        for other in (at, q) if bit == "1" else (at,):
            (x, y), (v, w) = at, other
            if other is at:
                slope = mul2(scale2(3, mul2(x, x)), inverse2(scale2(2, y)))
            else:
                slope = mul2(sub2(w, y), inverse2(sub2(v, x)))
            line = [sub2(mul2(slope, x), y), (0, 0), scale2(-p[0], slope), (p[1], 0), (0, 0), (0, 0)]
            f = mul12(line, f)
            z = sub2(sub2(mul2(slope, slope), x), v)
            at = (z, sub2(mul2(slope, sub2(x, z)), y))
    return f


def is_round(key, number, signature):
    """Whether the chain's key signed this round."""
    try:
        signed, key = point_of(signature), key_of(key)
    except ValueError:
        return False
    hashed = hash_to_curve(hashlib.sha256(number.to_bytes(8, "big")).digest())
    f = mul12(miller(G2, (signed[0], -signed[1] % P)), miller(key, hashed))
    # e(hash, key) = e(signature, G2) if f^((p¹²-1)/r) = 1. Its factor p⁶-1 is 1 if and only if the rest lies in Fp6.
    power, e = [(1, 0)] + [(0, 0)] * 5, (P * P + 1) * (P**4 - P * P + 1) // R
    for bit in bin(e)[2:]:
        power = mul12(power, power)
        if bit == "1":
            power = mul12(power, f)
    return power[1] == power[3] == power[5] == (0, 0)
