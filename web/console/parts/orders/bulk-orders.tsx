/**
 * Acts on the orders that are chosen, or on all that the search finds. The act is asked for twice: first its reason, then,
 * with the number and the sum that the server has planned, the act itself. It takes these orders and no others.
 */
import { Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useIsMutating, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { count, money } from "../../../lib/amounts.ts";
import { api, type BulkFilter, type BulkPlan, type OrderSearch } from "../../api.ts";
import { plural } from "../../plural.ts";
import { Dialog } from "../dialog.tsx";
import { useFaultFocus } from "../fault-focus.ts";
import { ProblemNote } from "../problem.tsx";

type Action = BulkPlan["action"];

const lookEveryMs = 500;
const startingKey = ["bulk start"];

type BulkOrdersProps = {
  search: OrderSearch;
  /** If there are any, an act takes these alone. */
  chosen: readonly string[];
  onStarted(): void;
  isFiltered: boolean;
  /** The search finds none. The dialog stays, because its own act may have ended the last one. */
  isEmpty: boolean;
};

export function BulkOrders({ search, chosen, onStarted, isFiltered, isEmpty }: BulkOrdersProps) {
  const [act, setAct] = useState<{ action: Action; of: BulkFilter }>();
  const of = chosen.length > 0 ? { orderIds: [...chosen] } : search;
  const all = isFiltered ? "All orders of this search" : "All orders";
  const isStarting = useIsMutating({ mutationKey: startingKey }) > 0;
  const which = chosen.length > 0 ? `${ordersOf(chosen.length)} chosen` : all;
  return (
    <>
      {!isEmpty && (
        <Group gap="sm" mb="md" role="group" aria-label={which}>
          <Text c="dimmed" role="status">
            {which}:
          </Text>
          <Button onClick={() => setAct({ action: "cancel", of })}>Cancel the open ones …</Button>
          <Button onClick={() => setAct({ action: "refund", of })}>Refund or take back …</Button>
        </Group>
      )}
      <Dialog
        title={act?.action === "refund" ? "Refund or take back orders" : "Cancel the open orders"}
        opened={act !== undefined}
        onClose={() => setAct(undefined)}
        isHeld={isStarting}
      >
        {act && <BulkAct {...act} onStarted={onStarted} onClose={() => setAct(undefined)} />}
      </Dialog>
    </>
  );
}

type BulkActProps = Pick<BulkOrdersProps, "onStarted"> & { action: Action; of: BulkFilter; onClose(): void };

function BulkAct({ action, of, onStarted, onClose }: BulkActProps) {
  const [reason, setReason] = useState("");
  const [restock, setRestock] = useState(false);
  const [fault, setFault] = useState<{ says: string }>();
  const fields = useRef<HTMLDivElement>(null);
  useFaultFocus(fields, fault);
  const planning = useMutation({
    mutationFn: () => api.previewBulk(of, { action, reason: reason.trim(), restock }),
  });
  const starting = useMutation({
    mutationKey: startingKey,
    mutationFn: (planId: string) => api.runBulk(planId),
    onSuccess: onStarted,
  });
  const plan = planning.data;
  const wasPlanned = useRef(false);
  // "Back" is gone, and the reason can be changed.
  useEffect(() => {
    if (!plan && wasPlanned.current) fields.current?.querySelector("input")?.focus();
    wasPlanned.current = plan !== undefined;
  }, [plan]);

  function preview(): void {
    const isGiven = reason.trim() !== "";
    setFault(isGiven ? undefined : { says: "Type a reason: the buyers read it" });
    if (isGiven) planning.mutate();
  }

  if (starting.data) {
    return <Progress planId={starting.data.planId} onClose={onClose} />;
  }
  if (plan) {
    return (
      <Stack>
        <News>{saysOf(plan)}</News>
        {starting.error && <ProblemNote error={starting.error} />}
        <Group justify="end">
          <Button onClick={planning.reset} disabled={starting.isPending}>
            Back
          </Button>
          {plan.count > 0 && (
            <Button
              variant="filled"
              color="bad"
              loading={starting.isPending}
              onClick={() => starting.mutate(plan.planId)}
            >
              {`${verbOf(plan)} ${ordersOf(plan.count)}${sumOf(plan) && `: ${sumOf(plan)}`}`}
            </Button>
          )}
        </Group>
      </Stack>
    );
  }
  return (
    <Stack ref={fields}>
      <Text>
        {action === "refund"
          ? `Of ${whichOf(of)} every paid one is refunded, and every confirmed one that cost nothing is taken back.`
          : `Of ${whichOf(of)} every one that is not confirmed yet ends, and its units go back on sale.`}{" "}
        First see how many these are.
      </Text>
      <TextInput
        label="Reason"
        description="The buyers read it"
        data-autofocus
        required
        maxLength={200}
        autoComplete="off"
        // The plan has them as they were sent.
        readOnly={planning.isPending}
        value={reason}
        error={fault?.says}
        onChange={({ currentTarget }) => {
          setReason(currentTarget.value);
          setFault(undefined);
        }}
      />
      {action === "refund" && (
        <Checkbox
          label="Put the units back into stock"
          description="On sale again at once"
          disabled={planning.isPending}
          checked={restock}
          onChange={({ currentTarget }) => setRestock(currentTarget.checked)}
        />
      )}
      {planning.error && <ProblemNote error={planning.error} />}
      <Group justify="end">
        <Button onClick={onClose}>Leave it</Button>
        <Button variant="filled" onClick={preview} loading={planning.isPending}>
          Count them
        </Button>
      </Group>
    </Stack>
  );
}

/** The button that had the focus is gone: the keyboard and a screen reader go on from what came of it. */
function News({ children }: { children: ReactNode }) {
  const news = useRef<HTMLParagraphElement>(null);
  useEffect(() => news.current?.focus(), []);
  return (
    <Text role="status" tabIndex={-1} ref={news}>
      {children}
    </Text>
  );
}

function Progress({ planId, onClose }: { planId: string; onClose(): void }) {
  const queries = useQueryClient();
  const plan = useQuery({
    queryKey: ["bulk", planId],
    queryFn: () => api.bulk(planId),
    refetchInterval: ({ state }) => (state.data?.state === "done" ? false : lookEveryMs),
  });
  const isDone = plan.data?.state === "done";
  useEffect(() => {
    if (isDone) void queries.invalidateQueries({ queryKey: ["orders"] });
  }, [isDone, queries]);
  if (plan.isError) return <ProblemNote error={plan.error} again={plan.refetch} />;
  const { changed = 0, unchanged = 0, left = 0 } = plan.data ?? {};
  return (
    <Stack>
      <News>
        {isDone ? "Done. " : "It goes on by itself, also when this page is closed. "}
        {`${ordersOf(changed)} ${plan.data?.action === "refund" ? "ended" : "cancelled"}`}
        {unchanged > 0 &&
          `, ${plural(unchanged, "left as it is because it", "left as they are because they")} had gone on meanwhile`}
        {isDone ? "." : `, ${count(left)} to go.`}
        {plan.data && isPaidBack(plan.data) && changed > 0 && " What was paid goes back by itself."}
      </News>
      <Group justify="end">
        <Button variant="filled" onClick={onClose}>
          Close
        </Button>
      </Group>
    </Stack>
  );
}

function isPaidBack({ action, amounts }: BulkPlan): boolean {
  return action === "refund" && amounts.some(({ amount }) => amount > 0);
}

function verbOf(plan: BulkPlan): string {
  if (plan.action === "cancel") return "Cancel";
  if (!isPaidBack(plan)) return "Take back";
  return plan.free > 0 ? "Refund or take back" : "Refund";
}

function whichOf({ orderIds, ...rest }: BulkFilter): string {
  const isAll = Object.keys(rest).length === 0;
  return orderIds ? `the ${ordersOf(orderIds.length)} chosen` : isAll ? "all orders" : "the orders of this search";
}

function ordersOf(orders: number): string {
  return plural(orders, "order", "orders");
}

/** By currency; empty if all of these orders cost nothing. */
function sumOf({ amounts }: BulkPlan): string {
  return amounts
    .filter(({ amount }) => amount > 0)
    .map(({ amount, currency }) => money(amount, currency))
    .join(" and ");
}

function saysOf(plan: BulkPlan): string {
  if (plan.count === 0) {
    return plan.action === "refund" ? "None of these orders is confirmed." : "None of these orders is open.";
  }
  const units = plan.restock ? " The units come back into stock." : "";
  return `${endsOf(plan)}${units} Orders that are placed from now on are left alone. This cannot be undone.`;
}

function endsOf(plan: BulkPlan): string {
  const { count: orders, free } = plan;
  const sum = sumOf(plan);
  const none = `${free === 1 ? "costs" : "cost"} nothing, so no money goes back`;
  if (isPaidBack(plan)) {
    const goes = sum.includes(" and ") ? "go" : "goes";
    const paid = orders - free;
    const rest = free > 0 ? ` ${plural(free, "other order", "other orders")} ${none}.` : "";
    return `${sum} of ${ordersOf(paid)} ${goes} back to the ${paid === 1 ? "buyer" : "buyers"}.${rest}`;
  }
  const ends = plural(orders, "order ends", "orders end");
  if (sum) return `${ends}: ${sum} in all.`;
  return `${ends}. ${orders === 1 ? "It" : "They"} ${none}.`;
}
