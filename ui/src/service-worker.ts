// Keeps the app's own files, so that it opens at once and also without a connection. Never an answer of the API: what
// is waiting, and how it stands, comes from the server alone.

declare const BUILD: string;
declare const FILES: string[];

interface Worker extends EventTarget {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
interface Extended extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extended {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

const worker = self as unknown as Worker;
const CACHE = `signoff-${BUILD}`;
/** The one page, under an address that is no page's. */
const PAGE = "/";
const PAGES = /^\/(inbox|approvals|runs|history|notifications|operations|settings|sign-in)?(\/|$)/;

worker.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...FILES, new Request(PAGE, { cache: "no-cache" })]);
    await worker.skipWaiting();
  };
  (event as Extended).waitUntil(keep());
});

worker.addEventListener("activate", (event) => {
  const clean = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("signoff-") && name !== CACHE);
    // The files of the build before stay, for pages of it that are open still: the server has them no more.
    await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  (event as Extended).waitUntil(clean());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event as Fetching;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (FILES.includes(url.pathname) || url.pathname.startsWith("/assets/")) {
    (event as Fetching).respondWith(kept(request));
  } else if (request.mode === "navigate" && PAGES.test(url.pathname)) {
    (event as Fetching).respondWith(page(request));
  }
});

async function kept(request: Request): Promise<Response> {
  // Each has a hash in its name: it is the same in every cache.
  return (await caches.match(request)) ?? fetch(request);
}

/** The newest where the server answers, else the one that was kept. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const found = await caches.match(PAGE, { cacheName: CACHE });
    if (found) return found;
    throw error;
  }
}
