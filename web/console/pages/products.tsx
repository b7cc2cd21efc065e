/** All products: the price here and at the gate, and the stock. */
import { Button, Group, Table, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { count, money } from "../../lib/amounts.ts";
import { api, type Product } from "../api.ts";
import { DropLink, useDropOf } from "../parts/drop-of-product.tsx";
import { GatePrice } from "../parts/gate-price.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";

const lookEveryMs = 5_000;

export function Products() {
  const pages = useInfiniteQuery({
    queryKey: ["products"],
    queryFn: ({ pageParam }) => api.products(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: lookEveryMs,
  });
  const products = pages.data?.pages.flatMap((page) => page.products) ?? [];
  return (
    <>
      <PageHead
        title="Products"
        says="Stock and price of everything that is for sale. Open one to change it. Read again every 5 seconds."
      />
      {pages.isPending && <Loading rows={6} />}
      {pages.isError && <ProblemNote error={pages.error} again={pages.refetch} />}
      {pages.data && products.length === 0 && (
        <Text>No product is for sale yet. Add the first one: POST /products, or npm run dropgate -- seed.</Text>
      )}
      {products.length > 0 && (
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
              {products.map((product) => (
                <Row key={product.productId} product={product} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {pages.hasNextPage && (
        <Group mt="md">
          <Button onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
            More
          </Button>
        </Group>
      )}
    </>
  );
}

function Row({ product }: { product: Product }) {
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
      <Table.Th scope="row">
        <Link to="/products/$productId" params={{ productId }}>
          {name}
        </Link>
        <Text size="xs" c="dimmed" className="breaks">
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
