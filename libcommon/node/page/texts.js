// Numbers and errors in words. What others have written is only ever set as text.

/** The element of the page with this id. */
export const element = (id) => document.getElementById(id)

/** A new element with a text and attributes. */
export const make = (name, text = "", attributes = {}) => {
  const made = document.createElement(name)
  made.textContent = text
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

/** A new element of a picture, with attributes. */
export const draw = (name, attributes = {}) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

/** A row of a table: a cell for each [label, content], which is a text or elements. */
export const row = (cells) => {
  const made = make("tr", "", { role: "row" })
  for (const [label, content, kind = ""] of cells) {
    const cell = make("td", "", { role: "cell", "data-label": label, class: kind })
    cell.append(...[content].flat())
    made.append(cell)
  }
  return made
}

/** "1.5 MiB". */
export const bytes = (count) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
  let unit = 0
  for (count = Number(count); count >= 1024 && unit < units.length - 1; ++unit) count /= 1024
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`
}

/** "zDvZ…k5Gn": enough to tell two apart by eye. */
export const short = (id) => (id.length > 16 ? `${id.slice(0, 7)}…${id.slice(-6)}` : id)

/** What happened while this page wanted something, and what can be done about it. */
export class Problem extends Error {
  constructor(what, advice, silent = false) {
    super(what)
    this.advice = advice
    this.silent = silent // the node did not answer at all
  }
}

const ADVICE = {
  0: "See whether the node still runs; this page goes on by itself once it answers.",
  400: "Compare it with where you have it from: a character may be missing.",
  401: "Give the token that the node was begun with.",
  403: "Open this page at the address of the node itself, or have its own allowed where the node is begun.",
  404: "Nobody who can be reached has it. Connect to a node that does, below under Network, and try again.",
  421: "Open this page as localhost, or have the name that you use allowed where the node is begun.",
  422: "Give the file another name, or another type, and try again.",
  503: "Try again in a moment; when it stays so, look into the log below.",
}

const advice = (status, text) => {
  if (/quota/i.test(text)) return "Delete files that are needed no longer, or give the node a larger quota."
  if (/no space|disk/i.test(text)) return "Make room on the disk of the node, or delete files here."
  if (/unable to dial/i.test(text)) return "Nothing answers there that is this node: see whether it runs, whether its address and port are still these, and whether it can be reached from here."
  if (/unable to find peer/i.test(text)) return "Give its address as well, or connect to another node that knows it."
  return ADVICE[status] ?? "Look into the log below for what went before it."
}

/** With a full stop at its end, and no second one. */
export const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`)

/** Of an answer: its status, 0 where there was none, its text, and what was wanted. */
export const problem = (wanted, status, text) =>
  new Problem(status === 0 ? `${wanted}: the node does not answer.` : `${wanted}: ${sentence(text.trim() || `the node says ${status}`)}`,
    advice(status, text), status === 0)

let shown = null

/** Shows a problem until it is dismissed, something else is begun, or the next one comes. */
export const show = (caught) => {
  element("problem-what").textContent = caught.message
  element("problem-do").textContent = caught.advice ?? "Load the page again."
  element("problem").hidden = false
  shown = caught
}

/** Somebody goes on to something else; or `only` that one is over. */
export const hideProblem = (only = shown) => {
  if (only === shown) element("problem").hidden = true
}

/** The node answers: that it did not is over. */
export const hideSilence = () => {
  if (shown?.silent) hideProblem()
}

/** Says that something went well. */
export const say = (text) => {
  element("said").textContent = text
}

const filled = new WeakMap()

/**
 * Fills an element with what `child` makes of each of the items, when they are not what they were. Who is in there by
 * keyboard stays at what has the same data-key.
 */
export const refill = (parent, items, child) => {
  const now = JSON.stringify(items)
  if (filled.get(parent) === now) return
  filled.set(parent, now)
  const { activeElement: at } = document
  const key = parent.contains(at) ? at.dataset.key : undefined
  parent.replaceChildren(...items.map(child))
  if (key !== undefined) Array.from(parent.querySelectorAll("[data-key]")).find((one) => one.dataset.key === key)?.focus()
}
