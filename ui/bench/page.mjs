// A page of somebody who is signed in and whose browser has nothing of the app yet.

import { open } from "../tests/browser/harness.mjs";

export async function cold(base, key) {
  const page = await open(base);
  const reply = await page.context().request.post(`${base}/auth/session`, { data: { api_key: key }, headers: { origin: base } });
  if (!reply.ok()) throw new Error(`not signed in: ${reply.status()} ${await reply.text()}`);
  return page;
}

/** The instance that the page's feed is connected to. To be called before the page goes anywhere. */
export const feedOf = (page) =>
  new Promise((done) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const { event_type, data } = JSON.parse(payload);
        if (event_type === "hello") done(data.instance_id);
      }),
    );
  });

/** From within the app, as a link would. */
export const goTo = (page, path) =>
  page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
