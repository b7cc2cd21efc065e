/** Brings units in or corrects their number, with a reason. A second tap, or a repeat after a lost answer, counts once. */
import { Button, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, type Stock } from "../../api.ts";
import { enter } from "../../entry-key.ts";
import { plural } from "../../plural.ts";
import { useSession } from "../../session.ts";
import { useFaultFocus } from "../fault-focus.ts";
import { ProblemNote } from "../problem.tsx";

type Kind = "restock" | "adjust";
type Fault = { quantity?: string; reason?: string };

export function StockForm({ productId }: { productId: string }) {
  const queries = useQueryClient();
  const userId = useSession().data?.account?.userId ?? "";
  const [kind, setKind] = useState<Kind>("restock");
  const [quantity, setQuantity] = useState("");
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<Fault>();
  const form = useRef<HTMLFormElement>(null);
  useFaultFocus(form, fault);
  const entering = useMutation({
    mutationFn(units: number): Promise<Stock> {
      const says = reason.trim();
      return enter(userId, { kind, productId, units, reason: says }, (key) =>
        kind === "restock"
          ? api.restock(productId, key, { quantity: units, reason: says })
          : api.adjust(productId, key, { delta: units, reason: says }),
      );
    },
    onSuccess() {
      setQuantity("");
      setReason("");
    },
    // Also if its answer was lost: then the entries show whether it was counted.
    onSettled: () => queries.invalidateQueries({ queryKey: ["stock", productId] }),
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    const units = unitsOf(quantity, kind);
    const isReasoned = reason.trim() !== "";
    if (units !== undefined && isReasoned) entering.mutate(units);
    const faults = {
      ...(units === undefined && { quantity: says[kind] }),
      ...(!isReasoned && { reason: "Type a reason" }),
    };
    setFault(units === undefined || !isReasoned ? faults : undefined);
  }

  return (
    <form ref={form} noValidate onSubmit={submit}>
      <Stack gap="sm">
        <SegmentedControl
          aria-label="What to do"
          value={kind}
          onChange={(chosen) => {
            setKind(chosen as Kind);
            setFault(undefined);
          }}
          data={[
            { value: "restock", label: "Restock" },
            { value: "adjust", label: "Adjust" },
          ]}
        />
        <TextInput
          label={kind === "restock" ? "Units that came in" : "Units more or fewer"}
          description={kind === "adjust" ? "Such as -2 for two broken ones" : undefined}
          inputMode={kind === "restock" ? "numeric" : "text"}
          autoComplete="off"
          required
          value={quantity}
          error={fault?.quantity}
          onChange={({ currentTarget }) => setQuantity(currentTarget.value)}
        />
        <TextInput
          label="Reason"
          description="It is kept beside the entry, with your name"
          autoComplete="off"
          required
          maxLength={500}
          value={reason}
          error={fault?.reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        {entering.isError && <ProblemNote error={entering.error} />}
        <div>
          <Button type="submit" variant="filled" loading={entering.isPending}>
            {kind === "restock" ? "Bring in" : "Correct the stock"}
          </Button>
        </div>
        <Text role="status" c="dimmed">
          {entering.isSuccess && `Done: ${plural(entering.data.onHand, "unit", "units")} in the warehouse now.`}
        </Text>
      </Stack>
    </form>
  );
}

const says: Record<Kind, string> = {
  restock: "Type a whole number of at least 1",
  adjust: "Type a whole number such as 3 or -2",
};

function unitsOf(typed: string, kind: Kind): number | undefined {
  const text = typed.trim();
  const isNumber = kind === "restock" ? /^\d{1,10}$/.test(text) : /^[+-]?\d{1,10}$/.test(text);
  const units = Number(text);
  return isNumber && units !== 0 ? units : undefined;
}
