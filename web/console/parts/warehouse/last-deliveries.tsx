/** The last deliveries that a person has brought in on this device, each with its counter-entry. */
import { Button, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { count, dayAndTime } from "../../../lib/amounts.ts";
import { api } from "../../api.ts";
import type { Entry } from "../../restock-entries.ts";
import { ProblemNote } from "../problem.tsx";

export function LastDeliveries({ entries, onUndone }: { entries: readonly Entry[]; onUndone(entry: Entry): void }) {
  return (
    <section className="last" aria-labelledby="last">
      <h2 id="last" className="section">
        Your last ten
      </h2>
      {entries.length === 0 && (
        <Text c="dimmed">What you bring in stands here, and can be undone. Scan the first unit above.</Text>
      )}
      {entries.length > 0 && (
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Product</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th className="figure">Units</Table.Th>
              <Table.Th>Reason</Table.Th>
              <Table.Th>Undo</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Row key={entry.key} entry={entry} onUndone={onUndone} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}

function Row({ entry, onUndone }: { entry: Entry; onUndone(entry: Entry): void }) {
  const { key, productId, name, quantity, reason, atMs, isUndone } = entry;
  const undoing = useMutation({
    // The key of the counter-entry comes from the entry's: it counts once, however often it is sent.
    mutationFn: () => api.adjust(productId, `undo-${key}`, { delta: -quantity, reason: `undo: ${reason}` }),
    onSuccess: () => onUndone(entry),
  });
  return (
    <Table.Tr>
      <Table.Th scope="row" className="breaks">
        {name}
        {undoing.isError && <ProblemNote error={undoing.error} />}
      </Table.Th>
      <Table.Td data-label="When" className="moment">
        {atMs === undefined ? "–" : dayAndTime(atMs)}
      </Table.Td>
      <Table.Td className="figure" data-label="Units">
        {count(quantity)}
      </Table.Td>
      <Table.Td className="said" data-label="Reason">
        {reason}
      </Table.Td>
      <Table.Td data-label="Undo">
        {isUndone ? (
          <span className="said">Undone by an entry of −{count(quantity)}</span>
        ) : (
          <Button
            size="xs"
            aria-label={`Undo ${count(quantity)} of ${name}`}
            loading={undoing.isPending}
            onClick={() => undoing.mutate()}
          >
            Undo
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
