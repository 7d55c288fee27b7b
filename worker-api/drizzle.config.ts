// Where drizzle-kit finds the tables and puts migrations: `drizzle-kit generate --config worker-api/drizzle.config.ts --name WHAT`.
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./worker-api/schema.ts", out: "./worker-api/migrations" });
