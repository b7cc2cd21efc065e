import { outboxContract } from "../engines/outbox/outbox.testing.ts";
import { dropsSchema } from "./drops.ts";
import type { DropEvent } from "./events.ts";
import { dropOutbox } from "./outbox.ts";

outboxContract<DropEvent>({
  module: dropsSchema,
  shape: dropOutbox,
  eventOf(id) {
    const window = { opensAt: "2030-01-01T00:00:00.000Z", closesAt: "2030-01-02T00:00:00.000Z" };
    const data = {
      dropId: "lamps",
      name: "Lamps",
      zone: "UTC",
      ...window,
      paused: false,
      version: 1,
      productIds: ["lamp"],
    };
    return { id, what: "changed", time: "2030-01-01T00:00:00.000Z", data };
  },
  insert: "insert into drops.outbox (event) select event from jsonb_array_elements($1::jsonb) as event",
});
