/** Does to a topic what an operator, retention or another program does, with the client's own tools. */
import { randomUUID } from "node:crypto";
import {
  Admin,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  Producer,
  stringSerializers,
} from "@platformatic/kafka";
import type { Destruction } from "../contract/stage.testing.ts";

export type KafkaOperator = Destruction & {
  deleteRecords(topic: string, upTo: ReadonlyMap<number, bigint>): Promise<void>;
  /** One record in a transaction. The transaction's marker takes the next offset, which no consumer ever gets. */
  transact(topic: string, record: { partition: number; key: string; value: string }): Promise<void>;
  configure(topic: string, name: string, value: string): Promise<void>;
};

export function createKafkaOperator(bootstrap: () => string): KafkaOperator {
  async function asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin({ clientId: "an operator", bootstrapBrokers: bootstrap().split(",") });
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  }

  async function deleteRecords(topic: string, upTo: ReadonlyMap<number, bigint>): Promise<void> {
    const partitions = [...upTo].map(([partition, offset]) => ({ partition, offset }));
    await asAdmin((admin) => admin.deleteRecords({ topics: [{ name: topic, partitions }] }));
  }

  async function transact(topic: string, record: { partition: number; key: string; value: string }): Promise<void> {
    const producer = new Producer({
      clientId: "another program",
      bootstrapBrokers: bootstrap().split(","),
      transactionalId: randomUUID(),
      idempotent: true,
      serializers: stringSerializers,
    });
    try {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic, ...record }] });
      await transaction.commit();
    } finally {
      await producer.close();
    }
  }

  async function configure(topic: string, name: string, value: string): Promise<void> {
    const configs = [{ name, configOperation: IncrementalAlterConfigOperationTypes.SET, value }];
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs };
    await asAdmin((admin) => admin.incrementalAlterConfigs({ resources: [resource] }));
  }

  return {
    deleteRecords,
    transact,
    configure,
    dropBefore: (topic, offset) => deleteRecords(topic, new Map([[0, offset]])),
    leaveHole: (topic) => transact(topic, { partition: 0, key: "of a transaction", value: "0" }),
    deleteTopic: (topic) => asAdmin((admin) => admin.deleteTopics({ topics: [topic] })),
  };
}
