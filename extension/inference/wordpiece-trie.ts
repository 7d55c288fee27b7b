// Longest-match search in a WordPiece vocabulary: a trie in one open-addressing hash table, so a step costs the same for any word.

/** `longestMatch` reads `word[from..]` and reports through `matchedId` and `matchedLength` (0 when nothing matched). */
export interface Trie {
  longestMatch(root: "first" | "later", word: ArrayLike<number>, from: number, length: number): void;
  readonly matchedId: number;
  readonly matchedLength: number;
}

/** @param vocab token -> id. Tokens that begin with `prefix` ("##") go on a word, the others begin one. */
export function createTrie(vocab: ReadonlyMap<string, number>, prefix: string): Trie {
  let characters = 2;
  for (const token of vocab.keys()) characters += token.length;
  let capacity = 1024;
  while (capacity < characters * 2) capacity *= 2;
  const mask = capacity - 1;
  // Slot -> (node, code point) -> next node; node 0 is "no entry", 1 begins words, 2 goes on with them.
  const nodes = new Int32Array(capacity);
  const points = new Int32Array(capacity);
  const targets = new Int32Array(capacity);
  const ids = new Int32Array(characters + 3).fill(-1);
  let lastNode = 2;

  const slotOf = (node: number, point: number): number => {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(point, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    while (nodes[slot] !== 0 && (nodes[slot] !== node || points[slot] !== point)) slot = (slot + 1) & mask;
    return slot;
  };

  for (const [token, id] of vocab) {
    const later = token.startsWith(prefix) && token.length > prefix.length;
    let node = later ? 2 : 1;
    for (const character of later ? token.slice(prefix.length) : token) {
      const point = character.codePointAt(0) ?? 0;
      const slot = slotOf(node, point);
      if (nodes[slot] === 0) {
        nodes[slot] = node;
        points[slot] = point;
        targets[slot] = ++lastNode;
      }
      node = targets[slot] ?? 0;
    }
    ids[node] = id;
  }

  let matchedId = -1;
  let matchedLength = 0;
  return {
    get matchedId() {
      return matchedId;
    },
    get matchedLength() {
      return matchedLength;
    },
    longestMatch(root, word, from, length) {
      matchedId = -1;
      matchedLength = 0;
      let node = root === "first" ? 1 : 2;
      for (let at = from; at < length; at++) {
        const slot = slotOf(node, word[at] ?? 0);
        if (nodes[slot] === 0) return;
        node = targets[slot] ?? 0;
        const id = ids[node] ?? -1;
        if (id >= 0) {
          matchedId = id;
          matchedLength = at + 1 - from;
        }
      }
    },
  };
}
