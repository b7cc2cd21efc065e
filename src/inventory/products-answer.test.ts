import assert from "node:assert/strict";
import { test } from "node:test";
import { piecesOf } from "./products-answer.ts";

test("a list that is sent in pieces has every product in its order, whatever its length, and no long piece", async () => {
  const head = { status: "OK", mode: "gatekeeper" };
  for (const count of [0, 1, 199, 200, 201, 450]) {
    const products = Array.from({ length: count }, (_, i) => ({
      productId: `lamp-${i}`,
      explanation: 'a "lamp", 1 [€]',
    }));
    const pieces: string[] = [];
    for await (const piece of piecesOf(head, products)) pieces.push(piece);
    assert.deepEqual(JSON.parse(pieces.join("")), { ...head, products });
    const longest = Math.max(...pieces.map((piece) => piece.split('"productId"').length - 1));
    assert.ok(longest <= 200, `${longest} products in one piece`);
  }
  let withoutHead = "";
  for await (const piece of piecesOf({}, [])) withoutHead += piece;
  assert.deepEqual(JSON.parse(withoutHead), { products: [] });
});
