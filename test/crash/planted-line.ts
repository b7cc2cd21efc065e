/** Bugs of lines: places, ranks and calls that are wrong, passes that promise nothing, and units that are offered to no one. */
import type { Evidence, LineReading } from "../laws/evidence.ts";
import type { Planting } from "./planting.ts";

export const linePlantings: readonly Planting[] = [
  {
    law: "places that are not one each",
    bug: "a place is counted and not stored",
    plant: async (_books, healthy) => changed(healthy, ({ lastSeq }) => ({ lastSeq: lastSeq + 1 })),
  },
  {
    law: "places ranked out of the roster",
    bug: "the draw leaves a place of the roster out",
    async plant(books, { lines }) {
      await books.query("update room.place set rank = null where drop_id = $1 and seq = 1", [lines[0]?.dropId]);
      return undefined;
    },
  },
  {
    law: "calls taken back",
    bug: "a process that was killed calls the line from its beginning again",
    plant: async (_books, healthy) => changed(healthy, ({ called }) => ({ called: [...called, 1, 0] })),
  },
  {
    law: "places that changed",
    bug: "a person is told another place after the shop has come back",
    plant: async (_books, healthy) =>
      changed(healthy, ({ told }) => ({
        told: told.flatMap((one) => (one.place === null ? [one] : [one, { ...one, place: one.place + 1 }])),
      })),
  },
  {
    law: "passes without a unit",
    bug: "an order with a pass finds that all is sold",
    plant: async (_books, healthy) =>
      changed(healthy, ({ passes }) => ({
        promises: [{ productId: passes[0]?.productId ?? "", unspent: 1, free: 0, atMs: 1 }],
      })),
  },
  {
    law: "orders without a pass of their own",
    bug: "the gate takes an order of the line without its pass",
    async plant(books, { orders }) {
      await books.query("delete from room.pass where order_id = $1", [orders[0]?.orderId]);
      return undefined;
    },
  },
  {
    law: "free units offered to no one",
    bug: "a unit came back, and no one in the line is called for it",
    plant: async (_books, healthy) =>
      changed(healthy, ({ places }) => ({
        spare: 1,
        places: places.map((place) => ({ ...place, wasOffered: place.hasLeft })),
      })),
  },
  {
    law: "work left unfinished",
    bug: "the line never hears of an order, and keeps a second unit for its pass",
    async plant(books, { orders }) {
      await books.query("update room.pass set state = 'live' where order_id = $1", [orders[0]?.orderId]);
      return undefined;
    },
  },
];

function changed({ lines }: Evidence, change: (line: LineReading) => Partial<LineReading>): Partial<Evidence> {
  if (lines.length === 0) throw new Error("the healthy run left no line");
  return { lines: lines.map((line) => ({ ...line, ...change(line) })) };
}
