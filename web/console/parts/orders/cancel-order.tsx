/** Ends an order that is not paid: its units go back on sale, and nothing is charged. */
import { Text } from "@mantine/core";
import { money } from "../../../lib/amounts.ts";
import { api, type Order } from "../../api.ts";
import { plural } from "../../plural.ts";
import { Confirm } from "../confirm.tsx";
import { useOrderAct } from "./order-act.ts";

export function CancelOrder({ order, opened, onClose }: { order: Order; opened: boolean; onClose(): void }) {
  const { orderId, quantity, productId, total, currency } = order;
  const cancelling = useOrderAct(() => api.cancel(orderId), onClose);
  return (
    <Confirm
      title="Cancel this order"
      opened={opened}
      onClose={onClose}
      act="Cancel the order"
      onAct={() => cancelling.mutate()}
      isBad
      acting={cancelling}
    >
      <Text>
        {plural(quantity, "unit", "units")} of {productId} for {money(total, currency)}:{" "}
        {quantity === 1 ? "it goes" : "they go"} back on sale, and nothing is charged. The buyer sees that the shop
        cancelled the order. This cannot be undone.
      </Text>
    </Confirm>
  );
}
