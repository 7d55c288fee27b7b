// The part of jsdom that is used here: it comes without types.
declare module "jsdom" {
  export class JSDOM {
    readonly window: { readonly document: Document };
  }
}
