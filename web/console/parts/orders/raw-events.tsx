/** The events of an order as its stream sent them, for whom the timeline is not exact enough. */
import type { RawEvent } from "../../live-order.ts";

export function RawEvents({ events }: { events: readonly RawEvent[] }) {
  return (
    <details className="raw-events">
      <summary>{`Raw events of the stream (${events.length})`}</summary>
      {events.length === 0 && <p>None came yet.</p>}
      {events.map(({ id, type, data }) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard.
        <pre key={`${type} ${id}`} tabIndex={0}>
          {`${type} ${id}\n${pretty(data)}`}
        </pre>
      ))}
    </details>
  );
}

function pretty(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data;
  }
}
