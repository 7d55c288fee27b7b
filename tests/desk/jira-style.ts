// Class names like an emotion build's: `css-HASH`, new ones on each render, so that nobody can rely on them.

let render = 0;

/** Called once per render of the whole application. */
export function nextRender(): void {
  render += 1;
}

/** A class name for `name` that differs from the one of the last render. Styling goes by `data-vc`, never by these. */
export function css(name: string): string {
  let hash = 2166136261 ^ render;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
  return `css-${(hash >>> 0).toString(36)}`;
}
