/** The picture of a product: the one that the shop shows now, and another one from a file. */
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { api, type Product } from "../../api.ts";
import { hear } from "../../heard.ts";
import { ProblemNote } from "../problem.tsx";

const kinds = "image/png,image/jpeg,image/webp,image/avif";
const mostBytes = 1_048_576;

export function ImageForm({ product }: { product: Product }) {
  const { productId, version, image } = product;
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const changing = useMutation({
    mutationFn(file: File | null): Promise<Product> {
      if (!file) return api.changeProduct(productId, version, { image: null });
      if (file.size > mostBytes) throw new Error("The file is larger than 1 MB. Choose a smaller one.");
      return api.setImage(productId, version, file);
    },
    async onSuccess(changed) {
      await hear(queries, ["product", productId], changed);
      await queries.invalidateQueries({ queryKey: ["products"] });
    },
  });

  async function readAgain(): Promise<void> {
    changing.reset();
    await queries.invalidateQueries({ queryKey: ["product", productId] });
  }

  const isShown = image?.startsWith("/") ?? false;
  return (
    <>
      {isShown && <img className="picture" src={image ?? ""} alt={`${product.name} as the shop shows it`} />}
      <Text c="dimmed" mb="md">
        {isShown ? "The shop shows it." : "The shop draws a cover of its own until there is a picture."} A PNG, JPEG,
        WebP or AVIF of at most 1 MB.
      </Text>
      {changing.isError && <ProblemNote error={changing.error} again={readAgain} />}
      <input
        ref={input}
        type="file"
        accept={kinds}
        hidden
        aria-label="Picture file"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) changing.mutate(file);
          // The same file can be chosen again after it was refused.
          currentTarget.value = "";
        }}
      />
      <Group gap="sm">
        <Button onClick={() => input.current?.click()} loading={changing.isPending}>
          {isShown ? "Choose another picture …" : "Choose a picture …"}
        </Button>
        {isShown && (
          <Button onClick={() => changing.mutate(null)} disabled={changing.isPending}>
            Remove it
          </Button>
        )}
      </Group>
    </>
  );
}
