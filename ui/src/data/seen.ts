// Work that is repeated for as long as the page is seen: at once, and again when it is looked at.

export function whileSeen(ms: number, work: () => unknown): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const round = async () => {
    clearTimeout(timer);
    if (ended || document.hidden) return;
    await work();
    clearTimeout(timer);
    if (!ended && !document.hidden) timer = setTimeout(round, ms);
  };
  const turned = () => void round();
  document.addEventListener("visibilitychange", turned);
  void round();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", turned);
  };
}
