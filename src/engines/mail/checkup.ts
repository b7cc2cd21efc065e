/** Looks a mail server over: connects and signs in, and sends nothing. */
import { createTransport } from "nodemailer";
import { type Finding, ok } from "../finding.ts";

const answerWithinMs = 5_000;

/** @throws if it does not answer or refuses the login. */
export async function checkSmtp(url: string): Promise<Finding[]> {
  const times = { connectionTimeout: answerWithinMs, greetingTimeout: answerWithinMs, socketTimeout: answerWithinMs };
  const transport = createTransport({ url, ...times });
  try {
    await transport.verify();
    return [ok("mail server", `answers at ${new URL(url).host}`)];
  } finally {
    transport.close();
  }
}
