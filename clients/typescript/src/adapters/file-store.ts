/// <reference types="node" />

/**
 * Where parked runs are kept until people have decided.
 *
 * What is kept is the framework's own state, with the conversation in it. It decides nothing: whoever goes on with it asks
 * the server. This file needs Node, so nothing that browsers load may import it.
 */

import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { hex, sha256 } from "../sha256.js";

/** Where parked runs are kept, by name. A state holds the conversation: keep it to yourself. */
export interface Store {
  /** What was saved last, if anything. */
  load(run: string): Promise<string | undefined>;
  /** Keeps it, whole or not at all. */
  save(run: string, state: string): Promise<void>;
  /** Forgets it, if it is there. */
  delete(run: string): Promise<void>;
}

/** A folder with a file for each run, which only its owner may read. */
export class FileStore implements Store {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Not by the name itself: some file systems take names for equal that are not. */
  #path(run: string): string {
    return join(this.#folder, `${hex(sha256(new TextEncoder().encode(run)))}.json`);
  }

  async load(run: string): Promise<string | undefined> {
    try {
      return await readFile(this.#path(run), "utf8");
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async save(run: string, state: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(run);
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(state, "utf8");
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async delete(run: string): Promise<void> {
    await rm(this.#path(run), { force: true });
  }
}
