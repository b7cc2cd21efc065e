/** `dropgate reconcile --repair`: prints a plan for the findings of reconcile, and carries it out with `--yes`. */
import type { Remedy } from "#wire/inventory";
import type { Answer, Ask } from "./ask.ts";

const reportPath = "/admin/reconcile?findings=true";

type Product = { productId: string; drift: number; gate: number | null; remedy: Remedy; explanation: string };
export type Plan = { rebuild: Product[]; byHand: Product[] };

/** A product that the running system repairs by itself is not part of a plan. */
export function planOf(products: readonly Product[]): Plan {
  return {
    rebuild: products.filter(({ remedy }) => remedy === "sync_redis"),
    byHand: products.filter(({ remedy }) => remedy === "by_hand"),
  };
}

export function sayPlan({ rebuild, byHand }: Plan): string {
  const lines: string[] = [];
  for (const { productId, drift, gate, explanation } of rebuild) {
    const units = drift === 0 ? "" : ` (the gate has ${gate}, ${Math.abs(drift)} too ${drift > 0 ? "many" : "few"})`;
    lines.push(`load ${productId} anew from the books${units}: ${explanation}`);
  }
  for (const { productId, explanation } of byHand) {
    lines.push(`BY HAND ${productId}: its books contradict themselves, and no command repairs that: ${explanation}`);
  }
  return lines.length === 0 ? "Nothing has to be repaired." : lines.join("\n");
}

/** Prints the plan, and carries it out if `yes` is set. Returns whether all products are OK at the end. */
export async function repair(ask: Ask, yes: boolean, print: (line: string) => void): Promise<boolean> {
  const before = await ask("GET", reportPath);
  const plan = planOf(productsOf(before));
  print(sayPlan(plan));
  if (plan.rebuild.length === 0) return before.status === "OK";
  if (!yes) {
    print("\nNothing was changed. To carry it out: dropgate reconcile --repair --yes");
    return false;
  }
  const { products } = (await ask("POST", "/admin/sync-redis")) as {
    products: { productId: string; action: string }[];
  };
  const action = new Map(products.map((product) => [product.productId, product.action]));
  for (const { productId } of plan.rebuild) print(`${productId}: ${action.get(productId) ?? "gone"}`);
  const after = await ask("GET", reportPath);
  print(`\nreconcile: ${before.status} before, ${after.status} now`);
  return after.status === "OK";
}

function productsOf(report: Answer): Product[] {
  return report.products as Product[];
}
