// What people do on the site, in a real browser: look something up, filter, compare, ask about their dependencies.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { accessibilityFindings, openTab, startBrowser, startSite } from "./browser.mjs";
import { checkHtml, hasJava } from "./html.mjs";

let site;
let browser;

before(async () => {
  [site, browser] = await Promise.all([startSite(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

const WIDTHS = [320, 768, 1440];
const THEMES = ["light", "dark"];

/** The pages of both sites, of whose packages `site.packages` are one of each sort. */
function pages(kind) {
  const both = ["", "packages/", ...site.packages.map((name) => `packages/${name}/`), "digests/", `digests/${site.week}/`, "about/"];
  const live = ["deps", "compare", `compare?packages=${site.packages.join("+")}`, "packages/?verdict=not-yet", "packages/no-such-package/"];
  return kind === "live" ? [...both, ...live] : both;
}

async function inTab(origin, options, use) {
  const tab = await openTab(browser, origin, options);
  try {
    await use(tab);
    tab.quiet();
  } finally {
    await tab.close();
  }
}

for (const kind of ["live", "files"]) {
  describe(`the site ${kind === "live" ? "as it is served" : "of files"}`, () => {
    for (const theme of THEMES) {
      test(`every page fits every width, says nothing in the console and asks nobody else (${theme})`, async () => {
        await inTab(site[kind], { colorScheme: theme }, async ({ page, go }) => {
          for (const path of pages(kind)) {
            await go(path);
            for (const width of WIDTHS) {
              await page.setViewportSize({ width, height: 900 });
              const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
              assert.ok(needed <= given, `/${path} needs ${needed} of ${width} pixels`);
            }
          }
        });
      });

      test(`axe finds nothing on any page (${theme})`, async () => {
        await inTab(site[kind], { colorScheme: theme, bypassCSP: true }, async ({ page, go }) => {
          for (const path of pages(kind)) {
            await go(path);
            for (const width of [320, 1440]) {
              await page.setViewportSize({ width, height: 900 });
              assert.deepEqual(await accessibilityFindings(page), [], `/${path} at ${width} pixels`);
            }
          }
        });
      });
    }

    test("without scripts everything reads: pages, lists, and the way from one to the other", async () => {
      await inTab(site[kind], { javaScriptEnabled: false }, async ({ page, go }) => {
        for (const path of pages(kind)) {
          await go(path);
          assert.ok((await page.locator("main").innerText()).length > 20, `/${path} is empty`);
        }
        await go("");
        await page.getByRole("navigation", { name: "Site" }).getByRole("link", { name: "Packages" }).click();
        await page.locator("#list").getByRole("link", { name: site.packages[0], exact: true }).click();
        assert.match(await page.getByRole("heading", { level: 1 }).innerText(), new RegExp(site.packages[0]));
      });
    });

    test("with the keyboard alone one gets to the content, to the search, and to a package", async () => {
      await inTab(site[kind], {}, async ({ page, go }) => {
        await go("");
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter"); // the link that skips to the content
        assert.equal(new URL(page.url()).hash, "#content");
        const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name") ?? "");
        for (let tabs = 0; (await focused()) !== "q"; tabs += 1) {
          assert.ok(tabs < 30, "the search cannot be reached");
          await page.keyboard.press("Tab");
        }
        await page.keyboard.type(site.packages[0]);
        await page.keyboard.press("Enter");
        await page.locator("#list, h1").getByText(site.packages[0]).first().waitFor();
      });
    });

    test("what is focused can be seen", async () => {
      await inTab(site[kind], {}, async ({ page, go }) => {
        await go("packages/");
        for (let tabs = 0; tabs < 12; tabs += 1) {
          await page.keyboard.press("Tab");
          const [name, outline] = await page.evaluate(() => {
            const style = getComputedStyle(document.activeElement);
            return [document.activeElement.outerHTML.slice(0, 80), `${style.outlineStyle} ${style.outlineWidth}`];
          });
          assert.doesNotMatch(outline, /^none|\b0px/, name);
        }
      });
    });

    test("a name is found, and a filter and an order change the list", async () => {
      await inTab(site[kind], {}, async ({ page, go }) => {
        await go("packages/");
        const all = await count(page);
        assert.ok(all > 3);
        await page.locator("#f-q").fill(site.packages[0].slice(0, 4));
        await page.locator("#f-q").press("Enter");
        await page.locator("#list").getByRole("link", { name: site.packages[0], exact: true }).waitFor();
        await until(async () => (await count(page)) < all, "the list is as long as before");
        await go("packages/");
        const details = page.locator("#filters details");
        if (!(await details.evaluate((element) => element.open))) await details.locator("summary").click();
        await page.locator("#f-verdict").selectOption("not-yet");
        await page.locator("#f-order").selectOption("name");
        await page.locator("#filters button[type=submit]").click();
        await until(async () => (await count(page)) < all, "the list is as long as before");
        const names = await page.locator("#list tbody th a").allInnerTexts();
        assert.ok(names.length > 0);
        assert.deepEqual(names, [...names].sort());
        assert.match(page.url(), /verdict=not-yet/, "what is seen can be linked");
      });
    });
  });
}

test("dependencies are pasted and answered at once, with what stops a move first", async () => {
  await inTab(site.live, {}, async ({ page, go }) => {
    await go("deps");
    const [supported, waiting] = [site.pins.supported, site.pins.blocks];
    await page.getByLabel("A file’s text, or names of packages").fill(`${supported}\n${waiting}\n`);
    await page.getByRole("button", { name: "Check" }).click();
    const answer = page.locator("section.answer");
    await answer.waitFor();
    const text = await answer.innerText();
    assert.ok(text.includes(waiting.split("==")[0]), text);
    assert.ok(!page.url().includes("numpy"), "nothing of it is in the address");
  });
});

test("a file of dependencies is uploaded, and one that is none is answered with a sentence", async () => {
  await inTab(site.live, {}, async ({ page, go }) => {
    await go("deps");
    await page.getByLabel("or a file").setInputFiles({ name: "requirements.txt", mimeType: "text/plain", buffer: Buffer.from(`${site.pins.supported}\n`) });
    await page.getByRole("button", { name: "Check" }).click();
    await page.locator("section.answer").waitFor();
    await page.getByLabel("or a file").setInputFiles({ name: "uv.lock", mimeType: "text/plain", buffer: Buffer.from("<script>alert(1)</script>") });
    await page.getByRole("button", { name: "Check" }).click();
    await page.locator("main").getByText(/TOML/).first().waitFor();
  });
});

test("packages are compared side by side", async () => {
  await inTab(site.live, {}, async ({ page, go }) => {
    await go("compare");
    await page.getByLabel("Packages, up to six").fill(site.packages.slice(0, 2).join(" "));
    await page.getByRole("button", { name: "Compare" }).click();
    for (const name of site.packages.slice(0, 2)) await page.getByRole("columnheader", { name }).first().waitFor();
  });
});

test("a name that nobody has is told so, with the nearest that there is", async () => {
  await inTab(site.live, {}, async ({ page, go }) => {
    const answer = await go("packages/nunpy/");
    assert.equal(answer.status(), 404);
    await page.locator("main").getByRole("link", { name: "numpy", exact: true }).waitFor();
  });
});

describe("the HTML", { skip: hasJava() ? false : "its checker needs Java" }, () => {
  test("of all files is what the standard says", () => checkHtml(site.folder));

  test("of all pages that are served is what the standard says", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ftbot-html-"));
    try {
      for (const [number, path] of pages("live").entries()) {
        const answer = await fetch(`${site.live}/${path}`);
        await writeFile(join(folder, `${number}.html`), await answer.text());
      }
      checkHtml(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

async function count(page) {
  return Number.parseInt((await page.locator("#count").innerText()).replaceAll(",", ""), 10);
}

async function until(holds, otherwise) {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(otherwise);
}
