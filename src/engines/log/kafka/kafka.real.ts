/**
 * Kafka itself: `node --test src/engines/log/kafka/kafka.real.ts`. It starts one of its own, after
 * `node scripts/provision.ts kafka`; on the one that KAFKA_BOOTSTRAP names only the contract runs.
 * Not a `.test.ts`, since `npm test` asks for no server.
 */
import { after, before, describe } from "node:test";
import { eventLogContract } from "../contract/log.testing.ts";
import { patiently } from "../contract/stage.testing.ts";
import { createKafkaStage } from "./kafka.testing.ts";
import { memberLaws } from "./members.testing.ts";
import { operationLaws } from "./operation.testing.ts";
import { outageLaws } from "./outages.testing.ts";

const stage = createKafkaStage();
before(() => stage.setUp());
after(() => stage.tearDown());

eventLogContract("Kafka", async () => ({ ...stage.operator, open: stage.open, async close() {} }));

describe("Kafka in trouble", { skip: stage.isForeign, timeout: 5 * patiently.withinMs }, () => {
  outageLaws(stage);
  memberLaws(stage);
  operationLaws(stage);
});
