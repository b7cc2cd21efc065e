/** A product's name or text in whatever language and direction it is, the smaller the longer it is. */
export function nameClass(name: string): string {
  if (name.length > 60) return "longest";
  return name.length > 28 ? "long" : "";
}

/** `bdi` keeps its full stops and figures where they belong inside a text of the other direction. */
export function Name({ children }: { children: string }) {
  return <bdi>{children}</bdi>;
}
