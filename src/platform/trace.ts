/** Reads and writes the W3C trace context, level 1. https://www.w3.org/TR/trace-context/#traceparent-header */
export type Trace = { readonly traceId: string; readonly parentId: string; readonly sampled: boolean };

const traceparentShape =
  /^(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<parentId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<rest>-.*)?$/;

/** undefined for headers that the standard tells us to ignore: version ff, all-zero ids, extra fields in version 00. */
export function parseTraceparent(header: string | undefined): Trace | undefined {
  const groups = header === undefined ? undefined : traceparentShape.exec(header)?.groups;
  if (!groups) return undefined;
  const { version, traceId, parentId, flags, rest } = groups as Record<string, string>;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (!traceId || !parentId || /^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(flags as string, 16) & 1) === 1 };
}

export function traceparentOf({ traceId, parentId, sampled }: Trace): string {
  return `00-${traceId}-${parentId}-${sampled ? "01" : "00"}`;
}
