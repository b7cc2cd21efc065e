/** The plan of a drop in four parts: what, when, on which terms, and which products. Frozen fields are shown, not offered. */
import { Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { count } from "../../../lib/amounts.ts";
import { Refused } from "../../ask.ts";
import type { Frozen, Plan } from "../../drop-plan.ts";
import { isAtFields, useFaultFocus } from "../fault-focus.ts";
import { faultOfField } from "../field-fault.ts";
import { MomentField } from "../moment-field.tsx";
import { ProblemNote } from "../problem.tsx";
import { zones } from "../wall-time.ts";
import { DropProducts } from "./drop-products.tsx";
import { EntryFields } from "./entry-fields.tsx";

type DropFormProps = {
  plan: Plan;
  onChange(plan: Plan): void;
  frozen: Frozen;
  /** The answer to the last attempt to save it. */
  error: Error | null;
  onSubmit(): void;
  /** Puts what was typed on the newest plan, if another person has changed it. */
  again?(): void;
  /** More of its first part. */
  more?: ReactNode;
  children: ReactNode;
};

export function DropForm({ plan, onChange, frozen, error, onSubmit, again, more, children }: DropFormProps) {
  const form = useRef<HTMLFormElement>(null);
  useFaultFocus(form, error);
  const instants = error instanceof Refused ? error.instants : [];
  const set = (change: Partial<Plan>) => onChange({ ...plan, ...change });
  const faultOf = (field: string) => faultOfField(error, field);
  const moment = (field: "opensAt" | "closesAt") => ({
    value: plan[field],
    zone: plan.zone,
    error: faultOf(field),
    instants: faultOf(field) ? instants : [],
    onChange: (value: Plan["opensAt"]) => set({ [field]: value }),
  });
  const seconds = Number(plan.holdSeconds);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <fieldset className="part">
        <legend>1. What</legend>
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            maxLength={200}
            autoComplete="off"
            value={plan.name}
            error={faultOf("name")}
            onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          />
          {more}
          <Textarea
            label="Story"
            description="Text for the drop's page"
            rows={3}
            maxLength={4_000}
            value={plan.story}
            error={faultOf("story")}
            onChange={({ currentTarget }) => set({ story: currentTarget.value })}
          />
        </Stack>
      </fieldset>
      <fieldset className="part">
        <legend>2. When</legend>
        <Stack gap="sm">
          <Select
            label="Time zone"
            description="The times below are what clocks show there"
            searchable
            allowDeselect={false}
            limit={60}
            data={zones()}
            value={plan.zone}
            error={faultOf("zone")}
            disabled={frozen.opening}
            onChange={(zone) =>
              zone &&
              set({
                zone,
                opensAt: { wall: plan.opensAt.wall },
                closesAt: { wall: plan.closesAt.wall },
                prequeueAt: { wall: plan.prequeueAt.wall },
              })
            }
          />
          <MomentField
            label="Opens"
            {...moment("opensAt")}
            frozen={frozen.opening ? "Frozen: from shortly before the opening on, it stays" : undefined}
          />
          <MomentField label="Closes" {...moment("closesAt")} />
        </Stack>
      </fieldset>
      <fieldset className="part">
        <legend>3. Terms</legend>
        <EntryFields plan={plan} onChange={set} isFrozen={frozen.opening} faultOf={faultOf} instants={instants} />
        <TextInput
          label="Units are held for payment, seconds"
          description={`60 to ${count(3_600)}${seconds >= 60 ? `; ${minutesOf(seconds)}` : ""}. Orders that were accepted keep theirs.`}
          inputMode="numeric"
          autoComplete="off"
          value={plan.holdSeconds}
          error={faultOf("holdSeconds")}
          onChange={({ currentTarget }) => set({ holdSeconds: currentTarget.value })}
        />
        <TextInput
          mt="sm"
          label="Extension, seconds"
          description="A buyer may ask for so much more time, once. 0 to 600; 0 offers none"
          inputMode="numeric"
          autoComplete="off"
          value={plan.extensionSeconds}
          error={faultOf("extensionSeconds")}
          onChange={({ currentTarget }) => set({ extensionSeconds: currentTarget.value })}
        />
        <TextInput
          mt="sm"
          label="Limit per person, units"
          description="Left empty, the drop sets none. If the limit of a product is lower, that one counts"
          inputMode="numeric"
          maxLength={7}
          autoComplete="off"
          value={plan.limitPerPerson}
          error={faultOf("limitPerPerson")}
          onChange={({ currentTarget }) => set({ limitPerPerson: currentTarget.value })}
        />
      </fieldset>
      <fieldset className="part">
        <legend>4. Products</legend>
        <DropProducts
          products={plan.products}
          isFrozen={frozen.products}
          faultOf={(at, field) => faultOf(`products/${at}/${field}`)}
          onChange={(products) => set({ products })}
        />
        {faultOf("products") && (
          <Text c="bad" role="alert">
            {faultOf("products")}
          </Text>
        )}
      </fieldset>
      {isAtFields(error) && (
        <Text c="bad" role="alert" mb="sm">
          Not saved: a field above says what it needs.
        </Text>
      )}
      {error && !isAtFields(error) && <ProblemNote error={error} {...(again && { again })} />}
      {children}
    </form>
  );
}

function minutesOf(seconds: number): string {
  const minutes = new Intl.NumberFormat("en", { maximumFractionDigits: 1 }).format(seconds / 60);
  return `this is ${minutes} min`;
}
