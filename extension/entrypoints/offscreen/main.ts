// Wiring of the offscreen document: the model's host behind the pages' ports.
import { browser } from "wxt/browser";
import { startHost } from "../../inference/start-host.ts";
import { answerMessage, hostMessages } from "../../messages.ts";

const host = startHost();
answerMessage(hostMessages, "model.rehearse", browser.runtime, host.rehearse);
answerMessage(hostMessages, "model.change", browser.runtime, host.changeOver);
