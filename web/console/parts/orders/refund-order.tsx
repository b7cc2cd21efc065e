/** Takes back a confirmed order: how much money goes back, why, and whether the units come back into stock. */
import { Checkbox, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { money } from "../../../lib/amounts.ts";
import { isFree } from "../../../lib/order-state.ts";
import { api, type Order } from "../../api.ts";
import { plural } from "../../plural.ts";
import { Confirm } from "../confirm.tsx";
import { useOrderAct } from "./order-act.ts";

export function RefundOrder({ order, opened, onClose }: { order: Order; opened: boolean; onClose(): void }) {
  const { orderId, total, currency, quantity, productId, timeline, payment } = order;
  const isHandedOver = timeline.some(({ status }) => status === "HANDED_OVER");
  const [reason, setReason] = useState("");
  const [restock, setRestock] = useState(false);
  const [fault, setFault] = useState<string>();
  const refunding = useOrderAct(() => api.refund(orderId, { reason: reason.trim(), restock }, isHandedOver), onClose);
  const before = payment?.givenBackMinor ?? 0;
  const sum = isFree(order) ? "" : money(total - before, currency);

  function act(): void {
    const isGiven = reason.trim() !== "";
    setFault(isGiven ? undefined : "Type a reason: the buyer reads it");
    if (isGiven) refunding.mutate();
  }

  return (
    <Confirm
      title={`${takingBack(order)} this order`}
      opened={opened}
      onClose={onClose}
      act={sum ? `Refund ${sum}` : "Take the order back"}
      onAct={act}
      isBad
      acting={refunding}
    >
      <Text>
        {sum ? `${sum} goes back to the buyer.` : "It cost nothing, so no money goes back."}
        {before > 0 && ` Of the total of ${money(total, currency)}, ${money(before, currency)} was given back before.`}{" "}
        This cannot be undone.
      </Text>
      {isHandedOver && <Text fw={600}>The parcel was handed over: the buyer has what they ordered, or will.</Text>}
      <TextInput
        label="Reason"
        description="The buyer reads it"
        data-autofocus
        required
        maxLength={200}
        autoComplete="off"
        value={reason}
        error={fault}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
      />
      <Checkbox
        label={`Put ${plural(quantity, "unit", "units")} of ${productId} back into stock`}
        description={isHandedOver ? "Only what came back here" : "On sale again at once"}
        checked={restock}
        onChange={({ currentTarget }) => setRestock(currentTarget.checked)}
      />
    </Confirm>
  );
}

export function takingBack(order: Order): string {
  return isFree(order) ? "Take back" : "Refund";
}
