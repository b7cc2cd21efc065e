/** Reads the options of a script in package.json. Bad input ends the script at once with a sentence and exit code 2. */
import { type ParseArgsConfig, parseArgs } from "node:util";

/** As `parseArgs`; `--help` prints the help, and ends the script too. */
export function readOptions<const T extends ParseArgsConfig>(help: string, config: T): ReturnType<typeof parseArgs<T>> {
  const options = { ...config.options, help: { type: "boolean", short: "h" } } as const;
  try {
    const read = parseArgs({ ...config, options });
    if (!(read.values as { help?: boolean }).help) return read as ReturnType<typeof parseArgs<T>>;
  } catch (error) {
    const [fault] = (error as Error).message.split(/\. (?=To specify|This command)/);
    return refuse(`${fault}: --help lists the options.`);
  }
  console.log(help);
  process.exit(0);
}

/** A whole number of at least `least`: a script that read another one as nothing would run nothing, and pass. */
export function wholeNumber(option: string, text: string, least = 1, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  return refuse(`${option} ${text}: choose a whole number ${range}.`);
}

export function portNumber(option: string, text: string): number {
  return wholeNumber(option, text, 1, 65_535);
}

/** Ends the script if the server of `vite` finds its port taken; such an error has no code. */
export async function unlessTaken<T>(serving: Promise<T>, advice: string): Promise<T> {
  try {
    return await serving;
  } catch (error) {
    const { message } = error as Error;
    if (/is already in use/.test(message)) return refuse(`${message}: ${advice}`);
    throw error;
  }
}

export function refuse(says: string): never {
  console.error(says);
  process.exit(2);
}
