/**
 * The contract on a real Kafka: `node --test src/engines/log/kafka/kafka.real.ts`. It starts a broker of its own, after
 * `node scripts/provision.ts kafka`; on the broker that KAFKA_BOOTSTRAP names only the contract runs. It is not a
 * `.test.ts`, because `npm test` needs no server.
 */
import { after, before, describe } from "node:test";
import { eventLogContract } from "../contract/log.testing.ts";
import { patiently } from "../contract/stage.testing.ts";
import { createKafkaStage } from "./kafka.testing.ts";
import { memberLaws } from "./members.testing.ts";
import { operationLaws } from "./operation.testing.ts";
import { outageLaws } from "./outages.testing.ts";
import { restLaws } from "./rest.testing.ts";

const stage = createKafkaStage();
before(() => stage.setUp());
after(() => stage.tearDown());

eventLogContract("Kafka", async () => ({ ...stage.operator, open: stage.open, async close() {} }));

describe("Kafka in trouble", { skip: stage.isForeign, timeout: 10 * patiently.withinMs }, () => {
  outageLaws(stage);
  memberLaws(stage);
  operationLaws(stage);
  restLaws(stage);
});
