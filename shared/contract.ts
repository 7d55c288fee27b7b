// The contract: every shape that crosses a border (page, worker, store, model directory, record file), as zod schemas.
import { z } from "zod";
import { entityIds, indicatorIds, severityIds, threatTypeIds } from "./labels.ts";

// Zod would try `new Function` to see whether it may compile its checks; pages and extension pages forbid that and report it.
z.config({ jitless: true });

/** Most UTF-16 code units of one block that are read; the rest is left out and the answer says so (`truncated`). */
export const MAX_BLOCK_LENGTH = 200_000;
/** Most blocks of one ticket that are read. */
export const MAX_BLOCKS = 500;

export const ThreatType = z.enum(threatTypeIds);
export const Severity = z.enum(severityIds);
export const EntityLabel = z.enum(entityIds);
export const IndicatorKind = z.enum(indicatorIds);
export const SpanLabel = z.enum([...entityIds, ...indicatorIds]);
export const Backend = z.enum(["wasm", "webgpu", "rules"]);
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const Probability = z.number().min(0).max(1);

/** Half-open range of UTF-16 code units in one block's text, with the slice that it names. */
export const Span = z.strictObject({
  start: z.int().nonnegative(),
  end: z.int().positive(),
  label: SpanLabel,
  quote: z.string().min(1),
  source: z.enum(["model", "rule"]),
  score: Probability,
  /** The plain form of a defanged indicator, e.g. `http://evil.example` for `hxxp://evil[.]example`. */
  refanged: z.string().optional(),
});

export const BlockRole = z.enum(["title", "description", "comment"]);

/** One piece of a ticket, exactly as it was read from the page. */
export const Block = z.strictObject({
  id: z.string().min(1).max(200),
  role: BlockRole,
  text: z.string().max(MAX_BLOCK_LENGTH),
});

/**
 * Where a ticket lives; with its key this is its name for ever, so an id is never renamed. ServiceNow's form, workspace and portal show the
 * same tickets: all are called after the first view that was read. `generic` is a page that a person asked for.
 */
export const systems = ["jira-cloud", "jira-data-center", "servicenow-classic", "request-tracker", "generic"] as const;

export const TicketRef = z.strictObject({
  system: z.enum(systems),
  key: z.string().min(1).max(100),
});

export const AnalyzeRequest = z.strictObject({
  ticket: TicketRef,
  blocks: z.array(Block).max(MAX_BLOCKS),
});

/** What is wrong with the model, in a form that the page can explain. */
export const ModelProblem = z.strictObject({
  code: z.enum(["missing", "truncated", "altered", "invalid", "failed"]),
  message: z.string().max(500),
});

/** The model's proposal for one ticket. `threatType` is the best class even when `abstained` says "not sure". */
export const Suggestion = z.strictObject({
  ticket: TicketRef,
  contentHash: Sha256,
  modelVersion: z.string().nullable(),
  backend: Backend,
  threatType: ThreatType.nullable(),
  severity: Severity.nullable(),
  /** Calibrated probability of `threatType`. */
  confidence: Probability,
  abstained: z.boolean(),
  probabilities: z.record(ThreatType, Probability).nullable(),
  severityProbabilities: z.record(Severity, Probability).nullable(),
  blocks: z.array(z.strictObject({ id: z.string(), spans: z.array(Span) })),
  /** Some of the text was longer than the model reads; rules still saw all that was sent. */
  truncated: z.boolean(),
  /** Windows that really went through the model for this answer (0 when all came from the cache). */
  modelCalls: z.int().nonnegative(),
  tookMs: z.number().nonnegative(),
  problem: ModelProblem.nullable(),
});

/** Numbers that decode a model's answers; the `sectag` part of its `config.json`. */
export const DecodingConfig = z.strictObject({
  labelsVersion: z.int().positive(),
  severity: z.array(Severity).length(severityIds.length),
  /** BIO labels in the order of `entity_logits`: "O", "B-Malware", "I-Malware", ... */
  entities: z.array(z.string()).length(1 + 2 * entityIds.length),
  temperatures: z.strictObject({ threatType: z.number().positive(), severity: z.number().positive(), entity: z.number().positive() }),
  /** Below these the answer is "not sure" (per class) or the span is dropped (entity). */
  thresholds: z.strictObject({ threatType: z.record(ThreatType, Probability), entity: Probability }),
  /** Windows of `length` tokens ([CLS] and [SEP] included) with `overlap` shared tokens; `beta` weighs windows when they are pooled. */
  windows: z.strictObject({ length: z.int().min(16).max(512), overlap: z.int().nonnegative(), beta: z.number().nonnegative() }),
});

