/** The dependencies of the shop, each with its state. */
import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { timeOfDay } from "../../lib/amounts.ts";
import { api, type Health } from "../api.ts";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";

const lookEveryMs = 5_000;
const tones: Record<string, Tone> = { UP: "ok", DOWN: "bad", OUT_OF_SERVICE: "warn" };
const words: Record<string, string> = { UP: "Up", DOWN: "Down", OUT_OF_SERVICE: "Out of service" };

export function HealthPage() {
  const health = useQuery({ queryKey: ["health"], queryFn: api.health, refetchInterval: lookEveryMs });
  const { components = {} } = health.data ?? {};
  return (
    <>
      <PageHead
        title="Health"
        says="Every dependency of the process that serves this page. Read again every 5 seconds."
      />
      {health.isPending && <Loading rows={6} />}
      {health.isError && <ProblemNote error={health.error} again={health.refetch} />}
      {health.data && <Summary health={health.data} atMs={health.dataUpdatedAt} />}
      {health.data && Object.keys(components).length === 0 && (
        <Text>
          This is the gateway, which depends on nothing itself. Each service answers for its own:
          /order/actuator/health, /inventory/actuator/health, /product/actuator/health.
        </Text>
      )}
      {Object.keys(components).length > 0 && <Components components={components} />}
    </>
  );
}

function Summary({ health: { status, components }, atMs }: { health: Health; atMs: number }) {
  const down = Object.entries(components).filter(([, component]) => component.status !== "UP");
  return (
    <p className="summary" role="status">
      <Status tone={tones[status] ?? "still"}>{words[status] ?? status}</Status>
      <span>{down.length > 0 ? `Not up: ${down.map(([name]) => name).join(", ")}.` : "Everything answers."}</span>
      <span className="aside">Asked at {timeOfDay(atMs)}.</span>
    </p>
  );
}

function Components({ components }: Pick<Health, "components">) {
  return (
    <Table className="rows">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Dependency</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Details</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {Object.entries(components).map(([name, { status, details = {} }]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row">{name}</Table.Th>
            <Table.Td data-label="State">
              <Status tone={tones[status] ?? "still"}>{words[status] ?? status}</Status>
            </Table.Td>
            <Table.Td data-label="Details" className="breaks">
              {Object.entries(details)
                .map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
                .join(" · ") || "–"}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
