/**
 * Describes texts on the wire. PostgreSQL stores neither NUL nor half of a surrogate pair, and no name, reason or address
 * needs another control character.
 */

/** The characters that no text has; for a pattern of one's own, within brackets. */
export const unprintable = "\\p{Cc}\\p{Cs}";

/** One line, which may be empty. */
export const lineOrEmpty = `^[^${unprintable}]*$`;

/** One line of at least one character, which may be a blank. */
export const line = `^[^${unprintable}]+$`;

/** One line with at least one character that is not a blank. */
export const visibleLine = `^(?=.*\\S)[^${unprintable}]+$`;

/** Many lines, tabs allowed. It may be empty. */
export const lines = `^(?:[\\n\\r\\t]|[^${unprintable}])*$`;

/** Signs of ASCII without a blank between them, as a header takes them. */
export const word = "^[\\x21-\\x7e]+$";

/** Tells people how a text must be that does not match one of these. */
export const saysOf: Readonly<Record<string, string>> = {
  [word]: "must be letters, digits and signs of ASCII, without blanks",
  [lineOrEmpty]: "must be one line, without control characters",
  [line]: "must be one line of at least one character, without control characters",
  [visibleLine]: "must be one line with at least one character that is not a blank, without control characters",
  [lines]: "must be text without control characters, except tabs and line breaks",
};
