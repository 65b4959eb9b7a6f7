// Who acts on what was approved: the claim, and how it ended.

import { now } from "../../data/clock.ts";
import { me } from "../../data/session.ts";
import type { Claim } from "../../data/types.ts";
import { when } from "../../logic/durations.ts";
import { H } from "../../parts/heading.tsx";
import { Mark, Name, Plain, Time } from "../../parts/small.tsx";
import { approval as words } from "../../words.ts";

export function Acting({ claim }: { claim: Claim | null }) {
  if (!claim) return null;
  return (
    <section class="sec" aria-label={words.acting}>
      <div class="sec-h">
        <H>{words.acting}</H>
      </div>
      <div class="people">
        <div class="person">
          <Mark name={claim.claimed_by} />
          <span>
            <Name name={claim.claimed_by} me={me.value} /> {words.actingStates[claim.state] ?? claim.state}
          </span>
          <small>{standing(claim)}</small>
        </div>
      </div>
      {claim.detail && (
        <q class="sig-q">
          <Plain text={claim.detail} lines />
        </q>
      )}
      <dl class="facts">
        <dt>{words.actingFacts.fence}</dt>
        <dd>{claim.fence}</dd>
        <dt>{words.actingFacts.since}</dt>
        <dd>
          <Time at={claim.claimed_at} />
        </dd>
        {claim.audience && (
          <>
            <dt>{words.actingFacts.audience}</dt>
            <dd>
              <Plain text={claim.audience} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function standing(claim: Claim) {
  const ended = claim.completed_at ?? claim.released_at;
  if (ended) {
    return (
      <>
        {claim.outcome && words.actingOutcomes[claim.outcome]} <Time at={ended} as="ago" />
      </>
    );
  }
  if (!claim.lease_until) return words.actingForGood;
  const until = Date.parse(claim.lease_until);
  const told = when(until, now.value);
  return until > now.value ? words.actingUntil(told) : words.actingFree(told);
}
