/**
 * Paying by Stripe in the browser. Stripe's script is a fake that the browser gets in its place, because Stripe cannot be
 * reached here; the fake of its API is the one of the provider's contract.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type FakeStripe, startFakeStripe } from "../servers/fake-stripe.ts";
import { freePort } from "../support/free-port.ts";
import { heldBack } from "./held-back.ts";
import { look } from "./look.ts";
import { openStage, type Person, type Stage, skip } from "./stage.ts";

const keys = { secretKey: "sk_test_of_the_tests", webhookSecret: "whsec_of_the_tests" };

/** As Stripe's script, it puts a field into the page and gives a token for what is typed there. */
const script = `
  globalThis.Stripe = (key) => ({
    elements: () => ({
      create: () => {
        const input = Object.assign(document.createElement("input"), { name: "card" });
        input.setAttribute("aria-label", "Card of " + key);
        input.style.cssText = "border: 0; min-block-size: 0; padding: 0; background: none";
        return { input, mount: (place) => place.append(input), unmount: () => input.remove() };
      },
    }),
    async createPaymentMethod({ card }) {
      const id = { good: "pm_card_visa", bad: "pm_card_chargeDeclined", asks: "pm_card_authenticationRequired" }[card.input.value];
      return id ? { paymentMethod: { id } } : { error: { message: "Your card number is incomplete." } };
    },
  });`;

describe("paying by Stripe in the browser", { skip }, () => {
  let fake: FakeStripe;
  let stage: Stage;
  let product: string;
  before(async () => {
    fake = await startFakeStripe(keys);
    const port = await freePort();
    const settings = {
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      PAYMENT_PROVIDER: "stripe",
      STRIPE_SECRET_KEY: keys.secretKey,
      STRIPE_PUBLISHABLE_KEY: "pk_test_of_the_tests",
      STRIPE_WEBHOOK_SECRET: keys.webhookSecret,
      STRIPE_API_URL: fake.url,
    };
    stage = await openStage({ settings });
    fake.sendTo(`${stage.world.origin}/payments/webhooks/stripe`);
    product = await stage.world.newProduct({ stock: 50 });
  });
  after(async () => {
    await fake?.close();
    await stage?.close();
  });

  async function held(userId: string, answer: string | null = script): Promise<Person> {
    const person = await stage.person(userId);
    await person.page.route("https://js.stripe.com/**", (route) =>
      answer === null ? route.abort() : route.fulfill({ contentType: "text/javascript", body: answer }),
    );
    const { orderId } = await stage.world.place(person.api, product);
    await stage.world.untilStatus(person.api, orderId, "PAYMENT_PENDING");
    await person.page.goto(`/o/${orderId}`);
    return person;
  }

  async function payWith({ page }: Person, typed: string): Promise<void> {
    await page.getByLabel("Card of pk_test_of_the_tests").fill(typed);
    await page.getByRole("button", { name: /^Pay/ }).click();
  }

  test("the card is typed into Stripe's field; after a fault and a declined card a good one pays the order", async () => {
    const person = await held("stripe-pays");
    const { page } = person;
    const sent: string[] = [];
    page.on("request", (request) => void sent.push(request.postData() ?? ""));
    await page.getByLabel("Card of pk_test_of_the_tests").waitFor();
    await look(page, "stripe", ".pay");
    await payWith(person, "half");
    await page.getByText("Your card number is incomplete.").waitFor();
    await payWith(person, "bad");
    await page.getByText("The bank declined this card").waitFor();
    await payWith(person, "good");
    await page.getByText("It is yours").waitFor();
    const bodies = sent.filter((body) => body.includes("pm_card"));
    assert.deepEqual(bodies, ['{"paymentMethod":"pm_card_chargeDeclined"}', '{"paymentMethod":"pm_card_visa"}']);
  });

  test("a buyer whom their bank asks goes there, finds the way again after a reload, and comes back to a paid order", async () => {
    const person = await held("stripe-asks");
    const { page } = person;
    const order = page.url();
    await payWith(person, "asks");
    await page.getByRole("heading", { name: "Your bank" }).waitFor();
    await page.goto(order);
    await page.getByRole("link", { name: "Go to your bank" }).waitFor();
    await look(page, "stripe-asks", ".pay");
    await page.getByRole("link", { name: "Go to your bank" }).click();
    await page.getByRole("link", { name: "approve" }).click();
    await page.getByText("It is yours").waitFor();
    assert.equal(new URL(page.url()).pathname, new URL(order).pathname);
  });

  test("a buyer who has left the order is not led to their bank, and finds the way there on its page", async () => {
    const person = await held("stripe-leaves");
    const { page } = person;
    const order = new URL(page.url()).pathname;
    const paying = await heldBack(page, "**/payment");
    await payWith(person, "asks");
    await paying.answered;
    await page.getByRole("link", { name: "Shop", exact: true }).click();
    await page.getByRole("heading", { name: "On sale now and soon" }).waitFor();
    await paying.pass();
    assert.equal(new URL(page.url()).pathname, "/");
    await page.goto(order);
    await page.getByRole("link", { name: "Go to your bank" }).waitFor();
  });

  test("if Stripe's script does not come the page says so, and no other field takes a card", async () => {
    const { page } = await held("stripe-away", null);
    await page.getByText("The field for your card did not load").waitFor();
    assert.equal(await page.locator(".pay input").count(), 0);
  });
});
