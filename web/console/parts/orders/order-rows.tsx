/** The table of orders. Rows can be chosen, one by one or all that are shown, for an act on exactly these. */
import { Checkbox, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { count, dayAndTime, money, shortCode } from "../../../lib/amounts.ts";
import type { Order } from "../../api.ts";
import type { OrdersSearch } from "../../order-search.ts";
import { OrderStatus } from "../status.tsx";

type OrderRowsProps = {
  orders: readonly Order[];
  search: OrdersSearch;
  chosen: ReadonlySet<string>;
  onChoose(chosen: ReadonlySet<string>): void;
};

export function OrderRows({ orders, search, chosen, onChoose }: OrderRowsProps) {
  const ids = orders.map(({ orderId }) => orderId);
  const isAll = ids.every((id) => chosen.has(id));

  function choose(orderId: string, isChosen: boolean): void {
    const next = new Set(chosen);
    if (isChosen) next.add(orderId);
    else next.delete(orderId);
    onChoose(next);
  }

  return (
    <Table.ScrollContainer minWidth={0} type="native">
      <Table className="rows" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className="choice">
              <Checkbox
                aria-label="Choose all orders shown"
                checked={isAll}
                indeterminate={!isAll && chosen.size > 0}
                onChange={() => onChoose(new Set(isAll ? [] : ids))}
              />
            </Table.Th>
            <Table.Th>Order</Table.Th>
            <Table.Th>Placed</Table.Th>
            <Table.Th>Buyer</Table.Th>
            <Table.Th>Product</Table.Th>
            <Table.Th className="figure">Units</Table.Th>
            <Table.Th className="figure">Total</Table.Th>
            <Table.Th>Status</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {orders.map((order) => {
            const { orderId, placedAt, userId, email, productId, quantity, total, currency } = order;
            return (
              <Table.Tr key={orderId}>
                <Table.Td className="choice" data-label="Choose">
                  <Checkbox
                    aria-label={`Choose order ${shortCode(orderId)}`}
                    checked={chosen.has(orderId)}
                    onChange={({ currentTarget }) => choose(orderId, currentTarget.checked)}
                  />
                </Table.Td>
                <Table.Th scope="row">
                  <Link to="/orders" search={{ ...search, order: orderId }} className="code">
                    {shortCode(orderId)}
                  </Link>
                </Table.Th>
                <Table.Td data-label="Placed" className="moment">
                  {dayAndTime(placedAt)}
                </Table.Td>
                <Table.Td data-label="Buyer" className="breaks">
                  {email ?? userId}
                </Table.Td>
                <Table.Td data-label="Product" className="breaks">
                  {productId}
                </Table.Td>
                <Table.Td data-label="Units" className="figure">
                  {count(quantity)}
                </Table.Td>
                <Table.Td data-label="Total" className="figure">
                  {money(total, currency)}
                </Table.Td>
                <Table.Td data-label="Status">
                  <OrderStatus order={order} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
