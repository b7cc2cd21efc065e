import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openCatalogApp } from "./catalog.testing.ts";

const lamp = { productId: "lamp", name: "Lamp", price: 4999, currency: "EUR" };

test("a product that was added answers under its Location, with its version as ETag", async (t) => {
  const { asAdmin, get } = await openShop(t);
  const added = await asAdmin("POST", "/products", { ...lamp, limitPerCustomer: 2 });
  assert.equal(added.statusCode, 201);
  assert.equal(added.headers.location, "/products/lamp");
  assert.equal(added.headers.etag, '"1"');
  const { createdAt, updatedAt, ...rest } = added.json();
  assert.deepEqual(rest, {
    ...lamp,
    description: null,
    image: null,
    limitPerCustomer: 2,
    barcode: null,
    bin: null,
    version: 1,
  });
  assert.equal(createdAt, updatedAt);
  assert.equal(new Date(createdAt).toISOString(), createdAt);

  const read = await get("/products/lamp");
  assert.equal(read.statusCode, 200);
  assert.equal(read.headers.etag, '"1"');
  assert.deepEqual(read.json(), added.json());
});

test("a product without an id gets one", async (t) => {
  const { asAdmin, get } = await openShop(t);
  const { productId: _, ...nameless } = lamp;
  const added = await asAdmin("POST", "/products", nameless);
  assert.equal(added.statusCode, 201);
  assert.deepEqual((await get(String(added.headers.location))).json(), added.json());
});

test("an id is used once", async (t) => {
  const { asAdmin } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  const again = await asAdmin("POST", "/products", lamp);
  assert.equal(again.statusCode, 409);
  assert.equal(again.json().code, "product_exists");
});

test("an invalid product is refused, and nothing of it is stored", async (t) => {
  const { asAdmin, get } = await openShop(t);
  const wrong: Record<string, unknown>[] = [
    { price: undefined },
    { price: "1" },
    { price: 1.5 },
    { price: -1 },
    { price: null },
    { price: 1_000_000_000_001 },
    { price: 1e300 },
    { currency: undefined },
    { currency: "eur" },
    { currency: "DEM" },
    { currency: "XXX" },
    { name: undefined },
    { name: "" },
    { name: " " },
    { name: "a\nb" },
    { name: "a\0b" },
    { name: "half a \ud83d" },
    { name: "x".repeat(201) },
    { name: 7 },
    { description: "a\0b" },
    { image: "javascript:alert(1)" },
    { productId: "" },
    { productId: "a b" },
    { productId: "{lamp}" },
    { productId: "../lamp" },
    { productId: "x".repeat(65) },
    { barcode: "" },
    { barcode: "a\nb" },
    { barcode: "x".repeat(129) },
    { bin: " " },
    { bin: "a\0b" },
    { limitPerCustomer: 0 },
    { limitPerCustomer: -1 },
    { limitPerCustomer: 1.5 },
    { limitPerCustomer: "1" },
    { limitPerCustomer: 2 ** 31 },
    { stock: 5 },
    { version: 7 },
  ];
  for (const fault of wrong) {
    const answer = await asAdmin("POST", "/products", { ...lamp, ...fault });
    assert.equal(answer.statusCode, 400, JSON.stringify(fault));
    assert.equal(answer.json().code, "validation", JSON.stringify(fault));
  }
  assert.deepEqual((await get("/products")).json(), { products: [], nextCursor: null });
});

test("a product may be free, and may cost what the largest price allows", async (t) => {
  const { asAdmin } = await openShop(t);
  for (const price of [0, 1_000_000_000_000]) {
    const added = await asAdmin("POST", "/products", { ...lamp, productId: `lamp-${price}`, price });
    assert.equal(added.json().price, price);
  }
});

test("every allowed character comes back as it was sent", async (t) => {
  const { asAdmin, get } = await openShop(t);
  const texts = { name: "Lámpa 灯 💡 'or' 1=1 --", description: "two\nlines\tand <b>\u2028" };
  const added = await asAdmin("POST", "/products", { ...lamp, ...texts, image: "https://shop.example/lamp.webp" });
  assert.equal(added.statusCode, 201);
  const { name, description } = (await get("/products/lamp")).json();
  assert.deepEqual({ name, description }, texts);
});