/** `config.json` of a model directory: a BertForSequenceClassification's, with ours beside it. */
export const ModelConfig = z.looseObject({
  model_type: z.literal("bert"),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  id2label: z.record(z.string(), ThreatType),
  sectag: DecodingConfig,
});

export const ModelVersion = z.string().regex(/^[0-9a-z][0-9a-z.-]{0,40}$/);
/** Where releases are published: which of them an installation follows. */
export const ReleaseChannel = z.enum(["stable", "canary"]);
/** Below the model's directory; never out of it. */
export const ModelFilePath = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*$/);
export const ModelFileRole = z.enum(["weights-wasm", "weights-webgpu", "config", "tokenizer", "golden", "metrics", "card"]);

/** `manifest.json` of a model directory: what belongs to it, to the byte. */
export const ModelManifest = z.strictObject({
  spec: z.literal(1),
  modelId: z.string().min(1),
  version: ModelVersion,
  created: z.iso.datetime(),
  labelsVersion: z.int().positive(),
  licence: z.string(),
  graph: z.strictObject({ inputs: z.array(z.string()), outputs: z.array(z.string()), opset: z.int().positive() }),
  files: z
    .array(
      z.strictObject({
        path: ModelFilePath,
        size: z.int().nonnegative().max(200_000_000),
        sha256: Sha256,
        role: ModelFileRole,
      }),
    )
    .min(1),
});

/** One case of `golden.json`: a text and what fp32 PyTorch and each shipped file answer to its first window. */
export const GoldenCase = z.strictObject({
  name: z.string(),
  text: z.string(),
  inputIds: z.array(z.int().nonnegative()),
  /** Token offsets in UTF-16 code units, one [start, end] per token between [CLS] and [SEP]. */
  offsets: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative()])),
  expected: z.record(
    z.enum(["wasm", "webgpu"]),
    z.strictObject({
      logits: z.array(z.number()),
      severityLogits: z.array(z.number()),
      /** Arg-max BIO label per token, [CLS] and [SEP] included. */
      entityLabels: z.array(z.int().nonnegative()),
    }),
  ),
  /** Pooled over all windows by the int8 file: the whole pipeline's answer. */
  answer: z.strictObject({ threatType: ThreatType, severity: Severity, confidence: Probability }),
});
export const GoldenFile = z.strictObject({
  tolerance: z.strictObject({ wasm: z.number().positive(), webgpu: z.number().positive() }),
  cases: z.array(GoldenCase).min(1),
});

/** One line of a labelled threat file (`threat_*.jsonl`, the corpus): the trainer's input. */
export const ThreatRecord = z.looseObject({
  id: z.string().min(1),
  source: z.string().min(1),
  text: z.string().min(1),
  threat_type: ThreatType.nullable(),
  severity: Severity.nullable(),
  severity_basis: z.string().nullable().optional(),
  alt_types: z.array(ThreatType).optional(),
  /** UTF-16 offsets, checked against `quote`. */
  spans: z
    .array(z.strictObject({ start: z.int().nonnegative(), end: z.int().positive(), label: EntityLabel, quote: z.string().min(1) }))
    .optional(),
});

/** One line of a labelled entity file (`ner_*.jsonl`). `tags_unified` is BIO over `tokens`; labels outside `label_space` were not annotated. */
export const EntityRecord = z.looseObject({
  id: z.string().min(1),
  source: z.string().min(1),
  tokens: z.array(z.string().min(1)).min(1),
  tags_unified: z.array(z.string()),
  label_space: z.array(EntityLabel).min(1),
});

export type ThreatType = z.infer<typeof ThreatType>;
export type Severity = z.infer<typeof Severity>;
export type EntityLabel = z.infer<typeof EntityLabel>;
export type IndicatorKind = z.infer<typeof IndicatorKind>;
export type SpanLabel = z.infer<typeof SpanLabel>;
export type Backend = z.infer<typeof Backend>;
export type Span = z.infer<typeof Span>;
export type Block = z.infer<typeof Block>;
export type BlockRole = z.infer<typeof BlockRole>;
export type TicketRef = z.infer<typeof TicketRef>;
export type AnalyzeRequest = z.infer<typeof AnalyzeRequest>;
export type Suggestion = z.infer<typeof Suggestion>;
export type ModelProblem = z.infer<typeof ModelProblem>;
export type DecodingConfig = z.infer<typeof DecodingConfig>;
export type ModelConfig = z.infer<typeof ModelConfig>;
export type ReleaseChannel = z.infer<typeof ReleaseChannel>;
export type ModelManifest = z.infer<typeof ModelManifest>;
export type GoldenCase = z.infer<typeof GoldenCase>;
export type GoldenFile = z.infer<typeof GoldenFile>;
