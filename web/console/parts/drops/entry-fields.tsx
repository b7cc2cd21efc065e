/** Who may order, and what its line needs to know. A drop that is open to all has a line only for what comes back. */
import { Checkbox, Radio, Select, Stack, TextInput } from "@mantine/core";
import type { Plan } from "../../drop-plan.ts";
import { MomentField } from "../moment-field.tsx";

type EntryFieldsProps = {
  plan: Plan;
  onChange(change: Partial<Plan>): void;
  isFrozen: boolean;
  faultOf(field: string): string | undefined;
  /** The moments that the wall time of the line's opening names, if clocks show it twice. */
  instants: readonly string[];
};

export function EntryFields({ plan, onChange, isFrozen, faultOf, instants }: EntryFieldsProps) {
  const hasLine = plan.entry !== "open";
  return (
    <Stack gap="sm" mb="sm">
      <Radio.Group
        label="Who may order"
        description={isFrozen ? "Frozen like the opening" : undefined}
        value={plan.entry}
        error={faultOf("entry")}
        onChange={(entry) => onChange({ entry: entry as Plan["entry"] })}
      >
        <Stack gap="xs" mt="xs">
          {Object.entries(waysIn).map(([entry, label]) => (
            <Radio key={entry} value={entry} label={label} disabled={isFrozen} />
          ))}
        </Stack>
      </Radio.Group>
      {hasLine && (
        <>
          <MomentField
            label="People may join from"
            zone={plan.zone}
            value={plan.prequeueAt}
            error={faultOf("prequeueAt")}
            instants={faultOf("prequeueAt") ? instants : []}
            frozen={isFrozen ? "Frozen" : undefined}
            onChange={(prequeueAt) => onChange({ prequeueAt })}
          />
          <Select
            label="Random number that orders the line"
            description={beacons[plan.beacon].says}
            allowDeselect={false}
            disabled={isFrozen}
            data={Object.entries(beacons).map(([value, { label }]) => ({ value, label }))}
            value={plan.beacon}
            error={faultOf("beacon")}
            onChange={(beacon) => beacon && onChange({ beacon: beacon as Plan["beacon"] })}
          />
          <Checkbox
            label="Only people whose mail address is confirmed may join"
            checked={plan.verifiedOnly}
            disabled={isFrozen}
            onChange={({ currentTarget }) => onChange({ verifiedOnly: currentTarget.checked })}
          />
          <Checkbox
            label="Joining costs a moment of computing, and more while many join"
            description="Invented people pay it too, each of them. It may be turned on at any time"
            checked={plan.workToJoin}
            onChange={({ currentTarget }) => onChange({ workToJoin: currentTarget.checked })}
          />
        </>
      )}
      {plan.entry === "line" && (
        <TextInput
          label="People called a second, at the beginning"
          description="1 to 1,000. It then follows what the shop accepts, and how many of the called come"
          inputMode="numeric"
          autoComplete="off"
          value={plan.admitPerSecond}
          error={faultOf("admitPerSecond")}
          onChange={({ currentTarget }) => onChange({ admitPerSecond: currentTarget.value })}
        />
      )}
      {!hasLine && (
        <Checkbox
          label="When it is sold out, offer what comes back to people in line"
          checked={plan.listAfterSoldOut}
          disabled={isFrozen}
          onChange={({ currentTarget }) => onChange({ listAfterSoldOut: currentTarget.checked })}
        />
      )}
    </Stack>
  );
}

const waysIn = {
  open: "All people, from the opening on",
  line: "A line: people who join before the opening are drawn, later ones follow",
  draw: "A draw among the people who join before the opening",
};

const beacons = {
  drand: {
    label: "drand's",
    says: "Outsiders can check the order: drand's number is public, and no shop can choose it",
  },
  own: { label: "The shop's own", says: "The shop makes the number itself: it proves nothing to outsiders" },
};
