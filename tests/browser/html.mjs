// The checker of HTML that the standard's editors use, over the files of a folder.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const CHECKER = createRequire(import.meta.url).resolve("vnu-jar/build/dist/vnu.jar");

/** Whether what the checker runs on is there. */
export function hasJava() {
  return spawnSync("java", ["-version"]).status === 0;
}

/** Assert that nothing is wrong with any HTML file of a folder. */
export function checkHtml(folder) {
  const checked = spawnSync("java", ["-jar", CHECKER, "--format", "json", "--stdout", "--skip-non-html", folder], { encoding: "utf-8" });
  const { messages } = JSON.parse(checked.stdout);
  assert.deepEqual(messages.map((each) => `${each.url}:${each.lastLine}: ${each.message}`), []);
}
