// The page: begins its parts, and keeps them as the node is.
import * as files from "./files.js"
import * as network from "./network.js"
import { element, hideProblem, hideSilence, show } from "./texts.js"

// Milliseconds between two looks.
const OFTEN = 2000
const SELDOM = 5000

/** What goes wrong is said once, until it goes well again. */
const look = async (state, parts) => {
  try {
    await Promise.all(parts.map((part) => part()))
    hideSilence()
    if (state.problem !== null) hideProblem(state.problem)
    state.problem = null
  } catch (caught) {
    element("node-state").textContent = "does not answer"
    if (state.problem !== null) return
    state.problem = caught
    show(caught)
  }
}

/** Looks again and again, but not for somebody who does not see it; what a dialog comes back to stays. */
const repeat = async (pause, ...parts) => {
  const state = { problem: null }
  for (;;) {
    if (!document.hidden && document.querySelector("dialog[open]") === null) await look(state, parts)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

element("problem-close").onclick = () => {
  hideProblem()
  element("upload-input").focus()
}
files.begin()
network.begin()
repeat(OFTEN, network.updatePeers, network.updateLog, files.updateFetches)
repeat(SELDOM, files.update, network.updateNode, network.updateSettings)
