// Reads a `Range` header: one range of bytes, as RFC 9110 has it.

/**
 * @returns null: the whole file (no range, several, or another unit, which a server may pass over); "none": the file has no such bytes.
 */
export function byteRange(header: string | undefined, size: number): { start: number; length: number } | "none" | null {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return null;
  // `-500`: the last 500 bytes.
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return null;
  return start > end ? "none" : { start, length: end - start + 1 };
}
