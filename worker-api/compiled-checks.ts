// Lets zod compile its checks, which a page's policy forbids and Node allows. To be imported before any other schema than contract.ts is made.
import "../shared/contract.ts";
import { z } from "zod";

z.config({ jitless: false });
