/** A time as clocks show it in the drop's zone. If they show it twice that day, the operator says which one is meant. */
import { Radio, Stack, TextInput } from "@mantine/core";
import type { Moment } from "../drop-plan.ts";
import { inZone, wallTimeOf } from "./wall-time.ts";

type MomentFieldProps = {
  label: string;
  zone: string;
  value: Moment;
  onChange(value: Moment): void;
  error: string | undefined;
  /** The two moments that the wall time names. */
  instants: readonly string[];
  /** Why it cannot change. */
  frozen?: string | undefined;
};

export function MomentField({ label, zone, value, onChange, error, instants, frozen }: MomentFieldProps) {
  // Of the time and the zone that were sent: others may be typed by now.
  const isTwice = instants.some((instant) => wallTimeOf(instant, zone) === value.wall);
  return (
    <>
      <TextInput
        type="datetime-local"
        label={label}
        required
        description={frozen}
        disabled={frozen !== undefined}
        value={value.wall}
        error={isTwice || (error && value.wall === "" ? "Choose a day and a time" : error)}
        onChange={({ currentTarget }) => onChange({ wall: currentTarget.value })}
      />
      {isTwice && (
        <Radio.Group
          label={`Which ${value.wall.slice(11, 16)}? Clocks in ${zone} are put back that day and show it twice`}
          value={value.chosen ?? ""}
          onChange={(chosen) => onChange({ ...value, chosen })}
        >
          <Stack gap="xs" mt="xs">
            {instants.map((instant, at) => (
              <Radio
                key={instant}
                value={instant}
                label={`The ${at === 0 ? "first" : "second"} time: ${inZone(instant, zone)}`}
              />
            ))}
          </Stack>
        </Radio.Group>
      )}
    </>
  );
}
