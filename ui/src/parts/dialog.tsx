// A native dialog and a menu: focus goes in, stays in, and comes back.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  foot?: ComponentChildren;
  /** Where it can't be left without an answer. */
  stays?: boolean;
}

export function Dialog({ title, onClose, children, foot, stays = false }: DialogProps) {
  const own = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = own.current;
    dialog?.showModal();
    // What is only read can be too long for a phone: it is scrolled by keys, too.
    if (!body.current?.querySelector("a, button, input, select, summary, textarea")) body.current?.setAttribute("tabindex", "0");
    return () => {
      // While it is open, nothing behind it can have the focus.
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={own}
      class="dlg"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!stays) onClose();
      }}
      onClick={(event) => {
        if (event.target === own.current && !stays) onClose();
      }}
    >
      <div class="dlg-h">
        <h2 id={id}>{title}</h2>
      </div>
      <div class="dlg-b" ref={body}>{children}</div>
      {foot && <div class="dlg-f">{foot}</div>}
    </dialog>
  );
}

interface MenuProps {
  label: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Menu({ label, onClose, children }: MenuProps) {
  const own = useRef<HTMLDivElement>(null);
  const items = () => [...(own.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
  useLayoutEffect(() => {
    const before = document.activeElement;
    items()[0]?.focus();
    const outside = (event: PointerEvent) => {
      if (!own.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const move = (event: KeyboardEvent) => {
    const all = items();
    const index = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={own} class="menu" role="menu" aria-label={label} onKeyDown={move}>
      {children}
    </div>
  );
}
