/** The commands about people: a token for a role, and the role of a person. */
import { defineCommand } from "citty";
import { isRole, issueToken, isUserId, roles, userIdRule } from "#identity";
import { readConfig } from "../config/config.ts";
import { createAsk, Refused } from "./ask.ts";
import { tell } from "./shown.ts";

const roleSays = `One of ${roles.join(", ")}`;

export const token = defineCommand({
  meta: { name: "token", description: "Print a bearer token for a role, signed with JWT_SECRET and valid for a day" },
  args: {
    role: { type: "string", required: true, description: roleSays, valueHint: "ADMIN" },
    user: { type: "string", description: "The user id in the token; the role's name by default" },
  },
  async run({ args: { role, user } }) {
    if (!isRole(role)) throw new Refused(`--role ${role} is none of ${roles.join(", ")}`);
    if (user !== undefined && !isUserId(user)) throw new Refused(`--user ${JSON.stringify(user)}: give ${userIdRule}`);
    const config = readConfig();
    if (config.OIDC_ISSUER) {
      throw new Refused(
        `people of this shop sign in at ${config.OIDC_ISSUER}: sign in there, or leave OIDC_ISSUER out`,
      );
    }
    tell(await issueToken(config, { role, user }));
  },
});

export const appoint = defineCommand({
  meta: {
    name: "appoint",
    description:
      "Give a person of the running system a role; without a mail server a new account is made, and its password printed",
  },
  args: {
    email: {
      type: "string",
      required: true,
      description: "The address that they sign in with",
      valueHint: "ada@example.com",
    },
    role: { type: "string", required: true, description: roleSays, valueHint: "ADMIN" },
  },
  async run({ args: { email, role } }) {
    if (!isRole(role)) throw new Refused(`--role ${role} is none of ${roles.join(", ")}`);
    if (!/^[^\s@]+@[^\s@]+$/.test(email))
      throw new Refused(`--email ${email} is no e-mail address: write ada@example.com`);
    const config = readConfig();
    const isMailed = config.SMTP_URL !== undefined;
    const { appointPerson } = await import("./appoint.ts");
    await appointPerson(await createAsk(config), { email, role, isMailed, print: tell });
  },
});
