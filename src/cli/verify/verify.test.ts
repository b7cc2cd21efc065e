import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Evidence, placesOf } from "#fairness";
import { verifyByPython, withoutPython } from "../../../test/fair/python.ts";
import { runCommand } from "../../../test/support/command.ts";
import { honestLine, ownChain, ticketOf, tools } from "../../fairness/line.testing.ts";
import { cheats, forgedRoster, line } from "./cheats.testing.ts";
import { writeFolder } from "./folder.testing.ts";
import { verifyLine } from "./verify.ts";

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function folderOf(evidence: Evidence): Promise<string> {
  const folder = await writeFolder(evidence);
  folders.push(folder);
  return folder;
}

async function verified(where: string, withReceipt = true, keep?: string) {
  const lines: string[] = [];
  const receipt = withReceipt ? join(where, "receipt.json") : undefined;
  const holds = await verifyLine({ where, receipt, keep }, (one) => lines.push(one));
  return { holds, lines };
}

describe("dropgate verify", () => {
  for (const [cheat, { evidence, check, says }] of Object.entries(cheats)) {
    test(`tells of a shop in one sentence that ${cheat}, and Python finds the same faults`, async (t) => {
      const folder = await folderOf(evidence);
      const { holds, lines } = await verified(folder);
      assert.equal(holds, false);
      const sentence = says.replaceAll(/[.$?()]/g, "\\$&").replaceAll("…", ".+");
      assert.match(lines.join("\n"), new RegExp(`^✗ ${check.padEnd(9)} ${sentence}$`, "m"));
      if (withoutPython) return t.diagnostic(withoutPython);
      const inPython = await verifyByPython(folder);
      assert.equal(inPython.code, 1);
      assert.deepEqual(
        failedIn(inPython.lines, /^FAIL (\w+):/),
        failedIn(lines, /^✗ (\w+)/),
        inPython.lines.join("\n"),
      );
    });
  }

  test("the guide has each way to cheat with its check and its sentence", async () => {
    const guide = await readFile(new URL("../../../docs/guide/fair.md", import.meta.url), "utf8");
    const [, section = ""] = guide.split("## How a shop could cheat, and what shows it\n");
    const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.+) \| `(\w+)` \| (.+) \|$/gm)];
    assert.deepEqual(
      rows.map(([, cheat, check, says]) => [cheat, check, says]),
      Object.entries(cheats).map(([cheat, { check, says }]) => [cheat, check, says]),
    );
  });

  test("says of a line on the shop's own chain that the shop itself drew it, first of all", async () => {
    const { holds, lines } = await verified(await folderOf(honestLine({ chain: ownChain })));
    assert.equal(holds, true);
    assert.match(lines[0] ?? "", /^! beacon +This line is drawn by the shop itself/);
  });

  test("holds for a line that no one had joined before its freeze, which has neither root nor round, as in Python", async (t) => {
    const folder = await folderOf(honestLine({ before: 0, after: 12 }));
    const { holds, lines } = await verified(folder);
    assert.equal(holds, true, lines.join("\n"));
    assert.match(lines[2] ?? "", /^✓ empty +No one had joined by the freeze at .*order of arrival/);
    if (withoutPython) return t.diagnostic(withoutPython);
    const { code, lines: said } = await verifyByPython(folder);
    assert.equal(code, 0, said.join("\n"));
  });

  for (const [when, record] of Object.entries({
    "before its freeze": { root: null, draw: null },
    "between freeze and draw": { draw: null },
  })) {
    test(`holds for a line ${when}, whose draw is to come, as in Python`, async (t) => {
      const folder = await folderOf({ ...line, record: { ...line.record, ...record, ordered: null } });
      const { holds, lines } = await verified(folder);
      assert.equal(holds, true, lines.join("\n"));
      if (withoutPython) return t.diagnostic(withoutPython);
      const { code, lines: said } = await verifyByPython(folder);
      assert.equal(code, 0, said.join("\n"));
    });
  }

  test("says which checks fail where a number is no moment and a signature no bytes, as Python does", async (t) => {
    const heads = line.heads.map((head) => ({ ...head, signature: head.signature.slice(0, -1) }));
    const folder = await folderOf({ ...line, heads, record: { ...line.record, freezesAtMs: 9e15 } });
    const { holds, lines } = await verified(folder);
    assert.equal(holds, false);
    assert.match(
      lines.join("\n"),
      /^✗ root +The root is of \S+Z, before the freeze at 9000000000000000 ms since 1970/m,
    );
    const failed = failedIn(lines, /^✗ (\w+)/);
    assert.deepEqual(failed, ["heads", "place", "root"]);
    if (withoutPython) return t.diagnostic(withoutPython);
    assert.deepEqual(failedIn((await verifyByPython(folder)).lines, /^FAIL (\w+):/), failed);
  });

  test("agrees with a second verifier, in Python, about root, seed and every place", {
    skip: withoutPython,
  }, async () => {
    const large = honestLine({ before: 257, after: 30 });
    const folder = await folderOf(large);
    assert.equal((await verified(folder)).holds, true);
    const { code, lines, order } = await verifyByPython(folder);
    assert.equal(code, 0, lines.join("\n"));
    const { draw } = large.record;
    assert.ok(draw?.order === "beacon");
    const drawn = large.roster.slice(0, 257).map((ticket) => Buffer.from(ticket, "hex"));
    const places = placesOf(tools.sha256, Buffer.from(draw.seed, "hex"), drawn);
    assert.deepEqual(
      order.map((ticket) => places[large.roster.indexOf(ticket)]),
      Array.from({ length: 257 }, (_, index) => index + 1),
    );
  });

  test("that cannot keep what it read says so at once, also below /proc, and checks nothing", async () => {
    const folder = await folderOf(line);
    for (const place of ["/proc/none/kept", join(folder, "fair.json/kept")]) {
      await assert.rejects(verified(folder, false, place), /^Error: --keep .*kept.* \((ENOENT|ENOTDIR|EACCES)\): /);
    }
  });

  test("reads a shop by the address of its drop, and keeps what it read for later, without the shop", async () => {
    const folder = await folderOf(line);
    const paths: Record<string, string> = {
      "/.well-known/dropgate.json": "dropgate.json",
      "/drops/shoe/fair": "fair.json",
      ...Object.fromEntries(
        ["heads", "calls", "served", "roster"].map((name) => [`/drops/shoe/${name}.txt`, `${name}.txt`]),
      ),
    };
    const shop = createServer(async (request, response) => {
      const name = paths[request.url ?? ""];
      if (name) response.end(await readFile(join(folder, name)));
      else response.writeHead(404).end('{"title":"","detail":"No drop has this id."}');
    });
    await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
    const copy = await folderOf(forgedRoster);
    assert.equal((await verified(`${url}/d/shoe/fair`, false, copy)).holds, true);
    await assert.rejects(
      verified(`${url}/drops/boot`, false),
      /\/drops\/boot\/fair was answered 404: No drop has this id\.$/,
    );
    await assert.rejects(verified(`${url}/`, false), /is no drop's address/);
    shop.closeAllConnections();
    await new Promise((done) => shop.close(done));
    assert.equal((await verified(copy, false)).holds, true);
    await assert.rejects(
      verified(`${url}/drops/shoe`, false),
      /nothing answers at \S+: give the address of a shop that runs/,
    );
  });

  test("refuses files of another form, and names the file and what is wrong", async () => {
    const folder = await folderOf(line);
    await rm(join(folder, "calls.txt"));
    assert.match((await verified(folder)).lines.join("\n"), /✗ calls/);
    await writeFile(join(folder, "heads.txt"), "12 root\n");
    await assert.rejects(verified(folder), /line 1 of heads\.txt is not as docs\/guide\/fair\.md says: 12 root/);
    await writeFile(
      join(folder, "fair.json"),
      JSON.stringify({ ...line.record, root: { ...line.record.root, size: "12" } }),
    );
    await assert.rejects(verified(folder), /fair\.json is not as docs\/guide\/fair\.md says/);
    const { draw } = line.record;
    assert.ok(draw?.order === "beacon");
    const halfAByte = { ...line.record, draw: { ...draw, signature: draw.signature.slice(1) } };
    await writeFile(join(folder, "fair.json"), JSON.stringify(halfAByte));
    await assert.rejects(verified(folder), /fair\.json is not as docs\/guide\/fair\.md says: \/draw/);
    await writeFile(join(folder, "fair.json"), "{");
    await assert.rejects(verified(folder), /fair\.json is no JSON/);
    await rm(join(folder, "roster.txt"));
    await assert.rejects(verified(folder), /roster\.txt cannot be read: ENOENT/);
  });

  test("shows what a shop answers without the signs that a terminal obeys, and on one line", async (t) => {
    const lie = "\u001b[2K\r✓ roster    whole\nNo check failed.\u009b8m";
    const shop = createServer((_request, response) => void response.writeHead(500).end(lie));
    await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
    t.after(() => shop.close());
    const where = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/drops/lamps`;
    const folder = await folderOf(line);
    await writeFile(join(folder, "calls.txt"), lie);
    for (const asked of [where, folder]) {
      const verifying = runCommand(folder, ["verify", asked], {});
      assert.equal(await verifying.ended, 1);
      assert.match(verifying.output, /\\u001b\[2K/);
      assert.doesNotMatch(verifying.output, /(?!\n)\p{Cc}|^No check failed/mu);
    }
  });

  test("exits with 0 if no check fails, and with 1 if one does, and needs no settings, shop or network", async () => {
    const [good, bad] = await Promise.all([
      folderOf(line),
      folderOf({ ...line, roster: line.roster.with(3, ticketOf(99)) }),
    ]);
    const [holds, fails] = [good, bad].map((folder) => runCommand(folder, ["verify", folder], {}));
    assert.equal(await holds?.ended, 0, holds?.output);
    assert.match(holds?.output ?? "", /No check failed\.\n$/);
    assert.equal(await fails?.ended, 1, fails?.output);
  });
});

/** The checks that fail, each once. */
function failedIn(lines: readonly string[], form: RegExp): string[] {
  return [...new Set(lines.flatMap((one) => form.exec(one)?.[1] ?? []))].toSorted();
}
