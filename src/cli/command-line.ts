/**
 * Refuses flags and commands that do not exist. citty ignores them, so a missing letter (`start --service=order`) would
 * start something other than the person asked for.
 */
import { parseArgs } from "node:util";
import { Refused } from "./ask.ts";

type Flags = Readonly<Record<string, { type?: string; required?: boolean; description?: string }>>;
/** A command of citty, or a tree of them. */
export type Command = { args?: unknown; subCommands?: unknown };

/** @throws Refused with the existing flags or commands. */
export function checkCommandLine(main: Command, rawArgs: readonly string[], path = "dropgate"): void {
  const commands = commandsOf(main);
  if (!commands) {
    checkFlags((main.args ?? {}) as Flags, rawArgs, path);
    return;
  }
  const [name = "", ...others] = rawArgs;
  checkCommandLine(commandNamed(name, commands, path), others, `${path} ${name}`);
}

/** Help of a command that does not exist is refused too: a script would take it for an answer. @throws Refused */
export function checkHelp(main: Command, rawArgs: readonly string[], path = "dropgate"): void {
  const name = rawArgs.find((argument) => !argument.startsWith("-"));
  if (name !== undefined) commandNamed(name, commandsOf(main) ?? {}, path);
}

function commandsOf({ subCommands }: Command) {
  return subCommands as Record<string, Command> | undefined;
}

function commandNamed(name: string, commands: Record<string, Command>, path: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command;
  const says = `${name} is none of its commands, which are ${Object.keys(commands).join(", ")}`;
  throw new Refused(`${path}: ${says}. "${path} --help" says what each does.`);
}

function checkFlags(known: Flags, rawArgs: readonly string[], path: string): void {
  const entries = Object.entries(known).filter(([, { type }]) => type !== "positional");
  const options = Object.fromEntries(
    entries.map(([name, { type }]) => [
      name,
      { type: type === "boolean" ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  const places = Object.entries(known).filter(([, { type }]) => type === "positional");
  const mostPositionals = places.length;
  let given: Record<string, unknown> = {};
  let atPlaces: string[] = [];
  try {
    const allowPositionals = mostPositionals > 0;
    const { values, positionals, tokens } = parseArgs({ args: [...rawArgs], options, allowPositionals, tokens: true });
    const unexpected = positionals[mostPositionals];
    if (unexpected !== undefined) throw new Error(`Unexpected argument '${unexpected}'`);
    const flagsGiven = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
    const twice = flagsGiven.find((name, i) => flagsGiven.indexOf(name) < i);
    // Only the last one would count.
    if (twice !== undefined) throw new Error(`Option '--${twice}' is given more than once`);
    given = values;
    atPlaces = positionals;
  } catch (error) {
    const [fault = ""] = (error as Error).message.split(/\.\s+(?=To specify|This command|Did you)/);
    const flags = Object.keys(options).map((name) => `--${name}`);
    const says = flags.length > 0 ? `its flags are ${flags.join(", ")}` : "it has no flags";
    throw new Refused(`${path}: ${fault}; ${says}. "${path} --help" says what each does.`);
  }
  const missing = [
    ...places.filter(([, { required }], i) => required && atPlaces[i] === undefined),
    ...entries.filter(([name, { required }]) => required && given[name] === undefined),
  ];
  for (const [name, { type, description }] of missing) {
    const shown = type === "positional" ? `<${name}>` : `--${name}`;
    throw new Refused(`${path}: ${shown} is missing: ${description}. "${path} --help" says more.`);
  }
}

/** What to do if the machine has no room left. No code that meets it, an engine's among it, says more than what was missing. */
const remedies: readonly (readonly [fault: RegExp, remedy: string])[] = [
  [
    /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|disk is full/i,
    "There is no room left on a disk: free some, and start again.",
  ],
  [
    /EMFILE|ENFILE|too many open files|insufficient file descriptors/i,
    "It may not open as many files as it needs: raise that limit, for example with ulimit -n 65536, and start again.",
  ],
];

/** The messages of the error and of its causes, and what to do if the machine is the reason. */
export function saysOf(error: unknown): string {
  const says = chainOf(error);
  const remedy = remedies.find(([fault]) => fault.test(says))?.[1];
  return remedy === undefined ? says : `${says}\n${remedy}`;
}

/** From the outermost to the innermost; one that is quoted already is not told twice. */
function chainOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const because = chainOf(error.cause);
  return error.message.includes(because) ? error.message : `${error.message}\n  because: ${because}`;
}
