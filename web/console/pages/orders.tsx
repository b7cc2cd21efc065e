/**
 * The orders of all customers: found by id, buyer, drop, product, status and day. One opens beside
 * the list, and an act can take all that are found.
 */
import { Button, Group, Select, Table, Text, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { count, dayAndTime, money, shortCode } from "../../lib/amounts.ts";
import { api, type Order } from "../api.ts";
import { csvOf } from "../order-query.ts";
import { type OrdersSearch, orderStatuses, searchOf } from "../order-search.ts";
import { BulkOrders } from "../parts/bulk-orders.tsx";
import { SideDialog } from "../parts/dialog.tsx";
import { KeptSearches } from "../parts/kept-searches.tsx";
import { Loading } from "../parts/loading.tsx";
import { type Asking, OrderDetail } from "../parts/order-detail.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { OrderStatus, statusWord } from "../parts/status.tsx";

export function Orders() {
  const { order, ...search } = useSearch({ from: "/orders" });
  const navigate = useNavigate({ from: "/orders" });
  const [asking, setAsking] = useState<Asking>();
  const pages = useInfiniteQuery({
    queryKey: ["orders", search],
    queryFn: ({ pageParam }) => api.orders(search, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const orders = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = Object.keys(search).length > 0;

  /** A link sends the session as it is; reading first renews it. */
  async function takeCsv(): Promise<void> {
    if ((await pages.refetch()).isSuccess) window.location.assign(csvOf(search));
  }

  return (
    <>
      <PageHead title="Orders" says="Of all customers, newest first. The address of this page keeps what you look for.">
        <Group gap="sm">
          <Button onClick={() => void takeCsv()} disabled={orders.length === 0}>
            As CSV
          </Button>
          <Button onClick={() => void pages.refetch()} loading={pages.isRefetching}>
            Read again
          </Button>
        </Group>
      </PageHead>
      <SearchForm key={JSON.stringify(search)} search={search} />
      <KeptSearches search={search} />
      {pages.isPending && <Loading rows={8} />}
      {pages.isError && <ProblemNote error={pages.error} again={pages.refetch} />}
      {pages.data && orders.length === 0 && (
        <Text role="status">
          {isFiltered
            ? "No order is like that. Change what you look for, or "
            : "Orders stand here as soon as the first one is placed. "}
          {isFiltered ? <Link to="/orders">show all orders</Link> : <a href="/">Open the shop</a>}
        </Text>
      )}
      <BulkOrders key={`bulk ${JSON.stringify(search)}`} search={search} isEmpty={orders.length === 0} />
      {orders.length > 0 && <OrderRows orders={orders} search={search} />}
      {pages.hasNextPage && (
        <Group mt="md">
          <Button onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
            Older
          </Button>
        </Group>
      )}
      <SideDialog
        opened={order !== undefined}
        onClose={() => void navigate({ search })}
        title={order ? `Order ${shortCode(order)}` : ""}
        isAsking={asking !== undefined}
      >
        {order && <OrderDetail key={order} orderId={order} asking={asking} onAsk={setAsking} />}
      </SideDialog>
    </>
  );
}

function SearchForm({ search }: { search: OrdersSearch }) {
  const navigate = useNavigate({ from: "/orders" });
  const [typed, setTyped] = useState(search);
  const field = (name: "q" | "dropId" | "productId" | "from" | "to") => ({
    value: typed[name] ?? "",
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
      setTyped({ ...typed, [name]: currentTarget.value }),
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    void navigate({ search: searchOf(typed) });
  }

  return (
    <form onSubmit={submit} className="search">
      <TextInput label="Order, buyer or e-mail" autoComplete="off" {...field("q")} />
      <TextInput label="Product id" autoComplete="off" {...field("productId")} />
      <TextInput label="Drop id" autoComplete="off" {...field("dropId")} />
      <Select
        label="Status"
        placeholder="Any"
        clearable
        clearButtonProps={{ "aria-label": "Any status" }}
        value={typed.status ?? null}
        onChange={(status) => setTyped(searchOf({ ...typed, status }))}
        data={orderStatuses.map((value) => ({ value, label: statusWord(value) }))}
      />
      <TextInput label="From day" type="date" {...field("from")} />
      <TextInput label="To day" type="date" {...field("to")} />
      <Button type="submit" variant="filled">
        Search
      </Button>
    </form>
  );
}

function OrderRows({ orders, search }: { orders: readonly Order[]; search: OrdersSearch }) {
  return (
    <Table.ScrollContainer minWidth={0} type="native">
      <Table className="rows" stickyHeader>
        <Table.Thead>
          <Table.Tr>
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
          {orders.map(({ orderId, placedAt, userId, email, productId, quantity, total, currency, status }) => (
            <Table.Tr key={orderId}>
              <Table.Th scope="row">
                <Link to="/orders" search={{ ...search, order: orderId }} className="code">
                  {shortCode(orderId)}
                </Link>
              </Table.Th>
              <Table.Td data-label="Placed">{dayAndTime(placedAt)}</Table.Td>
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
                <OrderStatus status={status} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
