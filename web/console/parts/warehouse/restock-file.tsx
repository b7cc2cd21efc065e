/** Sends a file of deliveries, and tells of each row that was refused why. */
import { Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { count } from "../../../lib/amounts.ts";
import { plural } from "../../plural.ts";
import { warehouseApi } from "../../warehouse-api.ts";
import { ProblemNote } from "../problem.tsx";

export function RestockFile() {
  const input = useRef<HTMLInputElement>(null);
  const sending = useMutation({
    mutationFn: async (file: File) => warehouseApi.restockFile(await file.text()),
    onSettled() {
      // The same file can be chosen again, mended.
      if (input.current) input.current.value = "";
    },
  });
  const refused = sending.data?.items.filter(({ ok }) => !ok) ?? [];
  const repeated = sending.data?.items.filter((row) => row.repeated).length ?? 0;
  return (
    <section className="card from-file" aria-labelledby="file">
      <h2 id="file">A file of deliveries</h2>
      <Stack gap="sm">
        <Text c="dimmed">
          A CSV file with a row for each delivery: code, quantity, reason. At most 500 rows. The same file counts once,
          however often it is sent.
        </Text>
        <input
          ref={input}
          id="restock-file"
          type="file"
          accept=".csv,text/csv"
          hidden
          aria-label="CSV file"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) sending.mutate(file);
          }}
        />
        <div>
          <Button onClick={() => input.current?.click()} loading={sending.isPending}>
            Choose a file …
          </Button>
        </div>
        {sending.isPending && <Text role="status">Reading the file …</Text>}
        {sending.isError && <ProblemNote error={sending.error} />}
        <div role="status">
          {sending.data && (
            <Text fw={600} className="breaks">
              {sending.variables.name}: {plural(sending.data.entered, "row is", "rows are")} in
              {repeated > 0 && `, ${count(repeated)} of them from before`}; {count(sending.data.refused)} refused.
            </Text>
          )}
          {refused.length > 0 && (
            <ul className="faults">
              {refused.map(({ line, error }) => (
                <li key={line}>
                  <strong>Line {line}</strong>: {error}
                </li>
              ))}
            </ul>
          )}
        </div>
      </Stack>
    </section>
  );
}
