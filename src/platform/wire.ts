/**
 * Describes texts on the wire. PostgreSQL stores neither NUL nor half of a surrogate pair, and no name, reason or address
 * needs another control character.
 */

const control = "\\p{Cc}\\p{Cs}";
/** They turn what follows around: a name with one would change how the text beside it is read, in a page or a mail. */
const turning = "\\u202a-\\u202e\\u2066-\\u2069";
/** The characters that no line has; for a pattern of one's own, within brackets. */
export const unprintable = `${control}\\u2028\\u2029${turning}`;

/** What can be stored: ids of others, codes that a scanner read, texts to search for. */
export const storable = `^[^${control}]+$`;
/** The same, which may be empty. */
export const storableOrEmpty = `^[^${control}]*$`;

/** A file of lines, of which each is looked at by itself. */
export const storableLines = `^(?:[\\n\\r\\t]|[^${control}])*$`;

/** One line, which may be empty. */
export const lineOrEmpty = `^[^${unprintable}]*$`;
/** One line of at least one character, which may be a blank. */
export const line = `^[^${unprintable}]+$`;
/** One line with at least one character that can be seen. */
export const visibleLine = `^(?=.*[^\\s\\p{Default_Ignorable_Code_Point}])[^${unprintable}]+$`;
/** Many lines, tabs allowed. It may be empty. */
export const lines = `^(?:[\\n\\r\\t]|[^${control}${turning}])*$`;
/** Signs of ASCII without a blank between them, as a header takes them. */
export const word = "^[\\x21-\\x7e]+$";

/** Tells people how a text must be that does not match one of these. */
export const saysOf: Readonly<Record<string, string>> = {
  [word]: "must be letters, digits and signs of ASCII, without blanks",
  [storable]: "must be at least one character, without control characters",
  [storableOrEmpty]: "must be without control characters",
  [lineOrEmpty]: "must be one line, without control characters",
  [line]: "must be one line of at least one character, without control characters",
  [visibleLine]: "must be one line with at least one character that can be seen, without control characters",
  [lines]: "must be text without control characters, except tabs and line breaks",
  [storableLines]: "must be text without control characters, except tabs and line breaks",
};
