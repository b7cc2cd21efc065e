import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unusedIn } from "./unused-members.ts";

const face = "export type Catalog = {\n  /** Ends a sale. */\n  remove(productId: string): Promise<void>;\n};\n";

function unusedBeside(...others: string[]): string[] {
  return unusedIn([
    { path: "src/catalog/catalog.ts", text: face },
    ...others.map((text, i) => ({ path: `src/a${i}.ts`, text })),
  ]);
}

describe("unused members", () => {
  test("a member that no production code uses is named with its file and type", () => {
    assert.deepEqual(unusedBeside("// catalog.remove(x)\n"), ["src/catalog/catalog.ts: Catalog.remove"]);
    assert.deepEqual(unusedBeside("process.removeListener(stop);\n"), ["src/catalog/catalog.ts: Catalog.remove"]);
  });

  test("a member is used by a call, by taking it out of its object, and by its own file", () => {
    assert.deepEqual(unusedBeside("await catalog.remove(x);\n"), []);
    assert.deepEqual(unusedBeside("const { list, remove } = catalog;\n"), []);
    assert.deepEqual(unusedBeside("function routes({\n  remove,\n}: Catalog) {}\n"), []);
    const own = `${face}const done = remove(x);\n`;
    assert.deepEqual(unusedIn([{ path: "src/catalog/catalog.ts", text: own }]), []);
  });

  test("the members of a face whose type is inferred are found too", () => {
    const text =
      "export type Orders = ReturnType<typeof createOrders>;\nexport function createOrders() {\n" +
      "  return {\n    place,\n    async look(id: string) {\n      return id;\n    },\n  };\n}\n";
    assert.deepEqual(unusedIn([{ path: "src/orders/orders.ts", text }]), [
      "src/orders/orders.ts: createOrders.place",
      "src/orders/orders.ts: createOrders.look",
    ]);
  });
});
