// Wiring of the offscreen document: the model's host behind the pages' ports, and the document in which a pack's selectors are tried.
import { browser } from "wxt/browser";
import { startHost } from "../../inference/start-host.ts";
import { answerMessage, hostMessages } from "../../messages.ts";
import { sites } from "../../sites/all-sites.ts";
import { packProblem } from "../../sites/packed.ts";

const host = startHost();
answerMessage(hostMessages, "model.rehearse", browser.runtime, host.rehearse);
answerMessage(hostMessages, "model.change", browser.runtime, host.changeOver);
answerMessage(hostMessages, "selectors.try", browser.runtime, (pack) => packProblem(pack, sites, document));
