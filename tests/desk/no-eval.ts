// Imported first by every page bundle: zod must not probe `new Function`, which the strict policy would report.
import { z } from "zod";

z.config({ jitless: true });
