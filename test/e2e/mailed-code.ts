/** The code in the latest mail to an address, as an ADMIN reads it; `besides` waits for another one than that. */
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";

export async function mailedCode({ admin }: World, address: string, besides?: string): Promise<string> {
  return eventually(async () => {
    const { body } = await admin.get<{ items: { to: string; text: string }[] }>("/admin/mails");
    const code = /^\D*(\d{6})\n/.exec(body.items.find(({ to }) => to === address)?.text ?? "")?.[1];
    return code !== besides && code;
  }) as Promise<string>;
}
