/** One product: its stock with every entry, its price and its picture. */
import { SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { count, dayAndTime, money } from "../../lib/amounts.ts";
import { api } from "../api.ts";
import { DropLink, useDropOf } from "../parts/drops/drop-of-product.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { GatePrice } from "../parts/products/gate-price.tsx";
import { ImageForm } from "../parts/products/image-form.tsx";
import { PriceForm } from "../parts/products/price-form.tsx";
import { ProductDetails } from "../parts/products/product-details.tsx";
import { StockBar } from "../parts/products/stock-bar.tsx";
import { StockEntries } from "../parts/products/stock-entries.tsx";
import { StockForm } from "../parts/products/stock-form.tsx";
import { plural } from "../plural.ts";

const lookEveryMs = 5_000;

export function ProductPage() {
  const { productId } = useParams({ from: "/products/$productId" });
  const product = useQuery({ queryKey: ["product", productId], queryFn: () => api.product(productId) });
  const stock = useQuery({
    queryKey: ["stock", productId],
    queryFn: () => api.stock(productId),
    refetchInterval: lookEveryMs,
  });
  const drop = useDropOf(productId);
  if (product.isPending) return <Loading rows={8} />;
  if (!product.data) {
    return (
      <>
        <Link to="/products">All products</Link>
        <PageHead title="Product" says={productId} />
        <ProblemNote error={product.error} again={product.refetch} />
      </>
    );
  }
  const { name, price, currency, version, limitPerCustomer, updatedAt } = product.data;
  return (
    <>
      <Link to="/products">All products</Link>
      {product.isError && <ProblemNote error={product.error} again={product.refetch} />}
      <PageHead title={name} says={productId} />
      <SimpleGrid key={productId} cols={{ base: 1, md: 2 }} spacing="lg">
        <section className="card" aria-label="Stock">
          <h2>Stock</h2>
          {stock.isPending && <Loading rows={2} />}
          {stock.isError && <ProblemNote error={stock.error} again={stock.refetch} />}
          {stock.data && (
            <>
              <StockBar stock={stock.data} />
              <Text c="dimmed" mb="md">
                {plural(stock.data.onHand, "unit", "units")} in the warehouse.{" "}
                {stock.data.gate === null
                  ? "The gate is closed for this product."
                  : `The gate may still sell ${count(stock.data.gate)}.`}
              </Text>
            </>
          )}
          <StockForm productId={productId} />
        </section>
        <section className="card" aria-label="Price">
          <h2>Price</h2>
          <p className="large-figure">{money(price, currency)}</p>
          <Facts
            facts={{
              "At the gate": stock.data ? <GatePrice product={product.data} stock={stock.data} /> : "Not known",
              "Limit per customer": limitPerCustomer === null ? "None" : count(limitPerCustomer),
              "Sold in": drop ? <DropLink drop={drop} /> : "No drop: at any time",
              Version: `${count(version)}, changed ${dayAndTime(updatedAt)}`,
            }}
          />
          <PriceForm key={price} product={product.data} />
        </section>
        <section className="card" aria-label="Details">
          <h2>Details</h2>
          <ProductDetails product={product.data} />
        </section>
        <section className="card" aria-label="Picture">
          <h2>Picture</h2>
          <ImageForm product={product.data} />
        </section>
      </SimpleGrid>
      <section className="card below" aria-label="Stock entries">
        <h2>Stock entries</h2>
        <StockEntries productId={productId} />
      </section>
    </>
  );
}
