// Runs first in every page of the desk: tells writes of the page itself from writes that somebody else (an extension) made.
//
// How: an extension's content script lives in another world with its own prototypes. So every DOM-writing method and setter of the
// page's world is wrapped: records that are pending before the call belong to somebody else, records that appear during it to the
// page. What the HTML parser and a person's typing in an editable field write is known by kind and by trusted events.

export interface ForeignMutation {
  kind: "attributes" | "characterData" | "childList" | "value" | "shadow-root";
  /** The node that was changed, as a short path. */
  where: string;
  what: string;
}

export interface Watchdog {
  /** Writes since the page was loaded that neither the page, the parser nor a typing person made. */
  foreignMutations(): ForeignMutation[];
  /** CSP violations that this document has seen. */
  violations(): string[];
}

declare global {
  interface Window {
    __watchdog?: Watchdog;
  }
}

type Callable = (this: unknown, ...args: unknown[]) => unknown;

const METHODS: [string, string[]][] = [
  ["Node", ["appendChild", "insertBefore", "removeChild", "replaceChild", "normalize"]],
  ["CharacterData", ["appendData", "deleteData", "insertData", "replaceData", "before", "after", "remove", "replaceWith"]],
  ["Text", ["splitText"]],
  ["DocumentType", ["before", "after", "remove", "replaceWith"]],
  ["Element", ["append", "prepend", "before", "after", "remove", "replaceWith", "replaceChildren", "moveBefore"]],
  ["Element", ["setAttribute", "setAttributeNS", "setAttributeNode", "removeAttribute", "removeAttributeNS", "removeAttributeNode"]],
  ["Element", ["toggleAttribute", "insertAdjacentElement", "insertAdjacentHTML", "insertAdjacentText", "setHTML"]],
  ["Document", ["append", "prepend", "replaceChildren", "execCommand", "write", "writeln", "adoptNode"]],
  ["DocumentFragment", ["append", "prepend", "replaceChildren", "moveBefore"]],
  ["DOMTokenList", ["add", "remove", "toggle", "replace"]],
  ["CSSStyleDeclaration", ["setProperty", "removeProperty"]],
  ["NamedNodeMap", ["setNamedItem", "removeNamedItem", "setNamedItemNS", "removeNamedItemNS"]],
  ["Range", ["deleteContents", "extractContents", "insertNode", "surroundContents"]],
  ["Selection", ["deleteFromDocument"]],
  ["HTMLDialogElement", ["show", "showModal", "close"]],
  ["HTMLSelectElement", ["add", "remove"]],
];
const SETTERS = /^(Node|CharacterData|Element|Attr|Document|ShadowRoot|DOMTokenList|CSSStyleDeclaration|HTML\w*Element|SVG\w*Element)$/;
/** After this script (the last thing in <head>) the parser adds only <body>, our own page script and blanks. */
const isParserNode = (node: Node): boolean =>
  node.nodeName === "BODY" ||
  (node instanceof HTMLScriptElement && node.hasAttribute("data-desk")) ||
  (node.nodeType === Node.TEXT_NODE && !node.nodeValue?.trim());

