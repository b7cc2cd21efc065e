/** Describes accounts and sessions on the wire. */
import { type Static, Type } from "typebox";
import { storable, storableOrEmpty, unprintable, visibleLine } from "#platform/wire";

const closed = { additionalProperties: false };

const someId = "5b1d0e9a00004000";
const someone = { email: "ada@example.com" };
const somePassword = "correct horse battery";
const someCode = "012345";

/** The part before the @ is the mail server's own. No line break or space may reach a mail's head. */
const inAddress = `[^\\s@${unprintable}<>,;:"\\\\()]`;
export const emailPattern = `^${inAddress}{1,64}@${inAddress}{1,189}$`;
const Email = Type.String({
  pattern: emailPattern,
  description: "An address that receives mail; upper and lower case are the same",
  examples: ["ada@example.com"],
});
const Password = Type.String({ minLength: 1, maxLength: 200 });
const Code = Type.String({ pattern: "^[0-9]{6}$", description: "The six digits of the mail", examples: ["012345"] });
const Id = Type.String({ pattern: "^[a-z0-9-]{1,64}$", examples: [someId] });
const PersonName = Type.String({ pattern: visibleLine, maxLength: 200, examples: ["Ada"] });
const Locale = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,8}$",
  examples: ["de-DE"],
});
const Zone = Type.Unsafe<string | null>({
  type: ["string", "null"],
  pattern: "^[A-Za-z0-9_+/-]{1,64}$",
  examples: ["Europe/Berlin"],
});
const Time = Type.String({ format: "date-time" });
export const RoleName = Type.Unsafe<"CUSTOMER" | "WAREHOUSE" | "ADMIN">({
  type: "string",
  enum: ["CUSTOMER", "WAREHOUSE", "ADMIN"],
});

export const SignUpBody = Type.Object(
  { email: Email, name: PersonName, password: Type.Optional(Password) },
  { ...closed, examples: [{ ...someone, name: "Ada" }] },
);
export const CodeSentAnswer = Type.Object({
  codeId: Type.String({ description: "Of this one request; verify asks for it" }),
  expiresAt: Time,
});
export const VerifyBody = Type.Object(
  { codeId: Id, code: Code },
  { ...closed, examples: [{ codeId: someId, code: someCode }] },
);
export const EmailBody = Type.Object({ email: Email }, { ...closed, examples: [someone] });
export const ResetBody = Type.Object(
  { email: Email, code: Code, password: Password },
  { ...closed, examples: [{ ...someone, code: someCode, password: somePassword }] },
);
export const LogInBody = Type.Object(
  { email: Email, password: Type.Optional(Password), code: Type.Optional(Code) },
  {
    ...closed,
    minProperties: 2,
    maxProperties: 2,
    description: "The password, or a code that was mailed",
    examples: [{ ...someone, password: somePassword }],
  },
);
export const DemoBody = Type.Object(
  { person: Type.Unsafe<"ada" | "grace" | "linus">({ type: "string", enum: ["ada", "grace", "linus"] }) },
  { ...closed, examples: [{ person: "ada" }] },
);

export const AccountAnswer = Type.Object(
  {
    userId: Type.String(),
    email: Type.String(),
    name: Type.String(),
    roles: Type.Array(RoleName),
    locale: Locale,
    zone: Zone,
  },
  { $id: "Account" },
);
export type AccountAnswer = Static<typeof AccountAnswer>;
export const SessionAnswer = Type.Object({ account: Type.Ref("Account") });
export const SessionView = Type.Object({
  account: Type.Unsafe<AccountAnswer | null>({
    anyOf: [{ $ref: "Account#" }, { type: "null" }],
    description: "null if no session is signed in",
  }),
  mayRefresh: Type.Boolean({ description: "Whether POST /session/refresh is worth a try" }),
  issuer: Type.Unsafe<string | null>({
    type: ["string", "null"],
    description: "The host of the outside issuer that GET /session/oidc leads to; null if there is none",
  }),
  demoPeople: Type.Array(Type.Object({ person: Type.String(), name: Type.String(), role: RoleName }), {
    description: "Who can be signed in by one click; empty but on the embedded default at a loopback address",
  }),
});
export const OidcQuery = Type.Object({
  to: Type.Optional(
    Type.String({
      description: "The page to come back to: a path of this shop; any other is read as /me",
      examples: ["/"],
    }),
  ),
});
/** Issuers add fields of their own. */
export const OidcReturnQuery = Type.Object({
  code: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  iss: Type.Optional(Type.String({ description: "The issuer (RFC 9207)" })),
  error: Type.Optional(Type.String()),
});
export const AccountPatch = Type.Object(
  { name: Type.Optional(PersonName), locale: Type.Optional(Locale), zone: Type.Optional(Zone) },
  { ...closed, minProperties: 1, examples: [{ name: "Ada" }] },
);

