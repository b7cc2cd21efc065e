/** Loads Stripe's script from Stripe, which permits no copy of it, and describes the part of it that the shop uses. */

export type CardField = { mount(place: HTMLElement): void; unmount(): void };

export type StripeClient = {
  elements(options: { locale: string }): { create(kind: "card", options: object): CardField };
  createPaymentMethod(of: {
    type: "card";
    card: CardField;
  }): Promise<{ paymentMethod?: { id: string }; error?: { message?: string } }>;
};

type Opener = (publishableKey: string) => StripeClient;

let loading: Promise<Opener> | undefined;

/** @throws if the script does not come: the next call tries again. */
export async function openStripe(address: string, publishableKey: string): Promise<StripeClient> {
  loading ??= load(address);
  try {
    return (await loading)(publishableKey);
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

function load(address: string): Promise<Opener> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve((globalThis as unknown as { Stripe: Opener }).Stripe));
    script.addEventListener("error", () => reject(new Error(`${address} did not load`)));
    document.head.append(script);
  });
}
