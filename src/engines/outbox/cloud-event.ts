/** Encodes CloudEvents 1.0 in Kafka's binary mode: the attributes are headers, the value is the data in JSON. */
import type { NewRecord } from "../log/log.ts";

export type CloudEvent = {
  /** Records of one key keep their order. */
  key: string;
  /** The same however often the event is sent. */
  id: string;
  source: string;
  type: string;
  /** When it happened, in RFC 3339; absent if the data say so. */
  time?: string;
  /** The trace that the event belongs to, as in the W3C trace context; absent if it has none. */
  traceparent?: string | undefined;
  data: unknown;
};

export function cloudEvent({ key, id, source, type, time, traceparent, data }: CloudEvent): NewRecord {
  const headers: Record<string, string> = {
    ce_specversion: "1.0",
    ce_id: id,
    ce_source: source,
    ce_type: type,
    "content-type": "application/json",
  };
  if (time !== undefined) headers.ce_time = time;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  return { key, value: Buffer.from(JSON.stringify(data)), headers };
}
