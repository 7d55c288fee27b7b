// Wiring of the offscreen document: the model's host behind the pages' ports.
import { startHost } from "../../inference/start-host.ts";

startHost();