test("a patch changes the fields that it names, and only on the version that it expects", async (t) => {
  const { asAdmin } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  const changed = await asAdmin("PATCH", "/products/lamp", { price: 5999 }, { "if-match": '"1"' });
  assert.equal(changed.statusCode, 200);
  assert.equal(changed.headers.etag, '"2"');
  assert.equal(changed.json().price, 5999);
  assert.equal(changed.json().name, "Lamp");

  const late = await asAdmin("PATCH", "/products/lamp", { price: 1 }, { "if-match": '"1"' });
  assert.equal(late.statusCode, 412);
  assert.equal(late.json().code, "version_mismatch");
  assert.equal((await asAdmin("PATCH", "/products/lamp", { price: 1 })).headers.etag, '"3"');
  assert.equal((await asAdmin("PATCH", "/products/lamp", { price: 2 }, { "if-match": "*" })).headers.etag, '"4"');
  // nginx marks the tags of compressed answers as weak.
  assert.equal((await asAdmin("PATCH", "/products/lamp", { price: 3 }, { "if-match": 'W/"4"' })).headers.etag, '"5"');
  for (const malformed of ["5", '"5" "5"', '"5', "W/5", ""]) {
    const answer = await asAdmin("PATCH", "/products/lamp", { price: 4 }, { "if-match": malformed });
    assert.equal(answer.statusCode, 400, malformed);
  }
});

test("O13: a tag that a compressing proxy has marked or made weak, and one in a list, still names its version", async (t) => {
  const { asAdmin, get } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  const spellings = [
    '"VERSION-gzip"',
    'W/"VERSION"',
    '"VERSION--gzip"',
    'W/"VERSION-br"',
    '"VERSION;gzip"',
    '"a,b", "VERSION"',
  ];
  for (const [i, spelling] of [...spellings, '"0", W/"VERSION-gzip" ,'].entries()) {
    const answer = await asAdmin(
      "PATCH",
      "/products/lamp",
      { price: i },
      { "if-match": spelling.replace("VERSION", `${i + 1}`) },
    );
    assert.deepEqual([answer.statusCode, answer.headers.etag], [200, `"${i + 2}"`], spelling);
  }
  for (const late of ['"1-gzip"', '"1", "2-br", W/"3"', '"x", "1"', '"five"', '""']) {
    const answer = await asAdmin("PATCH", "/products/lamp", { price: 9 }, { "if-match": late });
    assert.deepEqual([answer.statusCode, answer.json().code], [412, "version_mismatch"], late);
  }
  for (const held of ['"8-gzip"', 'W/"8-br"', '"1", "8--gzip"']) {
    assert.equal((await get("/products/lamp", { "if-none-match": held })).statusCode, 304, held);
  }
  assert.equal((await get("/products/lamp", { "if-none-match": '"1-gzip", "18", "8x"' })).statusCode, 200);
});

test("an If-Match with many blanks that is no list of tags is refused at once, and stops no other request", async (t) => {
  const { asAdmin } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  const begun = performance.now();
  const answer = await asAdmin("PATCH", "/products/lamp", { price: 1 }, { "if-match": `"1"${", ".repeat(28)}x` });
  assert.deepEqual([answer.statusCode, answer.json().code], [400, "validation"]);
  assert.ok(performance.now() - begun < 3_000, "reading the header took seconds");
  const long = await asAdmin("PATCH", "/products/lamp", { price: 1 }, { "if-match": `"1"${" , ".repeat(4_000)}` });
  assert.equal(long.statusCode, 200);
});

test("of many patches that expect the same version, one succeeds", async (t) => {
  const { asAdmin } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => asAdmin("PATCH", "/products/lamp", { price: i }, { "if-match": '"1"' })),
  );
  const statuses = answers.map(({ statusCode }) => statusCode).toSorted();
  assert.deepEqual(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
});

test("an empty or invalid patch is refused", async (t) => {
  const { asAdmin, get } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  const wrong = [
    {},
    [],
    { price: "1" },
    { price: -1 },
    { currency: "USD" },
    { productId: "chair" },
    { version: 9 },
    { name: null },
  ];
  for (const patch of wrong) {
    const answer = await asAdmin("PATCH", "/products/lamp", patch);
    assert.equal(answer.statusCode, 400, JSON.stringify(patch));
  }
  assert.equal((await get("/products/lamp")).headers.etag, '"1"');
  assert.equal((await asAdmin("PATCH", "/products/lamp", { price: 500, currency: "JPY" })).statusCode, 200);
});

