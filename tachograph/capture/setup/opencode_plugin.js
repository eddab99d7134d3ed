// Passes events of OpenCode on to Tachograph. Written by `tachograph setup opencode`; `--undo` removes it.
// Nothing waits for it. What could not be sent while OpenCode ran is handed over when it ends, in one go.
// OpenCode 1 calls `server`, OpenCode 2 `setup`, once for every folder it works in.

import { spawnSync } from "node:child_process"

const address = "ADDRESS"
const authorization = "AUTHORIZATION"
const command = "COMMAND"
const soon = 20 // ms in which events gather
const patience = 500 // ms for an answer
const pause = 5000 // ms without trying again after there was none
const most = 1000 // events that wait; the oldest are dropped
const atOnce = 200
// Of OpenCode 2, what says something that a later event does not say again.
const wanted2 = new RegExp(
  "^(session\\.(renamed|deleted|execution\\.\\w+|input\\.(admitted|promoted)|step\\.(started|ended|failed)|text\\.ended|" +
    "tool\\.(input\\.started|called|success|failed)|compaction\\.ended)|permission\\.(asked|replied)|question\\.\\w+)$",
)

const waiting = []
const states = new Map() // of calls
const passed = new Set() // ids of events: every folder of OpenCode 2 hears of all of them
let run = {} // which of our runs it is started in: a server of OpenCode 2 may have been started in any
let timer
let flying = 0 // events that are on their way

const wanted = (event) => {
  if (!/^(session|message|permission|question)\./.test(event.type) || event.type === "message.part.delta") return false
  if (event.type !== "message.part.updated") return true
  const part = event.properties?.part
  if (part?.type === "text" || part?.type === "reasoning") return !part.time || Boolean(part.time.end)
  if (part?.type !== "tool") return false
  const state = part.state?.status
  if (state === "pending" || states.get(part.callID) === state) return false
  states.set(part.callID, state)
  if (states.size > most) states.delete(states.keys().next().value)
  return true
}

const fresh = (event) => {
  if (!wanted2.test(event.type) || passed.has(event.id)) return false
  passed.add(event.id)
  if (passed.size > most) passed.delete(passed.values().next().value)
  return true
}

const send = async () => {
  flying = Math.min(waiting.length, atOnce)
  let next = soon
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", authorization, ...run },
      body: JSON.stringify(waiting.slice(0, flying)),
      signal: AbortSignal.timeout(patience),
    })
    await answer.arrayBuffer()
    if (answer.ok) waiting.splice(0, flying)
    else next = pause
  } catch {
    next = pause
  }
  flying = 0
  timer = undefined
  if (waiting.length) later(next)
}

const later = (milliseconds) => {
  timer ??= setTimeout(send, milliseconds)
  timer.unref?.()
}

const pass = (event) => {
  waiting.push({ ...event, at: Date.now() })
  if (waiting.length > most && !flying) waiting.shift()
  later(soon)
}

process.on("exit", () => {
  if (!waiting.length || !command.length) return
  try {
    spawnSync(command[0], command.slice(1), { input: JSON.stringify(waiting), stdio: ["pipe", "ignore", "ignore"], timeout: 1000 })
  } catch {}
})

const server = async () => {
  run = {
    "x-tachograph-session": process.env.TACHOGRAPH_SESSION ?? "",
    "x-tachograph-workflow": process.env.TACHOGRAPH_WORKFLOW ?? "",
  }
  return {
    event: async ({ event }) => {
      try {
        if (wanted(event)) pass(event)
      } catch {}
    },
  }
}

const setup = (context) => {
  const stopping = new AbortController()
  const listen = async () => {
    try {
      for await (const event of context.event.subscribe({ signal: stopping.signal })) {
        if (stopping.signal.aborted) return
        if (fresh(event)) pass(event)
      }
    } catch {}
  }
  listen()
  return () => stopping.abort()
}

export default { id: "tachograph", server, setup }
