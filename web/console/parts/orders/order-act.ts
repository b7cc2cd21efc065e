/** An act on one order: its answer is the order as it stands now, and lists that show it are read again. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Order } from "../../api.ts";

export function useOrderAct<Given = void>(act: (given: Given) => Promise<Order>, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: onDone,
    // Also after a refusal, or an answer that was lost: the order may have gone on.
    onSettled: () => Promise.all(["order", "orders"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}
