/** What people brought in and took out of a product's stock: when, who, how many, and why. Newest first. */
import { Table } from "@mantine/core";
import { count, dayAndTime } from "../../../lib/amounts.ts";
import { api } from "../../api.ts";
import { sentenceOf } from "../../order-words.ts";
import { ListFrame } from "../list-frame.tsx";
import { usePagesOf } from "../pages-of.ts";

export function StockEntries({ productId }: { productId: string }) {
  const pages = usePagesOf(["stock", productId, "entries"], (cursor) => api.entries(productId, cursor));
  return (
    <ListFrame
      pages={pages}
      empty="Deliveries and corrections stand here, each with its reason. Bring in the first units above."
    >
      <Table.ScrollContainer minWidth={0} type="native">
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>When</Table.Th>
              <Table.Th className="figure">Units</Table.Th>
              <Table.Th>Reason</Table.Th>
              <Table.Th>Entry</Table.Th>
              <Table.Th>By</Table.Th>
              <Table.Th>Reference</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map(({ at, actor, kind, delta, reason, ref }) => (
              <Table.Tr key={ref}>
                <Table.Th scope="row" className="moment">
                  {dayAndTime(at)}
                </Table.Th>
                <Table.Td className="figure" data-label="Units">
                  {delta > 0 ? `+${count(delta)}` : count(delta).replace("-", "\u2212")}
                </Table.Td>
                <Table.Td data-label="Reason" className="breaks">
                  {reason}
                </Table.Td>
                <Table.Td data-label="Entry">{kind ? sentenceOf(kind) : "Not known"}</Table.Td>
                <Table.Td data-label="By" className="breaks">
                  {actor}
                </Table.Td>
                <Table.Td data-label="Reference" className="breaks">
                  {ref}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </ListFrame>
  );
}
