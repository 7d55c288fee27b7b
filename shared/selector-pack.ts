// The contract of a selector pack: signed lists of selectors that are tried before an adapter's own. Data only (docs/adr/0021).
import { z } from "zod";
import { PackSites } from "./selector-lists.ts";
import { envelopeOf, type SignedKind } from "./signed-envelope.ts";

export const packPayloadType = "application/vnd.sectag.selectors+json";

/** Most bytes of an envelope as JSON. */
export const packBytes = 64_000;

/** The signed payload. Taking all back is a new counter with no sites. */
export const SelectorPack = z
  .strictObject({
    spec: z.literal(1),
    /** The packs' own, not the releases'. */
    counter: z.int().positive(),
    created: z.iso.datetime(),
    /** After this moment the packaged selectors are used again. */
    expires: z.iso.datetime(),
    /** Lowest version of the extension whose lists have these names and this meaning. */
    minApp: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/),
    sites: PackSites,
  })
  .refine(({ created, expires }) => Date.parse(expires) > Date.parse(created), "it expires before it was created");

/** Also the body of `PUT` and the answer of `GET /v1/selectors/stable`. */
export const PackEnvelope = envelopeOf(packPayloadType);

export type SelectorPack = z.infer<typeof SelectorPack>;

/** What `openEnvelope` takes for a selector pack. */
export const packKind: SignedKind<SelectorPack> = {
  name: "selector pack",
  envelope: PackEnvelope,
  payload: SelectorPack,
  most: packBytes,
};
