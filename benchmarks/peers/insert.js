// The Node peers on the seed's schema: better-sqlite3 or Node's own SQLite, one prepared statement.
// usage: node insert.js better-sqlite3|node:sqlite DATABASE EVENTS.tsv SCHEMA.sql STEP...   steps and output as in insert.c
const fs = require("fs");
const [library, database, file, schema, ...steps] = process.argv.slice(2);

const sizes = steps.map((step) => step.split("x").map(Number));
const wanted = sizes.reduce((sum, [size, times]) => sum + size * times, 0);

function* lines() {
  const handle = fs.openSync(file), buffer = Buffer.alloc(1 << 22);
  for (let rest = "", read; (read = fs.readSync(handle, buffer)); ) {
    const parts = (rest + buffer.toString("latin1", 0, read)).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}

const events = [];
for (const line of lines()) {
  if (events.length === wanted) break;
  const c = line.split("\t");
  events.push([c[0], c[1], c[2], c[4], c[5], c[6], c[7], +c[8], c[9], c[10] || null, c[11], +c[12]]);
}
if (events.length < wanted) throw new Error(`only ${events.length} events in the file`);

const Database = library === "node:sqlite" ? require("node:sqlite").DatabaseSync : require(library);
const db = new Database(database);
db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
db.exec(fs.readFileSync(schema, "utf8"));
const insert = db.prepare(
  "INSERT INTO extraction_events (agent_name, session_id, timestamp, event_type, pattern, matched_value, original_line," +
    " line_number, metadata_json, code_block_language, risk_level, auto_confirmable) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
const begin = db.prepare("BEGIN IMMEDIATE"), commit = db.prepare("COMMIT");

const cpu = () => { const used = process.cpuUsage(); return used.user + used.system; };
const wall = () => Number(process.hrtime.bigint()) / 1e3;
const result = {};
let next = 0;
sizes.forEach(([size, times], index) => {
  const started = [cpu(), wall()];
  for (let r = 0; r < times; r++) {
    if (size > 1) begin.run();
    for (let n = 0; n < size; n++) insert.run(...events[next++]);
    if (size > 1) commit.run();
  }
  result[steps[index]] = [(cpu() - started[0]) / (size * times), (wall() - started[1]) / (size * times)];
});
const version = `SQLite ${db.prepare("SELECT sqlite_version() AS v").get().v}, Node ${process.versions.node}`;
console.log(JSON.stringify({ version, steps: result }));
