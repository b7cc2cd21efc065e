/** Creates the faces of drops and of their lines. */
import { createDrops, type Drops } from "#drops";
import { readNewest } from "#engines/beacon";
import type { Engines } from "#engines/open";
import type { Accounts, Identity } from "#identity";
import type { Inventory } from "#inventory";
import { type Orders, orderIdFor } from "#orders";
import type { Payment } from "#payment";
import { createRoom, promisedRoundFor, type Room } from "#room";
import type { Config } from "./config/config.ts";

type Given = {
  config: Config;
  engines: Engines;
  inventory: Inventory;
  orders: Orders;
  payment: Payment;
  accounts: Accounts;
  signing: Identity["signing"];
  now(): number;
  onFault(what: string, error: unknown): void;
};

export function assembleDrops({ config, engines, payment, accounts, ...given }: Given): { drops: Drops; room: Room } {
  const shared = {
    ...given,
    log: engines.log,
    topic: config.TOPIC_DROP_EVENTS,
    mail: engines.mail,
    addresseeOf: accounts.addressee,
    publicUrl: config.PUBLIC_URL,
  };
  const drops = createDrops({
    ...shared,
    sql: engines.sql("drops", 3),
    signs: {
      databaseMs: () => engines.databaseMs(),
      services: () => engines.services.running(),
      paymentAnswers: payment.providerAnswers,
      mailSends: () => engines.mail.sends(),
      async drandAnswers() {
        const { drand } = engines.beacons;
        if (drand) await readNewest(drand, given.now());
        return drand !== undefined;
      },
    },
    roundOf: (drop) => promisedRoundFor(drop, engines.beacons),
  });
  const room = createRoom({
    ...shared,
    sql: engines.sql("room", 4),
    ordersTopic: config.TOPIC_ORDERS_EVENTS,
    group: config.GROUP_PASSES,
    drops,
    orderIdOf: orderIdFor,
    beacons: engines.beacons,
  });
  return { drops, room };
}
