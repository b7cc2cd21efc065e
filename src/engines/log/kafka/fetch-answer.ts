/** Asks for records as the client's own `fetchV16`, and leaves those of the answer unread: see record-reader.ts. */
import { createAPI, fetchV16, type Reader } from "@platformatic/kafka";

export type FetchAnswer = {
  errorCode: number;
  topics: { topicId: string; partitions: PartitionAnswer[] }[];
};

export type PartitionAnswer = {
  partition: number;
  errorCode: number;
  /** Record batches; the last one may be cut off. */
  batches: Buffer;
};

type Asked = Parameters<typeof fetchV16.createRequest>;

export const fetchRecords = createAPI<Asked, FetchAnswer>(
  fetchV16.api.key,
  fetchV16.api.version,
  fetchV16.createRequest,
  answerFrom,
);

function answerFrom(_correlationId: number, _key: number, _version: number, reader: Reader): FetchAnswer {
  // For how long Kafka made this client wait.
  reader.readInt32();
  const errorCode = reader.readInt16();
  // The session, of which there is none.
  reader.readInt32();
  const topics = reader.readArray((topic) => ({
    topicId: topic.readUUID(),
    partitions: topic.readArray(partitionFrom),
  }));
  return { errorCode, topics };
}

function partitionFrom(reader: Reader): PartitionAnswer {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  // The partition's ends and its beginning.
  reader.skip(3 * offsetBytes);
  reader.readArray((aborted) => aborted.skip(2 * offsetBytes));
  // The replica that Kafka would rather have asked.
  reader.readInt32();
  const length = Math.max(reader.readUnsignedVarInt() - 1, 0);
  const batches = reader.buffer.slice(reader.position, reader.position + length);
  reader.skip(length);
  return { partition, errorCode, batches };
}

const offsetBytes = 8;
