/**
 * The walls. Direction: main → services, assemble → modules → engines → platform. A new edge between two modules needs
 * a decision record in docs/adr first, and then a change to scripts/rooms.json.
 */

/**
 * `mayUse`: the modules whose face a module may import, and with it their `#problems` and `#wire`. `#events/<module>`, the
 * shapes of a module's events, is open to every module; `#routes/<module>` to the process alone. `process`: the folders of
 * the process, which may import what main may, and which no module may import.
 */
const { process: processFolders, mayUse } = require("./scripts/rooms.json");

const faces = `^src/(${Object.keys(mayUse)
  .map((module) => `${module}/${module}`)
  .join("|")})\\.ts$`;
const events = "^src/[^/]+/events\\.ts$";
const words = `^src/(${Object.keys(mayUse).join("|")})/(problems|wire)\\.ts$`;
const routes = `^src/(${Object.keys(mayUse).join("|")})/routes\\.ts$`;
const ports =
  "^src/engines/(sql/(sql|connection)|beacon/beacon|log/(log|dead-letters)|mail/mail|outbox/outbox|redis/redis|shop/shop|tracing/tracing|workflows/workflows)\\.ts$";

const processRooms = processFolders.join("|");

/** Files that only tests load: they may import from every folder, and no other file may import them. */
const testOnly = "\\.(test|testing|child|real)\\.ts$|/contract\\.workflow\\.ts$";

/** A vendor package and the only places that name it. */
const vendors = [
  {
    name: "pg",
    packages: ["pg", "postgrator"],
    home: "^src/engines/|^test/support/|^test/servers/|^bench/(client|kept|naive/)",
    why: "Modules write SQL against the Sql port: pools, time limits, lost commits and retries are settled there once.",
  },
  {
    name: "mail",
    packages: ["nodemailer"],
    home: "^src/engines/mail/",
    why: "Modules send mails through the mail port, which also works without a mail server.",
  },
  {
    name: "log",
    packages: ["@platformatic/kafka", "kafkajs", "@confluentinc/kafka-javascript"],
    home: "^src/engines/log/|^bench/naive/limited-cart\\.ts$|^test/",
    why: "The meaning of an acknowledgement differs between brokers; the EventLog port has one meaning.",
  },
  {
    name: "workflows",
    packages: ["@dbos-inc/dbos-sdk", "@temporalio/[a-z-]+"],
    home: "^src/engines/workflows/|^src/fulfilment/[a-z-]+\\.workflow\\.ts$|^test/|^bench/naive/",
    why: "The saga is the same text on every engine only as long as it names none of them.",
  },
  {
    name: "redis",
    packages: ["redis", "@redis/[a-z-]+", "iovalkey", "ioredis"],
    home: "^src/engines/redis/|^bench/(counters|naive/limited-cart)\\.ts$|^test/",
    why: "A client that repeats a script by itself would reopen a gate that has lost its memory, so one folder decides how scripts are sent.",
  },
  {
    name: "http",
    packages: ["fastify", "@fastify/[a-z-]+"],
    home: "^src/platform/|^src/gateway/|^src/pages/",
    why: "Modules add routes to the platform's Http, so validation, problems and metrics cannot be set up twice. Types may be imported.",
    typesAreFree: true,
  },
  {
    name: "payment",
    packages: ["stripe"],
    home: "^src/payment/stripe/|^test/",
    why: "The books know a provider by its port, so that each provider keeps the same promises and the shop runs without it.",
  },
  {
    name: "observability",
    packages: ["pino", "prom-client"],
    home: "^src/platform/",
    why: "Secrets are masked and labels are bounded in one place.",
  },
  {
    name: "curves",
    packages: ["@noble/curves", "@noble/hashes"],
    home: "^src/platform/|^web/",
    why: "A signature is checked in one place, by the server, the command line and the pages alike.",
  },
  {
    name: "tracing",
    packages: ["@opentelemetry/[a-z-]+"],
    home: "^src/engines/tracing/",
    why: "Modules make spans by the platform's port, which is nothing at all in a shop that sends no traces.",
  },
  {
    name: "command-line",
    packages: ["citty"],
    home: "^src/cli/(cli|people-commands|trial-commands)\\.ts$",
    why: "The command line can do only what HTTP can do: no code below the commands knows of a terminal.",
  },
];

