/** Keeps what a person has typed in a form since it was sent; every other field is as the answer has it. */
export function typedSince<Typed extends object>(sent: Typed, now: Typed, answered: Typed): Typed {
  const textOf = (value: unknown) => JSON.stringify(value);
  const since = Object.entries(now).filter(([field, value]) => textOf(value) !== textOf(sent[field as keyof Typed]));
  return { ...answered, ...Object.fromEntries(since) };
}
