/** The people of the warehouse: a delivery by file, parcels that are picked and handed over, and some that are short. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../support/client.ts";
import { insist } from "./insist.ts";
import { patiently } from "./patience.ts";

export type WarehouseOptions = { admin: Client; productId: string; goesOn(): boolean };

type Parcel = { orderId: string; productId: string; barcode: string; quantity: number };

const rowsOfFile = 3;
const enoughParcels = 4;

/** Returns how many rows the file has, once it was answered; the same file is sent until it is. */
export async function enterFile({ admin, productId, goesOn }: WarehouseOptions): Promise<number | undefined> {
  const file = Array.from({ length: rowsOfFile }, (_, i) => `${productId},1,box ${i + 1}`).join("\n");
  const headers = { "content-type": "text/csv" };
  const answer = await insist(goesOn, () =>
    admin.raw<{ entered: number }>("POST", "/inventory/restock.csv", file, headers),
  );
  return answer?.body.entered;
}

/** Every other parcel is short. */
export async function pickParcels({ admin, productId, goesOn }: WarehouseOptions): Promise<void> {
  const seen = new Set<string>();
  while (goesOn() && seen.size < enoughParcels) {
    const { body } = (await patiently(admin.get<{ items: Parcel[] }>("/parcels?state=to_pick&limit=100"))) ?? {};
    for (const parcel of body?.items?.filter((one) => one.productId === productId) ?? []) {
      if (seen.has(parcel.orderId)) continue;
      seen.add(parcel.orderId);
      await (seen.size % 2 === 1 ? pack(parcel) : reportShort(parcel));
    }
    await sleep(200);
  }

  async function pack({ orderId, quantity, barcode }: Parcel): Promise<void> {
    await insist(goesOn, () => admin.post(`/parcels/${orderId}/start`));
    for (let unit = 1; unit <= quantity; unit += 1) {
      const scan = { scanId: `${orderId}-${unit}`, code: barcode };
      await insist(goesOn, () => admin.post(`/parcels/${orderId}/scan`, scan));
    }
    await insist(goesOn, () => admin.post(`/parcels/${orderId}/hand-over`));
  }

  async function reportShort({ orderId }: Parcel): Promise<void> {
    await insist(goesOn, () => admin.post(`/parcels/${orderId}/short`, { reason: "the bin is empty" }));
  }
}
