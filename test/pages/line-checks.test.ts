/** The page that checks a line and the command line come to the same sentences, from the same published files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { verify } from "#fairness";
import { cheats, line } from "../../src/cli/verify/cheats.testing.ts";
import { textsOf } from "../../src/cli/verify/folder.testing.ts";
import { honestLine, ownChain, tools } from "../../src/fairness/line.testing.ts";
import { checkLine } from "../../web/lib/line-checks.ts";

const lines = {
  "an honest shop": line,
  "a shop that draws by itself": honestLine({ chain: ownChain }),
  "a line that no one had joined before its freeze": honestLine({ before: 0, after: 12 }),
  "a line that is not drawn yet": {
    ...line,
    record: { ...line.record, draw: null, ordered: null },
    calls: [],
    served: [],
  },
  ...Object.fromEntries(
    Object.entries(cheats).map(([cheat, { evidence }]) => [`a line whose shop cheats: ${cheat}`, evidence]),
  ),
};

for (const [whose, evidence] of Object.entries(lines)) {
  test(`the page says of ${whose} what the command says`, () => {
    assert.deepEqual(checkLine(textsOf(evidence), evidence.kept), verify(evidence, tools));
  });
}

test("files of another form are refused, and the error names the file and the line", () => {
  const texts = { ...textsOf(line), "heads.txt": "12 root\n" };
  assert.throws(() => checkLine(texts, []), /line 1 of heads\.txt is not as docs\/guide\/fair\.md says: 12 root/);
});
