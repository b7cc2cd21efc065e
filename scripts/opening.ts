/** Checks that every source file opens with a comment whose first sentence says what the file is for. */

/** A test says what it is for in its titles; every other source file, also one that tests share, says it in a comment. */
export const opensWithSentence = /^(src|test|scripts|bench|load|web)\/(?!.*\.(test|real)\.tsx?$).*\.(tsx?|js|lua|sql)$/;

export function openingFaults({ path, text }: { path: string; text: string }): string[] {
  const comment = /\.(tsx?|js)$/.test(path)
    ? scriptComment(text)
    : text
        .replace(/^#!.*\n/, "")
        .match(/^(?:--.*\n)+/)?.[0]
        .replaceAll(/^--+ ?/gm, "");
  if (comment === undefined) return ["no comment at its top"];
  const sentence = comment
    .replaceAll(/\s+/g, " ")
    .trim()
    .match(/^(?:`[^`]*`|[^`])*?[.](?= |$)/)?.[0];
  if (sentence === undefined) return [`no full stop in "${comment.trim().slice(0, 60)}"`];
  const words = sentence.split(" ").length;
  if (words < 4) return [`fewer than four words in "${sentence}"`];
  return /^[A-Z`]/.test(sentence) ? [] : [`no capital at the start of "${sentence.slice(0, 60)}"`];
}

function scriptComment(text: string): string | undefined {
  const block = text.match(/^(?:#!.*\n)?\/\*\*?(.*?)\*\//s)?.[1];
  if (block !== undefined) return block.replaceAll(/^\s*\*/gm, " ");
  return text.match(/^(?:#!.*\n)?((?:\/\/.*\n)+)/)?.[1]?.replaceAll(/^\/\/ ?/gm, "");
}
