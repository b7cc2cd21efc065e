/** The dependencies of the shop, each with its state. */
import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { timeOfDay } from "../../lib/amounts.ts";
import { locale } from "../../lib/language.ts";
import { api, type Health } from "../api.ts";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";

const lookEveryMs = 5_000;
const tones: Record<string, Tone> = { UP: "ok", DOWN: "bad", OUT_OF_SERVICE: "warn" };
/** What people call the dependencies; the name of the answer stands beside it. */
const called: Record<string, string> = {
  db: "Database",
  stockGate: "Gate",
  locks: "Locks",
  consumers: "Consumers",
  deadLetters: "Dead letters",
  paymentFindings: "Payments to look at",
  workflows: "Workflows",
  stripe: "Stripe",
  reports: "Database for reports",
  diskSpace: "Disk",
};
const inBytes = new Set(["total", "free", "threshold"]);
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
      {health.data && <Components components={components} />}
    </>
  );
}

function Summary({ health: { status, components }, atMs }: { health: Health; atMs: number }) {
  const down = Object.entries(components).filter(([, component]) => component.status !== "UP");
  return (
    <p className="summary" role="status">
      <Status tone={tones[status] ?? "still"}>{words[status] ?? status}</Status>
      <span>
        {down.length > 0 ? `Not up: ${down.map(([name]) => nameOf(name)).join(", ")}.` : "Everything answers."}
      </span>
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
            <Table.Th scope="row">
              {nameOf(name)}
              {plain(nameOf(name)) !== plain(name) && (
                <Text size="xs" c="dimmed">
                  {name}
                </Text>
              )}
            </Table.Th>
            <Table.Td data-label="State">
              <Status tone={tones[status] ?? "still"}>{words[status] ?? status}</Status>
            </Table.Td>
            <Table.Td data-label="Details" className="breaks">
              {Object.entries(details)
                .map(([key, value]) => `${key}: ${inBytes.has(key) ? bytesText(value) : textOf(value)}`)
                .join(" · ") || "–"}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function nameOf(name: string): string {
  const [first = "", ...rest] = name.replace(/^log:/, "log ");
  return called[name] ?? first.toUpperCase() + rest.join("");
}

/** "Dead letters" and `deadLetters` are one name. */
function plain(name: string): string {
  return name.replaceAll(/[ :]/g, "").toLowerCase();
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `64 MB`, `252 GB`: in powers of ten, as disks are sold. */
function bytesText(value: unknown): string {
  const bytes = Number(value);
  const [unit, size] = bytes >= 1e9 ? (["gigabyte", 1e9] as const) : (["megabyte", 1e6] as const);
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: 0 }).format(bytes / size);
}
