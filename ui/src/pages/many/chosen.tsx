// The selected ones beside the list: each with its time, what a vote would do, and whether it was ever opened.

import { useEffect } from "preact/hooks";
import { approval, changes, loaded } from "../../data/approvals.ts";
import { answerable, answerableBy, askBack, chosen, effect, readEffects } from "../../data/bulk.ts";
import { now } from "../../data/clock.ts";
import { isAway } from "../../data/feed.ts";
import { filtered, isMine, opening, pick, pickAll, shown, stopSelecting } from "../../data/inbox.ts";
import { wasOpened } from "../../data/opened.ts";
import { plain } from "../../logic/hidden.ts";
import { Icon, Kbd, Plain } from "../../parts/small.tsx";
import { look } from "../../parts/status.tsx";
import { bar } from "../../words.ts";
import { many as words } from "../../words-many.ts";

/** Many of them: those further down say no less, but are drawn when they are scrolled to. */
export function Chosen() {
  const ids = chosen.value;
  useEffect(() => void readEffects(ids), [ids]);
  const allMine = shown.value.mine.filter(isMine);
  const all = allMine.length > 1 && allMine.every((id) => ids.includes(id));
  return (
    <article class="detail" aria-label={words.label}>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
        <div class="d-pad">
          <header class="d-head">
            <div role="status">
              <h2 class="d-title">{words.selected(ids.length)}</h2>
            </div>
            <p class="soft">{words.lead}</p>
            {all ? (
              <p class="soft">
                {filtered.value ? words.allShown : words.allLoaded} {loaded.value === "part" && words.moreComes}
              </p>
            ) : (
              <p>
                <button type="button" class="b b-sm" onClick={pickAll}>
                  <Icon name="pick" /> {words.all} <Kbd>*</Kbd>
                </button>
              </p>
            )}
          </header>
          <ol class="out">
            {ids.map((id) => (
              <Line key={id} id={id} />
            ))}
          </ol>
        </div>
      </div>
      <Bar />
    </article>
  );
}

function Line({ id }: { id: string }) {
  void changes.value;
  const it = approval(id);
  const title = words.titleOf(it, id);
  return (
    <li class={isMine(id) ? "" : "is-out"}>
      <span class="t">
        <Plain text={title} />
      </span>
      <button type="button" class="b b-plain b-icon b-sm" aria-label={words.takeOut(plain(title))} onClick={() => pick(id)}>
        <Icon name="x" />
      </button>
      <span class="d">{it && <Facts id={id} />}</span>
    </li>
  );
}

function Facts({ id }: { id: string }) {
  const it = approval(id);
  if (!it) return null;
  if (it.status !== "pending") return <Plain text={words.over(look(it).word, it.resolved_by)} />;
  if (!it.can_decide) return <>{words.notMine}</>;
  const does = effect(id, "approve");
  const said = [words.left(Date.parse(it.expires_at) - now.value)];
  if (does) said.push(does === "resolves" ? words.ends : words.leavesOpen(it.progress?.missing ?? 0));
  if (!it.can.includes("approve")) said.push(words.noVerb.approve);
  if (!it.can.includes("reject")) said.push(words.noVerb.reject);
  if (!wasOpened(id)) said.push(words.notOpened);
  return <Plain text={[it.requested_by, ...said].join(" · ")} />;
}

function Bar() {
  void answerable.value;
  return (
    <form class="act" aria-label={words.bar} onSubmit={(event) => event.preventDefault()}>
      <span class="grow" />
      <Verdicts />
      <button type="button" class="b b-plain" onClick={stopSelecting}>
        {words.clear} <Kbd>Esc</Kbd>
      </button>
    </form>
  );
}

function Verdicts() {
  void changes.value;
  const [yes, no] = [answerableBy("approve").length, answerableBy("reject").length];
  const away = isAway.value;
  return (
    <>
      {(no > 0 || yes === 0) && (
        <button type="button" class="b b-no" aria-keyshortcuts="r" disabled={away || no === 0} title={away ? bar.away : undefined} onClick={() => askBack("reject")}>
          <Icon name="x" /> {words.reject(no)} <Kbd>r</Kbd>
        </button>
      )}
      {(yes > 0 || no === 0) && (
        <button type="button" class="b b-ok" aria-keyshortcuts="a" disabled={away || yes === 0} title={away ? bar.away : undefined} onClick={() => askBack("approve")}>
          <Icon name="check" /> {words.approve(yes)} <Kbd>a</Kbd>
        </button>
      )}
    </>
  );
}

/** Under the list where the selected ones don't stand beside it. */
export function PickBar() {
  const amount = chosen.value.length;
  return (
    <form class="pickbar" aria-label={words.bar} onSubmit={(event) => event.preventDefault()}>
      <b class="pick-n">{words.selected(amount)}</b>
      {opening.value && amount > 0 && (
        <button type="button" class="b b-sm not-phone" onClick={() => (opening.value = false)}>
          {words.show(amount)}
        </button>
      )}
      <button type="button" class="b b-sm" onClick={pickAll}>
        {words.all}
      </button>
      <button type="button" class="b b-plain b-sm" onClick={stopSelecting}>
        {words.clear}
      </button>
      {amount > 0 && !opening.value && <Verdicts />}
    </form>
  );
}
