/** Ends an order that is not paid: its units go back on sale, and nothing is charged. */
import { Text } from "@mantine/core";
import { count } from "../../lib/amounts.ts";
import { api, type Order } from "../api.ts";
import { Confirm } from "./confirm.tsx";
import { useOrderAct } from "./order-act.ts";

export function CancelOrder({ order, opened, onClose }: { order: Order; opened: boolean; onClose(): void }) {
  const { orderId, quantity, productId } = order;
  const cancelling = useOrderAct(() => api.cancel(orderId), onClose);
  return (
    <Confirm
      title="Cancel this order"
      opened={opened}
      onClose={onClose}
      act="Cancel the order"
      onAct={() => cancelling.mutate()}
      isBad
      isPending={cancelling.isPending}
      error={cancelling.error}
    >
      <Text>
        {count(quantity)} of {productId} go back on sale, and nothing is charged. The buyer sees that the shop cancelled
        the order.
      </Text>
    </Confirm>
  );
}
