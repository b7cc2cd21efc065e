/**
 * Reads a `.env` as Docker Compose does, because both read the same file. If programs read a line differently, or it is
 * a likely mistake, a warning names the line and how to write it.
 */
export type EnvFile = { values: Readonly<Record<string, string>>; warnings: string[] };

const assignment = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=([ \t]*)/;

export function parseEnvFile(text: string): EnvFile {
  const values: Record<string, string> = {};
  const lineOf = new Map<string, number>();
  const warnings: string[] = [];
  let rest = text.replaceAll("\r\n", "\n");
  if (rest.startsWith("\ufeff")) {
    rest = rest.slice(1);
    warnings.push(
      ".env begins with a byte-order mark, which other programs take for a part of its first name: save it as plain UTF-8",
    );
  }
  for (let line = 1; rest !== ""; ) {
    const found = take(rest);
    if (found.name !== undefined) {
      const before = lineOf.get(found.name);
      if (before !== undefined) {
        warnings.push(`${found.name} stands in lines ${before} and ${line} of .env: the last one counts, keep one`);
      }
      lineOf.set(found.name, line);
      values[found.name] = found.value;
    }
    if (found.warning) warnings.push(`line ${line} of .env ${found.warning}`);
    line += rest.slice(0, found.length).split("\n").length - 1;
    rest = rest.slice(found.length);
  }
  return { values, warnings };
}

type Found = { name?: string; value: string; warning?: string; length: number };

/** One line, or several if a quoted value spans them. Warnings never hold a value, because it may be a password. */
function take(text: string): Found {
  const length = (text.indexOf("\n") + 1 || text.length + 1) as number;
  const line = text.slice(0, length).trimEnd();
  if (/^\s*(#|$)/.test(line)) return { value: "", length };
  const match = assignment.exec(line);
  if (!match) return { value: "", warning: "is no NAME=value and was passed over", length };
  const [before, name = "", space = ""] = match;
  const value = line.slice(before.length);
  if (/^["'`]/.test(value)) return takeQuoted(text, name, before.length, { value, length });
  if (space !== "" && value.startsWith("#")) return { name, value: "", length };
  const bare = value.replace(/\s+#.*$/, "");
  if (!bare.includes("#")) return { name, value: bare, length };
  const warning = `has a # in the value of ${name}: it is taken as a part of it here, and begins a comment elsewhere; put the value in quotes`;
  return { name, value: bare, warning, length };
}

function takeQuoted(text: string, name: string, at: number, line: { value: string; length: number }): Found {
  const quote = text.charAt(at);
  const end = text.indexOf(quote, at + 1);
  if (end < 0) return { name, ...line, warning: `begins the value of ${name} with a quote that does not end` };
  const inside = text.slice(at + 1, end);
  const value = quote === '"' ? inside.replaceAll("\\n", "\n") : inside;
  const lineEnd = text.indexOf("\n", end);
  const length = lineEnd < 0 ? text.length + 1 : lineEnd + 1;
  if (/^\s*(#|$)/.test(text.slice(end + 1, length))) return { name, value, length };
  return { name, value, warning: `has text behind the quotes of ${name}, which was passed over`, length };
}
