/** The plan of a drop, to be changed as far as it may. Typed text stays while others change the drop. */
import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../../ask.ts";
import { type Drop, dropApi } from "../../drop-api.ts";
import { frozenOf, type Plan, patchOf, planOf } from "../../drop-plan.ts";
import { typedSince } from "../../typed-since.ts";
import { useDropAct } from "./drop-act.ts";
import { DropForm } from "./drop-form.tsx";

export function DropPlanCard({ drop, nowMs }: { drop: Drop; nowMs: number }) {
  const [base, setBase] = useState(drop);
  const [plan, setPlan] = useState(() => planOf(drop));
  const patch = patchOf(base, plan);
  const saving = useDropAct(
    ({ body }: { body: NonNullable<typeof patch>; sent: Plan }) => dropApi.change(base, body),
    () => undefined,
  );

  // A pause is a new version with the same plan: what is typed still fits.
  const isSamePlan = patchOf(base, planOf(drop)) === undefined;
  const saved = saving.data?.version === drop.version ? saving.variables : undefined;
  if (drop.version > base.version && (!patch || isSamePlan || saved)) startFrom(drop);

  function startFrom(next: Drop): void {
    setBase(next);
    if (!isSamePlan) setPlan(saved ? typedSince(saved.sent, plan, planOf(next)) : planOf(next));
  }

  function discard(): void {
    saving.reset();
    setBase(drop);
    setPlan(planOf(drop));
  }

  /** Only what was typed is sent, so what another operator changed meanwhile stays. */
  function again(): void {
    const typed = Object.keys(patch ?? {}).map((field) => [field, plan[field as keyof typeof plan]]);
    saving.reset();
    setBase(drop);
    setPlan({ ...planOf(drop), ...Object.fromEntries(typed) });
  }

  const isOtherVersion = saving.error instanceof Refused && saving.error.code === "version_mismatch";
  return (
    <section className="card" aria-label="Plan">
      <h2>Plan</h2>
      <DropForm
        plan={plan}
        onChange={setPlan}
        frozen={frozenOf(drop, nowMs)}
        error={saving.error}
        onSubmit={() => patch && saving.mutate({ body: patch, sent: plan })}
        {...(isOtherVersion && { again })}
      >
        <Group>
          <Button type="submit" loading={saving.isPending} disabled={!patch}>
            Save the changes
          </Button>
          {patch && <Button onClick={discard}>Discard them</Button>}
          <Text role="status" c="dimmed">
            {!patch && saving.isSuccess && "Saved."}
          </Text>
        </Group>
      </DropForm>
    </section>
  );
}
