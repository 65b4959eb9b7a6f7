// The settings: which parts there are for who looks, and the one that is shown.

import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../data/session.ts";
import { allows, isPart, PARTS, type Part, partsFor } from "../logic/permissions.ts";
import { go } from "../router.ts";
import { app } from "../words.ts";
import { settings as words } from "../words-settings.ts";
import { BarEnd } from "../parts/shell.tsx";
import { later } from "../parts/later.tsx";
import { Forbidden, NotFound } from "./plain.tsx";
import { Audit } from "./settings/audit.tsx";
import { Keys } from "./settings/keys.tsx";
import { Skeleton } from "./settings/loaded.tsx";
import { People } from "./settings/people.tsx";
import { Roles } from "./settings/roles.tsx";
import { WorkspaceSettings } from "./settings/workspace.tsx";
import { You } from "./settings/you.tsx";

const Sent = later(async () => (await import("./told/index.tsx")).Sent, () => <Skeleton />);
const Webhooks = later(async () => (await import("./webhooks/index.tsx")).Webhooks, () => <Skeleton />);

const SHOWN: Record<Part, ComponentType> = {
  keys: Keys,
  people: People,
  roles: Roles,
  workspace: WorkspaceSettings,
  webhooks: Webhooks,
  sent: Sent,
  audit: Audit,
  you: You,
};

export function Settings({ part }: { part: string | null }) {
  const granted = session.value?.permissions ?? [];
  const parts = partsFor(granted);
  const first = parts[0] ?? "you";
  useEffect(() => {
    if (part === null) go(`/settings/${first}`, "replace");
  }, [part, first]);
  const here = part ?? first;
  const nav = useRef<HTMLElement>(null);
  // On a phone the current one may stand beyond the edge.
  useEffect(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [here]);
  const title = isPart(here) ? words.parts[here] : words.title;
  useEffect(() => {
    document.title = `${title} · ${app.name}`;
  }, [title]);
  if (!isPart(here)) return <NotFound />;
  const needed = PARTS[here];
  return (
    <>
      <div class="bar">
        <h1>{words.title}</h1>
        <nav ref={nav} class="set-nav" aria-label={words.title}>
          {parts.map((one) => (
            <a key={one} href={`/settings/${one}`} aria-current={one === here ? "page" : undefined}>
              {words.parts[one]}
            </a>
          ))}
        </nav>
        <BarEnd />
      </div>
      {needed && !allows(granted, needed) ? (
        <Forbidden what={words.forbidden[here]} permission={needed} />
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
          <div class="page set-page">{shown(here)}</div>
        </div>
      )}
    </>
  );
}

function shown(part: Part) {
  const Shown = SHOWN[part];
  return <Shown key={part} />;
}