function install(): Watchdog {
  const foreign: ForeignMutation[] = [];
  const violations: string[] = [];
  /** Elements that somebody else put directly under <html>: theirs to change. */
  const guests = new Set<Node>();
  const ownRoots = new WeakSet<ShadowRoot>();
  const ownValues = new Map<HTMLInputElement | HTMLTextAreaElement, string>();
  let depth = 0;
  let parsing = true;

  const describe = (node: Node | null): string => {
    if (node === null) return "(detached)";
    if (!(node instanceof Element)) return `${describe(node.parentNode)} > ${node.nodeName.toLowerCase()}`;
    const id = node.getAttribute("data-testid") ?? node.id;
    return `${node.localName}${id ? `[${id}]` : ""}`;
  };
  const inGuest = (node: Node): boolean => [...guests].some((guest) => guest === node || guest.contains(node));
  const blame = (kind: ForeignMutation["kind"], node: Node, what: string): void => {
    if (foreign.length < 1000) foreign.push({ kind, where: describe(node), what: what.slice(0, 200) });
  };
  const byParser = (record: MutationRecord): boolean =>
    parsing && record.type === "childList" && record.removedNodes.length === 0 && [...record.addedNodes].every(isParserNode);
  /** The browser empties the nonce of a parsed script, so that style rules cannot read it. */
  const isNonceHiding = (record: MutationRecord): boolean =>
    record.type === "attributes" && record.attributeName === "nonce" && record.target instanceof HTMLScriptElement;
  const judge = (records: MutationRecord[]): void => {
    for (const record of records) {
      if (record.type === "childList" && record.target === document.documentElement) {
        const strangers = [...record.addedNodes, ...record.removedNodes].filter(
          (node) => node.nodeName !== "HEAD" && node.nodeName !== "BODY",
        );
        if (strangers.length === record.addedNodes.length + record.removedNodes.length && !byParser(record)) {
          for (const node of record.addedNodes) guests.add(node);
          for (const node of record.removedNodes) if (!guests.has(node)) blame("childList", record.target, `removed ${describe(node)}`);
          continue;
        }
      }
      if (inGuest(record.target) || byParser(record) || isNonceHiding(record)) continue;
      if (record.type === "attributes") {
        const now = record.target instanceof Element ? record.target.getAttribute(record.attributeName ?? "") : null;
        blame("attributes", record.target, `${record.attributeName}: ${JSON.stringify(record.oldValue)} -> ${JSON.stringify(now)}`);
      } else if (record.type === "characterData") {
        blame("characterData", record.target, `${JSON.stringify(record.oldValue)} -> ${JSON.stringify(record.target.nodeValue)}`);
      } else {
        const names = (nodes: NodeList): string => [...nodes].map(describe).join(", ");
        blame("childList", record.target, `added [${names(record.addedNodes)}] removed [${names(record.removedNodes)}]`);
      }
    }
  };
  // A content script may have run before the first tag was parsed.
  for (const child of document.documentElement.children) if (child !== document.head && child !== document.body) guests.add(child);
  for (const { name, value } of document.documentElement.attributes) {
    if (name !== "lang") blame("attributes", document.documentElement, `${name}: null -> ${JSON.stringify(value)}`);
  }
  const observer = new MutationObserver(judge);
  const options = {
    subtree: true,
    childList: true,
    attributes: true,
    attributeOldValue: true,
    characterData: true,
    characterDataOldValue: true,
  };
  observer.observe(document, options);

  const own = (write: Callable): Callable =>
    function ownWrite(this: unknown, ...args: unknown[]): unknown {
      if (depth === 0) judge(observer.takeRecords());
      depth += 1;
      try {
        return Reflect.apply(write, this, args);
      } finally {
        depth -= 1;
        if (depth === 0) observer.takeRecords();
      }
    };
  const prototypeOf = (name: string): object | undefined => {
    const found: unknown = Reflect.get(window, name);
    const prototype: unknown = typeof found === "function" ? found.prototype : undefined;
    return typeof prototype === "object" && prototype !== null ? prototype : undefined;
  };
  for (const [name, methods] of METHODS) {
    const prototype = prototypeOf(name);
    for (const method of prototype ? methods : []) {
      const descriptor = prototype && Object.getOwnPropertyDescriptor(prototype, method);
      if (prototype && typeof descriptor?.value === "function") {
        Object.defineProperty(prototype, method, { ...descriptor, value: own(descriptor.value) });
      }
    }
  }
  for (const name of Object.getOwnPropertyNames(window).filter((candidate) => SETTERS.test(candidate))) {
    const prototype = prototypeOf(name);
    for (const [property, descriptor] of prototype ? Object.entries(Object.getOwnPropertyDescriptors(prototype)) : []) {
      if (!prototype || !descriptor.set || !descriptor.configurable) continue;
      const write = own(descriptor.set);
      const isValue = property === "value" && (name === "HTMLInputElement" || name === "HTMLTextAreaElement");
      const set = isValue
        ? function setValue(this: HTMLInputElement | HTMLTextAreaElement, value: unknown): void {
            Reflect.apply(write, this, [value]);
            ownValues.set(this, this.value);
          }
        : write;
      Object.defineProperty(prototype, property, { ...descriptor, set });
    }
  }
  // `element.style.color = ...` goes by no setter that could be wrapped: give each name one of its own.
  const { setProperty } = CSSStyleDeclaration.prototype;
  for (const property in document.documentElement.style) {
    if (property in CSSStyleDeclaration.prototype || !/^[a-z]+[A-Za-z]*$/.test(property)) continue;
    const dashed = property
      .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      .replace(/^(webkit-|css-float$)/, (start) => (start === "webkit-" ? "-webkit-" : "float"));
    Object.defineProperty(CSSStyleDeclaration.prototype, property, {
      configurable: true,
      get(this: CSSStyleDeclaration) {
        return this.getPropertyValue(dashed);
      },
      set(this: CSSStyleDeclaration, value: unknown) {
        Reflect.apply(setProperty, this, [dashed, value === null ? "" : String(value)]);
      },
    });
  }
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function ownShadow(init: ShadowRootInit): ShadowRoot {
    const root = Reflect.apply(attachShadow, this, [init]);
    ownRoots.add(root);
    observer.observe(root, options);
    return root;
  };

  document.addEventListener(
    "DOMContentLoaded",
    () => {
      judge(observer.takeRecords());
      parsing = false;
    },
    true,
  );
  // A person's typing in an editable element: the browser itself writes between these two trusted events.
  window.addEventListener("beforeinput", (event) => event.isTrusted && judge(observer.takeRecords()), true);
  window.addEventListener(
    "input",
    (event) => {
      const target = event.composedPath()[0];
      if (!event.isTrusted || !(target instanceof HTMLElement)) return;
      if (target.isContentEditable) observer.takeRecords();
      if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) ownValues.set(target, target.value);
    },
    true,
  );
  document.addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
  );

  return {
    foreignMutations() {
      judge(observer.takeRecords());
      const found = [...foreign];
      for (const [field, value] of ownValues) {
        if (field.isConnected && field.value !== value) {
          found.push({ kind: "value", where: describe(field), what: `${value.slice(0, 60)} -> ${field.value.slice(0, 60)}` });
        }
      }
      for (const element of document.querySelectorAll("*")) {
        if (element.shadowRoot && !ownRoots.has(element.shadowRoot) && !inGuest(element)) {
          found.push({ kind: "shadow-root", where: describe(element), what: "open shadow root on a host element" });
        }
      }
      return found;
    },
    violations: () => [...violations],
  };
}

window.__watchdog = install();
