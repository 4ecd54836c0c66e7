// The health of a dataset: a picture of its blocks, and the same in words.
import { askJson } from "./api.js"
import { draw, element, make, row } from "./texts.js"

const MEANINGS = { "#": ["whole", "here"], "+": ["partly", "partly missing"], ".": ["missing", "missing"],
  x: ["damaged", "damaged"], "-": ["padding", "padding"] }
const PROSPECTS = { "=": ["whole", "whole"], r: ["partly", "can be repaired"], "!": ["damaged", "lost"] }
const SIZE = 10
const LABEL = 70

/** A place of a picture, with a mark beside the colour for who sees none. */
const place = (kind, x, y) => {
  const made = draw("g")
  made.append(draw("rect", { class: kind, x: x + 1, y: y + 1, width: SIZE - 2, height: SIZE - 2 }))
  if (kind === "damaged") made.append(draw("path", { d: `M${x + 2} ${y + 2}l6 6m0-6l-6 6`, stroke: "currentColor" }))
  if (kind === "partly") made.append(draw("path", { d: `M${x + 2} ${y + 8}l6-6`, stroke: "currentColor" }))
  return made
}

const slots = ({ firstSlot, lastSlot }) => (firstSlot === lastSlot ? `slot ${firstSlot}` : `slots ${firstSlot} to ${lastSlot}`)

const picture = (health, words) => {
  const rows = health.map.rows.map((one) => [one.kind === "data" || !health.protected ? slots(one) : `${slots(one)} ${one.kind}`, one.places, MEANINGS])
  if (health.protected) rows.push(["columns", health.map.columns, PROSPECTS])
  const width = LABEL + SIZE * Math.max(...rows.map(([, places]) => places.length))
  const made = draw("svg", { viewBox: `0 0 ${width} ${rows.length * (SIZE + 2)}`, role: "img", "aria-label": words,
    width: Math.min(2, 640 / width) * width })
  rows.forEach(([label, places, meanings], down) => {
    const text = draw("text", { x: 0, y: down * (SIZE + 2) + SIZE - 1 })
    text.textContent = label
    made.append(text)
    Array.from(places).forEach((mark, across) => made.append(place(meanings[mark][0], LABEL + across * SIZE, down * (SIZE + 2))))
  })
  return made
}

const blocks = (count) => (count === 1 ? "1 block" : `${count} blocks`)

/** What the picture shows, in a sentence or two. */
const inWords = (health) => {
  const here = health.blocks - health.missing - health.damaged
  const parts = [`${here} of ${blocks(health.blocks)} are here, ${health.missing} missing, ${health.damaged} damaged.`]
  if (health.treeDamaged) parts.push("Its tree is damaged.")
  if (health.protected) {
    parts.push(`${health.k} slots of data and ${health.m} of parity: any ${health.m === 1 ? "one slot" : `${health.m} slots`} may be lost.`)
    if (health.lostColumns !== 0) parts.push(`${health.lostColumns} of ${health.columns} columns lack more than that.`)
  }
  return parts.join(" ")
}

const STATES = { whole: "All of it is here.", partial: "Some of it has not come yet.",
  repairable: "Not all of it is here; parity gives what is missing.", lost: "Some of it is lost here." }
const TO_DO = { partial: "Fetch it, by its CID, from nodes that have the rest.",
  repairable: "Repair it on the host of the node, or fetch it.", lost: "Fetch it, by its CID, from nodes that have it." }

const count_marks = (places, meanings) =>
  Object.entries(meanings).map(([mark, [, text]]) => [Array.from(places).filter((one) => one === mark).length, text])
    .filter(([count]) => count !== 0).map(([count, text]) => `${count} ${text}`).join(", ")

/** Opens the dialog; it gives the focus back to where it was. Throws a Problem. */
export const showHealth = async (cid, name) => {
  const health = await askJson(`Looking at ${name}`, `/data/${cid}/health`)
  const words = `${STATES[health.state]} ${inWords(health)}`
  element("health-title").textContent = `Health of ${name}`
  element("health-text").textContent = words
  element("health-hint").textContent = [TO_DO[health.state], health.hint].filter(Boolean).join(" — ")
  element("health-picture").replaceChildren(picture(health, words))
  element("health-key").replaceChildren(...Object.values(MEANINGS).map(([kind, text]) => {
    const line = make("li")
    const sample = draw("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, "aria-hidden": "true" })
    sample.append(place(kind, 0, 0))
    line.append(sample, make("span", text))
    return line
  }), ...(health.protected ? [make("li", "columns: whole, can be repaired, lost")] : []), make("li", `one square: ${health.map.columnsPerPlace === 1 ? "1 column" : `${health.map.columnsPerPlace} columns`}`))
  element("health-rows").replaceChildren(...health.map.rows.map((one) =>
    row([["Slots", slots(one)], ["Kind", one.kind], ["Squares", count_marks(one.places, MEANINGS)]])))
  element("health-close").onclick = () => element("health-dialog").close()
  element("health-dialog").showModal()
}
