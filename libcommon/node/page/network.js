// Who is connected, who is known, what goes back and forth, and what the node has been told and has to say.
import { ask, askJson } from "./api.js"
import { bytes, draw, element, hideProblem, make, Problem, refill, row, say, short, show } from "./texts.js"

const SAMPLES = 60
const rates = []
let before = null

/** Bytes of connections that were there before and still are; a new one counts from now on. */
const difference = (peers, name) => {
  let sum = 0
  for (const peer of peers) {
    const old = before?.peers.get(`${peer.id} ${peer.address}`)
    if (old !== undefined && peer[name] >= old[name]) sum += peer[name] - old[name]
  }
  return sum
}

const chart = () => {
  const made = draw("svg", { viewBox: `0 0 ${SAMPLES - 1} 100`, preserveAspectRatio: "none", "aria-hidden": "true" })
  const most = Math.max(1, ...rates.flatMap((one) => [one.in, one.out]))
  for (const name of ["in", "out"])
    made.append(draw("polyline", { class: name,
      points: rates.map((one, at) => `${SAMPLES - rates.length + at},${98 - (one[name] / most) * 96}`).join(" ") }))
  return made
}

export const updatePeers = async () => {
  const { peers } = await askJson("Looking at the peers", "/node/peers")
  const now = performance.now()
  if (before !== null) {
    const seconds = Math.max(0.1, (now - before.at) / 1000)
    const sample = { in: difference(peers, "bytesIn") / seconds, out: difference(peers, "bytesOut") / seconds }
    rates.push(sample)
    if (rates.length > SAMPLES) rates.shift()
    element("rate-in").textContent = `${bytes(sample.in)}/s`
    element("rate-out").textContent = `${bytes(sample.out)}/s`
    element("rates-chart").replaceChildren(chart())
  }
  before = { at: now, peers: new Map(peers.map((peer) => [`${peer.id} ${peer.address}`, peer])) }
  element("peers-table").hidden = peers.length === 0
  element("peers-none").hidden = peers.length !== 0
  refill(element("peer-rows"), peers, (peer) => row([["Peer", make("span", short(peer.id), { title: peer.id })],
    ["Address", peer.address.replace(/\/p2p\/.*/, ""), "long"], ["Program", peer.agent || "not said yet", "long"],
    ["Received", bytes(peer.bytesIn)], ["Sent", bytes(peer.bytesOut)]]))
}

export const updateNode = async () => {
  const info = await askJson("Asking who the node is", "/debug/info")
  element("node-id").textContent = info.id
  element("node-state").textContent = `runs, version ${info.codex.version}`
  const { nodes } = info.table
  element("routing-table").hidden = nodes.length === 0
  element("routing-none").hidden = nodes.length !== 0
  refill(element("routing-rows"), nodes, (node) => row([["Node", make("span", short(node.peerId || node.nodeId), { title: node.nodeId })],
    ["Address", node.address, "long"], ["Answers", node.seen ? "yes" : "not yet"]]))
}

let level = null

/** As it was set last, wherever; whoever is choosing another one is left alone. */
const showLevel = (directives) => {
  const now = directives.split(";")[0].trim().toLowerCase()
  if (now === level || document.activeElement === element("level")) return
  level = now
  element("level").value = now
}

export const updateSettings = async () => {
  const { settings, limits, logLevels } = await askJson("Looking at the settings", "/node/settings")
  showLevel(logLevels)
  refill(element("setting-rows"), settings, (one) => row([["Name", one.name], ["Value", one.value || (one.from === "default" ? "as usual" : "none"), "long"], ["Comes from", one.from, one.from.includes("/") ? "long" : ""]]))
  refill(element("limit-rows"), limits, (one) => row([["Name", one.name], ["Value", one.value || "fixed", "long"], ["Was reached", `${one.hits} times`]]))
}

const KEPT = 500
let last = 0

export const updateLog = async () => {
  const found = await askJson("Looking at the log", `/node/log?after=${last}`)
  if (found.last < last) { // another node, which counts anew
    last = 0
    element("log-lines").replaceChildren()
    return
  }
  last = found.last
  if (found.records.length === 0) return
  const lines = element("log-lines")
  const at_end = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 20
  lines.append(...found.records.map((one) =>
    make("li", `${new Date(one.unixMs).toLocaleTimeString()} ${one.level} ${one.text}`, { class: ["warn", "error", "fatal"].includes(one.level) ? "bad" : "" })))
  while (lines.childElementCount > KEPT) lines.firstElementChild.remove()
  if (at_end) lines.scrollTop = lines.scrollHeight
}

const connect = async (address) => {
  const [, where, peer] = address.match(/^(\/.+)\/p2p\/([A-Za-z0-9]+)$/) ?? []
  if (peer === undefined)
    throw new Problem(`${address} is no address of a node.`, "It begins with /ip4/ and ends in /p2p/ and the id of the node.")
  await ask(`Connecting to ${short(peer)}`, `/connect/${peer}?addrs=${encodeURIComponent(where)}`)
  say(`${short(peer)} is connected.`)
  await updatePeers()
}

export const begin = () => {
  element("connect-form").onsubmit = (event) => {
    event.preventDefault()
    hideProblem()
    const field = element("connect-address")
    connect(field.value.trim()).then(() => (field.value = ""), show)
  }
  element("level-form").onsubmit = (event) => {
    event.preventDefault()
    hideProblem()
    const level = element("level").value
    ask("Setting the level", `/debug/chronicles/loglevel?level=${level}`, "POST").then(() => say(`Records are kept from ${level} on.`), show)
  }
}
