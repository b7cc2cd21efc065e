import assert from "node:assert/strict";
import { test } from "node:test";
import { compatibilityFaults, settingFaults } from "./compatibility.ts";
import { contractFaults } from "./migration-steps.ts";
import { breakingChanges, type Schema } from "./schema-changes.ts";

test("this source can run beside the last release", async () => {
  assert.deepEqual(await compatibilityFaults(), []);
});

const record: Schema = {
  type: "object",
  required: ["orderId", "quantity"],
  properties: {
    orderId: { type: "string" },
    quantity: { type: "integer", minimum: 1 },
    state: { type: "string", enum: ["open", "paid"] },
    limit: { anyOf: [{ type: "integer" }, { type: "null" }] },
    lines: { type: "array", items: { type: "object", properties: { note: { type: "string" } } } },
  },
};

function changed(properties: Schema["properties"], required = record.required): Schema {
  return { ...record, properties: { ...record.properties, ...properties }, ...(required && { required }) };
}

test("an event may get optional properties, more choices and wider bounds", () => {
  const wider = changed({
    quantity: { type: "integer", minimum: 0 },
    state: { type: "string", enum: ["open", "paid", "refunded"] },
    limit: { anyOf: [{ type: "integer" }, { type: "null" }, { type: "string" }] },
    drop: { type: "string" },
  });
  assert.deepEqual(breakingChanges(record, wider, "Order"), []);
});

const narrower: Record<string, [Schema, RegExp]> = {
  "a property that is gone": [{ ...record, properties: { orderId: { type: "string" } } }, /Order\.quantity is gone/],
  "a property of another type": [changed({ quantity: { type: "string" } }), /quantity was integer and is string/],
  "a new property that is required": [
    changed({ drop: { type: "string" } }, ["orderId", "quantity", "drop"]),
    /Order\.drop is required, and records of the last release lack it/,
  ],
  "a required property that becomes optional": [changed({}, ["orderId"]), /quantity may be absent/],
  "a choice that is gone": [changed({ state: { type: "string", enum: ["open"] } }), /state may no longer be paid/],
  "a text that becomes a choice": [
    changed({ orderId: { type: "string", enum: ["1"] } }),
    /orderId may no longer be any/,
  ],
  "a narrower bound": [changed({ quantity: { type: "integer", minimum: 2 } }), /its minimum was 1 and is 2/],
  "a new pattern": [changed({ orderId: { type: "string", pattern: "^o" } }), /its pattern was none/],
  "an alternative that is gone": [changed({ limit: { type: "integer" } }), /limit was null and is integer/],
  "a change inside a list": [
    changed({ lines: { type: "array", items: { type: "object", properties: {} } } }),
    /Order\.lines\[\]\.note is gone/,
  ],
};
for (const [what, [after, says]] of Object.entries(narrower)) {
  test(`an event with ${what} is refused`, () => {
    assert.match(breakingChanges(record, after, "Order").join("\n"), says);
  });
}

test("a setting may get wider, and is refused when it is gone or narrower", () => {
  const before = {
    PORT: { type: "integer", default: 1, min: 0, max: 9 },
    LEVEL: { type: "text", oneOf: ["a", "b"] },
  } as const;
  assert.deepEqual(settingFaults(before, { ...before, PORT: { type: "integer", default: 2, min: 0, max: 10 } }), []);
  assert.deepEqual(settingFaults(before, { PORT: { type: "integer", min: 1, max: 9 } }), [
    "the setting PORT has no default any more",
    "the setting PORT may no longer be 0",
    "the setting LEVEL is gone",
  ]);
  const fewer = { ...before, LEVEL: { type: "text", oneOf: ["a"] } } as const;
  assert.deepEqual(settingFaults(before, fewer), ["the setting LEVEL may no longer be b"]);
});

const expanding = [
  "create table shop.lamp (id int primary key, name text not null);\ncreate unique index lamp_name on shop.lamp (name);",
  "alter table shop.order add column note text, add column tries integer not null default 0;",
  "alter table shop.order drop constraint state_check;\nalter table shop.order add constraint state_check check (true);",
  "alter table shop.order alter column note drop not null;\ndrop index shop.by_note;\n-- drop table is only a comment",
  "alter table shop.order add column rank integer not null generated always as (1) stored;",
  "alter table drops.drop add column entry text not null default 'open';",
  "comment on table shop.order is 'we never drop table or rename';",
];
for (const sql of expanding) {
  test(`a migration may add: ${sql.slice(0, 50)}`, () => assert.deepEqual(contractFaults("1.sql", sql, "0.1.0"), []));
}

const contracting = [
  "drop table shop.order",
  "alter table shop.order drop column note",
  "alter table shop.order\n  drop note",
  "alter table shop.order rename column n to number",
  "alter table shop.order alter column n type bigint",
  "alter table shop.order alter n set not null",
  "alter table shop.order add column n integer not null",
  "create unique index one_n on shop.order (n)",
  "delete from shop.order",
];
for (const sql of contracting) {
  test(`a migration is refused that takes away: ${sql}`, () => {
    assert.match(contractFaults("1.sql", sql, "0.1.0").join("\n"), /last release may still use/);
    const marked = (version: string) => `-- contract step: nothing since release ${version} uses it\n${sql}`;
    assert.deepEqual(contractFaults("1.sql", marked("0.1.0"), "0.1.0"), []);
    assert.deepEqual(contractFaults("1.sql", marked("0.9.9"), "0.10.0"), []);
    assert.match(contractFaults("1.sql", marked("0.2.0"), "0.1.0").join("\n"), /and the last one is 0\.1\.0/);
  });
}
