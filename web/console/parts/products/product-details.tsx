/** Changes what is said of a product. Only what was typed is sent, so what another operator changed meanwhile stays. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, type Product } from "../../api.ts";
import { hear } from "../../heard.ts";
import { type Details, detailsOf, patchOf } from "../../product-details.ts";
import { typedSince } from "../../typed-since.ts";
import { isAtFields, useFaultFocus } from "../fault-focus.ts";
import { ProblemNote } from "../problem.tsx";
import { ProductFields } from "./product-fields.tsx";

export function ProductDetails({ product }: { product: Product }) {
  const { productId, version } = product;
  const queries = useQueryClient();
  const [base, setBase] = useState(product);
  const [typed, setTyped] = useState(() => detailsOf(product));
  const patch = patchOf(base, typed);
  const saving = useMutation({
    mutationFn: ({ body }: { body: NonNullable<typeof patch>; sent: Details }) =>
      api.changeProduct(productId, version, body),
    async onSuccess(changed, { sent }) {
      setBase(changed);
      setTyped((now) => typedSince(sent, now, detailsOf(changed)));
      await hear(queries, ["product", productId], changed);
      await queries.invalidateQueries({ queryKey: ["products"] });
    },
  });
  const form = useRef<HTMLFormElement>(null);
  useFaultFocus(form, saving.error);
  if (version > base.version && !patch) startFrom(product);

  function startFrom(next: Product): void {
    setBase(next);
    setTyped(detailsOf(next));
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (patch) saving.mutate({ body: patch, sent: typed });
  }

  async function readAgain(): Promise<void> {
    saving.reset();
    await queries.invalidateQueries({ queryKey: ["product", productId] });
  }

  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack gap="sm">
        <ProductFields typed={typed} onChange={setTyped} error={saving.error} />
        {saving.error && !isAtFields(saving.error) && <ProblemNote error={saving.error} again={readAgain} />}
        <Group gap="sm">
          <Button type="submit" loading={saving.isPending} disabled={!patch}>
            Save the details
          </Button>
          {patch && <Button onClick={() => startFrom(product)}>Discard them</Button>}
          <Text role="status" c="dimmed">
            {!patch && saving.isSuccess && "Saved."}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
