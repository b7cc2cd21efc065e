/** The products of a drop, each with its label, in the order in which buyers choose among them. */
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "../../api.ts";
import { oneMore, type PlannedProduct } from "../../drop-plan.ts";

type DropProductsProps = {
  products: PlannedProduct[];
  isFrozen: boolean;
  faultOf(at: number, field: "productId" | "label"): string | undefined;
  onChange(products: PlannedProduct[]): void;
};

const mostProducts = 50;

export function DropProducts({ products, isFrozen, ...editing }: DropProductsProps) {
  if (!isFrozen) return <Editable products={products} {...editing} />;
  return (
    <>
      <ol className="products">
        {products.map(({ key, productId, label }) => (
          <li key={key} className="breaks">
            <Link to="/products/$productId" params={{ productId }}>
              {productId}
            </Link>
            {label && `, ${label}`}
          </li>
        ))}
      </ol>
      <Text c="dimmed">Frozen: once a drop is scheduled, its products stay. Copy it to sell others.</Text>
    </>
  );
}

function Editable({ products, faultOf, onChange }: Omit<DropProductsProps, "isFrozen">) {
  const known = useQuery({ queryKey: ["products", "choice"], queryFn: () => api.products(undefined) });
  const replace = (at: number, ...by: PlannedProduct[]) => onChange(products.toSpliced(at, 1, ...by));

  function moveUp(at: number): void {
    const [above, one] = products.slice(at - 1, at + 1);
    if (above && one) onChange(products.toSpliced(at - 1, 2, one, above));
  }

  return (
    <Stack gap="sm">
      <datalist id="known-products">
        {known.data?.products.map(({ productId, name }) => (
          <option key={productId} value={productId}>
            {name}
          </option>
        ))}
      </datalist>
      {products.map((product, at) => {
        const { key, productId, label } = product;
        const which = `product ${at + 1}`;
        return (
          <fieldset key={key} className="product-line" aria-label={`Product ${at + 1}`}>
            <TextInput
              label="Product id"
              required
              list="known-products"
              autoComplete="off"
              maxLength={64}
              value={productId}
              error={faultOf(at, "productId")}
              onChange={({ currentTarget }) => replace(at, { ...product, productId: currentTarget.value })}
            />
            <TextInput
              label="Label"
              placeholder="M"
              autoComplete="off"
              maxLength={60}
              value={label}
              error={faultOf(at, "label")}
              onChange={({ currentTarget }) => replace(at, { ...product, label: currentTarget.value })}
            />
            {products.length > 1 && (
              <Group gap="xs">
                <Button size="xs" onClick={() => moveUp(at)} disabled={at === 0} aria-label={`Move ${which} up`}>
                  Up
                </Button>
                <Button size="xs" onClick={() => replace(at)} aria-label={`Leave out ${which}`}>
                  Leave out
                </Button>
              </Group>
            )}
          </fieldset>
        );
      })}
      <div>
        <Button size="xs" disabled={products.length >= mostProducts} onClick={() => onChange([...products, oneMore()])}>
          Another product
        </Button>
      </div>
    </Stack>
  );
}
