/** An act on one drop: its answer is the drop as it stands now, and what shows it elsewhere is read again. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Drop } from "../../drop-api.ts";

export function useDropAct<Given = void>(act: (given: Given) => Promise<Drop>, onDone: (drop: Drop) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess(drop) {
      queries.setQueryData(["drop", drop.dropId], drop);
      onDone(drop);
    },
    // Also after a refusal: a change may be stored although the gate has not been told yet.
    onSettled: () =>
      Promise.all(
        ["drop", "drops", "drop-changes", "drop-checks"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      ),
  });
}
