import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type AskApi, createShopPages } from "./shop-page.ts";

describe("the shop's page", () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-page-"));
  const htmlPath = join(folder, "shop.html");
  before(() =>
    writeFileSync(
      htmlPath,
      '<head><meta name="description" content="Limited drops"><title>Dropgate</title></head><div id="shop"></div>',
    ),
  );
  after(() => rmSync(folder, { recursive: true }));

  function pages(askApi: AskApi, publicUrl?: string) {
    return createShopPages({ htmlPath, askApi, publicUrl });
  }

  const evil = `</script><script>alert(1)</script><!-- "&' \u2028`;

  test("of a drop has its data and names it for other sites; no text of it becomes markup", async () => {
    const drop = { dropId: "lamps", name: evil, story: `${evil}\n${"x".repeat(300)}` };
    const askApi = async () => ({ status: 200, body: JSON.stringify(drop) });
    const page = await pages(askApi, "https://shop.example").at("/d/lamps", "lamps");
    const html = page?.html ?? "";
    assert.equal(page?.status, 200);
    assert.equal(html.match(/<script/g)?.length, 1);
    assert.doesNotMatch(html, /<!--|alert\(1\)<\/script>/);
    const [, json = ""] =
      /<script type="application\/json" id="inlined" data-source="\/drops\/lamps">(.*)<\/script>/.exec(html) ?? [];
    assert.deepEqual(JSON.parse(json), drop);
    assert.match(html, /<meta property="og:url" content="https:\/\/shop.example\/d\/lamps">/);
    assert.match(html, /<meta property="og:title" content="&lt;\/script&gt;[^"<]*">/);
    const [, description = ""] = /<meta property="og:description" content="([^"]*)"/.exec(html) ?? [];
    assert.ok(description.endsWith("…"));
    assert.match(html, /<title>&lt;\/script[^<]* · Dropgate<\/title>/);
  });

  test("of the list has all drops, and the shop's own description", async () => {
    const askApi: AskApi = async (path) => ({ status: 200, body: JSON.stringify({ items: [], path }) });
    const { html = "" } = (await pages(askApi).at("/", undefined)) ?? {};
    assert.match(html, /id="inlined" data-source="\/drops">\{"items":\[\],"path":"\/drops"\}</);
    assert.match(html, /og:description" content="Limited drops"/);
    assert.doesNotMatch(html, /og:url/);
  });

  test("of a drop that does not exist is a 404", async () => {
    const askApi = async () => ({ status: 404, body: '{"code":"drop_not_found"}' });
    const page = await pages(askApi).at("/d/gone", "gone");
    assert.deepEqual([page?.status, page?.html.includes("inlined")], [404, false]);
  });

  test("goes without data if the API fails, has no drops, or does not answer in time", async (t) => {
    const never = Promise.withResolvers<{ status: number; body: string }>();
    t.after(() => never.resolve({ status: 200, body: "{}" }));
    for (const askApi of [
      async () => ({ status: 503, body: "{}" }),
      async () => ({ status: 404, body: '{"code":"not_found"}' }),
      async () => ({ status: 200, body: "<p>" }),
      () => Promise.reject(new Error("down")),
      () => never.promise,
    ]) {
      assert.equal(await pages(askApi).at("/", undefined), undefined);
    }
  });

  test("asks the API once, however many people open it in the same moment", async () => {
    let asked = 0;
    const askApi = async () => {
      asked += 1;
      return { status: 200, body: '{"items":[]}' };
    };
    const { at } = pages(askApi);
    const all = await Promise.all(Array.from({ length: 50 }, () => at("/", undefined)));
    assert.equal(asked, 1);
    assert.equal(new Set(all.map((page) => page?.etag)).size, 1);
  });
});