// The visitor with which dependency-cruiser walks through a file, @swc/core's, does not know `using` declarations yet.
const { Visitor } = require("@swc/core/Visitor.js");
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== "UsingDeclaration") return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

const folderOf = (names) => `^node_modules/(${names.join("|")})/`;

module.exports = {
  forbidden: [
    {
      name: "platform-knows-no-shop",
      comment:
        "The platform would serve any shop. If it knew ours, every module would depend on that knowledge implicitly.",
      severity: "error",
      from: { path: "^src/platform/", pathNot: testOnly },
      to: { path: "^(src|test|bench|load|scripts)/", pathNot: "^src/platform/" },
    },
    {
      name: "engines-know-no-shop",
      comment: "An engine is a port to a server. If it knew of orders, it could not pass the suite of its port alone.",
      severity: "error",
      from: { path: "^src/engines/", pathNot: testOnly },
      to: { path: "^(src|test|bench|load|scripts)/", pathNot: "^src/(engines|platform)/" },
    },
    {
      name: "engines-meet-at-their-ports",
      comment:
        "Only open.ts chooses adapters. An adapter that imports another one's inside would tie the two choices together.",
      severity: "error",
      from: { path: "^src/engines/([^/]+)/", pathNot: testOnly },
      to: { path: "^src/engines/([^/]+)/", pathNot: ["^src/engines/$1/", ports] },
    },
    ...Object.entries(mayUse).map(([module, others]) => ({
      name: `${module}-uses-only-what-it-may`,
      comment: `${module} may import ${[...others, "events"].join(", ")}: with each further edge one more module cannot change alone.`,
      severity: "error",
      from: { path: `^src/${module}/`, pathNot: testOnly },
      to: {
        path: "^src/",
        pathNot: [`^src/(platform|engines|${[module, ...others].join("|")})/`, events],
      },
    })),
    {
      name: "every-module-has-its-row",
      comment: "A folder that scripts/rooms.json does not name would be bound by none of the rules above.",
      severity: "error",
      from: { path: `^src/(?!(platform|engines|${processRooms}|${Object.keys(mayUse).join("|")})/)[^/]+/` },
      to: {},
    },
    {
      name: "modules-meet-at-their-faces",
      comment:
        "A module's face is the file with its name; beside it others may read its events.ts, problems.ts and wire.ts. " +
        "Its other files may change freely.",
      severity: "error",
      from: { path: `^src/(?!(?:${processRooms})/)([^/]+)/`, pathNot: testOnly },
      to: {
        path: "^src/[^/]+/",
        pathNot: ["^src/$1/", "^src/(platform|engines)/", faces, events, words],
      },
    },
    {
      name: "the-process-uses-faces",
      comment: "If main, services or assemble need more than a face has, it is missing from the face.",
      severity: "error",
      from: { path: `^src/[^/]+\\.ts$|^src/(${processRooms})/|^(bench|load|scripts)/`, pathNot: testOnly },
      to: {
        path: "^src/[^/]+/",
        pathNot: [`^src/(platform|${processRooms})/`, "^src/engines/open\\.ts$", ports, faces, words, events, routes],
      },
    },
    {
      name: "modules-know-no-process",
      comment:
        "A module gets what it needs as arguments. If it read the configuration or the assembly, two could not run in one process.",
      severity: "error",
      from: { path: `^src/(?!(?:${processRooms})/)[^/]+/`, pathNot: testOnly },
      to: { path: `^src/[^/]+\\.ts$|^src/(${processRooms})/` },
    },
    {
      name: "engines-by-their-ports",
      comment:
        "Which adapter runs is data. A module that names an adapter runs only on that one. Temporal's workflow file is loaded by its " +
        "own bundler and must name the function that runs a story there.",
      severity: "error",
      from: { path: `^src/(?!(?:engines|${processRooms})/)[^/]+/`, pathNot: testOnly },
      to: { path: "^src/engines/", pathNot: [ports, "^src/engines/workflows/temporal/story\\.ts$"] },
    },
    ...vendors.map(({ name, packages, home, why, typesAreFree }) => ({
      name: `vendor-${name}`,
      comment: why,
      severity: "error",
      from: { pathNot: [home, testOnly] },
      to: {
        path: [folderOf(packages), folderOf(packages.map((one) => `@types/${one}`))],
        ...(typesAreFree && { dependencyTypesNot: ["type-only"] }),
      },
    })),
    {
      name: "pure-files-import-types",
      comment:
        "The saga, the state machines, the decision, the gate's reducer and reconcile run in simulations, in sandboxes and under " +
        "exhaustive search. Their imports run there too.",
      severity: "error",
      from: {
        path: [
          "^src/fulfilment/(batch|earlier)-saga\\.ts$",
          "^src/orders/state\\.ts$",
          "^src/payment/state\\.ts$",
          "^src/inventory/(books/decide|agreement/(reconcile|findings))\\.ts$",
          "^src/inventory/gate/(keys|latch|lease|reducer|refusals|retired|sale|state|terms)\\.ts$",
        ],
      },
      to: {
        dependencyTypesNot: ["type-only"],
        pathNot: [
          "^src/inventory/gate/(keys|latch|lease|refusals|retired|sale|state)\\.ts$",
          "^src/inventory/agreement/findings\\.ts$",
        ],
      },
    },
    {
      name: "fairness-is-alone",
      comment:
        "Outsiders run these files in a browser and from a command line to check a line's order, so they need neither Node nor a package.",
      severity: "error",
      from: { path: "^src/fairness/", pathNot: [testOnly, "^src/fairness/wire\\.ts$"] },
      to: { pathNot: "^src/fairness/" },
    },
    {
      name: "wire-is-schemas-alone",
      comment:
        "Clients, pages and documents read these schemas and know nothing of the server, so a wire file imports only TypeBox, other wire " +
        "files, and the table of currencies.",
      severity: "error",
      from: { path: "^src/[^/]+/wire\\.ts$" },
      to: { pathNot: ["^node_modules/typebox/", "^src/[^/]+/wire\\.ts$", "^src/catalog/currencies\\.ts$"] },
    },
    {
      name: "pages-know-the-wire-alone",
      comment:
        "A page meets the system by HTTP. Of the source it may read the types of what is on the wire, the rule of a drop's phase, " +
        "which two texts of it would tell differently at the second of the opening, and the check of a line's order with the " +
        "signatures of its beacon. The decimals of a currency are one table and the short code of an order is one function, so that " +
        "a mail and a page say the same. The programs that build and serve the pages read their options as every script does.",
      severity: "error",
      from: { path: "^web/" },
      to: {
        path: "^(src|test|bench|load|scripts)/",
        pathNot:
          "^src/[^/]+/wire\\.ts$|^src/drops/phase\\.ts$|^src/fairness/|^src/platform/(bls|currency-decimals|short-codes)\\.ts$|^scripts/options\\.ts$",
      },
    },
    {
      name: "pages-read-types-of-the-wire",
      comment: "The schemas themselves would bring TypeBox into the browser.",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^src/[^/]+/wire\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "nothing-needs-the-pages",
      comment: "They are built and served as files; without them the API works as it is.",
      severity: "error",
      from: { path: "^(src|bench|load)/" },
      to: { path: "^web/" },
    },
    {
      name: "no-cycles",
      comment:
        "Two files that need each other, by values or by types, cannot be read one after the other. Code that both need belongs in a third file.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "tests-stay-with-tests",
      comment: "Code for tests is not shipped, and must not be able to change shipped code.",
      severity: "error",
      from: { path: "^(src|bench|load)/", pathNot: testOnly },
      // A benchmark starts the real servers and its load generators as the tests do.
      to: { path: ["^test/", testOnly], pathNot: "^test/servers/" },
    },
    {
      name: "servers-for-tests-are-not-shipped",
      comment: "They install programs and start servers with settings that are fast and not safe.",
      severity: "error",
      from: { path: "^src/", pathNot: testOnly },
      to: { path: "^test/servers/" },
    },
    {
      name: "no-development-packages-in-production",
      comment: "npm ci --omit=dev has to be enough to run the system.",
      severity: "error",
      from: { path: "^src/", pathNot: testOnly },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-declared-packages",
      comment: "A package that is only a dependency of another package disappears with it.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "everything-resolves",
      comment: "A path that does not resolve breaks a wall, or names a file that is gone.",
      severity: "error",
      from: {},
      // k6 brings its own modules to the scenarios that it runs.
      to: { couldNotResolve: true, pathNot: "^k6(/|$)" },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^web/dist" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
