/** Changes the price of the version that was read: if another operator was quicker, nothing is overwritten. */
import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { money } from "../../../lib/amounts.ts";
import { api, type Product } from "../../api.ts";
import { hear } from "../../heard.ts";
import { useFaultFocus } from "../fault-focus.ts";
import { ProblemNote } from "../problem.tsx";
import { minorOf, typedPrice } from "./price-text.ts";

export function PriceForm({ product }: { product: Product }) {
  const { productId, version, price, currency } = product;
  const queries = useQueryClient();
  const [typed, setTyped] = useState(typedPrice(price, currency));
  const [fault, setFault] = useState<{ says: string }>();
  const form = useRef<HTMLFormElement>(null);
  useFaultFocus(form, fault);
  const changing = useMutation({
    mutationFn: (minor: number) => api.changeProduct(productId, version, { price: minor }),
    async onSuccess(changed) {
      await hear(queries, ["product", productId], changed);
      await queries.invalidateQueries({ queryKey: ["products"] });
      await queries.invalidateQueries({ queryKey: ["stock", productId] });
    },
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    const minor = minorOf(typed, currency);
    setFault(minor === undefined ? { says: `Type an amount such as ${typedPrice(price, currency)}` } : undefined);
    if (minor !== undefined) changing.mutate(minor);
  }

  async function readAgain(): Promise<void> {
    changing.reset();
    await queries.invalidateQueries({ queryKey: ["product", productId] });
  }

  const wanted = minorOf(typed, currency);
  return (
    <form ref={form} onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={`New price in ${currency}`}
          description="Orders that were accepted keep the price they were accepted at."
          inputMode="decimal"
          autoComplete="off"
          value={typed}
          error={fault?.says}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        {changing.isError && <ProblemNote error={changing.error} again={readAgain} />}
        <div>
          <Button type="submit" loading={changing.isPending} disabled={wanted === price}>
            {wanted === undefined || wanted === price ? "Change the price" : `Change to ${money(wanted, currency)}`}
          </Button>
        </div>
        <Text role="status" c="dimmed">
          {wanted === price && "This is the price now."}
        </Text>
      </Stack>
    </form>
  );
}
