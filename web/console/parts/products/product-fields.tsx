/** The fields of a product beside its price and its picture. */
import { Textarea, TextInput } from "@mantine/core";
import type { Details } from "../../product-details.ts";
import { faultOfField } from "../field-fault.ts";

const says: Record<string, string> = {
  name: "Type a name, on one line",
  description: "The description has a character that cannot be shown",
  limitPerCustomer: "Type a whole number of at least 1, or nothing",
  barcode: "Type what a scanner reads: letters, digits and signs without accents",
  bin: "Type a place on one line, or nothing",
};

type ProductFieldsProps = { typed: Details; onChange(typed: Details): void; error: Error | null };

export function ProductFields({ typed, onChange, error }: ProductFieldsProps) {
  const field = (name: keyof Details, path: string = name) => ({
    autoComplete: "off",
    value: typed[name],
    error: faultOfField(error, path, says),
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      onChange({ ...typed, [name]: currentTarget.value }),
  });
  return (
    <>
      <TextInput label="Name" required maxLength={200} {...field("name")} />
      <Textarea
        label="Description"
        description="Text for the shop"
        rows={3}
        maxLength={4_000}
        {...field("description")}
      />
      <TextInput
        label="Limit per customer, units"
        description="Left empty, there is none"
        inputMode="numeric"
        maxLength={7}
        {...field("limit", "limitPerCustomer")}
      />
      <TextInput
        label="Barcode"
        description="What a scanner reads from a unit. Left empty, it is the product's id"
        maxLength={128}
        {...field("barcode")}
      />
      <TextInput label="Bin" description="Where its units lie in the warehouse" maxLength={64} {...field("bin")} />
    </>
  );
}
