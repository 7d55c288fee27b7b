// Makes source files run in the simulator: every await goes through a gate that can kill there, and no module outlives its context.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import MagicString from "magic-string";
import { parseAst } from "vite";

/** What replaces a piece of a file, to prove that the checker sees the fault; the piece must be there exactly once. */
export interface Mutation {
  /** From the repository's root. */
  file: string;
  from: string;
  to: string;
}

/** One file as a function of its surroundings. */
export interface ModuleSource {
  /** From the repository's root. */
  file: string;
  /** Body of a function with the parameters `moduleParameters`; returns what the file exports. Lines are those of the file. */
  code: string;
  /** Specifier in the code -> file (from the root) that belongs to the program or has a stand-in, or null: imported as it is. */
  imports: Record<string, string | null>;
}

/** `file:line:column` of each await and `.then`, in the order of the numbers that the gate is called with. */
export interface Program {
  modules: ModuleSource[];
  points: string[];
}

/** What chance and time is must be passed in: the first names stand in the way of the globals. */
export const forbidden = ["performance", "setTimeout", "clearTimeout", "setInterval", "fetch", "navigator", "indexedDB", "self"] as const;
export const moduleParameters = ["gate__", "each__", "import__", "Date", "Math", "crypto", "console", ...forbidden] as const;

export const root = resolve(import.meta.dirname, "..", "..");

export interface ProgramOptions {
  entries: readonly string[];
  /** Folder from the root: what is imported from below it belongs to the program. */
  inside: string;
  /** Files below it that do not: somebody stands in for them. */
  without?: readonly string[];
  mutations?: readonly Mutation[];
}

/** Reads the entries and all that they import. @throws Error where a mutation does not fit. */
export function readProgram({ entries, inside, without = [], mutations = [] }: ProgramOptions): Program {
  const program: Program = { modules: [], points: [] };
  const seen = new Set<string>(without);
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    let source = readFileSync(join(root, file), "utf8");
    for (const { from, to } of mutations.filter((mutation) => mutation.file === file)) {
      if (source.split(from).length !== 2) throw new Error(`${file} does not have exactly once: ${from}`);
      source = source.replace(from, () => to);
    }
    const module = transform(file, source, inside, program.points);
    for (const imported of Object.values(module.imports)) if (imported) visit(imported);
    program.modules.push(module);
  };
  for (const entry of entries) visit(entry);
  for (const { file } of mutations) if (!seen.has(file)) throw new Error(`${file} is not part of the program.`);
  return program;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value && "start" in value;
const nodeOf = (value: unknown): Node => {
  if (!isNode(value)) throw new Error("The syntax tree is not as expected.");
  return value;
};
const listOf = (value: unknown): Node[] => (Array.isArray(value) ? value.map(nodeOf) : []);
/** The name of an identifier, or a string's value. */
const nameOf = (value: unknown): string => String(nodeOf(value).name ?? nodeOf(value).value);

function transform(file: string, source: string, inside: string, points: string[]): ModuleSource {
  // Types become blanks: positions stay those of the file.
  const code = stripTypeScriptTypes(source);
  const out = new MagicString(code);
  const imports: ModuleSource["imports"] = {};
  const exported = new Map<string, string>();
  const placeOf = (at: number) => {
    const lines = code.slice(0, at).split("\n");
    return `${relative(inside, file)}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
  };
  const importFrom = (specifier: string): string => {
    const target = specifier.startsWith(".") ? relative(root, resolve(root, dirname(file), specifier)) : null;
    imports[specifier] = target?.startsWith(`${inside}/`) && target.endsWith(".ts") ? target : null;
    return `import__(${JSON.stringify(specifier)})`;
  };

  for (const node of listOf(nodeOf(parseAst(code)).body)) {
    if (node.type === "ImportDeclaration") {
      const names = listOf(node.specifiers).map((item) => {
        if (item.type === "ImportNamespaceSpecifier") return `...${nameOf(item.local)}`;
        return `${item.type === "ImportDefaultSpecifier" ? "default" : JSON.stringify(nameOf(item.imported))}: ${nameOf(item.local)}`;
      });
      const from = importFrom(nameOf(node.source));
      // A line break inside the braces stays one, for the line numbers.
      const breaks = "\n".repeat(code.slice(node.start, node.end).split("\n").length - 1);
      out.overwrite(node.start, node.end, names.length > 0 ? `const { ${names.join(", ")} } = ${from};${breaks}` : `${from};${breaks}`);
    } else if (node.type === "ExportNamedDeclaration" && isNode(node.declaration)) {
      out.remove(node.start, node.declaration.start);
      for (const name of declared(node.declaration)) exported.set(name, name);
    } else if (node.type === "ExportNamedDeclaration" && !node.source) {
      for (const item of listOf(node.specifiers)) exported.set(nameOf(item.exported), nameOf(item.local));
      out.remove(node.start, node.end);
    } else if (node.type.startsWith("Export")) {
      throw new Error(`${placeOf(node.start)}: the simulator does not know this kind of export.`);
    }
  }
  walk(parseAst(code), (node) => {
    if (node.type === "AwaitExpression") {
      const argument = nodeOf(node.argument);
      out.appendLeft(argument.start, `gate__(${points.push(placeOf(node.start)) - 1}, `);
      out.appendRight(argument.end, ")");
    } else if (node.type === "ForOfStatement" && node.await === true) {
      const right = nodeOf(node.right);
      out.appendLeft(right.start, `each__(${points.push(placeOf(node.start)) - 1}, `);
      out.appendRight(right.end, ")");
    } else if (isContinuation(node)) {
      const awaited = nodeOf(nodeOf(node.callee).object);
      // A chain begins at one place; the name of each link stands at its own.
      out.appendLeft(awaited.start, `gate__(${points.push(placeOf(nodeOf(nodeOf(node.callee).property).start)) - 1}, `);
      out.appendRight(awaited.end, ")");
    } else if (node.type === "MetaProperty") {
      out.overwrite(node.start, node.end, `({ dirname: ${JSON.stringify(join(root, dirname(file)))}, env: {} })`);
    }
  });
  const entries = [...exported].map(([name, local]) => `get ${JSON.stringify(name)}() { return ${local}; }`);
  out.append(`\nreturn { ${entries.join(", ")} };`);
  return { file, code: `"use strict";${out.toString()}`, imports };
}

/** `promise.then(…)` and its like, which wait as `await` does; behind `?.` there may be nothing to wait for. */
function isContinuation(node: Node): boolean {
  if (node.type !== "CallExpression" || !isNode(node.callee) || node.callee.type !== "MemberExpression") return false;
  const { computed, optional, property } = node.callee;
  return !computed && !optional && /^(then|catch|finally)$/.test(nameOf(property));
}

function declared(declaration: Node): string[] {
  if (declaration.type !== "VariableDeclaration") return [nameOf(declaration.id)];
  return listOf(declaration.declarations).map((item) => nameOf(item.id));
}

function walk(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (isNode(node)) {
    visit(node);
    for (const value of Object.values(node)) if (typeof value === "object" && value !== null) walk(value, visit);
  }
}
