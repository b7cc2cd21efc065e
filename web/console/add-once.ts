/** Adds a thing under an id that the console makes: a second attempt after a lost answer finds what the first one made. */
import { useState } from "react";
import { Refused } from "./ask.ts";

type AddOnce<Made> = {
  /** As the operator typed it; empty if one is to be made. */
  typedId: string;
  add(id: string): Promise<Made>;
  read(id: string): Promise<Made>;
};

/** One made id for as long as the form stands. */
export function useAddOnce<Made>(): (adding: AddOnce<Made>) => Promise<Made> {
  const [madeId] = useState(() => crypto.randomUUID().replaceAll("-", "").slice(0, 16));
  return async ({ typedId, add, read }) => {
    try {
      return await add(typedId || madeId);
    } catch (error) {
      const isOurs = typedId === "" && error instanceof Refused && error.code.endsWith("_exists");
      if (isOurs) return read(madeId);
      throw error;
    }
  };
}
