/** A search for orders as the server takes it: as the query of a list, and as the filter of an act on many. */
import type { BulkFilterBody, OrderFilterBody } from "#wire/orders";

/**
 * Whole days of the operator's own zone: the last one ends where the next begins. Another text in place of a day goes as it
 * is, and the shop says what is wrong with it.
 */
export function filterOf<Filter extends BulkFilterBody>({ from, to, ...rest }: Filter) {
  const startOf = (day: string, later: number) => {
    const start = new Date(`${day}T00:00`);
    if (Number.isNaN(start.getTime())) return day;
    start.setDate(start.getDate() + later);
    return start.toISOString();
  };
  return { ...rest, ...(from && { from: startOf(from, 0) }), ...(to && { to: startOf(to, 1) }) };
}

/** The address of the same orders as a file. */
export function csvOf(search: OrderFilterBody): string {
  return `/admin/orders.csv?${new URLSearchParams(filterOf(search))}`;
}