test("a client with the current version is answered 304 without a body", async (t) => {
  const { asAdmin, get } = await openShop(t);
  await asAdmin("POST", "/products", lamp);
  for (const held of ['"1"', 'W/"1"', '"0", "1"', "*"]) {
    const answer = await get("/products/lamp", { "if-none-match": held });
    assert.equal(answer.statusCode, 304, held);
    assert.equal(answer.body, "");
    assert.equal(answer.headers["content-length"], undefined);
    assert.equal(answer.headers.etag, '"1"');
  }
  await asAdmin("PATCH", "/products/lamp", { price: 1 });
  assert.equal((await get("/products/lamp", { "if-none-match": '"1"' })).statusCode, 200);
});

test("a product that was never added is not found", async (t) => {
  const { asAdmin, get } = await openShop(t);
  for (const answer of [await get("/products/ghost"), await asAdmin("PATCH", "/products/ghost", { price: 1 })]) {
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.json().code, "product_not_found");
  }
  assert.equal((await get("/products/%00")).statusCode, 400);
});

test("following nextCursor shows each product once", async (t) => {
  const { catalog, get } = await openShop(t);
  const ids = Array.from({ length: 7 }, (_, i) => `lamp-${i}`);
  for (const productId of ids) await catalog.create({ productId, name: "Lamp", unitPriceMinor: 1, currency: "EUR" });
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page = (await get(`/products?limit=3${cursor && `&cursor=${cursor}`}`)).json();
    seen.push(...page.products.map((product) => product.productId));
    cursor = page.nextCursor;
  }
  assert.deepEqual(seen, ids);
});

test("an invalid limit or cursor is refused", async (t) => {
  const { get } = await openShop(t);
  const cursor = (text: string) => `cursor=${Buffer.from(text).toString("base64url")}`;
  for (const query of [
    "limit=0",
    "limit=101",
    "limit=1.5",
    "limit=x",
    "cursor=",
    "cursor=%20",
    "cursor=_w",
    "page=2",
    cursor("lamp\0"),
    cursor("no id of a product"),
    cursor("1796024286000 0193b2c4-0000-7000-8000-000000000000"),
  ]) {
    assert.equal((await get(`/products?${query}`)).statusCode, 400, query);
  }
});

test("every client may read, and only an admin may write", async (t) => {
  const { app, token, get } = await openShop(t);
  assert.equal((await get("/products")).statusCode, 200);
  const attempts = [
    [{}, 401],
    [{ "x-user-id": "ada" }, 403],
    [{ authorization: `Bearer ${token("CUSTOMER")}` }, 403],
    [{ authorization: `Bearer ${token("WAREHOUSE")}` }, 403],
  ] as const;
  for (const [headers, status] of attempts) {
    const added = await app.inject({ method: "POST", url: "/products", headers, payload: lamp });
    const changed = await app.inject({ method: "PATCH", url: "/products/lamp", headers, payload: { price: 0 } });
    assert.deepEqual([added.statusCode, changed.statusCode], [status, status]);
  }
});

test("a product is found by what a scanner reads: its barcode, and without one its id", async (t) => {
  const { asAdmin, get } = await openShop(t);
  await asAdmin("POST", "/products", { ...lamp, bin: "A-03-2" });
  const found = async (code: string) => {
    const { products, nextCursor } = (await get(`/products?barcode=${encodeURIComponent(code)}`)).json();
    assert.equal(nextCursor, null);
    return products.map((one: { productId: string; bin: string }) => [one.productId, one.bin]);
  };
  assert.deepEqual(await found("lamp"), [["lamp", "A-03-2"]]);
  assert.equal((await asAdmin("PATCH", "/products/lamp", { barcode: "400 638", bin: "B-1" })).statusCode, 200);
  assert.deepEqual(await found("400 638"), [["lamp", "B-1"]]);
  assert.deepEqual(await found("lamp"), []);
  await asAdmin("PATCH", "/products/lamp", { barcode: null });
  assert.deepEqual(await found("lamp"), [["lamp", "B-1"]]);
});

type Page = { products: { productId: string }[]; nextCursor: string | null };

async function openShop(t: TestContext) {
  const { app, catalog, identity } = await openCatalogApp(t);
  const token = (role: "ADMIN" | "WAREHOUSE" | "CUSTOMER") => identity.issue({ user: "ada", role, ttlMs: 60_000 });
  const authorization = `Bearer ${token("ADMIN")}`;
  return {
    app,
    catalog,
    token,
    get: (url: string, headers: Record<string, string> = {}) => app.inject({ method: "GET", url, headers }),
    asAdmin: (method: "POST" | "PATCH", url: string, payload: object, headers: Record<string, string> = {}) =>
      app.inject({ method, url, payload, headers: { ...headers, authorization } }),
  };
}
