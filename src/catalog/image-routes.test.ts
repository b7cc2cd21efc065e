/** Pictures of products: also images.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogApp } from "./catalog.testing.ts";
import { mostBytes } from "./images.ts";

const png = Buffer.from("\x89PNG\r\n\x1a\n and then its pixels", "latin1");
const pictures = {
  "image/png": png,
  "image/jpeg": Buffer.from("\xff\xd8\xff\xe0 JFIF", "latin1"),
  "image/webp": Buffer.from("RIFF\x10\x00\x00\x00WEBPVP8 ", "latin1"),
  "image/avif": Buffer.from("\x00\x00\x00\x20ftypavif\x00\x00\x00\x00", "latin1"),
};
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');

test("a product has the picture that an ADMIN sent, told by its bytes, under an address that never changes", async (t) => {
  const { app, catalog, identity } = await openCatalogApp(t);
  await catalog.create({ productId: "lamp", name: "Lamp", unitPriceMinor: 1, currency: "EUR" });
  const send = (payload: Buffer, type: string, role: "ADMIN" | "CUSTOMER" = "ADMIN", more: object = {}) =>
    app.inject({
      method: "PUT",
      url: "/products/lamp/image",
      payload,
      headers: {
        "content-type": type,
        authorization: `Bearer ${identity.issue({ user: "grace", role, ttlMs: 60_000 })}`,
        ...more,
      },
    });

  const shown: string[] = [];
  for (const [type, bytes] of Object.entries(pictures)) {
    // Whatever the request calls them.
    const answer = await send(bytes, "image/svg+xml");
    assert.equal(answer.statusCode, 200, answer.body);
    const { image } = answer.json();
    assert.match(image, /^\/images\/[0-9a-f]{64}$/);
    const got = await app.inject({ url: image });
    assert.deepEqual([got.statusCode, got.headers["content-type"], got.rawPayload], [200, type, bytes]);
    assert.match(String(got.headers["cache-control"]), /immutable/);
    assert.equal(got.headers["x-content-type-options"], "nosniff");
    shown.push(image);
  }
  for (const image of shown)
    assert.equal((await app.inject({ url: image })).statusCode, 200, "a page may still show it");
  assert.equal((await catalog.get("lamp"))?.version, 5);

  const refusals = [
    await send(svg, "image/png"),
    await send(Buffer.from("{}"), "application/json"),
    await send(Buffer.alloc(0), "image/png"),
    await send(Buffer.concat([png, Buffer.alloc(mostBytes)]), "image/png"),
    await send(png, "image/png", "CUSTOMER"),
    await send(png, "image/png", "ADMIN", { "if-match": '"1"' }),
    await send(png, "image/png", "ADMIN", { "content-encoding": "gzip" }),
  ];
  assert.deepEqual(
    refusals.map((answer) => [answer.statusCode, answer.json().code]),
    [
      [415, "image_not_known"],
      [415, "image_not_known"],
      [415, "image_not_known"],
      [413, "body_too_large"],
      [403, "forbidden"],
      [412, "version_mismatch"],
      [415, "unsupported_media_type"],
    ],
  );
  for (const answer of refusals) assert.doesNotMatch(answer.body, /application\/json/);
  assert.equal((await catalog.get("lamp"))?.image, shown.at(-1));
  assert.equal((await app.inject({ url: `/images/${"0".repeat(64)}` })).json().code, "image_not_found");
});
