/** Checks the rules that no other tool knows, each over the text of one file. STYLE.md has the reasons. */
import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { sharedNumbers } from "./decision-records.ts";
import { dialectFaults } from "./dialect.ts";
import { untrustedPackages } from "./lock-file.ts";
import { deadLinks, deadPaths } from "./named-files.ts";
import { openingFaults, opensWithSentence } from "./opening.ts";
import { ruledOutWords } from "./plain-english.ts";
import rooms from "./rooms.json" with { type: "json" };

export type File = { path: string; text: string };

type Rule = {
  says: string;
  /** The paths it holds for. */
  holdsFor: RegExp;
  except?: RegExp;
  /** The faults, each in a few words; empty if there are none. */
  faultsOf(file: File): string[];
};

const code = /^(src|test|scripts|bench|load|web)\/.*\.tsx?$/;
const testOnly = /\.(test|testing|child|real)\.ts$|^test\//;
const selfAndTest = /^scripts\/tidy(\.test)?\.ts$/;
/** Node requires a reporter to be a default export. */
const selfAndReporter = /^scripts\/(tidy(\.test)?|contract-cases)\.ts$/;

export const rules: readonly Rule[] = [
  {
    says: "a source file has at most 250 lines",
    holdsFor: /^(src|scripts|bench|load|web)\/.*\.(tsx?|js|css|lua|sql)$/,
    except: testOnly,
    faultsOf: ({ text }) => longerThan(250, text),
  },
  { says: "a test file has at most 450 lines", holdsFor: testOnly, faultsOf: ({ text }) => longerThan(450, text) },
  {
    says: "a source file opens with a sentence that says what it is for",
    holdsFor: opensWithSentence,
    // A migration that has run is never edited: postgrator compares its checksum.
    except:
      /^src\/.*\/migrations\/001\.do\.(event-log|orders|payment)\.sql$|^src\/payment\/migrations\/005\.do\.news\.sql$/,
    faultsOf: openingFaults,
  },
  {
    says: "a file is named by nouns in kebab-case",
    holdsFor: /^(src|test|scripts|bench|load|web)\//,
    faultsOf: ({ path }) => (/^([a-z0-9./-]+|.*\/README\.md)$/.test(path) ? [] : ["another spelling"]),
  },
  {
    says: "a word belongs to a module: no utils, helpers, common, misc, index",
    holdsFor: /^(src|test|scripts|bench|load|web)\//,
    faultsOf: ({ path }) => found(/\b(utils?|helpers?|common|misc|index)(?=[./])/g, path),
  },
  {
    says: "a name says what a thing is: no Manager, Helper, Util, Impl, Dto",
    holdsFor: code,
    except: selfAndTest,
    faultsOf: ({ text }) =>
      found(/\b(?:class|type|interface|function|const) \w*(?:Manager|Helper|Utils?|Impl|Dto)\b/g, text),
  },
  {
    says: "exports are named, and only a face passes types on",
    holdsFor: code,
    except: selfAndReporter,
    faultsOf: ({ text }) => found(/^export (?:default|\* from)\b/gm, text),
  },
  {
    says: "what is left to do is an issue, not a comment",
    holdsFor: code,
    except: selfAndTest,
    faultsOf: ({ text }) => found(/\/[/*].*\b(?:TODO|FIXME|XXX|HACK)\b/g, text),
  },
  {
    says: "which engine runs is data: no branch on NODE_ENV",
    holdsFor: /^src\//,
    faultsOf: ({ text }) => found(/NODE_ENV/g, text),
  },
  {
    says: "the time of day is read in src/platform/clock.ts alone; how long something takes is elapsedMs",
    holdsFor: /^src\/.*\.ts$/,
    // A workflow's code on Temporal runs on Temporal's own clock, and its client takes deadlines as times of day.
    except: new RegExp(`${testOnly.source}|^src/platform/clock\\.ts$|^src/engines/workflows/(temporal|dbos)`),
    faultsOf: ({ text }) => found(/\b(?:Date|performance)\.now\b/g, text),
  },
  {
    says: "platform and engines say the program's name from src/platform/program.ts, and no setting of the shop's",
    holdsFor: /^src\/(platform|engines)\/.*\.ts$/,
    except: testOnly,
    faultsOf: ({ text }) => found(/dropgate\w*|RATE_LIMIT_\w+/gi, text),
  },
  {
    says: "a figure that may be one has its noun in both numbers (plural of src/platform)",
    holdsFor: /^src\/(?!.*\.(?:test|real|testing|contract)\.ts$).*\.ts$/,
    faultsOf: ({ text }) => found(/^(?!.*=== 1 ).*\$\{.*\} (?:units|records|products|rows|parcels)\b/gm, text),
  },
  {
    says: "one dialect (STYLE.md)",
    holdsFor: code,
    // One test carries the text of a program that others would write.
    except: /^scripts\/(tidy(\.test)?|dialect)\.ts$|^test\/real\/clients\.real\.ts$|^src\/platform\/(thrown|wire)\.ts$/,
    faultsOf: dialectFaults,
  },
  {
    says: "what was decided is a word; only the text of the gate's records on Redis has letters",
    holdsFor: /^(src|test)\/.*\.(ts|lua|sql)$/,
    // Migrations read what earlier versions wrote; two tests change the last letter of a token.
    except:
      /^src\/inventory\/gate\/redis\/(codec|kept\.testing)\.ts$|\/migrations\/|^src\/identity\/tokens\/tokens\.test|^test\/security\/access/,
    faultsOf: ({ text }) => found(/(?:[=~!]=+|\bin \(|\bwhen|\bthen) ?["'][A-Z]["']/g, text),
  },
  {
    says: "a test of pages ends its handlers of requests with endRoutes (test/e2e/stage.ts), which waits for them",
    holdsFor: /^test\/e2e\//,
    except: /^test\/e2e\/stage\.ts$/,
    faultsOf: ({ text }) => found(/\.unroute(?:All)?\(/g, text),
  },
  {
    says: "no test runs alone",
    holdsFor: testOnly,
    except: selfAndTest,
    faultsOf: ({ text }) => found(/\b(?:test|it|describe)\.only\b/g, text),
  },
  {
    says: "a module's schema is named by its own files only",
    holdsFor: /^src\/[^/]+\/.*\.(ts|sql)$/,
    faultsOf: foreignTables,
  },
  {
    says: "no path of one machine",
    holdsFor: /./,
    except: selfAndTest,
    faultsOf: ({ text }) => found(/(?<![\w.~-])\/(?:root|home|Users|work)\/[\w.-]+/g, text),
  },
  {
    says: "addresses on the web are documents, never where packages come from",
    holdsFor: /./,
    except: /^scripts\/tidy(\.test)?\.ts$|^package-lock\.json$/,
    faultsOf: ({ text }) => found(/https?:\/\/[\w.-]+/g, text).filter((address) => !isDocument(address)),
  },
  {
    says: "the lock file holds no address",
    holdsFor: /^package-lock\.json$/,
    faultsOf: ({ text }) => found(/"resolved":/g, text),
  },
  {
    says: "every package comes from the registry, whole, and runs nothing when it is installed",
    holdsFor: /^package-lock\.json$/,
    faultsOf: untrustedPackages,
  },
  {
    says: "README.md and each decision record have at most 60 lines",
    holdsFor: /^README\.md$|^docs\/adr\/.*\.md$/,
    faultsOf: ({ text }) => longerThan(60, text),
  },
  {
    says: "plain English: name the person, process or part, and write 'if' for a condition (STYLE.md)",
    holdsFor: /\.md$|^(src|scripts|bench|load|test|web)\/.*\.(tsx?|js|lua)$/,
    // A kept certificate stays as it was printed.
    except: /^docs\/chaos\.md$|^scripts\/(tidy(\.test)?|plain-english)\.ts$/,
    faultsOf: ruledOutWords,
  },
  {
    says: "a decision record has its own number, in its title too",
    holdsFor: /^docs\/adr\/\d/,
    faultsOf: sharedNumbers,
  },
  { says: "links lead somewhere", holdsFor: /\.md$/, faultsOf: deadLinks },
  {
    says: "a path that a document or a comment names exists",
    holdsFor: /\.md$|^(src|scripts|bench|load|test|web)\/.*\.tsx?$|^\.dependency-cruiser\.cjs$/,
    // The changelog and kept certificates describe the past; these tests name files that must not exist.
    except: /^CHANGELOG\.md$|^docs\/chaos\.md$|^scripts\/tidy\.test\.ts$/,
    faultsOf: deadPaths,
  },
];

/** One line for each fault: the file, the fault, and the rule. */
export async function tidyFaults(): Promise<string[]> {
  const faults: string[] = [];
  for await (const path of glob("**/*", { exclude: isElsewhere, withFileTypes: false })) {
    if (!textual.test(path)) continue;
    faults.push(...faultsIn({ path, text: await readFile(path, "utf8") }));
  }
  return [...faults, ...(await unexplainedDependencies())];
}

export function faultsIn(file: File): string[] {
  return rules
    .filter(({ holdsFor, except }) => holdsFor.test(file.path) && !except?.test(file.path))
    .flatMap(({ says, faultsOf }) => faultsOf(file).map((fault) => `${file.path}: ${fault} (${says})`));
}

const textual = /\.(tsx?|js|css|html|svg|cjs|json|md|sql|lua|ya?ml|example)$|^\.ci\/|^LICENSE$|^Dockerfile$/;

function isElsewhere(path: string): boolean {
  return /^(node_modules|\.git|\.data|dist|web\/dist(\..*)?)$/.test(path);
}

function longerThan(most: number, text: string): string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines > most ? [`${lines} lines`] : [];
}

function found(pattern: RegExp, text: string): string[] {
  return [...new Set(text.match(pattern))];
}

/**
 * Namespaces, standards, drand's documents, Stripe's hosts (opened only where it is configured) and the hosts of examples;
 * a machine's own addresses.
 */
const documents =
  /^https?:\/\/(127\.|10\.|localhost|www\.(w3|rfc-editor|apache|conventionalcommits)\.org|github\.com|docs\.drand\.love|(js|api|hooks)\.stripe\.com|keepachangelog\.com|semver\.org|maven\.apache\.org|[\w.-]*\.?example(\.(com|org))?$|(product|inventory|order|gateway)$)/;

function isDocument(address: string): boolean {
  return documents.test(address) || !address.includes(".");
}

/** A module owns the schema of its name. */
const owners: Record<string, string> = {
  ...Object.fromEntries(Object.keys(rooms.mayUse).map((module) => [module, module])),
  payment_simulator: "payment",
  mail: "engines",
  event_log: "engines",
  dbos: "engines",
};

function foreignTables({ path, text }: File): string[] {
  const room = path.split("/")[1];
  return found(/\b(?:from|into|update|join|table) [a-z_]+\.[a-z_]+/g, text).filter((phrase) => {
    const schema = phrase.split(/[ .]/)[1] ?? "";
    return owners[schema] !== undefined && owners[schema] !== room;
  });
}

/** Every package in production costs something; ARCHITECTURE.md says what each saves. */
async function unexplainedDependencies(): Promise<string[]> {
  const { dependencies } = JSON.parse(await readFile("package.json", "utf8")) as { dependencies: object };
  const text = existsSync("ARCHITECTURE.md") ? await readFile("ARCHITECTURE.md", "utf8") : "";
  return Object.keys(dependencies)
    .filter((name) => !text.includes(`\`${name}\``))
    .map((name) => `ARCHITECTURE.md: \`${name}\` is missing (it says what each runtime dependency saves us)`);
}
