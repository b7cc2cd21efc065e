/** The choice of a filter that leaves nothing out: a button that clears a field is reached by no key. */
export const anyChoice = { value: "", label: "Any" };
