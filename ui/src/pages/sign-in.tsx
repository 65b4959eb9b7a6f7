// Signing in: a page of its own, and a dialog over any page when a session has ended.

import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../data/clock.ts";
import { session, signIn, signInOptions } from "../data/session.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/small.tsx";
import { go, ownPath, query } from "../router.ts";
import { app, signIn as words } from "../words.ts";

/** After it one is where one wanted to go; only ever to a path of the app. */
export function SignIn() {
  const to = ownPath(query.value.get("to")) ?? "/";
  useEffect(() => {
    document.title = `${words.title} · ${app.name}`;
  }, []);
  if (session.value) {
    queueMicrotask(() => go(to, "replace"));
    return null;
  }
  return (
    <main class="gate" id="main">
      <div class="gate-c">
        <div class="gate-h">
          <span class="brand">
            <svg aria-hidden="true">
              <use href="#i-brand" />
            </svg>
            <span>{app.name}</span>
          </span>
          <h1>{words.title}</h1>
          <p class="soft">{words.lead}</p>
        </div>
        <SignInForm to={to} />
      </div>
    </main>
  );
}

/** Over the page: place and text stay as they are. */
export function SignInDialog() {
  const to = location.pathname + location.search;
  return (
    <Dialog title={words.again} onClose={() => {}} stays>
      <p class="soft">{words.ended}</p>
      <SignInForm to={ownPath(to) ?? "/"} />
    </Dialog>
  );
}

function SignInForm({ to }: { to: string }) {
  const [browser, setBrowser] = useState(false);
  const [state, setState] = useState<{ at: "ready" | "going"; trouble: string | null; again: number }>({ at: "ready", trouble: null, again: 0 });
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    void signInOptions().then((options) => setBrowser(options?.browser ?? false));
    field.current?.focus();
  }, []);
  const wait = Math.ceil((state.again - Date.now()) / 1000);
  if (wait > 0) void now.value;

  const submit = async (event: Event) => {
    event.preventDefault();
    const key = field.current?.value ?? "";
    if (state.at === "going" || wait > 0) return;
    if (!key.trim()) return setState({ at: "ready", trouble: words.trouble.empty ?? "", again: 0 });
    setState({ at: "going", trouble: null, again: 0 });
    const trouble = await signIn(key);
    if (!trouble) return;
    setState({
      at: "ready",
      trouble: words.trouble[trouble.words] ?? trouble.words,
      again: trouble.again === null ? 0 : Date.now() + trouble.again * 1000,
    });
    field.current?.focus();
  };

  return (
    <form class="gate-f" onSubmit={submit} noValidate>
      {browser && (
        <>
          <a class="b b-ink" href={`/auth/login?return_to=${encodeURIComponent(to)}`} target="_self">
            <Icon name="person" /> {words.with}
          </a>
          <p class="or">{words.or}</p>
        </>
      )}
      <div class="field">
        <label for="key">{words.key}</label>
        <input
          ref={field}
          class="in mono"
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          autocapitalize="off"
          required
          aria-invalid={state.trouble !== null}
          aria-describedby="key-hint key-trouble"
        />
        <p class="hint" id="key-hint">
          {words.keyHint}
        </p>
        <div id="key-trouble" role="alert">
          {state.trouble && (
            <p class="err">
              <Icon name="warn" class="i-sm" /> {state.trouble} {wait > 0 && words.wait(wait)}
            </p>
          )}
        </div>
      </div>
      <button type="submit" class={`b ${browser ? "" : "b-ink"}`} aria-disabled={state.at === "going"}>
        {state.at === "going" ? words.going : words.go}
      </button>
    </form>
  );
}
