// The API explained: reads /api/openapi.json, lists its routes, tries those that only ask. Text only, never markup.
"use strict";

const MOST = 200000; // characters of an answer that are shown
const $ = (id) => document.getElementById(id);

function make(tag, given = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...inside.filter((one) => one !== undefined && one !== ""));
  return node;
}

// What descriptions put between backticks is code.
function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part)).filter((part) => part !== "");
}

function resolved(api, thing) {
  let found = thing;
  for (let depth = 0; found && found.$ref && depth < 10; depth += 1) {
    found = found.$ref.slice(2).split("/").reduce((at, part) => at && at[part.replace(/~1/g, "/")], api);
  }
  return found || {};
}

function allowed(schema) {
  const kinds = (schema.oneOf || schema.anyOf || [schema]).filter((one) => one.type !== "null");
  return kinds.map((one) => {
    if (one.enum) return `one of ${one.enum.filter((value) => value !== null).join(", ")}`;
    const ends = [];
    if (one.minimum !== undefined) ends.push(`at least ${one.minimum}`);
    if (one.maximum !== undefined) ends.push(`at most ${one.maximum}`);
    if (one.pattern) ends.push(`like ${one.pattern}`);
    return [one.format || one.type || "anything", ...ends].join(", ");
  }).join(" or ");
}

function choices(api, schema) {
  const kinds = (schema.oneOf || schema.anyOf || [schema]).map((one) => resolved(api, one));
  const named = kinds.find((one) => one.enum);
  if (named) return named.enum.filter((value) => value !== null).map(String);
  return kinds.some((one) => one.type === "boolean") ? ["true", "false"] : undefined;
}

function field(api, id, parameter) {
  const schema = resolved(api, parameter.schema || {});
  const named = choices(api, schema);
  const input = named
    ? make("select", { id, name: parameter.name }, make("option", { value: "" }, "not given"),
      ...named.map((value) => make("option", { value }, value)))
    : make("input", { id, name: parameter.name, type: "text", autocomplete: "off", spellcheck: false,
      required: Boolean(parameter.required) });
  const told = [allowed(schema), parameter.description].filter(Boolean).join(". ");
  input.setAttribute("aria-describedby", `${id}-told`);
  const unset = schema.default === undefined || schema.default === null ? "" : ` Default: ${schema.default}.`;
  return make("div", { className: "field" },
    make("label", { htmlFor: id }, `${parameter.name}${parameter.required ? " (needed)" : ""}`), input,
    make("div", { className: "told", id: `${id}-told` }, ...prose(told + unset)));
}

function address(path, parameters, form) {
  const query = new URLSearchParams();
  let filled = path;
  for (const parameter of parameters) {
    const value = form.elements[parameter.name].value;
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value !== "") query.append(parameter.name, value);
  }
  return query.size ? `${filled}?${query}` : filled;
}

async function shown(answer, out) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const json = (answer.headers.get("content-type") || "").includes("json");
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (!json) out.textContent = text.slice(0, MOST);
    if (done || text.length > MOST) break;
  }
  if (text.length > MOST) await reader.cancel();
  if (json && text.length <= MOST) {
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* as it came */ }
  }
  out.textContent = text.length > MOST ? `${text.slice(0, MOST)}\n… and more: ask for less, or use curl` : text;
}

function trying(path, parameters, form) {
  const status = make("p", { role: "status" });
  const out = make("pre", { tabIndex: 0, hidden: true, "aria-label": "Answer" });
  const ask = make("button", { type: "submit" }, "Ask");
  const stop = make("button", { type: "button", disabled: true }, "Stop");
  let going = null;
  stop.addEventListener("click", () => going && going.abort());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (going) going.abort();
    const mine = new AbortController();
    going = mine;
    const where = address(path, parameters, form);
    stop.disabled = false;
    out.hidden = false;
    out.textContent = "";
    status.className = "";
    status.textContent = `GET ${where} …`;
    try {
      const answer = await fetch(where, { signal: mine.signal, credentials: "same-origin" });
      status.className = answer.ok ? "good" : "bad";
      status.textContent = `GET ${where}: ${answer.status} ${answer.statusText}, ${answer.headers.get("content-type") || "no body"}`;
      await shown(answer, out);
    } catch (error) {
      if (error.name === "AbortError") status.textContent += " (stopped)";
      else {
        status.className = "bad";
        status.textContent = `GET ${where}: no answer. Does the server still run?`;
      }
    }
    if (going === mine) { going = null; stop.disabled = true; }
  });
  form.append(make("p", {}, ask, stop));
  return [status, out];
}

