// Pages that say why there is no other: not found, forbidden, failed.

import { useEffect } from "preact/hooks";
import { session, signOut } from "../data/session.ts";
import { rolesWith } from "../logic/permissions.ts";
import { places } from "../parts/shell.tsx";
import { app, pages, signIn } from "../words.ts";

interface EmptyProps {
  title: string;
  lines: readonly string[];
  link?: boolean;
  again?: (() => void) | undefined;
  other?: boolean;
  /** A part of a page, which has a title of its own. */
  part?: boolean;
}

export function EmptyPage({ title, lines, link = true, again, other = false, part = false }: EmptyProps) {
  useEffect(() => {
    if (!part) document.title = `${title} · ${app.name}`;
  }, [title]);
  // Not everybody has an inbox.
  const [home] = places();
  return (
    <div class="empty-w">
      <div class="empty">
        <h1 class="empty-h">{title}</h1>
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
        <p class="acts">
          {again && (
            <button type="button" class="b b-ink" onClick={again}>
              {app.again}
            </button>
          )}
          {link && (
            <a class="b" href={home?.href ?? "/"}>
              {home?.href === "/inbox" ? pages.toInbox : home?.label}
            </a>
          )}
          {other && (
            <button type="button" class="b" onClick={() => void signOut()}>
              {signIn.other}
            </button>
          )}
        </p>
      </div>
    </div>
  );
}

export const NotFound = () => <EmptyPage title={pages.notFound} lines={[pages.notFoundHint]} />;

export function Forbidden({ what, permission }: { what: string; permission: string | readonly string[] }) {
  const permissions = typeof permission === "string" ? [permission] : permission;
  const who = session.value;
  const lines = [
    who ? pages.forbiddenWho(who.principal.name, who.workspace.name) : "",
    pages.needs(permissions),
    pages.rolesWith(rolesWith(...permissions).join(", ")),
    pages.whoGives,
  ];
  return <EmptyPage title={pages.forbidden(what)} lines={lines.filter(Boolean)} link={false} other />;
}
