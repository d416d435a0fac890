// A browser for tests, and the site that it looks at: served by the program itself, and written as files.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PYTHON = process.env.PYTHON ?? "python3";

/** Start the site; ends when `stop` is called. */
export async function startSite() {
  const child = spawn(PYTHON, ["-m", "tests.browser.serve"], {
    cwd: new URL("../..", import.meta.url),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const first = await Promise.race([new Promise((resolve) => lines.once("line", resolve)), ended.then(() => null)]);
  assert.notEqual(first, null, "the site did not start; its error is above");
  return {
    ...JSON.parse(first),
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Start the browser; it asks nobody but the page's own server. */
export function startBrowser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/**
 * Open a tab that notes everything that should not happen: what the console says, what fails, and whatever is asked of
 * another origin. `quiet` asserts that nothing did.
 */
export async function openTab(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const noted = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isExpected(message)) noted.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => noted.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== origin) noted.push(`asked elsewhere: ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== "net::ERR_ABORTED") noted.push(`failed: ${request.url()}`);
  });
  return {
    page,
    go: (path) => page.goto(`${origin}/${path}`),
    quiet: () => assert.deepEqual(noted, []),
    close: () => context.close(),
  };
}

/** Of a page that is meant to be answered with an error, Chromium says so in the console. */
function isExpected(message) {
  return /status of (400|404)/.test(message.text()) && /\/(no-such-package|nunpy|deps)/.test(message.location().url);
}

let source;

/** What axe finds against WCAG 2.2 AA and its own best practices, as lines. */
export async function accessibilityFindings(page) {
  source ??= await readFile(AXE, "utf-8");
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target.join(" ")} (${found.help})`));
}