function called(path, method, operation, api) {
  const kinds = Object.keys(resolved(api, operation.requestBody).content || {});
  const body = kinds.length ? ` -H 'Content-Type: ${kinds[0]}' -d @FILE` : "";
  const verb = method === "get" ? "" : ` -X ${method.toUpperCase()}`;
  return `curl${verb} -H "Authorization: Bearer $TOKEN"${body} '${location.origin}${path}'`;
}

function answers(api, operation) {
  const rows = Object.entries(operation.responses || {}).filter(([status]) => Number(status) < 400);
  return rows.map(([status, given]) => {
    const found = resolved(api, given);
    const kinds = Object.keys(found.content || {}).join(", ");
    const said = (found.description || "").replace(/\.$/, "");
    return make("p", {}, `${status}: ${[said, kinds].filter(Boolean).join(". ")}`);
  });
}

function route(api, path, method, operation) {
  const inner = make("div");
  const box = make("details", {},
    make("summary", {}, make("span", { className: method === "get" ? "method" : "method changes" }, method.toUpperCase()),
      make("code", {}, path), " ", make("span", { className: "about" }, operation.summary || "")), inner);
  box.addEventListener("toggle", () => {
    if (!box.open || inner.childNodes.length) return;
    const parameters = (operation.parameters || []).map((one) => resolved(api, one)).filter((one) => one.in !== "cookie");
    for (const said of (operation.description || "").split("\n\n")) inner.append(make("p", {}, ...prose(said)));
    const form = make("form");
    parameters.forEach((one, at) => form.append(field(api, `${operation.operationId}-${at}`, one)));
    if (method === "get") inner.append(form, ...trying(path, parameters, form));
    else {
      inner.append(form);
      for (const given of Object.values(resolved(api, operation.requestBody).content || {})) {
        inner.append(make("h3", {}, "Body"), make("pre", { tabIndex: 0 }, JSON.stringify(resolved(api, given.schema), null, 2)));
      }
    }
    inner.append(make("h3", {}, "Answers"), ...answers(api, operation), make("p", {}, "In a terminal:"),
      make("pre", { tabIndex: 0 }, called(path, method, operation, api)));
  }, { once: false });
  box.dataset.words = `${method} ${path} ${operation.summary || ""} ${(operation.parameters || []).map((one) => one.name).join(" ")}`.toLowerCase();
  return box;
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const section of document.querySelectorAll("main section")) {
    let any = false;
    for (const box of section.querySelectorAll("details")) {
      box.hidden = !words.every((word) => box.dataset.words.includes(word));
      any = any || !box.hidden;
      count += box.hidden ? 0 : 1;
    }
    section.hidden = !any;
  }
  $("count").textContent = `${count} ${count === 1 ? "route" : "routes"}`;
}

async function begin() {
  const answer = await fetch("/api/openapi.json");
  if (!answer.ok) throw new Error(`${answer.status}`);
  const api = await answer.json();
  $("about").append(...prose(api.info.description));
  const sections = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"].filter((one) => one in operations)) {
      const tag = (operations[method].tags || ["other"])[0];
      if (!sections.has(tag)) sections.set(tag, make("section", { "aria-label": tag }, make("h2", {}, tag)));
      sections.get(tag).append(route(api, path, method, operations[method]));
    }
  }
  $("routes").append(...[...sections.keys()].sort().map((tag) => sections.get(tag)));
  $("filter").addEventListener("input", filter);
  filter();
}

begin().catch(() => {
  $("count").textContent = "The description of the API could not be read. Does the server still run, and are you let in?";
});
