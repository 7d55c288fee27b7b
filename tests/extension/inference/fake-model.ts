// A model for tests that needs no network: it answers by the words of the window, so that a test says what it wants.

import type { ReadyModel } from "../../../extension/inference/read-passage.ts";
import { createTokenizer } from "../../../extension/inference/wordpiece.ts";
import type { DecodingConfig } from "../../../shared/contract.ts";
import { entityIds, severityIds, threatTypeIds } from "../../../shared/labels.ts";

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const letters = Array.from("abcdefghijklmnopqrstuvwxyz0123456789.,:;!?@[]()/\\-_%");
export const words = ["phish", "mimikatz", "host", "server", "fine", "mail"];

export const bio = ["O", ...entityIds.flatMap((id) => [`B-${id}`, `I-${id}`])];

export const config: DecodingConfig = {
  labelsVersion: 1,
  severity: [...severityIds],
  entities: bio,
  temperatures: { threatType: 1, severity: 1, entity: 1 },
  thresholds: {
    threatType: {
      benign: 0.5,
      vulnerability: 0.5,
      phishing: 0.5,
      malware: 0.5,
      ransomware: 0.5,
      credential_attack: 0.5,
      exploitation: 0.5,
      intrusion: 0.5,
      denial_of_service: 0.5,
      insider_misuse: 0.5,
      data_exposure: 0.5,
      lost_stolen_asset: 0.5,
      device_tampering: 0.5,
    },
    entity: 0.5,
  },
  windows: { length: 16, overlap: 4, beta: 1 },
};

export const tokenizer = createTokenizer({
  added_tokens: special.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false })),
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries([...special, ...words, ...letters, ...letters.map((l) => `##${l}`)].map((token, id) => [token, id])),
  },
});

/** `mimikatz` is a B-Tool, `host` and `server` are I-System, `mail` is B-AttackPattern; "phish" makes the window phishing, high. */
export function fakeModel(change: Partial<ReadyModel> = {}): ReadyModel & { windows: number[][] } {
  const windows: number[][] = [];
  const idOf = (word: string) => special.length + words.indexOf(word);
  const labelOf = new Map([
    [idOf("mimikatz"), "B-Tool"],
    [idOf("host"), "I-System"],
    [idOf("server"), "I-System"],
    [idOf("mail"), "B-AttackPattern"],
  ]);
  return {
    tokenizer,
    config,
    threatTypes: threatTypeIds,
    modelVersion: "fake",
    fingerprint: "fake",
    backend: "wasm",
    windows,
    async runWindow(ids) {
      windows.push([...ids]);
      const phish = ids.includes(idOf("phish"));
      const threat = threatTypeIds.map((id) => (id === (phish ? "phishing" : "benign") ? 5 : 0));
      const severity = severityIds.map((id) => (id === (phish ? "high" : "low") ? 5 : 0));
      const entity = new Float32Array(ids.length * bio.length);
      for (const [token, id] of ids.entries()) entity[token * bio.length + bio.indexOf(labelOf.get(id) ?? "O")] = 6;
      return { threat, severity, entity };
    },
    ...change,
  };
}