const Cursor = Type.Optional(
  Type.String({ pattern: "^[a-z0-9-]{1,64}$", description: "`nextCursor` of the page before" }),
);
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 }));
const NextCursor = Type.Unsafe<string | null>({ type: ["string", "null"], description: "null on the last page" });

export const UserParams = Type.Object({ userId: Id });
export const UsersQuery = Type.Object(
  {
    q: Type.Optional(
      Type.String({
        pattern: storableOrEmpty,
        maxLength: 200,
        description: "A part of the address or the name",
      }),
    ),
    cursor: Cursor,
    limit: Limit,
  },
  closed,
);
export const UserAnswer = Type.Object(
  {
    userId: Type.String(),
    email: Type.String(),
    name: Type.String(),
    roles: Type.Array(RoleName),
    disabled: Type.Boolean(),
    version: Type.Integer({ description: "Counts the changes of roles and of disabled; for If-Match" }),
  },
  { $id: "User" },
);
export const UsersAnswer = Type.Object({ items: Type.Array(Type.Ref("User")), nextCursor: NextCursor });
export const UserHeaders = Type.Object({
  "if-match": Type.Optional(Type.String({ description: "The ETag of the version that was read", examples: ['"1"'] })),
});
export const UserPatch = Type.Object(
  {
    roles: Type.Optional(Type.Array(RoleName, { minItems: 1, maxItems: 3, uniqueItems: true })),
    disabled: Type.Optional(Type.Boolean()),
  },
  { ...closed, minProperties: 1, examples: [{ roles: ["WAREHOUSE"] }] },
);

const AuditText = Type.Optional(Type.String({ pattern: storable, maxLength: 500 }));
export const AuditQuery = Type.Object(
  {
    cursor: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1 })),
    limit: Limit,
    verify: Type.Optional(Type.Boolean()),
    actor: AuditText,
    action: AuditText,
    subject: AuditText,
    phase: Type.Optional(Type.Enum(["intent", "done", "refused", "failed"])),
  },
  closed,
);
export const AuditAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      at: Time,
      actor: Type.String(),
      actorName: Type.Optional(Type.String({ description: "Of the actor's account, if they have one" })),
      action: Type.String(),
      subject: Type.String(),
      phase: Type.String({ description: "intent, then done, refused or failed" }),
      intentSeq: Type.Union([Type.Integer(), Type.Null()], { description: "The intent that this is the outcome of" }),
      outcome: Type.Optional(
        Type.String({ description: "Of an intent: done, refused or failed; open if it has none, so it was cut short" }),
      ),
      detail: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
      hash: Type.String(),
    }),
  ),
  nextCursor: Type.Union([Type.Integer(), Type.Null()]),
  chain: Type.Optional(
    Type.Object(
      { rows: Type.Integer(), brokenAt: Type.Union([Type.Integer(), Type.Null()]) },
      { description: "With `verify=true`: how many rows follow from each other, and the first one that does not" },
    ),
  ),
});

export const MailsQuery = Type.Object(
  {
    cursor: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1 })),
    orderId: Type.Optional(Type.String({ format: "uuid", description: "Only the mails about this order" })),
    limit: Limit,
  },
  closed,
);
export const MailParams = Type.Object({ seq: Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1, examples: [1] }) });
export const MailAnswer = Type.Object(
  {
    seq: Type.Integer(),
    to: Type.String(),
    subject: Type.String(),
    text: Type.String({ description: "Empty once a mail server has taken the mail, if it may hold a code" }),
    state: Type.String({ description: "kept (no mail server is set), queued, sent or failed" }),
    canBeSentAgain: Type.Boolean({ description: "It failed; or it was sent, and holds no code" }),
    failure: Type.Optional(Type.String({ description: "Why the last try to send it failed" })),
    queuedAt: Time,
  },
  { $id: "Mail" },
);
export const MailsAnswer = Type.Object({
  items: Type.Array(Type.Ref("Mail")),
  nextCursor: Type.Union([Type.Integer(), Type.Null()]),
});

export const SessionParams = Type.Object({ sessionId: Id });
export const UserSessionParams = Type.Object({ userId: Id, sessionId: Id });
export const SessionsQuery = Type.Object(
  { cursor: Cursor, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 100 })) },
  closed,
);
export type SessionsQuery = Static<typeof SessionsQuery>;
export const SessionsAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      sessionId: Type.String(),
      createdAt: Time,
      seenAt: Type.String({ format: "date-time", description: "When it was last renewed" }),
      agent: Type.String({ description: "What the browser says of itself" }),
      network: Type.String(),
      isCurrent: Type.Boolean(),
    }),
  ),
  nextCursor: NextCursor,
});
