/** The checks before a drop is scheduled, read again every 5 seconds. */
import { useQuery } from "@tanstack/react-query";
import { type Check, dropApi } from "../../drop-api.ts";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";
import { Status, type Tone } from "../status.tsx";

const lookEveryMs = 5_000;
const shown: Record<Check["status"], { word: string; tone: Tone }> = {
  ok: { word: "OK", tone: "ok" },
  warn: { word: "Look at it", tone: "warn" },
  fail: { word: "Wrong", tone: "bad" },
};

export function useChecks(dropId: string) {
  return useQuery({
    queryKey: ["drop-checks", dropId],
    queryFn: () => dropApi.checks(dropId),
    refetchInterval: lookEveryMs,
  });
}

export function Preflight({ dropId }: { dropId: string }) {
  const checks = useChecks(dropId);
  return (
    <section className="card" aria-label="Checks">
      <h2>Checks</h2>
      {checks.isPending && <Loading rows={3} />}
      {checks.isError && <ProblemNote error={checks.error} again={checks.refetch} />}
      {checks.data && <CheckList checks={checks.data} />}
    </section>
  );
}

export function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul className="checks">
      {checks.map(({ check, status, says, mend }) => (
        <li key={check}>
          <Status tone={shown[status].tone}>{shown[status].word}</Status>
          <div>
            <strong className="breaks">{titleOf(check)}</strong>
            <div className="aside">{says}</div>
            {mend && <div>{mend}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function titleOf(check: string): string {
  return check.charAt(0).toUpperCase() + check.slice(1);
}
