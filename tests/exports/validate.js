// Every file against the published schema of HAR (npm: har-validator), and what the specification asks beyond it.
const {har} = require("har-validator");
const {readFileSync} = require("fs");

const PARTS = ["blocked", "dns", "connect", "send", "wait", "receive"];

async function check(path) {
  const log = JSON.parse(readFileSync(path, "utf8")).log;
  await har({log});
  let before = "";
  for (const entry of log.entries) {
    const known = PARTS.map(name => entry.timings[name]).filter(value => value > 0);
    const sum = known.reduce((all, value) => all + value, 0);
    if (Math.abs(sum - entry.time) > 1e-6) throw new Error(`timings sum up to ${sum}, time is ${entry.time}`);
    if (entry.startedDateTime < before) throw new Error("entries are not in the order of their beginning");
    before = entry.startedDateTime;
    new URL(entry.request.url);
  }
}

(async () => {
  for (const path of process.argv.slice(2)) {
    try {
      await check(path);
    } catch (error) {
      console.error(path, error.errors || error.message);
      process.exitCode = 1;
    }
  }
})();
