/** An act on one order: its answer is the order as it stands now, and lists that show it are read again. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Order } from "../api.ts";

export function useOrderAct<Given = void>(act: (given: Given) => Promise<Order>, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    async onSuccess({ orderId }) {
      onDone();
      await queries.invalidateQueries({ queryKey: ["order", orderId] });
      await queries.invalidateQueries({ queryKey: ["orders"] });
    },
  });
}
