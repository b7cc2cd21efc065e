/** Makes the page of the events of the AsyncAPI document: each topic and the webhooks, each event, and its fields. */
import { type Anchor, escaped, heading, type Page, wordsOf } from "./page.ts";
import { renderSchema, type Schema, type Shown } from "./shapes.ts";

type Message = { headers: Schema; payload: Schema; bindings?: { kafka?: { key?: { description?: string } } } };
export type AsyncApi = {
  info: { description: string };
  channels: Record<string, { address: string | null; title?: string; description: string; messages: object }>;
  components: { messages: Record<string, Message>; schemas: Record<string, Schema> };
};

/** The types of the events of all topics, and those that only webhooks send. */
export function eventTypesOf({ components }: AsyncApi): string[] {
  return [...new Set(Object.keys(components.messages).map((name) => name.replace(/^webhook:/, "")))];
}

export function eventsPage(document: AsyncApi, prose: (text: string) => string): Page {
  const shown: Shown = { prose, link: (name) => `#${name}` };
  const anchors: Anchor[] = [];
  const { channels, components } = document;

  const topics = Object.entries(channels).map(([id, { address, title, description, messages }]) => {
    const name = address ?? title ?? id;
    const own = Object.keys(messages);
    const types = own.map((each) => each.replace(/^webhook:/, ""));
    const key = components.messages[own[0] ?? ""]?.bindings?.kafka?.key?.description;
    const says = [
      `<p>${prose(description.replaceAll(/\b[A-Z]+_[A-Z_]+\b/g, "`$&`"))}</p>`,
      key ? `<p>Key of a record: ${escaped(key.toLowerCase())}.</p>` : "",
      address === null ? renderWebhooks(types, components.messages[own[0] ?? ""], shown) : "",
    ].join("");
    anchors.push({ id, text: name, level: 2, words: wordsOf(says) });
    const events = types.map((type) => {
      const isElsewhere = address === null && components.messages[type] !== undefined;
      return isElsewhere ? "" : renderEvent(type, components.messages[type] ?? components.messages[`webhook:${type}`]);
    });
    return heading(2, id, escaped(name)) + says + events.join("");
  });

  const shapes = Object.entries(components.schemas).map(([name, schema]) => {
    const html = renderSchema(schema, shown);
    anchors.push({ id: name, text: name, level: 2, words: wordsOf(html) });
    return heading(2, name, escaped(name)) + html;
  });

  const intro = prose(document.info.description);
  return {
    path: "events.html",
    title: "Events",
    intro: wordsOf(intro),
    anchors,
    body: `<h1>Events</h1><p>${intro}</p>${topics.join("")}${shapes.join("")}`,
  };

  function renderEvent(type: string, message: Message | undefined): string {
    const data = message?.payload.properties?.data ?? message?.payload ?? {};
    const html = renderSchema(data, shown);
    anchors.push({ id: type, text: type, level: 3, words: wordsOf(html) });
    return heading(3, type, `<code>${escaped(type)}</code>`) + html;
  }
}

function renderWebhooks(types: readonly string[], first: Message | undefined, shown: Shown): string {
  const links = types.map((type) => `<a href="#${escaped(type)}"><code>${escaped(type)}</code></a>`).join(", ");
  const headers = first ? renderSchema(first.headers, shown) : "";
  return `<p>Types: ${links}. The body is <code>{ type, timestamp, data }</code>, with the event's fields as <code>data</code>.</p><h3 class="label">Headers</h3>${headers}`;
}
