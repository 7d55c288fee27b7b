// Write-back: whether it is on and into which field, and what SecTag wrote on which tickets, so that it never takes a person's value for its own.
import { browser } from "wxt/browser";
import { z } from "zod";
import type { TicketRef } from "../../shared/contract.ts";
import { nothingWritten, WriteBackSettings, Written } from "../../shared/write-back.ts";
import { readPolicy } from "./policy.ts";

export const writeBackKey = "writeBack";
/** In an administrator's policy. */
export const writeBackPolicyNames = ["writeBack", "writeBackField"];
const writtenKey = "written";
/** Older ones are forgotten: their values are then somebody else's, which only means that they are left alone. */
const mostTickets = 500;

const off: WriteBackSettings = { on: false, field: "" };
/** Newest first. The name is the ticket's origin, system and key. */
const Tickets = z.array(z.tuple([z.string(), Written])).max(mostTickets);

/** What an administrator's policy says stands; else what the person set; else it is off. */
export async function readWriteBack(): Promise<WriteBackSettings> {
  const policy = await readWriteBackPolicy();
  const own = WriteBackSettings.safeParse((await browser.storage.local.get(writeBackKey))[writeBackKey]).data ?? off;
  return { on: policy.on ?? own.on, field: policy.field ?? own.field };
}

export async function writeWriteBack(settings: WriteBackSettings): Promise<void> {
  await browser.storage.local.set({ [writeBackKey]: WriteBackSettings.parse(settings) });
}

/** What an administrator's policy has set. */
export async function managedWriteBack(): Promise<(keyof WriteBackSettings)[]> {
  const { on, field } = await readWriteBackPolicy();
  return [...(on === undefined ? [] : (["on"] as const)), ...(field === undefined ? [] : (["field"] as const))];
}

async function readWriteBackPolicy(): Promise<{ on: boolean | undefined; field: string | undefined }> {
  const managed = await readPolicy(writeBackPolicyNames);
  return {
    on: z.boolean().safeParse(managed.writeBack).data,
    field: WriteBackSettings.shape.field.safeParse(managed.writeBackField).data,
  };
}

export async function readWritten(origin: string, ticket: TicketRef): Promise<Written> {
  const wanted = nameOf(origin, ticket);
  return (await readTickets()).find(([name]) => name === wanted)?.[1] ?? nothingWritten;
}

/** Resolves when it is kept. Tabs write one after the other. */
export async function keepWritten(origin: string, ticket: TicketRef, written: Written): Promise<void> {
  const wanted = nameOf(origin, ticket);
  await navigator.locks.request("sectag.written", async () => {
    const others = (await readTickets()).filter(([name]) => name !== wanted);
    const tickets = isNothing(written) ? others : [[wanted, written] as const, ...others].slice(0, mostTickets);
    await browser.storage.local.set({ [writtenKey]: tickets });
  });
}

async function readTickets(): Promise<z.infer<typeof Tickets>> {
  return Tickets.safeParse((await browser.storage.local.get(writtenKey))[writtenKey]).data ?? [];
}

const nameOf = (origin: string, { system, key }: TicketRef) => `${origin} ${system} ${key}`;

function isNothing({ labels, field, note, last }: Written): boolean {
  return labels.length === 0 && !field && !note && !last;
}
