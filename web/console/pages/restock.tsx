/** Deliveries: scan, quantity, reason, Enter. The last ten stand below, each with its counter-entry; files beside. */
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { count } from "../../lib/amounts.ts";
import { api } from "../api.ts";
import { enter } from "../entry-key.ts";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { LastDeliveries } from "../parts/warehouse/last-deliveries.tsx";
import { RestockFile } from "../parts/warehouse/restock-file.tsx";
import { plural } from "../plural.ts";
import { type Entry, useEntries } from "../restock-entries.ts";
import { useSession } from "../session.ts";
import { warehouseApi } from "../warehouse-api.ts";

type Typed = { typed: string; units: number; says: string };

const usualReason = "delivery";

export function Restock() {
  const userId = useSession().data?.account?.userId ?? "";
  const { entries, add, change } = useEntries(userId);
  const [code, setCode] = useState("");
  const [quantity, setQuantity] = useState("");
  const [reason, setReason] = useState(usualReason);
  const [fault, setFault] = useState<{ quantity?: string; reason?: string }>();
  const codeField = useRef<HTMLInputElement>(null);
  const quantityField = useRef<HTMLInputElement>(null);

  /** Another unit may have been scanned while the shop was asked. */
  const isStill = (typed: string) => codeField.current?.value.trim() === typed;
  // The next scan takes the place of the code that was not found.
  const selectCode = (typed: string) => isStill(typed) && codeField.current?.select();

  const finding = useMutation({
    mutationFn: productBy,
    onSuccess: (_found, typed) => isStill(typed) && quantityField.current?.focus(),
    onError: (_error, typed) => selectCode(typed),
  });
  const entering = useMutation({
    async mutationFn({ typed, units, says }: Typed) {
      const { productId, name } = await productBy(typed);
      return enter(userId, { kind: "restock", productId, units, reason: says }, async (key) => {
        const { onHand } = await api.restock(productId, key, { quantity: units, reason: says });
        const entry = { key, productId, name, quantity: units, reason: says, atMs: Date.now() };
        return { entry, onHand };
      });
    },
    onError: (_error, { typed }) => selectCode(typed),
    onSuccess({ entry }, { typed }) {
      add(entry);
      if (!isStill(typed)) return;
      setCode("");
      setQuantity("");
      finding.reset();
      codeField.current?.focus();
    },
  });

  // After the page's heading, which takes the focus when the page opens.
  useEffect(() => {
    const opening = setTimeout(() => codeField.current?.focus(), 0);
    return () => clearTimeout(opening);
  }, []);

  function changed(set: (text: string) => void, text: string): void {
    set(text);
    setFault(undefined);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    // A scanner types the code and Enter: the quantity is next.
    if (code.trim() !== "" && quantity.trim() === "") {
      finding.mutate(code.trim());
      return;
    }
    const units = /^\d{1,10}$/.test(quantity.trim()) ? Number(quantity) : 0;
    const isReasoned = reason.trim() !== "";
    if (units > 0 && isReasoned) entering.mutate({ typed: code.trim(), units, says: reason.trim() });
    const faults = {
      ...(units === 0 && { quantity: "Type a whole number of at least 1" }),
      ...(!isReasoned && { reason: "Type a reason" }),
    };
    setFault(units === 0 || !isReasoned ? faults : undefined);
  }

  const error = entering.error ?? finding.error;
  return (
    <>
      <PageHead title="Restock" says="Bring a delivery in: scan a unit, type how many came, and press Enter." />
      <div className="restock">
        <section className="card form" aria-label="A delivery">
          <form onSubmit={submit}>
            <Stack gap="sm">
              <TextInput
                ref={codeField}
                label="Scan"
                description="A barcode, or the id of a product without one"
                size="lg"
                required
                autoComplete="off"
                spellCheck={false}
                maxLength={128}
                value={code}
                onChange={({ currentTarget }) => {
                  changed(setCode, currentTarget.value);
                  finding.reset();
                  // The quantity is of the unit before, which is being brought in.
                  if (entering.isPending) setQuantity("");
                }}
              />
              <Text role="status" fw={600} className="breaks" mih={22}>
                {finding.data?.name}
              </Text>
              <TextInput
                ref={quantityField}
                label="Quantity"
                size="lg"
                withAsterisk
                inputMode="numeric"
                autoComplete="off"
                value={quantity}
                error={fault?.quantity}
                onChange={({ currentTarget }) => changed(setQuantity, currentTarget.value)}
              />
              <TextInput
                label="Reason"
                description="It is kept beside the entry, with your name"
                required
                autoComplete="off"
                maxLength={500}
                value={reason}
                error={fault?.reason}
                onChange={({ currentTarget }) => changed(setReason, currentTarget.value)}
              />
              {error && <ProblemNote error={error} />}
              <Group gap="sm">
                <Button type="submit" variant="filled" loading={entering.isPending}>
                  Bring in
                </Button>
                <Text role="status" c="dimmed" className="breaks" flex={1} miw={160}>
                  {entering.data && saysOf(entering.data)}
                </Text>
              </Group>
            </Stack>
          </form>
        </section>
        <LastDeliveries entries={entries} onUndone={(entry) => change({ ...entry, isUndone: true })} />
        <RestockFile />
      </div>
    </>
  );
}

function saysOf({ entry: { quantity, name }, onHand }: { entry: Pick<Entry, "quantity" | "name">; onHand: number }) {
  return `${plural(quantity, "unit", "units")} of ${name} ${quantity === 1 ? "is" : "are"} in: ${count(onHand)} in the warehouse now.`;
}

/** @throws if no product, or more than one, has the code. */
async function productBy(code: string) {
  const [product, another] = (await warehouseApi.byCode(code)).products;
  if (!product)
    throw new Error(
      `No product has the code ${code}. Check it, or ask an operator: the page of a product keeps its barcode.`,
    );
  if (!another) return product;
  throw new Error(
    `${product.productId} and ${another.productId} have the same barcode. Ask an operator to correct it.`,
  );
}
