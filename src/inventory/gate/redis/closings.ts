/** Closes products on Redis: each closing has a name of its own, which an image has to show to open the product. */
import { randomUUID } from "node:crypto";
import type { Life } from "#engines/redis";
import type { Gate } from "../gate.ts";
import type { Calls } from "./calls.ts";
import type { ProductList } from "./products.ts";
import type { ScriptName } from "./scripts.ts";
import { answerOf } from "./translated.ts";

export function createClose({ calls, list }: { calls: Calls; list: Pick<ProductList, "add"> }): Gate["close"] {
  return async (productId, seenEpoch) => {
    const token = randomUUID();
    const closingIn = ({ nonce }: Life<ScriptName>) => `${nonce}/${token}`;
    const argsIn = (life: Life<ScriptName>) => [closingIn(life), String(seenEpoch ?? "")];
    await list.add(productId);
    const begun = await calls.begin("close", productId, (life) => ({ script: "close", args: argsIn(life) }));
    return answerOf("close", begun.reply) === "open" ? "" : closingIn(begun.life);
  };
}
