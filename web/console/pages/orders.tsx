/**
 * The orders of all customers: found by id, buyer, drop, product, status and day. One opens beside
 * the list, and an act can take all that are found, or those that are chosen.
 */
import { Button, Group, Select, TextInput } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { shortCode } from "../../lib/amounts.ts";
import { isMoneyOnItsWay } from "../../lib/order-state.ts";
import { anyChoice } from "../any-choice.ts";
import { api } from "../api.ts";
import { csvOf } from "../order-query.ts";
import { type OrdersSearch, orderStatuses, searchOf } from "../order-search.ts";
import { statesWord } from "../order-words.ts";
import { SideDialog } from "../parts/dialog.tsx";
import { ListFrame } from "../parts/list-frame.tsx";
import { BulkOrders } from "../parts/orders/bulk-orders.tsx";
import { KeptSearches } from "../parts/orders/kept-searches.tsx";
import { type Asking, OrderDetail } from "../parts/orders/order-detail.tsx";
import { OrderRows } from "../parts/orders/order-rows.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";

/** Money goes back without any act here. Else the rows stand still, so that they can be chosen. */
const onItsWayEveryMs = 5_000;

export function Orders() {
  const { order, ...search } = useSearch({ from: "/orders" });
  const navigate = useNavigate({ from: "/orders" });
  const [asking, setAsking] = useState<Asking>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const read = (cursor?: string) => api.orders(search, cursor);
  const pages = usePagesOf(["orders", search], read, (items) => items.some(isMoneyOnItsWay) && onItsWayEveryMs);
  const orders = pages.items;
  // An act takes rows that are seen: one that has gone from the list is left out.
  const chosenHere = orders.map(({ orderId }) => orderId).filter((id) => chosen.has(id));
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
      <SearchForm search={search} />
      <KeptSearches search={search} />
      <BulkOrders
        key={`bulk ${JSON.stringify(search)}`}
        search={search}
        chosen={chosenHere}
        onStarted={() => setChosen(new Set())}
        isFiltered={isFiltered}
        isEmpty={orders.length === 0}
      />
      <ListFrame
        pages={pages}
        empty={
          isFiltered ? (
            <>
              No order is like that. Change what you look for, or <Link to="/orders">show all orders</Link>
            </>
          ) : (
            <>
              Orders stand here as soon as the first one is placed. <a href="/">Open the shop</a>
            </>
          )
        }
      >
        <OrderRows orders={orders} search={search} chosen={new Set(chosenHere)} onChoose={setChosen} />
      </ListFrame>
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
  const [shown, setShown] = useState(JSON.stringify(search));
  // The fields follow a link, and are not made anew: the focus stays where Enter was pressed.
  if (shown !== JSON.stringify(search)) {
    setShown(JSON.stringify(search));
    setTyped(search);
  }
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
    <form onSubmit={submit} className="search many">
      <TextInput label="Order, buyer or e-mail" autoComplete="off" {...field("q")} />
      <TextInput label="Product id" autoComplete="off" {...field("productId")} />
      <TextInput label="Drop id" autoComplete="off" {...field("dropId")} />
      <Select
        label="Status"
        allowDeselect={false}
        value={typed.status ?? anyChoice.value}
        onChange={(status) => setTyped(searchOf({ ...typed, status }))}
        data={[anyChoice, ...orderStatuses.map((value) => ({ value, label: statesWord(value) }))]}
      />
      <TextInput label="From day" type="date" {...field("from")} />
      <TextInput label="To day" type="date" {...field("to")} />
      <Button type="submit" variant="filled">
        Search
      </Button>
    </form>
  );
}
