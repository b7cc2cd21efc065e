/** Who did what, to what, and what became of it; and whether the chain of its rows is whole. */
import { Button, Group, Table, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { count, dayAndTime } from "../../lib/amounts.ts";
import { type AuditSearch, deskApi, type Entry } from "../desk-api.ts";
import { ListFrame } from "../parts/list-frame.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";
import { ProblemNote } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";

const lookEveryMs = 15_000;
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
            <Status tone="ok">{`Whole: ${count(checking.data.rows)} rows follow from each other`}</Status>
          ) : (
            <Status tone="bad">{`Broken at row ${checking.data.brokenAt}: it was changed, added or removed`}</Status>
          )}
        </p>
      )}
      <form onSubmit={submit}>
        <Group align="end" mb="md">
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
        </Group>
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

function EntryRow({ entry: { action, at, actor, subject, detail, outcome = "open" } }: { entry: Entry }) {
  const { tone, word } = outcomes[outcome] ?? { tone: "still", word: outcome };
  const asked = JSON.stringify("body" in detail ? detail.body : detail);
  return (
    <Table.Tr>
      <Table.Th scope="row">{wordsOf(action)}</Table.Th>
      <Table.Td data-label="When">{dayAndTime(at)}</Table.Td>
      <Table.Td data-label="Who" className="breaks" miw={112}>
        {actor}
      </Table.Td>
      <Table.Td data-label="To what" className="breaks">
        {subject}
      </Table.Td>
      <Table.Td data-label="Asked for" className="breaks">
        {asked === "{}" ? "–" : asked.slice(0, 200)}
      </Table.Td>
      <Table.Td data-label="Outcome">
        <Status tone={tone}>{word}</Status>
      </Table.Td>
    </Table.Tr>
  );
}

/** `replayDeadLetter` and `account.change` read as `Replay dead letter` and `Account change`. */
function wordsOf(action: string): string {
  const text = action.replaceAll(/[.]|(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
