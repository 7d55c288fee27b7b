// ServiceNow's renderer has no types of its own: what the workspace double uses of it.
declare module "@servicenow/ui-renderer-snabbdom" {
  /** Makes a virtual node. Keys `attr-NAME` set attributes, others set properties; `style` and `key` are the renderer's. */
  export function createElement(tag: string, properties: Record<string, unknown> | null, ...children: unknown[]): unknown;
  const renderer: object;
  export default renderer;
}
