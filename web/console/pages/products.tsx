/** All products: the price here and at the gate, and the stock. */
import { Button, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { count, money } from "../../lib/amounts.ts";
import { api, type Product } from "../api.ts";
import { DropLink, useDropOf } from "../parts/drops/drop-of-product.tsx";
import { ListFrame } from "../parts/list-frame.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";
import { GatePrice } from "../parts/products/gate-price.tsx";

const lookEveryMs = 5_000;

export function Products() {
  const pages = usePagesOf(["products"], readProducts, lookEveryMs);
  return (
    <>
      <PageHead
        title="Products"
        says={
          <>
            Price and units of everything that is for sale. Open one to change it. Deliveries, also as a CSV file, come
            in on the page <Link to="/restock">Restock</Link>. Read again every 5 seconds.
          </>
        }
      >
        <Button renderRoot={(props) => <Link to="/products/new" {...props} />} variant="filled">
          New product
        </Button>
      </PageHead>
      <ListFrame
        pages={pages}
        more="More"
        empty={
          <>
            Products stand here with their price and units. <Link to="/products/new">Add the first one</Link>.
          </>
        }
      >
        <Table.ScrollContainer minWidth={0} type="native">
          <Table className="rows" stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Product</Table.Th>
                <Table.Th className="figure">Price</Table.Th>
                <Table.Th>At the gate</Table.Th>
                <Table.Th className="figure">Sold</Table.Th>
                <Table.Th className="figure">Held</Table.Th>
                <Table.Th className="figure">Free</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages.items.map((product) => (
                <Row key={product.productId} product={product} lookEveryMs={pages.lookEveryMs} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </ListFrame>
    </>
  );
}

async function readProducts(cursor: string | undefined) {
  const { products, nextCursor } = await api.products(cursor);
  return { items: products, nextCursor: nextCursor ?? null };
}

function Row({ product, lookEveryMs }: { product: Product; lookEveryMs: number | false }) {
  const { productId, name, price, currency } = product;
  const stock = useQuery({
    queryKey: ["stock", productId],
    queryFn: () => api.stock(productId),
    refetchInterval: lookEveryMs,
  });
  const drop = useDropOf(productId);
  const units = (value: number | undefined) => (value === undefined ? "–" : count(value));
  return (
    <Table.Tr>
      <Table.Th scope="row" className="breaks">
        <Link to="/products/$productId" params={{ productId }}>
          {name}
        </Link>
        <Text size="xs" c="dimmed">
          {productId}
          {drop && (
            <>
              {" "}
              in <DropLink drop={drop} />
            </>
          )}
        </Text>
      </Table.Th>
      <Table.Td className="figure" data-label="Price">
        {money(price, currency)}
      </Table.Td>
      <Table.Td data-label="At the gate">
        {stock.data ? <GatePrice product={product} stock={stock.data} /> : stock.isError ? "Not known" : "…"}
      </Table.Td>
      <Table.Td className="figure" data-label="Sold">
        {units(stock.data?.sold)}
      </Table.Td>
      <Table.Td className="figure" data-label="Held">
        {units(stock.data?.held)}
      </Table.Td>
      <Table.Td className="figure" data-label="Free">
        {units(stock.data?.available)}
      </Table.Td>
    </Table.Tr>
  );
}
