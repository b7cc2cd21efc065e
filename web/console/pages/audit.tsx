/** Who did what, to what, and what became of it; and whether the chain of its rows is whole. */
import { Button, Table, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { dayAndTime } from "../../lib/amounts.ts";
import { type AuditSearch, deskApi, type Entry } from "../desk-api.ts";
import { ListFrame } from "../parts/list-frame.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";
import { ProblemNote } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";
import { plural } from "../plural.ts";

const lookEveryMs = 15_000;
/** Of what was asked for, before it is folded. */
const longest = 160;
const outcomes: Record<string, { tone: Tone; word: string }> = {
  done: { tone: "ok", word: "Done" },
  refused: { tone: "still", word: "Refused" },
  failed: { tone: "bad", word: "Failed" },
  open: { tone: "warn", word: "Not known: cut short" },
};

export function AuditPage() {
  const [typed, setTyped] = useState({ actor: "", subject: "" });
  const [search, setSearch] = useState<AuditSearch>({});
  const pages = usePagesOf(["audit", search], (cursor) => deskApi.audit(search, cursor), lookEveryMs);
  const checking = useMutation({ mutationFn: deskApi.chain });
  const isFiltered = Object.keys(search).length > 0;

  function submit(event: FormEvent): void {
    event.preventDefault();
    const given = Object.entries(typed).map(([name, text]) => [name, text.trim()] as const);
    setSearch(Object.fromEntries(given.filter(([, text]) => text !== "")));
  }

  return (
    <>
      <PageHead
        title="Audit"
        says="What operators and the warehouse have done, newest first. Nothing here can be changed."
      >
        <Button onClick={() => checking.mutate()} loading={checking.isPending}>
          Check the chain
        </Button>
      </PageHead>
      {checking.isError && <ProblemNote error={checking.error} />}
      {checking.data && (
        <p className="summary" role="status">
          {checking.data.brokenAt === null ? (
            <Status tone="ok">{`Whole: ${plural(checking.data.rows, "row follows", "rows follow")} from each other`}</Status>
          ) : (
            <Status tone="bad">{`Broken at row ${checking.data.brokenAt}: it was changed, added or removed`}</Status>
          )}
        </p>
      )}
      <form onSubmit={submit} className="search few">
        <TextInput
          label="Who"
          description="Their id"
          autoComplete="off"
          maxLength={500}
          value={typed.actor}
          onChange={({ currentTarget }) => setTyped({ ...typed, actor: currentTarget.value })}
        />
        <TextInput
          label="To what"
          description="A whole id"
          autoComplete="off"
          maxLength={500}
          value={typed.subject}
          onChange={({ currentTarget }) => setTyped({ ...typed, subject: currentTarget.value })}
        />
        <Button type="submit" variant="filled">
          Search
        </Button>
      </form>
      <ListFrame
        pages={pages}
        empty={isFiltered ? "No act is like that." : "Acts stand here as soon as an operator changes something."}
      >
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Act</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>Who</Table.Th>
              <Table.Th>To what</Table.Th>
              <Table.Th>Asked for</Table.Th>
              <Table.Th>Outcome</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map((entry) => (
              <EntryRow key={entry.seq} entry={entry} />
            ))}
          </Table.Tbody>
        </Table>
      </ListFrame>
      <Text mt="md" size="xs" c="dimmed">
        An act that its role or its form kept from being one is not here.
      </Text>
    </>
  );
}

function EntryRow({ entry: { action, at, actor, actorName, subject, detail, outcome = "open" } }: { entry: Entry }) {
  const { tone, word } = outcomes[outcome] ?? { tone: "still", word: outcome };
  return (
    <Table.Tr>
      <Table.Th scope="row">{wordsOf(action)}</Table.Th>
      <Table.Td data-label="When" className="moment">
        {dayAndTime(at)}
      </Table.Td>
      <Table.Td data-label="Who" className="breaks" miw={112}>
        <div>
          {actorName ?? actor}
          {actorName && (
            <Text size="xs" c="dimmed">
              {actor}
            </Text>
          )}
        </div>
      </Table.Td>
      <Table.Td data-label="To what" className="breaks">
        {subject}
      </Table.Td>
      <Table.Td data-label="Asked for" className="breaks">
        <Asked detail={"body" in detail ? detail.body : detail} />
      </Table.Td>
      <Table.Td data-label="Outcome">
        <Status tone={tone}>{word}</Status>
      </Table.Td>
    </Table.Tr>
  );
}

/** Each value under its name. A long list is opened. */
function Asked({ detail }: { detail: unknown }) {
  const said = valuesOf(detail);
  const text = said.join(" · ");
  if (text === "") return "–";
  if (text.length <= longest) return text;
  return (
    <details>
      <summary>{plural(said.length, "value", "values")}</summary>
      {text}
    </details>
  );
}

/** `{ change: { roles: ["ADMIN"] } }` reads as `change roles: ADMIN`. */
function valuesOf(value: unknown, name = ""): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return [`${name}: ${value.join(", ")}`];
  if (typeof value !== "object" || value === null) return value === undefined ? [] : [`${name}: ${value}`];
  return Object.entries(value).flatMap(([key, inner]) => valuesOf(inner, `${name} ${key}`.trim()));
}

/** `replayDeadLetter` and `account.change` read as `Replay dead letter` and `Account change`. */
function wordsOf(action: string): string {
  const text = action.replaceAll(/[.]|(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
