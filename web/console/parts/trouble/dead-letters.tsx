/** Records that no consumer could handle: each opens beside the list with its value, to be replayed or discarded. */
import { Button, Select, Table } from "@mantine/core";
import { useState } from "react";
import { dayAndTime } from "../../../lib/amounts.ts";
import { anyChoice } from "../../any-choice.ts";
import { deskApi, type Letter } from "../../desk-api.ts";
import { sentenceOf } from "../../order-words.ts";
import { shortened } from "../../shortened.ts";
import { SideDialog } from "../dialog.tsx";
import { ListFrame } from "../list-frame.tsx";
import { usePagesOf } from "../pages-of.ts";
import { Status, type Tone } from "../status.tsx";
import { DeadLetter } from "./dead-letter.tsx";

const lookEveryMs = 5_000;
const states: Record<Letter["state"], Tone> = { waiting: "bad", replayed: "ok", discarded: "still" };

export function DeadLetters() {
  const [state, setState] = useState<string | null>("waiting");
  const [open, setOpen] = useState<number>();
  const [isAsking, setIsAsking] = useState(false);
  const read = (cursor: string | undefined) => deskApi.letters(state ?? undefined, cursor);
  const pages = usePagesOf(["letters", state], read, lookEveryMs);
  return (
    <section aria-label="Dead letters">
      <h2 className="group">Dead letters</h2>
      <Select
        label="State"
        maw={220}
        mb="md"
        allowDeselect={false}
        value={state ?? anyChoice.value}
        onChange={(chosen) => setState(chosen || null)}
        data={[anyChoice, ...Object.keys(states).map((value) => ({ value, label: sentenceOf(value) }))]}
      />
      <ListFrame
        pages={pages}
        empty={
          state === "waiting"
            ? "No dead letter waits. A record that no consumer can handle will stand here with its error."
            : "No dead letter is in this state."
        }
      >
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Letter</Table.Th>
              <Table.Th>Came</Table.Th>
              <Table.Th>Topic</Table.Th>
              <Table.Th>Key</Table.Th>
              <Table.Th>Error</Table.Th>
              <Table.Th>State</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map(({ letterId, at, topic, key, error, state: now }) => (
              <Table.Tr key={letterId}>
                <Table.Th scope="row">
                  <Button size="xs" onClick={() => setOpen(letterId)} aria-label={`Open dead letter ${letterId}`}>
                    {letterId}
                  </Button>
                </Table.Th>
                <Table.Td data-label="Came" className="moment">
                  {dayAndTime(at)}
                </Table.Td>
                <Table.Td data-label="Topic" className="breaks named">
                  {topic}
                </Table.Td>
                <Table.Td data-label="Key" className="breaks">
                  {shortened(key, 80)}
                </Table.Td>
                <Table.Td data-label="Error" className="breaks">
                  {shortened(error, 160)}
                </Table.Td>
                <Table.Td data-label="State">
                  <Status tone={states[now]}>{sentenceOf(now)}</Status>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ListFrame>
      <SideDialog
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        title={`Dead letter ${open ?? ""}`}
        isAsking={isAsking}
      >
        {open !== undefined && <DeadLetter letterId={open} isAsking={isAsking} onAsk={setIsAsking} />}
      </SideDialog>
    </section>
  );
}
