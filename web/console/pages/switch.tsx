/** The switch between the gate, orders decided in the books, and no new orders: who set it, and when. */
import { Radio, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { GateMode } from "#wire/inventory";
import { dayAndTime } from "../../lib/amounts.ts";
import { api, type Mode } from "../api.ts";
import { hear } from "../heard.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";

const lookEveryMs = 5_000;

const modes = {
  gatekeeper: {
    name: "Gatekeeper",
    says: "Orders go through the gate: the fast way, for a drop.",
    happens: "Accepted orders are settled first, the gate is loaded from the books, and then it takes orders.",
  },
  sync: {
    name: "Sync",
    says: "Each order is decided in the books: slower, and right without the gate.",
    happens: "The gate is closed, what it accepted is settled, and then every order is decided in its own transaction.",
  },
  closed: {
    name: "Closed",
    says: "New orders are refused. Accepted orders go on: they can be paid, cancelled and refunded.",
    happens: "From the answer on no new order is accepted, in any process.",
  },
} as const satisfies Record<GateMode, { name: string; says: string; happens: string }>;

const tones: Record<GateMode, Tone> = { gatekeeper: "ok", sync: "info", closed: "warn" };

export function SwitchPage() {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState<GateMode>();
  const mode = useQuery({ queryKey: ["mode"], queryFn: api.mode, refetchInterval: lookEveryMs });
  const switching = useMutation({
    mutationFn: api.switchTo,
    async onSuccess(changed) {
      await hear(queries, ["mode"], changed);
      setWanted(undefined);
    },
  });

  function leave(): void {
    setWanted(undefined);
    void mode.refetch();
  }

  return (
    <>
      <PageHead title="Gatekeeper" says="How new orders are decided, for the whole shop." />
      {mode.isPending && <Loading rows={4} />}
      {mode.isError && <ProblemNote error={mode.error} again={mode.refetch} />}
      {mode.data && <Standing mode={mode.data} />}
      {mode.data && (
        <Radio.Group
          label="Switch to"
          value={mode.data.mode}
          onChange={(chosen) => chosen !== mode.data.mode && setWanted(chosen as GateMode)}
        >
          <Stack gap="sm" mt="sm" maw={640}>
            {Object.entries(modes).map(([one, { name, says }]) => (
              <Radio key={one} className="card choice" value={one} label={name} description={says} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      <Confirm
        title={wanted ? `Switch to ${modes[wanted].name}?` : ""}
        opened={wanted !== undefined}
        onClose={leave}
        act={wanted ? `Switch to ${modes[wanted].name}` : ""}
        onAct={() => wanted && switching.mutate(wanted)}
        isBad={wanted === "closed"}
        acting={switching}
      >
        <Text>{wanted && modes[wanted].happens}</Text>
      </Confirm>
    </>
  );
}

function Standing({ mode: { mode, ready, changedBy, changedAt } }: { mode: Mode }) {
  return (
    <p className="summary" role="status">
      <Status tone={ready ? tones[mode] : "warn"}>
        {ready ? modes[mode].name : `${modes[mode].name}, still being prepared: orders are refused`}
      </Status>
      <span className="aside">
        {changedBy === "migration" ? "As installed" : `Set by ${changedBy}`}, {dayAndTime(changedAt)}.
      </span>
    </p>
  );
}
