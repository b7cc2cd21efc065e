/** Do gate and books agree? First the report and the plan that follows from it, then the repair. */
import { Button, Group, Table, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { count, timeOfDay } from "../../lib/amounts.ts";
import { api, type Reconciliation, type Synced } from "../api.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";
import { plural } from "../plural.ts";

type Finding = Reconciliation["products"][number];

const lookEveryMs = 5_000;
/** A look at very many products takes long: then they are further apart. */
const timesTaken = 10;
const tones: Record<string, Tone> = { OK: "ok", WARNING: "warn", CRITICAL: "bad" };
const words: Record<string, string> = { OK: "Agrees", WARNING: "Look at it", CRITICAL: "Wrong" };

const plans = {
  none: "Nothing to do",
  relay: "By itself: later changes are on their way to the gate",
  sweeper: "By itself: abandoned reservations are decided in the books",
  repair: "By itself: the next look, within seconds, tells the gate",
  sync_redis: "Repair: load the product from the books",
  by_hand: "By hand: the books contradict themselves; see the runbook",
} as const;

export function Reconcile() {
  const [isAsking, setIsAsking] = useState(false);
  const tookMs = useRef(0);
  const report = useQuery({
    queryKey: ["reconciliation"],
    async queryFn() {
      const startedMs = performance.now();
      const answer = await api.reconciliation();
      tookMs.current = performance.now() - startedMs;
      return answer;
    },
    staleTime: 0,
    // A finding stands still until the operator compares again: it must not vanish while they read its plan.
    refetchInterval: ({ state }) =>
      state.data?.status === "OK" ? Math.max(lookEveryMs, timesTaken * tookMs.current) : false,
  });
  const repairing = useMutation({
    mutationFn: api.sync,
    async onSuccess() {
      setIsAsking(false);
      await report.refetch();
    },
  });
  const comparing = useMutation({ mutationFn: () => report.refetch() });
  const products = report.data?.products ?? [];
  const toRepair = products.filter(({ remedy }) => remedy === "sync_redis");
  return (
    <>
      <PageHead
        title="Reconcile"
        says="Compares the gate with the books, in units. The figures are exact also while orders come in. Compared every 5 seconds; a finding stands still until you compare again."
      >
        <Group>
          <Button onClick={() => comparing.mutate()} loading={comparing.isPending}>
            Compare again
          </Button>
          <Button variant="filled" onClick={() => setIsAsking(true)} disabled={toRepair.length === 0}>
            {toRepair.length > 0 ? `Repair ${plural(toRepair.length, "product", "products")} …` : "Repair"}
          </Button>
        </Group>
      </PageHead>
      {report.isPending && <Loading rows={6} />}
      {report.isError && <ProblemNote error={report.error} again={report.refetch} />}
      {report.data && <Summary report={report.data} atMs={report.dataUpdatedAt} />}
      {repairing.data && <Repaired synced={repairing.data} />}
      {products.length > 0 && <Findings products={products} />}
      <Confirm
        title="Repair from the books"
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        act={`Load ${plural(toRepair.length, "product", "products")} from the books`}
        onAct={() => repairing.mutate()}
        acting={repairing}
      >
        <Text>
          Orders of these products are refused for the moment of the load. Every accepted order stays as it is. All
          other products are compared and left alone.
        </Text>
        <ul className="sentences">
          {toRepair.map(({ productId, explanation }) => (
            <li key={productId}>
              <strong className="breaks">{productId}</strong>: {explanation}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  );
}

function Summary({ report, atMs }: { report: Reconciliation; atMs: number }) {
  const differing = report.products.filter(({ status }) => status !== "OK").length;
  const says =
    report.products.length === 0
      ? "There are no products to compare yet."
      : differing === 0
        ? `No unit differs in ${plural(report.products.length, "product", "products")}.`
        : `They differ in ${count(differing)} of ${plural(report.products.length, "product", "products")}.`;
  return (
    <p className="summary" role="status">
      <Status tone={tones[report.status] ?? "still"}>{words[report.status] ?? report.status}</Status>
      <span>{says}</span>
      <span className="aside">
        The switch is at {report.mode}. Compared at {timeOfDay(atMs)}.
      </span>
    </p>
  );
}

function Repaired({ synced }: { synced: Synced }) {
  const rebuilt = synced.products.filter(({ action }) => action === "rebuilt");
  return (
    <Text role="status" mb="md">
      The repair is done: {plural(rebuilt.length, "product", "products")} loaded from the books,{" "}
      {count(synced.products.length - rebuilt.length)} left alone.
    </Text>
  );
}

function Findings({ products }: { products: readonly Finding[] }) {
  return (
    <Table.ScrollContainer minWidth={0} type="native">
      <Table className="rows" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Product</Table.Th>
            <Table.Th>Finding</Table.Th>
            <Table.Th className="figure">On hand</Table.Th>
            <Table.Th className="figure">Held</Table.Th>
            <Table.Th className="figure">In flight</Table.Th>
            <Table.Th className="figure">Gate</Table.Th>
            <Table.Th className="figure">Drift</Table.Th>
            <Table.Th miw={160}>Plan</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {products.map((product) => (
            <FindingRow key={product.productId} {...product} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function FindingRow({ productId, status, explanation, remedy = "none", ...figures }: Finding) {
  const { onHand, held, inFlight, gate, drift } = figures;
  const cells = { "On hand": onHand, Held: held, "In flight": inFlight, Gate: gate, Drift: drift };
  return (
    <Table.Tr>
      <Table.Th scope="row" className="breaks">
        <Link to="/products/$productId" params={{ productId }}>
          {productId}
        </Link>
      </Table.Th>
      <Table.Td data-label="Finding">
        <div>
          <Status tone={tones[status] ?? "still"}>{words[status] ?? status}</Status>
          <Text size="xs" c="dimmed" className="explains">
            {explanation}
          </Text>
        </div>
      </Table.Td>
      {Object.entries(cells).map(([label, units]) => (
        <Table.Td key={label} className="figure" data-label={label}>
          {units === null ? "closed" : count(units)}
        </Table.Td>
      ))}
      <Table.Td data-label="Plan">{plans[remedy]}</Table.Td>
    </Table.Tr>
  );
}
