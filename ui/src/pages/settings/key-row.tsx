// One key of the list: whose it is, what it may, and when it ends.

import { now } from "../../data/clock.ts";
import type { Key } from "../../data/types.ts";
import { short } from "../../logic/durations.ts";
import { ending } from "../../logic/forms.ts";
import { Icon, Mark, Plain, Time } from "../../parts/small.tsx";
import { keys as words } from "../../words-settings.ts";
import type { Asked } from "./keys.tsx";

export const Chips = ({ names }: { names: readonly string[] }) => (
  <>
    {names.map((one) => (
      <span key={one} class="chip">
        <Plain text={one} />
      </span>
    ))}
  </>
);

export function Row({ it, onAsk }: { it: Key; onAsk: (asked: Asked) => void }) {
  return (
    <tr class={it.revoked_at ? "set-off" : ""}>
      <th scope="row">
        <span class="set-who">
          <span class="t-main mono">so_{it.prefix}…</span>
          {it.label && (
            <span class="muted set-x">
              <Plain text={it.label} />
            </span>
          )}
        </span>
      </th>
      <td class="set-full">
        <span class="who">
          <Mark name={it.principal} service={it.principal_kind === "service"} /> <Plain text={it.principal} />
        </span>
      </td>
      <td class="set-full">
        <May it={it} />
      </td>
      <td class="soft nowrap" data-l={words.made.toLowerCase()}>
        <Time at={it.created_at} as="ago" />
      </td>
      <td class="soft nowrap" data-l={it.last_used_at ? words.used.toLowerCase() : undefined}>
        {it.last_used_at ? <Time at={it.last_used_at} as="ago" /> : words.unused}
      </td>
      <td class="nowrap" data-l={words.ends.toLowerCase()}>
        <Ends it={it} />
      </td>
      <td class="num nowrap">
        {!it.revoked_at && (
          <>
            {!it.rotated_to && (
              <button type="button" class="b b-plain b-sm" aria-label={words.rotateIt(it.prefix)} onClick={() => onAsk({ what: "rotate", key: it })}>
                {words.rotate}
              </button>
            )}
            <button type="button" class="b b-plain b-sm set-danger" aria-label={words.revokeIt(it.prefix)} onClick={() => onAsk({ what: "revoke", key: it })}>
              {words.revoke}
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function May({ it }: { it: Key }) {
  if (it.permissions.length < 3) {
    return (
      <span class="set-chips">
        <Chips names={[...it.roles, ...it.permissions]} />
      </span>
    );
  }
  return (
    <details class="set-mini">
      <summary>
        <Chips names={it.roles} /> <span class="chip">{words.permissions(it.permissions.length)} ▾</span>
      </summary>
      <ul class="mono">
        {it.permissions.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </details>
  );
}

function Ends({ it }: { it: Key }) {
  if (it.revoked_at) {
    return (
      <span class="st st-off">
        <Icon name="slash" /> {words.revoked}
      </span>
    );
  }
  const { how, left } = ending(it.expires_at, now.value);
  return (
    <>
      {how === "never" && <span class="soft">{words.never}</span>}
      {how === "over" && (
        <span class="st st-off">
          <Icon name="glass" /> {words.over}
        </span>
      )}
      {how === "near" && (
        <span class="st st-late">
          <Icon name="glass" /> {words.near(short(left))}
        </span>
      )}
      {how === "far" && it.expires_at && (
        <span class="soft">
          <Time at={it.expires_at} as="day" />
        </span>
      )}
      {it.rotated_to && <span class="muted set-x"> {words.rotated(it.rotated_to)}</span>}
    </>
  );
}
