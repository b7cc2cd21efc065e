/** All drops: what sells now, what comes, drafts, and what is over, each by the day of its opening. */
import { Button, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { count } from "../../lib/amounts.ts";
import { locale } from "../../lib/language.ts";
import { type Drop, dropApi } from "../drop-api.ts";
import { DropPhase, isOver, phaseAt, unitsOf, useShopNowMs } from "../parts/drops/drop-phase.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { inZone } from "../parts/wall-time.ts";

const lookEveryMs = 5_000;
/** As many as the server lists. */
const listedAtMost = 100;

export function Drops() {
  const drops = useQuery({ queryKey: ["drops"], queryFn: dropApi.list, refetchInterval: lookEveryMs });
  const nowMs = useShopNowMs();
  const all = drops.data ?? [];
  const of = (isIn: (drop: Drop) => boolean) => all.filter(isIn);
  const comesFirst = (a: Drop, b: Drop) => a.opensAt.localeCompare(b.opensAt);
  const phaseOf = (drop: Drop) => phaseAt(drop, nowMs);
  const groups = {
    "On sale": of((drop) => !["draft", "upcoming"].includes(phaseOf(drop)) && !isOver(phaseOf(drop))),
    "To come": of((drop) => phaseOf(drop) === "upcoming").toSorted(comesFirst),
    Drafts: of((drop) => phaseOf(drop) === "draft").toSorted(comesFirst),
    Over: of((drop) => isOver(phaseOf(drop))),
  };
  return (
    <>
      <PageHead title="Drops" says="What sells when. Days are those of your own zone. Read again every 5 seconds.">
        <Button renderRoot={(props) => <Link to="/drops/new" {...props} />} variant="filled">
          New drop
        </Button>
      </PageHead>
      {drops.isPending && <Loading rows={6} />}
      {drops.isError && <ProblemNote error={drops.error} again={drops.refetch} />}
      {drops.data?.length === 0 && (
        <Text>
          Drops stand here, by the day of their opening. <Link to="/drops/new">Plan the first one</Link>.
        </Text>
      )}
      {Object.entries(groups).map(
        ([title, some]) => some.length > 0 && <Group key={title} title={title} drops={some} nowMs={nowMs} />,
      )}
      {all.length >= listedAtMost && (
        <Text c="dimmed" mt="md">
          At most {count(listedAtMost)} drops are listed. Of more, those that are over are left out first; each is still
          at its address, which ends in its id.
        </Text>
      )}
    </>
  );
}

function Group({ title, drops, nowMs }: { title: string; drops: readonly Drop[]; nowMs: number }) {
  const byDay = Map.groupBy(drops, ({ opensAt }) => dayOf(opensAt));
  return (
    <section aria-label={title}>
      <h2 className="group">{title}</h2>
      <Table className="rows drop-rows">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Drop</Table.Th>
            <Table.Th>Opens</Table.Th>
            <Table.Th>Phase</Table.Th>
            <Table.Th className="figure">Sold</Table.Th>
            <Table.Th className="figure">Held</Table.Th>
            <Table.Th className="figure">Free</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {[...byDay].map(([day, some]) => (
            <Fragment key={day}>
              <Table.Tr className="day">
                <Table.Th scope="rowgroup" colSpan={6}>
                  {day}
                </Table.Th>
              </Table.Tr>
              {some.map((drop) => (
                <Row key={drop.dropId} drop={drop} nowMs={nowMs} />
              ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function Row({ drop, nowMs }: { drop: Drop; nowMs: number }) {
  const { dropId, name, opensAt, zone } = drop;
  const { sold, held, available } = unitsOf(drop);
  return (
    <Table.Tr>
      <Table.Th scope="row" className="breaks">
        <Link to="/drops/$dropId" params={{ dropId }}>
          {name}
        </Link>
        <Text size="xs" c="dimmed" className="breaks">
          {dropId}
        </Text>
      </Table.Th>
      <Table.Td data-label="Opens">{inZone(opensAt, zone)}</Table.Td>
      <Table.Td data-label="Phase">
        <DropPhase phase={phaseAt(drop, nowMs)} />
      </Table.Td>
      {Object.entries({ Sold: sold, Held: held, Free: available }).map(([label, units]) => (
        <Table.Td key={label} className="figure" data-label={label}>
          {count(units)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function dayOf(moment: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "full" }).format(new Date(moment));
}
