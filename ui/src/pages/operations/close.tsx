// Asks back before a connection is closed, and says that it may come back.

import { useState } from "preact/hooks";
import { type Closed, close } from "../../data/connections.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { operations } from "../../words-operations.ts";
import { Pieces } from "./pieces.tsx";

const words = operations.connections;

export function CloseDialog({ task, onDone, onKeep }: { task: string; onDone: (it: Closed) => void; onKeep: () => void }) {
  const [sending, setSending] = useState(false);
  const send = async () => {
    setSending(true);
    onDone(await close(task));
  };
  return (
    <Dialog
      title={words.closeTitle}
      onClose={onKeep}
      stays={sending}
      foot={
        <>
          <button type="button" class="b" disabled={sending} onClick={onKeep}>
            {words.keep}
          </button>
          <button type="button" class="b b-nofill" disabled={sending} onClick={() => void send()}>
            {sending ? words.closing : words.closeIt}
          </button>
        </>
      }
    >
      <p>
        <Pieces of={words.closeText({ bold: task })} />
      </p>
    </Dialog>
  );
}
