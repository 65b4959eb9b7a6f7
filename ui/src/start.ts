// Runs beside the app, and without it. While instances are replaced, a page may come from a new one, and the request for
// its script go to an old one that has no such file. Then the page is asked for once more, a few times at most.

const TRIES = "signoff.tries";

addEventListener("load", () => {
  const tries = Number(sessionStorage.getItem(TRIES) ?? 0);
  // The app sets this first of all.
  if (document.documentElement.dataset.app) sessionStorage.removeItem(TRIES);
  else if (tries < 10) {
    sessionStorage.setItem(TRIES, String(tries + 1));
    setTimeout(() => location.reload(), 500 + 1000 * Math.random());
  }
});
