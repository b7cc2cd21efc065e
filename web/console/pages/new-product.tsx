/** Adds a product to the shop, which can be bought once it has units. */
import { Button, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { useAddOnce } from "../add-once.ts";
import { api, type Product } from "../api.ts";
import { isAtFields, useFaultFocus } from "../parts/fault-focus.ts";
import { faultOfField } from "../parts/field-fault.ts";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { minorOf } from "../parts/products/price-text.ts";
import { ProductFields } from "../parts/products/product-fields.tsx";
import { bodyOf, noDetails } from "../product-details.ts";

const says = {
  price: "Type an amount such as 49.00, with no more decimals than the currency has",
  productId: "Use letters, digits and . _ - and begin with a letter or a digit",
  currency: "Type the three letters of a currency, such as EUR",
};
const usualCurrency = "EUR";

export function NewProduct() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState(noDetails);
  const [productId, setProductId] = useState("");
  const [price, setPrice] = useState("");
  const [currency, setCurrency] = useState(usualCurrency);
  const [fault, setFault] = useState<{ says: string }>();
  const form = useRef<HTMLFormElement>(null);
  const addOnce = useAddOnce<Product>();
  const adding = useMutation({
    mutationFn: (price: number) => {
      const product = { ...bodyOf(typed), price, currency: currency.trim().toUpperCase() };
      const add = (id: string) => api.addProduct({ ...product, productId: id });
      return addOnce({ typedId: productId.trim(), add, read: api.product });
    },
    async onSuccess(product) {
      queries.setQueryData(["product", product.productId], product);
      await queries.invalidateQueries({ queryKey: ["products"] });
      await navigate({ to: "/products/$productId", params: { productId: product.productId } });
    },
  });
  const { error } = adding;
  useFaultFocus(form, fault ?? error);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const minor = minorOf(price, currency.trim().toUpperCase());
    setFault(minor === undefined ? { says: says.price } : undefined);
    if (minor !== undefined) adding.mutate(minor);
  }

  return (
    <>
      <Link to="/products">All products</Link>
      <PageHead title="New product" says="It is in the shop at once, and can be bought once units are brought in." />
      <form ref={form} onSubmit={submit} noValidate className="card narrow">
        <Stack gap="sm">
          <ProductFields typed={typed} onChange={setTyped} error={error} />
          <TextInput
            label="Price"
            description="Of one unit, in the currency below"
            required
            inputMode="decimal"
            autoComplete="off"
            value={price}
            error={fault?.says ?? faultOfField(error, "price", says)}
            onChange={({ currentTarget }) => setPrice(currentTarget.value)}
          />
          <TextInput
            label="Currency"
            description="Its three letters, such as EUR"
            required
            autoComplete="off"
            maxLength={3}
            value={currency}
            error={faultOfField(error, "currency", says)}
            onChange={({ currentTarget }) => setCurrency(currentTarget.value)}
          />
          <TextInput
            label="Id"
            description="A part of its address, and it stays. Left empty, one is made"
            autoComplete="off"
            maxLength={64}
            value={productId}
            error={faultOfField(error, "productId", says)}
            onChange={({ currentTarget }) => setProductId(currentTarget.value)}
          />
          {error && !isAtFields(error) && <ProblemNote error={error} />}
          <div>
            <Button type="submit" variant="filled" loading={adding.isPending}>
              Add the product
            </Button>
          </div>
        </Stack>
      </form>
    </>
  );
}
