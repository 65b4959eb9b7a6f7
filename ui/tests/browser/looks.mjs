// How a page looks to those who see it otherwise: at each width and in both themes, with large type, by the keyboard.

import assert from "node:assert/strict";
import { axe, overflows } from "./harness.mjs";

export const SIZES = [[390, 844], [1280, 800], [1920, 1080]];

/**
 * What is on the screen now, in both themes at each width: accessible, and nothing cut off or beyond the edge. With
 * `part` the whole page is looked at once, and then that part of it.
 */
export async function looksRight(page, what, part) {
  if (part) assert.deepEqual(await axe(page), [], what);
  const within = part && (await page.evaluate((all) => all.filter((one) => document.querySelector(one)), part));
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await axe(page, within), [], `${what}, ${width} px, ${colorScheme}`);
    }
    await fits(page, `${what}, ${width} px`);
  }
}

export async function fits(page, what) {
  if (await overflows(page)) assert.fail(`${what}: it scrolls sideways, by ${await beyond(page)}`);
  assert.deepEqual(await cutOff(page), [], `${what}: cut off`);
}

const beyond = (page) =>
  page.evaluate(() => [...document.querySelectorAll("body *")].filter((it) => it.checkVisibility() && it.getBoundingClientRect().right > innerWidth + 1).map((it) => `${it.tagName.toLowerCase()}.${it.getAttribute("class") ?? ""}`).slice(0, 8).join(", "));

/** As a person has it who has told the browser to show text at 200 %. */
export async function largeType(page, percent) {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.enable");
  await session.send("Page.setFontSizes", { fontSizes: { standard: (16 * percent) / 100, fixed: (13 * percent) / 100 } });
}

/** Words that something hides and that can't be scrolled to. Where `…` stands for the rest, that is meant. */
export const cutOff = (page) =>
  page.evaluate(() => {
    const found = [];
    const walker = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const own = node.parentElement;
      if (!node.textContent.trim() || !own.checkVisibility({ visibilityProperty: true }) || own.closest("svg, canvas, .vh, option, [hidden], script, style")) continue;
      // Heads of tables that are cards on a phone: there for readers of screens alone.
      if (own.closest("thead") && getComputedStyle(own.closest("thead")).clipPath !== "none") continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const boxes = [...range.getClientRects()].filter((it) => it.width > 1 && it.height > 1);
      if (boxes.length === 0) continue;
      const edge = { left: Math.min(...boxes.map((it) => it.left)), right: Math.max(...boxes.map((it) => it.right)), top: Math.min(...boxes.map((it) => it.top)), bottom: Math.max(...boxes.map((it) => it.bottom)) };
      for (let at = own; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none" || style.position === "fixed") break;
        const [x, y] = [style.overflowX, style.overflowY];
        if (x === "visible" && y === "visible") continue;
        const box = at.getBoundingClientRect();
        const [scrollsX, scrollsY] = [/auto|scroll/.test(x), /auto|scroll/.test(y)];
        if (!scrollsX && x !== "visible" && (edge.right > box.right + 2 || edge.left < box.left - 2)) found.push(`${node.textContent.trim().slice(0, 60)} in .${at.className} (sideways)`);
        if (!scrollsY && y !== "visible" && (edge.bottom > box.bottom + 2 || edge.top < box.top - 2)) found.push(`${node.textContent.trim().slice(0, 60)} in .${at.className}`);
        // What can be scrolled to is not cut off, and where it lies now says nothing of what is around.
        if (scrollsX && scrollsY) break;
      }
    }
    return [...new Set(found)];
  });

/** What has the focus, as a reader of screens names it, and how one sees that it has. */
export const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return { name: "", seen: false, why: "the page itself has the focus" };
    const labelled = at.getAttribute("aria-labelledby")?.split(" ").map((id) => document.getElementById(id)?.textContent).join(" ");
    const clean = (text) => text.replaceAll(/\s+/g, " ").trim();
    const visible = [...at.childNodes].filter((it) => !(it.nodeName === "KBD")).map((it) => it.textContent).join("");
    const name = clean(at.getAttribute("aria-label") ?? labelled ?? (at.labels?.length ? at.labels[0].textContent : "") ?? "") || clean(visible);
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    const ring = [style, getComputedStyle(at, "::after")].some((it) => it.outlineStyle !== "none" && Number.parseFloat(it.outlineWidth) >= 1.5);
    const within = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    // Something of it isn't under anything else.
    const points = [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => [box.left + part * box.width, box.top + box.height / 2]).filter(([x, y]) => x > 0 && y > 0 && x < innerWidth && y < innerHeight);
    const over = points.map(([x, y]) => document.elementFromPoint(x, y));
    const free = over.some((it) => it !== null && (at.contains(it) || it.contains(at)));
    return { name, seen: ring && within && free, why: JSON.stringify({ ring, within, free, outline: style.outline, box, over: over.map((it) => it?.outerHTML.slice(0, 60)) }) };
  });

/** Tab, until what is wanted has the focus. Each stop on the way must be seen to have it. */
export async function tabTo(page, wanted, most = 80) {
  const stops = [];
  for (let turn = 0; turn < most; turn += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    // Past the last one the browser itself has the focus.
    if (at.name === "" && stops.length > 0 && stops.at(-1) !== "") {
      stops.push("");
      continue;
    }
    assert.ok(at.seen, `the focus can't be seen on “${at.name}” after ${stops.join(", ")}: ${at.why}`);
    stops.push(at.name);
    if (wanted instanceof RegExp ? wanted.test(at.name) : at.name === wanted) return stops;
  }
  throw new Error(`Tab does not lead to ${wanted}: ${stops.join(", ")}`);
}

/** A page whose connection can be cut: `sever` ends it, `mend` brings it back. Its next load counts. */
export async function severable(page) {
  const sockets = new Set();
  let cut = false;
  const none = (route) => route.abort();
  await page.routeWebSocket("**/feed", (socket) => {
    if (cut) return void socket.close({ code: 1001 });
    sockets.add(socket);
    socket.connectToServer();
  });
  const sever = async () => {
    cut = true;
    await page.route("**/api/**", none);
    for (const socket of sockets) await socket.close({ code: 1001 });
    sockets.clear();
  };
  const mend = async () => {
    cut = false;
    await page.unroute("**/api/**", none);
  };
  return { sever, mend };
}
